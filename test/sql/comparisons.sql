-- Comparisons: what a worker would do otherwise by one plan than by another.

TRUNCATE training_plans, training_jobs, training_job_queue, training_job_history RESTART IDENTITY;
CREATE TABLE decisions (target text, symbol text, route text, reason text, model_families text[]);
INSERT INTO decisions VALUES
    ('ret', NULL, 'ENABLED', 'pooled 0.61', NULL),
    ('ret', 'AAPL', 'ROUTE_BOTH', 'both STRONG', NULL),
    ('ret', 'ADBE', 'ROUTE_BLOCKED', 'local DISALLOWED: 999 < 1000', NULL),
    ('ret', 'IBM', 'ROUTE_SYMBOL_SPECIFIC', 'local STRONG', NULL),
    ('ret', 'MSFT', 'ROUTE_SYMBOL_SPECIFIC', 'local STRONG', '{lightgbm,mlp}'),
    ('ret', 'NVDA', 'ROUTE_EXPERIMENTAL_ONLY', 'local EXPERIMENTAL', NULL),
    ('ret', 'ORCL', 'ROUTE_BLOCKED', 'nothing', NULL),
    ('swing', NULL, 'ENABLED', NULL, NULL),
    ('swing', 'AAPL', 'ROUTE_SYMBOL_SPECIFIC', 'local STRONG', '{a,b}');
SELECT create_training_plan('decisions', include_blocked => true) AS monday \gset

-- the same plan, and the same decisions
SELECT * FROM compare_training_plans(:monday, :monday);
SELECT compare_training_plans_to_markdown(:monday, :monday);
SELECT create_training_plan('decisions', include_blocked => true) AS again \gset
SELECT * FROM compare_training_plans(:monday, :again);

-- what nobody would do otherwise: another reason, more samples, families in another order
CREATE TABLE tuesday_decisions AS SELECT * FROM decisions;
UPDATE tuesday_decisions SET reason = 'still STRONG', model_families = '{mlp,lightgbm}' WHERE symbol = 'MSFT';
SELECT create_training_plan('tuesday_decisions', include_blocked => true) AS tuesday \gset
SELECT * FROM compare_training_plans(:monday, :tuesday);
SELECT compare_training_plans_to_markdown(:monday, :tuesday);

-- every kind of change
UPDATE tuesday_decisions SET route = 'ROUTE_SYMBOL_SPECIFIC', reason = 'local STRONG' WHERE symbol = 'AAPL' AND target = 'ret';
UPDATE tuesday_decisions SET route = 'ROUTE_SYMBOL_SPECIFIC', reason = 'local STRONG' WHERE symbol = 'ADBE';
UPDATE tuesday_decisions SET route = 'ROUTE_BLOCKED', reason = 'leakage' WHERE symbol = 'IBM';
UPDATE tuesday_decisions SET model_families = '{lightgbm}' WHERE symbol = 'MSFT';
DELETE FROM tuesday_decisions WHERE symbol IN ('NVDA', 'ORCL') OR (target = 'swing' AND symbol IS NULL);
INSERT INTO tuesday_decisions VALUES
    ('Ret', NULL, 'ENABLED', NULL, NULL),
    ('new', 'a', 'ROUTE_BLOCKED', 'nothing', NULL),
    ('new', 'b', 'ROUTE_EXPERIMENTAL_ONLY', 'a try', NULL),
    ('new', NULL, 'ENABLED', 'pooled 0.7', NULL);
SELECT create_training_plan('tuesday_decisions', include_blocked => true) AS tuesday \gset
\x on
SELECT * FROM compare_training_plans(:monday, :tuesday);
\x off
\pset format unaligned
\pset tuples_only on
SELECT compare_training_plans_to_markdown(:monday, :tuesday);
\pset format aligned
\pset tuples_only off

-- blocked symbols need not have jobs: without them the same has changed, less is said
SELECT create_training_plan('decisions') AS bare_monday \gset
SELECT create_training_plan('tuesday_decisions') AS bare_tuesday \gset
SELECT target, symbol, change, job_before, job_after, reason_before, reason_after
FROM compare_training_plans(:bare_monday, :bare_tuesday);
SELECT count(*) FROM (
    SELECT target, symbol, change, job_before, job_after, columns, before, after FROM compare_training_plans(:bare_monday, :bare_tuesday)
    EXCEPT
    SELECT target, symbol, change, job_before, job_after, columns, before, after FROM compare_training_plans(:monday, :tuesday)
) AS different;
SELECT count(*) FROM compare_training_plans(:monday, :bare_monday);

