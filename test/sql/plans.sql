-- Stored plans: the tables, the views over them, and what may be hung on them.

ALTER TABLE training_plans ALTER plan_id RESTART;
CREATE TABLE decisions (target text, symbol text, route text, reason text, sample_size integer);
INSERT INTO decisions VALUES
    ('fwd_ret_5d', NULL, 'ENABLED', 'pooled', 50000),
    ('fwd_ret_5d', 'AAPL', 'ROUTE_BOTH', 'both', 4000),
    ('fwd_ret_5d', 'MSFT', 'ROUTE_SYMBOL_SPECIFIC', 'own', 4001),
    ('fwd_ret_5d', 'NVDA', 'ROUTE_EXPERIMENTAL_ONLY', NULL, NULL),
    ('fwd_ret_5d', 'ON', 'ROUTE_BLOCKED', 'leaks', 10);

SELECT latest_training_plan() IS NULL AS "no plan yet";
SELECT create_training_plan('decisions') AS first \gset
SELECT latest_training_plan() = :first AS "it is the latest";
SELECT create_training_plan(
    'decisions',
    ARRAY['ridge', ' ridge'],
    true,
    git_commit => 'f3ba63d',
    config_hash => '0badc0de',
    metrics_snapshot => 'metrics/2026-11-20.parquet'
) AS second \gset
SELECT :second > :first AS "numbers grow", latest_training_plan() = :second AS "it is the latest";

SELECT routing, model_families, include_blocked, git_commit, config_hash, metrics_snapshot, total_jobs
FROM training_plans
ORDER BY plan_id;
BEGIN;
SELECT create_training_plan('decisions') AS third \gset
SELECT
    generated_at = now() AS now,
    run_id = to_char(now() AT TIME ZONE 'UTC', 'YYYYMMDD_HH24MISS') AS "same time in UTC",
    run_id ~ '^\d{8}_\d{6}$' AS "as expected"
FROM training_plans
WHERE plan_id = :third;
ROLLBACK;

-- the jobs are those of generate_training_plan()
SELECT job_id, target, symbol, route, training_type, model_families, priority
FROM training_jobs
WHERE plan_id = :second
ORDER BY priority DESC, target, symbol NULLS FIRST;
SELECT job_id, estimated_samples, reason, metadata
FROM training_jobs
WHERE plan_id = :second
ORDER BY priority DESC, target, symbol NULLS FIRST;
SELECT count(*) AS different FROM (
    SELECT to_jsonb(j) - 'plan_id' FROM training_jobs AS j WHERE plan_id = :second
    EXCEPT
    SELECT to_jsonb(j) FROM generate_training_plan('decisions', '{ridge}', true) AS j
) AS d;

-- the summaries
SELECT plan_id - :first AS plan, route, jobs FROM training_jobs_by_route ORDER BY plan_id, route;
SELECT plan_id - :first AS plan, training_type, jobs FROM training_jobs_by_type ORDER BY plan_id, training_type;
SELECT plan_id - :first AS plan, priority, jobs FROM training_jobs_by_priority ORDER BY plan_id, priority;
SELECT routing, total_jobs, total_cs_jobs, total_symbol_jobs, total_blocked, by_route, by_type, by_priority
FROM training_plan_summary
ORDER BY plan_id;

-- a plan without jobs is a plan
DELETE FROM decisions WHERE route <> 'ROUTE_BLOCKED';
SELECT create_training_plan('decisions') - :first AS plan;
SELECT total_jobs, total_cs_jobs, total_symbol_jobs, total_blocked, by_route, by_type, by_priority
FROM training_plan_summary
WHERE plan_id = latest_training_plan();
SELECT count(*) FROM training_jobs_by_route WHERE plan_id = latest_training_plan();

-- jobs go with their plan
DELETE FROM training_plans WHERE plan_id = :first;
SELECT count(*) FROM training_jobs WHERE plan_id = :first;
-- a target has one job as a whole, a symbol has one
INSERT INTO training_jobs SELECT plan_id, 'other', target, symbol, route, training_type, model_families, priority, NULL, NULL, '{}'
FROM training_jobs WHERE plan_id = :second AND symbol IS NULL;
INSERT INTO training_jobs SELECT plan_id, job_id, 'other', symbol, route, training_type, model_families, priority, NULL, NULL, '{}'
FROM training_jobs WHERE plan_id = :second AND symbol IS NULL;

