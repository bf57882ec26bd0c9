-- Reporting: what becomes of a job that a worker has claimed.

ALTER TABLE training_plans ALTER plan_id RESTART;
CREATE TABLE decisions (target text, symbol text, route text);
INSERT INTO decisions VALUES
    ('t', NULL, 'ENABLED'),
    ('t', 'a', 'ROUTE_BOTH'),
    ('t', 'b', 'ROUTE_SYMBOL_SPECIFIC');
SELECT create_training_plan('decisions') AS plan \gset
CREATE VIEW status AS
SELECT job_id, state, attempts, worker, started_at IS NOT NULL AS started, retry_at > now() AS "retry later",
    finished_at IS NOT NULL AS finished, error, result
FROM training_job_status
WHERE plan_id = latest_training_plan()
ORDER BY priority DESC, job_id;
CREATE VIEW attempts AS
SELECT job_id, attempt, worker, outcome, finished_at >= started_at AS ended, error, result
FROM training_job_attempts
WHERE plan_id = latest_training_plan()
ORDER BY job_id, attempt;

SELECT job_id, attempt FROM claim_training_jobs('w1', 3);

-- success, with a result; reporting twice changes nothing
SELECT complete_training_job(:plan, 'sym_t_a', 1, '{"auc": 0.61}');
SELECT complete_training_job(:plan, 'sym_t_a', 1, '{"auc": 0.99}');
SELECT fail_training_job(:plan, 'sym_t_a', 1, 'too late');
SELECT extend_training_job_lease(:plan, 'sym_t_a', 1);

-- or without
SELECT complete_training_job(:plan, 'cs_t', 1);

-- failure: again at once, again later, and then for good; all errors are kept
SELECT fail_training_job(:plan, 'sym_t_b', 1, 'out of memory');
SELECT * FROM status;
SELECT job_id, attempt FROM claim_training_jobs('w2');
SELECT fail_training_job(:plan, 'sym_t_b', 1, 'an attempt that is over');
SELECT fail_training_job(:plan, 'sym_t_b', 2, 'disk full', '1 hour');
SELECT * FROM status WHERE job_id = 'sym_t_b';
SELECT job_id, attempt FROM claim_training_jobs('w2');
-- an hour passes
UPDATE training_job_queue SET ready_at = now() WHERE plan_id = :plan AND state = 'pending';
SELECT job_id, attempt FROM claim_training_jobs('w2');
SELECT fail_training_job(:plan, 'sym_t_b', 3, NULL, '1 hour');
SELECT * FROM status;
SELECT * FROM attempts;
SELECT job_id FROM claim_training_jobs('w2');
SELECT plan_id = :plan AS plan, jobs, pending, running, succeeded, failed, cancelled, blocked, percent_done, jobs_per_hour > 0 AS rate,
    expected_end <= now() AS ended
FROM training_plan_progress
WHERE plan_id = :plan;

-- longer leases and shorter ones; a lease that ran out is lost even if nobody claimed the job since
SELECT create_training_plan('decisions') AS plan \gset
SELECT job_id, attempt FROM claim_training_jobs('w1', 1, lease => '1 minute');
SELECT extend_training_job_lease(:plan, 'sym_t_a', 1, '1 hour');
SELECT lease_expires_at > now() + '50 minutes' AS longer FROM training_job_status WHERE plan_id = :plan AND job_id = 'sym_t_a';
SELECT extend_training_job_lease(:plan, 'sym_t_a', 1);
SELECT lease_expires_at > now() + '50 minutes' AS longer FROM training_job_status WHERE plan_id = :plan AND job_id = 'sym_t_a';
SELECT extend_training_job_lease(:plan, 'sym_t_a', 1, '1 microsecond');
SELECT extend_training_job_lease(:plan, 'sym_t_a', 1, '1 hour');
SELECT complete_training_job(:plan, 'sym_t_a', 1, '{"auc": 0.99}');
SELECT fail_training_job(:plan, 'sym_t_a', 1, 'too late');
SELECT * FROM status;
SELECT * FROM attempts;

-- nor does the worker hold it when somebody else has claimed it
SELECT job_id, attempt FROM claim_training_jobs('w2');
SELECT complete_training_job(:plan, 'sym_t_a', 1, '{"auc": 0.99}');
SELECT complete_training_job(:plan, 'sym_t_a', 2, '{"auc": 0.6}');
SELECT * FROM attempts;

-- a job that was not claimed; that is blocked; whose place somebody has deleted; of a plan that is not there
SELECT complete_training_job(:plan, 'sym_t_b', 0), complete_training_job(:plan, 'sym_t_b', 1);
INSERT INTO training_jobs VALUES
    (:plan, 'blocked_t_c', 't', 'c', 'ROUTE_BLOCKED', 'blocked', '{}', 0, NULL, NULL, '{}'),
    (:plan, 'sym_t_d', 't', 'd', 'ROUTE_BOTH', 'symbol_specific', '{x}', 0, NULL, NULL, '{}');
DELETE FROM training_job_queue WHERE plan_id = :plan AND job_id = 'sym_t_d';
SELECT complete_training_job(:plan, 'blocked_t_c', 1), fail_training_job(:plan, 'blocked_t_c', 1, 'e'), extend_training_job_lease(:plan, 'blocked_t_c', 1);
SELECT complete_training_job(:plan, 'sym_t_d', 1), fail_training_job(:plan, 'sym_t_d', 1, 'e'), extend_training_job_lease(:plan, 'sym_t_d', 1);
SELECT complete_training_job(0, 'sym_t_b', 1), fail_training_job(0, 'sym_t_b', 1, 'e'), extend_training_job_lease(0, 'sym_t_b', 1);
DELETE FROM training_jobs WHERE plan_id = :plan AND job_id IN ('blocked_t_c', 'sym_t_d');

