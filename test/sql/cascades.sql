-- What belongs to a plan or a job goes with it: all of it, and nothing else.  Attempts
-- stay: what was learnt outlives both.

CREATE TABLE decisions AS
SELECT 't' || t AS target, CASE WHEN s > 0 THEN 's' || s END AS symbol, CASE WHEN s > 0 THEN 'ROUTE_BOTH' ELSE 'ENABLED' END AS route
FROM generate_series(1, 3) AS t, generate_series(0, 3) AS s;
CREATE VIEW rows AS
SELECT p.plan_id - first AS plan, (SELECT count(*) FROM training_plans AS t WHERE t.plan_id = p.plan_id) AS plans,
    (SELECT count(*) FROM training_jobs AS j WHERE j.plan_id = p.plan_id) AS jobs,
    (SELECT count(*) FROM training_job_queue AS q WHERE q.plan_id = p.plan_id) AS places,
    (SELECT count(*) FROM training_job_history AS h WHERE h.plan_id = p.plan_id) AS attempts
FROM (SELECT min(plan_id) AS first FROM training_job_history) AS f, generate_series(first, first + 3) AS p (plan_id);
CREATE FUNCTION make_plans() RETURNS void LANGUAGE sql AS $$
    SELECT count(complete_training_job(p, job_id, attempt)) FROM (SELECT create_training_plan('decisions') AS p FROM generate_series(1, 4)) AS plans, claim_training_jobs('w', 5, p)
$$;

-- a plan, some plans, some in another order, none, all
BEGIN;
SELECT make_plans();
SELECT latest_training_plan() - 3 AS first \gset
SELECT * FROM rows;
DELETE FROM training_plans WHERE plan_id = :first + 1;
SELECT * FROM rows;
DELETE FROM training_plans WHERE plan_id = :first + 1;
WITH one AS (DELETE FROM training_plans WHERE plan_id = :first + 3), two AS (DELETE FROM training_plans WHERE plan_id = :first + 2) SELECT;
SELECT * FROM rows;
DELETE FROM training_plans;
SELECT count(*) FROM training_jobs;
ROLLBACK;

-- jobs, of several plans
BEGIN;
SELECT make_plans();
SELECT latest_training_plan() - 3 AS first \gset
DELETE FROM training_jobs WHERE symbol IS NULL OR plan_id = :first AND target = 't1';
SELECT * FROM rows;
DELETE FROM training_jobs WHERE plan_id = :first;
SELECT * FROM rows;
SELECT job_id FROM training_job_queue WHERE plan_id = :first + 1 ORDER BY job_id;
ROLLBACK;

-- a place or an attempt goes alone
BEGIN;
SELECT make_plans();
DELETE FROM training_job_queue WHERE position = 1;
DELETE FROM training_job_history WHERE job_id LIKE '%s2';
SELECT * FROM rows;
ROLLBACK;

-- all at once
BEGIN;
SELECT make_plans();
TRUNCATE training_jobs;
SELECT (SELECT count(*) FROM training_plans) AS plans, (SELECT count(*) FROM training_job_queue) AS places, (SELECT count(*) FROM training_job_history) AS attempts;
ROLLBACK;
BEGIN;
SELECT make_plans();
TRUNCATE training_plans;
SELECT (SELECT count(*) FROM training_jobs) AS jobs, (SELECT count(*) FROM training_job_queue) AS places, (SELECT count(*) FROM training_job_history) AS attempts;
ROLLBACK;
BEGIN;
SELECT make_plans();
TRUNCATE training_job_history, training_plans, training_job_queue, training_jobs RESTART IDENTITY;
SELECT create_training_plan('decisions');
ROLLBACK;
BEGIN;
SELECT make_plans();
TRUNCATE training_job_queue;
SELECT (SELECT count(*) > 0 FROM training_jobs) AS jobs, (SELECT count(*) > 0 FROM training_job_history) AS attempts;
ROLLBACK;

-- rows that belong to nothing, as after the restore of a part, harm nobody
BEGIN;
INSERT INTO training_job_queue (plan_id, job_id, priority, position) VALUES (-5, 'a', 1, 1), (9223372036854775807, 'b', 1, 1);
INSERT INTO training_job_history VALUES (-5, 'a', 1, 'w', now(), now(), 'failed');
SELECT make_plans();
DELETE FROM training_plans;
SELECT plan_id, job_id FROM training_job_queue ORDER BY plan_id;
DELETE FROM training_jobs;
SELECT count(*) FROM training_job_history;
ROLLBACK;

