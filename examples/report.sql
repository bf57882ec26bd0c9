-- A training plan as a report.
--
--   psql -f examples/report.sql               the latest plan
--   psql -v plan=7 -f examples/report.sql     plan 7
--
-- Works in any database that has the extension, in whatever schema it is.

\set QUIET on
\set ON_ERROR_STOP on
\pset pager off
\pset footer off
\pset border 2
\pset null ''

-- draw with what the database can hold
SELECT current_setting('server_encoding') = 'UTF8' AS utf8 \gset
\if :utf8
    SET client_encoding = 'UTF8';
    \pset linestyle unicode
    \set bar '█'
\else
    \pset linestyle ascii
    \set bar '#'
\endif

SELECT (
    SELECT quote_ident(n.nspname)
    FROM pg_extension AS e
    JOIN pg_namespace AS n ON n.oid = e.extnamespace
    WHERE e.extname = 'trainplan'
) AS trainplan \gset
\if :{?trainplan}
\else
    \warn 'This database does not have the extension: CREATE EXTENSION trainplan;'
    \quit
\endif

\if :{?plan}
\else
    SELECT :trainplan.latest_training_plan() AS plan \gset
\endif
\if :{?plan}
\else
    \warn 'There is no plan'
    \quit
\endif

SELECT count(*) = 0 AS missing
FROM :trainplan.training_plans
WHERE plan_id = :plan \gset
\if :missing
    \warn 'There is no plan' :plan
    \quit
\endif

\pset title 'Training plan'
SELECT
    p.plan_id AS "plan",
    to_char(p.generated_at, 'YYYY-MM-DD HH24:MI:SS TZ') AS "made at",
    p.routing AS "made from",
    array_to_string(p.model_families, ', ') AS "families",
    s.total_jobs AS "jobs",
    s.total_cs_jobs AS "cross-sectional",
    s.total_symbol_jobs AS "for one symbol",
    s.total_blocked AS "blocked"
FROM :trainplan.training_plans AS p
JOIN :trainplan.training_plan_summary AS s USING (plan_id)
WHERE p.plan_id = :plan;

\pset title 'The first ten jobs'
SELECT
    j.priority,
    j.target,
    coalesce(j.symbol, '(all symbols)') AS symbol,
    j.training_type AS "training",
    j.estimated_samples AS "samples",
    j.metadata ->> 'cs_state' AS "pooled",
    j.metadata ->> 'local_state' AS "own"
FROM :trainplan.training_jobs AS j
WHERE j.plan_id = :plan
ORDER BY j.priority DESC, j.target COLLATE "C", j.symbol COLLATE "C" NULLS FIRST
LIMIT 10;

\pset title 'Jobs by route'
SELECT r.route, r.jobs,
    to_char(100.0 * r.jobs / sum(r.jobs) OVER (), '990.0 %') AS share,
    rpad(repeat(:'bar', (40 * r.jobs / max(r.jobs) OVER ())::integer), 40) AS " "
FROM :trainplan.training_jobs_by_route AS r
WHERE r.plan_id = :plan
ORDER BY r.jobs DESC, r.route;

\pset title 'Jobs by training type'
SELECT t.training_type AS "training", t.jobs,
    to_char(100.0 * t.jobs / sum(t.jobs) OVER (), '990.0 %') AS share,
    rpad(repeat(:'bar', (40 * t.jobs / max(t.jobs) OVER ())::integer), 40) AS " "
FROM :trainplan.training_jobs_by_type AS t
WHERE t.plan_id = :plan
ORDER BY t.jobs DESC, t.training_type;

\pset title 'Jobs by priority'
SELECT i.priority, i.jobs,
    to_char(100.0 * i.jobs / sum(i.jobs) OVER (), '990.0 %') AS share,
    rpad(repeat(:'bar', (40 * i.jobs / max(i.jobs) OVER ())::integer), 40) AS " "
FROM :trainplan.training_jobs_by_priority AS i
WHERE i.plan_id = :plan
ORDER BY i.priority DESC;

\pset title
