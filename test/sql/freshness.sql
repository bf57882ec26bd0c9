-- What need not be trained again.
\set VERBOSITY terse
SET TIME ZONE 'UTC';
TRUNCATE training_plans, training_job_history;
ALTER TABLE training_plans ALTER plan_id RESTART;
CREATE TABLE decisions (target text, symbol text, route text, sample_size bigint, model_families text[]);
INSERT INTO decisions VALUES
    ('t', NULL, 'ENABLED', 4000, NULL),
    ('t', 'both', 'ROUTE_BOTH', 1000, NULL),
    ('t', 'exp', 'ROUTE_EXPERIMENTAL_ONLY', 1000, NULL),
    ('t', 'no', 'ROUTE_BLOCKED', 1000, NULL),
    ('t', 'own', 'ROUTE_SYMBOL_SPECIFIC', 1000, NULL);

-- one who trains what there is to train of a plan, and when that was
CREATE FUNCTION train(plan bigint, what text DEFAULT '%') RETURNS bigint LANGUAGE sql AS $$
    WITH c AS (SELECT c.plan_id, c.job_id, c.attempt FROM claim_training_jobs('w', 100, plan, job_ids => ARRAY(
                   SELECT j.job_id FROM training_jobs AS j WHERE j.plan_id = plan AND j.job_id LIKE what AND j.training_type <> 'blocked')) AS c),
         d AS (SELECT complete_training_job(c.plan_id, c.job_id, c.attempt, jsonb_build_object('model', c.plan_id || '/' || c.job_id)) FROM c)
    SELECT count(*) FROM d
$$;
CREATE FUNCTION ago(plan bigint, ago interval) RETURNS void LANGUAGE sql AS $$
    UPDATE training_job_history SET started_at = now() - ago - interval '1 minute', finished_at = now() - ago WHERE plan_id = plan
$$;

-- nothing was ever trained
SELECT create_training_plan('decisions', include_blocked => true, git_commit => 'f3ba63d') AS plan \gset
SELECT * FROM training_job_freshness(:plan);
SELECT reuse_training_results(:plan);
SELECT train(:plan);
SELECT ago(:plan, '2 days');
SELECT job_id, needs_cs_ensemble, estimated_samples, git_commit FROM training_job_history ORDER BY job_id;

-- the next day nothing has changed
SELECT create_training_plan('decisions', include_blocked => true, git_commit => 'f3ba63d') AS plan2 \gset
SELECT job_id, target, symbol, fresh, why, date_trunc('second', now() - trained_at) AS ago, trained_plan_id - :plan AS plan, trained_attempt, result FROM training_job_freshness(:plan2);
SELECT reuse_training_results(:plan2);
SELECT reuse_training_results(:plan2) AS again;
SELECT job_id FROM claim_training_jobs('w', 9);
SELECT job_id, state, attempts, worker, finished_at - started_at AS took, error, result FROM training_job_status WHERE plan_id = :plan2 ORDER BY job_id;
SELECT jobs, pending, running, succeeded, reused, blocked, percent_done, jobs_per_hour, expected_end FROM training_plan_progress WHERE plan_id = :plan2;

-- one of them is trained all the same
SELECT retry_training_jobs(:plan2, '{sym_t_own}');
SELECT job_id, state FROM training_job_status WHERE plan_id = :plan2 AND state <> 'reused' ORDER BY job_id;
SELECT train(:plan2);
SELECT job_id, state, attempts, result FROM training_job_status WHERE plan_id = :plan2 AND job_id = 'sym_t_own';
SELECT retry_training_jobs(:plan2), cancel_training_jobs(:plan2);
SELECT reuse_training_results(:plan2) AS cancelled_ones;

-- whichever plan it was of, also one that is deleted
DELETE FROM training_plans;
SELECT create_training_plan('decisions', git_commit => 'f3ba63d') AS plan \gset
SELECT job_id, fresh, regexp_replace(why, '\d+ seconds?', 'a while') AS why, trained_plan_id - :plan AS plan FROM training_job_freshness(:plan);

