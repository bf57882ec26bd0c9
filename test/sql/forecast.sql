-- When a plan will be done: how long jobs take, by the history, and when they begin, on so many workers.

ALTER TABLE training_plans ALTER plan_id RESTART;
CREATE TABLE decisions (target text, symbol text, route text, sample_size bigint, model_families text[]);
INSERT INTO decisions VALUES
    ('a', NULL, 'ENABLED', NULL, '{mlp}'),
    ('a', 'x', 'ROUTE_BOTH', 100, '{xgboost}'),
    ('a', 'y', 'ROUTE_BOTH', 100, '{xgboost}'),
    ('b', 'x', 'ROUTE_SYMBOL_SPECIFIC', 400, '{xgboost}'),
    ('b', 'y', 'ROUTE_EXPERIMENTAL_ONLY', NULL, '{ridge}');

-- no plan, no rows; mistakes
SELECT * FROM forecast_training_plan();
SELECT * FROM forecast_training_plan(1);
SELECT * FROM forecast_training_plan(workers => 0);
SELECT * FROM forecast_training_plan(workers => -1);

SELECT create_training_plan('decisions') AS plan \gset
\set shown 'place, job_id, priority, state, expected_seconds AS seconds, basis, runs, round(extract(epoch FROM expected_start - statement_timestamp()), -1) AS starts, round(extract(epoch FROM expected_end - statement_timestamp()), -1) AS ends'

-- nothing was ever trained: an order, and no times
SELECT :shown FROM forecast_training_plan(workers => 2);

-- what was trained, for so many seconds
CREATE PROCEDURE trained(target text, symbol text, seconds double precision, families text[], samples bigint DEFAULT NULL, outcome text DEFAULT 'succeeded')
LANGUAGE SQL
BEGIN ATOMIC
    INSERT INTO training_job_history (plan_id, job_id, attempt, worker, started_at, finished_at, outcome, target, symbol, training_type, model_families, estimated_samples)
    SELECT 0, 'j', 1 + (SELECT count(*) FROM training_job_history WHERE plan_id = 0), 'w',
        timestamptz '2025-01-01', timestamptz '2025-01-01' + seconds * interval '1 second',
        outcome, target, symbol, CASE WHEN symbol IS NULL THEN 'cross_sectional' ELSE 'symbol_specific' END, families, samples;
END;

-- of all jobs; then of its kind; then of its kind for each sample; then of its target; then of the job itself
CALL trained('z', 'x', 1000, '{lstm}');
SELECT :shown FROM forecast_training_plan(workers => 2);
CALL trained('z', 'x', 700, '{xgboost}');
CALL trained('z', 'x', 200, '{xgboost}', 0);
CALL trained('z', NULL, 5000, '{xgboost}', 100);
SELECT :shown FROM forecast_training_plan(workers => 2);
CALL trained('z', 'x', 200, '{xgboost}', 100);
CALL trained('z', 'x', 200, '{xgboost}', 50);
SELECT :shown FROM forecast_training_plan(workers => 2);
CALL trained('b', 'z', 60, '{ridge}');
CALL trained('b', NULL, 5000, '{ridge}');
SELECT :shown FROM forecast_training_plan(workers => 2);
CALL trained('a', 'x', 100, '{xgboost}');
CALL trained('a', 'x', 400, '{xgboost}');
CALL trained('a', NULL, 1000, '{mlp}');
SELECT :shown FROM forecast_training_plan(workers => 2);

-- what failed, ended before it began, or at no time, tells nothing
CALL trained('a', 'x', 9000, '{xgboost}', outcome => 'failed');
CALL trained('a', 'x', -9000, '{xgboost}');
INSERT INTO training_job_history (plan_id, job_id, attempt, worker, started_at, finished_at, outcome, target, symbol, training_type, model_families)
VALUES (0, 'k', 1, 'w', '-infinity', '2025-01-01', 'succeeded', 'a', 'x', 'symbol_specific', '{xgboost}'),
    (0, 'k', 2, 'w', '2025-01-01', 'infinity', 'succeeded', 'a', 'x', 'symbol_specific', '{xgboost}');
SELECT job_id, expected_seconds, basis, runs FROM forecast_training_plan() WHERE job_id = 'sym_a_x';
-- what takes for ever never ends, and what comes behind it never begins
BEGIN;
INSERT INTO training_job_history (plan_id, job_id, attempt, worker, started_at, finished_at, outcome, target, symbol, training_type, model_families)
SELECT 0, 'k', 2 + n, 'w', '4000-01-01 BC', '294000-01-01', 'succeeded', 'a', 'x', 'symbol_specific', '{xgboost}' FROM generate_series(1, 5) AS n;
SELECT job_id, expected_seconds, expected_start IS NULL AS never, expected_end FROM forecast_training_plan(workers => 1) WHERE priority >= 3;
ROLLBACK;