-- the other way round, it is the other way round
SELECT count(*) FROM (
    SELECT target, symbol, change, job_before, job_after, columns, before, after, reason_before, reason_after
    FROM compare_training_plans(:monday, :tuesday)
    EXCEPT
    SELECT target, symbol, CASE change WHEN 'added' THEN 'removed' WHEN 'removed' THEN 'added' ELSE change END,
        job_after, job_before, columns, after, before, reason_after, reason_before
    FROM compare_training_plans(:tuesday, :monday)
) AS different;

-- a target's own job comes first, whatever the symbols are called
SELECT target, symbol FROM compare_training_plans(:bare_monday, :bare_tuesday) WHERE target IN ('Ret', 'new', 'swing');

-- made and compared in one statement
SELECT change, count(*) FROM compare_training_plans(:monday, create_training_plan('tuesday_decisions')) GROUP BY change ORDER BY change;

-- a plan without jobs
CREATE VIEW no_decisions AS SELECT * FROM decisions WHERE false;
SELECT create_training_plan('no_decisions') AS empty \gset
SELECT create_training_plan('no_decisions') AS vacant \gset
SELECT * FROM compare_training_plans(:empty, :vacant);
SELECT compare_training_plans_to_markdown(:empty, :vacant), compare_training_plans_to_markdown(:monday, :empty) ~ '^0 added, 7 removed, 0 changed, 0 as before\n\n## Removed\n\n' AS all_removed;
SELECT change, count(*), min(job_after) IS NULL AS none_after FROM compare_training_plans(:monday, :empty) GROUP BY change;
SELECT change, count(*), min(job_before) IS NULL AS none_before FROM compare_training_plans(:empty, :monday) GROUP BY change;

-- needs_cs_ensemble is what the metadata say, as workers wait by it; other things in the metadata are nobody's business
SELECT create_training_plan('decisions') AS odd \gset
UPDATE training_jobs
SET metadata = CASE symbol
    WHEN 'AAPL' THEN metadata || '{"needs_cs_ensemble": false}'
    WHEN 'IBM' THEN metadata || '{"needs_cs_ensemble": true, "cs_state": "STRONG"}'
    WHEN 'MSFT' THEN '["needs_cs_ensemble"]'
    WHEN 'NVDA' THEN '"needs_cs_ensemble"' END
WHERE plan_id = :odd AND target = 'ret' AND symbol IS NOT NULL;
UPDATE training_jobs SET metadata = '{"needs_cs_ensemble": true}' WHERE plan_id = :odd AND target = 'ret' AND symbol IS NULL;
UPDATE training_jobs SET metadata = '{"needs_cs_ensemble": "true"}' WHERE plan_id = :odd AND target = 'swing' AND symbol IS NOT NULL;
SELECT target, symbol, change, columns, before, after FROM compare_training_plans(:monday, :odd);
SELECT target, symbol, after -> 'needs_cs_ensemble' AS needs FROM compare_training_plans(:empty, :odd);

-- an imported plan may have any route, type, priority and metadata
SELECT import_training_plan($${
    "metadata": {"generated_at": "2025-12-11T18:45:00Z", "run_id": "x", "git_commit": "unknown", "config_hash": "unknown",
                 "routing_plan_path": "elsewhere", "metrics_snapshot": null, "total_jobs": 2, "model_families": ["a"]},
    "jobs": [
        {"job_id": "sym_swing_AAPL", "target": "swing", "symbol": "AAPL", "route": "ROUTE_SYMBOL_SPECIFIC", "training_type": "symbol_specific",
         "model_families": ["b", "a"], "priority": 2, "estimated_samples": null, "reason": null, "metadata": {"x": [1, {"needs_cs_ensemble": true}]}},
        {"job_id": "cs_swing", "target": "swing", "symbol": null, "route": "ROUTE_CROSS_SECTIONAL", "training_type": "cross_sectional",
         "model_families": ["c"], "priority": 2, "estimated_samples": 7, "reason": "by hand", "metadata": {}}]
}$$) AS imported \gset
SELECT target, symbol, change, columns, before, after FROM compare_training_plans(:monday, :imported) WHERE target = 'swing';

-- whatever somebody has written into jobs by hand
UPDATE training_jobs
SET model_families = CASE symbol WHEN 'AAPL' THEN '{{b,a},{a,b}}' ELSE '{}' END::text[], priority = -7, route = E'odd\n| "route"', training_type = 'wild',
    metadata = '{"needs_cs_ensemble": true}'
