-- From metrics to a stored plan, its documents, why, and who trains it; and the day after.
--
--   psql -X -f examples/eu_stocks/demo.sql

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

\ir candidates.sql

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

\set folder `folder=${KEEP_PATH:-$(mktemp -d /tmp/trainplan_demo.XXXXXX)} && chmod 755 "$folder" && echo "$folder"`
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
\echo

\echo '6. SELECT * FROM claim_training_jobs(''psql'', 3): workers take the jobs, here this psql the first three'
\echo

\pset format aligned
\pset tuples_only off
CREATE TEMPORARY TABLE claimed AS SELECT * FROM claim_training_jobs('psql', 3);

\pset title 'What the worker gets'
SELECT job_id, training_type, model_families, attempt, date_trunc('second', lease_expires_at - now()) AS lease
FROM claimed;

\pset title 'One fails and can be tried again, the others succeed; true: the worker still had the job'
SELECT job_id, fail_training_job(plan_id, job_id, attempt, 'out of memory') AS reported
FROM (SELECT * FROM claimed LIMIT 1) AS first
UNION ALL
SELECT job_id, complete_training_job(plan_id, job_id, attempt, '{"r2": 0.01}')
FROM (SELECT * FROM claimed OFFSET 1) AS others;

\pset title 'Every attempt is kept'
SELECT job_id, attempt, worker, outcome, error, result
FROM training_job_attempts
WHERE plan_id = :plan;

\pset title 'How far the plan is'
SELECT plan_id, jobs, pending, running, succeeded, failed, percent_done
FROM training_plan_progress
WHERE plan_id = :plan;

\echo '7. Two days: what candidates.py made of the prices until day 1610, and of 250 days more. The first day''s plan was worked off yesterday'
\echo

\ir days.sql

-- (what was done above took no time, and is no success to reuse)
DELETE FROM training_job_history;
SELECT plan_training('eu_stocks_before') AS before \gset
-- (here nothing is trained: a job took as long as it has families and samples, a second for each
-- thousand, and one of them failed)
SELECT count(
    CASE WHEN ordinality = 2 THEN fail_training_job(plan_id, job_id, attempt, 'out of memory')
    ELSE complete_training_job(plan_id, job_id, attempt, '{}') END) AS reported
FROM claim_training_jobs('demo', 1000, :before) WITH ORDINALITY \gset
UPDATE training_job_history
SET finished_at = finished_at - interval '1 day',
    started_at = finished_at - interval '1 day' - interval '1 ms' * estimated_samples * cardinality(model_families)
WHERE plan_id = :before;

\pset title 'The plan of the first day'
SELECT plan_id, jobs, pending, succeeded, percent_done
FROM training_plan_progress
WHERE plan_id = :before;

\echo '8. nightly.sql: a plan of today''s metrics, of which what is fresh is not trained again, in one transaction'
\echo

\set candidates eu_stocks_after
\set families '{lightgbm,xgboost}'
\ir nightly.sql

\pset title 'Of one target: which results are fresh, and why'
SELECT symbol, fresh, why
FROM training_job_freshness(:plan)
WHERE target = 'y_will_be_volatile_20d';

\echo '9. SELECT * FROM compare_training_plans(:before, :plan): what is planned otherwise than the day before'
\echo

\pset title 'Changes, and which of them are to be trained'
SELECT
    c.change,
    array_to_string(CASE WHEN c.change = 'changed' THEN c.columns END, ', ') AS what,
    count(*) AS pairs,
    count(*) FILTER (WHERE NOT f.fresh) AS to_train
FROM compare_training_plans(:before, :plan) AS c
LEFT JOIN training_job_freshness(:plan) AS f ON f.job_id = c.job_after
GROUP BY 1, 2
ORDER BY 1, 2;

-- all of it is long: into a file
\o :folder/changes.txt
\ir ../compare.sql
\o
\pset border 2
\pset tuples_only off
\setenv CHANGES :folder/changes.txt
\set changes `sed 1q "$CHANGES"; echo; for sign in + - '~'; do awk -v sign="$sign" '/^  [-+~] / { shown = $1 == sign && !any; any += shown } shown' "$CHANGES" | cut -c 1-120; done; echo '...'; grep ' as before' "$CHANGES"`
\echo 'The first of each kind, as examples/compare.sql shows it (all of it is in changes.txt in that folder)'
\echo
\echo :changes
\echo
\echo '10. SELECT * FROM forecast_training_plan(:plan, workers): when is it done? (by the made-up durations of section 7)'
\echo

\pset title 'How long by how many workers'
SELECT
    workers,
    count(*) AS jobs,
    date_trunc('second', max(expected_end) - now() + interval '0.5 s') AS takes
FROM (VALUES (1), (2), (4), (8)) AS w (workers)
CROSS JOIN LATERAL forecast_training_plan(:plan, workers)
GROUP BY workers
ORDER BY workers;
\echo 'make example-celery and make example-dask train all of the first plan, really; make example-nightly trains two days.'