-- each reason, at its boundary
UPDATE training_job_history SET finished_at = now() - interval '7 days' WHERE job_id = 'sym_t_both';
BEGIN;
UPDATE training_job_history SET finished_at = now() - interval '7 days' WHERE job_id = 'sym_t_both';
SELECT fresh, why FROM training_job_freshness(:plan, '7 days') WHERE symbol = 'both';
SELECT fresh, why FROM training_job_freshness(:plan, '6 days 23:59:59.999999') WHERE symbol = 'both';
UPDATE training_job_history SET finished_at = now() - interval '9 days' WHERE job_id = 'sym_t_both';
SELECT fresh, why FROM training_job_freshness(:plan, '7 days') WHERE symbol = 'both';
UPDATE training_job_history SET finished_at = now() - interval '90 minutes 3 seconds' WHERE job_id = 'sym_t_both';
SELECT fresh, why FROM training_job_freshness(:plan, '1 hour') WHERE symbol = 'both';
SELECT fresh, why FROM training_job_freshness(:plan, '1 year 2 months') WHERE symbol = 'both';
SELECT fresh, why FROM training_job_freshness(:plan, '0') WHERE symbol = 'both';
-- a clock that was ahead, and times that are none
UPDATE training_job_history SET finished_at = now() + interval '1 hour' WHERE job_id = 'sym_t_both';
SELECT fresh, why FROM training_job_freshness(:plan, '0') WHERE symbol = 'both';
UPDATE training_job_history SET finished_at = '-infinity' WHERE job_id = 'sym_t_both';
SELECT fresh, why FROM training_job_freshness(:plan, '1 day') WHERE symbol = 'both';
SELECT fresh, why FROM training_job_freshness(:plan) WHERE symbol = 'both';
UPDATE training_job_history SET finished_at = 'infinity' WHERE job_id = 'sym_t_both';
SELECT fresh, why FROM training_job_freshness(:plan, '1 day') WHERE symbol = 'both';
ROLLBACK;
UPDATE training_jobs SET estimated_samples = 1200 WHERE symbol = 'both';
UPDATE training_jobs SET estimated_samples = 1004 WHERE symbol = 'exp';
UPDATE training_jobs SET estimated_samples = 900 WHERE symbol = 'own';
SELECT g, symbol, fresh, regexp_replace(why, 'trained .* in', 'trained in') AS why
FROM (VALUES (NULL::float8), (0), (0.1999), (0.2), ('infinity')) AS v (g), training_job_freshness(:plan, max_growth => g) WHERE NOT fresh OR symbol = 'both';
UPDATE training_jobs SET estimated_samples = NULL WHERE symbol = 'both';
UPDATE training_job_history SET estimated_samples = NULL WHERE symbol = 'exp';
UPDATE training_job_history SET estimated_samples = 0 WHERE symbol = 'own';
SELECT symbol, fresh, regexp_replace(why, 'trained .* in', 'trained in') AS why FROM training_job_freshness(:plan, max_growth => 0);
UPDATE training_jobs SET estimated_samples = 1000 WHERE symbol IS NOT NULL;
UPDATE training_job_history SET estimated_samples = 1000 WHERE symbol IS NOT NULL;
UPDATE training_plans SET git_commit = '81c2e07';
SELECT same, symbol, fresh, regexp_replace(why, 'trained .* in', 'trained in') AS why
FROM (VALUES (NULL::boolean), (true), (false)) AS v (same), training_job_freshness(:plan, same_commit => same) WHERE symbol = 'own';
UPDATE training_plans SET git_commit = NULL;
SELECT fresh FROM training_job_freshness(:plan) WHERE symbol = 'own';
UPDATE training_plans SET git_commit = '81c2e07';
UPDATE training_job_history SET git_commit = NULL;
SELECT count(*) FILTER (WHERE fresh), count(*) FROM training_job_freshness(:plan);

