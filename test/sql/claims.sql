-- Claiming: which jobs a worker gets, and in which order.
SET timezone = 'UTC';

CREATE TABLE decisions (target text, symbol text, route text, sample_size bigint, model_families text[]);
INSERT INTO decisions VALUES
    ('b', NULL, 'ENABLED', 400, NULL),
    ('b', 'y', 'ROUTE_SYMBOL_SPECIFIC', 200, '{xgboost}'),
    ('b', 'x', 'ROUTE_BOTH', 100, NULL),
    ('a', 'x', 'ROUTE_BOTH', 100, '{xgboost,mlp}'),
    ('a', 'y', 'ROUTE_EXPERIMENTAL_ONLY', 100, '{mlp}'),
    ('a', 'z', 'ROUTE_BLOCKED', 100, NULL);

-- without a plan there is nothing to do
DELETE FROM training_plans;
SELECT * FROM claim_training_jobs('early');

SELECT create_training_plan('decisions', include_blocked => true) AS plan \gset
SELECT job_id, state, attempts FROM training_job_status WHERE plan_id = :plan ORDER BY job_id;

-- a claim returns all that a worker needs
SELECT job_id, target, symbol, route, training_type, model_families, priority, estimated_samples, reason, metadata,
    plan_id = :plan AS "this plan", attempt, lease_expires_at BETWEEN now() AND now() + '16 minutes' AS "for a quarter of an hour"
FROM claim_training_jobs('w1')
\gx

-- the others in the plan's order: priority, target, symbol; never the blocked one
SELECT job_id, priority, attempt FROM claim_training_jobs('w1', 2);
SELECT job_id, priority, attempt FROM claim_training_jobs('w2', 100);
SELECT job_id, priority, attempt FROM claim_training_jobs('w2', 100);
SELECT job_id, state, attempts, worker FROM training_job_status WHERE plan_id = :plan ORDER BY job_id;

-- by default the latest plan, or the one that is asked for
SELECT create_training_plan('decisions') AS next \gset
SELECT job_id, plan_id = :next AS latest FROM claim_training_jobs('w1');
SELECT job_id FROM claim_training_jobs('w1', plan_id => :plan);
SELECT job_id FROM claim_training_jobs('w1', NULL, NULL, NULL, NULL);

-- a lease that ran out lets the job be claimed again, before those of its priority that are fresh
SELECT create_training_plan('decisions') AS plan \gset
SELECT job_id, attempt FROM claim_training_jobs('dies', 2, lease => '1 microsecond');
SELECT job_id, state, attempts, worker FROM training_job_status WHERE plan_id = :plan AND attempts > 0 ORDER BY job_id;
SELECT job_id, attempt FROM claim_training_jobs('w1', 3);
SELECT job_id, attempt, worker, outcome FROM training_job_attempts WHERE plan_id = :plan ORDER BY job_id, attempt;

-- and after the plan's max_attempts it has failed for good
UPDATE training_plans SET max_attempts = 2 WHERE plan_id = :plan;
SELECT job_id, attempt FROM claim_training_jobs('dies', lease => '1 microsecond');
SELECT job_id, attempt FROM claim_training_jobs('dies', lease => '1 microsecond');
SELECT job_id, state, attempts FROM training_job_status WHERE plan_id = :plan AND job_id = 'cs_b';
SELECT job_id, attempt FROM claim_training_jobs('w1', 100);
SELECT job_id, state, attempts FROM training_job_status WHERE plan_id = :plan AND job_id = 'cs_b';
SELECT job_id, attempt, worker, outcome FROM training_job_attempts WHERE plan_id = :plan AND job_id = 'cs_b' ORDER BY attempt;

-- only jobs that the worker can train, or none
SELECT create_training_plan('decisions') AS plan \gset
SELECT job_id FROM claim_training_jobs('w1', 100, families => '{ridge}');
SELECT job_id, model_families FROM claim_training_jobs('w1', 1, families => '{ mlp ,ridge}');
SELECT job_id, model_families FROM claim_training_jobs('w1', 1, families => '{mlp,ridge}');
SELECT job_id, model_families FROM claim_training_jobs('w1', 100, families => '{mlp,xgboost}');
SELECT job_id, model_families FROM claim_training_jobs('w1', 100, families => '{mlp,xgboost}');
SELECT job_id, model_families FROM claim_training_jobs('w1', 100);

-- what is rolled back can be claimed again, also by the session that looked further meanwhile
SELECT create_training_plan('decisions') AS plan \gset
BEGIN;
SELECT job_id FROM claim_training_jobs('w1', 3);
SAVEPOINT s;
SELECT job_id FROM claim_training_jobs('w1', 1);
ROLLBACK TO s;
SELECT job_id FROM claim_training_jobs('w1', 1);
ROLLBACK;
SELECT job_id, attempt FROM claim_training_jobs('w1', 100);

