-- Routing: what the rules make of metrics.

CREATE TABLE candidates (
    target text,
    symbol text,
    score double precision,
    sample_size integer,
    stability text,
    leakage_status text,
    task_type text,
    mean_overlap double precision,
    std_overlap double precision,
    mean_tau double precision,
    std_tau double precision
);

SELECT $$routing:
  min_sample_size: {cross_sectional: 5000, symbol: 1000}
  cross_sectional: {min_score: 0.52, strong_score: 0.58}
  symbol: {min_score: 0.54, strong_score: 0.60}
  stability_allowlist: {cross_sectional: [STABLE, DRIFTING], symbol: [STABLE]}
  both_strong_behavior: ROUTE_BOTH
  enable_experimental_lane: true
  experimental: {min_score: 0.50, allowed_stabilities: [DRIFTING, UNKNOWN]}
$$ AS policy \gset

-- a decision for each target and for each of its symbols, with reasons that name
-- the rule and the numbers
INSERT INTO candidates VALUES
    ('fwd_ret_5d', 'MSFT', 0.61, 999, 'STABLE', 'SAFE', 'REGRESSION'),
    ('fwd_ret_5d', NULL, 0.553, 80000, 'DRIFTING', 'SAFE', 'REGRESSION'),
    ('fwd_ret_5d', 'AAPL', 0.6123456789, 1000, 'STABLE', 'SAFE', 'REGRESSION');
SELECT target, symbol, route, cs_state, local_state, sample_size FROM route_training_candidates('candidates', :'policy');
SELECT symbol, unnest(reason) AS reason FROM route_training_candidates('candidates', :'policy');

-- A symbol's state: each rule where it begins to hold, and just before.
TRUNCATE candidates;
INSERT INTO candidates (target, symbol, sample_size, score, stability, leakage_status) VALUES
    ('t', 'samples 999', 999, 0.7, 'STABLE', 'SAFE'),
    ('t', 'samples 1000', 1000, 0.7, 'STABLE', 'SAFE'),
    ('t', 'samples 0', 0, 0.7, 'STABLE', 'SAFE'),
    ('t', 'samples NULL', NULL, 0.7, 'STABLE', 'SAFE'),
    ('t', 'leakage BLOCKED', 1000, 0.7, 'STABLE', 'BLOCKED'),
    ('t', 'leakage SUSPECT', 1000, 0.7, 'STABLE', 'SUSPECT'),
    ('t', 'leakage UNKNOWN', 1000, 0.7, 'STABLE', 'UNKNOWN'),
    ('t', 'leakage NULL', 1000, 0.7, 'STABLE', NULL),
    ('t', 'few samples and a leak', 999, 0.7, 'STABLE', 'BLOCKED'),
    ('t', 'strong score', 1000, 0.60, 'STABLE', 'SAFE'),
    ('t', 'a little less', 1000, 0.5999999999, 'STABLE', 'SAFE'),
    ('t', 'min score', 1000, 0.54, 'STABLE', 'SAFE'),
    ('t', 'a little less than that', 1000, 0.5399999999, 'STABLE', 'SAFE'),
    ('t', 'strong score, DRIFTING', 1000, 0.60, 'DRIFTING', 'SAFE'),
    ('t', 'strong score, DIVERGED', 1000, 0.60, 'DIVERGED', 'SAFE'),
    ('t', 'strong score, UNKNOWN', 1000, 0.60, 'UNKNOWN', 'SAFE'),
    ('t', 'strong score, NULL', 1000, 0.60, NULL, 'SAFE'),
    ('t', 'experimental score', 1000, 0.50, 'UNKNOWN', 'SAFE'),
    ('t', 'a little less, UNKNOWN', 1000, 0.4999999999, 'UNKNOWN', 'SAFE'),
    ('t', 'experimental score, STABLE', 1000, 0.50, 'STABLE', 'SAFE'),
    ('t', 'score NULL', 1000, NULL, 'STABLE', 'SAFE'),
    ('t', 'score NaN', 1000, 'NaN', 'STABLE', 'SAFE'),
    ('t', 'score NaN, UNKNOWN', 1000, 'NaN', 'UNKNOWN', 'SAFE'),
    ('t', 'score infinite', 1000, 'Infinity', 'STABLE', 'SAFE'),
    ('t', 'score minus infinite', 1000, '-Infinity', 'STABLE', 'SAFE'),
    ('t', 'score tiny', 1000, 1e-9, 'STABLE', 'SAFE'),
    ('t', 'score negative', 1000, -0.25, 'STABLE', 'SAFE');