-- a family is added, one is removed, and the order is another
CREATE TABLE families AS SELECT f, create_training_plan('decisions', f) AS id FROM (VALUES ('{lightgbm,xgboost,ridge}'::text[]), ('{xgboost}'), ('{xgboost,lightgbm}'), ('{mlp,ridge}')) AS v (f);
SELECT f, symbol, fresh, CASE WHEN NOT fresh THEN why END AS why FROM families, training_job_freshness(id) WHERE symbol = 'own';
-- what the history does not know
UPDATE training_job_history SET model_families = NULL WHERE symbol = 'own';
UPDATE training_job_history SET model_families = '{NULL,xgboost}' WHERE symbol = 'exp';
SELECT symbol, fresh, CASE WHEN NOT fresh THEN why END AS why FROM training_job_freshness(:plan);
UPDATE training_job_history SET model_families = '{lightgbm,xgboost}';

-- another type, another use
UPDATE training_job_history SET needs_cs_ensemble = NOT needs_cs_ensemble WHERE symbol IS NOT NULL;
UPDATE training_job_history SET training_type = 'symbol_specific' WHERE symbol IS NULL;
SELECT symbol, fresh, why FROM training_job_freshness(:plan);
-- where it is not written, the route tells
UPDATE training_job_history SET needs_cs_ensemble = NULL;
UPDATE training_job_history SET training_type = 'cross_sectional' WHERE symbol IS NULL;
SELECT count(*) FILTER (WHERE fresh) FROM training_job_freshness(:plan);
UPDATE training_job_history SET route = NULL;
SELECT symbol, why FROM training_job_freshness(:plan) WHERE NOT fresh;
UPDATE training_job_history SET route = CASE symbol WHEN 'both' THEN 'ROUTE_BOTH' ELSE 'other' END;

-- a failure since does not matter; what was trained last does, and of two at the same time the later plan
SELECT plan_id, job_id, attempt FROM claim_training_jobs('w', 1, :plan, job_ids => '{sym_t_own}') \gset c_
SELECT fail_training_job(:plan, 'sym_t_own', :c_attempt, 'out of memory');
SELECT fresh, regexp_replace(why, '\d+ seconds?', 'a while') AS why FROM training_job_freshness(:plan) WHERE symbol = 'own';
SELECT reuse_training_results(:plan) AS but_not_what_was_claimed;
DELETE FROM training_job_history WHERE symbol = 'own';
INSERT INTO training_job_history (plan_id, job_id, attempt, worker, started_at, finished_at, outcome, target, symbol, route, training_type, model_families, result)
SELECT plan, job, attempt, 'w', '2000-01-01', at, 'succeeded', 't', 'own', 'r', 'symbol_specific', '{lightgbm,xgboost}', to_jsonb(job || attempt)
FROM (VALUES (1001, 'b', 1, '2026-01-02'::timestamptz), (1001, 'a', 2, '2026-01-02'), (1000, 'c', 9, '2026-01-02'), (1001, 'c', 2, '2026-01-02'), (2000, 'd', 9, '2026-01-01')) AS v (plan, job, attempt, at);
SELECT trained_attempt, result FROM training_job_freshness(:plan) WHERE symbol = 'own';
SELECT create_training_plan('decisions') AS plan \gset
SELECT reuse_training_results(:plan);
SELECT job_id, state, result FROM training_job_status WHERE plan_id = :plan ORDER BY job_id;
SELECT reused_job_id, reused_attempt FROM training_job_queue WHERE plan_id = :plan AND job_id = 'sym_t_own';
-- its result goes with the history
DELETE FROM training_job_history WHERE symbol = 'own';
SELECT job_id, state, result FROM training_job_status WHERE plan_id = :plan AND symbol = 'own';