-- what runs has what is left of it, or ends now, and there are as many workers as run jobs
BEGIN;
SELECT job_id FROM claim_training_jobs('w', 2);
UPDATE training_job_queue SET state_since = now() - CASE job_id WHEN 'sym_a_x' THEN interval '50 seconds' ELSE interval '1 day' END
WHERE state = 'running';
SELECT :shown FROM forecast_training_plan();
-- fewer workers than run: what runs goes on
SELECT :shown FROM forecast_training_plan(workers => 1);
-- a lease that ran out, a retry that is delayed
SELECT fail_training_job(:plan, 'sym_a_y', 1, 'e', '1000 seconds') AS failed, release_training_jobs('w') AS released;
SELECT :shown FROM forecast_training_plan(workers => 3);
-- and after the last attempt nothing is left of either
UPDATE training_plans SET max_attempts = 1;
SELECT job_id FROM claim_training_jobs('w', 1, lease => '1 microsecond', job_ids => '{cs_a}');
SELECT job_id FROM forecast_training_plan();
ROLLBACK;

-- paused: nothing begins, and what runs goes on
BEGIN;
SELECT job_id FROM claim_training_jobs('w');
SELECT pause_training_plan(:plan) AS paused;
SELECT :shown FROM forecast_training_plan(workers => 2);
ROLLBACK;

-- limits, over all plans: what runs elsewhere counts until it ends; 0 stops jobs for good
BEGIN;
INSERT INTO training_limits VALUES ('xgboost', '{xgboost,lstm}', 1), ('ridge', '{ridge}', 0);
SELECT create_training_plan('decisions') AS other \gset
SELECT job_id FROM claim_training_jobs('w', 1, :other);
SELECT :shown FROM forecast_training_plan(:plan, 4);
ROLLBACK;

-- pooled first: what waits begins when the pooled job of its target has ended
BEGIN;
SELECT create_training_plan('decisions', pooled_first => true) AS pooled \gset
SELECT :shown FROM forecast_training_plan(workers => 2);
SELECT job_id FROM claim_training_jobs('w');
SELECT cancel_training_jobs(:pooled, '{cs_a}') AS cancelled;
SELECT :shown FROM forecast_training_plan(workers => 2);
ROLLBACK;

-- the caller's rights: who sees no history is told so, and of jobs that he can't see, that they take workers
CREATE ROLE regress_forecast;
GRANT SELECT ON training_plans, training_jobs, training_job_queue TO regress_forecast;
SET ROLE regress_forecast;
SELECT count(*) FROM forecast_training_plan();
RESET ROLE;
GRANT SELECT ON training_job_history TO regress_forecast;
ALTER TABLE training_jobs ENABLE ROW LEVEL SECURITY;
CREATE POLICY b ON training_jobs TO regress_forecast USING (target = 'b');
INSERT INTO training_limits VALUES ('mlp', '{mlp}', 0);
SET ROLE regress_forecast;
SELECT :shown FROM forecast_training_plan(workers => 1);
RESET ROLE;
DROP POLICY b ON training_jobs;
ALTER TABLE training_jobs DISABLE ROW LEVEL SECURITY;
DROP OWNED BY regress_forecast;
DROP ROLE regress_forecast;
DELETE FROM training_limits;

-- a query calls it for many numbers of workers, and for several plans
SELECT create_training_plan('decisions') AS other \gset
SELECT n, p.plan_id = :plan AS first, round(extract(epoch FROM max(expected_end) - statement_timestamp())) AS ends
FROM training_plans AS p, generate_series(1, 4) AS n, forecast_training_plan(p.plan_id, n)
GROUP BY p.plan_id, n ORDER BY p.plan_id, n;
-- how many workers until then
SELECT min(n) AS workers FROM generate_series(1, 64) AS n
WHERE (SELECT max(expected_end) FROM forecast_training_plan(workers => n)) < statement_timestamp() + interval '20 minutes';
-- a time of the day
SELECT count(*) AS done FROM forecast_training_plan(workers => 1) WHERE expected_end < timestamptz 'tomorrow 23:59';

-- what has ended is not left
SELECT count(complete_training_job(plan_id, job_id, attempt)) FROM claim_training_jobs('w', 9);
SELECT count(*) FROM forecast_training_plan();
DELETE FROM training_plans;
DELETE FROM training_job_history;
DROP PROCEDURE trained;
DROP TABLE decisions;
