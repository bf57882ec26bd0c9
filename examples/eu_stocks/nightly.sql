-- The nightly round, in one transaction: a plan of what the metrics say now; of its jobs, those
-- that were trained already on as good as the same data are not trained again; and what is left
-- of the plan before is cancelled.
--
--   psql -X -v candidates=eu_stocks_after -f examples/eu_stocks/nightly.sql
--
-- Workers see all of it at once: none begins with a job whose result is there.  The candidates
-- are eu_stock_candidates and the families are those of train.py, unless others are named.

\set QUIET on
\set ON_ERROR_STOP on
\pset pager off
\pset footer off

\if :{?candidates}
\else
    \set candidates eu_stock_candidates
\endif
\if :{?families}
\else
    \set families '{xgboost,random_forest,hist_gradient_boosting}'
\endif
\unset before

BEGIN;
SELECT latest_training_plan() AS before \gset
SELECT plan_training(:'candidates', families => :'families', pooled_first => true) AS plan \gset
-- (a model may be a month old, and its samples may have grown by a quarter)
SELECT reuse_training_results(:plan, max_age => '1 month', max_growth => 0.25) AS reused \gset
\set cancelled 0
\if :{?before}
    SELECT cancel_training_jobs(:before) AS cancelled \gset
\endif
COMMIT;

\pset title 'The nightly round'
SELECT plan_id, jobs, reused, pending, waiting, :cancelled AS "cancelled of the plan before"
FROM training_plan_progress
WHERE plan_id = :plan;
\pset title
