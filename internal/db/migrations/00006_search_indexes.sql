-- +goose NO TRANSACTION
-- +goose Up

-- Each step can be repeated: an index that was broken off stays behind, invalid.

-- Look-ups start with the key and cross lanes. A search reads nothing but the
-- index until it knows which customers it wants.
DROP INDEX CONCURRENTLY IF EXISTS search_key_key_idx;

CREATE INDEX CONCURRENTLY search_key_key_idx ON search_key (key, lane, customer_id);

-- Addresses and numbers are looked up there now, and leave the indexes of the records.
DROP INDEX CONCURRENTLY IF EXISTS customer_values_new_idx;

CREATE INDEX CONCURRENTLY customer_values_new_idx ON customer USING gin (attributes jsonb_path_ops, tags);

DROP INDEX CONCURRENTLY IF EXISTS customer_values_idx;

ALTER INDEX customer_values_new_idx RENAME TO customer_values_idx;

DROP INDEX CONCURRENTLY IF EXISTS contact_values_idx;

-- The planner knows nothing of a table that was filled a moment ago.
ANALYZE search_key;
