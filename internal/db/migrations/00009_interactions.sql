-- +goose Up

CREATE TABLE interaction (
    lane                     smallint    NOT NULL,
    customer_id              uuid        NOT NULL,
    interaction_id           uuid        NOT NULL,
    revision                 bigint      NOT NULL,
    channel                  text        NOT NULL,
    direction                text        NOT NULL,
    purpose                  text,
    occur_time               timestamptz NOT NULL,
    duration_micros          bigint,
    subject                  text COLLATE "C",
    body                     text COLLATE "C",
    staff                    text COLLATE "C",
    contact_id               uuid,
    campaign                 text COLLATE "C",
    customer_reaction        text,
    concession_currency      text,
    concession_units         bigint,
    concession_nanos         integer,
    concession_reason        text COLLATE "C",
    concession_in_return_for text COLLATE "C",
    attributes               jsonb       NOT NULL,
    external_id_source       text COLLATE "C",
    external_id_id           text COLLATE "C",
    create_time              timestamptz NOT NULL,
    update_time              timestamptz NOT NULL,
    delete_time              timestamptz,
    purge_time               timestamptz,
    CONSTRAINT interaction_pkey PRIMARY KEY (lane, customer_id, interaction_id)
);

-- There is no foreign key to the contact: one that is purged stays named.
ALTER TABLE interaction ADD CONSTRAINT interaction_customer_fkey
    FOREIGN KEY (lane, customer_id) REFERENCES customer (lane, customer_id) ON DELETE CASCADE;

CREATE UNIQUE INDEX interaction_external_id_key ON interaction (lane, customer_id, external_id_source, external_id_id)
    WHERE external_id_source IS NOT NULL;

-- One customer's history, newest first, is read without a sort whatever its length. Live
-- and deleted rows have indexes of their own, as a list reads through none that it hides.
CREATE INDEX interaction_customer_occur_time_idx ON interaction (lane, customer_id, occur_time, interaction_id)
    WHERE delete_time IS NULL;

CREATE INDEX interaction_deleted_customer_occur_time_idx ON interaction (lane, customer_id, occur_time, interaction_id)
    WHERE delete_time IS NOT NULL;

CREATE INDEX interaction_occur_time_idx ON interaction (occur_time, interaction_id) WHERE delete_time IS NULL;

CREATE INDEX interaction_create_time_idx ON interaction (create_time, interaction_id) WHERE delete_time IS NULL;

CREATE INDEX interaction_update_time_idx ON interaction (update_time, interaction_id) WHERE delete_time IS NULL;

CREATE INDEX interaction_deleted_occur_time_idx ON interaction (occur_time, interaction_id) WHERE delete_time IS NOT NULL;

CREATE INDEX interaction_deleted_create_time_idx ON interaction (create_time, interaction_id) WHERE delete_time IS NOT NULL;

CREATE INDEX interaction_deleted_update_time_idx ON interaction (update_time, interaction_id) WHERE delete_time IS NOT NULL;

CREATE INDEX interaction_staff_idx ON interaction (staff, occur_time, interaction_id) WHERE staff IS NOT NULL;

CREATE INDEX interaction_purge_time_idx ON interaction (purge_time) WHERE purge_time IS NOT NULL;

CREATE INDEX interaction_attributes_idx ON interaction USING gin (attributes jsonb_path_ops);
