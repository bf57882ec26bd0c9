-- The nightly round, in one transaction: a plan of what the metrics say now; of its jobs, those
-- that were trained already on as good as the same data are not trained again; and what is left
-- of the plan before is cancelled, but for what runs.
--
--   psql -X -v candidates=eu_stocks_after -f examples/eu_stocks/nightly.sql
--
-- Workers see all of it at once: none begins with a job whose result is there.  Unless others are
-- named: the candidates are eu_stock_candidates, the families those of train.py, the policy is the
-- default one (or of this name in routing_policies), git_commit is not known, and the plan before is the latest.  Where the plan would
-- have no jobs (are there metrics?), all stays as it was.

\set QUIET on
\set ON_ERROR_STOP on
\pset pager off
\pset footer off

SELECT to_regclass('training_plans') IS NULL AS missing \gset
\if :missing
    DO $$ BEGIN RAISE 'the extension is not on the search path' USING HINT = 'CREATE EXTENSION trainplan;'; END $$;
\endif
\if :{?candidates}
\else
    \set candidates eu_stock_candidates
\endif
\if :{?families}
\else
    \set families '{xgboost,random_forest,hist_gradient_boosting}'
\endif
\if :{?policy}
\else
    \set policy ''
\endif
\if :{?git_commit}
\else
    \set git_commit ''
\endif

BEGIN;
-- (one round at a time)
SELECT pg_advisory_xact_lock(hashtextextended('trainplan nightly round', 0)) \g /dev/null
\unset plan_before
\if :{?before}
    \set plan_before :before
\else
    SELECT latest_training_plan() AS plan_before \gset
\endif
SELECT plan_training(:'candidates', CASE WHEN :'policy' <> '' THEN routing_policy(:'policy') END, families => :'families',
    git_commit => nullif(:'git_commit', ''), pooled_first => true) AS plan \gset
SELECT total_jobs = 0 AS empty FROM training_plans WHERE plan_id = :plan \gset
\if :empty
    DO $$ BEGIN RAISE 'the plan would have no jobs: all stays as it was' USING HINT = 'Are there metrics?'; END $$;
\endif
-- (a model may be a month old, and its samples may have grown by a quarter)
SELECT reuse_training_results(:plan, max_age => '1 month', max_growth => 0.25) AS reused \gset
\set cancelled 0
\if :{?plan_before}
    SELECT cancel_training_jobs(:plan_before, ARRAY(
        SELECT job_id FROM training_job_status WHERE plan_id = :plan_before AND state IN ('pending', 'waiting'))) AS cancelled \gset
\endif
COMMIT;

\pset title 'The nightly round'
SELECT plan_id, jobs, reused, pending, waiting, :cancelled AS "cancelled of the plan before"
FROM training_plan_progress
WHERE plan_id = :plan;
\pset title
\unset empty
\unset missing
