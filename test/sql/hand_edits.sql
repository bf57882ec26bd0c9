-- Hand edits of the queue, with the grants that doc/operating.md gives to a scheduler.

ALTER TABLE training_plans ALTER plan_id RESTART;
CREATE TABLE decisions AS
SELECT 't' AS target, CASE WHEN n > 0 THEN 's' || n END AS symbol, CASE WHEN n > 0 THEN 'ROUTE_BOTH' ELSE 'ENABLED' END AS route
FROM generate_series(0, 9) AS n;
CREATE ROLE regress_trainplan_scheduler;
GRANT SELECT ON training_plans, training_jobs TO regress_trainplan_scheduler;
GRANT SELECT, UPDATE ON training_job_queue TO regress_trainplan_scheduler;
GRANT SELECT, INSERT ON training_job_history TO regress_trainplan_scheduler;
GRANT SELECT ON training_job_status, training_job_attempts, training_plan_progress TO regress_trainplan_scheduler;
CREATE VIEW places AS
SELECT job_id, state, attempt, attempts_forgiven AS forgiven, cancel_requested AS cancel, worker,
    CASE WHEN ready_at IS NULL THEN 'fresh' WHEN ready_at = 'infinity' THEN 'ended' WHEN ready_at > statement_timestamp() THEN 'later' ELSE 'now' END AS ready,
    state_since BETWEEN statement_timestamp() - interval '1 minute' AND statement_timestamp() AS lately
FROM training_job_queue;
GRANT SELECT ON places TO regress_trainplan_scheduler;
\set VERBOSITY terse

SELECT create_training_plan('decisions') AS plan \gset
SET ROLE regress_trainplan_scheduler;

-- a row that can't mean anything is refused
SELECT job_id FROM claim_training_jobs('w', 1);
UPDATE training_job_queue SET worker = NULL WHERE job_id = 'sym_t_s1';
UPDATE training_job_queue SET ready_at = NULL WHERE job_id = 'sym_t_s1';
UPDATE training_job_queue SET state = 'running' WHERE job_id = 'sym_t_s2';
UPDATE training_job_queue SET state = 'done' WHERE job_id = 'sym_t_s1';
UPDATE training_job_queue SET state = NULL WHERE job_id = 'sym_t_s1';
UPDATE training_job_queue SET attempts_forgiven = 2 WHERE job_id = 'sym_t_s1';
UPDATE training_job_queue SET attempts_forgiven = -1 WHERE job_id = 'sym_t_s1';
UPDATE training_job_queue SET job_id = 'sym_t_s10' WHERE job_id = 'sym_t_s1';
UPDATE training_job_queue SET plan_id = 0 WHERE job_id = 'sym_t_s1';
SELECT * FROM places WHERE job_id = 'sym_t_s1';
SELECT complete_training_job(:plan, 'sym_t_s1', 1);

-- a job is given to somebody by hand, who can report it
UPDATE training_job_queue SET state = 'running', worker = 'me', ready_at = now() + interval '1 hour' WHERE job_id = 'sym_t_s2';
SELECT * FROM places WHERE job_id = 'sym_t_s2';
SELECT complete_training_job(:plan, 'sym_t_s2', 1, '{"r2": 0.1}');
SELECT attempt, worker, outcome, result FROM training_job_attempts WHERE job_id = 'sym_t_s2';

-- the numbers of attempts never go back; set to less, it means that so many count
SELECT job_id FROM claim_training_jobs('w', 1);
SELECT fail_training_job(:plan, 'sym_t_s3', 1, 'e');
SELECT job_id, attempt FROM claim_training_jobs('w', 1);
SELECT fail_training_job(:plan, 'sym_t_s3', 2, 'e');
UPDATE training_job_queue SET attempt = 0 WHERE job_id = 'sym_t_s3';
SELECT * FROM places WHERE job_id = 'sym_t_s3';
SELECT job_id, attempt FROM claim_training_jobs('w', 1);
UPDATE training_job_queue SET attempt = -7 WHERE job_id = 'sym_t_s3';
SELECT * FROM places WHERE job_id = 'sym_t_s3';
SELECT fail_training_job(:plan, 'sym_t_s3', 3, 'e');
SELECT state, attempts FROM training_job_status WHERE job_id = 'sym_t_s3';

