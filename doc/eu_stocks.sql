-- Draws the map of the example's plan, which the README shows: eu_stocks.svg (make doc).

\set QUIET on
\set ON_ERROR_STOP on
\pset format unaligned
\pset tuples_only on

SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS trainplan;
\o /dev/null
\i examples/eu_stocks/candidates.sql
\o
SELECT training_plan_to_svg(plan_training('eu_stock_candidates', git_commit => 'f3ba63d', run_id => 'eu_stocks'));