-- the queue by hand: what is not reused any more has nothing that it reuses
UPDATE training_job_queue SET state = 'pending' WHERE plan_id = :plan AND job_id = 'sym_t_own';
SELECT state, reused_plan_id, reused_job_id, reused_attempt FROM training_job_queue WHERE plan_id = :plan AND job_id = 'sym_t_own';
UPDATE training_job_queue SET state = 'reused' WHERE plan_id = :plan AND job_id = 'sym_t_own';
SELECT state, result FROM training_job_status WHERE plan_id = :plan AND job_id = 'sym_t_own';
SELECT complete_training_job(:plan, 'sym_t_own', 0), complete_training_job(:plan, 'sym_t_own', 1);
SELECT jobs, reused FROM training_plan_progress WHERE plan_id = :plan;

-- three plans over which updates are spread: compared with the plan before alone, the first would be lost
TRUNCATE training_plans;
DELETE FROM training_job_history;
SELECT create_training_plan('decisions') AS plan \gset
SELECT train(:plan);
UPDATE decisions SET sample_size = 2000 WHERE symbol = 'own';
SELECT create_training_plan('decisions') AS plan \gset
SELECT job_id, why FROM training_job_freshness(:plan, max_growth => 0.5) WHERE NOT fresh;
UPDATE decisions SET model_families = '{mlp}' WHERE symbol = 'exp';
SELECT create_training_plan('decisions') AS plan \gset
SELECT job_id, why FROM training_job_freshness(:plan, max_growth => 0.5) WHERE NOT fresh;
SELECT reuse_training_results(:plan, max_growth => 0.5);
SELECT job_id FROM claim_training_jobs('w', 9, :plan) ORDER BY job_id;

-- plans with pooled_first: who waits for a pooled model that is reused does not wait any more
TRUNCATE training_plans;
DELETE FROM training_job_history;
CREATE TABLE more AS SELECT * FROM decisions WHERE false;
INSERT INTO more VALUES ('t', NULL, 'ENABLED'), ('t', 'a', 'ROUTE_BOTH'), ('t', 'b', 'ROUTE_BOTH'), ('t', 'c', 'ROUTE_SYMBOL_SPECIFIC'), ('u', NULL, 'ENABLED'), ('u', 'a', 'ROUTE_BOTH');
SELECT create_training_plan('more', pooled_first => true) AS plan \gset
SELECT train(:plan, 'cs%'), train(:plan);
DELETE FROM training_job_history WHERE job_id IN ('sym_t_b', 'cs_u');
SELECT create_training_plan('more', pooled_first => true) AS plan \gset
SELECT reuse_training_results(:plan);
SELECT job_id, state FROM training_job_status WHERE plan_id = :plan ORDER BY job_id;
SELECT job_id FROM claim_training_jobs('w', 1, :plan, job_ids => '{sym_t_b}');
SELECT complete_training_job(:plan, 'sym_t_b', 1);
-- retried, it is waited for again
SELECT create_training_plan('more', pooled_first => true) AS plan \gset
DELETE FROM training_job_history WHERE job_id = 'sym_t_a';
SELECT reuse_training_results(:plan);
SELECT retry_training_jobs(:plan, '{cs_t}');
SELECT job_id, state FROM training_job_status WHERE plan_id = :plan ORDER BY job_id;
SELECT retry_training_jobs(:plan);
SELECT job_id, state FROM training_job_status WHERE plan_id = :plan ORDER BY job_id;
SELECT reuse_training_results(:plan);
SELECT job_id, state FROM training_job_status WHERE plan_id = :plan ORDER BY job_id;

-- of a plan that the statement itself makes
SELECT count(*) FILTER (WHERE fresh) FROM training_job_freshness(create_training_plan('more'));