-- the right to delete a plan is the right to delete what belongs to it, seen or not, and no other
CREATE ROLE regress_trainplan_owner;
GRANT SELECT, DELETE ON training_plans TO regress_trainplan_owner;
BEGIN;
SELECT make_plans();
SELECT latest_training_plan() - 3 AS first \gset
ALTER TABLE training_jobs ENABLE ROW LEVEL SECURITY;
ALTER TABLE training_job_queue ENABLE ROW LEVEL SECURITY;
ALTER TABLE training_plans ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON training_plans USING (plan_id % 2 = 0);
SET ROLE regress_trainplan_owner;
SELECT count(*) FROM training_plans;
DELETE FROM training_plans WHERE plan_id <= :first + 1;
SAVEPOINT s;
DELETE FROM training_jobs;
ROLLBACK TO s;
DELETE FROM training_job_queue;
ROLLBACK TO s;
TRUNCATE training_plans;
ROLLBACK TO s;
RESET ROLE;
SELECT (plan_id - :first) IN (0, 1) AS deleted, plan_id % 2 = 0 AS seen, plans, jobs, places, attempts
FROM (SELECT plan + (SELECT min(plan_id) FROM training_job_history) AS plan_id, plans, jobs, places, attempts FROM rows) AS r WHERE plans = 1 ORDER BY 1, 2;
ROLLBACK;

-- who may truncate all of it empties it all
GRANT TRUNCATE ON training_plans, training_jobs TO regress_trainplan_owner;
BEGIN;
SELECT make_plans();
SET LOCAL ROLE regress_trainplan_owner;
SAVEPOINT s;
TRUNCATE training_plans;
ROLLBACK TO s;
RESET ROLE;
GRANT TRUNCATE ON training_job_queue TO regress_trainplan_owner;
SET LOCAL ROLE regress_trainplan_owner;
TRUNCATE training_plans;
RESET ROLE;
SELECT (SELECT count(*) FROM training_jobs) AS jobs, (SELECT count(*) FROM training_job_queue) AS places, (SELECT count(*) FROM training_job_history) AS attempts;
ROLLBACK;
DROP OWNED BY regress_trainplan_owner;
DROP ROLE regress_trainplan_owner;

-- triggers that are switched off delete nothing, as foreign keys' would
BEGIN;
SELECT make_plans();
SET LOCAL session_replication_role = replica;
DELETE FROM training_plans;
SELECT plans, jobs, places, attempts FROM rows;
ROLLBACK;

-- triggers that change what is being deleted: before the statement is in time, with a row is an error
CREATE FUNCTION change_places() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE training_job_queue SET priority = priority + 1 WHERE plan_id = (TG_ARGV[0])::bigint OR TG_ARGV[0] IS NULL;
    RETURN OLD;
END
$$;
BEGIN;
SELECT make_plans();
CREATE TRIGGER changes BEFORE DELETE ON training_job_queue FOR EACH STATEMENT EXECUTE FUNCTION change_places();
DELETE FROM training_plans;
SELECT (SELECT count(*) FROM training_jobs) AS jobs, (SELECT count(*) FROM training_job_queue) AS places, (SELECT count(*) FROM training_job_history) AS attempts;
ROLLBACK;
BEGIN;
SELECT make_plans();
CREATE TRIGGER changes BEFORE DELETE ON training_job_queue FOR EACH ROW EXECUTE FUNCTION change_places();
SAVEPOINT s;
DELETE FROM training_plans;
ROLLBACK TO s;
DELETE FROM training_jobs;
ROLLBACK TO s;
DROP TRIGGER changes ON training_job_queue;
CREATE TRIGGER changes AFTER DELETE ON training_job_queue FOR EACH ROW EXECUTE FUNCTION change_places();
DELETE FROM training_plans;
SELECT (SELECT count(*) FROM training_jobs) AS jobs, (SELECT count(*) FROM training_job_queue) AS places, (SELECT count(*) FROM training_job_history) AS attempts;
ROLLBACK;
DROP FUNCTION change_places();

-- what is being read can't be emptied
BEGIN;
TRUNCATE training_plans;
SELECT make_plans();
DECLARE jobs CURSOR FOR SELECT job_id FROM training_jobs;
FETCH jobs \g /dev/null
SAVEPOINT s;
TRUNCATE training_plans;
ROLLBACK TO s;
CLOSE jobs;
DECLARE places CURSOR FOR SELECT job_id FROM training_job_queue;
FETCH places \g /dev/null
SAVEPOINT t;
TRUNCATE training_jobs;
ROLLBACK TO t;
CLOSE places;
TRUNCATE training_plans;
ROLLBACK;

-- jobs may come with a change of their plan
BEGIN;
SELECT make_plans();
WITH changed AS (UPDATE training_plans SET max_attempts = 5 WHERE plan_id = latest_training_plan() RETURNING plan_id)
INSERT INTO training_jobs SELECT plan_id, 'cs_u', 'u', NULL, 'ROUTE_CROSS_SECTIONAL', 'cross_sectional', '{mlp}', 2, NULL, NULL, '{}' FROM changed;
SELECT state, attempts FROM training_job_status WHERE job_id = 'cs_u';
DELETE FROM training_job_queue WHERE job_id = 'cs_u';
SELECT state, attempts FROM training_job_status WHERE job_id = 'cs_u';
ROLLBACK;

DROP FUNCTION make_plans;
DROP VIEW rows;
DROP TABLE decisions;
