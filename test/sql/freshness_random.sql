-- After any sequence of plans, trainings, failures and deletions, exactly those jobs are left to
-- train whose inputs differ from their last success.
TRUNCATE training_plans, training_job_history;
ALTER TABLE training_plans ALTER plan_id RESTART;
SELECT setseed(0.42);

CREATE TABLE decisions (target text, symbol text, route text, sample_size bigint, model_families text[]);
INSERT INTO decisions
SELECT 't' || t, 's' || s, 'ROUTE_BLOCKED', 1000 FROM generate_series(1, 4) AS t, generate_series(1, 8) AS s
UNION ALL SELECT 't' || t, NULL, 'ENABLED', 8000 FROM generate_series(1, 4) AS t;

CREATE FUNCTION one_of(VARIADIC choices text[]) RETURNS text LANGUAGE sql VOLATILE AS $$
    SELECT choices[1 + floor(random() * array_length(choices, 1))::integer]
$$;

-- what is known of trainings, beside the extension's history
CREATE TABLE trained (
    number integer GENERATED ALWAYS AS IDENTITY, at timestamptz, target text, symbol text, training_type text, ensemble boolean,
    families text[], samples bigint, commit text
);

-- the jobs of a plan that need not be trained again, and what they reuse
CREATE FUNCTION expected(plan bigint, max_age interval, growth double precision, same boolean)
RETURNS TABLE (job_id text, result jsonb) LANGUAGE sql AS $$
    SELECT j.job_id, to_jsonb(l.number)
    FROM training_jobs AS j JOIN training_plans AS p USING (plan_id),
    LATERAL (SELECT * FROM trained AS t WHERE t.target = j.target AND t.symbol IS NOT DISTINCT FROM j.symbol ORDER BY at DESC LIMIT 1) AS l
    WHERE j.plan_id = plan AND j.training_type <> 'blocked'
        AND l.training_type = j.training_type
        AND l.ensemble = coalesce((j.metadata ->> 'needs_cs_ensemble')::boolean, false)
        AND l.families @> j.model_families
        AND (max_age IS NULL OR l.at >= now() - max_age)
        AND (growth IS NULL OR j.estimated_samples <= l.samples * (1 + growth)) IS NOT FALSE
        AND (l.commit = p.git_commit OR NOT same) IS NOT FALSE
$$;

-- workers take some of what there is, and report
CREATE PROCEDURE work(minutes integer) LANGUAGE plpgsql AS $$
DECLARE
    c record;
    n integer;
BEGIN
    FOR c IN SELECT * FROM claim_training_jobs('w', floor(random() * 40)::integer + 1, any_plan => true) LOOP
        CASE one_of('ok', 'ok', 'ok', 'fail', 'run')
        WHEN 'ok' THEN
            INSERT INTO trained (at, target, symbol, training_type, ensemble, families, samples, commit)
            SELECT now() - interval '40 days' + minutes * interval '8 minutes', c.target, c.symbol, c.training_type,
                coalesce((c.metadata ->> 'needs_cs_ensemble')::boolean, false), c.model_families, c.estimated_samples, p.git_commit
            FROM training_plans AS p WHERE p.plan_id = c.plan_id
            RETURNING number INTO n;
            PERFORM complete_training_job(c.plan_id, c.job_id, c.attempt, to_jsonb(n));
            UPDATE training_job_history AS h SET finished_at = t.at FROM trained AS t
            WHERE t.number = n AND h.plan_id = c.plan_id AND h.job_id = c.job_id AND h.attempt = c.attempt;
        WHEN 'fail' THEN
            PERFORM fail_training_job(c.plan_id, c.job_id, c.attempt, 'failed');
        ELSE
        END CASE;
        minutes := minutes + 1;
    END LOOP;
END $$;

CREATE PROCEDURE play(rounds integer) LANGUAGE plpgsql AS $$
DECLARE
    plan bigint;
    max_age interval;
    growth double precision;
    same boolean;
    reused bigint;
    wrong text;
    total bigint := 0;
    jobs bigint := 0;
