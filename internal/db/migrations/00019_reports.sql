-- +goose Up

-- What a report of all customers reads, and nothing else.
CREATE INDEX satisfaction_score_metric_submit_time_idx ON satisfaction_score (metric, submit_time) INCLUDE (rating, expectation);

CREATE INDEX survey_invitation_send_time_idx ON survey_invitation (send_time);
