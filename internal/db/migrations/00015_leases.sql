-- +goose Up

-- Who does what only one process should do. The fencing number grows each time a lease changes
-- hands, so that a holder who slept through its end can be told from the next one. Times are
-- compared by the database's clock.
CREATE TABLE lease (
    name        text        NOT NULL,
    holder      uuid        NOT NULL,
    fence       bigint      NOT NULL,
    expire_time timestamptz NOT NULL,
    CONSTRAINT lease_pkey PRIMARY KEY (name)
);
