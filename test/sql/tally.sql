-- Progress is told without counting what has ended, and is what counting tells.

CREATE TABLE decisions AS
SELECT 't' AS target, 's' || n AS symbol,
    CASE WHEN n % 5 = 0 THEN 'ROUTE_BLOCKED' ELSE 'ROUTE_SYMBOL_SPECIFIC' END AS route
FROM generate_series(1, 100) AS n;

-- what counting tells
CREATE VIEW counted AS
SELECT p.plan_id, b.blocked, c.*
FROM training_plans AS p,
    LATERAL (
        SELECT count(*) AS blocked FROM training_jobs AS j WHERE j.plan_id = p.plan_id AND j.training_type = 'blocked'
    ) AS b,
    LATERAL (
        SELECT
            count(*) FILTER (WHERE s.state = 'pending') AS pending, count(*) FILTER (WHERE s.state = 'waiting') AS waiting,
            count(*) FILTER (WHERE s.state = 'running') AS running, count(*) FILTER (WHERE s.state = 'succeeded') AS succeeded,
            count(*) FILTER (WHERE s.state = 'failed') AS failed, count(*) FILTER (WHERE s.state = 'cancelled') AS cancelled
        FROM training_job_queue AS q,
            training_job_state(q.state, q.ready_at, q.cancel_requested, q.attempt - q.attempts_forgiven, p.max_attempts) AS s (state)
        WHERE q.plan_id = p.plan_id
    ) AS c;
CREATE VIEW wrong AS
SELECT plan_id, pending, waiting, running, succeeded, failed, cancelled, blocked FROM training_plan_progress
EXCEPT SELECT plan_id, pending, waiting, running, succeeded, failed, cancelled, blocked FROM counted;
-- how much of it is tallied: the plans that have a base, and the number of rows
CREATE VIEW tallied AS
SELECT count(*) FILTER (WHERE part = 0) AS bases, count(*) AS rows FROM training_plan_tally;
CREATE VIEW plans AS
SELECT dense_rank() OVER (ORDER BY plan_id) AS plan, jobs, pending, waiting, running, succeeded, failed, cancelled, blocked, percent_done
FROM training_plan_progress ORDER BY plan_id;

-- ---- by the functions -------------------------------------------------------------

SELECT create_training_plan('decisions') AS plan \gset
SELECT create_training_plan('decisions', include_blocked => true) AS other \gset
SELECT * FROM plans;
SELECT * FROM tallied;

SELECT FROM claim_training_jobs('w', 10, :plan);
SELECT FROM claim_training_jobs('w', 10, :other);
SELECT count(complete_training_job(plan_id, job_id, attempt)) FROM training_job_attempts WHERE job_id ~ '[12]$';
SELECT count(fail_training_job(plan_id, job_id, attempt, 'out of memory')) FROM training_job_attempts WHERE job_id ~ '3$' AND outcome IS NULL;
SELECT count(*) FROM complete_training_jobs(:plan, '{sym_t_s16,sym_t_s17}', '{1,1}') WHERE held;
SELECT cancel_training_jobs(:plan, symbol => 's99'), cancel_training_jobs(:other, '{sym_t_s98,sym_t_s11}');
SELECT * FROM plans;
SELECT * FROM wrong;

-- a session goes on in its own row
SELECT * FROM tallied;

-- a lease that ran out is not running, whoever has claimed the job since
UPDATE training_plans SET max_attempts = 1 WHERE plan_id = :other;
SELECT FROM claim_training_jobs('dies', 3, :plan, '1 microsecond');
SELECT FROM claim_training_jobs('dies', 4, :other, '1 microsecond');
SELECT * FROM plans;
SELECT * FROM wrong;
SELECT FROM claim_training_jobs('w', 7, :plan);
SELECT FROM claim_training_jobs('w', 2, :other);
SELECT * FROM wrong;
SELECT retry_training_jobs(:plan), retry_training_jobs(:other);
SELECT * FROM plans;
SELECT * FROM wrong;

