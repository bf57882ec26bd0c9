-- The candidates relation: what it may be, what is wrong with rows, and whose rights
-- count.

\getenv test PG_ABS_SRCDIR
\set attempt :test '/helpers/attempt.sql'
\i :attempt

CREATE FUNCTION pg_temp.try(relation text) RETURNS SETOF text LANGUAGE sql
RETURN pg_temp.attempt(format('SELECT count(*) FROM route_training_candidates(%L)', relation));

-- ---- columns --------------------------------------------------------------------

CREATE TABLE candidates (std_tau real, score numeric, mode text, symbol name, dropped text, target varchar, sample_size smallint);
ALTER TABLE candidates DROP dropped;
INSERT INTO candidates (target, symbol, score, sample_size) VALUES ('t', 's', 0.7, 2000), ('t', NULL, 0.7, 6000);
SELECT target, symbol, route FROM route_training_candidates('candidates');

-- needed ones that are missing, and types that can't hold what they should
ALTER TABLE candidates RENAME score TO auc;
SELECT pg_temp.try('candidates');
ALTER TABLE candidates RENAME auc TO score;
ALTER TABLE candidates RENAME sample_size TO n;
SELECT pg_temp.try('candidates');
ALTER TABLE candidates RENAME n TO sample_size;
ALTER TABLE candidates ALTER score TYPE text;
SELECT pg_temp.try('candidates');
ALTER TABLE candidates ALTER score TYPE money USING score::money;
SELECT pg_temp.try('candidates');
ALTER TABLE candidates ALTER score TYPE double precision USING 0.7, ALTER sample_size TYPE interval USING interval '1 day';
SELECT pg_temp.try('candidates');
ALTER TABLE candidates ALTER sample_size TYPE integer USING 6000, ALTER std_tau TYPE double precision[] USING '{0.1}';
SELECT pg_temp.try('candidates');
ALTER TABLE candidates DROP std_tau, ADD stability boolean;
SELECT pg_temp.try('candidates');
ALTER TABLE candidates DROP stability, ADD leakage_status jsonb;
SELECT pg_temp.try('candidates');
ALTER TABLE candidates DROP leakage_status;
SELECT pg_temp.try('candidates');

-- ---- relations --------------------------------------------------------------------

CREATE VIEW view AS SELECT * FROM candidates;
CREATE MATERIALIZED VIEW snapshot AS SELECT * FROM candidates;
CREATE TEMPORARY TABLE session AS SELECT * FROM candidates;
CREATE TABLE parts (LIKE candidates) PARTITION BY LIST (symbol);
CREATE TABLE part PARTITION OF parts DEFAULT;
INSERT INTO parts SELECT * FROM candidates;
CREATE SCHEMA "Team ""A""";
CREATE TABLE "Team ""A"""."c'; --" AS TABLE candidates;
SELECT relation, (SELECT string_agg(route, ' ') FROM route_training_candidates(relation::regclass)) AS routes
FROM unnest(ARRAY['view', 'snapshot', 'session', 'parts', 'part', '"Team ""A"""."c''; --"']) AS relation;
SELECT plan_training('"Team ""A"""."c''; --"') AS plan \gset
SELECT routing FROM training_plans WHERE plan_id = :plan;
DELETE FROM training_plans;
CREATE INDEX an_index ON candidates (target);
CREATE SEQUENCE numbers;
SELECT pg_temp.try('an_index');
SELECT pg_temp.try('numbers');
SELECT pg_temp.try('nowhere');
SELECT pg_temp.attempt('SELECT count(*) FROM route_training_candidates(0)');
SELECT pg_temp.attempt('SELECT count(*) FROM route_training_candidates(NULL)');
SELECT pg_temp.attempt('SELECT plan_training(NULL)');
SELECT pg_temp.attempt('SELECT count(*) FROM explain_training_route(NULL, ''t'', ''s'')');

-- the policy is looked at before a row is read
CREATE VIEW trap AS SELECT (1 / (sample_size - 6000))::text AS target, symbol, score, sample_size FROM candidates;
SELECT pg_temp.try('trap');
SELECT pg_temp.attempt('SELECT * FROM route_training_candidates(''trap'', ''routing: 1'')');
SELECT pg_temp.attempt('SELECT plan_training(''trap'', ''routing: 1'')');

