-- A plan of all jobs that train.py can train: pooled models first, and no more than two
-- jobs with XGBoost at a time.
--
--   psql -X -f examples/eu_stocks/plan.sql

\set QUIET on
\set ON_ERROR_STOP on
\set VERBOSITY terse
\pset pager off

SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS trainplan;
\ir candidates.sql

-- as if it needed a GPU each, and there were two; it holds over all plans, until it is deleted
INSERT INTO training_limits (name, families, max_running) VALUES ('eu_stocks', '{xgboost}', 2)
ON CONFLICT (name) DO UPDATE SET families = excluded.families, max_running = excluded.max_running;

-- what is trained on one symbol alone has days enough for two of the families
CREATE TEMPORARY VIEW decisions AS
SELECT *, CASE WHEN symbol IS NOT NULL THEN '{random_forest,hist_gradient_boosting}'::text[] END AS model_families
FROM route_training_candidates('eu_stock_candidates');

SELECT create_training_plan('decisions', '{xgboost,random_forest,hist_gradient_boosting}', pooled_first => true) AS plan_id;
