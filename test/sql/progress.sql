-- How far plans are: rates and expected ends, also where clocks were wrong or nobody cares.

CREATE TABLE decisions AS
SELECT 't' AS target, 's' || n AS symbol, 'ROUTE_SYMBOL_SPECIFIC' AS route FROM generate_series(1, 1000) AS n;

-- a plan whose jobs were done in so many seconds each, one after the other or together, up to now
CREATE FUNCTION work(jobs integer, seconds float8, at_once integer, ended interval DEFAULT '0') RETURNS bigint LANGUAGE sql AS $$
    WITH plan AS MATERIALIZED (SELECT create_training_plan('decisions') AS plan_id),
    times AS (
        SELECT plan_id, job_id, now() - ended - make_interval(secs => seconds * (jobs - at_once * ((n - 1) / at_once + 1))) AS finished_at
        FROM plan, LATERAL (SELECT 'sym_t_s' || n AS job_id, n FROM generate_series(1, jobs) AS n) AS j
    ), history AS (
        INSERT INTO training_job_history (plan_id, job_id, attempt, worker, started_at, finished_at, outcome)
        SELECT plan_id, job_id, 1, 'w', finished_at - make_interval(secs => seconds * at_once), finished_at, 'succeeded' FROM times
    )
    SELECT plan_id FROM plan
$$;
CREATE FUNCTION finish(plan bigint) RETURNS bigint LANGUAGE sql AS $$
    UPDATE training_job_queue AS q SET state = 'succeeded', attempt = 1, state_since = h.finished_at
    FROM training_job_history AS h WHERE h.plan_id = plan AND q.plan_id = plan AND q.job_id = h.job_id;
    SELECT plan
$$;
CREATE VIEW rates AS
SELECT jobs, succeeded, round(jobs_per_hour, -1) AS per_hour, round(extract(epoch FROM expected_end - now()) / 60, -1) AS minutes_left
FROM training_plan_progress;

-- the rate is that of jobs, not of reports: 144 an hour, rounded, however they are reported
BEGIN;
SELECT work(400, 25, 1) AS plan \gset
SELECT finish(:plan) = :plan AS finished;
SELECT work(400, 25, 10) AS plan \gset
SELECT finish(:plan) = :plan AS finished;
SELECT work(400, 25, 100) AS plan \gset
SELECT finish(:plan) = :plan AS finished;
SELECT work(400, 25, 200) AS plan \gset
SELECT finish(:plan) = :plan AS finished;
SELECT work(400, 25, 400) AS plan \gset
SELECT finish(:plan) = :plan AS finished;
SELECT * FROM rates;
ROLLBACK;

-- left alone for a thousand years, or with a clock that was a day ahead, or ran backwards
BEGIN;
SELECT work(400, 25, 1, '1000 years') AS plan \gset
SELECT finish(:plan) = :plan AS finished;
SELECT work(400, 25, 1, '-1 day') AS plan \gset
SELECT finish(:plan) = :plan AS finished;
SELECT work(400, -25, 1) AS plan \gset
SELECT finish(:plan) = :plan AS finished;
SELECT * FROM rates;
ROLLBACK;

-- all have ended: when, and at which rate until then
BEGIN;
SELECT work(1000, 25, 1, '1 hour') AS plan \gset
SELECT finish(:plan) = :plan AS finished;
SELECT * FROM rates;
ROLLBACK;

-- times that are none
BEGIN;
SELECT work(400, 25, 1) AS plan \gset
SELECT finish(:plan) = :plan AS finished;
UPDATE training_job_queue SET state_since = '-infinity' WHERE job_id = 'sym_t_s399';
UPDATE training_job_queue SET state_since = 'infinity' WHERE job_id = 'sym_t_s400';
UPDATE training_job_history SET started_at = '-infinity' WHERE job_id = 'sym_t_s398';
UPDATE training_job_history SET started_at = 'infinity' WHERE job_id = 'sym_t_s397';
SELECT * FROM rates;
UPDATE training_job_queue SET state_since = 'infinity' WHERE state = 'succeeded';
UPDATE training_job_history SET started_at = '-infinity';
SELECT * FROM rates;
ROLLBACK;

DROP VIEW rates;
DROP FUNCTION work, finish;
DELETE FROM training_plans;
DELETE FROM training_job_history;
DROP TABLE decisions;