WHERE plan_id = :imported;
SELECT symbol, columns, before, after FROM compare_training_plans(:monday, :imported) WHERE target = 'swing';
UPDATE training_jobs SET model_families = '{NULL,a,a}' WHERE plan_id = :imported AND symbol = 'AAPL';
SELECT create_training_plan('decisions') AS nulls \gset
UPDATE training_jobs SET model_families = '{a,NULL}' WHERE plan_id = :nulls AND symbol = 'AAPL' AND target = 'swing';
SELECT symbol, columns, before -> 'model_families' AS before, after -> 'model_families' AS after
FROM compare_training_plans(:imported, :nulls) WHERE target = 'swing' AND symbol = 'AAPL';
UPDATE training_jobs SET model_families = '{a}' WHERE plan_id = :nulls AND symbol = 'AAPL' AND target = 'swing';
SELECT symbol, columns, before -> 'model_families' AS before, after -> 'model_families' AS after
FROM compare_training_plans(:imported, :nulls) WHERE target = 'swing' AND symbol = 'AAPL';

-- names that mean something to Markdown
CREATE TABLE marked (target text, symbol text, route text, reason text, model_families text[]);
INSERT INTO marked VALUES ('a|b', '*x*', 'ROUTE_BOTH', '<b> & @user', '{"_f_","g, h"}'), ('a|b', NULL, 'ENABLED', E'two\nlines', NULL);
SELECT create_training_plan('marked') AS marked \gset
\pset format unaligned
\pset tuples_only on
SELECT compare_training_plans_to_markdown(:empty, :marked);
\pset format aligned
\pset tuples_only off

-- long values, which are toasted
SELECT create_training_plan('decisions') AS long \gset
UPDATE training_jobs SET reason = (SELECT string_agg(md5(n::text), ' ') FROM generate_series(1, 5000) AS n),
    metadata = jsonb_build_object('x', (SELECT jsonb_agg(md5(n::text)) FROM generate_series(1, 5000) AS n), 'needs_cs_ensemble', true),
    model_families = (SELECT array_agg('f' || n ORDER BY n DESC) FROM generate_series(1, 5000) AS n)
WHERE plan_id = :long AND symbol = 'IBM';
SELECT symbol, columns, jsonb_array_length(after -> 'model_families') AS families, after -> 'needs_cs_ensemble' AS needs, length(reason_after), length(compare_training_plans_to_markdown(:monday, :long))
FROM compare_training_plans(:monday, :long);
SELECT create_training_plan('decisions') AS longer \gset
UPDATE training_jobs AS a SET reason = b.reason, metadata = b.metadata || '{"y": 1}',
    model_families = (SELECT array_agg(f ORDER BY f) FROM unnest(b.model_families) AS f)
FROM training_jobs AS b
WHERE a.plan_id = :longer AND b.plan_id = :long AND a.symbol = 'IBM' AND b.symbol = 'IBM';
SELECT count(*) FROM compare_training_plans(:long, :longer);

-- plans that are not there, and NULL
SELECT * FROM compare_training_plans(:monday, 0);
SELECT * FROM compare_training_plans(-1, :monday);
SELECT compare_training_plans_to_markdown(0, 0);
SELECT count(*) FROM compare_training_plans(NULL, :monday);
SELECT count(*) FROM compare_training_plans(:monday, NULL);
SELECT compare_training_plans_to_markdown(:monday, NULL) IS NULL AS "null";

-- rights: to read both tables, or the columns that are compared
CREATE ROLE regress_trainplan_reader;
SET ROLE regress_trainplan_reader;
SELECT count(*) FROM compare_training_plans(:monday, :tuesday);
RESET ROLE;
GRANT SELECT ON training_plans TO regress_trainplan_reader;
SET ROLE regress_trainplan_reader;
SELECT count(*) FROM compare_training_plans(:monday, :tuesday);
RESET ROLE;
GRANT SELECT (plan_id, job_id, target, symbol, route, training_type, model_families, priority, metadata) ON training_jobs TO regress_trainplan_reader;
SET ROLE regress_trainplan_reader;
SELECT compare_training_plans_to_markdown(:monday, :tuesday);
RESET ROLE;
GRANT SELECT (reason) ON training_jobs TO regress_trainplan_reader;
SET ROLE regress_trainplan_reader;
SELECT count(*) FROM compare_training_plans(:monday, :tuesday);
RESET ROLE;