-- a job that the plan does not have is no job that was lost
SELECT complete_training_job(:plan, 'sym_t_z', 1);
SELECT fail_training_job(:plan, 'sym_t_z', 1, 'e');
SELECT extend_training_job_lease(:plan, 'sym_t_z', 1);
SELECT extend_training_job_lease(:plan, '', 1);

-- nor is one that the caller can't see: whether it is there is not to be told, but that a plan is
CREATE ROLE regress_trainplan_worker;
GRANT SELECT ON training_plans, training_jobs TO regress_trainplan_worker;
GRANT SELECT, UPDATE ON training_job_queue TO regress_trainplan_worker;
GRANT SELECT, INSERT ON training_job_history TO regress_trainplan_worker;
ALTER TABLE training_jobs ENABLE ROW LEVEL SECURITY;
CREATE POLICY pooled ON training_jobs USING (symbol IS NULL);
SET ROLE regress_trainplan_worker;
SELECT complete_training_job(:plan, 'sym_t_b', 1);
SELECT complete_training_job(:plan, 'sym_t_z', 1);
SELECT extend_training_job_lease(:plan, 'sym_t_b', 1);
SELECT fail_training_job(:plan, 'sym_t_b', 1, 'e');
SELECT * FROM complete_training_jobs(:plan, '{sym_t_b,cs_t}', '{1,1}');
SELECT * FROM complete_training_jobs(:plan, '{sym_t_z,cs_t}', '{1,1}');
SELECT complete_training_job(:plan, 'cs_t', 1);
RESET ROLE;
CREATE POLICY others ON training_plans USING (false);
ALTER TABLE training_plans ENABLE ROW LEVEL SECURITY;
SET ROLE regress_trainplan_worker;
SELECT complete_training_job(:plan, 'sym_t_b', 1), complete_training_job(:plan, 'sym_t_z', 1), complete_training_job(:plan, 'cs_t', 1);
RESET ROLE;
DROP POLICY others ON training_plans;
DROP POLICY pooled ON training_jobs;
ALTER TABLE training_plans DISABLE ROW LEVEL SECURITY;
ALTER TABLE training_jobs DISABLE ROW LEVEL SECURITY;

-- who may not read jobs hears only that it was not his
REVOKE SELECT ON training_jobs FROM regress_trainplan_worker;
SET ROLE regress_trainplan_worker;
SELECT complete_training_job(:plan, 'cs_t', 1);
SELECT complete_training_job(:plan, 'sym_t_z', 1);
SELECT * FROM complete_training_jobs(:plan, '{sym_t_z,cs_t}', '{1,1}');
RESET ROLE;
DROP OWNED BY regress_trainplan_worker;
DROP ROLE regress_trainplan_worker;

-- how far a plan is while it runs
SELECT job_id FROM claim_training_jobs('w3');
SELECT jobs, pending, running, succeeded, failed, cancelled, blocked, percent_done, jobs_per_hour > 0 AS rate,
    expected_end > now() AS "still to come"
FROM training_plan_progress
WHERE plan_id = :plan;

-- deleting a plan with jobs that run; late reports
DELETE FROM training_plans WHERE plan_id = :plan;
SELECT extend_training_job_lease(:plan, 'sym_t_b', 1);
SELECT complete_training_job(:plan, 'sym_t_b', 1);
SELECT fail_training_job(:plan, 'sym_t_b', 1, 'late');
SELECT count(*) FROM training_job_queue WHERE plan_id = :plan;
SELECT count(*) FROM training_job_history WHERE plan_id = :plan;

-- a job that was taken out of its plan
SELECT create_training_plan('decisions') AS plan \gset
SELECT job_id FROM claim_training_jobs('w1');
DELETE FROM training_jobs WHERE plan_id = :plan AND job_id = 'sym_t_a';
SELECT complete_training_job(:plan, 'sym_t_a', 1);
SELECT job_id FROM claim_training_jobs('w1', 9);

-- what makes no sense
\getenv test PG_ABS_SRCDIR
\set attempt :test '/helpers/attempt.sql'
\i :attempt
SELECT pg_temp.attempt($$SELECT complete_training_job(NULL, 'x', 1)$$);
SELECT pg_temp.attempt($$SELECT complete_training_job(1, NULL, 1)$$);
SELECT pg_temp.attempt($$SELECT complete_training_job(1, 'x', NULL)$$);
SELECT pg_temp.attempt($$SELECT extend_training_job_lease(1, 'x', 1, '-1 s')$$);
SELECT pg_temp.attempt($$SELECT fail_training_job(1, 'x', 1, 'e', '-1 s')$$);

-- leases and delays end, also where intervals need not (from PostgreSQL 17 on)
SELECT call, infinity, left((SELECT string_agg(line, '') FROM pg_temp.attempt(format('SELECT * FROM ' || call, infinity)) AS line), 2) AS class
FROM unnest('{infinity,-infinity}'::text[]) AS infinity,
    unnest(ARRAY['claim_training_jobs(''w'', lease => %L)', 'extend_training_job_lease(1, ''x'', 1, %L)',
        'extend_training_job_leases(1, ''{x}'', ''{1}'', %L)', 'fail_training_job(1, ''x'', 1, ''e'', %L)']) AS call;
BEGIN READ ONLY;
SELECT complete_training_job(1, 'x', 1);
ROLLBACK;

DELETE FROM training_plans;
DELETE FROM training_job_history;
DROP VIEW status, attempts;
DROP TABLE decisions;
