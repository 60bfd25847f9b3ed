-- +goose Up

CREATE TABLE contact (
    lane              smallint    NOT NULL,
    customer_id       uuid        NOT NULL,
    contact_id        uuid        NOT NULL,
    revision          bigint      NOT NULL,
    display_name      text COLLATE "C" NOT NULL,
    title             text,
    role              text,
    emails            jsonb       NOT NULL,
    phones            jsonb       NOT NULL,
    is_primary        boolean     NOT NULL,
    preferred_channel text,
    create_time       timestamptz NOT NULL,
    update_time       timestamptz NOT NULL,
    delete_time       timestamptz,
    purge_time        timestamptz,
    CONSTRAINT contact_pkey PRIMARY KEY (lane, customer_id, contact_id)
);

ALTER TABLE contact ADD CONSTRAINT contact_customer_fkey
    FOREIGN KEY (lane, customer_id) REFERENCES customer (lane, customer_id) ON DELETE CASCADE;

CREATE UNIQUE INDEX contact_primary_key ON contact (lane, customer_id) WHERE is_primary AND delete_time IS NULL;

CREATE INDEX contact_customer_create_time_idx ON contact (lane, customer_id, create_time, contact_id);

CREATE INDEX contact_create_time_idx ON contact (create_time, contact_id) WHERE delete_time IS NULL;

CREATE INDEX contact_update_time_idx ON contact (update_time, contact_id) WHERE delete_time IS NULL;

CREATE INDEX contact_deleted_create_time_idx ON contact (create_time, contact_id) WHERE delete_time IS NOT NULL;

CREATE INDEX contact_deleted_update_time_idx ON contact (update_time, contact_id) WHERE delete_time IS NOT NULL;

CREATE INDEX contact_purge_time_idx ON contact (purge_time) WHERE purge_time IS NOT NULL;

CREATE INDEX contact_values_idx ON contact USING gin (emails jsonb_path_ops, phones jsonb_path_ops);
