-- +goose Up

-- A customer's lane follows from its id. Without this the planner takes the two for
-- independent, thinks that a customer has next to no records, and may read all of them by an
-- index that holds the wanted one at its end.
CREATE STATISTICS interaction_lane_statistics (dependencies) ON lane, customer_id FROM interaction;

CREATE STATISTICS purchase_lane_statistics (dependencies) ON lane, customer_id FROM purchase;

CREATE STATISTICS task_lane_statistics (dependencies) ON lane, customer_id FROM task;

CREATE STATISTICS support_case_lane_statistics (dependencies) ON lane, customer_id FROM support_case;
