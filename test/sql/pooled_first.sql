-- The pooled model first: jobs that need it wait until it is trained.

ALTER TABLE training_plans ALTER plan_id RESTART;
CREATE TABLE decisions (target text, symbol text, route text);
INSERT INTO decisions VALUES
    ('t1', NULL, 'ENABLED'), ('t1', 'a', 'ROUTE_BOTH'), ('t1', 'b', 'ROUTE_BOTH'), ('t1', 'c', 'ROUTE_SYMBOL_SPECIFIC'),
    ('t2', 'a', 'ROUTE_BOTH'), ('t2', 'b', 'ROUTE_CROSS_SECTIONAL'),
    ('t3', NULL, 'DISABLED'), ('t3', 'a', 'ROUTE_BOTH'),
    ('t4', NULL, 'ENABLED'), ('t4', 'a', 'ROUTE_SYMBOL_SPECIFIC'), ('t4', 'b', 'ROUTE_BLOCKED');
CREATE VIEW places AS
SELECT job_id, state, attempt, attempts_forgiven AS forgiven, priority, position, awaited AS awaits,
    CASE WHEN ready_at IS NULL THEN 'fresh' WHEN ready_at = 'infinity' THEN 'never' ELSE 'now' END AS ready, error
FROM training_job_queue
WHERE plan_id = latest_training_plan()
ORDER BY job_id;

-- without it, what needs the pooled model is claimed before it
SELECT create_training_plan('decisions', include_blocked => true);
SELECT job_id, priority FROM claim_training_jobs('w', 3);

-- with it the pooled model goes first; t2's comes from no decision of its own, t3 has none
SELECT create_training_plan('decisions', include_blocked => true, pooled_first => true) AS plan \gset
SELECT pooled_first FROM training_plans ORDER BY plan_id;
SELECT * FROM places;
SELECT job_id FROM claim_training_jobs('w', 3) ORDER BY job_id;

-- success lets go what waits
SELECT complete_training_job(:plan, 'cs_t1', 1);
SELECT * FROM places WHERE job_id LIKE '%t1%';
SELECT job_id FROM claim_training_jobs('w', 100) ORDER BY job_id;

-- a failure that can be tried again changes nothing for the others, one for good does
SELECT fail_training_job(:plan, 'cs_t2', 1, 'oops');
SELECT job_id, state, error FROM places WHERE job_id LIKE '%t2%';
UPDATE training_plans SET max_attempts = 2 WHERE plan_id = :plan;
SELECT fail_training_job(plan_id, job_id, attempt, 'oops') FROM claim_training_jobs('w', job_ids => '{cs_t2}');
SELECT job_id, state, ready, error FROM places WHERE job_id LIKE '%t2%';
SELECT retry_training_jobs(:plan, '{sym_t2_a}') AS not_by_itself;
SELECT retry_training_jobs(:plan, '{cs_t2}');
SELECT * FROM places WHERE job_id LIKE '%t2%';

-- cancelled with it, and back
SELECT create_training_plan('decisions', pooled_first => true) AS plan \gset
SELECT cancel_training_jobs(:plan, '{cs_t1}');
SELECT job_id, state, error FROM places WHERE job_id LIKE '%t1%';
SELECT cancel_training_jobs(:plan, '{sym_t1_a}') AS was_cancelled_already;
SELECT retry_training_jobs(:plan, '{cs_t1}');
SELECT job_id, state, error FROM places WHERE job_id LIKE '%t1%';
-- one by itself waits again, while the other has not ended
SELECT cancel_training_jobs(:plan, '{sym_t1_b}');
SELECT retry_training_jobs(:plan, symbol => 'a', target => 't1');
SELECT job_id, state, error FROM places WHERE job_id LIKE '%t1%';
-- all, and all back
SELECT cancel_training_jobs(:plan), cancel_training_jobs(:plan);
SELECT job_id, state, error FROM places;
SELECT retry_training_jobs(:plan), retry_training_jobs(:plan);
SELECT job_id, state, ready, error FROM places;
SELECT cancel_training_jobs(:plan, target => 't1'), retry_training_jobs(:plan, target => 't1');
SELECT job_id, state, error FROM places WHERE job_id LIKE '%t1%';

