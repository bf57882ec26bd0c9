# Stability: feature importances into what candidates have of it, beside numpy and scipy.
# FEATURE_GROUPS changes how many targets and symbols there are.

groups=${FEATURE_GROUPS:-1000}

sql -v groups="$groups" <<'SQL'
CREATE TABLE importances AS
SELECT 'fwd_ret_' || g / 25 || 'd' AS target, CASE WHEN g % 25 > 0 THEN 'S' || lpad((g % 25)::text, 5, '0') END AS symbol,
    timestamptz '2025-12-01' + s * interval '1 day' AS snapshot, 'feature_' || f AS feature,
    10 * sin(g * 7919 + f * 31) + sin(g * 31 + s * 17 + f * 7) AS importance
FROM generate_series(0, :groups - 1) AS g, generate_series(1, 5) AS s, generate_series(1, 300) AS f;
CREATE TABLE shuffled_importances AS SELECT * FROM importances ORDER BY hashtext(concat(target, symbol, snapshot, feature));
CREATE TABLE python_stability (
    target text, symbol text, snapshots bigint,
    mean_overlap double precision, std_overlap double precision, mean_tau double precision, std_tau double precision
);
SQL
sql -c 'VACUUM ANALYZE' -c CHECKPOINT

stability() { execution "SELECT * FROM feature_stability('$importances')"; }
# (the time of the program, from its beginning to its end)
python_stability() {
    begin=$(date +%s%3N)
    /usr/bin/python3 stability.py "$importances" >python.csv
    echo $(($(date +%s%3N) - begin))
}

echo
echo "$groups groups of 5 snapshots of 300 features"
echo
importances=importances
python_stability >/dev/null
sql -c '\copy python_stability FROM python.csv CSV'
wrong=$(sql <<'SQL'
SELECT count(*)
FROM feature_stability('importances') AS s
FULL JOIN python_stability AS p ON p.target = s.target AND coalesce(p.symbol, '') = coalesce(s.symbol, '')
WHERE (s.snapshots = p.snapshots AND abs(s.mean_overlap - p.mean_overlap) < 1e-9 AND abs(s.std_overlap - p.std_overlap) < 1e-9
    AND abs(s.mean_tau - p.mean_tau) < 1e-9 AND abs(s.std_tau - p.std_tau) < 1e-9) IS NOT TRUE
SQL
)
[ "$wrong" = 0 ] || { echo "the two do not agree: $wrong differ"; exit 1; }

compare 'feature_stability()' stability python_stability 'numpy and scipy'
importances=shuffled_importances
compare 'the same, rows in no order' stability python_stability 'numpy and scipy'
rm -f python.csv
sql -c 'DROP TABLE importances, shuffled_importances, python_stability'
