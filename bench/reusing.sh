# Train only what changed: the jobs of a plan that reuse their last results, of which one in a
# hundred has no such, beside the making of the plan.  The decisions are those of planning.sh;
# ATTEMPTS changes how many the history has.

attempts=${ATTEMPTS:-10000000}

# One success or failure of each job after the other, the last of which was a success yesterday.
make_history() {
    sql -v plan="$1" -v rounds="$(((attempts + jobs - 1) / jobs))" <<'SQL'
INSERT INTO training_job_history (plan_id, job_id, attempt, worker, started_at, finished_at, outcome, result, target, symbol, route,
    training_type, model_families, estimated_samples, needs_cs_ensemble)
SELECT -round, job_id, 1, 'worker', now() - round * interval '1 day', now() - round * interval '1 day' + interval '10 s',
    CASE WHEN round > 1 AND hashtext(job_id) % 7 = round THEN 'failed' ELSE 'succeeded' END, '{"score": 0.61, "model": "s3://models/1"}',
    target, symbol, route, training_type, model_families, estimated_samples, metadata @> '{"needs_cs_ensemble": true}'
FROM generate_series(:rounds, 1, -1) AS round
CROSS JOIN LATERAL (SELECT * FROM training_jobs WHERE plan_id = :plan ORDER BY priority DESC, target, symbol OFFSET 0 * round) AS j;
SQL
}
make_plan() {
    sql -c "DELETE FROM training_plans WHERE plan_id < latest_training_plan()"
    echo "SELECT create_training_plan('today');" | milliseconds
}
reuse_results() { echo "SELECT reuse_training_results(latest_training_plan(), max_growth => 0.2);" | milliseconds; }
read_freshness() { execution "SELECT * FROM training_job_freshness(latest_training_plan(), max_growth => 0.2)"; }

forget
sql -c 'CREATE TABLE today AS SELECT target, symbol, route, reason, cs_state, local_state,
    CASE WHEN hashtext(target || symbol) % 100 = 0 THEN 2 * sample_size ELSE sample_size END AS sample_size FROM decisions' -c 'ANALYZE today'
plan=$(sql -c "SELECT create_training_plan('decisions')")
jobs=$(sql -c "SELECT total_jobs FROM training_plans WHERE plan_id = $plan")
make_history "$plan"
sql -c 'DELETE FROM training_plans' -c VACUUM -c CHECKPOINT -c "SELECT create_training_plan('today')" >/dev/null

echo
echo "a plan of $jobs jobs, and $(sql -c 'SELECT count(*) FROM training_job_history') attempts in the history"
echo
compare 'reuse_training_results()' reuse_results make_plan 'create_training_plan() of the same'
reuse_results >/dev/null
sql -c "SELECT format('%s of them are reused, %s are left to train', reused, pending + waiting) FROM training_plan_progress WHERE plan_id = latest_training_plan()"
compare 'training_job_freshness()' read_freshness make_plan 'create_training_plan() of the same'
sql -c 'DROP TABLE today'
forget
