-- +goose Up

-- What customers are found by, a row a key: see internal/searchkey. Keys of a contact
-- name it; those of the customer itself have a contact_id of zeros. There is no foreign
-- key, for to check it would cost more than the row: whoever removes a customer or a
-- contact removes its keys.
CREATE TABLE search_key (
    lane        smallint NOT NULL,
    customer_id uuid     NOT NULL,
    contact_id  uuid     NOT NULL,
    key         text COLLATE "C" NOT NULL,
    CONSTRAINT search_key_pkey PRIMARY KEY (lane, customer_id, contact_id, key)
);