SELECT symbol, local_state, reason[2] AS reason
FROM candidates
LEFT JOIN route_training_candidates('candidates', :'policy') AS r USING (target, symbol)
ORDER BY candidates.ctid;

-- A target's state, ENABLED unless it is DISALLOWED; its own thresholds count.
TRUNCATE candidates;
INSERT INTO candidates (target, sample_size, score, stability, leakage_status) VALUES
    ('samples 4999', 4999, 0.7, 'STABLE', 'SAFE'),
    ('samples 5000', 5000, 0.7, 'STABLE', 'SAFE'),
    ('leakage BLOCKED', 5000, 0.7, 'STABLE', 'BLOCKED'),
    ('strong score', 5000, 0.58, 'DRIFTING', 'SAFE'),
    ('min score', 5000, 0.52, 'DRIFTING', 'SAFE'),
    ('min score, DIVERGED', 5000, 0.52, 'DIVERGED', 'SAFE'),
    ('experimental score', 5000, 0.50, 'DRIFTING', 'SAFE'),
    ('less', 5000, 0.49, 'DRIFTING', 'SAFE'),
    ('score NULL', 5000, NULL, 'STABLE', 'SAFE');
SELECT target, route, cs_state, local_state, reason
FROM candidates
LEFT JOIN route_training_candidates('candidates', :'policy') AS r USING (target)
ORDER BY candidates.ctid;

-- Routes: every pair of states, under each behavior where both are good.
TRUNCATE candidates;
INSERT INTO candidates (target, symbol, sample_size, score, stability)
SELECT c.state, l.state, 10000, CASE WHEN l.state IS NULL THEN c.score ELSE l.score END, CASE WHEN l.state IS NULL THEN c.stability ELSE l.stability END
FROM (VALUES ('STRONG', 0.9, 'STABLE'), ('WEAK_BUT_OK', 0.55, 'STABLE'), ('EXPERIMENTAL', 0.9, 'UNKNOWN'), ('DISALLOWED', 0.1, 'STABLE')) AS c (state, score, stability),
    (VALUES ('STRONG', 0.9, 'STABLE'), ('WEAK_BUT_OK', 0.55, 'STABLE'), ('EXPERIMENTAL', 0.9, 'UNKNOWN'), ('DISALLOWED', 0.1, 'STABLE'), (NULL, NULL, NULL)) AS l (state, score, stability);
SELECT cs_state, local_state,
    max(route) FILTER (WHERE behavior = 'ROUTE_BOTH') AS route_both,
    max(route) FILTER (WHERE behavior = 'PREFER_CS') AS prefer_cs,
    max(route) FILTER (WHERE behavior = 'PREFER_SYMBOL') AS prefer_symbol,
    bool_and(cs_state = target AND local_state = symbol) AS "as meant"
FROM (VALUES ('ROUTE_BOTH'), ('PREFER_CS'), ('PREFER_SYMBOL')) AS b (behavior),
    route_training_candidates('candidates', replace(:'policy', 'behavior: ROUTE_BOTH', 'behavior: ' || behavior))
