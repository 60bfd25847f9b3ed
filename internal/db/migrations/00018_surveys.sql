-- +goose Up

-- Few and rarely written: no lane, and a reference table where the customers are spread over
-- nodes.
CREATE TABLE survey (
    survey_id                  uuid        NOT NULL,
    revision                   bigint      NOT NULL,
    display_name               text COLLATE "C" NOT NULL,
    metric                     text COLLATE "C" NOT NULL,
    texts                      jsonb       NOT NULL,
    factors                    text[]      NOT NULL,
    ask_importance             boolean     NOT NULL,
    ask_expectation            boolean     NOT NULL,
    ask_comment                boolean     NOT NULL,
    repeat_interval_days       integer,
    invitation_lifetime_micros bigint      NOT NULL,
    create_time                timestamptz NOT NULL,
    update_time                timestamptz NOT NULL,
    CONSTRAINT survey_pkey PRIMARY KEY (survey_id)
);

-- So that a score is of the metric of its survey.
ALTER TABLE survey ADD CONSTRAINT survey_metric_key UNIQUE (survey_id, metric);

CREATE INDEX survey_create_time_idx ON survey (create_time, survey_id);

CREATE INDEX survey_update_time_idx ON survey (update_time, survey_id);

-- Whom was asked what and when. A customer's, though its name begins with the survey's. What a
-- link says of it is its id alone, so the service makes that, and no two have the same.
CREATE TABLE survey_invitation (
    lane                  smallint    NOT NULL,
    customer_id           uuid        NOT NULL,
    survey_invitation_id  uuid        NOT NULL,
    revision              bigint      NOT NULL,
    survey_id             uuid        NOT NULL,
    contact_id            uuid,
    interaction_id        uuid,
    case_id               uuid,
    purchase_id           uuid,
    language_code         text COLLATE "C" NOT NULL,
    send_time             timestamptz NOT NULL,
    expire_time           timestamptz NOT NULL,
    answer_time           timestamptz,
    satisfaction_score_id uuid,
    -- The SHA-256 of the answer, by which a repeat is told from another answer.
    answer_digest         bytea,
    create_time           timestamptz NOT NULL,
    update_time           timestamptz NOT NULL
);

-- Of indexes that begin with a lane and a customer PostgreSQL finds all alike, and uses the one
-- that was made last: that of a whole record comes behind that of the repeat rule.
CREATE INDEX survey_invitation_customer_survey_idx ON survey_invitation (lane, customer_id, survey_id, send_time);

ALTER TABLE survey_invitation ADD CONSTRAINT survey_invitation_pkey PRIMARY KEY (lane, customer_id, survey_invitation_id);

ALTER TABLE survey_invitation ADD CONSTRAINT survey_invitation_customer_fkey
    FOREIGN KEY (lane, customer_id) REFERENCES customer (lane, customer_id) ON DELETE CASCADE;

ALTER TABLE survey_invitation ADD CONSTRAINT survey_invitation_survey_fkey
    FOREIGN KEY (survey_id) REFERENCES survey (survey_id);

-- By its name, and by the token of a link.
CREATE INDEX survey_invitation_id_idx ON survey_invitation (survey_invitation_id);

CREATE INDEX survey_invitation_survey_create_time_idx ON survey_invitation (survey_id, create_time, survey_invitation_id);

CREATE INDEX survey_invitation_create_time_idx ON survey_invitation (create_time, survey_invitation_id);

-- A customer's lane follows from its id, which the planner cannot know.
CREATE STATISTICS survey_invitation_lane_statistics (dependencies) ON lane, customer_id FROM survey_invitation;

ALTER TABLE satisfaction_score ADD COLUMN survey_invitation_id uuid;

ALTER TABLE satisfaction_score ADD CONSTRAINT satisfaction_score_survey_fkey
    FOREIGN KEY (survey_id, metric) REFERENCES survey (survey_id, metric) NOT VALID;

-- One score a survey of each customer, contact and interaction. Who is asked again about nothing
-- in particular, as a survey with a repeat interval does, answers each invitation once.
CREATE UNIQUE INDEX satisfaction_score_survey_key ON satisfaction_score (lane, customer_id, survey_id,
    coalesce(contact_id, '00000000-0000-0000-0000-000000000000'), coalesce(interaction_id, '00000000-0000-0000-0000-000000000000'),
    (CASE WHEN interaction_id IS NULL THEN coalesce(survey_invitation_id, '00000000-0000-0000-0000-000000000000')
        ELSE '00000000-0000-0000-0000-000000000000' END))
    WHERE survey_id IS NOT NULL;

CREATE INDEX satisfaction_score_survey_idx ON satisfaction_score (survey_id, submit_time, satisfaction_score_id)
    WHERE survey_id IS NOT NULL;

-- The keys by which the tokens of links are signed, where no file has them: a Tink keyset as JSON.
CREATE TABLE survey_keyset (
    name        text COLLATE "C" NOT NULL,
    keyset      text        NOT NULL,
    update_time timestamptz NOT NULL,
    CONSTRAINT survey_keyset_pkey PRIMARY KEY (name)
);
