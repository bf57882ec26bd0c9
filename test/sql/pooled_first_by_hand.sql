-- Jobs that wait for the pooled model of their target, when somebody changes plans, jobs
-- and places by hand: nothing waits forever, and nothing runs before its pooled model.

ALTER TABLE training_plans ALTER plan_id RESTART;
CREATE TABLE decisions (target text, symbol text, route text);
INSERT INTO decisions VALUES ('t', NULL, 'ENABLED'), ('t', 'a', 'ROUTE_BOTH'), ('t', 'b', 'ROUTE_BOTH'), ('t', 'c', 'ROUTE_SYMBOL_SPECIFIC');
CREATE VIEW places AS
SELECT q.job_id, q.state, q.priority, awaited AS awaits,
    CASE WHEN ready_at IS NULL THEN 'fresh' WHEN ready_at = 'infinity' THEN 'never' ELSE 'now' END AS ready, q.error
FROM training_job_queue AS q
WHERE plan_id = latest_training_plan()
ORDER BY job_id;
CREATE FUNCTION pg_temp.new_plan() RETURNS bigint
LANGUAGE SQL
AS $$ SELECT create_training_plan('decisions', pooled_first => true) $$;
\set VERBOSITY terse

-- the place of the pooled job is changed: what waits follows
SELECT pg_temp.new_plan() AS plan \gset
UPDATE training_job_queue SET state = 'failed' WHERE plan_id = :plan AND job_id = 'cs_t';
SELECT * FROM places;
UPDATE training_job_queue SET state = 'pending' WHERE plan_id = :plan AND job_id = 'cs_t';
SELECT * FROM places;
UPDATE training_job_queue SET state = 'succeeded' WHERE plan_id = :plan AND job_id = 'cs_t';
SELECT * FROM places;

-- deleted, or its job is: there is nothing to wait for
SELECT pg_temp.new_plan() AS plan \gset
DELETE FROM training_job_queue WHERE plan_id = :plan AND job_id = 'cs_t';
SELECT * FROM places;
SELECT pg_temp.new_plan() AS plan \gset
DELETE FROM training_jobs WHERE plan_id = :plan AND job_id = 'cs_t';
SELECT * FROM places;
SELECT pg_temp.new_plan() AS plan \gset
DELETE FROM training_jobs WHERE plan_id = :plan;
SELECT * FROM places;

-- the place of one that waits
SELECT pg_temp.new_plan() AS plan \gset
UPDATE training_job_queue SET state = 'pending' WHERE plan_id = :plan AND job_id = 'sym_t_a';
UPDATE training_job_queue SET state = 'cancelled' WHERE plan_id = :plan AND job_id = 'sym_t_b';
UPDATE training_job_queue SET state = 'waiting' WHERE plan_id = :plan AND job_id = 'sym_t_c';
SELECT * FROM places;
UPDATE training_job_queue SET state = 'waiting' WHERE plan_id = :plan AND job_id IN ('sym_t_a', 'sym_t_b');
SELECT * FROM places;
SELECT cancel_training_jobs(:plan, '{cs_t}');
UPDATE training_job_queue SET state = 'pending' WHERE plan_id = :plan AND job_id = 'sym_t_a';
SELECT * FROM places;

-- jobs that come into a plan: new ones wait, and others wait for a new pooled job
SELECT pg_temp.new_plan() AS plan \gset
INSERT INTO training_jobs VALUES
    (:plan, 'sym_t_d', 't', 'd', 'ROUTE_BOTH', 'symbol_specific', '{mlp}', 5, NULL, NULL, '{"needs_cs_ensemble": true}'),
    (:plan, 'sym_t_e', 't', 'e', 'ROUTE_BOTH', 'symbol_specific', '{mlp}', 3, NULL, NULL, '{"needs_cs_ensemble": "true"}'),
    (:plan, 'sym_u_a', 'u', 'a', 'ROUTE_BOTH', 'symbol_specific', '{mlp}', 3, NULL, NULL, '{"needs_cs_ensemble": true}'),
    (:plan, 'sym_v_a', 'v', 'a', 'ROUTE_BOTH', 'symbol_specific', '{mlp}', 3, NULL, NULL, '{"needs_cs_ensemble": true}'),
    (:plan, 'cs_v', 'v', NULL, 'ROUTE_CROSS_SECTIONAL', 'cross_sectional', '{mlp}', 2, NULL, NULL, '{}');
