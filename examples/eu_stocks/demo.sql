-- From metrics to a stored training plan, its documents, and why.
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
\echo '1. A CSV file into a table: metrics of 20 targets over four European stock indices'
\echo

CREATE TABLE eu_stock_candidates (
    target text,
    symbol text,
    mode text,
    score double precision,
    stability text,
    sample_size bigint,
    leakage_status text,
    task_type text,
    metric_name text,
    mean_overlap double precision,
    std_overlap double precision,
    mean_tau double precision,
    std_tau double precision
);
\copy eu_stock_candidates FROM 'examples/eu_stocks/eu_stock_candidates.csv' WITH (FORMAT csv, HEADER match)

\pset title 'Metrics of one target: pooled over the indices, and of each'
SELECT target, symbol, metric_name AS metric, score, sample_size, mean_overlap, std_overlap, mean_tau, std_tau
FROM eu_stock_candidates
WHERE target = 'y_will_rise_10d';

\echo '2. SELECT * FROM route_training_candidates(''eu_stock_candidates''): what the default policy makes of them'
\echo

\pset title 'Decisions by route'
SELECT
    CASE WHEN symbol IS NULL THEN 'of a target' ELSE 'of a symbol' END AS "decision",
    route,
    count(*) AS decisions,
    repeat('█', count(*)::integer) AS " "
FROM route_training_candidates('eu_stock_candidates')
GROUP BY 1, 2
ORDER BY 1 DESC, 3 DESC, 2;

\pset title 'The same target, decided'
SELECT symbol, route, array_to_string(reason[least(cardinality(reason), 2):], E'\n') AS reason
FROM route_training_candidates('eu_stock_candidates')
WHERE target = 'y_will_rise_10d';

\echo '3. SELECT * FROM explain_training_route(''eu_stock_candidates'', ''y_will_rise_10d'', ''DAX''): why is it blocked?'
\echo

\pset title 'Every check that failed, and what followed'
SELECT scope, check_name, value, threshold, passed
FROM explain_training_route('eu_stock_candidates', 'y_will_rise_10d', 'DAX')
WHERE NOT passed;

\echo '4. SELECT plan_training(''eu_stock_candidates''): metrics to a stored plan in one call, as examples/report.sql shows it'
\echo

SELECT plan_training('eu_stock_candidates') AS plan \gset
\ir ../report.sql

\echo '5. SELECT write_training_plan(:plan, :folder): the same plan as JSON, YAML and Markdown, and a JSON file for each target, symbol, type and route'
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