-- row-level security: only what the caller sees is compared
CREATE TABLE seen AS SELECT * FROM compare_training_plans(:monday, :tuesday);
CREATE POLICY everything ON training_jobs USING (true);
ALTER TABLE training_jobs ENABLE ROW LEVEL SECURITY;
GRANT SELECT ON seen TO regress_trainplan_reader;
SET ROLE regress_trainplan_reader;
SELECT count(*), (SELECT array_agg(c) FROM compare_training_plans(:monday, :tuesday) AS c)::text = (SELECT array_agg(s) FROM seen AS s)::text AS as_without
FROM compare_training_plans(:monday, :tuesday);
SELECT compare_training_plans_to_markdown(:monday, :monday), split_part(compare_training_plans_to_markdown(:monday, :tuesday), E'\n', 1) AS counts;
RESET ROLE;
ALTER POLICY everything ON training_jobs USING (coalesce(symbol, '') NOT IN ('AAPL', 'ADBE') AND NOT (coalesce(symbol, '') = 'IBM' AND priority > 0) AND target <> 'Ret');
SET ROLE regress_trainplan_reader;
SELECT target, symbol, change, reason_before, reason_after FROM compare_training_plans(:monday, :tuesday);
RESET ROLE;
SELECT format('CREATE POLICY earlier ON training_plans USING (plan_id < %s)', :tuesday) \gexec
ALTER TABLE training_plans ENABLE ROW LEVEL SECURITY;
SET ROLE regress_trainplan_reader;
SELECT count(*) FROM compare_training_plans(:monday, :tuesday);
SELECT count(*) FROM compare_training_plans(:monday, :again);
RESET ROLE;
ALTER TABLE training_plans DISABLE ROW LEVEL SECURITY;
ALTER TABLE training_jobs DISABLE ROW LEVEL SECURITY;
DROP POLICY earlier ON training_plans;
DROP POLICY everything ON training_jobs;
DROP OWNED BY regress_trainplan_reader;
DROP ROLE regress_trainplan_reader;

-- without the index of target and symbol it is the same
BEGIN;
ALTER TABLE training_jobs DROP CONSTRAINT training_jobs_plan_id_target_symbol_key;
SELECT (SELECT array_agg(c) FROM compare_training_plans(:monday, :tuesday) AS c)::text = (SELECT array_agg(s) FROM seen AS s)::text AS as_with;
-- and with one that is not unique
CREATE INDEX ON training_jobs (plan_id, target, symbol);
INSERT INTO training_jobs SELECT plan_id, job_id || n, target, symbol, route, training_type, model_families, priority, estimated_samples, reason, metadata
FROM training_jobs, generate_series(1, 2) AS n WHERE plan_id = :tuesday AND target = 'new';
SELECT target, symbol, change, job_before, job_after FROM compare_training_plans(:monday, :tuesday) WHERE target = 'new';
ROLLBACK;

-- a comparison can be cancelled
CREATE TABLE many AS SELECT 't' || t AS target, 's' || s AS symbol, 'ROUTE_BOTH' AS route FROM generate_series(1, 20) AS t, generate_series(1, 1000) AS s;
SELECT create_training_plan('many') AS many \gset
SET statement_timeout = 1;
SELECT count(*) FROM generate_series(1, 1000) AS n, compare_training_plans(:many, :many + n - n);
RESET statement_timeout;

DROP VIEW no_decisions;
-- a parallel query calls it, in a statement that has written something
CREATE TABLE written (a integer);
CREATE TABLE wide AS SELECT n AS a FROM generate_series(1, 20000) AS n;
CREATE FUNCTION writes() RETURNS integer LANGUAGE plpgsql AS $$ BEGIN INSERT INTO written VALUES (1); RETURN 1; END $$;
CREATE FUNCTION compares(plan bigint) RETURNS bigint LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (SELECT count(*) + max(changes) FROM (SELECT (SELECT count(*) FROM compare_training_plans(plan, plan)) AS changes, w.a FROM wide AS w WHERE w.a > 0) AS q);
END $$;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SELECT create_training_plan('decisions') AS parallel \gset
SELECT writes(), compares(:parallel);
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;
DROP FUNCTION writes, compares;
DROP TABLE written, wide;

DROP TABLE decisions, tuesday_decisions, marked, seen, many;
TRUNCATE training_plans;
