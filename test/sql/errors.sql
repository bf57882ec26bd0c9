-- Bad input: an error with its SQLSTATE, and with relation, target and symbol.

\getenv test PG_ABS_SRCDIR
\set attempt :test '/helpers/attempt.sql'
\i :attempt

-- no relation
SELECT pg_temp.attempt($$SELECT * FROM generate_training_plan('no_such_table')$$);
SELECT pg_temp.attempt($$SELECT * FROM generate_training_plan(4000000000::oid::regclass)$$);
SELECT pg_temp.attempt($$SELECT * FROM generate_training_plan(NULL)$$);
SELECT pg_temp.attempt($$SELECT create_training_plan(NULL)$$);

-- not a relation that has rows
CREATE TABLE decisions (target text, symbol text, route text, reason jsonb, sample_size bigint);
CREATE INDEX decisions_target ON decisions (target);
CREATE SEQUENCE counter;
CREATE TYPE decision AS (target text, symbol text, route text);
SELECT pg_temp.attempt($$SELECT * FROM generate_training_plan('decisions_target')$$);
SELECT pg_temp.attempt($$SELECT * FROM generate_training_plan('counter')$$);
SELECT pg_temp.attempt($$SELECT * FROM generate_training_plan('decision')$$);

-- without a column, or with one of a type that can't hold it
CREATE VIEW no_target AS SELECT symbol, route FROM decisions;
CREATE VIEW no_symbol AS SELECT target, route FROM decisions;
CREATE VIEW no_route AS SELECT target, symbol FROM decisions;
SELECT pg_temp.attempt($$SELECT * FROM generate_training_plan('no_target')$$);
SELECT pg_temp.attempt($$SELECT * FROM generate_training_plan('no_symbol')$$);
SELECT pg_temp.attempt($$SELECT * FROM generate_training_plan('no_route')$$);
CREATE TABLE wrong_types (target integer, symbol text, route text);
SELECT pg_temp.attempt($$SELECT * FROM generate_training_plan('wrong_types')$$);
ALTER TABLE wrong_types ALTER target TYPE text, ALTER symbol TYPE numeric USING NULL;
SELECT pg_temp.attempt($$SELECT * FROM generate_training_plan('wrong_types')$$);
ALTER TABLE wrong_types ALTER symbol TYPE text, ALTER route TYPE text[] USING NULL;
SELECT pg_temp.attempt($$SELECT * FROM generate_training_plan('wrong_types')$$);
ALTER TABLE wrong_types ALTER route TYPE text USING NULL, ADD reason integer;
SELECT pg_temp.attempt($$SELECT * FROM generate_training_plan('wrong_types')$$);
ALTER TABLE wrong_types DROP reason, ADD cs_state boolean;
SELECT pg_temp.attempt($$SELECT * FROM generate_training_plan('wrong_types')$$);
ALTER TABLE wrong_types DROP cs_state, ADD local_state date;
SELECT pg_temp.attempt($$SELECT * FROM generate_training_plan('wrong_types')$$);
ALTER TABLE wrong_types DROP local_state, ADD sample_size numeric;
SELECT pg_temp.attempt($$SELECT * FROM generate_training_plan('wrong_types')$$);
ALTER TABLE wrong_types DROP sample_size, ADD model_families text;
SELECT pg_temp.attempt($$SELECT * FROM generate_training_plan('wrong_types')$$);
ALTER TABLE wrong_types DROP model_families, ADD model_families integer[];
SELECT pg_temp.attempt($$SELECT * FROM generate_training_plan('wrong_types')$$);

-- target and symbol
INSERT INTO decisions VALUES (NULL, 'AAPL', 'ROUTE_BOTH');
SELECT pg_temp.attempt($$SELECT * FROM generate_training_plan('decisions')$$);
UPDATE decisions SET symbol = NULL;
SELECT pg_temp.attempt($$SELECT * FROM generate_training_plan('decisions')$$);
UPDATE decisions SET target = '';
SELECT pg_temp.attempt($$SELECT * FROM generate_training_plan('decisions')$$);
UPDATE decisions SET symbol = 'AAPL';
SELECT pg_temp.attempt($$SELECT * FROM generate_training_plan('decisions')$$);
UPDATE decisions SET target = 'fwd_ret_5d', symbol = '';
SELECT pg_temp.attempt($$SELECT * FROM generate_training_plan('decisions')$$);

