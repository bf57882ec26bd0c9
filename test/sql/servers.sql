-- A plan in parts: what needs no second server.  (032_servers and 033_server_faults have two.)

CREATE TABLE decisions (target text, symbol text, route text);
INSERT INTO decisions VALUES ('t', NULL, 'ENABLED'), ('t', 'a', 'ROUTE_BOTH'), ('t', 'b', 'ROUTE_BLOCKED');
ALTER TABLE training_plans ALTER plan_id RESTART;
\set VERBOSITY terse

-- where there is no server there is nothing to see
SELECT * FROM training_plan_parts;
SELECT * FROM training_run_progress;
SELECT * FROM training_run_status;
SELECT * FROM training_server_plans;
SELECT * FROM training_server_jobs;
SELECT * FROM training_server_status;
SELECT server, call, plan_id, total_jobs, disabled_targets FROM training_server_calls;
SELECT server, call, plan_id, total_jobs, disabled_targets FROM training_part_calls;
SELECT * FROM training_part_plans;
SELECT training_run_lines('none', 'json');
SELECT training_run_lines(NULL, 'json');
SELECT training_run_lines('none', 'xml');

-- whom to ask
\set VERBOSITY default
SELECT * FROM create_training_plan_on(NULL, 'decisions');
SELECT * FROM create_training_plan_on('{}', 'decisions');
SELECT * FROM create_training_plan_on('{a,NULL}', 'decisions');
SELECT * FROM create_training_plan_on('{{a},{b}}', 'decisions');
SELECT * FROM create_training_plan_on('{a}', 'decisions');
SELECT * FROM create_training_plan_on('{a}', NULL);
SELECT * FROM create_training_plan_on('{a}', 'decisions', run_id => '');
SELECT * FROM plan_training_on(NULL, 'decisions');
SELECT * FROM plan_training_on('{a}', NULL);
SELECT * FROM plan_training_on('{a}', 'decisions');
SELECT add_training_server(NULL);
SELECT add_training_server('a', NULL);
SELECT add_training_server('a');
CREATE FOREIGN DATA WRAPPER regress_trainplan_wrapper;
CREATE SERVER a FOREIGN DATA WRAPPER regress_trainplan_wrapper;
SELECT add_training_server('a');
SELECT * FROM create_training_plan_on('{a}', 'decisions');
SELECT * FROM create_training_plan_on('{a,a}', 'decisions');
CREATE ROLE regress_trainplan_planner;
SET ROLE regress_trainplan_planner;
SELECT add_training_server('a');
RESET ROLE;
BEGIN READ ONLY;
SELECT add_training_server('a');
ROLLBACK;
DROP FOREIGN DATA WRAPPER regress_trainplan_wrapper CASCADE;

-- the end that is asked: a call is inserted, and made when it is read
CREATE FUNCTION call(more jsonb) RETURNS jsonb
RETURN (SELECT jsonb_build_object('version', extversion, 'server', 'a', 'run_id', 'r', 'function', 'create_training_plan', 'relation', 'decisions') || more
        FROM pg_extension WHERE extname = 'trainplan');
BEGIN;
INSERT INTO training_part_calls (server, call) VALUES ('a', call('{}'));
SELECT server, call, plan_id, total_jobs, disabled_targets FROM training_part_calls;
SELECT server, call, plan_id, total_jobs, disabled_targets FROM training_part_calls;
COMMIT;
SELECT server, run_id, routing, model_families, include_blocked, git_commit, config_hash, metrics_snapshot, total_jobs, pooled_first, jobs, pending
FROM training_part_plans;
SELECT server, run_id, plan_id, job_id, route, priority FROM training_part_jobs ORDER BY job_id;
SELECT server, run_id, plan_id, job_id, state FROM training_part_status ORDER BY job_id;