-- what is rolled back was not
BEGIN;
SELECT cancel_training_jobs(:plan);
SAVEPOINT s;
SELECT retry_training_jobs(:plan, symbol => 's99');
SELECT * FROM wrong;
ROLLBACK TO s;
SELECT * FROM wrong;
SELECT retry_training_jobs(:plan, symbol => 's98');
SELECT * FROM wrong;
ROLLBACK;
SELECT * FROM wrong;
SELECT cancel_training_jobs(:plan, '{sym_t_s91}');
SELECT * FROM wrong;

-- what waits for the pooled model is counted where it is stored, released, cancelled and retried
CREATE TABLE pooled AS
SELECT 'p' AS target, CASE WHEN n > 0 THEN 's' || n END AS symbol, CASE WHEN n > 0 THEN 'ROUTE_BOTH' ELSE 'ENABLED' END AS route FROM generate_series(0, 5) AS n;
SELECT create_training_plan('pooled', pooled_first => true) AS waits \gset
SELECT pending, waiting, running, succeeded, cancelled, percent_done FROM training_plan_progress WHERE plan_id = :waits;
SELECT cancel_training_jobs(:waits, '{cs_p}');
SELECT pending, waiting, running, succeeded, cancelled, percent_done FROM training_plan_progress WHERE plan_id = :waits;
SELECT retry_training_jobs(:waits);
SELECT pending, waiting, running, succeeded, cancelled, percent_done FROM training_plan_progress WHERE plan_id = :waits;
SELECT complete_training_job(plan_id, job_id, attempt) FROM claim_training_jobs('w', 1, :waits);
SELECT pending, waiting, running, succeeded, cancelled, percent_done FROM training_plan_progress WHERE plan_id = :waits;
SELECT * FROM wrong;
DELETE FROM training_plans WHERE plan_id = :waits;
DROP TABLE pooled;

-- as a transaction sees all else
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT cancel_training_jobs(:plan, '{sym_t_s92}');
DECLARE before CURSOR FOR SELECT pending, cancelled FROM training_plan_progress WHERE plan_id = :plan;
SELECT cancel_training_jobs(:plan, '{sym_t_s93}');
FETCH before;
CLOSE before;
SELECT pending, cancelled FROM training_plan_progress WHERE plan_id = :plan;
COMMIT;

-- ---- by hand -----------------------------------------------------------------------

UPDATE training_job_queue SET state = CASE WHEN job_id ~ '7$' THEN 'succeeded' WHEN job_id ~ '6$' THEN 'failed' ELSE 'pending' END;
SELECT * FROM wrong;
UPDATE training_job_queue SET priority = 9;
SELECT * FROM wrong;
DELETE FROM training_job_queue WHERE job_id ~ '1$';
SELECT * FROM wrong;
INSERT INTO training_job_queue (plan_id, priority, position, job_id, state)
SELECT plan_id, 2, 1, 'sym_t_s11', CASE plan_id WHEN :plan THEN 'pending' ELSE 'cancelled' END FROM training_plans;
SELECT * FROM wrong;
-- the place that comes in takes that of one that nobody has touched
SELECT create_training_plan('decisions', include_blocked => true) AS third \gset
INSERT INTO training_job_queue (plan_id, priority, position, job_id, state)
SELECT plan_id, 2, 1, 'sym_t_s' || n, 'succeeded' FROM training_plans, generate_series(1, 9) AS n WHERE n <> 5;
SELECT * FROM wrong;
SELECT * FROM plans;
BEGIN;
INSERT INTO training_job_queue (plan_id, priority, position, job_id, state) VALUES (:third, 2, 1, 'sym_t_s12', 'failed');
SAVEPOINT s;
\set VERBOSITY terse
INSERT INTO training_job_queue (plan_id, priority, position, job_id, state)
SELECT :third, 2, 1, 'sym_t_s' || n, CASE n WHEN 19 THEN 'none' ELSE 'failed' END FROM generate_series(13, 19) AS n WHERE n <> 15;
ROLLBACK TO s;
\set VERBOSITY default
INSERT INTO training_job_queue (plan_id, priority, position, job_id, state) VALUES (:third, 2, 1, 'sym_t_s14', 'failed');
COMMIT;
SELECT * FROM wrong;
INSERT INTO training_job_queue (plan_id, priority, position, job_id) VALUES (:third, 2, 1, 'sym_t_s14')
ON CONFLICT (plan_id, job_id) DO UPDATE SET state = 'cancelled';
SELECT * FROM wrong;

