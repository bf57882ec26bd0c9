-- The queue, where others than trainplan's functions come at it.

CREATE TABLE decisions (target text, symbol text, route text);
INSERT INTO decisions VALUES ('t', 'a', 'ROUTE_BOTH'), ('t', 'b', 'ROUTE_BOTH'), ('t', 'c', 'ROUTE_BLOCKED'), ('t', NULL, 'ENABLED');

-- jobs that are inserted by hand can be claimed, by whoever may insert them
SELECT create_training_plan('decisions') AS plan \gset
SELECT job_id FROM claim_training_jobs('w', 1);
CREATE ROLE regress_trainplan_planner;
GRANT INSERT ON training_jobs, training_job_queue TO regress_trainplan_planner;
SET ROLE regress_trainplan_planner;
INSERT INTO training_jobs VALUES
    (:plan, 'more', 'more', NULL, 'ROUTE_CROSS_SECTIONAL', 'cross_sectional', '{mlp}', 9, NULL, NULL, '{}'),
    (:plan, 'blocked', 'blocked', 'x', 'ROUTE_BLOCKED', 'blocked', '{}', 9, NULL, NULL, '{}'),
    (:plan, 'less', 'less', NULL, 'ROUTE_CROSS_SECTIONAL', 'cross_sectional', '{mlp}', -1, NULL, NULL, '{}');
RESET ROLE;
SELECT job_id, state FROM training_job_status WHERE plan_id = :plan ORDER BY job_id;
SELECT job_id, priority FROM claim_training_jobs('w', 9);

-- so can those of a plan whose tables their owner has changed
ALTER TABLE training_jobs ADD CHECK (priority < 100);
SELECT create_training_plan('decisions', include_blocked => true) AS plan \gset
SELECT job_id, priority FROM claim_training_jobs('w', 9);
ALTER TABLE training_jobs DROP CONSTRAINT training_jobs_priority_check;
ALTER TABLE training_job_queue ADD note text NOT NULL DEFAULT 'none', ADD CHECK (worker <> 'nobody');
SELECT create_training_plan('decisions') AS plan \gset
UPDATE training_job_queue SET note = 'mine' WHERE job_id = 'sym_t_a';
\set VERBOSITY terse
SELECT job_id, priority FROM claim_training_jobs('nobody', 9);
\set VERBOSITY default
SELECT job_id, priority FROM claim_training_jobs('w', 9);
SELECT complete_training_job(:plan, 'sym_t_a', 1);
SELECT job_id, state, note FROM training_job_queue WHERE plan_id = :plan ORDER BY job_id;
ALTER TABLE training_job_queue DROP note, DROP CONSTRAINT training_job_queue_worker_check;
SELECT complete_training_job(:plan, 'sym_t_b', 1);
SELECT job_id, state FROM training_job_status WHERE plan_id = :plan ORDER BY job_id;

-- a job is moved up or down by hand, also to where this session has already looked
SELECT create_training_plan('decisions') AS plan \gset
SELECT job_id FROM claim_training_jobs('w', 2);
SELECT job_id FROM claim_training_jobs('w', 1, families => '{mlp}');
UPDATE training_job_queue SET priority = 3, position = 1 WHERE plan_id = :plan AND job_id = 'cs_t';
SELECT job_id, priority FROM training_job_status WHERE plan_id = :plan AND state = 'pending';
INSERT INTO training_jobs VALUES (:plan, 'first', 'a', NULL, 'ROUTE_CROSS_SECTIONAL', 'cross_sectional', '{mlp}', 3, NULL, NULL, '{}');
SELECT job_id FROM claim_training_jobs('w', 1);
SELECT job_id FROM claim_training_jobs('w', 1);

-- a place that nobody has touched gives way, as when a dump is restored; any other is kept
SELECT create_training_plan('decisions') AS plan \gset
UPDATE training_job_queue SET priority = 5 WHERE plan_id = :plan AND job_id = 'sym_t_b';
INSERT INTO training_job_queue (plan_id, priority, position, ready_at, attempt, job_id, state)
VALUES (:plan, 3, 1, 'infinity', 2, 'cs_t', 'failed'), (:plan, 3, 1, 'infinity', 2, 'sym_t_b', 'failed');
SELECT job_id, state, attempts, priority FROM training_job_status WHERE plan_id = :plan ORDER BY job_id;

-- the triggers' functions are for these triggers
CREATE TABLE other (plan_id bigint);
CREATE TRIGGER t AFTER INSERT ON other FOR EACH STATEMENT EXECUTE FUNCTION queue_training_jobs();
INSERT INTO other VALUES (1);
DROP TRIGGER t ON other;
CREATE TRIGGER t BEFORE INSERT ON other FOR EACH ROW EXECUTE FUNCTION training_job_queue_guard();
INSERT INTO other VALUES (1);
DROP TABLE other;

-- a state that nobody knows: it can't be, and where it is all the same, other jobs go on
DROP OWNED BY regress_trainplan_planner;
DROP EXTENSION trainplan;
CREATE EXTENSION trainplan;
SELECT create_training_plan('decisions') AS plan \gset
\set VERBOSITY terse
UPDATE training_job_queue SET state = 'lost' WHERE job_id = 'sym_t_a' AND plan_id = :plan;
ALTER TABLE training_job_queue DROP CONSTRAINT training_job_queue_state_check;
UPDATE training_job_queue SET state = 'lost' WHERE job_id = 'sym_t_b' AND plan_id = :plan;
\set VERBOSITY default
SELECT job_id FROM claim_training_jobs('w', 9);

DELETE FROM training_plans;
DELETE FROM training_job_history;
DROP ROLE regress_trainplan_planner;
DROP TABLE decisions;

-- the next tests have the tables as they are created
DROP EXTENSION trainplan;
CREATE EXTENSION trainplan;
