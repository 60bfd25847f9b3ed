-- +goose Up

-- All amounts of a purchase are in its one currency. Voiding is its only change, so there
-- is no order by update_time and no index for one.
CREATE TABLE purchase (
    lane            smallint    NOT NULL,
    customer_id     uuid        NOT NULL,
    purchase_id     uuid        NOT NULL,
    revision        bigint      NOT NULL,
    purchase_time   timestamptz NOT NULL,
    amount_currency text        NOT NULL,
    amount_units    bigint      NOT NULL,
    amount_nanos    integer     NOT NULL,
    margin_units    bigint,
    margin_nanos    integer,
    discount_units  bigint,
    discount_nanos  integer,
    items           jsonb       NOT NULL,
    channel         text,
    staff           text COLLATE "C",
    external_source text COLLATE "C",
    external_id     text COLLATE "C",
    void_time       timestamptz,
    void_reason     text,
    create_time     timestamptz NOT NULL,
    update_time     timestamptz NOT NULL,
    CONSTRAINT purchase_pkey PRIMARY KEY (lane, customer_id, purchase_id)
);

ALTER TABLE purchase ADD CONSTRAINT purchase_customer_fkey
    FOREIGN KEY (lane, customer_id) REFERENCES customer (lane, customer_id) ON DELETE CASCADE;

CREATE UNIQUE INDEX purchase_external_id_key ON purchase (lane, customer_id, external_source, external_id)
    WHERE external_source IS NOT NULL;

CREATE INDEX purchase_customer_purchase_time_idx ON purchase (lane, customer_id, purchase_time, purchase_id);

CREATE INDEX purchase_customer_create_time_idx ON purchase (lane, customer_id, create_time, purchase_id);

CREATE INDEX purchase_purchase_time_idx ON purchase (purchase_time, purchase_id);

CREATE INDEX purchase_create_time_idx ON purchase (create_time, purchase_id);