-- an index of the user's own, which has failures as well, is not taken for that of successes; nor does it
-- matter how expressions are shown
CREATE INDEX more_idx ON training_job_history (target, symbol, finished_at);
INSERT INTO training_job_history (plan_id, job_id, attempt, worker, started_at, finished_at, outcome, target, symbol, training_type, model_families)
VALUES (9999, 'sym_t_a', 1, 'w', now(), now(), 'failed', 't', 'a', 'symbol_specific', '{mlp}');
SET quote_all_identifiers = on;
SELECT job_id, why FROM training_job_freshness(:plan) WHERE symbol = 'a' AND target = 't';
RESET quote_all_identifiers;
DROP INDEX more_idx;
DELETE FROM training_job_history WHERE plan_id = 9999;
-- no time is longer ago
SELECT fresh, count(*) FROM training_job_freshness(:plan, '100000 years') GROUP BY fresh;

-- what is wrong
SELECT * FROM training_job_freshness(NULL);
SELECT * FROM training_job_freshness(0);
SELECT * FROM training_job_freshness(:plan, max_age => '-1 day');
SELECT * FROM training_job_freshness(:plan, max_growth => -0.1);
SELECT * FROM training_job_freshness(:plan, max_growth => 'NaN');
SELECT reuse_training_results(NULL);
SELECT reuse_training_results(0);
SELECT reuse_training_results(:plan, '-1 day');
DROP INDEX training_job_history_success_idx;
\set VERBOSITY default
SELECT reuse_training_results(:plan);
\set VERBOSITY terse
CREATE INDEX training_job_history_success_idx ON training_job_history (target, symbol, finished_at) WHERE outcome = 'succeeded';
SELECT reuse_training_results(:plan);

-- rights: reading needs those of reading, reusing those of working
CREATE ROLE freshness_reader;
CREATE ROLE freshness_worker;
GRANT SELECT ON training_plans, training_jobs TO freshness_reader, freshness_worker;
SET ROLE freshness_reader;
SELECT count(*) FROM training_job_freshness(:plan);
RESET ROLE;
GRANT SELECT ON training_job_history TO freshness_reader, freshness_worker;
SET ROLE freshness_reader;
SELECT count(*) FROM training_job_freshness(:plan);
SELECT reuse_training_results(:plan);
RESET ROLE;
GRANT SELECT, UPDATE ON training_job_queue TO freshness_worker;
SELECT retry_training_jobs(:plan);
SET ROLE freshness_worker;
SELECT reuse_training_results(:plan);
RESET ROLE;
-- and what row-level security hides is neither seen nor reused, of jobs and of the history
SELECT retry_training_jobs(:plan);
ALTER TABLE training_jobs ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON training_jobs TO freshness_worker USING (target = 'u' OR symbol = 'c');
SET ROLE freshness_worker;
SELECT job_id, fresh FROM training_job_freshness(:plan);
SELECT reuse_training_results(:plan);
RESET ROLE;
SELECT job_id FROM training_job_status WHERE plan_id = :plan AND state = 'reused' ORDER BY job_id;
ALTER TABLE training_jobs DISABLE ROW LEVEL SECURITY;
DROP POLICY own ON training_jobs;
ALTER TABLE training_job_history ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON training_job_history TO freshness_reader USING (target = 'u' OR symbol = 'c');
SET ROLE freshness_reader;
SELECT job_id, fresh FROM training_job_freshness(:plan);
RESET ROLE;
DROP POLICY own ON training_job_history;
ALTER TABLE training_job_history DISABLE ROW LEVEL SECURITY;
REVOKE ALL ON training_plans, training_jobs, training_job_history, training_job_queue FROM freshness_reader, freshness_worker;
DROP ROLE freshness_reader, freshness_worker;
BEGIN READ ONLY;
SELECT count(*) FROM training_job_freshness(:plan);
SELECT reuse_training_results(:plan);
ROLLBACK;
TRUNCATE training_plans, training_job_history;
DROP FUNCTION train, ago;
DROP TABLE decisions, more, families;