-- jobs that become blocked, or are so no more; that come and go
UPDATE training_jobs SET training_type = 'blocked' WHERE job_id ~ '98$';
UPDATE training_jobs SET training_type = 'symbol_specific' WHERE job_id = 'blocked_t_s5';
SELECT * FROM wrong WHERE plan_id <> :plan;
UPDATE training_jobs SET training_type = 'symbol_specific' WHERE job_id ~ '98$';
INSERT INTO training_jobs
SELECT plan_id, 'x' || n, 'x', n::text, 'r', CASE n WHEN 1 THEN 'blocked' ELSE 'symbol_specific' END, '{a}', n, NULL, NULL, '{}'
FROM training_plans, generate_series(1, 3) AS n;
UPDATE training_plans SET include_blocked = true;
SELECT * FROM wrong;
SELECT * FROM plans;
DELETE FROM training_jobs WHERE job_id ~ '(4|5|1)$';
SELECT * FROM wrong;
SELECT * FROM plans;
DELETE FROM training_plans WHERE plan_id = :other;
SELECT * FROM wrong;
SELECT count(*) FROM training_plan_tally WHERE plan_id NOT IN (SELECT plan_id FROM training_plans);

-- a plan that is made of nothing but rows
INSERT INTO training_plans (plan_id, routing, model_families, include_blocked, total_jobs)
OVERRIDING SYSTEM VALUE VALUES (1000000, 'hand', '{}', true, 0);
SELECT jobs, percent_done FROM training_plan_progress WHERE plan_id = 1000000;
INSERT INTO training_job_queue (plan_id, priority, position, job_id, state) VALUES (1000000, 2, 1, 'a', 'succeeded');
SELECT jobs, percent_done FROM training_plan_progress WHERE plan_id = 1000000;
INSERT INTO training_jobs
SELECT 1000000, c, 'x', c, 'r', CASE c WHEN 'c' THEN 'blocked' ELSE 'symbol_specific' END, '{a}', 2, NULL, NULL, '{}' FROM unnest('{a,b,c}'::text[]) AS c;
SELECT jobs, pending, succeeded, blocked FROM training_plan_progress WHERE plan_id = 1000000;
SELECT count(*) FROM training_plan_tally WHERE plan_id = 1000000 AND part = 0;
SELECT * FROM wrong;
DELETE FROM training_plans WHERE plan_id = 1000000;

-- what others have hung on the tables makes no difference
CREATE FUNCTION pass() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN coalesce(NEW, OLD); END $$;
CREATE TRIGGER pass BEFORE INSERT OR UPDATE OR DELETE ON training_jobs FOR EACH ROW EXECUTE FUNCTION pass();
CREATE TRIGGER pass BEFORE INSERT OR UPDATE OR DELETE ON training_job_queue FOR EACH ROW EXECUTE FUNCTION pass();
SELECT create_training_plan('decisions', include_blocked => true) AS fourth \gset
SELECT * FROM wrong;
SELECT FROM claim_training_jobs('w', 10, :fourth);
SELECT count(complete_training_job(plan_id, job_id, attempt)) FROM training_job_attempts WHERE plan_id = :fourth;
SELECT cancel_training_jobs(:fourth, symbol => 's99');
SELECT * FROM wrong;
SELECT places, blocked FROM training_plan_tally WHERE plan_id = :fourth AND part = 0;
DELETE FROM training_jobs WHERE plan_id = :fourth AND job_id ~ '[12]$';
SELECT * FROM wrong;
SELECT * FROM plans;
DROP FUNCTION pass CASCADE;

-- ---- without a tally ---------------------------------------------------------------