-- a plan with the number of another that was there before is another
DELETE FROM training_plans WHERE plan_id = :plan;
SELECT setval('training_plans_plan_id_seq', :plan, false) = :plan AS again;
SELECT create_training_plan('decisions') = :plan AS again;
SELECT job_id, attempt FROM claim_training_jobs('w1', 2);

-- in a transaction that sees all else as it was, too
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT job_id, attempt FROM claim_training_jobs('w1');
SELECT job_id, complete_training_job(:plan, job_id, attempt) FROM claim_training_jobs('w1');
COMMIT;

-- several claims in one query
SELECT n, job_id FROM generate_series(1, 3) AS n, LATERAL claim_training_jobs('w' || n) ORDER BY n;

-- other priorities than those of the rules, as an imported plan may have
SELECT import_training_plan(replace(replace(training_plan_to_json(:plan)::text,
    '"priority": 1', '"priority": -2147483648'), '"1": ', '"-2147483648": ')) AS plan \gset
SELECT job_id, priority FROM claim_training_jobs('w1', 100);

-- row-level security on jobs: what a worker can't see it can't claim
SELECT create_training_plan('decisions') AS plan \gset
CREATE ROLE regress_trainplan_worker;
GRANT SELECT ON training_plans, training_jobs TO regress_trainplan_worker;
GRANT SELECT, UPDATE ON training_job_queue TO regress_trainplan_worker;
GRANT INSERT ON training_job_history TO regress_trainplan_worker;
ALTER TABLE training_jobs ENABLE ROW LEVEL SECURITY;
CREATE POLICY only_a ON training_jobs USING (target = 'a');
SET ROLE regress_trainplan_worker;
SELECT job_id FROM claim_training_jobs('w1', 100);
SELECT job_id FROM claim_training_jobs('w1', 100, families => '{lightgbm,xgboost}');
RESET ROLE;
DROP POLICY only_a ON training_jobs;
ALTER TABLE training_jobs DISABLE ROW LEVEL SECURITY;
SELECT job_id FROM claim_training_jobs('w1', 100);
DROP OWNED BY regress_trainplan_worker;
DROP ROLE regress_trainplan_worker;

-- what makes no sense
\getenv test PG_ABS_SRCDIR
\set attempt :test '/helpers/attempt.sql'
\i :attempt
SELECT pg_temp.attempt($$SELECT * FROM claim_training_jobs(NULL)$$);
SELECT pg_temp.attempt($$SELECT * FROM claim_training_jobs('')$$);
SELECT pg_temp.attempt($$SELECT * FROM claim_training_jobs('w', 0)$$);
SELECT pg_temp.attempt($$SELECT * FROM claim_training_jobs('w', lease => '0')$$);
SELECT pg_temp.attempt($$SELECT * FROM claim_training_jobs('w', lease => '-1 minute')$$);
SELECT pg_temp.attempt($$SELECT * FROM claim_training_jobs('w', lease => '300000 years')$$);
SELECT pg_temp.attempt($$SELECT * FROM claim_training_jobs('w', plan_id => 0)$$);
SELECT pg_temp.attempt($$SELECT * FROM claim_training_jobs('w', families => '{}')$$);
SELECT pg_temp.attempt($$SELECT * FROM claim_training_jobs('w', families => '{a,NULL}')$$);
SELECT pg_temp.attempt($$UPDATE training_plans SET max_attempts = 0$$) LIMIT 1;
BEGIN READ ONLY;
SELECT * FROM claim_training_jobs('w');
ROLLBACK;
ALTER TABLE training_job_queue ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE ROLE regress_trainplan_worker;
GRANT SELECT ON training_plans, training_jobs TO regress_trainplan_worker;
GRANT SELECT, UPDATE ON training_job_queue TO regress_trainplan_worker;
SET ROLE regress_trainplan_worker;
SELECT pg_temp.attempt($$SELECT * FROM claim_training_jobs('w')$$);
RESET ROLE;
ALTER TABLE training_job_queue DISABLE ROW LEVEL SECURITY, NO FORCE ROW LEVEL SECURITY;
DROP OWNED BY regress_trainplan_worker;
DROP ROLE regress_trainplan_worker;

DELETE FROM training_plans;
DELETE FROM training_job_history;
DROP TABLE decisions;

-- nobody keeps any rights
DROP EXTENSION trainplan;
CREATE EXTENSION trainplan;
