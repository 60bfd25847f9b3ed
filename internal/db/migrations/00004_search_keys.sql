-- +goose Up

-- What customers are found by, a row a key: see internal/searchkey. Keys of a contact
-- name it; those of the customer itself have no contact_id. There is no primary key and
-- no foreign key: each would cost a create as much as the index that searches need.
-- Whoever removes a customer or a contact removes its keys, which follow from it. A key
-- that stands here twice does no harm.
CREATE TABLE search_key (
    lane        smallint NOT NULL,
    customer_id uuid     NOT NULL,
    contact_id  uuid,
    key         text COLLATE "C" NOT NULL
);

-- For logical replication, which else needs a primary key.
ALTER TABLE search_key REPLICA IDENTITY FULL;
