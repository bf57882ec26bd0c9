-- Which jobs a claim gets: by kind, by priority, by name, from any plan; pauses, and workers that are dead.

ALTER TABLE training_plans ALTER plan_id RESTART;
CREATE TABLE decisions (target text, symbol text, route text, model_families text[]);
INSERT INTO decisions VALUES
    ('a', NULL, 'ENABLED', '{mlp}'),
    ('a', 'x', 'ROUTE_BOTH', '{xgboost}'),
    ('a', 'y', 'ROUTE_SYMBOL_SPECIFIC', '{xgboost,mlp}'),
    ('b', NULL, 'ENABLED', '{xgboost}'),
    ('b', 'x', 'ROUTE_BOTH', '{mlp}'),
    ('b', 'y', 'ROUTE_EXPERIMENTAL_ONLY', '{ridge}');
SELECT create_training_plan('decisions') AS plan \gset

-- a job's kind is its training type and its families
SELECT count(DISTINCT kind) AS kinds, bool_and(kind = training_job_kind(training_type, model_families)) AS as_made
FROM training_job_queue JOIN training_jobs USING (plan_id, job_id);

-- only what the worker can train, of one type, of a priority at least; the plan's order holds across kinds
BEGIN;
SELECT job_id FROM claim_training_jobs('w', 9, families => '{xgboost,mlp}');
ROLLBACK;
BEGIN;
SELECT job_id, priority FROM claim_training_jobs('w', 9, training_type => 'cross_sectional');
SELECT job_id, priority FROM claim_training_jobs('w', 9, training_type => 'symbol_specific', families => '{mlp,ridge}');
ROLLBACK;
BEGIN;
SELECT job_id, priority FROM claim_training_jobs('w', 9, min_priority => 3);
SELECT job_id, priority FROM claim_training_jobs('w', 9, min_priority => 2, families => '{mlp}');
ROLLBACK;
SELECT job_id FROM claim_training_jobs('w', training_type => 'blocked');
SELECT job_id FROM claim_training_jobs('w', training_type => '');

-- jobs that are named: in this order, whichever can be claimed
BEGIN;
SELECT job_id FROM claim_training_jobs('w', 2, job_ids => '{sym_b_y,sym_a_x,cs_a,sym_b_y}');
SELECT job_id FROM claim_training_jobs('w', 9, job_ids => '{sym_b_y,sym_a_x,cs_a,sym_b_y}');
SELECT job_id FROM claim_training_jobs('w', 9, job_ids => '{cs_b,sym_a_y}', families => '{xgboost}');
SELECT job_id FROM claim_training_jobs('w', 9, job_ids => '{}');
ROLLBACK;
SELECT job_id FROM claim_training_jobs('w', 1, job_ids => '{sym_b_y,nobody}');
SELECT job_id FROM claim_training_jobs('w', 1, job_ids => '{sym_b_y,NULL}');

-- named jobs come back as others do: when their lease has run out, when their delay is over
BEGIN;
SELECT job_id FROM claim_training_jobs('w', 2, job_ids => '{sym_b_y,cs_a}', lease => '1 microsecond');
SELECT fail_training_job(:plan, 'cs_a', 1, 'e', '1 hour') AS was_late;
SELECT job_id, attempt FROM claim_training_jobs('w', 2, job_ids => '{sym_b_y,cs_a}');
SELECT fail_training_job(:plan, 'cs_a', 2, 'e', '1 hour') AS failed;
SELECT job_id, attempt FROM claim_training_jobs('w', 2, job_ids => '{sym_b_y,cs_a}');
ROLLBACK;

