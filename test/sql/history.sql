-- What was trained is remembered with all that says what it was, also when the plan is long deleted.
\getenv test PG_ABS_SRCDIR
\set attempt :test '/helpers/attempt.sql'
\i :attempt

TRUNCATE training_job_history;
ALTER TABLE training_plans ALTER plan_id RESTART;
CREATE TABLE decisions (target text, symbol text, route text, sample_size bigint, model_families text[]);
INSERT INTO decisions VALUES
    ('fwd_ret_5d', NULL, 'ENABLED', 90000, NULL),
    ('fwd_ret_5d', 'AAPL', 'ROUTE_BOTH', 12000, '{lightgbm,ridge}'),
    ('fwd_ret_5d', 'ON', 'ROUTE_EXPERIMENTAL_ONLY', NULL, '{mlp}');
CREATE VIEW trained AS
SELECT job_id, attempt, outcome, target, symbol, route, training_type, model_families, estimated_samples, git_commit
FROM training_job_history
ORDER BY plan_id, job_id, attempt;

-- an attempt is recorded with its job and the plan's commit, whichever way it ends
SELECT create_training_plan('decisions', git_commit => 'f3ba63d') AS plan \gset
UPDATE training_plans SET max_attempts = 9 WHERE plan_id = :plan;
SELECT job_id, attempt FROM claim_training_jobs('w', 3, :plan);
SELECT complete_training_job(:plan, 'sym_fwd_ret_5d_AAPL', 1, '{"r2": 0.02}');
SELECT fail_training_job(:plan, 'sym_fwd_ret_5d_ON', 1, 'out of memory');
SELECT cancel_training_jobs(:plan, '{cs_fwd_ret_5d}');
SELECT extend_training_job_lease(:plan, 'cs_fwd_ret_5d', 1);
SELECT * FROM trained;

-- by a lease that ran out; in a batch; by hand
SELECT job_id, attempt FROM claim_training_jobs('dies', 1, :plan, '1 microsecond');
SELECT job_id, attempt FROM claim_training_jobs('w', 1, :plan);
SELECT * FROM complete_training_jobs(:plan, '{sym_fwd_ret_5d_ON,cs_fwd_ret_5d}', '{3,1}');
SELECT retry_training_jobs(:plan);
SELECT job_id, attempt FROM claim_training_jobs('w', 1, :plan);
UPDATE training_job_queue SET state = 'pending' WHERE plan_id = :plan AND state = 'running';
SELECT * FROM trained WHERE attempt > 1;

-- as job and plan are when it ends
UPDATE training_plans SET git_commit = '81c2e07' WHERE plan_id = :plan;
UPDATE training_jobs SET estimated_samples = 95000 WHERE plan_id = :plan AND symbol IS NULL;
SELECT job_id, attempt FROM claim_training_jobs('w', 1, :plan);
SELECT complete_training_job(:plan, 'cs_fwd_ret_5d', 3);
SELECT * FROM trained WHERE attempt = 3 AND symbol IS NULL;

-- of jobs of two plans in turn, and in a transaction that sees all else as it was
SELECT create_training_plan('decisions', git_commit => 'other') AS other \gset
SELECT count(*) FROM (SELECT claim_training_jobs('dies', 1, plan, '1 microsecond') FROM unnest(ARRAY[:plan, :other]) AS plan, generate_series(1, 2)) AS c;
SELECT retry_training_jobs(:plan), retry_training_jobs(:other);
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT count(*) FROM claim_training_jobs('w', 3, :other);
UPDATE training_plans SET git_commit = 'own' WHERE plan_id = :other;
SELECT count(*) FROM (SELECT complete_training_job(plan_id, job_id, attempt) FROM training_job_attempts WHERE plan_id = :other AND outcome IS NULL) AS c;
COMMIT;
SELECT git_commit, outcome, count(*) FROM training_job_history WHERE plan_id = :other GROUP BY 1, 2 ORDER BY 1, 2;

-- who reports needs no right to read jobs or plans
CREATE ROLE regress_trainplan_reporter;
GRANT SELECT, UPDATE ON training_job_queue TO regress_trainplan_reporter;
GRANT SELECT, INSERT ON training_job_history TO regress_trainplan_reporter;
SELECT create_training_plan('decisions', git_commit => 'unseen') AS unseen \gset
SELECT job_id, attempt FROM claim_training_jobs('w', 1, :unseen);
SET ROLE regress_trainplan_reporter;
SELECT complete_training_job(:unseen, 'sym_fwd_ret_5d_AAPL', 1);
RESET ROLE;
SELECT target, symbol, git_commit FROM training_job_history WHERE plan_id = :unseen;
DROP OWNED BY regress_trainplan_reporter;
DROP ROLE regress_trainplan_reporter;

