-- One call plans on both servers, of the metrics that each has, in one transaction.
--
--   psql -X -v run=nightly -f examples/shards/plan.sql

\set ON_ERROR_STOP on
\pset footer off

SELECT *
FROM plan_training_on('{shard1,shard2}', 'public.candidates', families => '{xgboost,hist_gradient_boosting}',
    pooled_first => true, run_id => :'run');