WHERE symbol IS NOT NULL
GROUP BY cs_state, local_state
ORDER BY array_position('{STRONG,WEAK_BUT_OK,EXPERIMENTAL,DISALLOWED}', cs_state), array_position('{STRONG,WEAK_BUT_OK,EXPERIMENTAL,DISALLOWED}', local_state);
SELECT DISTINCT reason[3] AS reason FROM route_training_candidates('candidates', :'policy') WHERE symbol IS NOT NULL ORDER BY 1;

-- without the lane nothing is experimental
SELECT cs_state, local_state, route
FROM route_training_candidates('candidates', replace(:'policy', 'lane: true', 'lane: false'))
WHERE target = 'EXPERIMENTAL' OR symbol = 'EXPERIMENTAL'
ORDER BY target COLLATE "C", symbol COLLATE "C";

-- A scope without a row is DISALLOWED.
TRUNCATE candidates;
INSERT INTO candidates VALUES
    ('no pooled model', 'good', 0.7, 10000, 'STABLE'),
    ('no pooled model', 'bad', 0.1, 10000, 'STABLE'),
    ('no symbols', NULL, 0.7, 10000, 'STABLE');
SELECT target, symbol, route, cs_state, local_state, reason, sample_size FROM route_training_candidates('candidates', :'policy');

-- Leakage may not matter.
UPDATE candidates SET leakage_status = 'BLOCKED';
SELECT target, symbol, route FROM route_training_candidates('candidates', :'policy');
SELECT target, symbol, route FROM route_training_candidates('candidates', :'policy' || '  block_on_leakage: false');

-- Thresholds by task and horizon: each horizon at its edges.
SELECT $$routing:
  min_sample_size: {cross_sectional: 0, symbol: 0}
  cross_sectional:
    min_score: {classification: 0.9, regression: {default: 0.1, short: 0.2, medium: 0.3, long: 0.4, very_long: 0.5}}
    strong_score: 1
  symbol: {min_score: 0, strong_score: 0}
  stability_allowlist: {cross_sectional: [UNKNOWN], symbol: []}
  both_strong_behavior: ROUTE_BOTH
$$ AS tiered \gset
TRUNCATE candidates;
INSERT INTO candidates (target, score, sample_size)
SELECT target, 0, 0
FROM unnest(ARRAY['fwd_ret', 'fwd_ret_0m', 'fwd_ret_59m_x', 'fwd_ret_60m', 'fwd_ret_1h', 'fwd_ret_239m', 'fwd_ret_3h', 'fwd_ret_240m', 'fwd_ret_4h', 'fwd_ret_1d',
    'fwd_ret_3d', 'fwd_ret_1439m', 'fwd_ret_1440m', 'fwd_ret_24h', 'fwd_ret_4d', 'y_rise_same_day', 'y_rise_SAME_DAY_60m', '5d', '5d_ret', 'fwd_ret_5D', 'fwd_ret_10m_5d',
    'fwd_ret_5', 'fwd_ret_5w', 'fwd_ret_m', 'fwd_ret_x5m', 'fwd_ret_5mx', 'fwd_ret_1.5h', 'fwd-ret-5m', '_', '__5m__', 'fwd_ret_99999999999999999999999d', '日_5m_本']) AS target;
SELECT c.target, substring(reason[1] FROM '\((.*)\)') AS threshold, substring(reason[1] FROM '< ([0-9.]+)') AS value
FROM candidates AS c
JOIN route_training_candidates('candidates', :'tiered') USING (target)
ORDER BY c.ctid;

-- a task whose type contains CLASSIFICATION is one
TRUNCATE candidates;
INSERT INTO candidates (target, score, sample_size, task_type)
SELECT format('t%s_5d', n), 0, 0, task_type
FROM unnest(ARRAY['BINARY_CLASSIFICATION', 'MULTICLASS_CLASSIFICATION', 'classification', 'REGRESSION', 'RANKING', '', NULL, 'CLASSIFICATIO']) WITH ORDINALITY AS t (task_type, n);
SELECT c.task_type, substring(reason[1] FROM ' < .*') AS threshold
FROM candidates AS c
JOIN route_training_candidates('candidates', :'tiered') USING (target)
ORDER BY c.ctid;

