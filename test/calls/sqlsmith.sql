-- What sqlsmith works on: plans with jobs in every state, and of PostgreSQL's own
-- functions only a few, so that the extension's are called often.

\set QUIET on
\pset tuples_only on
SET client_min_messages = warning;
CREATE SCHEMA smith;
CREATE EXTENSION trainplan;

CREATE TABLE decisions AS
SELECT 't' || t AS target, CASE WHEN s > 0 THEN 's' || s END AS symbol,
    CASE WHEN s = 0 THEN 'ENABLED' ELSE (ARRAY['ROUTE_BOTH', 'ROUTE_SYMBOL_SPECIFIC', 'ROUTE_EXPERIMENTAL_ONLY', 'ROUTE_BLOCKED'])[1 + (s + t) % 4] END AS route,
    ARRAY['because'] AS reason, 100 * s AS sample_size
FROM generate_series(1, 6) AS t, generate_series(0, 8) AS s;
CREATE TABLE candidates AS
SELECT target, symbol, 0.6 AS score, 9000 AS sample_size, 'STABLE' AS stability FROM decisions;

SELECT create_training_plan('decisions', include_blocked => n % 2 = 0) FROM generate_series(1, 10) AS n \g /dev/null
SELECT plan_training('candidates') FROM generate_series(1, 5) \g /dev/null
SELECT complete_training_job(c.plan_id, job_id, attempt, '{"score": 0.5}') FROM generate_series(1, 15) AS n, claim_training_jobs('w1', 5, n) AS c \g /dev/null
SELECT fail_training_job(c.plan_id, job_id, attempt, 'failed') FROM generate_series(1, 15) AS n, claim_training_jobs('w2', 5, n) AS c \g /dev/null
SELECT count(*) FROM generate_series(1, 15) AS n, claim_training_jobs('w3', 5, n) AS c \g /dev/null
SELECT count(*) FROM generate_series(1, 15) AS n, claim_training_jobs('w4', 5, n, '1 microsecond') AS c \g /dev/null
SELECT cancel_training_jobs(n, symbol => 's3') FROM generate_series(1, 15) AS n \g /dev/null
INSERT INTO routing_policies (name, policy) VALUES ('ours', routing_policy_default());

-- sqlsmith calls nothing that returns rows, and passes NULL more often than anything
-- else: functions that count the rows of each, and bring arguments along, stand in.
CREATE TABLE smith.documents AS
SELECT document
FROM unnest(ARRAY[routing_policy_default(), training_plan_to_json(1)::text, training_plan_to_yaml(12), '{"targets": {"t": {"symbols": {}}}}', '']) AS document;
CREATE FUNCTION smith.some(VARIADIC names text[]) RETURNS text LANGUAGE sql
RETURN names[1 + floor(random() * cardinality(names))];

SELECT format(
    'CREATE FUNCTION smith.%I(%s) RETURNS bigint LANGUAGE sql AS $$ SELECT count(*) FROM public.%I(%s) AS c $$',
    proname, pg_get_function_identity_arguments(oid), proname,
    (
        SELECT string_agg(CASE
            WHEN type = 'regclass'::regtype THEN format('coalesce($%s, smith.some(''decisions'', ''candidates'', ''training_jobs'', ''smith.documents'')::regclass)', n)
            WHEN type = 'bigint'::regtype THEN format('mod(coalesce($%s, floor(17 * random())::bigint), 17)', n)
            WHEN name IN ('document', 'policy') THEN '(SELECT document FROM smith.documents ORDER BY random() LIMIT 1)'
            WHEN name = 'format' THEN 'smith.some(''json'', ''yaml'', ''markdown'', ''html'')'
            WHEN type = 'text'::regtype AND name ~ 'policy|job|worker' THEN format('coalesce($%s, smith.some(''ours'', ''cs_t1'', ''sym_t2_s2'', ''w1''))', n)
            WHEN type = 'text'::regtype AND name !~ 'path|dir' THEN format('smith.some($%s, NULL, ''t1'', ''s1'', ''symbol_specific'')', n)
            WHEN type = 'interval'::regtype THEN format('coalesce($%s, ''1 hour'')', n)
            WHEN type = 'integer'::regtype THEN format('coalesce(mod($%s, 5), 1)', n)
            ELSE '$' || n
        END, ', ' ORDER BY n)
        FROM unnest(proargtypes::oid[], proargnames[:pronargs]) WITH ORDINALITY AS a (type, name, n)
    )
)
FROM pg_proc
WHERE prorettype NOT IN ('internal'::regtype, 'trigger'::regtype) AND prokind = 'f' AND pronargs > 0
    AND oid IN (
        SELECT objid FROM pg_depend
        WHERE deptype = 'e' AND refobjid = (SELECT oid FROM pg_extension WHERE extname = 'trainplan')
    ) \gexec

-- What sqlsmith takes for the catalog of functions.
CREATE VIEW smith.pg_proc AS
SELECT *
FROM pg_catalog.pg_proc
WHERE pronamespace IN ('public'::regnamespace, 'smith'::regnamespace)
    OR provolatile = 'i' AND prokind = 'f' AND oid::bigint % 20 = 0
    OR prokind = 'a' AND oid::bigint % 5 = 0 OR prokind = 'w';
GRANT USAGE ON SCHEMA smith TO smith;
GRANT ALL ON ALL TABLES IN SCHEMA public, smith TO smith;
ALTER ROLE smith SET search_path = smith, pg_catalog, public;
