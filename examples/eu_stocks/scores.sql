-- What came out of the latest plan: the best model of each target and symbol, of which
-- the twenty best.
--
--   psql -X -f examples/eu_stocks/scores.sql

\set QUIET on
\set ON_ERROR_STOP on
\pset pager off
\pset footer off
\pset null 'all'

SELECT to_regclass('training_job_status') IS NULL AS missing \gset
\if :missing
    \warn 'The extension is not on the search path: CREATE EXTENSION trainplan;'
    \quit
\endif
SELECT latest_training_plan() IS NULL AS missing \gset
\if :missing
    \warn 'There is no plan'
    \quit
\endif

SELECT * FROM (
    SELECT DISTINCT ON (target, symbol)
        target,
        symbol,
        family,
        result ->> 'metric' AS metric,
        round((scores ->> 'score')::numeric, 3) AS score
    FROM training_job_status, jsonb_each(result -> 'families') AS f (family, scores)
    WHERE plan_id = latest_training_plan()
    ORDER BY target, symbol, (scores ->> 'score')::numeric DESC
) AS best
ORDER BY metric, score DESC, target, symbol
LIMIT 20;