-- with all that create_training_plan() and plan_training() take
BEGIN;
INSERT INTO training_part_calls (server, call) VALUES ('a', call('{"run_id": "all", "families": [" ridge", "mlp"], "include_blocked": true, "pooled_first": true,
    "git_commit": "f3ba63d", "config_hash": "it''s \"%s\"", "metrics_snapshot": "s"}'));
SELECT server, call, plan_id, total_jobs, disabled_targets FROM training_part_calls;
COMMIT;
SELECT server, run_id, routing, model_families, include_blocked, git_commit, config_hash, metrics_snapshot, total_jobs, pooled_first, jobs, pending, waiting
FROM training_part_plans WHERE run_id = 'all';
CREATE TABLE candidates AS SELECT target, symbol, 0.6 AS score, 90000 AS sample_size FROM decisions;
BEGIN;
INSERT INTO training_part_calls (server, call) VALUES ('b', call('{"server": "b", "run_id": "candidates", "function": "plan_training", "relation": "candidates"}'));
SELECT server, call, plan_id, total_jobs, disabled_targets FROM training_part_calls;
COMMIT;
SELECT server, run_id, routing, total_jobs FROM training_part_plans WHERE run_id = 'candidates';

-- the last call counts; one that is rolled back does not, nor one that it replaced
BEGIN;
INSERT INTO training_part_calls (server, call) VALUES ('a', call('{"run_id": "first"}')), ('a', call('{"run_id": "last"}'));
SAVEPOINT s;
INSERT INTO training_part_calls (server, call) VALUES ('a', call('{"run_id": "rolled back"}'));
ROLLBACK TO s;
SELECT server, call, plan_id, total_jobs, disabled_targets FROM training_part_calls;
SELECT run_id FROM training_part_plans ORDER BY plan_id DESC LIMIT 1;
ROLLBACK;
BEGIN;
INSERT INTO training_part_calls (server, call) VALUES ('a', call('{}'));
ROLLBACK;
SELECT server, call, plan_id, total_jobs, disabled_targets FROM training_part_calls;
BEGIN;
SAVEPOINT s;
INSERT INTO training_part_calls (server, call) VALUES ('a', call('{"run_id": "kept"}'));
RELEASE s;
SAVEPOINT s;
ROLLBACK TO s;
SELECT server, call, plan_id, total_jobs, disabled_targets FROM training_part_calls;
ROLLBACK;
-- nor does one of another transaction
INSERT INTO training_part_calls (server, call) VALUES ('a', call('{}'));
SELECT server, call, plan_id, total_jobs, disabled_targets FROM training_part_calls;

-- what is disabled although symbols count on it is counted, and not only warned of
BEGIN;
INSERT INTO decisions VALUES ('u', NULL, 'DISABLED'), ('u', 'a', 'ROUTE_CROSS_SECTIONAL');
INSERT INTO training_part_calls (server, call) VALUES ('a', call('{}'));
SELECT server, total_jobs, disabled_targets FROM training_part_calls;
ROLLBACK;

-- settings that a wrapper makes are not those of the plan, and stay as they are
CREATE VIEW settings AS
SELECT target, symbol, route, current_setting('search_path') || ' ' || current_setting('extra_float_digits') AS reason FROM decisions;
BEGIN;
SET LOCAL search_path = pg_catalog;
SET LOCAL extra_float_digits = 3;
INSERT INTO public.training_part_calls (server, call) VALUES ('a', public.call('{"run_id": "settings", "relation": "settings"}'));
SELECT server, total_jobs FROM public.training_part_calls;
SELECT reason FROM public.training_part_jobs WHERE run_id = 'settings' AND symbol = 'a';
SHOW search_path;
ROLLBACK;

-- and of nobody else: what runs with its owner's rights makes no call of its caller
GRANT SELECT, INSERT ON training_part_calls TO regress_trainplan_planner;
CREATE FUNCTION look() RETURNS SETOF bigint LANGUAGE SQL SECURITY DEFINER AS 'SELECT plan_id FROM training_part_calls';
BEGIN;
SET LOCAL ROLE regress_trainplan_planner;
INSERT INTO training_part_calls (server, call) VALUES ('a', call('{}'));
SELECT look();
ROLLBACK;
DROP FUNCTION look();
REVOKE ALL ON training_part_calls FROM regress_trainplan_planner;

-- calls that are none
INSERT INTO training_part_calls (server) VALUES ('a');
CREATE TABLE calls (n integer, call jsonb);
INSERT INTO calls VALUES
    (1, '[]'), (2, '1'), (3, '{}'), (4, call('{"version": null}')), (5, call('{"version": "0.9"}')), (6, call('{"server": null}')), (7, call('{"run_id": null}')),
    (8, call('{"function": null}')), (9, call('{"function": "drop_everything"}')), (10, call('{"relation": null}')), (11, call('{"relation": "missing"}')),
    (12, call('{"relation": "a.b.c.d"}')), (13, call('{"families": "mlp"}')), (14, call('{"families": []}')), (15, call('{"include_blocked": "maybe"}')),
    (16, call('{"run_id": ""}')), (17, call('{"server": ""}')), (18, call('{"policy": "x", "function": "plan_training", "relation": "candidates"}'));
CREATE FUNCTION made(call jsonb) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO training_part_calls (call) VALUES (call);
    RETURN (SELECT server || ', jobs: ' || total_jobs FROM training_part_calls);
EXCEPTION WHEN OTHERS THEN
    RETURN sqlstate || CASE WHEN jsonb_typeof(call) = 'object' THEN ' ' || replace(sqlerrm, (SELECT extversion FROM pg_extension WHERE extname = 'trainplan'), 'VERSION') ELSE '' END;
END
$$;
SELECT n, made(call) FROM calls ORDER BY n;

-- the view is one way in, its trigger and setting are no other
\set VERBOSITY terse
UPDATE training_part_calls SET server = 'b';
DELETE FROM training_part_calls;
CREATE TABLE other (call jsonb);
CREATE TRIGGER t BEFORE INSERT ON other FOR EACH ROW EXECUTE FUNCTION training_part_calls_insert();
INSERT INTO other VALUES ('{}');
DROP TABLE other;
SET ROLE regress_trainplan_planner;
SELECT server, call, plan_id, total_jobs, disabled_targets FROM training_part_calls;
INSERT INTO training_part_calls (call) VALUES ('{}');
RESET ROLE;
-- whoever may ask needs what planning needs
GRANT SELECT, INSERT ON training_part_calls TO regress_trainplan_planner;
GRANT SELECT ON decisions TO regress_trainplan_planner;
GRANT EXECUTE ON FUNCTION call(jsonb) TO regress_trainplan_planner;
BEGIN;
SET LOCAL ROLE regress_trainplan_planner;
INSERT INTO training_part_calls (call) VALUES (call('{}'));
SELECT server, call, plan_id, total_jobs, disabled_targets FROM training_part_calls;
ROLLBACK;

-- a part that its server does not have any more
INSERT INTO training_plan_parts VALUES ('gone', 'a', 7, 12), ('gone', 'b', 8, 30);
SELECT * FROM training_run_progress;
SELECT * FROM training_run_status;
SELECT training_run_lines('gone', 'json');
INSERT INTO training_plan_parts VALUES ('gone', 'a', 9, 1);

REVOKE ALL ON training_part_calls, decisions FROM regress_trainplan_planner;
REVOKE ALL ON FUNCTION call(jsonb) FROM regress_trainplan_planner;
DROP ROLE regress_trainplan_planner;
DELETE FROM training_plan_parts;
DELETE FROM training_plans;
DROP TABLE calls, candidates, decisions CASCADE;
DROP FUNCTION call(jsonb), made(jsonb);
