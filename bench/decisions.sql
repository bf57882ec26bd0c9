-- Decisions to plan: :targets targets by :symbols symbols and a decision for each
-- target as a whole, the five routes evenly mixed, reasons of three phrases, in no
-- order.  Target names share long prefixes, as they do.

CREATE TABLE :"table" AS
SELECT
    format('y_will_swing_%s_%sm_0.%s', (ARRAY['low', 'high'])[1 + t % 2], 5 * (1 + t / 2 % 40), lpad((t / 80)::text, 2, '0')) AS target,
    CASE WHEN s > 0 THEN 'S' || lpad(s::text, 4, '0') END AS symbol,
    CASE
        WHEN s = 0 THEN 'ENABLED'
        ELSE (ARRAY['ROUTE_CROSS_SECTIONAL', 'ROUTE_SYMBOL_SPECIFIC', 'ROUTE_BOTH', 'ROUTE_EXPERIMENTAL_ONLY', 'ROUTE_BLOCKED'])[1 + (7 * t + s) % 5]
    END AS route,
    ARRAY[
        'cross-sectional ' || (ARRAY['STRONG', 'WEAK_BUT_OK', 'DISALLOWED'])[1 + t % 3],
        'local ' || (ARRAY['STRONG', 'WEAK_BUT_OK', 'EXPERIMENTAL', 'DISALLOWED'])[1 + (t + s) % 4],
        'routed ' || (7 * t + s) % 5
    ] AS reason,
    (ARRAY['STRONG', 'WEAK_BUT_OK', 'DISALLOWED'])[1 + t % 3] AS cs_state,
    (ARRAY['STRONG', 'WEAK_BUT_OK', 'EXPERIMENTAL', 'DISALLOWED'])[1 + (t + s) % 4] AS local_state,
    1000 + (t * 31 + s * 17) % 9000 AS sample_size
FROM generate_series(0, :targets - 1) AS t, generate_series(0, :symbols) AS s
ORDER BY hashint8(t * 100000::bigint + s);

VACUUM ANALYZE :"table";
