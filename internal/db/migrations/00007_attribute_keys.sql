-- +goose Up

-- How many live customers of a lane have an attribute of this key with a value of this
-- type. A write that changes what a customer has changes the counts in its transaction,
-- so they are exact. It is a row that all writers of a lane update: the low fill factor
-- keeps each update on its page, and no index holds the count.
CREATE TABLE attribute_key (
    lane           smallint NOT NULL,
    key            text COLLATE "C" NOT NULL,
    value_type     text COLLATE "C" NOT NULL,
    customer_count bigint   NOT NULL,
    CONSTRAINT attribute_key_pkey PRIMARY KEY (lane, key, value_type)
) WITH (fillfactor = 20);

-- The list adds up the lanes, key by key.
CREATE INDEX attribute_key_key_idx ON attribute_key (key, value_type);

INSERT INTO attribute_key (lane, key, value_type, customer_count)
SELECT lane, attribute.key,
    CASE jsonb_typeof(attribute.value) WHEN 'string' THEN 'STRING' WHEN 'number' THEN 'DOUBLE' WHEN 'boolean' THEN 'BOOL' ELSE 'TIMESTAMP' END,
    count(*)
FROM customer CROSS JOIN LATERAL jsonb_each(attributes) AS attribute
WHERE delete_time IS NULL
GROUP BY 1, 2, 3;
