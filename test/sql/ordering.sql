-- Order: by priority, then target and symbol in the C collation, at any size and
-- in any memory.

CREATE COLLATION german (provider = icu, locale = 'de-u-kn');
CREATE TABLE names (name text COLLATE german);
INSERT INTO names VALUES
    ('a'), ('A'), ('ab'), ('a b'), ('a_b'), ('aB'), ('b'), ('B'), ('_'), ('10'), ('9'), ('ä'), ('z'), ('é'),
    ('日'), ('a1'), ('a10'), ('a2');
CREATE TABLE decisions AS
SELECT name AS target, NULL::text AS symbol, 'ENABLED' AS route FROM names
UNION ALL
SELECT 'a', name, 'ROUTE_SYMBOL_SPECIFIC' FROM names;

SELECT target, string_agg(coalesce(symbol, '-'), ' ' ORDER BY ordinality) AS symbols
FROM generate_training_plan('decisions') WITH ORDINALITY
GROUP BY target
ORDER BY min(ordinality);

-- What plain SQL makes of the same decisions, to compare with.
CREATE TABLE many AS
SELECT
    'y_will_swing_' || (ARRAY['low', 'high'])[1 + t % 2] || '_' || t || 'm_0.20' AS target,
    CASE WHEN s > 0 THEN 'S' || (s * 7919 % 1000) END AS symbol,
    CASE
        WHEN s = 0 THEN 'ENABLED'
        ELSE (ARRAY['ROUTE_CROSS_SECTIONAL', 'ROUTE_SYMBOL_SPECIFIC', 'ROUTE_BOTH',
                    'ROUTE_EXPERIMENTAL_ONLY', 'ROUTE_BLOCKED'])[1 + (t + s) % 5]
    END AS route,
    ARRAY['phrase ' || t, 'phrase ' || s % 3] AS reason,
    CASE WHEN s % 7 > 0 THEN 'STATE_' || s % 7 END AS cs_state,
    'LOCAL_' || t % 5 AS local_state,
    CASE WHEN s % 11 > 0 THEN s * 100000000::bigint END AS sample_size,
    CASE WHEN s % 13 = 0 THEN ARRAY['ridge', 'f' || t % 3] END AS model_families
FROM generate_series(1, 60) AS t, generate_series(0, 200) AS s
WHERE s > 0 OR t <> 33
ORDER BY hashint4(t * 1000 + s);

CREATE VIEW expected AS
SELECT
    coalesce(training_prefix || '_' || target || '_' || symbol, 'cs_' || target) AS job_id,
    target,
    symbol,
    CASE WHEN symbol IS NULL THEN 'ROUTE_CROSS_SECTIONAL' ELSE route END AS route,
    CASE WHEN symbol IS NULL THEN 'cross_sectional' WHEN priority = 0 THEN 'blocked' ELSE 'symbol_specific' END AS training_type,
    CASE WHEN priority = 0 THEN '{}' ELSE coalesce(model_families, '{lightgbm,xgboost}') END AS model_families,
    priority,
    sample_size AS estimated_samples,
    array_to_string(reason, '; ') AS reason,
    CASE
        WHEN symbol IS NULL THEN jsonb_build_object('cs_state', coalesce(cs_state, 'UNKNOWN'), 'sample_size', sample_size)
        WHEN priority = 0 THEN jsonb_build_object('cs_state', coalesce(cs_state, 'UNKNOWN'), 'local_state', local_state)
        ELSE jsonb_build_object('cs_state', coalesce(cs_state, 'UNKNOWN'), 'local_state', local_state,
                                'needs_cs_ensemble', route = 'ROUTE_BOTH')
    END AS metadata
FROM (
    SELECT *,
        CASE route WHEN 'ROUTE_BLOCKED' THEN 'blocked' ELSE 'sym' END AS training_prefix,
        CASE route WHEN 'ROUTE_BOTH' THEN 3 WHEN 'ROUTE_EXPERIMENTAL_ONLY' THEN 1 WHEN 'ROUTE_BLOCKED' THEN 0 ELSE 2 END AS priority
    FROM (
        SELECT * FROM many WHERE route <> 'ROUTE_CROSS_SECTIONAL'
        UNION ALL
        -- the target that was left out has a job all the same
        SELECT min(target), NULL, 'ENABLED',
            ARRAY[count(*) || ' symbols count on it, no decision of its own'], NULL, NULL, NULL, NULL
        FROM many WHERE target LIKE '%\_33m\_%' AND route IN ('ROUTE_CROSS_SECTIONAL', 'ROUTE_BOTH')
    ) AS decided
) AS ranked;

