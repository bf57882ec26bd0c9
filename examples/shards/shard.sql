-- What each server with metrics has: the extension, its part of the metrics, and two roles.
--
--   psql -X -d service=shard1 -f examples/shards/shard.sql

\set QUIET on
\set ON_ERROR_STOP on
SET client_min_messages = warning;

CREATE EXTENSION trainplan;

CREATE TABLE candidates (
    target text,
    symbol text,
    mode text,
    score double precision,
    stability text,
    sample_size bigint,
    leakage_status text,
    task_type text,
    metric_name text,
    mean_overlap double precision,
    std_overlap double precision,
    mean_tau double precision,
    std_tau double precision
);

-- as whom the coordinator comes: plans, and reads how far plans are
CREATE ROLE planner LOGIN;
GRANT USAGE ON SCHEMA public TO planner;
GRANT SELECT, INSERT ON candidates TO planner;
GRANT INSERT ON training_plans, training_jobs TO planner;
GRANT SELECT ON training_plans, training_jobs, training_job_queue, training_job_history TO planner;
GRANT SELECT ON training_job_status, training_job_attempts, training_plan_progress TO planner;
GRANT SELECT ON training_limits, training_limit_usage TO planner;
GRANT SELECT, INSERT ON training_part_calls TO planner;
GRANT SELECT ON training_part_plans, training_part_jobs, training_part_status TO planner;

-- as whom workers come
CREATE ROLE scheduler LOGIN;
GRANT USAGE ON SCHEMA public TO scheduler;
GRANT SELECT ON training_plans, training_jobs TO scheduler;
GRANT SELECT, UPDATE ON training_job_queue TO scheduler;
GRANT SELECT, INSERT ON training_job_history TO scheduler;
GRANT SELECT ON training_job_status, training_job_attempts, training_plan_progress TO scheduler;
GRANT SELECT ON training_limits, training_limit_usage TO scheduler;
