-- A plan of all jobs that train.py can train.
--
--   psql -X -f examples/eu_stocks/plan.sql

\set QUIET on
\set ON_ERROR_STOP on
\set VERBOSITY terse

SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS trainplan;
\ir candidates.sql

SELECT plan_training('eu_stock_candidates', families => '{xgboost,random_forest,hist_gradient_boosting}') AS plan_id;
