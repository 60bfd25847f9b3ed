-- +goose Up

-- What follows for a customer from what was said and bought; see internal/followup. A row is
-- written with each contact, and no index holds what changes: the fill factor keeps each update
-- on its page.
CREATE TABLE customer_activity (
    lane               smallint NOT NULL,
    customer_id        uuid     NOT NULL,
    last_contact_time  timestamptz,
    last_purchase_time timestamptz,
    last_purchase_id   uuid,
    last_thanks_time   timestamptz,
    CONSTRAINT customer_activity_pkey PRIMARY KEY (lane, customer_id)
) WITH (fillfactor = 70);

-- What was recorded before. Each customer who was ever in contact or bought something has a
-- row, which whoever changes what follows locks.
INSERT INTO customer_activity (lane, customer_id, last_contact_time, last_thanks_time)
SELECT lane, customer_id, max(occur_time), max(occur_time) FILTER (WHERE purpose = 'THANK_YOU')
FROM interaction
WHERE delete_time IS NULL AND direction <> 'INTERNAL'
AND (direction = 'OUTBOUND' AND customer_reaction = 'NO_RESPONSE') IS NOT TRUE
GROUP BY lane, customer_id;

INSERT INTO customer_activity AS a (lane, customer_id, last_purchase_time, last_purchase_id)
SELECT DISTINCT ON (lane, customer_id) lane, customer_id, purchase_time, purchase_id
FROM purchase WHERE void_time IS NULL
ORDER BY lane, customer_id, purchase_time DESC, purchase_id DESC
ON CONFLICT (lane, customer_id) DO UPDATE
SET last_purchase_time = excluded.last_purchase_time, last_purchase_id = excluded.last_purchase_id;

ALTER TABLE customer_activity ADD CONSTRAINT customer_activity_customer_fkey
    FOREIGN KEY (lane, customer_id) REFERENCES customer (lane, customer_id) ON DELETE CASCADE;

-- What there is to do for customers, a row a reason, kept by the transactions from which it
-- follows. It is due a number of days after its clock started: pace_days, or, where that is 0, the
-- contact interval of the service tier. Within a pace the order of start_time is that of due
-- times and, whatever the time is, that of overdue ratios: so a page in the order of the ratio
-- reads the head of each pace, of which there are few, and no more.
CREATE TABLE follow_up (
    lane            smallint    NOT NULL,
    customer_id     uuid        NOT NULL,
    reason          text COLLATE "C" NOT NULL,
    -- The task, case, purchase, contact or customer from which it follows, and which of its
    -- occasions.
    subject_id      uuid        NOT NULL,
    place           smallint    NOT NULL,
    title           text COLLATE "C" NOT NULL,
    -- Whose it is: '' where nobody's. by_owner says that it is the customer's owner.
    staff           text COLLATE "C" NOT NULL,
    by_owner        boolean     NOT NULL,
    -- Whether the company does it of its own accord, and not where the customer wants no contact.
    outreach        boolean     NOT NULL,
    pace_days       integer     NOT NULL,
    service_tier_id uuid        NOT NULL,
    start_time      timestamptz NOT NULL,
    end_time        timestamptz NOT NULL,
    -- The day of an occasion, such as 1224; 0 for all else. The year that is next has one.
    month_day       smallint    NOT NULL,
    -- -infinity for what is shown, infinity for what is not, and the time from which it is
    -- where the customer wants a pause; when that is over, a sweep makes it -infinity.
    hidden_until    timestamptz NOT NULL,
    CONSTRAINT follow_up_pkey PRIMARY KEY (lane, customer_id, reason, subject_id, place)
) WITH (fillfactor = 80);

-- What is recent enough to thank for.
INSERT INTO follow_up (lane, customer_id, reason, subject_id, place, title, staff, by_owner, outreach,
    pace_days, service_tier_id, start_time, end_time, month_day, hidden_until)
SELECT a.lane, a.customer_id, 'THANK_YOU', a.last_purchase_id, 0, '', coalesce(c.owner, ''), true, true,
    3, '00000000-0000-0000-0000-000000000000', a.last_purchase_time, a.last_purchase_time + interval '336 hours', 0,
    CASE WHEN c.delete_time IS NULL THEN '-infinity' ELSE 'infinity' END::timestamptz
FROM customer_activity a JOIN customer c ON c.lane = a.lane AND c.customer_id = a.customer_id
WHERE a.last_purchase_time > now() - interval '336 hours'
AND (a.last_thanks_time >= a.last_purchase_time) IS NOT TRUE;

ALTER TABLE follow_up ADD CONSTRAINT follow_up_customer_fkey
    FOREIGN KEY (lane, customer_id) REFERENCES customer (lane, customer_id) ON DELETE CASCADE;

-- What must not be shown may be the most overdue of all, so the indexes of the list leave it
-- out. They are in the order of the list within a pace, so that no head is sorted, and have all
-- that decides on ranks, so that no row is fetched that is only compared.
CREATE INDEX follow_up_pace_idx ON follow_up (reason, pace_days, service_tier_id, start_time, lane, customer_id, subject_id, place)
    INCLUDE (end_time) WHERE hidden_until = '-infinity';

CREATE INDEX follow_up_staff_pace_idx ON follow_up (staff, reason, pace_days, service_tier_id, start_time, lane, customer_id, subject_id, place)
    INCLUDE (end_time) WHERE hidden_until = '-infinity';

-- Pauses that are over, and those that are not.
CREATE INDEX follow_up_hidden_until_idx ON follow_up (hidden_until)
    WHERE hidden_until > '-infinity' AND hidden_until < 'infinity';

-- What is past its end, such as the occasions of this year.
CREATE INDEX follow_up_end_time_idx ON follow_up (end_time) WHERE end_time < 'infinity';
