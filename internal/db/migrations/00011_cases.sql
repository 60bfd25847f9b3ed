-- +goose Up

-- `case` is a word of SQL, so the table has another name. The first two digits of a case's
-- number hold its lane, so it is unique among all where it is so in its lane.
CREATE TABLE support_case (
    lane                      smallint    NOT NULL,
    customer_id               uuid        NOT NULL,
    case_id                   uuid        NOT NULL,
    revision                  bigint      NOT NULL,
    case_number               text COLLATE "C" NOT NULL,
    type                      text        NOT NULL,
    priority                  text,
    category                  text COLLATE "C",
    item                      text COLLATE "C",
    description               text COLLATE "C",
    channel                   text,
    assignee                  text COLLATE "C",
    verified                  boolean     NOT NULL,
    waiting_on_customer       boolean     NOT NULL,
    receive_time              timestamptz NOT NULL,
    resolution                text COLLATE "C",
    resolution_type           text,
    resolve_time              timestamptz,
    feedback_time             timestamptz,
    customer_confirmed        boolean     NOT NULL,
    close_time                timestamptz,
    reopen_count              integer     NOT NULL,
    -- The first feedback, where the case was reopened since.
    told_time                 timestamptz,
    -- Of the interactions of the case; see internal/followup.
    response_time             timestamptz,
    first_response_due_time   timestamptz,
    -- Recorded in the feed already.
    first_response_breach_recorded boolean NOT NULL,
    -- The working time that the resolution may take, and has taken when its clock last started;
    -- the clock stands still where it has no start.
    resolve_target_micros     bigint,
    resolve_used_micros       bigint      NOT NULL,
    resolve_clock_start_time  timestamptz,
    resolve_due_time          timestamptz,
    -- When the clock stopped last; while it runs, its due time tells.
    resolve_breached          boolean     NOT NULL,
    resolve_breach_recorded   boolean     NOT NULL,
    silence_close_time        timestamptz,
    -- When the clock next makes something of the case: a breach, or its closing.
    next_event_time           timestamptz,
    external_id_source        text COLLATE "C",
    external_id_id            text COLLATE "C",
    create_time               timestamptz NOT NULL,
    update_time               timestamptz NOT NULL,
    state                     text        NOT NULL GENERATED ALWAYS AS (
        CASE WHEN close_time IS NOT NULL THEN 'CLOSED'
             WHEN resolve_time IS NOT NULL THEN 'RESOLVED'
             WHEN waiting_on_customer THEN 'WAITING'
             WHEN assignee IS NOT NULL THEN 'IN_PROGRESS'
             WHEN category IS NOT NULL AND priority IS NOT NULL THEN 'CLASSIFIED'
             ELSE 'NEW' END) STORED
);

-- Of indexes that begin with a lane and a customer PostgreSQL finds all alike, and uses the one
-- that was made last: those of a whole record come behind that of the customer's list.
CREATE INDEX support_case_customer_receive_time_idx ON support_case (lane, customer_id, receive_time, case_id);

ALTER TABLE support_case ADD CONSTRAINT support_case_pkey PRIMARY KEY (lane, customer_id, case_id);

CREATE UNIQUE INDEX support_case_case_number_key ON support_case (lane, case_number);

CREATE UNIQUE INDEX support_case_external_id_key ON support_case (lane, customer_id, external_id_source, external_id_id)
    WHERE external_id_source IS NOT NULL;

ALTER TABLE support_case ADD CONSTRAINT support_case_customer_fkey
    FOREIGN KEY (lane, customer_id) REFERENCES customer (lane, customer_id) ON DELETE CASCADE;

CREATE INDEX support_case_receive_time_idx ON support_case (receive_time, case_id);

CREATE INDEX support_case_create_time_idx ON support_case (create_time, case_id);

CREATE INDEX support_case_update_time_idx ON support_case (update_time, case_id);

-- What is open is what people ask for, and little beside all that was closed.
CREATE INDEX support_case_open_idx ON support_case (receive_time, case_id) WHERE close_time IS NULL;

CREATE INDEX support_case_assignee_idx ON support_case (assignee, receive_time, case_id) WHERE close_time IS NULL;

CREATE INDEX support_case_next_event_time_idx ON support_case (next_event_time) WHERE next_event_time IS NOT NULL;
