-- What changed from one training plan to another: + added, - removed, ~ changed.
--
--   psql -f examples/compare.sql                        the latest plan, beside the one before
--   psql -v before=3 -v after=7 -f examples/compare.sql    plan 7, beside plan 3
--
-- Works in any database that has the extension, in whatever schema it is.

\set QUIET on
\set ON_ERROR_STOP on
\pset pager off
\pset border 0
\pset format aligned
\pset tuples_only on
\pset null ''

-- what others may have made in some schema is never taken for PostgreSQL's
SELECT pg_catalog.current_setting('search_path') AS callers_path \gset
SET search_path = pg_catalog;

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

\unset plan_before
\unset plan_after
\unset missing
\if :{?after}
    \set plan_after :after
\else
    SELECT :trainplan.latest_training_plan() AS plan_after \gset
\endif
\if :{?plan_after}
\else
    \warn 'There is no plan'
    \quit
\endif
\if :{?before}
    \set plan_before :before
\else
    SELECT max(plan_id) AS plan_before FROM :trainplan.training_plans WHERE plan_id < :plan_after \gset
\endif
\if :{?plan_before}
\else
    \warn 'There is no plan before plan' :plan_after
    \quit
\endif

SELECT min(n.plan_id) AS missing
FROM (VALUES (:plan_before), (:plan_after)) AS n (plan_id)
WHERE n.plan_id NOT IN (SELECT p.plan_id FROM :trainplan.training_plans AS p) \gset
\if :{?missing}
    \warn 'There is no plan' :missing
    \quit
\endif

SELECT format('Plan %s of %s, beside plan %s of %s', a.plan_id, to_char(a.generated_at, 'YYYY-MM-DD HH24:MI TZ'),
    b.plan_id, to_char(b.generated_at, 'YYYY-MM-DD HH24:MI TZ'))
FROM :trainplan.training_plans AS a, :trainplan.training_plans AS b
WHERE a.plan_id = :plan_after AND b.plan_id = :plan_before;

SELECT l.line
FROM :trainplan.compare_training_plans(:plan_before::bigint, :plan_after::bigint) WITH ORDINALITY
        AS c (target, symbol, change, job_before, job_after, columns, before, after, reason_before, reason_after, place)
CROSS JOIN LATERAL (
    SELECT 0 AS part, 0 AS place,
        CASE c.change WHEN 'added' THEN '  + ' WHEN 'removed' THEN '  - ' ELSE '  ~ ' END || c.target || ' ' || coalesce(c.symbol, '(all symbols)')
    UNION ALL
    SELECT 1, n.place,
        '      ' || rpad(n.name, 19) || (
            SELECT string_agg(
                CASE jsonb_typeof(v.value)
                    WHEN 'array' THEN (SELECT string_agg(e, ', ') FROM jsonb_array_elements_text(v.value) AS e)
                    ELSE v.value #>> '{}'
                END, ' -> ' ORDER BY v.place)
            FROM (VALUES (1, c.before -> n.name), (2, c.after -> n.name)) AS v (place, value)
            WHERE v.value IS NOT NULL)
    FROM unnest(c.columns) WITH ORDINALITY AS n (name, place)
    UNION ALL
    SELECT 2, r.place, '      ' || rpad(CASE WHEN c.reason_before = c.reason_after THEN 'because' ELSE r.name END, 19) ||
        regexp_replace(r.reason, '\s+', ' ', 'g')
    FROM (VALUES (1, 'because before', c.reason_before), (2, 'because now', c.reason_after)) AS r (place, name, reason)
    WHERE r.reason <> '' AND NOT (r.place = 1 AND c.reason_before IS NOT DISTINCT FROM c.reason_after)
) AS l (part, place, line)
ORDER BY c.place, l.part, l.place;

SELECT split_part(:trainplan.compare_training_plans_to_markdown(:plan_before::bigint, :plan_after::bigint), E'\n', 1) || '.';

-- (others may go on with it, as the demo does)
SELECT set_config('search_path', :'callers_path', false) AS callers_path \gset