-- what has ended by hand has ended, and is recorded if it ran
SELECT job_id, attempt FROM claim_training_jobs('w', 2);
UPDATE training_job_queue SET state = 'succeeded' WHERE job_id IN ('sym_t_s3', 'sym_t_s4', 'sym_t_s5');
SELECT * FROM places WHERE job_id IN ('sym_t_s3', 'sym_t_s4', 'sym_t_s5') ORDER BY job_id;
SELECT job_id, attempt, worker, outcome FROM training_job_attempts WHERE job_id IN ('sym_t_s3', 'sym_t_s4', 'sym_t_s5') ORDER BY job_id, attempt;
SELECT complete_training_job(:plan, 'sym_t_s3', 4), complete_training_job(:plan, 'sym_t_s4', 1);
SELECT job_id FROM claim_training_jobs('w', 1);
UPDATE training_job_queue SET state = 'failed' WHERE job_id = 'sym_t_s6';
SELECT state, finished_at IS NOT NULL AS finished, worker FROM training_job_status WHERE job_id = 'sym_t_s6';

-- what is pending by hand can be claimed
UPDATE training_job_queue SET state = 'pending' WHERE job_id IN ('sym_t_s1', 'sym_t_s6');
SELECT * FROM places WHERE job_id IN ('sym_t_s1', 'sym_t_s6') ORDER BY job_id;
SELECT job_id, attempt FROM claim_training_jobs('w', 2);
UPDATE training_job_queue SET state = 'pending', worker = NULL, ready_at = 'infinity' WHERE job_id = 'sym_t_s1';
SELECT * FROM places WHERE job_id = 'sym_t_s1';
SELECT attempt, outcome FROM training_job_attempts WHERE job_id = 'sym_t_s1' ORDER BY attempt;
SELECT job_id, attempt FROM claim_training_jobs('w', 1);

-- one that is to be cancelled, by hand, is at its next report
UPDATE training_job_queue SET cancel_requested = true WHERE job_id IN ('sym_t_s1', 'sym_t_s7');
SELECT job_id, cancel FROM places WHERE job_id IN ('sym_t_s1', 'sym_t_s7') ORDER BY job_id;
SELECT extend_training_job_lease(:plan, 'sym_t_s1', 3);
SELECT state FROM training_job_status WHERE job_id = 'sym_t_s1';

-- a lease that is given no end ends, if not soon; one that is long over is over
SELECT job_id FROM claim_training_jobs('w', 1, lease => '1 ms');
UPDATE training_job_queue SET ready_at = '-infinity', state_since = '-infinity' WHERE job_id = 'sym_t_s7';
SELECT job_id, attempt FROM claim_training_jobs('w', 1);
SELECT attempt, outcome, started_at FROM training_job_attempts WHERE job_id = 'sym_t_s7' AND outcome = 'expired';
UPDATE training_job_queue SET ready_at = 'infinity' WHERE job_id = 'sym_t_s7';
SELECT state, attempts, lease_expires_at FROM training_job_status WHERE job_id = 'sym_t_s7';

-- one that runs is given to another worker, whose attempt is another
UPDATE training_job_queue SET worker = 'you', ready_at = now() + interval '1 hour' WHERE job_id = 'sym_t_s6';
UPDATE training_job_queue SET worker = 'them' WHERE job_id = 'sym_t_s7';
SELECT attempt, worker, outcome FROM training_job_attempts WHERE job_id = 'sym_t_s7' ORDER BY attempt;
SELECT * FROM places WHERE job_id = 'sym_t_s7';
SELECT complete_training_job(:plan, 'sym_t_s7', 2), complete_training_job(:plan, 'sym_t_s7', 3);

-- all at once, and nothing is counted twice or lost
UPDATE training_job_queue SET state = (ARRAY['pending', 'succeeded', 'failed', 'cancelled'])[1 + position % 4] WHERE plan_id = :plan;
SELECT jobs, pending, running, succeeded, failed, cancelled FROM training_plan_progress WHERE plan_id = :plan;
SELECT count(*) FROM claim_training_jobs('w', 100, :plan);
UPDATE training_job_queue SET state = 'pending' WHERE plan_id = :plan;
SELECT count(*) FROM claim_training_jobs('w', 100, :plan);
SELECT count(*) FROM complete_training_jobs(:plan, (SELECT array_agg(job_id ORDER BY job_id) FROM training_job_attempts WHERE outcome IS NULL),
    (SELECT array_agg(attempt ORDER BY job_id) FROM training_job_attempts WHERE outcome IS NULL)) WHERE held;