SELECT * FROM places;
SELECT job_id FROM claim_training_jobs('w', 1);
INSERT INTO training_jobs VALUES (:plan, 'cs_u', 'u', NULL, 'ROUTE_CROSS_SECTIONAL', 'cross_sectional', '{mlp}', 2, NULL, NULL, '{}');
SELECT * FROM places WHERE job_id LIKE '%u%';
SELECT complete_training_job(:plan, 'cs_t', 1);
INSERT INTO training_jobs VALUES (:plan, 'sym_t_f', 't', 'f', 'ROUTE_BOTH', 'symbol_specific', '{mlp}', 3, NULL, NULL, '{"needs_cs_ensemble": true}');
SELECT cancel_training_jobs(:plan, '{cs_u}');
INSERT INTO training_jobs VALUES (:plan, 'sym_u_b', 'u', 'b', 'ROUTE_BOTH', 'symbol_specific', '{mlp}', 3, NULL, NULL, '{"needs_cs_ensemble": true}');
SELECT * FROM places WHERE job_id LIKE '%u%' OR job_id = 'sym_t_f';

-- jobs that are changed
SELECT pg_temp.new_plan() AS plan \gset
UPDATE training_jobs SET metadata = '{}' WHERE plan_id = :plan AND symbol = 'a';
UPDATE training_jobs SET metadata = '{"needs_cs_ensemble": true}' WHERE plan_id = :plan AND symbol = 'c';
SELECT * FROM places;
UPDATE training_jobs SET target = 'u' WHERE plan_id = :plan AND symbol = 'b';
SELECT * FROM places;
UPDATE training_jobs SET target = 'u' WHERE plan_id = :plan AND symbol IS NULL;
SELECT * FROM places;
UPDATE training_jobs SET target = 'x' WHERE plan_id = :plan;
SELECT * FROM places;

-- jobs that are there before their plan
SELECT :plan + 1 AS plan \gset
INSERT INTO training_jobs SELECT :plan, job_id, target, symbol, route, training_type, model_families, priority, estimated_samples, reason, metadata
FROM training_jobs WHERE plan_id = 1;
INSERT INTO training_plans (plan_id, routing, model_families, include_blocked, total_jobs, pooled_first) OVERRIDING SYSTEM VALUE
VALUES (:plan, 'r', '{mlp}', false, 4, true);
SELECT * FROM places;

-- places that come beside one that was kept
CREATE TABLE saved AS SELECT * FROM training_job_queue WHERE plan_id = :plan;
SELECT job_id FROM claim_training_jobs('w', 1, :plan);
SELECT complete_training_job(:plan, 'cs_t', 1);
INSERT INTO training_job_queue SELECT * FROM saved;
SELECT * FROM places;
DELETE FROM training_job_queue WHERE plan_id = :plan AND job_id <> 'cs_t';
INSERT INTO training_job_queue SELECT * FROM saved;
SELECT * FROM places;

-- places that come in and wait: for a pooled job that succeeded, or does not know of it, or is not there
INSERT INTO training_job_queue SELECT * FROM saved WHERE job_id = 'sym_t_a' OR job_id = 'cs_t';
DELETE FROM training_job_queue WHERE plan_id = :plan AND job_id <> 'cs_t';
INSERT INTO training_job_queue SELECT * FROM saved WHERE job_id <> 'cs_t';
SELECT * FROM places;
DELETE FROM training_job_queue WHERE plan_id = :plan;
DELETE FROM training_job_history WHERE plan_id = :plan;
INSERT INTO training_job_queue SELECT * FROM saved WHERE job_id = 'cs_t';
UPDATE training_job_queue SET awaited = false, priority = 1 WHERE plan_id = :plan AND job_id = 'cs_t';
INSERT INTO training_job_queue SELECT * FROM saved WHERE job_id <> 'cs_t';
SELECT * FROM places;
DELETE FROM training_job_queue WHERE plan_id = :plan;
INSERT INTO training_job_queue SELECT * FROM saved WHERE job_id <> 'cs_t';
SELECT * FROM places;
SELECT waiting, pending, jobs FROM training_plan_progress WHERE plan_id = :plan;

-- a pooled job that has come when all that need it had ended: they wait for it when they are retried
SELECT pg_temp.new_plan() AS plan \gset
CREATE TABLE kept AS SELECT * FROM training_jobs WHERE plan_id = :plan AND job_id = 'cs_t';
DELETE FROM training_jobs WHERE plan_id = :plan AND job_id = 'cs_t';
SELECT cancel_training_jobs(:plan);
UPDATE training_job_queue SET priority = 7 WHERE plan_id = :plan AND job_id = 'sym_t_b';
INSERT INTO training_jobs SELECT * FROM kept;
SELECT * FROM places;
SELECT retry_training_jobs(:plan);
SELECT * FROM places;
SELECT job_id, complete_training_job(:plan, job_id, attempt) FROM claim_training_jobs('w', 1, :plan);
SELECT job_id FROM claim_training_jobs('w', 9, :plan) ORDER BY job_id;

