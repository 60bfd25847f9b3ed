-- +goose NO TRANSACTION
-- +goose Up

ALTER TABLE interaction ADD COLUMN IF NOT EXISTS case_id uuid;

-- The interactions of a case, for its first response. Each step can be repeated: an index that
-- was broken off stays behind, invalid.
DROP INDEX CONCURRENTLY IF EXISTS interaction_case_idx;

CREATE INDEX CONCURRENTLY interaction_case_idx ON interaction (lane, customer_id, case_id, occur_time) WHERE case_id IS NOT NULL;

-- Found by no list before, and written by few: keys of customers by their tier.
DROP INDEX CONCURRENTLY IF EXISTS customer_service_tier_idx;

CREATE INDEX CONCURRENTLY customer_service_tier_idx ON customer (service_tier_id, create_time, customer_id) WHERE service_tier_id IS NOT NULL;

ALTER TABLE customer VALIDATE CONSTRAINT customer_service_tier_fkey;
