-- Whether the run was worked off as it was to be: psql fails if it was not.
--
--   psql -X -v run=nightly -f examples/shards/proof.sql

\set ON_ERROR_STOP on
\pset footer off

\echo 'Of each server, how many jobs there are, how many have succeeded, and with how many results:'
CREATE TEMPORARY TABLE results AS
SELECT s.server, s.job_id, s.state, count(a.attempt) AS attempts,
    count(*) FILTER (WHERE a.outcome = 'succeeded' AND a.result IS NOT NULL) AS results
FROM training_run_status AS s
LEFT JOIN (
    SELECT 'shard1' AS server, plan_id, job_id, attempt, outcome, result FROM shard1.training_job_attempts
    UNION ALL
    SELECT 'shard2', plan_id, job_id, attempt, outcome, result FROM shard2.training_job_attempts
) AS a ON a.server = s.server AND a.plan_id = s.plan_id AND a.job_id = s.job_id
WHERE s.run_id = :'run'
GROUP BY s.server, s.job_id, s.state;

SELECT server, count(*) AS jobs, count(*) FILTER (WHERE state = 'succeeded') AS succeeded, sum(results) AS results, sum(attempts) AS attempts
FROM results
GROUP BY server
ORDER BY server;

\echo 'What one server would plan that reads all metrics through the coordinator, and what is different:'
CREATE TEMPORARY VIEW decisions AS SELECT * FROM route_training_candidates('candidates');
CREATE TEMPORARY TABLE on_one AS
SELECT * FROM generate_training_plan('decisions', '{xgboost,hist_gradient_boosting}');
CREATE TEMPORARY VIEW differences AS
SELECT coalesce(one.job_id, parts.job_id) AS job_id
FROM on_one AS one
FULL JOIN results AS parts ON parts.job_id = one.job_id
WHERE one.job_id IS NULL OR parts.job_id IS NULL;

SELECT (SELECT count(*) FROM on_one) AS on_one, (SELECT count(*) FROM results) AS in_parts, (SELECT count(*) FROM differences) AS different;

SELECT count(*) > 0
    AND bool_and(state = 'succeeded' AND results = 1)
    AND NOT EXISTS (SELECT FROM differences)
    AND count(DISTINCT server) = 2
    AND count(*) = (SELECT count(*) FROM on_one) AS well
FROM results \gset
\if :well
    \echo 'All jobs have succeeded, each once, and they are those that one server would plan.'
\else
    DO $$ BEGIN RAISE 'the run was not worked off as it was to be'; END $$;
\endif
