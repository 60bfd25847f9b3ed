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
    title           text        NOT NULL,
    -- Whose it is: '' where nobody's. by_owner says that it is the customer's owner.
    staff           text COLLATE "C" NOT NULL,
    by_owner        boolean     NOT NULL,
    pace_days       integer     NOT NULL,
    service_tier_id uuid        NOT NULL,
    start_time      timestamptz NOT NULL,
    end_time        timestamptz NOT NULL,
    -- Until when the customer must not be contacted; -infinity for what the company owes.
    hidden_until    timestamptz NOT NULL,
    CONSTRAINT follow_up_pkey PRIMARY KEY (lane, customer_id, reason, subject_id, place)
) WITH (fillfactor = 80);

ALTER TABLE follow_up ADD CONSTRAINT follow_up_customer_fkey
    FOREIGN KEY (lane, customer_id) REFERENCES customer (lane, customer_id) ON DELETE CASCADE;

CREATE INDEX follow_up_pace_idx ON follow_up (pace_days, service_tier_id, start_time, lane, customer_id);

CREATE INDEX follow_up_staff_pace_idx ON follow_up (staff, pace_days, service_tier_id, start_time, lane, customer_id);

-- What is past its end, such as the occasions of this year.
CREATE INDEX follow_up_end_time_idx ON follow_up (end_time) WHERE end_time < 'infinity';