BEGIN
    FOR round IN 1 .. rounds LOOP
        UPDATE decisions SET route = one_of('ROUTE_BOTH', 'ROUTE_SYMBOL_SPECIFIC', 'ROUTE_CROSS_SECTIONAL', 'ROUTE_BLOCKED', 'ROUTE_EXPERIMENTAL_ONLY')
        WHERE symbol IS NOT NULL AND random() < 0.1;
        UPDATE decisions SET sample_size = CASE WHEN random() < 0.1 THEN NULL ELSE floor(coalesce(sample_size, 1000) * (0.9 + 0.4 * random())) END WHERE random() < 0.2;
        UPDATE decisions SET model_families = one_of('{lightgbm}', '{lightgbm,xgboost}', '{xgboost,lightgbm}', '{mlp}', NULL)::text[] WHERE random() < 0.1;
        max_age := one_of('20 days', '3 days', NULL, NULL)::interval;
        growth := one_of('0', '0.1', '0.5', NULL)::double precision;
        same := random() < 0.8;
        plan := create_training_plan('decisions', NULL, random() < 0.5, one_of('f3ba63d', 'f3ba63d', '81c2e07', NULL), pooled_first => random() < 0.5);
        reused := reuse_training_results(plan, max_age, growth, same);

        SELECT string_agg(coalesce(s.job_id, e.job_id), ', ') INTO wrong
        FROM (SELECT * FROM training_job_status WHERE plan_id = plan AND state = 'reused') AS s
        FULL JOIN expected(plan, max_age, growth, same) AS e ON e.job_id = s.job_id
        WHERE e.job_id IS NULL OR s.job_id IS NULL OR e.result IS DISTINCT FROM s.result;
        IF wrong IS NOT NULL OR reused <> (SELECT count(*) FROM expected(plan, max_age, growth, same)) THEN
            RAISE WARNING 'round %: %', round, wrong;
        END IF;
        SELECT string_agg(f.job_id, ', ') INTO wrong
        FROM training_job_freshness(plan, max_age, growth, same) AS f
        LEFT JOIN expected(plan, max_age, growth, same) AS e USING (job_id)
        WHERE f.fresh <> (e.job_id IS NOT NULL) OR (f.fresh AND f.result IS DISTINCT FROM e.result);
        IF wrong IS NOT NULL THEN
            RAISE WARNING 'round %: freshness of %', round, wrong;
        END IF;
        -- nothing waits for what is reused, and nothing that waits can be claimed
        SELECT string_agg(s.job_id || ' is ' || s.state, ', ') INTO wrong
        FROM training_job_status AS s JOIN training_jobs AS j USING (plan_id, job_id)
        LEFT JOIN training_job_status AS c ON c.plan_id = s.plan_id AND c.target = s.target AND c.symbol IS NULL
        WHERE s.plan_id = plan AND (s.state = 'waiting') <> (s.state IN ('pending', 'waiting') AND c.state IN ('pending', 'running') AND
            j.metadata @> '{"needs_cs_ensemble": true}' AND (SELECT p.pooled_first FROM training_plans AS p WHERE p.plan_id = plan));
        IF wrong IS NOT NULL THEN
            RAISE WARNING 'round %: %', round, wrong;
        END IF;
        total := total + reused;
        jobs := jobs + (SELECT count(*) FROM training_jobs AS j WHERE j.plan_id = plan AND j.training_type <> 'blocked');

        CALL work(round * 60);
        IF random() < 0.3 THEN
            DELETE FROM training_plans WHERE plan_id = (SELECT plan_id FROM training_plans ORDER BY random() LIMIT 1);
        END IF;
        IF random() < 0.2 THEN
            PERFORM cancel_training_jobs(plan_id) FROM training_plans WHERE random() < 0.5;
        END IF;
        IF random() < 0.1 THEN
            PERFORM retry_training_jobs(plan_id) FROM training_plans WHERE random() < 0.5;
        END IF;
    END LOOP;
    RAISE NOTICE 'some were reused, and some trained: %', total > jobs / 10 AND total < jobs * 9 / 10;
END $$;
CALL play(120);
SELECT count(*) > 500 AS trained, count(DISTINCT at) = count(*) AS at_different_times FROM trained;
-- progress counts as all of it says
SELECT count(*) AS wrong
FROM training_plan_progress AS p
JOIN (SELECT plan_id, count(*) FILTER (WHERE state = 'reused') AS reused, count(*) FILTER (WHERE state = 'waiting') AS waiting,
          count(*) FILTER (WHERE state = 'pending') AS pending, count(*) FILTER (WHERE state = 'succeeded') AS succeeded
      FROM training_job_status GROUP BY plan_id) AS s USING (plan_id)
WHERE (p.reused, p.waiting, p.pending, p.succeeded) IS DISTINCT FROM (s.reused, s.waiting, s.pending, s.succeeded);
TRUNCATE training_plans, training_job_history;
DROP PROCEDURE play, work;
DROP FUNCTION expected, one_of;
DROP TABLE decisions, trained;