CREATE FUNCTION differences(memory text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    different bigint;
BEGIN
    PERFORM set_config('work_mem', memory, true);
    WITH planned AS (
        SELECT row_number() OVER () AS n, p FROM generate_training_plan('many', include_blocked => true) AS p
    ), wanted AS (
        SELECT row_number() OVER (ORDER BY priority DESC, target COLLATE "C", symbol COLLATE "C" NULLS FIRST) AS n, e
        FROM expected AS e
    )
    SELECT count(*) INTO different
    FROM planned FULL JOIN wanted USING (n)
    WHERE p IS NULL OR e IS NULL OR p::text <> e::text;
    RETURN different;
END
$$;

SELECT count(*) FROM generate_training_plan('many', include_blocked => true);
-- in memory, and spilled to disk earlier and earlier, with fewer and fewer names known
SELECT memory, differences(memory) FROM unnest(ARRAY['64MB', '1MB', '512kB', '256kB', '128kB', '64kB']) AS memory;

-- nothing but names: more targets, or symbols, than there is memory for
CREATE TABLE scattered AS
SELECT 'target_' || md5(i::text) AS target, 'symbol_' || md5((i % 977)::text) AS symbol, 'ROUTE_BOTH' AS route
FROM generate_series(1, 10000) AS i;
CREATE FUNCTION ordered(memory text) RETURNS TABLE (jobs bigint, implied bigint, in_order boolean) LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('work_mem', memory, true);
    RETURN QUERY
    SELECT count(*), count(*) FILTER (WHERE p.reason = '1 symbol counts on it, no decision of its own'),
        bool_and(p.n = p.wanted)
    FROM (
        SELECT *, row_number() OVER (ORDER BY q.priority DESC, q.target COLLATE "C", q.symbol COLLATE "C" NULLS FIRST) AS wanted
        FROM (SELECT row_number() OVER () AS n, j.* FROM generate_training_plan('scattered') AS j) AS q
    ) AS p;
END
$$;
SELECT memory, o.* FROM unnest(ARRAY['64MB', '1MB', '64kB']) AS memory, ordered(memory) AS o;
UPDATE scattered SET symbol = target, target = symbol;
SELECT memory, o.* FROM unnest(ARRAY['64MB', '1MB', '64kB']) AS memory, ordered(memory) AS o;

-- a decision twice is found in any memory
INSERT INTO scattered SELECT target, symbol, 'ROUTE_BLOCKED' FROM scattered WHERE symbol = 'target_' || md5('5000');
SELECT ordered('64MB');
SELECT ordered('64kB');

-- a stored plan is the same whatever memory it was made in
SET work_mem = '64kB';
SELECT create_training_plan('many', include_blocked => true) AS small \gset
RESET work_mem;
SELECT create_training_plan('many', include_blocked => true) AS large \gset
SELECT count(*) FROM training_jobs WHERE plan_id = :large;
SELECT count(*) AS different FROM (
    SELECT to_jsonb(j) - 'plan_id' FROM training_jobs AS j WHERE plan_id = :small
    EXCEPT ALL
    SELECT to_jsonb(j) FROM generate_training_plan('many', include_blocked => true) AS j
) AS d;
SELECT count(*) AS different FROM (
    SELECT to_jsonb(j) - 'plan_id' FROM training_jobs AS j WHERE plan_id = :large
    EXCEPT ALL
    SELECT to_jsonb(j) FROM generate_training_plan('many', include_blocked => true) AS j
) AS d;
DELETE FROM training_plans;

DROP FUNCTION differences(text), ordered(text);
DROP VIEW expected;
DROP TABLE names, decisions, many, scattered;
DROP COLLATION german;