-- what is long
UPDATE training_plans SET git_commit = repeat('c', 3000) WHERE plan_id = :unseen;
UPDATE training_jobs SET target = (SELECT string_agg(md5(i::text), '' ORDER BY i) FROM generate_series(1, 60) AS i),
    model_families = (SELECT array_agg(md5(i::text) ORDER BY i) FROM generate_series(1, 3000) AS i)
WHERE plan_id = :unseen AND symbol IS NULL;
SELECT job_id FROM claim_training_jobs('w', 1, :unseen);
SELECT complete_training_job(:unseen, 'cs_fwd_ret_5d', 1);
SELECT length(target), cardinality(model_families), model_families[3000] = md5('3000') AS same, length(git_commit) FROM training_job_history WHERE plan_id = :unseen AND symbol IS NULL;

-- a job or plan that is not there
SELECT create_training_plan('decisions') AS plain \gset
SELECT job_id FROM claim_training_jobs('w', 3, :plain);
SELECT complete_training_job(:plain, 'cs_fwd_ret_5d', 1);
SET session_replication_role = replica;
DELETE FROM training_jobs WHERE plan_id = :plain AND symbol = 'AAPL';
SELECT complete_training_job(:plain, 'sym_fwd_ret_5d_AAPL', 1);
DELETE FROM training_plans WHERE plan_id = :plain;
SELECT complete_training_job(:plain, 'sym_fwd_ret_5d_ON', 1);
RESET session_replication_role;
SELECT * FROM trained WHERE job_id IN (SELECT job_id FROM training_job_history WHERE plan_id = :plain) AND git_commit IS NULL;
DELETE FROM training_jobs WHERE plan_id = :plain;

-- jobs and plans go, the history stays; the views show what is there
SELECT count(*) AS attempts FROM training_job_history \gset
DELETE FROM training_jobs WHERE plan_id = :plan AND symbol = 'ON';
SELECT DISTINCT job_id FROM training_job_attempts WHERE plan_id = :plan ORDER BY job_id;
DELETE FROM training_plans;
SELECT count(*) FROM training_job_attempts;
SELECT count(*) - :attempts AS lost FROM training_job_history;
TRUNCATE training_plans;
SELECT count(*) - :attempts AS lost FROM training_job_history;
SELECT target, symbol, git_commit, count(*) FROM training_job_history WHERE plan_id = :plan AND outcome = 'succeeded' GROUP BY 1, 2, 3 ORDER BY 1, 2, 3;

-- a new plan gets none of the numbers that the history has
SELECT setval('training_plans_plan_id_seq', :plan, false) = :plan AS again;
SELECT create_training_plan('decisions') > :unseen AS new;

-- whoever gives one of them by hand has a plan whose jobs go on counting attempts
INSERT INTO training_plans (plan_id, routing, model_families, include_blocked, total_jobs) OVERRIDING SYSTEM VALUE VALUES (:plan, 'by hand', '{ridge}', false, 1);
INSERT INTO training_jobs VALUES (:plan, 'cs_fwd_ret_5d', 'fwd_ret_5d', NULL, 'ROUTE_CROSS_SECTIONAL', 'cross_sectional', '{ridge}', 2, NULL, NULL, '{}');
SELECT job_id, attempt = (SELECT max(attempt) + 1 FROM training_job_history WHERE plan_id = :plan AND job_id = 'cs_fwd_ret_5d') AS next FROM claim_training_jobs('w', 1, :plan);
SELECT job_id, outcome FROM training_job_attempts WHERE plan_id = :plan ORDER BY attempt DESC LIMIT 2;

-- the history is kept as long as whoever owns it wants; plans that are there do not need it
CREATE ROLE regress_trainplan_retention;
GRANT SELECT, DELETE ON training_job_history TO regress_trainplan_retention;
SELECT create_training_plan('decisions') AS plan \gset
SELECT job_id, attempt FROM claim_training_jobs('w', 2, :plan);
SELECT fail_training_job(:plan, 'cs_fwd_ret_5d', 1, 'e') AS failed, complete_training_job(:plan, 'sym_fwd_ret_5d_AAPL', 1, '{"r2": 0.1}') AS completed;
UPDATE training_job_history SET finished_at = finished_at - interval '1 year';
SET ROLE regress_trainplan_retention;
DELETE FROM training_job_history WHERE finished_at < now() - interval '6 months';
RESET ROLE;
SELECT count(*) FROM training_job_history;
SELECT job_id, state, attempts, started_at IS NULL AND finished_at IS NULL AND error IS NULL AND result IS NULL AS forgotten FROM training_job_status WHERE plan_id = :plan ORDER BY job_id;
SELECT job_id, attempt FROM claim_training_jobs('w', 1, :plan);
SELECT complete_training_job(:plan, 'cs_fwd_ret_5d', 2);
SELECT pending, running, succeeded FROM training_plan_progress WHERE plan_id = :plan;

