-- Cancelling and retrying the jobs of a plan.

CREATE TABLE decisions (target text, symbol text, route text);
INSERT INTO decisions
SELECT 't' || t, s, 'ROUTE_BOTH' FROM generate_series(1, 2) AS t, unnest('{a,b,c}'::text[]) AS s
UNION ALL
VALUES ('t1', NULL, 'ENABLED'), ('t2', NULL, 'ENABLED'), ('t2', 'd', 'ROUTE_BLOCKED');
SELECT create_training_plan('decisions', include_blocked => true) AS plan \gset
CREATE VIEW status AS
SELECT job_id, state, attempts, error, result
FROM training_job_status
WHERE plan_id = latest_training_plan()
ORDER BY job_id COLLATE "C";

-- pending jobs at once, running ones when their worker reports next
SELECT job_id FROM claim_training_jobs('w1', 4);
SELECT complete_training_job(:plan, 'sym_t1_a', 1, '{"auc": 0.6}');
SELECT cancel_training_jobs(:plan);
SELECT * FROM status;
SELECT cancel_training_jobs(:plan);
SELECT job_id FROM claim_training_jobs('w2', 100);

SELECT extend_training_job_lease(:plan, 'sym_t1_b', 1);
SELECT complete_training_job(:plan, 'sym_t1_c', 1, '{"auc": 0.7}');
SELECT fail_training_job(:plan, 'sym_t2_a', 1, 'oops');
SELECT * FROM status;
SELECT job_id, attempt, outcome, error, result FROM training_job_attempts WHERE plan_id = :plan ORDER BY job_id COLLATE "C";
SELECT jobs, pending, running, succeeded, failed, cancelled, blocked, percent_done FROM training_plan_progress WHERE plan_id = :plan;

-- retry brings them back, all or some; what succeeded stays
SELECT retry_training_jobs(:plan, '{sym_t2_a,sym_t1_a}');
SELECT retry_training_jobs(:plan, target => 't2');
SELECT retry_training_jobs(:plan, symbol => 'b', target => 't1');
SELECT * FROM status;
SELECT job_id, attempt FROM claim_training_jobs('w2', 100);
SELECT cancel_training_jobs(:plan, symbol => 'b');
SELECT cancel_training_jobs(:plan, '{cs_t2}', target => 't1');

-- a worker that dies after its job was cancelled
SELECT create_training_plan('decisions') AS plan \gset
SELECT job_id FROM claim_training_jobs('dies', lease => '1 minute');
SELECT cancel_training_jobs(:plan, '{sym_t1_a}');
-- a minute passes
UPDATE training_job_queue SET ready_at = now() WHERE plan_id = :plan AND state = 'running';
SELECT * FROM status WHERE job_id = 'sym_t1_a';
SELECT jobs, pending, cancelled FROM training_plan_progress WHERE plan_id = :plan;
SELECT job_id FROM claim_training_jobs('w1');
SELECT * FROM status WHERE job_id = 'sym_t1_a';
SELECT job_id, attempt, outcome FROM training_job_attempts WHERE plan_id = :plan AND job_id = 'sym_t1_a';

-- cancelling a job whose lease ran out; retrying one that failed because of that, seen by nobody yet
SELECT job_id FROM claim_training_jobs('dies', lease => '1 microsecond');
SELECT cancel_training_jobs(:plan, '{sym_t1_c}');
SELECT * FROM status WHERE job_id = 'sym_t1_c';
UPDATE training_plans SET max_attempts = 1 WHERE plan_id = :plan;
SELECT job_id FROM claim_training_jobs('dies', lease => '1 microsecond');
SELECT * FROM status WHERE job_id = 'sym_t2_a';
SELECT retry_training_jobs(:plan, '{sym_t2_a}');
SELECT * FROM status WHERE job_id = 'sym_t2_a';

-- a retry has all attempts once more
UPDATE training_plans SET max_attempts = 2 WHERE plan_id = :plan;
SELECT job_id, attempt, fail_training_job(:plan, job_id, attempt, 'second') FROM claim_training_jobs('w1');
SELECT job_id, attempt, fail_training_job(:plan, job_id, attempt, 'third') FROM claim_training_jobs('w1');
SELECT * FROM status WHERE job_id = 'sym_t2_a';
SELECT job_id, attempt, outcome, error FROM training_job_attempts WHERE plan_id = :plan AND job_id = 'sym_t2_a' ORDER BY attempt;

-- a job that still runs when it is retried goes on; one that is named twice is changed once
SELECT create_training_plan('decisions') AS plan \gset
SELECT job_id FROM claim_training_jobs('w1', 2);
SELECT cancel_training_jobs(:plan, '{sym_t1_b,sym_t1_a,sym_t1_b,cs_t1,cs_t1}'), retry_training_jobs(:plan, '{sym_t1_a,cs_t1,sym_t1_a,cs_t1}');
SELECT * FROM status WHERE job_id IN ('sym_t1_a', 'sym_t1_b', 'cs_t1');
SELECT * FROM complete_training_jobs(:plan, '{sym_t1_b,sym_t1_a,sym_t1_a}', '{1,1,1}');
SELECT * FROM status WHERE job_id IN ('sym_t1_a', 'sym_t1_b', 'cs_t1');

-- what makes no sense
\getenv test PG_ABS_SRCDIR
\set attempt :test '/helpers/attempt.sql'
\i :attempt
SELECT pg_temp.attempt($$SELECT cancel_training_jobs(0)$$);
SELECT pg_temp.attempt($$SELECT cancel_training_jobs(NULL)$$);
SELECT pg_temp.attempt($$SELECT retry_training_jobs(0)$$);
SELECT replace(pg_temp.attempt($$SELECT cancel_training_jobs(latest_training_plan(), '{sym_t1_a,nope}')$$), 'plan ' || :'plan', 'plan N');
SELECT pg_temp.attempt($$SELECT retry_training_jobs(latest_training_plan(), '{NULL}')$$);

DELETE FROM training_plans;
DELETE FROM training_job_history;
DROP VIEW status;
DROP TABLE decisions;
