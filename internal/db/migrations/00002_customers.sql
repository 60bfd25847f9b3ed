-- +goose Up

CREATE TABLE customer (
    lane                      smallint    NOT NULL,
    customer_id               uuid        NOT NULL,
    revision                  bigint      NOT NULL,
    type                      text        NOT NULL,
    display_name              text COLLATE "C" NOT NULL,
    emails                    jsonb       NOT NULL,
    phones                    jsonb       NOT NULL,
    postal_addresses          jsonb       NOT NULL,
    language_code             text,
    time_zone                 text,
    external_ids              jsonb       NOT NULL,
    tags                      text[]      NOT NULL,
    attributes                jsonb       NOT NULL,
    owner                     text,
    acquisition_source        text,
    acquisition_cost_currency text,
    acquisition_cost_units    bigint,
    acquisition_cost_nanos    integer,
    referrer_lane             smallint,
    referrer_id               uuid,
    prospect_time             timestamptz,
    create_time               timestamptz NOT NULL,
    update_time               timestamptz NOT NULL,
    delete_time               timestamptz,
    purge_time                timestamptz,
    CONSTRAINT customer_pkey PRIMARY KEY (lane, customer_id)
);

-- Look-ups and lists cross lanes, so their indexes start with what is looked up. Each
-- order has an index of the live rows and one of the deleted, which are few: a list
-- never reads through those it hides. A page token holds the key of its last row and
-- must stay small, so names are ordered by their first 60 characters.
CREATE INDEX customer_create_time_idx ON customer (create_time, customer_id) WHERE delete_time IS NULL;

CREATE INDEX customer_update_time_idx ON customer (update_time, customer_id) WHERE delete_time IS NULL;

CREATE INDEX customer_display_name_idx ON customer (left(display_name, 60), customer_id) WHERE delete_time IS NULL;

CREATE INDEX customer_deleted_create_time_idx ON customer (create_time, customer_id) WHERE delete_time IS NOT NULL;

CREATE INDEX customer_deleted_update_time_idx ON customer (update_time, customer_id) WHERE delete_time IS NOT NULL;

CREATE INDEX customer_deleted_display_name_idx ON customer (left(display_name, 60), customer_id) WHERE delete_time IS NOT NULL;

CREATE INDEX customer_owner_idx ON customer (owner, create_time, customer_id) WHERE owner IS NOT NULL;

CREATE INDEX customer_referrer_idx ON customer (referrer_id, create_time, customer_id) WHERE referrer_id IS NOT NULL;

CREATE INDEX customer_purge_time_idx ON customer (purge_time) WHERE purge_time IS NOT NULL;

-- One GIN index serves equality on attributes, tags, e-mail addresses and numbers.
CREATE INDEX customer_values_idx ON customer
    USING gin (attributes jsonb_path_ops, tags, emails jsonb_path_ops, phones jsonb_path_ops);

-- (source, id) is unique over all customers. Its lane is its own, for no unique key
-- can span lanes otherwise; it says only where the row lies.
CREATE TABLE external_id (
    key_lane      smallint NOT NULL,
    source        text     NOT NULL,
    id            text     NOT NULL,
    customer_lane smallint NOT NULL,
    customer_id   uuid     NOT NULL,
    CONSTRAINT external_id_pkey PRIMARY KEY (key_lane, source, id)
);

CREATE INDEX external_id_customer_idx ON external_id (customer_lane, customer_id);

-- Whoever sets a referrer locks this one row first: two who each refer to the other
-- could otherwise make a cycle that neither sees.
CREATE TABLE referral_guard (
    lane smallint NOT NULL,
    CONSTRAINT referral_guard_pkey PRIMARY KEY (lane)
);

INSERT INTO referral_guard (lane) VALUES (0);