SELECT jobs, pending, running, succeeded FROM training_plan_progress WHERE plan_id = :plan;

-- the number of an attempt that the history has already, as after a restore of a part
RESET ROLE;
SELECT create_training_plan('decisions') AS plan \gset
INSERT INTO training_job_history (plan_id, job_id, attempt, worker, started_at, finished_at, outcome)
VALUES (:plan, 'sym_t_s1', 1, 'v', now(), now(), 'failed'), (:plan, 'sym_t_s1', 7, 'v', now(), now(), 'failed');
SET ROLE regress_trainplan_scheduler;
SELECT job_id, attempt FROM claim_training_jobs('w', 1);
SELECT complete_training_job(:plan, 'sym_t_s1', 8), complete_training_job(:plan, 'sym_t_s1', 1);
SELECT attempt, outcome FROM training_job_attempts WHERE plan_id = :plan ORDER BY attempt;

-- numbers at the end of what they can be
UPDATE training_job_queue SET attempt = 2147483647 WHERE plan_id = :plan AND job_id = 'sym_t_s2';
UPDATE training_job_queue SET priority = 2147483647, position = -2147483648 WHERE plan_id = :plan AND job_id = 'sym_t_s5';
UPDATE training_job_queue SET priority = -2147483648, position = 2147483647 WHERE plan_id = :plan AND job_id <> 'sym_t_s5';
SELECT job_id, priority FROM claim_training_jobs('w', 3);
UPDATE training_job_queue SET attempt = 1000000000 WHERE plan_id = :plan AND job_id IN ('sym_t_s3', 'sym_t_s4');
SELECT job_id, state, attempts FROM training_job_status WHERE plan_id = :plan AND attempts = 1000000000 ORDER BY job_id;
SELECT job_id FROM claim_training_jobs('w', 100, :plan) ORDER BY job_id;
UPDATE training_job_queue SET attempt = 1000000000 WHERE plan_id = :plan AND job_id = 'sym_t_s6';
INSERT INTO training_job_history VALUES (:plan, 'sym_t_s6', 1000000000, 'v', now(), now(), 'failed');
SELECT complete_training_job(:plan, 'sym_t_s6', 1000000000);
SELECT job_id, state, attempts FROM training_job_status WHERE plan_id = :plan AND attempts > 1000 ORDER BY job_id;
SELECT attempt, worker, outcome FROM training_job_attempts WHERE plan_id = :plan AND job_id = 'sym_t_s6' ORDER BY attempt;

-- what is recorded is checked too
RESET ROLE;
INSERT INTO training_job_history VALUES (:plan, 'sym_t_s9', 1, 'v', now(), now(), 'lost');
INSERT INTO training_job_history VALUES (:plan, 'sym_t_s9', 0, 'v', now(), now(), 'failed');

-- keys are known to other tables
UPDATE training_jobs SET job_id = 'x' WHERE plan_id = :plan AND job_id = 'sym_t_s9';
UPDATE training_jobs SET plan_id = 0 WHERE plan_id = :plan;
UPDATE training_jobs SET plan_id = plan_id, job_id = job_id || '', reason = 'none' WHERE plan_id = :plan AND job_id = 'sym_t_s9';
INSERT INTO training_jobs VALUES (0, 'x', 'x', NULL, 'ROUTE_CROSS_SECTIONAL', 'cross_sectional', '{mlp}', 9, NULL, NULL, '{}');
DELETE FROM training_jobs WHERE plan_id = 0;

DELETE FROM training_plans;
SELECT count(*) > 0 AS kept FROM training_job_history;
DELETE FROM training_job_history;
DROP VIEW places;
DROP OWNED BY regress_trainplan_scheduler;
DROP ROLE regress_trainplan_scheduler;
DROP TABLE decisions;