-- forgetting plans: those that are old, but for the newest and those that have something running
DELETE FROM training_plans;
SELECT min(p) AS first FROM (SELECT create_training_plan('decisions') AS p FROM generate_series(1, 6)) AS plans \gset
CREATE VIEW plans AS
SELECT plan_id - :first AS plan, (SELECT count(*) FROM training_jobs AS j WHERE j.plan_id = p.plan_id) AS jobs, (SELECT count(*) FROM training_job_queue AS q WHERE q.plan_id = p.plan_id) AS places
FROM training_plans AS p
ORDER BY plan_id;
UPDATE training_plans SET generated_at = now() - (6 - (plan_id - :first)) * interval '10 days';
SELECT job_id FROM claim_training_jobs('w', 1, :first);
SELECT job_id FROM claim_training_jobs('dies', 1, :first + 1, '1 microsecond');
SELECT job_id FROM claim_training_jobs('w', 1, :first + 2);
SELECT complete_training_job(:first + 2, 'sym_fwd_ret_5d_AAPL', 1);
SELECT forget_training_plans('100 days');
SELECT forget_training_plans('35 days');
SELECT * FROM plans;
SELECT forget_training_plans('0', 3), forget_training_plans('0', 2147483647);
SELECT forget_training_plans('0', 2);
SELECT * FROM plans;
SELECT complete_training_job(:first, 'sym_fwd_ret_5d_AAPL', 1);
SELECT forget_training_plans('0');
SELECT forget_training_plans('0', 0);
SELECT * FROM plans;
SELECT (SELECT count(*) FROM training_jobs), (SELECT count(*) FROM training_job_queue);

-- what makes no sense
SELECT pg_temp.attempt($$SELECT forget_training_plans(NULL)$$);
SELECT pg_temp.attempt($$SELECT forget_training_plans('1 day', NULL)$$);
SELECT pg_temp.attempt($$SELECT forget_training_plans('-1 day')$$);
SELECT pg_temp.attempt($$SELECT forget_training_plans('1 day', -1)$$);
SELECT pg_temp.attempt($$SELECT forget_training_plans('1000000 years')$$);
-- (intervals need not end from PostgreSQL 17 on)
SELECT infinity, left((SELECT string_agg(line, '') FROM pg_temp.attempt(format('SELECT forget_training_plans(%L)', infinity)) AS line), 2) AS class
FROM unnest('{infinity,-infinity}'::text[]) AS infinity;
BEGIN READ ONLY;
SELECT forget_training_plans('1 day');
ROLLBACK;

-- it needs the rights that a DELETE needs; of plans that are not seen, none is deleted and none is counted
CREATE FUNCTION make_old() RETURNS bigint LANGUAGE sql AS $$
    SELECT min(create_training_plan('decisions')) FROM generate_series(1, 4);
    UPDATE training_plans SET generated_at = now() - interval '1 year';
    SELECT max(plan_id) - 3 FROM training_plans;
$$;
SELECT make_old() AS first \gset
CREATE OR REPLACE VIEW plans AS
SELECT plan_id - :first AS plan, (SELECT count(*) FROM training_jobs AS j WHERE j.plan_id = p.plan_id) AS jobs, (SELECT count(*) FROM training_job_queue AS q WHERE q.plan_id = p.plan_id) AS places
FROM training_plans AS p
ORDER BY plan_id;
SET ROLE regress_trainplan_retention;
SELECT forget_training_plans('1 day');
RESET ROLE;
GRANT SELECT ON training_plans TO regress_trainplan_retention;
SET ROLE regress_trainplan_retention;
SELECT forget_training_plans('10 years');
RESET ROLE;
GRANT DELETE ON training_plans TO regress_trainplan_retention;
ALTER TABLE training_plans ENABLE ROW LEVEL SECURITY;
SELECT format('CREATE POLICY own ON training_plans USING (plan_id < %s)', :first + 3) \gexec
SET ROLE regress_trainplan_retention;
SELECT forget_training_plans('1 day');
RESET ROLE;
SELECT * FROM plans;
DROP POLICY own ON training_plans;
ALTER TABLE training_plans DISABLE ROW LEVEL SECURITY;

-- a trigger that others have added has its say
CREATE FUNCTION keep_first() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN CASE WHEN OLD.git_commit = 'released' THEN NULL ELSE OLD END; END $$;
CREATE TRIGGER keep_first BEFORE DELETE ON training_plans FOR EACH ROW EXECUTE FUNCTION keep_first();
UPDATE training_plans SET git_commit = 'released' WHERE plan_id = :first + 2;
SELECT forget_training_plans('1 day', 0);
SELECT * FROM plans;
DROP FUNCTION keep_first() CASCADE;

DROP OWNED BY regress_trainplan_retention;
DROP ROLE regress_trainplan_retention;
DELETE FROM training_plans;
DELETE FROM training_job_history;
DROP FUNCTION make_old;
DROP VIEW trained, plans;
DROP TABLE decisions;
