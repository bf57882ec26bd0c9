-- Security: the caller's rights, and nobody else's.

CREATE ROLE regress_trainplan_quant;
CREATE ROLE regress_trainplan_owner;
CREATE SCHEMA private;
CREATE TABLE private.decisions (target text, symbol text, route text, desk text);
INSERT INTO private.decisions VALUES
    ('t', 'a', 'ROUTE_BOTH', 'regress_trainplan_quant'),
    ('t', 'b', 'ROUTE_BOTH', 'other');

-- a relation that the caller can't read, and one whose schema is closed
SET ROLE regress_trainplan_quant;
SELECT job_id FROM generate_training_plan('private.decisions');
SELECT 'private.decisions'::regclass::oid AS relation \gset
RESET ROLE;
SELECT 'private.decisions'::regclass::oid AS relation \gset
SET ROLE regress_trainplan_quant;
SELECT job_id FROM generate_training_plan(:relation);
RESET ROLE;
GRANT USAGE ON SCHEMA private TO regress_trainplan_quant;
SET ROLE regress_trainplan_quant;
SELECT job_id FROM generate_training_plan('private.decisions');

-- some columns are enough, if they are those that are read
RESET ROLE;
GRANT SELECT (target, symbol) ON private.decisions TO regress_trainplan_quant;
SET ROLE regress_trainplan_quant;
SELECT job_id FROM generate_training_plan('private.decisions');
RESET ROLE;
GRANT SELECT (route) ON private.decisions TO regress_trainplan_quant;
SET ROLE regress_trainplan_quant;
SELECT job_id FROM generate_training_plan('private.decisions');
RESET ROLE;

-- row-level security
ALTER TABLE private.decisions ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_desk ON private.decisions USING (desk = current_user);
SET ROLE regress_trainplan_quant;
SELECT job_id FROM generate_training_plan('private.decisions');
RESET ROLE;
SELECT job_id FROM generate_training_plan('private.decisions');

-- a view reads with the rights of its owner, as views do
CREATE VIEW private.published AS SELECT * FROM private.decisions;
GRANT SELECT ON private.published TO regress_trainplan_quant;
SET ROLE regress_trainplan_quant;
SELECT job_id FROM generate_training_plan('private.published');

-- storing a plan needs the rights to insert, in both tables
SELECT create_training_plan('private.decisions');
RESET ROLE;
GRANT SELECT, INSERT ON training_jobs TO regress_trainplan_quant;
SET ROLE regress_trainplan_quant;
SELECT create_training_plan('private.decisions');
RESET ROLE;
GRANT SELECT, INSERT ON training_plans TO regress_trainplan_quant;
REVOKE INSERT ON training_jobs FROM regress_trainplan_quant;
SET ROLE regress_trainplan_quant;
SELECT create_training_plan('private.decisions');
RESET ROLE;
GRANT INSERT ON training_jobs TO regress_trainplan_quant;
SET ROLE regress_trainplan_quant;
SELECT create_training_plan('private.decisions') AS plan \gset
SELECT job_id FROM training_jobs WHERE plan_id = :plan;

-- and the plan can't be taken back or changed with them
DELETE FROM training_plans;
UPDATE training_jobs SET priority = 3;
RESET ROLE;

-- the summaries read with the caller's rights
SET ROLE regress_trainplan_owner;
SELECT * FROM training_jobs_by_route;
SELECT * FROM training_plan_summary;
RESET ROLE;
GRANT SELECT ON training_jobs_by_route, training_plan_summary TO regress_trainplan_owner;
SET ROLE regress_trainplan_owner;
SELECT * FROM training_jobs_by_route;
SELECT * FROM training_plan_summary;
SELECT latest_training_plan();
RESET ROLE;

-- row-level security on the plan's own tables
ALTER TABLE training_jobs ENABLE ROW LEVEL SECURITY;
CREATE POLICY see_jobs ON training_jobs FOR SELECT USING (true);
CREATE POLICY plan_jobs ON training_jobs FOR INSERT WITH CHECK (symbol IS NULL);
SET ROLE regress_trainplan_quant;
SELECT create_training_plan('private.decisions');
RESET ROLE;
DROP POLICY plan_jobs ON training_jobs;
CREATE POLICY plan_jobs ON training_jobs FOR INSERT WITH CHECK (true);
SET ROLE regress_trainplan_quant;
SELECT create_training_plan('private.decisions') AS plan \gset
SELECT job_id FROM training_jobs WHERE plan_id = :plan;
RESET ROLE;
DROP POLICY see_jobs ON training_jobs;
DROP POLICY plan_jobs ON training_jobs;
ALTER TABLE training_jobs DISABLE ROW LEVEL SECURITY;

-- Names in front of the extension's and the system's change nothing.
CREATE SCHEMA evil;
CREATE TABLE evil.training_plans (plan_id bigint);
CREATE TABLE evil.training_jobs (plan_id bigint);
CREATE DOMAIN evil.text AS integer;
CREATE FUNCTION evil.max(bigint) RETURNS bigint LANGUAGE sql AS 'SELECT -1';
SET search_path = evil, public, pg_catalog;
SELECT public.create_training_plan('private.decisions') AS plan \gset
SELECT public.latest_training_plan() = :plan AS latest;
SELECT count(*) FROM public.training_jobs WHERE plan_id = :plan;
RESET search_path;
SELECT count(*) FROM evil.training_plans;

\set VERBOSITY terse
DROP SCHEMA evil CASCADE;
DROP SCHEMA private CASCADE;
DELETE FROM training_plans;
DROP OWNED BY regress_trainplan_quant, regress_trainplan_owner;
DROP ROLE regress_trainplan_quant, regress_trainplan_owner;
