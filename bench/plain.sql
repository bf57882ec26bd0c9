-- What one would write without trainplan: the same mapping and the same order,
-- though without its checks.

CREATE VIEW plain_jobs AS
SELECT
    CASE WHEN symbol IS NULL THEN 'cs_' || target ELSE 'sym_' || target || '_' || symbol END AS job_id,
    target,
    symbol,
    CASE WHEN symbol IS NULL THEN 'ROUTE_CROSS_SECTIONAL' ELSE route END AS route,
    CASE WHEN symbol IS NULL THEN 'cross_sectional' ELSE 'symbol_specific' END AS training_type,
    '{lightgbm,xgboost}'::text[] AS model_families,
    CASE route WHEN 'ROUTE_BOTH' THEN 3 WHEN 'ROUTE_EXPERIMENTAL_ONLY' THEN 1 ELSE 2 END AS priority,
    sample_size::bigint AS estimated_samples,
    array_to_string(reason, '; ') AS reason,
    CASE
        WHEN symbol IS NULL THEN jsonb_build_object('cs_state', cs_state, 'sample_size', sample_size)
        ELSE jsonb_build_object('cs_state', cs_state, 'local_state', local_state, 'needs_cs_ensemble', route = 'ROUTE_BOTH')
    END AS metadata
FROM decisions
WHERE route IN ('ENABLED', 'ROUTE_BOTH', 'ROUTE_SYMBOL_SPECIFIC', 'ROUTE_EXPERIMENTAL_ONLY')
ORDER BY priority DESC, target COLLATE "C", symbol COLLATE "C" NULLS FIRST;
