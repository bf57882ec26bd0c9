-- Reports for many jobs at once.

ALTER TABLE training_plans ALTER plan_id RESTART;
CREATE TABLE decisions AS
SELECT 't' AS target, 's' || lpad(n::text, 3, '0') AS symbol, 'ROUTE_SYMBOL_SPECIFIC' AS route FROM generate_series(1, 300) AS n;
SELECT create_training_plan('decisions') AS plan \gset
SELECT count(*) FROM claim_training_jobs('w', 6);

-- a row for each, in the order given, whether it was held or not; one name too many takes no other's report with it
SELECT * FROM complete_training_jobs(:plan, '{sym_t_s003,none,sym_t_s001,sym_t_s002,sym_t_s007}', '{1,1,2,1,1}');
SELECT * FROM complete_training_jobs(:plan, '{sym_t_s003,sym_t_s001,sym_t_s001,sym_t_s001}', '{1,2,1,1}');
SELECT job_id, attempt, outcome, result FROM training_job_attempts WHERE plan_id = :plan AND outcome IS NOT NULL ORDER BY job_id;
SELECT * FROM complete_training_jobs(:plan, '{}', '{}');
SELECT * FROM complete_training_jobs(0, '{sym_t_s004}', '{1}');
SELECT count(*) FROM complete_training_jobs(:plan, '{z,sym_t_s003,y,x}', '{1,1,1,1}');
SELECT * FROM extend_training_job_leases(:plan, '{x}', '{1}');
SELECT * FROM extend_training_job_leases(:plan, '{sym_t_s005,sym_t_s004,sym_t_s003}', '{1,1,1}', '1 day');
SELECT job_id, lease_expires_at > now() + interval '23 hours' AS extended FROM training_job_status WHERE plan_id = :plan AND state = 'running' ORDER BY job_id;
SELECT * FROM extend_training_job_leases(:plan, '{sym_t_s004}', '{1}', NULL);

-- results, of any shape of array
SELECT * FROM complete_training_jobs(:plan, '{sym_t_s006,sym_t_s005}', '{1,1}', ARRAY['{"r2": 0.1}', NULL]::jsonb[]);
SELECT * FROM complete_training_jobs(:plan, '[5:5]={sym_t_s004}', '[0:0]={1}', '[-3:-3]={"[1, 2]"}');
SELECT job_id, result FROM training_job_attempts WHERE plan_id = :plan AND job_id > 'sym_t_s003' AND outcome IS NOT NULL ORDER BY job_id;

-- one that is to be cancelled is, and one whose lease ran out is not held
SELECT job_id FROM claim_training_jobs('w', 3, lease => '1 day');
SELECT cancel_training_jobs(:plan, '{sym_t_s008}');
UPDATE training_job_queue SET ready_at = now() - interval '1 s' WHERE plan_id = :plan AND job_id = 'sym_t_s007';
SELECT * FROM extend_training_job_leases(:plan, '{sym_t_s009,sym_t_s008,sym_t_s007}', '{1,1,1}');
SELECT * FROM complete_training_jobs(:plan, '{sym_t_s009,sym_t_s008,sym_t_s007}', '{1,1,1}');
SELECT job_id, state FROM training_job_status WHERE plan_id = :plan AND job_id IN ('sym_t_s009', 'sym_t_s008', 'sym_t_s007') ORDER BY job_id;

-- a job that is named twice, whoever in the transaction has written it before
CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
SELECT create_training_plan('decisions') AS other \gset
BEGIN;
SELECT count(*) FROM claim_training_jobs('w', 2, :other) \g /dev/null
SAVEPOINT a;
SELECT * FROM extend_training_job_leases(:other, '{cs_t,sym_t_s001,sym_t_s001}', '{1,1,1}');
SELECT * FROM complete_training_jobs(:other, '{sym_t_s001,sym_t_s001,sym_t_s001}', '{1,1,1}');
ROLLBACK TO a;
SELECT * FROM complete_training_jobs(:other, '{sym_t_s001,sym_t_s001,sym_t_s001}', '{1,1,1}');
RELEASE a;
COMMIT;
CREATE TRIGGER z BEFORE UPDATE ON training_job_queue FOR EACH ROW EXECUTE FUNCTION nothing();
BEGIN;
SAVEPOINT a;
SELECT extend_training_job_lease(:other, 'sym_t_s002', 1);
RELEASE a;
SAVEPOINT b;
SELECT * FROM complete_training_jobs(:other, '{sym_t_s002,sym_t_s002,sym_t_s002}', '{1,1,1}');
RELEASE b;
COMMIT;
DROP TRIGGER z ON training_job_queue;
DROP FUNCTION nothing();
SELECT job_id, attempt, outcome FROM training_job_attempts WHERE plan_id = :other ORDER BY job_id, attempt;
DELETE FROM training_plans WHERE plan_id = :other;

-- wrong input
\set VERBOSITY sqlstate
SELECT * FROM complete_training_jobs(NULL, '{a}', '{1}');
SELECT * FROM complete_training_jobs(:plan, NULL, '{1}');
SELECT * FROM complete_training_jobs(:plan, '{a}', NULL);
\set VERBOSITY terse
SELECT * FROM complete_training_jobs(:plan, '{a,b}', '{1}');
SELECT * FROM complete_training_jobs(:plan, '{a,NULL}', '{1,1}');
SELECT * FROM complete_training_jobs(:plan, '{a,b}', '{1,NULL}');
SELECT * FROM complete_training_jobs(:plan, '{{a,b},{c,d}}', '{1,1,1,1}');
SELECT * FROM complete_training_jobs(:plan, '{a,b}', '{{1},{1}}');
SELECT * FROM complete_training_jobs(:plan, '{a,b}', '{1,1}', '{"{}"}');
SELECT * FROM complete_training_jobs(:plan, '{a}', '{1}', '{{"{}"}}');
SELECT * FROM extend_training_job_leases(:plan, '{a}', '{1}', '0');
SELECT * FROM extend_training_job_leases(:plan, '{a}', '{1}', '-1 hour');
\set VERBOSITY default

-- all that is left
SELECT count(*), count(*) FILTER (WHERE held) AS held
FROM (SELECT array_agg(job_id) AS jobs, array_agg(attempt) AS attempts FROM claim_training_jobs('w', 1000)) AS claimed,
    complete_training_jobs(:plan, jobs, attempts);
SELECT state, count(*) FROM training_job_status WHERE plan_id = :plan GROUP BY state ORDER BY state;

DELETE FROM training_plans;
DELETE FROM training_job_history;
DROP TABLE decisions;
