-- Stability: importances of features into what candidates have of it.

CREATE TABLE importances (target text, symbol text, snapshot timestamp, feature text, importance double precision);
INSERT INTO importances
SELECT 'fwd_ret_5d', symbol, '2025-12-01'::timestamp + n * interval '1 day', feature, importance
FROM (
    VALUES
        -- the same order, twice
        ('AAPL', 0, '{a,b,c,d}'::text[], '{4,3,2,1}'::numeric[]),
        ('AAPL', 1, '{a,b,c,d}', '{40,3.5,0,-1}'),
        -- one is another, and two have changed places
        ('AAPL', 2, '{a,c,b,e}', '{9,8,7,6}'),
        -- the reverse
        (NULL, 0, '{a,b,c,d}', '{4,3,2,1}'),
        (NULL, 1, '{a,b,c,d}', '{1,2,3,4}'),
        -- alone
        ('MSFT', 0, '{a,b,c}', '{1,2,3}'),
        -- two in common say nothing of their order; then none is
        ('ON', 0, '{a,b,c}', '{3,2,1}'),
        ('ON', 1, '{a,b,d}', '{3,2,1}'),
        ('ON', 2, '{e}', '{1}'),
        -- one feature
        ('T', 0, '{a}', '{1}'),
        ('T', 1, '{a}', '{2}')
) AS s (symbol, n, features, values)
CROSS JOIN LATERAL unnest(features, values) AS f (feature, importance);

SELECT * FROM feature_stability('importances');
-- of the two most important ones
SELECT symbol, mean_overlap, std_overlap FROM feature_stability('importances', 2);
SELECT symbol, mean_overlap, std_overlap FROM feature_stability('importances', 1);
-- NULL is the default; there is no need for as many
SELECT count(*) FROM feature_stability('importances', NULL) AS a JOIN feature_stability('importances', 2147483647) AS b USING (target, snapshots);

-- ---- golden: what the Python system makes of the same importances, to 1e-9
CREATE TABLE golden_importances (target text, symbol text, snapshot text, feature text, importance double precision);
CREATE TABLE golden_stability (
    target text, symbol text, snapshots bigint,
    mean_overlap double precision, std_overlap double precision, mean_tau double precision, std_tau double precision
);
\copy golden_importances FROM PROGRAM 'cat "$PG_ABS_SRCDIR/golden/stability/importances.csv"' WITH (FORMAT csv, HEADER match)
\copy golden_stability FROM PROGRAM 'cat "$PG_ABS_SRCDIR/golden/stability/stability.csv"' WITH (FORMAT csv, HEADER match)

CREATE FUNCTION nearly_equal(a double precision, b double precision) RETURNS boolean
RETURN CASE WHEN a IS NULL OR b IS NULL THEN a IS NOT DISTINCT FROM b ELSE abs(a - b) <= 1e-9 END;
CREATE FUNCTION differs_from_golden(importances regclass) RETURNS TABLE (target text, symbol text, problem text)
BEGIN ATOMIC
    SELECT coalesce(s.target, g.target), coalesce(s.symbol, g.symbol), s::text || ' and not ' || g::text
    FROM feature_stability(importances) AS s
    FULL JOIN golden_stability AS g ON g.target = s.target AND coalesce(g.symbol, '') = coalesce(s.symbol, '')
    WHERE (s.snapshots = g.snapshots AND nearly_equal(s.mean_overlap, g.mean_overlap)
        AND nearly_equal(s.std_overlap, g.std_overlap) AND nearly_equal(s.mean_tau, g.mean_tau)
        AND nearly_equal(s.std_tau, g.std_tau)) IS NOT TRUE;
END;
SELECT count(*) AS golden FROM golden_stability;
SELECT * FROM differs_from_golden('golden_importances');
