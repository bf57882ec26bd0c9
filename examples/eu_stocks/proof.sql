-- Whether the latest plan was worked off as it was to be: what its attempts say.
--
--   psql -X -f examples/eu_stocks/proof.sql

\set QUIET on
\set ON_ERROR_STOP on
\pset pager off
\pset footer off

SELECT to_regclass('training_job_history') IS NULL AS missing \gset
\if :missing
    \warn 'The extension is not on the search path: CREATE EXTENSION trainplan;'
    \quit
\endif

\echo
\echo 'Of each limit, how many jobs it allows at a time, and how many there were at most:'
SELECT name, families, max_running AS allowed, coalesce(max(running), 0) AS at_most
FROM training_limits
LEFT JOIN LATERAL (
    -- each attempt counts from its beginning to its end
    SELECT sum(change) OVER (ORDER BY at, change) AS running
    FROM training_job_history
    CROSS JOIN LATERAL (VALUES (started_at, 1), (finished_at, -1)) AS moments (at, change)
    WHERE plan_id = latest_training_plan() AND (families IS NULL OR model_families && families)
) AS moments ON true
GROUP BY name, families, max_running
ORDER BY name;

\echo 'Of the jobs that need a pooled model, how many have begun, and how many of them before it had succeeded:'
SELECT
    count(*) AS begun,
    count(*) FILTER (WHERE pooled.finished_at IS NULL OR first.started_at < pooled.finished_at) AS too_early
FROM training_jobs AS job
JOIN training_job_status AS other
    ON other.plan_id = job.plan_id AND other.target = job.target AND other.training_type = 'cross_sectional'
JOIN training_job_history AS first
    ON first.plan_id = job.plan_id AND first.job_id = job.job_id AND first.attempt = 1
-- (of a pooled model that is reused, when it was trained)
LEFT JOIN LATERAL (
    SELECT finished_at
    FROM training_job_history
    WHERE plan_id = other.plan_id AND job_id = other.job_id AND outcome = 'succeeded'
    UNION ALL
    SELECT other.finished_at
    WHERE other.state = 'reused'
) AS pooled ON true
WHERE job.plan_id = latest_training_plan() AND job.metadata ->> 'needs_cs_ensemble' = 'true';