-- the route
UPDATE decisions SET symbol = 'AAPL', route = 'ROUTE_BOHT';
SELECT pg_temp.attempt($$SELECT * FROM generate_training_plan('decisions')$$);
UPDATE decisions SET route = 'route_both';
SELECT pg_temp.attempt($$SELECT * FROM generate_training_plan('decisions')$$);
UPDATE decisions SET route = '';
SELECT pg_temp.attempt($$SELECT * FROM generate_training_plan('decisions')$$);
UPDATE decisions SET route = NULL;
SELECT pg_temp.attempt($$SELECT * FROM generate_training_plan('decisions')$$);
UPDATE decisions SET route = 'ENABLED';
SELECT pg_temp.attempt($$SELECT * FROM generate_training_plan('decisions')$$);
UPDATE decisions SET route = 'DISABLED';
SELECT pg_temp.attempt($$SELECT * FROM generate_training_plan('decisions')$$);
UPDATE decisions SET symbol = NULL, route = 'ROUTE_BOTH';
SELECT pg_temp.attempt($$SELECT * FROM generate_training_plan('decisions')$$);
UPDATE decisions SET route = 'ROUTE_SYMBOL_SPECIFIC';
SELECT pg_temp.attempt($$SELECT * FROM generate_training_plan('decisions')$$);
UPDATE decisions SET route = 'ROUTE_EXPERIMENTAL_ONLY';
SELECT pg_temp.attempt($$SELECT * FROM generate_training_plan('decisions')$$);
UPDATE decisions SET route = 'ON';
SELECT pg_temp.attempt($$SELECT * FROM generate_training_plan('decisions')$$);
UPDATE decisions SET route = NULL;
SELECT pg_temp.attempt($$SELECT * FROM generate_training_plan('decisions')$$);

-- the same decision twice, for a symbol and for a target, in a plan or not
TRUNCATE decisions;
INSERT INTO decisions VALUES
    ('fwd_ret_5d', 'AAPL', 'ROUTE_BOTH'),
    ('fwd_ret_5d', 'MSFT', 'ROUTE_BOTH'),
    ('fwd_ret_5d', 'AAPL', 'ROUTE_BLOCKED');
SELECT pg_temp.attempt($$SELECT * FROM generate_training_plan('decisions')$$);
TRUNCATE decisions;
INSERT INTO decisions VALUES
    ('fwd_ret_5d', NULL, 'DISABLED'),
    ('fwd_ret_5d', NULL, 'DISABLED');
SELECT pg_temp.attempt($$SELECT * FROM generate_training_plan('decisions')$$);
SELECT pg_temp.attempt($$SELECT create_training_plan('decisions')$$);

-- the other columns
TRUNCATE decisions;
INSERT INTO decisions VALUES ('fwd_ret_5d', 'AAPL', 'ROUTE_BLOCKED', NULL, -1);
SELECT pg_temp.attempt($$SELECT * FROM generate_training_plan('decisions')$$);
UPDATE decisions SET sample_size = 1, reason = '{"why": "not"}';
SELECT pg_temp.attempt($$SELECT * FROM generate_training_plan('decisions')$$);
UPDATE decisions SET reason = '["a", 1]';
SELECT pg_temp.attempt($$SELECT * FROM generate_training_plan('decisions')$$);
UPDATE decisions SET reason = '["a", ["b"]]';
SELECT pg_temp.attempt($$SELECT * FROM generate_training_plan('decisions')$$);
UPDATE decisions SET reason = '["a", null]';
SELECT pg_temp.attempt($$SELECT * FROM generate_training_plan('decisions')$$);
UPDATE decisions SET reason = 'true', symbol = NULL;
SELECT pg_temp.attempt($$SELECT * FROM generate_training_plan('decisions')$$);

-- an error in the relation itself is the relation's
CREATE VIEW broken AS SELECT target, symbol, (1 / (sample_size - 1))::text AS route FROM decisions;
SELECT pg_temp.attempt($$SELECT * FROM generate_training_plan('broken')$$);

-- a job_id that is too long for the tables, though not for the function
DROP INDEX decisions_target;
TRUNCATE decisions;
INSERT INTO decisions
SELECT string_agg(md5(i::text), ''), 'AAPL', 'ROUTE_BOTH' FROM generate_series(1, 100) AS i;
SELECT length(job_id) FROM generate_training_plan('decisions');
SELECT left(message, 5) FROM pg_temp.attempt($$SELECT create_training_plan('decisions')$$) AS message LIMIT 1;

-- nothing of all that was stored
SELECT count(*) FROM training_plans;
SELECT count(*) FROM training_jobs;

DROP VIEW broken, no_target, no_symbol, no_route;
DROP TABLE decisions, wrong_types;
DROP SEQUENCE counter;
DROP TYPE decision;
