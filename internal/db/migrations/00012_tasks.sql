-- +goose Up

CREATE TABLE task (
    lane               smallint    NOT NULL,
    customer_id        uuid        NOT NULL,
    task_id            uuid        NOT NULL,
    revision           bigint      NOT NULL,
    title              text COLLATE "C" NOT NULL,
    description        text COLLATE "C",
    kind               text,
    assignee           text COLLATE "C",
    due_time           timestamptz,
    promise_due_time   timestamptz,
    customer_agreed    boolean     NOT NULL,
    complete_time      timestamptz,
    cancel_time        timestamptz,
    case_id            uuid,
    interaction_id     uuid,
    external_id_source text COLLATE "C",
    external_id_id     text COLLATE "C",
    create_time        timestamptz NOT NULL,
    update_time        timestamptz NOT NULL,
    -- The task's place in the history of its customer.
    timeline_time      timestamptz NOT NULL GENERATED ALWAYS AS (coalesce(complete_time, cancel_time, due_time, create_time)) STORED
);

-- PostgreSQL does not know that the customer says the lane, so it takes a lane and a customer for
-- about one row. Of indexes that begin with them it then finds all alike, and uses the one that
-- was made last: those of a whole record come behind those of the customer's lists.
CREATE INDEX task_customer_timeline_time_idx ON task (lane, customer_id, timeline_time, task_id);

CREATE INDEX task_customer_create_time_idx ON task (lane, customer_id, create_time, task_id);

ALTER TABLE task ADD CONSTRAINT task_pkey PRIMARY KEY (lane, customer_id, task_id);

CREATE UNIQUE INDEX task_external_id_key ON task (lane, customer_id, external_id_source, external_id_id)
    WHERE external_id_source IS NOT NULL;

-- There is no foreign key to the interaction: one that is purged stays named.
ALTER TABLE task ADD CONSTRAINT task_customer_fkey
    FOREIGN KEY (lane, customer_id) REFERENCES customer (lane, customer_id) ON DELETE CASCADE;

CREATE INDEX task_create_time_idx ON task (create_time, task_id);

CREATE INDEX task_update_time_idx ON task (update_time, task_id);

-- Tasks without a due time come last.
CREATE INDEX task_due_time_idx ON task (coalesce(due_time, 'infinity'), task_id);

-- What is open is what people ask for, and little beside all that is done.
CREATE INDEX task_open_due_time_idx ON task (coalesce(due_time, 'infinity'), task_id)
    WHERE complete_time IS NULL AND cancel_time IS NULL;

CREATE INDEX task_open_idx ON task (assignee, coalesce(due_time, 'infinity'), task_id)
    WHERE complete_time IS NULL AND cancel_time IS NULL;
