-- +goose Up

-- Few and rarely written: no lane, and a reference table where the customers are spread over
-- nodes.
CREATE TABLE service_tier (
    service_tier_id       uuid        NOT NULL,
    revision              bigint      NOT NULL,
    display_name          text COLLATE "C" NOT NULL,
    targets               jsonb       NOT NULL,
    silence_days          integer,
    contact_interval_days integer,
    calendar              jsonb,
    create_time           timestamptz NOT NULL,
    update_time           timestamptz NOT NULL,
    CONSTRAINT service_tier_pkey PRIMARY KEY (service_tier_id)
);

CREATE INDEX service_tier_create_time_idx ON service_tier (create_time, service_tier_id);

CREATE INDEX service_tier_update_time_idx ON service_tier (update_time, service_tier_id);

-- A constant default rewrites no row.
ALTER TABLE customer
    ADD COLUMN service_tier_id       uuid,
    ADD COLUMN occasions             jsonb   NOT NULL DEFAULT '[]',
    ADD COLUMN membership_number     text COLLATE "C",
    ADD COLUMN membership_level      text COLLATE "C",
    ADD COLUMN membership_start_time timestamptz,
    ADD COLUMN membership_expire_time timestamptz,
    ADD COLUMN preferred_channel     text,
    ADD COLUMN do_not_contact        boolean NOT NULL DEFAULT false,
    ADD COLUMN pause_end_time        timestamptz,
    ADD COLUMN consents              jsonb   NOT NULL DEFAULT '[]',
    ADD COLUMN contact_interval_days integer;

ALTER TABLE customer ADD CONSTRAINT customer_service_tier_fkey
    FOREIGN KEY (service_tier_id) REFERENCES service_tier (service_tier_id) NOT VALID;

ALTER TABLE contact ADD COLUMN occasions jsonb NOT NULL DEFAULT '[]';
