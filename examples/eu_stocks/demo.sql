-- From routing decisions to a stored training plan.
--
--   psql -X -f examples/eu_stocks/demo.sql    from the top of the repository

\set QUIET on
\set ON_ERROR_STOP on
\pset pager off
\pset footer off
\pset border 2
\pset linestyle unicode
\pset null ''

CREATE EXTENSION IF NOT EXISTS trainplan;

\echo
\echo '1. A CSV file into a table: routing decisions for 20 targets over four European stock indices'
\echo

CREATE TABLE eu_stock_decisions (
    target text,
    symbol text,
    route text,
    cs_state text,
    local_state text,
    reason text,
    sample_size bigint
);
\copy eu_stock_decisions FROM 'examples/eu_stocks/eu_stock_decisions.csv' WITH (FORMAT csv, HEADER match)

\pset title 'Decisions by route'
SELECT
    CASE WHEN symbol IS NULL THEN 'of a target' ELSE 'of a symbol' END AS "decision",
    route,
    count(*) AS decisions,
    repeat('█', count(*)::integer) AS " "
FROM eu_stock_decisions
GROUP BY 1, 2
ORDER BY 1 DESC, 3 DESC, 2;

\echo '2. SELECT * FROM generate_training_plan(''eu_stock_decisions''): what would be trained for the DAX, and why'
\echo

\pset title 'The first five jobs of the DAX'
SELECT job_id, route, priority, reason
FROM generate_training_plan('eu_stock_decisions')
WHERE symbol = 'DAX'
LIMIT 5;

\echo '3. SELECT create_training_plan(''eu_stock_decisions''): a stored plan, as examples/report.sql shows it'
\echo

SELECT create_training_plan('eu_stock_decisions') AS plan \gset
\ir ../report.sql