-- what a policy leaves out: a horizon is the default, all else 0.5 and -0.5
TRUNCATE candidates;
INSERT INTO candidates (target, score, sample_size, task_type) VALUES
    ('a', -9, 0, 'CLASSIFICATION'), ('b', -9, 0, 'REGRESSION'), ('c_5m', -9, 0, 'REGRESSION'), ('d_5d', -9, 0, 'REGRESSION');
SELECT min_score, target, substring(reason[1] FROM ' < .*') AS threshold
FROM unnest(ARRAY['0.7', '{classification: 0.7}', '{regression: 0.7}', '{}', '{regression: {default: 0.7}}', '{regression: {short: 0.7}}', '{regression: {}}']) WITH ORDINALITY AS m (min_score, n),
    route_training_candidates('candidates', regexp_replace(:'tiered', 'min_score: {classification.*?}}', 'min_score: ' || min_score))
ORDER BY n, target;

-- Stability: given, or classified from its metrics where it is not, each at its edge.
SELECT $$routing:
  min_sample_size: {cross_sectional: 0, symbol: 0}
  cross_sectional: {min_score: 0, strong_score: 0}
  symbol: {min_score: 0, strong_score: 0}
  stability_allowlist: {cross_sectional: [], symbol: []}
  both_strong_behavior: ROUTE_BOTH
$$ AS stable \gset
TRUNCATE candidates;
INSERT INTO candidates (target, score, sample_size, symbol, stability, mean_overlap, std_overlap, mean_tau, std_tau) VALUES
    ('t', 1, 0, 'given and kept', 'STABLE', 0.1, 0.9, 0.1, 0.9),
    ('t', 1, 0, 'no metrics', 'UNKNOWN', NULL, NULL, NULL, NULL),
    ('t', 1, 0, 'neither', NULL, NULL, NULL, NULL, NULL),
    ('t', 1, 0, 'stable', 'UNKNOWN', 0.70, 0.20, 0.60, 0.25),
    ('t', 1, 0, 'stable, NULL', NULL, 0.70, 0.20, 0.60, 0.25),
    ('t', 1, 0, 'overlap varies', NULL, 0.70, 0.2000001, 0.60, 0.25),
    ('t', 1, 0, 'tau varies', NULL, 0.70, 0.20, 0.60, 0.2500001),
    ('t', 1, 0, 'overlap less', NULL, 0.6999999, 0.20, 0.60, 0.25),
    ('t', 1, 0, 'tau less', NULL, 0.70, 0.20, 0.5999999, 0.25),
    ('t', 1, 0, 'drifting', NULL, 0.50, 0.20, 0.40, 0.25),
    ('t', 1, 0, 'overlap still less', NULL, 0.4999999, 0.20, 0.40, 0.25),
    ('t', 1, 0, 'tau still less', NULL, 0.50, 0.20, 0.3999999, 0.25),
    ('t', 1, 0, 'no deviations', NULL, 0.70, NULL, 0.60, NULL),
    ('t', 1, 0, 'no tau', NULL, 0.70, 0.1, NULL, NULL),
    ('t', 1, 0, 'only a deviation', NULL, NULL, NULL, NULL, 0.3),
    ('t', 1, 0, 'NaN', NULL, 'NaN', 'NaN', 'NaN', 'NaN');
SELECT symbol, substring(reason[2] FROM 'stability ([A-Z]+)') AS stability
FROM candidates AS c
JOIN route_training_candidates('candidates', :'stable') USING (symbol)
ORDER BY c.ctid;
SELECT symbol, substring(reason[2] FROM 'stability ([A-Z]+)') AS stability
FROM candidates AS c
JOIN route_training_candidates('candidates', :'stable' || '  stability_classification: {stable_overlap_min: 0.5, stable_tau_min: 0.4, max_std_overlap: 1, max_std_tau: 0.3}') USING (symbol)
WHERE c.mean_overlap > 0
ORDER BY c.ctid;

