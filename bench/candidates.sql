-- Candidates to route: :targets targets by :symbols symbols and the metrics of each
-- target's pooled model, in no order: scores around the thresholds of the default
-- policy, three of ten without a stability of their own, one of twenty with a leak.

CREATE TABLE :"table" AS
SELECT
    format('y_will_swing_%s_%sm_0.%s', (ARRAY['low', 'high'])[1 + t % 2], 5 * (1 + t / 2 % 40), lpad((t / 80)::text, 2, '0')) AS target,
    CASE WHEN s > 0 THEN 'S' || lpad(s::text, 4, '0') END AS symbol,
    CASE WHEN s > 0 THEN 'SYMBOL_SPECIFIC' ELSE 'CROSS_SECTIONAL' END AS mode,
    round((0.45 + 0.2 * hash / 1000000)::numeric, 6)::double precision AS score,
    (ARRAY['STABLE', 'STABLE', 'STABLE', 'STABLE', 'DRIFTING', 'DRIFTING', 'DIVERGED', 'UNKNOWN', 'UNKNOWN', 'UNKNOWN'])[1 + hash % 10] AS stability,
    CASE WHEN s > 0 THEN 500 + hash / 7 % 9000 ELSE 4000 + hash / 7 % 90000 END AS sample_size,
    CASE WHEN hash / 11 % 20 = 0 THEN 'BLOCKED' ELSE 'SAFE' END AS leakage_status,
    CASE WHEN t % 3 = 0 THEN 'REGRESSION' ELSE 'BINARY_CLASSIFICATION' END AS task_type,
    CASE WHEN hash % 10 >= 7 THEN 0.3 + 0.6 * (hash / 13 % 1000) / 1000.0::double precision END AS mean_overlap,
    CASE WHEN hash % 10 >= 7 THEN 0.3 * (hash / 17 % 1000) / 1000.0::double precision END AS std_overlap,
    CASE WHEN hash % 10 >= 7 THEN 0.2 + 0.7 * (hash / 19 % 1000) / 1000.0::double precision END AS mean_tau,
    CASE WHEN hash % 10 >= 7 THEN 0.3 * (hash / 23 % 1000) / 1000.0::double precision END AS std_tau
FROM generate_series(0, :targets - 1) AS t,
    generate_series(0, :symbols) AS s,
    LATERAL (SELECT abs(hashint8(t * 100000::bigint + s)) % 1000000 AS hash) AS h
ORDER BY hashint8(s * 100000::bigint + t);

VACUUM ANALYZE :"table";
