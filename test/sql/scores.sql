-- Scores: what successes say of how good a model is, for SQL to rank.

CREATE TABLE decisions (target text, symbol text, route text, model_families text[]);
INSERT INTO decisions VALUES
    ('fwd', NULL, 'ENABLED', '{ridge,lstm}'), ('fwd', 'AAPL', 'ROUTE_BOTH', '{lstm}'), ('fwd', 'ON', 'ROUTE_SYMBOL_SPECIFIC', '{ridge}'),
    ('swing', 'AAPL', 'ROUTE_SYMBOL_SPECIFIC', '{ridge}'), ('swing', 'ON', 'ROUTE_SYMBOL_SPECIFIC', '{ridge}');

-- trains a plan, with a result for each job
CREATE FUNCTION train(git_commit text, results jsonb) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    plan bigint := create_training_plan('decisions', git_commit => git_commit);
    job record;
BEGIN
    FOR job IN SELECT * FROM claim_training_jobs('worker', 100, plan) LOOP
        IF results -> job.job_id IS NULL THEN
            PERFORM fail_training_job(plan, job.job_id, job.attempt, 'no result');
        ELSE
            PERFORM complete_training_job(plan, job.job_id, job.attempt, results -> job.job_id);
        END IF;
    END LOOP;
    RETURN plan;
END
$$;
SELECT train('aaa', '{"cs_fwd": {"score": 0.5}, "sym_fwd_AAPL": {"score": 0.625}, "sym_fwd_ON": {"score": 0.25}, "sym_swing_AAPL": {"score": 0.75}}') AS first \gset
SELECT train('bbb', '{"cs_fwd": {"score": 0.375}, "sym_fwd_AAPL": {"score": 0.5}, "sym_fwd_ON": {"score": 0.375}, "sym_swing_AAPL": {"score": 0.75}}') AS second \gset

-- a failure has no score, and nor has a job that was not tried
SELECT target, symbol, training_type, model_families, plan_id - :first AS plan, job_id, attempt, git_commit, score, finished_at <= now() AS finished
FROM training_scores() ORDER BY plan_id, job_id;

-- ---- the champion of each pair: of two that are as good the older one
SELECT DISTINCT ON (target, symbol) target, symbol, score, git_commit, plan_id - :first AS plan
FROM training_scores()
ORDER BY target, symbol, score DESC, finished_at, plan_id, attempt;

-- ---- what got worse since the plan before
SELECT b.target, b.symbol, a.score AS before, b.score AS after
FROM training_scores() AS a
JOIN training_scores() AS b ON b.job_id = a.job_id
WHERE a.plan_id = :first AND b.plan_id = :second AND b.score < a.score
ORDER BY a.score - b.score DESC, target, symbol;

-- the same where not all are trained by each plan: since each was trained before
SELECT target, symbol, before, score AS after
FROM (
    SELECT *, lag(score) OVER (PARTITION BY target, symbol ORDER BY finished_at, plan_id) AS before
    FROM training_scores()
) AS s
WHERE plan_id = :second AND score < before
ORDER BY before - score DESC, target, symbol;

-- ---- the pooled model against the symbol's own
SELECT own.target, own.symbol, pooled.score AS pooled, own.score AS own, own.score > pooled.score AS "own is better"
FROM training_scores() AS own
JOIN training_scores() AS pooled ON pooled.target = own.target AND pooled.plan_id = own.plan_id AND pooled.symbol IS NULL
WHERE own.symbol IS NOT NULL AND own.plan_id = :second
ORDER BY own.target, own.symbol;

-- ---- a family's mean by target
SELECT target, family, avg(score) AS mean, count(*) AS models
FROM training_scores() CROSS JOIN unnest(model_families) AS family
GROUP BY target, family ORDER BY target, family;

-- ---- a deleted plan's count as well, and what is reported by hand
DELETE FROM training_plans WHERE plan_id = :first;
SELECT count(*) FROM training_scores() WHERE plan_id = :first;

-- ---- numbers, and what is none
TRUNCATE training_job_history;
INSERT INTO training_job_history (plan_id, job_id, attempt, worker, started_at, finished_at, outcome, result, target, symbol, training_type)
SELECT 1, 'job ' || n, 1, 'w', now(), now(), 'succeeded', result, 't', NULL, 'cross_sectional'
FROM (VALUES
    (1, '{"score": 0.1234567890123456}'::jsonb), (2, '{"score": -1e-300}'), (3, '{"score": 12345678901234567890}'),
    -- more than double precision holds, and less
    (4, '{"score": 1e400}'), (5, '{"score": -1e400}'), (6, '{"score": 1e-400}'),
    -- no number
    (7, '{"score": "0.5"}'), (8, '{"score": "NaN"}'), (9, '{"score": null}'), (10, '{"score": true}'), (11, '{"score": [0.5]}'), (12, '{"score": {"auc": 0.5}}'),
    -- nothing
    (13, '{}'), (14, NULL), (15, 'null'), (16, '0.5'), (17, '[]'),
    -- several: the first that is one
    (18, '[{"score": "high"}, {"score": 1e999}, {"score": 0.25}, {"score": 0.5}]'),
    (20, '{"score": 0.125, "at": "2025-01-01T00:00:00+01"}'),
    (19, '{"families": {"ridge": {"score": 0.25}, "lstm": {"score": 0.75}}}')
) AS r (n, result);
SELECT job_id, score FROM training_scores() ORDER BY length(job_id), job_id;
SELECT job_id, score FROM training_scores(NULL) ORDER BY length(job_id), job_id LIMIT 1;
SELECT job_id, score FROM training_scores('$.families.*.score') ORDER BY job_id;
SELECT job_id, score FROM training_scores('$.score[last]') WHERE job_id = 'job 11';
SELECT job_id, score FROM training_scores('$') ORDER BY job_id;
-- errors within are none: strict paths, divisions by zero, and what is no time
SELECT job_id, score FROM training_scores('strict $.families.ridge.score') ORDER BY job_id;
SELECT job_id, score FROM training_scores('1 / ($.score - $.score)') ORDER BY job_id;
SELECT job_id, score FROM training_scores('-$.score') WHERE job_id IN ('job 1', 'job 7', 'job 11') ORDER BY job_id;
SELECT job_id, score FROM training_scores('$ ? (@.at.datetime() < "2025-06-01".datetime()).score');
-- a path that is none
SELECT count(*) FROM training_scores('$.');

-- ---- with the rights of whoever asks
CREATE ROLE regress_scores;
SET ROLE regress_scores;
SELECT count(*) FROM training_scores();
RESET ROLE;
GRANT SELECT ON training_job_history TO regress_scores;
ALTER TABLE training_job_history ENABLE ROW LEVEL SECURITY;
CREATE POLICY one ON training_job_history TO regress_scores USING (job_id = 'job 1');
SET ROLE regress_scores;
SELECT count(*) FROM training_scores();
RESET ROLE;
DROP POLICY one ON training_job_history;
ALTER TABLE training_job_history DISABLE ROW LEVEL SECURITY;
REVOKE SELECT ON training_job_history FROM regress_scores;
DROP ROLE regress_scores;

TRUNCATE training_plans, training_job_history;
DROP FUNCTION train(text, jsonb);
DROP TABLE decisions;