-- dev_mode: the least sample size of a pooled model becomes min(base, max(5000, the
-- policy's, a tenth of its rows)), and UNKNOWN is allowed where it has fewer than base.
SELECT $$routing:
  dev_mode: true
  min_sample_size: {cross_sectional: 50000, symbol: 50000}
  cross_sectional: {min_score: 0, strong_score: 0}
  symbol: {min_score: 0, strong_score: 0}
  stability_allowlist: {cross_sectional: [STABLE], symbol: [STABLE]}
  both_strong_behavior: ROUTE_BOTH
$$ AS dev \gset
TRUNCATE candidates;
INSERT INTO candidates (target, score, sample_size, stability)
SELECT format('%s %s', n, stability), 1, n, stability
FROM unnest(ARRAY[4999, 5000, 5999, 6000, 49999, 50000]) AS n, unnest(ARRAY['STABLE', 'UNKNOWN', 'DRIFTING']) AS stability;
INSERT INTO candidates (target, symbol, score, sample_size, stability) VALUES ('50000 STABLE', 'own model', 1, 49999, 'STABLE');
SELECT c.target, c.symbol, substring(d.reason[cardinality(d.reason) - CASE WHEN c.symbol IS NULL THEN 0 ELSE 1 END] FROM ' (.*)') AS "dev mode",
    substring(m.reason[1] FROM ' (.*)') AS "more needed"
FROM candidates AS c
JOIN route_training_candidates('candidates', :'dev') AS d ON d.target = c.target AND d.symbol IS NOT DISTINCT FROM c.symbol
LEFT JOIN route_training_candidates('candidates', :'dev' || '  dev_mode_min_sample_size: 6000') AS m ON m.target = c.target AND c.symbol IS NULL AND m.symbol IS NULL
ORDER BY c.ctid;
SELECT target, route, reason
FROM route_training_candidates('candidates', replace(:'dev' || '  dev_mode_min_sample_size: 99999', 'cross_sectional: 50000', 'cross_sectional: 4999'))
WHERE target LIKE '4999%';

-- max_fraction_symbols_per_target: best local score first, then symbol; rounded down,
-- of all symbols that the target has.
TRUNCATE candidates;
INSERT INTO candidates (target, symbol, score, sample_size, stability) VALUES
    ('t', NULL, 0.9, 10000, 'STABLE'),
    ('t', 'best', 0.59, 10000, 'UNKNOWN'),
    ('t', 'tie b', 0.55, 10000, 'UNKNOWN'),
    ('t', 'tie a', 0.55, 10000, 'DRIFTING'),
    ('t', 'tie c', 0.55, 10000, 'UNKNOWN'),
    ('t', 'worst', 0.50, 10000, 'UNKNOWN'),
    ('t', 'good', 0.9, 10000, 'STABLE'),
    ('t', 'bad', 0.1, 10000, 'STABLE'),
    ('u', NULL, 0.9, 10000, 'STABLE'),
    ('u', 'alone', 0.50, 10000, 'UNKNOWN'),
    ('v', NULL, 0.51, 10000, 'DRIFTING'),
    ('v', 'strong', 0.9, 10000, 'STABLE'),
    ('v', 'weak', 0.55, 10000, 'STABLE');
SELECT fraction, array_agg(target || ' ' || symbol ORDER BY target COLLATE "C", symbol COLLATE "C") FILTER (WHERE route = 'ROUTE_EXPERIMENTAL_ONLY') AS experimental
FROM unnest(ARRAY['0', '0.14', '0.29', '0.43', '0.5', '0.6', '0.8', '1']) AS fraction,
    route_training_candidates('candidates', replace(:'policy', 'experimental: {', 'experimental: {max_fraction_symbols_per_target: ' || fraction || ', '))
GROUP BY fraction
ORDER BY fraction::numeric;
SELECT target, symbol, route, reason[3] AS reason
FROM route_training_candidates('candidates', replace(:'policy', 'experimental: {', 'experimental: {max_fraction_symbols_per_target: 0.43, '))
WHERE symbol IS NOT NULL;
-- 0.29 of 100 is 29, and 0.57 of 100 is 57, whatever their doubles are
CREATE TABLE hundred AS
SELECT 't' AS target, NULLIF(n, 0)::text AS symbol, 0.55 AS score, 10000 AS sample_size, 'UNKNOWN' AS stability
FROM generate_series(0, 100) AS n;
SELECT fraction, count(*)
FROM unnest(ARRAY['0.07', '0.14', '0.28', '0.29', '0.55', '0.56', '0.57', '0.58', '0.999', '1.0']) AS fraction,
    route_training_candidates('hundred', replace(:'policy', 'experimental: {', 'experimental: {max_fraction_symbols_per_target: ' || fraction || ', '))
WHERE route = 'ROUTE_EXPERIMENTAL_ONLY' AND symbol IS NOT NULL
GROUP BY fraction
ORDER BY fraction::numeric;
DROP TABLE hundred;

-- Numbers of any type: a real is the decimal that it prints as, and of a sample size
-- a fraction of a row does not count.
CREATE DOMAIN quality AS numeric(6, 3);
CREATE TABLE typed AS
SELECT 't' AS target, 's'::varchar AS symbol, 0.54::real AS score, 999.99::numeric AS sample_size, 'STABLE'::name AS stability, 7::smallint AS mode, now() AS std_tau_at
UNION ALL SELECT 't', 'r', 0.6::real, 1000.5, 'STABLE', 7, now()
UNION ALL SELECT 't', 'q', 0.6::real, 'NaN', 'STABLE', 7, now();
SELECT symbol, local_state, reason[2] AS reason, sample_size FROM route_training_candidates('typed', :'policy') WHERE symbol IS NOT NULL;
ALTER TABLE typed ALTER score TYPE quality, ALTER sample_size TYPE real;
SELECT symbol, local_state, reason[2] AS reason, sample_size FROM route_training_candidates('typed', :'policy') WHERE symbol IS NOT NULL;
ALTER TABLE typed ALTER score TYPE bigint, ALTER sample_size TYPE bigint USING 9223372036854775807;
SELECT symbol, local_state, reason[2] AS reason, sample_size FROM route_training_candidates('typed', :'policy') WHERE symbol IS NOT NULL;
DROP TABLE typed;
DROP DOMAIN quality;

-- The order is that of names in the C collation, and neither the order of the rows nor
-- memory changes anything.
CREATE TABLE many AS
SELECT format('t_%s_%sm', t % 7, t) AS target, CASE WHEN s > 0 THEN format('s%s', s) END AS symbol,
    round((hashint4(t * 1000 + s) % 1000 / 2000.0 + 0.4)::numeric, 4) AS score, 5000 + s AS sample_size,
    CASE WHEN (t + s) % 3 = 0 THEN 'UNKNOWN' ELSE 'STABLE' END AS stability
FROM generate_series(1, 60) AS t, generate_series(0, 300) AS s
WHERE s > 0 OR t % 5 > 0;
INSERT INTO many VALUES ('t_large', 'huge', 0.9, 5000, 'STABLE');
ALTER TABLE many ALTER sample_size TYPE bigint;
UPDATE many SET sample_size = 9223372036854775807 WHERE symbol = 'huge';
CREATE VIEW shuffled AS SELECT * FROM many ORDER BY md5(target || symbol);
SELECT replace(:'policy', 'experimental: {', 'experimental: {max_fraction_symbols_per_target: 0.1, ') AS limited \gset
SET work_mem = '64MB';
CREATE TABLE in_memory AS SELECT row_number() OVER () AS n, r.* FROM route_training_candidates('many', :'limited') AS r;
SET work_mem = '64kB';
CREATE TABLE on_disk AS SELECT row_number() OVER () AS n, r.* FROM route_training_candidates('shuffled', :'limited') AS r;
RESET work_mem;
SELECT count(*), count(*) FILTER (WHERE m.* IS DISTINCT FROM d.*) AS different, count(*) FILTER (WHERE m.route = 'ROUTE_EXPERIMENTAL_ONLY') AS experimental
FROM in_memory AS m
FULL JOIN on_disk AS d USING (n);
SELECT count(*) AS "out of order"
FROM (SELECT n, row_number() OVER (ORDER BY target COLLATE "C", symbol COLLATE "C" NULLS FIRST) AS m FROM in_memory) AS x
WHERE n <> m;
SELECT sample_size FROM in_memory WHERE symbol = 'huge';
-- no more than a tenth of each target's symbols, and none of the others has a better score
SELECT count(*) AS targets, count(*) FILTER (WHERE experimental > symbols / 10 OR worst_kept < best_left) AS wrong, count(*) FILTER (WHERE full_lane) AS full
FROM (
    SELECT target, count(*) AS symbols,
        count(*) FILTER (WHERE route = 'ROUTE_EXPERIMENTAL_ONLY') AS experimental,
        min(score) FILTER (WHERE route = 'ROUTE_EXPERIMENTAL_ONLY') AS worst_kept,
        max(score) FILTER (WHERE reason[3] LIKE '%is full%') AS best_left,
        bool_or(reason[3] LIKE '%is full%') AS full_lane
    FROM in_memory
    JOIN many USING (target, symbol)
    GROUP BY target
) AS x;

-- A plan at once: the same as of the decisions, at any memory.
SET work_mem = '64kB';
SELECT plan_training('shuffled', :'limited', '{ridge}', true) AS plan \gset
RESET work_mem;
SELECT count(*), count(*) FILTER (WHERE j.job IS DISTINCT FROM g.job) AS different
FROM (SELECT job_id, to_jsonb(t) - 'plan_id' AS job FROM training_jobs AS t WHERE plan_id = :plan) AS j
FULL JOIN (SELECT job_id, to_jsonb(t) AS job FROM generate_training_plan('in_memory', '{ridge}', true) AS t) AS g USING (job_id);
DELETE FROM training_plans;
DROP TABLE in_memory, on_disk, many CASCADE;

-- its arguments: NULL is the default; the policy's hash is the plan's
SELECT plan_training('candidates') AS plan \gset
SELECT routing, model_families, include_blocked, git_commit, config_hash = routing_policy_hash(routing_policy_default()) AS "default policy", metrics_snapshot, total_jobs FROM training_plans WHERE plan_id = :plan;
SELECT plan_training('candidates', NULL, NULL, NULL, NULL, NULL) AS plan \gset
SELECT config_hash = routing_policy_hash(routing_policy_default()) AS "default policy", total_jobs FROM training_plans WHERE plan_id = :plan;
SELECT plan_training('candidates', :'policy', '{ridge,mlp}', true, 'f3ba63d', 's3://metrics/7') AS plan \gset
SELECT routing, model_families, include_blocked, git_commit, config_hash = routing_policy_hash(:'policy') AS "this policy", metrics_snapshot, total_jobs FROM training_plans WHERE plan_id = :plan;
SELECT job_id, route, model_families, priority, estimated_samples, reason, metadata FROM training_jobs WHERE plan_id = :plan AND target = 'v' ORDER BY job_id;
TRUNCATE candidates;
SET client_min_messages = error;
SELECT plan_training('candidates') AS plan \gset
RESET client_min_messages;
SELECT total_jobs FROM training_plans WHERE plan_id = :plan;
SELECT count(*) FROM route_training_candidates('candidates');

\set VERBOSITY terse
DELETE FROM training_plans;
DROP TABLE candidates;
