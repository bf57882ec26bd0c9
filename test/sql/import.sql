-- Import: a plan's document becomes a stored plan again.

\getenv test PG_ABS_SRCDIR
\set attempt :test '/helpers/attempt.sql'

TRUNCATE training_plans, training_jobs, training_job_queue, training_job_history RESTART IDENTITY;
CREATE TABLE decisions (target text, symbol text, route text, reason text, sample_size bigint, model_families text[]);
INSERT INTO decisions VALUES
    ('ON', NULL, 'ENABLED', E'line\nbreak', 80000, NULL),
    ('ON', '000001', 'ROUTE_BOTH', ' "quoted" | \ ', NULL, '{mlp}'),
    ('ON', '~', 'ROUTE_EXPERIMENTAL_ONLY', NULL, 12, NULL),
    ('a_b', 'c', 'ROUTE_BLOCKED', 'ß 日 🚀', NULL, NULL),
    ('y', 'yes', 'ROUTE_SYMBOL_SPECIFIC', '', NULL, NULL);
SELECT create_training_plan('decisions', '{a,"b, c"}', true, '0badc0de', NULL, 'metrics.csv') AS plan \gset
UPDATE training_plans SET run_id = '20251211_184500', generated_at = '2025-12-11 18:45:00+00' WHERE plan_id = :plan;

-- exported, imported, exported again: the same bytes, from JSON and from YAML
SELECT import_training_plan(training_plan_to_json(:plan)::text) AS from_json,
    import_training_plan(training_plan_to_yaml(:plan)) AS from_yaml \gset
SELECT plan_id - :plan AS plan,
    training_plan_to_json(plan_id)::text = training_plan_to_json(:plan)::text AS json,
    training_plan_to_yaml(plan_id) = training_plan_to_yaml(:plan) AS yaml,
    training_plan_to_markdown(plan_id) = training_plan_to_markdown(:plan) AS markdown
FROM training_plans ORDER BY plan_id;
SELECT plan_id - :plan AS plan, run_id, generated_at AT TIME ZONE 'UTC' AS generated_at, routing, model_families,
    include_blocked, git_commit, config_hash, metrics_snapshot, total_jobs
FROM training_plans ORDER BY plan_id;
SELECT * FROM (SELECT to_jsonb(j) - 'plan_id' FROM training_jobs AS j WHERE plan_id = :plan
EXCEPT SELECT to_jsonb(j) - 'plan_id' FROM training_jobs AS j WHERE plan_id = :from_yaml) AS difference;

-- it is a plan like any other
SELECT latest_training_plan() = :from_yaml AS latest;
SELECT by_route = (SELECT by_route FROM training_plan_summary WHERE plan_id = :plan) AS same
FROM training_plan_summary WHERE plan_id = :from_json;
DELETE FROM training_plans WHERE plan_id = :from_json;
SELECT count(*) FROM training_jobs WHERE plan_id = :from_json;

-- members in another order, as a dumper that sorts them has them; whatever is in
-- metadata; a document that does not say when it was made
SELECT import_training_plan($$
jobs:
- estimated_samples: null
  job_id: sym_t_A
  metadata: {cs_state: STRONG, more: [1, 2.50, {x: null}], needs_cs_ensemble: true}
  model_families: &id001
  - lightgbm
  priority: 3
  reason: x
  route: ROUTE_BOTH
  symbol: A
  target: t
  training_type: symbol_specific
- {target: t, symbol: null, job_id: cs_t, route: ROUTE_CROSS_SECTIONAL, training_type: cross_sectional,
   model_families: *id001, priority: -2, estimated_samples: 5.0e+3, reason: ~, metadata: {}}
metadata:
  model_families: *id001
  routing_plan_path: elsewhere.json
  total_jobs: 2
summary:
  total_cs_jobs: 1
  by_priority: {"-2": 1, "3": 1}
$$) AS plan \gset
SELECT job_id, symbol, model_families, priority, estimated_samples, reason, metadata FROM training_jobs WHERE plan_id = :plan ORDER BY job_id;
SELECT generated_at = now() - (now() - generated_at) AND generated_at > '2025-01-01' AS now, run_id ~ '^\d{8}_\d{6}$' AS run_id, routing, include_blocked
FROM training_plans WHERE plan_id = :plan;

-- an alias may stand for all of the jobs, too
SELECT import_training_plan($$
x: &x [{job_id: a, target: t, symbol: A, route: ROUTE_BOTH, training_type: symbol_specific, model_families: [a], priority: 3, metadata: {}}]
jobs: *x
metadata: {routing_plan_path: x, model_families: []}
$$) AS plan \gset
SELECT job_id, target, symbol FROM training_jobs WHERE plan_id = :plan;

