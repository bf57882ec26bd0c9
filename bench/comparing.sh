# Comparing: two stored plans of which one job in a hundred differs, beside the same as a
# full join.  The decisions are those of planning.sh.

next_day() {
    sql <<SQL
CREATE TABLE next_$1 AS
SELECT target, symbol,
    CASE WHEN hashtext(target || symbol) % 60 <> 0 THEN route
        WHEN route = 'ROUTE_CROSS_SECTIONAL' THEN 'ROUTE_BOTH'
        WHEN route = 'ROUTE_BOTH' THEN 'ROUTE_SYMBOL_SPECIFIC'
        WHEN route = 'ROUTE_SYMBOL_SPECIFIC' THEN 'ROUTE_BLOCKED'
        ELSE route END AS route,
    reason, cs_state, local_state, sample_size
FROM $1;
SQL
}
compare_plans() { execution "SELECT * FROM compare_training_plans($before, $after)"; }
compare_plain() { execution "$plain"; }
to_markdown() { execution "SELECT length(compare_training_plans_to_markdown($before, $after))"; }

forget
next_day tenth
next_day decisions
few_before=$(sql -c "SELECT create_training_plan('tenth')")
few_after=$(sql -c "SELECT create_training_plan('next_tenth')")
before=$(sql -c "SELECT create_training_plan('decisions')")
after=$(sql -c "SELECT create_training_plan('next_decisions')")
sql -c 'DROP TABLE next_tenth, next_decisions' -c 'VACUUM ANALYZE' -c CHECKPOINT

plain="SELECT coalesce(a.target, b.target) AS target, coalesce(a.symbol, b.symbol) AS symbol,
    CASE WHEN b.job_id IS NULL THEN 'added' WHEN a.job_id IS NULL THEN 'removed' ELSE 'changed' END AS change,
    b.job_id AS job_before, a.job_id AS job_after, b.reason AS reason_before, a.reason AS reason_after
FROM (SELECT * FROM training_jobs WHERE plan_id = $before AND training_type <> 'blocked') AS b
FULL JOIN (SELECT * FROM training_jobs WHERE plan_id = $after AND training_type <> 'blocked') AS a USING (job_id)
WHERE (b.route, b.training_type, b.model_families, b.priority, b.metadata -> 'needs_cs_ensemble')
    IS DISTINCT FROM (a.route, a.training_type, a.model_families, a.priority, a.metadata -> 'needs_cs_ensemble')
ORDER BY target, symbol NULLS FIRST"

echo
echo "two plans of $(sql -c "SELECT total_jobs FROM training_plans WHERE plan_id = $before") jobs: $(sql -c "SELECT split_part(compare_training_plans_to_markdown($before, $after), E'\\n', 1)")"
echo
ours="SELECT target, symbol, change, job_before, job_after, reason_before, reason_after FROM compare_training_plans($before, $after)"
wrong=$(sql -c "SELECT count(*) FROM ((($plain) EXCEPT ALL ($ours)) UNION ALL (($ours) EXCEPT ALL ($plain))) AS d")
[ "$wrong" = 0 ] || { echo "the two do not find the same: $wrong differ"; exit 1; }

compare 'compare_training_plans()' compare_plans compare_plain 'the same by FULL JOIN'
compare 'the same to Markdown' to_markdown compare_plain 'the rows by FULL JOIN'

echo
echo "peak memory of the backend's own, for plans of $(sql -c "SELECT total_jobs FROM training_plans WHERE plan_id = $few_before") and $(sql -c "SELECT total_jobs FROM training_plans WHERE plan_id = $before") jobs"
memory 'compare_training_plans()' 'SELECT * FROM compare_training_plans(WHAT)' "$few_before, $few_after" "$before, $after"
memory 'the same to Markdown' 'SELECT length(compare_training_plans_to_markdown(WHAT))' "$few_before, $few_after" "$before, $after"

echo
echo 'slowest of 14 cancels at different moments of a call'
cancels 'compare_training_plans()' "SELECT * FROM compare_training_plans($before, $after)"
forget