-- places are counted where there is no base, or an index is missing
SELECT * FROM tallied;
BEGIN;
DELETE FROM training_plan_tally;
SELECT * FROM wrong;
SELECT FROM claim_training_jobs('w', 10, :third);
SELECT count(complete_training_job(plan_id, job_id, attempt)) FROM training_job_attempts WHERE plan_id = :third AND outcome IS NULL;
SELECT * FROM wrong;
-- and get one with the next jobs that come
INSERT INTO training_jobs SELECT plan_id, 'y', 'y', NULL, 'r', 'cross_sectional', '{a}', 3, NULL, NULL, '{}' FROM training_plans;
SELECT bases FROM tallied;
SELECT * FROM wrong;
ROLLBACK;
BEGIN;
SELECT jobs_per_hour IS NOT NULL AS has_rate FROM training_plan_progress WHERE plan_id = :third;
DROP INDEX training_job_queue_running_idx, training_job_queue_ended_idx;
SELECT * FROM wrong;
SELECT jobs_per_hour IS NOT NULL AS has_rate FROM training_plan_progress WHERE plan_id = :third;
ROLLBACK;

TRUNCATE training_job_queue;
SELECT * FROM wrong;
SELECT * FROM tallied;
TRUNCATE training_plans, training_jobs, training_job_queue;
SELECT * FROM plans;
SELECT create_training_plan('decisions') AS plan \gset
TRUNCATE training_plans;
SELECT * FROM tallied;

-- ---- rights -------------------------------------------------------------------------

SELECT create_training_plan('decisions', include_blocked => true) AS plan \gset
SELECT FROM claim_training_jobs('w', 10, :plan);
SELECT count(complete_training_job(plan_id, job_id, attempt)) FROM training_job_attempts WHERE job_id ~ '[12]$';
CREATE ROLE tally_reader;
GRANT SELECT ON training_plans, training_plan_progress TO tally_reader;
SET ROLE tally_reader;
SELECT count(*) FROM training_plan_progress;
RESET ROLE;
-- the queue is enough
GRANT SELECT ON training_job_queue TO tally_reader;
SET ROLE tally_reader;
SELECT jobs, pending, running, succeeded, blocked, jobs_per_hour > 0 AS has_rate FROM training_plan_progress;
SELECT count(*) FROM training_plan_tally;
RESET ROLE;
-- counts are of whole plans, whoever sees which jobs of them; but not of more than he sees of the queue
GRANT SELECT ON training_jobs, training_job_history, training_job_status, training_job_attempts TO tally_reader;
ALTER TABLE training_jobs ENABLE ROW LEVEL SECURITY;
CREATE POLICY a_few ON training_jobs USING (symbol IN ('s1', 's2', 's3', 's96', 's100'));
SET ROLE tally_reader;
SELECT jobs, pending, running, succeeded, blocked FROM training_plan_progress;
SELECT job_id, state FROM training_job_status ORDER BY job_id;
SELECT job_id, outcome FROM training_job_attempts ORDER BY job_id;
RESET ROLE;
ALTER TABLE training_job_queue ENABLE ROW LEVEL SECURITY;
CREATE POLICY a_few ON training_job_queue USING (job_id ~ '1$');
SET ROLE tally_reader;
SELECT jobs, pending, running, succeeded, blocked, jobs_per_hour > 0 AS has_rate FROM training_plan_progress;
RESET ROLE;
DROP POLICY a_few ON training_job_queue;
DROP POLICY a_few ON training_jobs;
ALTER TABLE training_job_queue DISABLE ROW LEVEL SECURITY;
ALTER TABLE training_jobs DISABLE ROW LEVEL SECURITY;
DROP OWNED BY tally_reader;
DROP ROLE tally_reader;

-- the function itself
SELECT training_plan_counts(NULL, 3);
SELECT training_plan_counts(:plan, NULL);
SELECT pending, newest, per_second FROM training_plan_counts(-1, 3);

DROP VIEW wrong, counted, tallied, plans;
DELETE FROM training_plans;
DROP TABLE decisions;