-- when it was made, in whatever way it is written, and in whatever zone
SET timezone = 'Asia/Tokyo';
CREATE TABLE times AS
SELECT given, import_training_plan(format('{"metadata": {"generated_at": "%s", "routing_plan_path": "x", "model_families": []}, "jobs": []}', given)) AS plan_id
FROM (VALUES ('2025-12-11T18:45:00Z'), ('2025-12-11T18:45:00+00:00'), ('2025-12-11 18:45:00.123456'), ('2025-12-11T18:45:00'),
    ('2025-12-11'), ('2025-12-11T13:45:00-05:00')) AS g (given);
SELECT t.given, p.generated_at AT TIME ZONE 'UTC' AS utc FROM times AS t JOIN training_plans AS p USING (plan_id) ORDER BY plan_id;
RESET timezone;

-- errors
\i :attempt
CREATE FUNCTION pg_temp.importing(document text) RETURNS SETOF text LANGUAGE sql
RETURN pg_temp.attempt(format('SELECT import_training_plan(%L)', document));
-- a document with one job, of which some members are changed
CREATE FUNCTION pg_temp.with_job(changes jsonb) RETURNS SETOF text LANGUAGE sql
RETURN pg_temp.importing(jsonb_build_object(
    'metadata', '{"routing_plan_path": "x", "model_families": []}'::jsonb,
    'jobs', jsonb_build_array(jsonb_strip_nulls('{"job_id": "sym_t_A", "target": "t", "symbol": "A", "route": "ROUTE_BOTH",
        "training_type": "symbol_specific", "model_families": ["a"], "priority": 3, "estimated_samples": 1,
        "reason": "r", "metadata": {}}' || changes)))::text);

SELECT pg_temp.with_job('{"job_id": null}');
SELECT pg_temp.with_job('{"job_id": ""}');
SELECT pg_temp.with_job('{"job_id": 1}');
SELECT pg_temp.with_job('{"target": null}');
SELECT pg_temp.with_job('{"target": ""}');
SELECT pg_temp.with_job('{"symbol": ""}');
SELECT pg_temp.with_job('{"symbol": null}');
SELECT pg_temp.with_job('{"symbol": true}');
SELECT pg_temp.with_job('{"training_type": "cross_sectional"}');
SELECT pg_temp.with_job('{"training_type": "pooled"}');
SELECT pg_temp.with_job('{"training_type": "blocked"}');
SELECT pg_temp.with_job('{"route": "ENABLED"}');
SELECT pg_temp.with_job('{"model_families": null}');
SELECT pg_temp.with_job('{"model_families": "a"}');
SELECT pg_temp.with_job('{"model_families": []}');
SELECT pg_temp.with_job('{"model_families": ["a", ""]}');
SELECT pg_temp.with_job('{"priority": null}');
SELECT pg_temp.with_job('{"priority": 1.5}');
SELECT pg_temp.with_job('{"priority": 3000000000}');
SELECT pg_temp.with_job('{"estimated_samples": -1}');
SELECT pg_temp.with_job('{"estimated_samples": "many"}');
SELECT pg_temp.with_job('{"reason": ["a"]}');
SELECT pg_temp.with_job('{"metadata": null}');
SELECT pg_temp.with_job('{"metadata": "x"}');
-- numbers that are none in SQL, or to whoever reads the document
CREATE FUNCTION pg_temp.with_numbers(numbers text) RETURNS SETOF text LANGUAGE sql
RETURN pg_temp.importing(format(E'metadata: {routing_plan_path: x, model_families: []}\njobs: [{job_id: a, target: t, symbol: A, route: ROUTE_BOTH, training_type: symbol_specific, model_families: [a], %s}]', numbers));
SELECT n, pg_temp.with_numbers(format('priority: 3, metadata: {"a b": [0, {x: %s}]}', n))
FROM unnest(ARRAY['1.0e+131071', '1.0e+131072', '-12.5e+131070', '-12.5e+131071', '0.001e+131074', '0.001e+131075', '0.0e+131072', '0.0e+2000000000',
    '1.0e-16382', '1.0e-16383', '1.5e-99999999999999999999', '1.0e+99999999999999999999']) AS n;
SELECT pg_temp.with_numbers('priority: 1.0e+400, metadata: {}');
SELECT pg_temp.with_numbers('priority: 3, estimated_samples: 1.0e+400, metadata: {}');
SELECT import_training_plan($$
metadata: {routing_plan_path: x, model_families: []}
jobs: [{job_id: a, target: t, symbol: A, route: ROUTE_BOTH, training_type: symbol_specific, model_families: [a], priority: +3., estimated_samples: 5.e+3,
    metadata: {a: 1., b: 1.e+2, c: -12345678901234567890123., d: 0.1e-3, e: +7, f: 1.e+400, g: .inf, h: .nan, i: 1e400}}]
$$) AS plan \gset
SELECT priority, estimated_samples, metadata || jsonb_build_object('f', length(metadata ->> 'f')) FROM training_jobs WHERE plan_id = :plan;
SELECT training_plan_to_json(import_training_plan(training_plan_to_yaml(:plan)))::text = training_plan_to_json(:plan)::text AS same;

SELECT pg_temp.importing('{}');
SELECT pg_temp.importing('{"jobs": []}');
SELECT pg_temp.importing('{"jobs": {}, "metadata": {}}');
SELECT pg_temp.importing('{"jobs": {"a": {}}, "metadata": {}}');
SELECT pg_temp.importing('{"jobs": [1], "metadata": {}}');
SELECT pg_temp.importing('{"jobs": [], "metadata": {}}');
SELECT pg_temp.importing('{"jobs": [], "metadata": {"routing_plan_path": "x"}}');
SELECT pg_temp.importing('{"jobs": [], "metadata": {"routing_plan_path": "x", "model_families": [], "generated_at": "now"}}');
SELECT * FROM pg_temp.importing('{"jobs": [], "metadata": {"routing_plan_path": "x", "model_families": [], "generated_at": "2025-99-99"}}') LIMIT 1;
SELECT pg_temp.importing('{"jobs": [], "metadata": {"routing_plan_path": "x", "model_families": [], "total_jobs": 1}}');
SELECT pg_temp.importing('{"jobs": [], "metadata": {"routing_plan_path": "x", "model_families": []}, "summary": {"by_route": {"ROUTE_BOTH": 1}}}');
SELECT pg_temp.importing('{"jobs": [], "metadata": {"routing_plan_path": "x", "model_families": []}, "summary": []}');
SELECT pg_temp.importing('{"targets": {}}');

-- two jobs with the same name, or for the same target and symbol
SELECT pg_temp.importing($$
metadata: {routing_plan_path: x, model_families: []}
jobs:
- &job {job_id: a, target: t, symbol: A, route: ROUTE_BOTH, training_type: symbol_specific, model_families: [a], priority: 3, metadata: {}}
- *job
$$);
-- pairs of job_id, target and symbol
CREATE FUNCTION pg_temp.importing_jobs(VARIADIC names text[]) RETURNS SETOF text LANGUAGE sql
RETURN pg_temp.importing(jsonb_build_object('metadata', '{"routing_plan_path": "x", "model_families": []}'::jsonb, 'jobs',
    (SELECT jsonb_agg(jsonb_build_object('job_id', names[n], 'target', names[n + 1], 'symbol', names[n + 2], 'priority', 3, 'metadata', '{}'::jsonb, 'model_families', '{a}'::text[],
        'route', 'ROUTE_BOTH', 'training_type', CASE WHEN names[n + 2] IS NULL THEN 'cross_sectional' ELSE 'symbol_specific' END) ORDER BY n)
     FROM generate_series(1, cardinality(names), 3) AS n))::text);
SELECT pg_temp.importing_jobs('a', 't', 'A', 'b', 't', 'B', 'a', 't', 'C');
SELECT pg_temp.importing_jobs('a', 't', 'A', 'b', 't', 'B', 'c', 't', 'A');
SELECT pg_temp.importing_jobs('a', 't', NULL, 'b', 't', 'A', 'c', 't', NULL);
SELECT pg_temp.importing_jobs('a', 't', 'A', 'b', 't', 'A', 'a', 't', 'C');
SELECT pg_temp.importing_jobs('a', 'a', 'b:c', 'b', 'a:b', 'c', 'c', 'a', NULL, 'd', 'a:', NULL, 'e', '1:a', NULL, 'f', 'a', ':');
-- among very many: the one that is repeated first
SET work_mem = '64kB';
SELECT pg_temp.importing_jobs(VARIADIC (
    SELECT array_agg(v ORDER BY n, i) FROM generate_series(0, 9999) AS n,
        unnest(ARRAY['job ' || CASE WHEN n IN (7000, 8000) THEN 10007 - n ELSE n END, 'ü ' || n % 10, CASE WHEN n >= 10 THEN 'symbol ' || n END]) WITH ORDINALITY AS j (v, i)));
SELECT pg_temp.importing_jobs(VARIADIC (
    SELECT array_agg(v ORDER BY n, i) FROM generate_series(0, 9999) AS n,
        unnest(ARRAY['job ' || n, 'ü ' || n % 10, CASE WHEN n >= 10 THEN 'symbol ' || CASE WHEN n IN (7000, 8000) THEN n - 70 ELSE n END END]) WITH ORDINALITY AS j (v, i)));
RESET work_mem;
SELECT count(*) FROM training_plans WHERE routing = 'x' AND total_jobs > 6;

-- what is not read is said
SELECT import_training_plan('{"jobs": [], "metadata": {"routing_plan_path": "x", "model_families": [], "owner": "me"}, "summary": {"more": 1}, "x": 1}') > 0 AS imported;

DELETE FROM training_plans;
DELETE FROM training_job_history;
DROP TABLE decisions, times;