-- the query planner knows how many rows there are
CREATE TABLE many AS SELECT 't' AS target, n::text AS symbol, 0.7 AS score, 2000 AS sample_size FROM generate_series(1, 5000) AS n;
ANALYZE many;
CREATE FUNCTION pg_temp.estimate(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    line text;
BEGIN
    FOR line IN EXECUTE 'EXPLAIN ' || query LOOP
        RETURN NEXT substring(line FROM 'rows=\d+');
        RETURN;
    END LOOP;
END
$$;
SELECT pg_temp.estimate('SELECT * FROM route_training_candidates(''many'')');
SELECT pg_temp.estimate('SELECT * FROM route_training_candidates_by(''many'', ''x'')');

-- ---- rows -----------------------------------------------------------------------

CREATE TABLE wrong (target text, symbol text, score double precision, sample_size numeric, stability text, leakage_status text);
CREATE FUNCTION pg_temp.try_row(target text, symbol text, score double precision, sample_size numeric, stability text, leakage_status text) RETURNS SETOF text LANGUAGE sql
BEGIN ATOMIC
    DELETE FROM wrong;
    INSERT INTO wrong VALUES ('good', NULL, 0.7, 6000, 'STABLE', 'SAFE'), (target, symbol, score, sample_size, stability, leakage_status);
    SELECT pg_temp.try('wrong');
END;
SELECT pg_temp.try_row(NULL, 's', 0.7, 6000, 'STABLE', 'SAFE');
SELECT pg_temp.try_row(NULL, NULL, 0.7, 6000, 'STABLE', 'SAFE');
SELECT pg_temp.try_row('', 's', 0.7, 6000, 'STABLE', 'SAFE');
SELECT pg_temp.try_row('t', '', 0.7, 6000, 'STABLE', 'SAFE');
SELECT pg_temp.try_row('t', 's', 0.7, -1, 'STABLE', 'SAFE');
SELECT pg_temp.try_row('t', 's', 0.7, -0.5, 'STABLE', 'SAFE');
SELECT pg_temp.try_row('t', 's', 0.7, 9223372036854775808, 'STABLE', 'SAFE');
SELECT pg_temp.try_row('t', 's', 0.7, 'Infinity', 'STABLE', 'SAFE');
SELECT pg_temp.try_row('t', 's', 0.7, 6000, 'stable', 'SAFE');
SELECT pg_temp.try_row('t', NULL, 0.7, 6000, 'SOLID', 'SAFE');
SELECT pg_temp.try_row('t', 's', 0.7, 6000, '', 'SAFE');
SELECT pg_temp.try_row('t', 's', 0.7, 6000, 'STABLE', 'LEAKS');
SELECT pg_temp.try_row('t', 's', 0.7, 6000, 'STABLE', 'blocked');
-- twice the same
SELECT pg_temp.try_row('good', NULL, 0.7, 6000, 'STABLE', 'SAFE');
INSERT INTO wrong VALUES ('bad', 's', 0.7, 6000, 'STABLE', 'SAFE'), ('bad', 's', 0.6, 6000, 'STABLE', 'SAFE');
DELETE FROM wrong WHERE target = 'good';
SELECT pg_temp.try('wrong');
SELECT pg_temp.attempt('SELECT plan_training(''wrong'')');
SELECT pg_temp.attempt('SELECT * FROM explain_training_route(''wrong'', ''bad'', ''s'')');
SELECT pg_temp.attempt('SELECT * FROM route_training_candidates(''wrong'', routing_policy_default() || ''
  experimental: {}'')');
SELECT count(*) FROM training_plans;

-- two jobs of a plan with one job_id
TRUNCATE wrong;
INSERT INTO wrong VALUES ('a', 'b_c', 0.7, 6000), ('a_b', 'c', 0.7, 6000), ('z', 'b_c', 0.7, 6000);
SELECT pg_temp.try('wrong');
SELECT pg_temp.attempt('SELECT plan_training(''wrong'')');

-- ---- rights ---------------------------------------------------------------------

CREATE ROLE regress_trainplan_router;
GRANT SELECT (target, symbol, score) ON candidates TO regress_trainplan_router;
SET ROLE regress_trainplan_router;
SELECT pg_temp.try('candidates');
RESET ROLE;
GRANT SELECT (sample_size) ON candidates TO regress_trainplan_router;
SET ROLE regress_trainplan_router;
SELECT pg_temp.try('candidates');
SELECT pg_temp.attempt('SELECT count(*) FROM explain_training_route(''candidates'', ''t'', ''s'')');
SELECT pg_temp.attempt('SELECT plan_training(''candidates'')');
SELECT pg_temp.attempt('SELECT routing_policy(''x'')');
SELECT pg_temp.attempt('SELECT count(*) FROM route_training_candidates_by(''candidates'', ''x'')');
SELECT pg_temp.attempt('INSERT INTO routing_policies (name, policy) VALUES (''x'', routing_policy_default())');
SELECT pg_temp.attempt('SELECT save_routing_candidates(''candidates'', ''/tmp/x.csv'')');
SELECT pg_temp.attempt('SET trainplan.parquet_command = ''true''');
SELECT left(pg_temp.attempt('SHOW trainplan.parquet_command'), 5) LIMIT 1;
RESET ROLE;
ALTER TABLE candidates ENABLE ROW LEVEL SECURITY;
CREATE POLICY symbols ON candidates USING (symbol IS NOT NULL);
SET ROLE regress_trainplan_router;
SELECT target, symbol, route FROM route_training_candidates('candidates');
RESET ROLE;

\set VERBOSITY terse
DROP SCHEMA "Team ""A""" CASCADE;
DROP TABLE candidates, parts, many, wrong CASCADE;
DROP SEQUENCE numbers;
DROP ROLE regress_trainplan_router;
