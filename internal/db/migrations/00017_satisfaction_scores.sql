-- +goose Up

-- What customers felt, an answer a row. It never changes; a deleted one is gone for good. The
-- survey is no foreign key of a customer's: surveys are few and belong to no lane.
CREATE TABLE satisfaction_score (
    lane                  smallint    NOT NULL,
    customer_id           uuid        NOT NULL,
    satisfaction_score_id uuid        NOT NULL,
    revision              bigint      NOT NULL,
    metric                text COLLATE "C" NOT NULL,
    rating                smallint    NOT NULL,
    expectation           smallint,
    -- An array of {"factor", "satisfaction", "importance"}, each factor once.
    factors               jsonb       NOT NULL,
    comment               text COLLATE "C",
    source                text COLLATE "C" NOT NULL,
    channel               text COLLATE "C",
    competitor            text COLLATE "C",
    staff                 text COLLATE "C",
    contact_id            uuid,
    interaction_id        uuid,
    case_id               uuid,
    purchase_id           uuid,
    survey_id             uuid,
    submit_time           timestamptz NOT NULL,
    external_id_source    text COLLATE "C",
    external_id_id        text COLLATE "C",
    create_time           timestamptz NOT NULL,
    update_time           timestamptz NOT NULL,
    CONSTRAINT satisfaction_score_pkey PRIMARY KEY (lane, customer_id, satisfaction_score_id)
);

ALTER TABLE satisfaction_score ADD CONSTRAINT satisfaction_score_customer_fkey
    FOREIGN KEY (lane, customer_id) REFERENCES customer (lane, customer_id) ON DELETE CASCADE;

CREATE UNIQUE INDEX satisfaction_score_external_id_key ON satisfaction_score (lane, customer_id, external_id_source, external_id_id)
    WHERE external_id_source IS NOT NULL;

CREATE INDEX satisfaction_score_customer_submit_time_idx ON satisfaction_score (lane, customer_id, submit_time, satisfaction_score_id);

CREATE INDEX satisfaction_score_customer_create_time_idx ON satisfaction_score (lane, customer_id, create_time, satisfaction_score_id);

-- The latest of each metric.
CREATE INDEX satisfaction_score_customer_metric_idx ON satisfaction_score (lane, customer_id, metric, submit_time, satisfaction_score_id);

CREATE INDEX satisfaction_score_submit_time_idx ON satisfaction_score (submit_time, satisfaction_score_id);

CREATE INDEX satisfaction_score_create_time_idx ON satisfaction_score (create_time, satisfaction_score_id);

-- As those of migration 16.
CREATE STATISTICS satisfaction_score_lane_statistics (dependencies) ON lane, customer_id FROM satisfaction_score;

-- The latest score of each metric, an object of {"rating", "submit_time", "satisfaction_score_id"} by
-- metric; NULL for a customer who has none.
ALTER TABLE customer_activity ADD COLUMN satisfaction jsonb;
