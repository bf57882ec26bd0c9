-- Relations: whatever can be read with SELECT.

CREATE TABLE decisions (target text, symbol text, route text) PARTITION BY LIST (target);
CREATE TABLE decisions_a PARTITION OF decisions FOR VALUES IN ('a');
CREATE TABLE decisions_b PARTITION OF decisions FOR VALUES IN ('b');
INSERT INTO decisions VALUES ('a', NULL, 'ENABLED'), ('b', 'x', 'ROUTE_BOTH'), ('b', NULL, 'ENABLED');

-- partitioned, and one partition
SELECT job_id FROM generate_training_plan('decisions');
SELECT job_id FROM generate_training_plan('decisions_b');

-- view, materialized view
CREATE VIEW enabled AS SELECT * FROM decisions WHERE route = 'ENABLED';
CREATE MATERIALIZED VIEW snapshot AS SELECT * FROM decisions;
SELECT job_id FROM generate_training_plan('enabled');
SELECT job_id FROM generate_training_plan('snapshot');

-- temporary
CREATE TEMPORARY TABLE session AS SELECT * FROM decisions;
SELECT job_id FROM generate_training_plan('session');
SELECT create_training_plan('session') AS plan \gset
SELECT routing, total_jobs FROM training_plans WHERE plan_id = :plan;
DELETE FROM training_plans WHERE plan_id = :plan;

-- inheritance
CREATE TABLE parent (target text, symbol text, route text);
CREATE TABLE child (more integer) INHERITS (parent);
INSERT INTO parent VALUES ('p', NULL, 'ENABLED');
INSERT INTO child VALUES ('c', NULL, 'ENABLED', 1);
SELECT job_id FROM generate_training_plan('parent');

-- foreign
CREATE EXTENSION file_fdw;
CREATE SERVER elsewhere FOREIGN DATA WRAPPER file_fdw;
CREATE FOREIGN TABLE remote (sample_size integer, target text, symbol text, route text)
    SERVER elsewhere OPTIONS (program 'echo 7,far,away,ROUTE_BOTH; echo 8,far,,ENABLED', format 'csv');
SELECT job_id, estimated_samples FROM generate_training_plan('remote');
DROP EXTENSION file_fdw CASCADE;

-- names that have to be quoted
CREATE SCHEMA "Team ""A""";
CREATE TABLE "Team ""A"""."Größe; DROP TABLE x" AS TABLE decisions;
SELECT job_id FROM generate_training_plan('"Team ""A"""."Größe; DROP TABLE x"');
SELECT create_training_plan('"Team ""A"""."Größe; DROP TABLE x"') AS plan \gset
SELECT routing, routing::regclass FROM training_plans WHERE plan_id = :plan;
DELETE FROM training_plans WHERE plan_id = :plan;
INSERT INTO "Team ""A"""."Größe; DROP TABLE x" VALUES ('a', NULL, 'nonsense');
SELECT job_id FROM generate_training_plan('"Team ""A"""."Größe; DROP TABLE x"');
\set VERBOSITY terse
DROP SCHEMA "Team ""A""" CASCADE;
\set VERBOSITY default

-- a catalog that happens to have the columns, and one that has not
SELECT job_id FROM generate_training_plan('pg_class');

-- rows that the calling transaction has changed
BEGIN;
DELETE FROM decisions WHERE target = 'a';
SELECT job_id FROM generate_training_plan('decisions');
SELECT create_training_plan('decisions') AS plan \gset
SELECT job_id FROM training_jobs WHERE plan_id = :plan;
ROLLBACK;
SELECT count(*) FROM training_plans;

-- a function sees what its query sees; a stored plan, what was done before it
CREATE FUNCTION plan_new_target() RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO decisions VALUES ('b', 'new', 'ROUTE_SYMBOL_SPECIFIC');
    RETURN create_training_plan('decisions');
END
$$;
SELECT plan_new_target() AS plan \gset
SELECT job_id FROM training_jobs WHERE plan_id = :plan ORDER BY job_id;
DELETE FROM training_plans WHERE plan_id = :plan;

-- a prepared statement, and one whose relation changed in between
PREPARE plan(regclass) AS SELECT job_id FROM generate_training_plan($1);
EXECUTE plan('parent');
ALTER TABLE child ADD sample_size bigint, DROP more;
ALTER TABLE parent RENAME symbol TO stock;
EXECUTE plan('parent');
ALTER TABLE parent RENAME stock TO symbol;
EXECUTE plan('parent');

DROP FUNCTION plan_new_target();
DROP TABLE child, parent, session;
DROP MATERIALIZED VIEW snapshot;
DROP VIEW enabled;
DROP TABLE decisions;
