-- How many jobs may run at a time, over all plans.

ALTER TABLE training_plans ALTER plan_id RESTART;
CREATE TABLE decisions AS
SELECT 't' AS target, 's' || s AS symbol, 'ROUTE_SYMBOL_SPECIFIC' AS route,
    CASE s % 3 WHEN 0 THEN '{ridge}' WHEN 1 THEN '{mlp}' ELSE '{mlp,lstm}' END::text[] AS model_families
FROM generate_series(1, 9) AS s;
SELECT create_training_plan('decisions') AS plan \gset
CREATE VIEW usage AS SELECT name, families, max_running, running FROM training_limit_usage ORDER BY name;

-- what is at its limit is passed over
INSERT INTO training_limits VALUES ('gpu', '{mlp,lstm}', 2);
SELECT * FROM usage;
SELECT job_id, model_families FROM claim_training_jobs('w', 9);
SELECT * FROM usage;
SELECT job_id FROM claim_training_jobs('w', 9);
SELECT complete_training_job(:plan, 'sym_t_s1', 1);
SELECT job_id, model_families FROM claim_training_jobs('w', 9);

-- it can be raised, lowered below what runs, set to nothing, and deleted
UPDATE training_limits SET max_running = 3;
SELECT job_id FROM claim_training_jobs('w', 9);
UPDATE training_limits SET max_running = 1;
SELECT * FROM usage;
SELECT job_id FROM claim_training_jobs('w', 9);
SELECT complete_training_job(:plan, 'sym_t_s2', 1), complete_training_job(:plan, 'sym_t_s4', 1);
SELECT job_id FROM claim_training_jobs('w', 9);
SELECT complete_training_job(:plan, 'sym_t_s5', 1);
SELECT job_id FROM claim_training_jobs('w', 9);
SELECT complete_training_job(:plan, job_id, 1) FROM training_job_status WHERE state = 'running';
UPDATE training_limits SET max_running = 0;
SELECT job_id FROM claim_training_jobs('w', 9);
DELETE FROM training_limits;
SELECT job_id FROM claim_training_jobs('w', 9);

-- of all plans together; several limits at once; one on all jobs; none of them about this job
SELECT create_training_plan('decisions') AS second \gset
INSERT INTO training_limits VALUES ('all', NULL, 5), ('lstm', '{lstm}', 1), ('other', '{catboost}', 0);
SELECT * FROM usage;
SELECT job_id, model_families FROM claim_training_jobs('w', 9);
SELECT job_id FROM claim_training_jobs('w', 9, job_ids => '{sym_t_s8,sym_t_s9}');
SELECT * FROM usage;

-- a lease that ran out does not count
SELECT complete_training_job(plan_id, job_id, attempt) FROM training_job_attempts WHERE outcome IS NULL;
SELECT count(*) FROM claim_training_jobs('w', 9, lease => '1 microsecond');
SELECT count(*) FROM claim_training_jobs('w', 9);
SELECT * FROM usage;

-- what a transaction has claimed counts for it, and not what it has rolled back
TRUNCATE training_limits, training_plans, training_job_history;
SELECT create_training_plan('decisions') AS plan \gset
INSERT INTO training_limits VALUES ('all', NULL, 3);
BEGIN;
SELECT job_id FROM claim_training_jobs('w');
SAVEPOINT before;
SELECT job_id FROM claim_training_jobs('w', 9);
SELECT job_id FROM claim_training_jobs('w', 9);
ROLLBACK TO before;
SELECT job_id FROM claim_training_jobs('w', 9);
COMMIT;
SELECT * FROM usage;

-- nobody gets around it by an index that is missing or a kind that is not known
BEGIN;
DROP INDEX training_job_queue_running_idx;
SELECT job_id FROM claim_training_jobs('w', 9);
SELECT * FROM usage;
ROLLBACK;

-- more kinds than a session remembers
CREATE TABLE many AS
SELECT 't' AS target, 's' || s AS symbol, 'ROUTE_SYMBOL_SPECIFIC' AS route, ARRAY['family_' || s, 'common'] AS model_families
FROM generate_series(1, 1200) AS s;
SELECT create_training_plan('many') AS plan \gset
UPDATE training_limits SET max_running = 2000;
INSERT INTO training_limits VALUES ('common', '{common}', 1190), ('last', '{family_1199,family_1200}', 1);
SELECT count(*) FROM claim_training_jobs('w', 1100, :plan);
SELECT count(*) FROM claim_training_jobs('w', 1, :plan, job_ids => '{sym_t_s1199}');
SELECT count(*) FROM claim_training_jobs('w', 1, :plan, job_ids => '{sym_t_s1200}');
SELECT count(*) FROM claim_training_jobs('w', 1200, :plan);
SELECT name, max_running, running FROM usage;
DROP TABLE many;

-- what makes no sense
INSERT INTO training_limits VALUES ('less', NULL, -1);
INSERT INTO training_limits VALUES ('gpu', NULL, NULL);
INSERT INTO training_limits VALUES ('gpu', '{}', 1);
INSERT INTO training_limits VALUES ('gpu', '{NULL}', 1);
INSERT INTO training_limits VALUES ('gpu', '{mlp,""}', 1);
INSERT INTO training_limits VALUES ('gpu', '{{mlp}}', 1);
INSERT INTO training_limits VALUES ('', NULL, 1);

DROP VIEW usage;
DELETE FROM training_limits;
DROP TABLE decisions;
TRUNCATE training_plans, training_jobs, training_job_queue, training_job_history;