-- one that runs is cancelled when its worker reports, or when its lease ends
SELECT job_id FROM claim_training_jobs('w', 2, job_ids => '{cs_t1,cs_t2}');
SELECT cancel_training_jobs(:plan, '{cs_t1}');
SELECT job_id, state FROM places WHERE job_id LIKE '%t1%';
SELECT extend_training_job_lease(:plan, 'cs_t1', 1);
SELECT job_id, state, error FROM places WHERE job_id LIKE '%t1%';
UPDATE training_plans SET max_attempts = 1 WHERE plan_id = :plan;
UPDATE training_job_queue SET ready_at = now() WHERE plan_id = :plan AND job_id = 'cs_t2';
SELECT job_id FROM claim_training_jobs('w', 1, families => '{mlp}');
SELECT job_id, state, error FROM places WHERE job_id LIKE '%t2%';
SELECT retry_training_jobs(:plan, '{cs_t2,sym_t2_a}');
SELECT job_id, state, error FROM places WHERE job_id LIKE '%t2%';

-- batches, in which others may be that wait for it
SELECT job_id FROM claim_training_jobs('w', 100) ORDER BY job_id;
SELECT * FROM complete_training_jobs(:plan, '{sym_t2_a,sym_t3_a,cs_t2,sym_t1_c}', '{1,1,2,1}');
SELECT job_id, state, error FROM places;

-- ids in any order: what waits stands before what it waits for
CREATE TABLE document AS
SELECT replace(replace(training_plan_to_json(1)::text, '"cs_t', '"z_t'), '"sym_t', '"a_t') AS document;
SELECT import_training_plan(document) FROM document;
SELECT count(*) FROM places WHERE state = 'waiting';
SELECT import_training_plan(document, true) AS plan FROM document \gset
SELECT * FROM places;
SELECT training_plan_to_json(:plan)::text = training_plan_to_json(:plan - 1)::text AS same_document;
SELECT cancel_training_jobs(:plan);
SELECT retry_training_jobs(:plan);
SELECT job_id, state, error FROM places;
SELECT job_id FROM claim_training_jobs('w', job_ids => '{a_t1_a,z_t1}');
SELECT cancel_training_jobs(:plan), retry_training_jobs(:plan);
SELECT job_id, state, error FROM places WHERE job_id LIKE '%t1%';
SELECT complete_training_job(:plan, 'z_t1', 1);
SELECT job_id, state, error FROM places WHERE job_id LIKE '%t1%';
SELECT * FROM complete_training_jobs(:plan, '{z_t2,a_t3_a}', '{1,1}');

-- it stays what a plan is
UPDATE training_plans SET pooled_first = false WHERE plan_id = :plan;

-- very many wait for one
CREATE TABLE many AS
SELECT 't' AS target, CASE WHEN n > 0 THEN 's' || n END AS symbol, CASE WHEN n > 0 THEN 'ROUTE_BOTH' ELSE 'ENABLED' END AS route
FROM generate_series(0, 50000) AS n;
SET work_mem = '64kB';
SELECT create_training_plan('many', pooled_first => true) AS plan \gset
SELECT state, count(*) FROM places GROUP BY state ORDER BY state;
SELECT complete_training_job(:plan, job_id, attempt) FROM claim_training_jobs('w', 2, :plan);
SELECT state, ready, count(*) FROM places GROUP BY state, ready ORDER BY state;
RESET work_mem;

DELETE FROM training_plans;
DELETE FROM training_job_history;
DROP VIEW places;
DROP TABLE decisions, document, many;