-- also when it is retried with them, and its id comes behind theirs
SELECT pg_temp.new_plan() AS plan \gset
DELETE FROM training_jobs WHERE plan_id = :plan AND job_id = 'cs_t';
SELECT cancel_training_jobs(:plan);
UPDATE kept SET plan_id = :plan, job_id = 'z';
INSERT INTO training_jobs SELECT * FROM kept;
SELECT cancel_training_jobs(:plan);
SELECT retry_training_jobs(:plan, target => 't', symbol => 'a');
SELECT retry_training_jobs(:plan);
SELECT * FROM places;
SELECT job_id, complete_training_job(:plan, job_id, attempt) FROM claim_training_jobs('w', 1, :plan);
SELECT job_id FROM claim_training_jobs('w', 9, :plan) ORDER BY job_id;

-- and when its priority was changed while nothing waited
SELECT pg_temp.new_plan() AS plan \gset
SELECT cancel_training_jobs(:plan, '{cs_t}');
UPDATE training_job_queue SET priority = 1 WHERE plan_id = :plan AND job_id = 'cs_t';
SELECT retry_training_jobs(:plan);
SELECT * FROM places;

-- in plans without it nothing waits, whatever jobs say
SELECT create_training_plan('decisions') AS plan \gset
UPDATE training_job_queue SET state = 'waiting' WHERE plan_id = :plan AND job_id = 'sym_t_a';
UPDATE training_job_queue SET awaited = true WHERE plan_id = :plan AND job_id = 'cs_t';
SELECT job_id, state FROM places;
SELECT count(*) FROM claim_training_jobs('w', 4, :plan);
SELECT complete_training_job(:plan, 'cs_t', 1);
SELECT count(*) FROM complete_training_jobs(:plan, '{sym_t_a,sym_t_b}', '{1,1}') WHERE held;

-- others' triggers see each change
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE NOTICE '%: % to %', NEW.job_id, OLD.state, NEW.state;
    RETURN NEW;
END $$;
SELECT pg_temp.new_plan() AS plan \gset
CREATE TRIGGER note BEFORE UPDATE ON training_job_queue FOR EACH ROW EXECUTE FUNCTION note();
SELECT cancel_training_jobs(:plan);
SELECT retry_training_jobs(:plan);
SELECT complete_training_job(:plan, job_id, attempt) FROM claim_training_jobs('w', 1);
DROP TRIGGER note ON training_job_queue;
ALTER TABLE training_job_queue ADD CHECK (priority < 100);
ALTER TABLE training_jobs ADD CHECK (priority < 100);
SELECT pg_temp.new_plan() AS plan \gset
SELECT * FROM places;

-- row-level security: what waits is let go whoever reports
CREATE ROLE regress_trainplan_pooled;
GRANT SELECT ON training_plans, training_jobs TO regress_trainplan_pooled;
GRANT SELECT ON training_limits TO regress_trainplan_pooled;
GRANT SELECT, UPDATE ON training_job_queue TO regress_trainplan_pooled;
GRANT SELECT, INSERT ON training_job_history TO regress_trainplan_pooled;
ALTER TABLE training_jobs ENABLE ROW LEVEL SECURITY;
CREATE POLICY pooled ON training_jobs TO regress_trainplan_pooled USING (symbol IS NULL OR symbol = 'a');
SET ROLE regress_trainplan_pooled;
SELECT cancel_training_jobs(:plan), retry_training_jobs(:plan);
SELECT job_id FROM claim_training_jobs('w', 9) ORDER BY job_id;
SELECT complete_training_job(:plan, 'cs_t', 1);
RESET ROLE;
SELECT * FROM places;

DROP OWNED BY regress_trainplan_pooled;
DROP ROLE regress_trainplan_pooled;
ALTER TABLE training_jobs DISABLE ROW LEVEL SECURITY;
ALTER TABLE training_jobs DROP CONSTRAINT training_jobs_priority_check;
ALTER TABLE training_job_queue DROP CONSTRAINT training_job_queue_priority_check;
DELETE FROM training_plans;
DELETE FROM training_job_history;
DROP VIEW places;
DROP TABLE decisions, saved, kept;
DROP FUNCTION note();
