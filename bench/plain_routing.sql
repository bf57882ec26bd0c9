-- What one would write without trainplan: the rules of routing under the default
-- policy, as a query, though without its checks.  Numbers in reasons are rounded to
-- three decimals.

CREATE VIEW plain_decisions AS
WITH classified AS (
    SELECT
        target,
        symbol,
        score,
        sample_size,
        leakage_status,
        CASE WHEN task_type LIKE '%CLASSIFICATION%' THEN 0 ELSE 1 + width_bucket(substring(target FROM '_(\d+)m(?:_|$)')::integer, '{60,240}') END AS kind,
        CASE
            WHEN stability <> 'UNKNOWN' THEN stability
            WHEN std_overlap > 0.20 OR std_tau > 0.25 THEN 'DIVERGED'
            WHEN mean_overlap >= 0.70 AND mean_tau >= 0.60 THEN 'STABLE'
            WHEN mean_overlap >= 0.50 AND mean_tau >= 0.40 THEN 'DRIFTING'
            ELSE 'UNKNOWN'
        END AS stability
    FROM candidates
    OFFSET 0
),
compared AS (
    SELECT
        *,
        CASE WHEN symbol IS NULL THEN 5000 ELSE 1000 END AS least_sample_size,
        (CASE WHEN symbol IS NULL THEN '{0.58,0.15,0.10,0.0}'::double precision[] ELSE '{0.60,0.20,0.15,0.05}' END)[1 + kind] AS strong_score,
        (CASE WHEN symbol IS NULL THEN '{0.52,0.0,-0.3,-1.0}'::double precision[] ELSE '{0.54,0.05,-0.2,-0.8}' END)[1 + kind] AS min_score,
        stability IN ('STABLE', 'UNKNOWN') OR (symbol IS NULL AND stability = 'DRIFTING') AS is_allowed
    FROM classified
    OFFSET 0
),
judged AS (
    SELECT
        *,
        CASE
            WHEN sample_size < least_sample_size OR leakage_status = 'BLOCKED' THEN 'DISALLOWED'
            WHEN score >= strong_score AND is_allowed THEN 'STRONG'
            WHEN score >= min_score AND is_allowed THEN 'WEAK_BUT_OK'
            WHEN score >= 0.52 AND stability IN ('DRIFTING', 'UNKNOWN') THEN 'EXPERIMENTAL'
            ELSE 'DISALLOWED'
        END AS state
    FROM compared
    OFFSET 0
),
explained AS (
    SELECT
        *,
        CASE WHEN symbol IS NULL THEN 'cross-sectional ' ELSE 'local ' END || state || ': ' || CASE
            WHEN sample_size < least_sample_size THEN sample_size || ' samples < ' || least_sample_size
            WHEN leakage_status = 'BLOCKED' THEN 'leakage BLOCKED'
            WHEN state = 'STRONG' THEN 'score ' || round(score::numeric, 3) || ' >= ' || strong_score || ' (strong_score)'
            WHEN state = 'WEAK_BUT_OK' THEN 'score ' || round(score::numeric, 3) || ' >= ' || min_score || ' (min_score)'
            WHEN state = 'EXPERIMENTAL' THEN 'score ' || round(score::numeric, 3) || ' >= 0.52 (experimental.min_score)'
            WHEN score >= min_score THEN 'stability ' || stability
            ELSE 'score ' || round(score::numeric, 3) || ' < ' || min_score || ' (min_score)'
        END AS reason
    FROM judged
    OFFSET 0
)
SELECT
    l.target,
    l.symbol,
    CASE
        WHEN l.symbol IS NULL THEN CASE l.state WHEN 'DISALLOWED' THEN 'DISABLED' ELSE 'ENABLED' END
        WHEN c.state = 'DISALLOWED' AND l.state = 'DISALLOWED' THEN 'ROUTE_BLOCKED'
        WHEN c.state = 'DISALLOWED' THEN 'ROUTE_SYMBOL_SPECIFIC'
        WHEN l.state = 'DISALLOWED' THEN 'ROUTE_CROSS_SECTIONAL'
        WHEN 'EXPERIMENTAL' IN (c.state, l.state) THEN 'ROUTE_EXPERIMENTAL_ONLY'
        ELSE 'ROUTE_BOTH'
    END AS route,
    c.state AS cs_state,
    CASE WHEN l.symbol IS NOT NULL THEN l.state END AS local_state,
    CASE WHEN l.symbol IS NULL THEN ARRAY[c.reason] ELSE ARRAY[c.reason, l.reason] END AS reason,
    l.sample_size::bigint
FROM explained AS l
JOIN (SELECT target, state, reason FROM explained WHERE symbol IS NULL) AS c ON c.target = l.target
ORDER BY l.target COLLATE "C", l.symbol COLLATE "C" NULLS FIRST;
