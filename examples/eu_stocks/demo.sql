-- From routing decisions to a stored training plan and its documents.
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

\echo '4. SELECT write_training_plan(:plan, :folder): the same plan as JSON, YAML and Markdown, and a JSON file for each target, symbol, type and route'
\echo

\set folder `folder=$(mktemp -d /tmp/trainplan_demo.XXXXXX) && chmod 755 "$folder" && echo "$folder"`
\pset title 'What was written'
SELECT
    coalesce(substring(path FROM '/(by_[a-z]+)/'), regexp_replace(path, '.*/', '')) AS file,
    count(*) AS files,
    sum(bytes) AS bytes
FROM write_training_plan(:plan, :'folder')
GROUP BY 1
ORDER BY min(path) ~ '/by_', 1;

\pset format unaligned
\pset tuples_only on
\pset title
\echo 'How training_plan.json begins'
\echo
SELECT '    ' || line FROM training_plan_lines(:plan, 'json') AS line LIMIT 30;
\echo
\echo 'How training_plan.yaml begins'
\echo
SELECT '    ' || line FROM training_plan_lines(:plan, 'yaml') AS line LIMIT 28;
\echo
\echo 'How training_plan.md begins'
\echo
SELECT '    ' || line FROM training_plan_lines(:plan, 'markdown') AS line LIMIT 24;
\echo
\echo 'The files are yours, in' :folder