DELETE FROM training_plans;
INSERT INTO decisions VALUES ('t', 's', 'ROUTE_BOTH');

-- read-only transactions can look at a plan, and not store one
BEGIN READ ONLY;
SELECT job_id FROM generate_training_plan('decisions');
SELECT create_training_plan('decisions');
ROLLBACK;

--
-- What an owner hangs on the jobs table holds for planned jobs too.
--
INSERT INTO decisions VALUES ('t', NULL, 'ENABLED');

-- a check; and a plan whose jobs are refused is not stored either
ALTER TABLE training_jobs ADD CONSTRAINT not_s CHECK (symbol <> 's');
\set VERBOSITY terse
SELECT create_training_plan('decisions');
\set VERBOSITY default
SELECT count(*) FROM training_plans;
ALTER TABLE training_jobs DROP CONSTRAINT not_s;

-- a column that must not be null
ALTER TABLE training_jobs ALTER symbol SET NOT NULL;
\set VERBOSITY terse
SELECT create_training_plan('decisions');
\set VERBOSITY default
ALTER TABLE training_jobs ALTER symbol DROP NOT NULL;

-- a column with a default, and one that is generated
ALTER TABLE training_jobs ADD owner text DEFAULT 'nobody', ADD twice integer GENERATED ALWAYS AS (2 * priority) STORED;
SELECT create_training_plan('decisions') AS plan \gset
SELECT job_id, owner, twice FROM training_jobs WHERE plan_id = :plan ORDER BY job_id;
ALTER TABLE training_jobs DROP owner, DROP twice;

-- a dropped column is still there, in a way
SELECT create_training_plan('decisions') AS plan \gset
SELECT * FROM training_jobs WHERE plan_id = :plan ORDER BY job_id;

-- a trigger
CREATE FUNCTION note_job() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF new.job_id = 'cs_refused' THEN
        RETURN NULL;
    END IF;
    RAISE NOTICE '% %', tg_op, new.job_id;
    RETURN new;
END
$$;
CREATE TRIGGER note_job BEFORE INSERT ON training_jobs FOR EACH ROW EXECUTE FUNCTION note_job();
SELECT create_training_plan('decisions') IS NOT NULL AS created;
INSERT INTO decisions VALUES ('refused', NULL, 'ENABLED');
SELECT create_training_plan('decisions') IS NOT NULL AS created;
DROP TRIGGER note_job ON training_jobs;
DROP FUNCTION note_job();
DELETE FROM decisions WHERE target = 'refused';

CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE TRIGGER refuse BEFORE INSERT ON training_plans FOR EACH ROW EXECUTE FUNCTION refuse();
SELECT create_training_plan('decisions');
DROP TRIGGER refuse ON training_plans;
DROP FUNCTION refuse();

-- a foreign key, and an index that keeps some jobs apart
DELETE FROM training_plans;
CREATE TABLE known_symbols (symbol text COLLATE "C" PRIMARY KEY);
ALTER TABLE training_jobs ADD CONSTRAINT known FOREIGN KEY (symbol) REFERENCES known_symbols;
SELECT create_training_plan('decisions');
ALTER TABLE training_jobs DROP CONSTRAINT known;
CREATE UNIQUE INDEX one_plan_for_s ON training_jobs (symbol) WHERE symbol = 's';
SELECT create_training_plan('decisions') IS NOT NULL AS created;
SELECT create_training_plan('decisions') IS NOT NULL AS created;
DROP INDEX one_plan_for_s;
DROP TABLE known_symbols;

-- a deferred constraint
DELETE FROM training_plans;
ALTER TABLE training_jobs ADD CONSTRAINT one_of_a_kind UNIQUE (job_id) DEFERRABLE INITIALLY DEFERRED;
BEGIN;
SELECT create_training_plan('decisions') IS NOT NULL AS created;
SELECT create_training_plan('decisions') IS NOT NULL AS created;
COMMIT;
ALTER TABLE training_jobs DROP CONSTRAINT one_of_a_kind;
SELECT count(*) FROM training_plans;

DROP TABLE decisions;
