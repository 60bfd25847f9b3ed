-- +goose Up

-- One counter a lane. A write bumps its lane's counter in the last statement of its
-- transaction and holds that row's lock to the end, so the order of sequences is the
-- order of commits, without gaps. Rows are updated all the time: a low fill factor
-- keeps each update on its page.
CREATE TABLE lane_feed (
    lane     smallint NOT NULL,
    last_seq bigint   NOT NULL,
    low_seq  bigint   NOT NULL,
    CONSTRAINT lane_feed_pkey PRIMARY KEY (lane)
) WITH (fillfactor = 10);

INSERT INTO lane_feed (lane, last_seq, low_seq) SELECT n, 0, 1 FROM generate_series(0, 63) AS n;

-- What happened to each resource; appended to, never altered. The id is part of the
-- key so that the table can be partitioned by it.
CREATE TABLE change (
    lane        smallint    NOT NULL,
    change_id   uuid        NOT NULL,
    sequence    bigint      NOT NULL,
    customer_id uuid        NOT NULL,
    resource    text        NOT NULL,
    type        text        NOT NULL,
    fields      jsonb       NOT NULL,
    actor       text        NOT NULL,
    request_id  uuid        NOT NULL,
    trace_id    text        NOT NULL,
    change_time timestamptz NOT NULL,
    CONSTRAINT change_pkey PRIMARY KEY (lane, change_id)
);

CREATE INDEX change_lane_sequence_idx ON change (lane, sequence);

CREATE INDEX change_customer_idx ON change (customer_id, change_time, change_id);

CREATE INDEX change_actor_idx ON change (actor, change_time, change_id);

CREATE INDEX change_time_idx ON change (change_time, change_id);

-- The claims of exactly-once: who asked what under which id, and the answer. The lane
-- is that of (principal, method, request_id), so a retry always meets its claim.
CREATE TABLE request (
    lane        smallint    NOT NULL,
    principal   text        NOT NULL,
    method      text        NOT NULL,
    request_id  uuid        NOT NULL,
    fingerprint bytea       NOT NULL,
    response    bytea       NOT NULL,
    expire_time timestamptz NOT NULL,
    CONSTRAINT request_pkey PRIMARY KEY (lane, principal, method, request_id)
);

CREATE INDEX request_expire_time_idx ON request (expire_time);