-- when type or families of jobs are changed by hand, their places follow
BEGIN;
UPDATE training_jobs SET model_families = '{ridge}' WHERE symbol = 'x';
SELECT job_id FROM claim_training_jobs('w', 9, families => '{ridge}');
UPDATE training_jobs SET training_type = 'cross_sectional' WHERE job_id = 'sym_a_y';
SELECT job_id FROM claim_training_jobs('w', 9, training_type => 'cross_sectional');
SELECT bool_and(kind = training_job_kind(training_type, model_families)) AS follow FROM training_job_queue JOIN training_jobs USING (plan_id, job_id);
ROLLBACK;
-- blocked jobs have no place, and are given one when they are none any more
BEGIN;
UPDATE training_jobs SET training_type = 'blocked' WHERE target = 'a';
SELECT job_id FROM training_job_queue ORDER BY job_id;
SELECT job_id FROM claim_training_jobs('w', 9);
UPDATE training_jobs SET training_type = 'symbol_specific' WHERE target = 'a' AND symbol IS NOT NULL;
SELECT job_id FROM claim_training_jobs('w', 9);
ROLLBACK;
-- a kind that is not that of the job: set by hand, or because triggers were off
BEGIN;
UPDATE training_job_queue SET kind = 4711;
SELECT bool_and(kind = training_job_kind(training_type, model_families)) AS as_made FROM training_job_queue JOIN training_jobs USING (plan_id, job_id);
SET LOCAL session_replication_role = replica;
UPDATE training_job_queue SET kind = 4711 WHERE job_id <> 'cs_b';
UPDATE training_jobs SET model_families = '{ridge}' WHERE job_id = 'sym_a_x';
SET LOCAL session_replication_role = origin;
SELECT job_id FROM claim_training_jobs('w', 9, families => '{ridge}');
SELECT job_id FROM claim_training_jobs('w', 9);
ROLLBACK;

-- nothing of a paused plan can be claimed; what runs goes on
BEGIN;
SELECT job_id FROM claim_training_jobs('w');
SELECT pause_training_plan(:plan), pause_training_plan(:plan) AS again;
SELECT job_id FROM claim_training_jobs('w');
SELECT job_id FROM claim_training_jobs('w', job_ids => '{cs_b}');
SELECT job_id FROM claim_training_jobs('w', any_plan => true);
SELECT extend_training_job_lease(:plan, 'sym_a_x', 1), complete_training_job(:plan, 'sym_a_x', 1);
SELECT paused FROM training_plans;
SELECT resume_training_plan(:plan), resume_training_plan(:plan) AS again;
SELECT job_id FROM claim_training_jobs('w');
ROLLBACK;
SELECT pause_training_plan(99);
SELECT resume_training_plan(NULL);

-- from any plan: the highest priority first, those of one priority in turn, not paused ones
BEGIN;
SELECT create_training_plan('decisions') AS second \gset
SELECT create_training_plan('decisions') AS third \gset
SELECT count(DISTINCT plan_id) FROM (SELECT (claim_training_jobs('w', any_plan => true)).plan_id FROM generate_series(1, 3)) AS c;
SELECT plan_id, count(*) FROM (SELECT (claim_training_jobs('w', any_plan => true)).plan_id FROM generate_series(1, 9)) AS c GROUP BY plan_id ORDER BY plan_id;
UPDATE training_plans SET priority = 1 WHERE plan_id = :second;
UPDATE training_plans SET paused = true WHERE plan_id = :third;
SELECT plan_id, job_id FROM claim_training_jobs('w', 3, any_plan => true);
ROLLBACK;
SELECT job_id FROM claim_training_jobs('w', plan_id => :plan, any_plan => true);
SELECT job_id FROM claim_training_jobs('w', job_ids => '{cs_b}', any_plan => true);

-- a worker that is known to be dead has its leases ended
BEGIN;
UPDATE training_plans SET max_attempts = 1;
SELECT job_id FROM claim_training_jobs('dead', 2);
UPDATE training_plans SET max_attempts = 2;
SELECT job_id FROM claim_training_jobs('alive', 1);
SELECT release_training_jobs('dead', :plan) AS released, release_training_jobs('dead') AS again, release_training_jobs('nobody') AS nobody;
SELECT job_id, attempts, state, worker FROM training_job_status WHERE attempts > 0 ORDER BY job_id;
SELECT job_id, attempt, worker, outcome FROM training_job_history ORDER BY job_id;
SELECT complete_training_job(:plan, 'sym_a_x', 1) AS too_late;
SELECT job_id, attempt FROM claim_training_jobs('dead', 2);
SELECT cancel_training_jobs(:plan, '{sym_b_x}') AS cancelled, release_training_jobs('dead') AS released;
SELECT job_id, attempts, state FROM training_job_status WHERE attempts > 1 ORDER BY job_id;
ROLLBACK;
SELECT release_training_jobs(NULL);
SELECT release_training_jobs('dead', 99);

DROP TABLE decisions;
DELETE FROM training_plans;
