-- Explaining: all that a pair was compared with, in the order of the rules.

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
INSERT INTO candidates VALUES
    ('y_will_rise_5d', NULL, 0.553, 80000, 'DRIFTING', 'SAFE', 'BINARY_CLASSIFICATION'),
    ('y_will_rise_5d', 'AAPL', 0.61, 999, 'STABLE', 'BLOCKED', 'BINARY_CLASSIFICATION'),
    ('fwd_ret_1d', 'AAPL', 0.1, 4000, 'STABLE', 'SAFE', 'REGRESSION'),
    ('y_other', 'AAPL', 0.1, 4000, 'STABLE', 'SAFE', 'REGRESSION');
INSERT INTO candidates VALUES
    ('y_will_rise_5d', 'MSFT', 0.531, 4000, NULL, NULL, 'BINARY_CLASSIFICATION', 0.6, 0.1, 0.5, 0.1),
    ('y_will_rise_5d', 'AMZN', 0.532, 4000, 'UNKNOWN', NULL, 'BINARY_CLASSIFICATION', 0.6, 0.1, NULL, NULL),
    ('y_will_rise_5d', 'NVDA', NULL, NULL, NULL, NULL, 'BINARY_CLASSIFICATION', 0.9, 0.3, 0.9, NULL);
SELECT routing_policy_default() AS policy \gset

-- why is AAPL blocked? all checks, also those behind the one that decides
SELECT * FROM explain_training_route('candidates', 'y_will_rise_5d', 'AAPL', :'policy');
-- a stability that was classified; an experimental lane, and one that is full
SELECT * FROM explain_training_route('candidates', 'y_will_rise_5d', 'MSFT') WHERE scope <> 'cross_sectional';
SELECT * FROM explain_training_route('candidates', 'y_will_rise_5d', 'MSFT', replace(:'policy', '# max_fraction_symbols_per_target: 0.2', 'max_fraction_symbols_per_target: 0.25')) WHERE scope = 'route';
SELECT * FROM explain_training_route('candidates', 'y_will_rise_5d', 'AMZN', replace(:'policy', '# max_fraction_symbols_per_target: 0.2', 'max_fraction_symbols_per_target: 0.25')) WHERE scope = 'route';
SELECT * FROM explain_training_route('candidates', 'y_will_rise_5d', 'MSFT', replace(:'policy', '# max_fraction_symbols_per_target: 0.2', 'max_fraction_symbols_per_target: 0.24')) WHERE scope = 'route';
SELECT * FROM explain_training_route('candidates', 'y_will_rise_5d', 'MSFT', replace(:'policy', '# max_fraction_symbols_per_target: 0.2', 'max_fraction_symbols_per_target: 1')) WHERE scope = 'route';
SELECT * FROM explain_training_route('candidates', 'y_will_rise_5d', 'MSFT', replace(:'policy', 'lane: true', 'lane: false')) WHERE scope <> 'cross_sectional' AND check_name ~ 'experimental|state|route';
-- no score, no samples, a stability that differs too much
SELECT * FROM explain_training_route('candidates', 'y_will_rise_5d', 'NVDA') WHERE scope <> 'cross_sectional';
-- no pooled model; leakage that does not matter; a target as a whole; a symbol without a row
SELECT * FROM explain_training_route('candidates', 'fwd_ret_1d', 'AAPL', replace(:'policy', 'leakage: true', 'leakage: false'));
SELECT * FROM explain_training_route('candidates', 'y_will_rise_5d', NULL) WHERE check_name IN ('state', 'route');
SELECT * FROM explain_training_route('candidates', 'fwd_ret_1d', NULL);
SELECT * FROM explain_training_route('candidates', 'y_will_rise_5d', 'APPL') WHERE scope <> 'cross_sectional';
-- both good, under each behavior
UPDATE candidates SET sample_size = 4000, leakage_status = NULL WHERE symbol = 'AAPL';
SELECT b.*, e.*
FROM unnest(ARRAY['ROUTE_BOTH', 'PREFER_CS', 'PREFER_SYMBOL']) AS b (behavior),
    explain_training_route('candidates', 'y_will_rise_5d', 'AAPL', replace(:'policy', 'behavior: ROUTE_BOTH', 'behavior: ' || behavior)) AS e
WHERE scope = 'route';
-- in dev_mode the numbers are those that count
SELECT * FROM explain_training_route('candidates', 'y_will_rise_5d', NULL, replace(replace(:'policy', 'dev_mode: false', 'dev_mode: true'), 'cross_sectional: 5000', 'cross_sectional: 90000'))
WHERE check_name IN ('min_sample_size', 'stability_allowlist');

-- what can't be explained
SELECT * FROM explain_training_route('candidates', 'y_will_raise_5d', 'AAPL');
SELECT * FROM explain_training_route('candidates', NULL, 'AAPL');
SELECT * FROM explain_training_route('candidates', 'y_other', 'AAPL', 'routing: {}');

-- rows of other targets are not looked at
INSERT INTO candidates VALUES ('elsewhere', 's', 1, -5, 'nonsense');
SELECT count(*) > 0 AS explained FROM explain_training_route('candidates', 'y_other', 'AAPL');

-- For every pair: the states and the route are those of the router.
DELETE FROM candidates WHERE target = 'elsewhere';
INSERT INTO candidates
SELECT format('t%s_%sm', t, t * 40), CASE WHEN s > 0 THEN format('s%s', s) END, 0.4 + 0.3 * (hashint4(t * 100 + s) & 1023) / 1024, 500 + (hashint4(t + 1000 * s) & 4095),
    (ARRAY['STABLE', 'DRIFTING', NULL, NULL])[1 + (t + s) % 4], (ARRAY['SAFE', 'SAFE', 'BLOCKED'])[1 + (t * s) % 3], (ARRAY['REGRESSION', 'CLASSIFICATION'])[1 + t % 2],
    0.4 + s * 0.02, 0.1 + (s % 5) * 0.03, 0.3 + s * 0.02, 0.1 + (s % 7) * 0.03
FROM generate_series(1, 12) AS t, generate_series(0, 20) AS s;
UPDATE candidates SET sample_size = sample_size * 10 WHERE symbol IS NULL;
SELECT count(*) AS pairs,
    count(*) FILTER (WHERE r.route <> e.route) AS "other routes",
    count(*) FILTER (WHERE r.cs_state <> e.cs_state OR r.local_state <> e.local_state) AS "other states",
    count(DISTINCT r.route) AS routes
FROM route_training_candidates('candidates', replace(:'policy', '# max_fraction', 'max_fraction')) AS r,
    LATERAL (
        SELECT max(value) FILTER (WHERE check_name = 'route') AS route,
            max(value) FILTER (WHERE scope = 'cross_sectional' AND check_name = 'state') AS cs_state,
            max(value) FILTER (WHERE scope = 'symbol' AND check_name = 'state') AS local_state
        FROM explain_training_route('candidates', r.target, r.symbol, replace(:'policy', '# max_fraction', 'max_fraction'))
    ) AS e;

DROP TABLE candidates;
