# Scheduling: claims among jobs that don't fit, limits, and views that are polled.  CROWD
# changes how many jobs stand in the way.

crowd=${CROWD:-1000000}

# compare_claims NAME ARGUMENTS: the time of a claim in a new session, of these arguments
# beside the plain one that there is nothing in the way of.
in_new_session() {
    sql -c BEGIN -c "EXPLAIN (ANALYZE, TIMING off) SELECT * FROM claim_training_jobs('worker'$1)" -c ROLLBACK |
        awk '/^Execution Time:/ { print $3 }'
}
hindered() { in_new_session "$arguments"; }
plain_claim() { in_new_session ", plan_id => $small"; }
compare_claims() {
    arguments=$2
    compare "$1" hindered plain_claim 'a claim with nothing in its way'
}

make_crowd() {
    sql -v targets="$((crowd / 1000))" <<'SQL'
CREATE TABLE crowd AS
SELECT 't' || t AS target, 'S' || lpad(s::text, 5, '0') AS symbol, 'ROUTE_SYMBOL_SPECIFIC' AS route, '{lstm}'::text[] AS model_families
FROM generate_series(1, :targets) AS t, generate_series(1, 1000) AS s;
INSERT INTO crowd SELECT 'u', 'S' || s, 'ROUTE_EXPERIMENTAL_ONLY', '{ridge}' FROM generate_series(1, 100) AS s;
CREATE TABLE few AS SELECT * FROM crowd WHERE target = 'u';
SQL
}

echo
echo "$crowd jobs of another kind in the way, in a new session each"
echo
forget
make_crowd
large=$(sql -c "SELECT create_training_plan('crowd')")
small=$(sql -c "SELECT create_training_plan('few')")
sql -c 'VACUUM ANALYZE' -c CHECKPOINT

claims_behind_crowd() {
    compare_claims "behind another kind$1" ", plan_id => $large, families => '{ridge}'"
    compare_claims "behind another type$1" ", plan_id => $large, families => '{ridge}', training_type => 'symbol_specific'"
    sql -c "INSERT INTO training_limits VALUES ('none', '{lstm}', 0)"
    compare_claims "behind a kind at its limit$1" ", plan_id => $large"
    sql -c 'DELETE FROM training_limits'
    sql -c "UPDATE training_plans SET paused = true WHERE plan_id = $large"
    compare_claims "behind a paused plan$1" ", any_plan => true"
    sql -c "UPDATE training_plans SET paused = false WHERE plan_id = $large"
}
hold_snapshot() {
    sql -c 'BEGIN ISOLATION LEVEL REPEATABLE READ' -c 'SELECT count(*) FROM training_plans' -c 'SELECT pg_sleep(3600)' >/dev/null 2>&1 &
    holder=$!
    sleep 0.5
}
let_snapshot_go() {
    sql -c "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(3600)' AND pid <> pg_backend_pid()" >/dev/null
    wait "$holder" || :
}

claims_behind_crowd ''
hold_snapshot
# what has been claimed since is dead, and stays
sql -c "SELECT count(complete_training_job(plan_id, job_id, attempt)) FROM claim_training_jobs('worker', 1000, $large)" >/dev/null
claims_behind_crowd ', a snapshot held'
let_snapshot_go

# ---- batches of a plan that was never analyzed, beside older ones that were
echo
echo "a plan of $crowd jobs that was never analyzed, beside older ones that were"
echo
forget
sql -c "SELECT create_training_plan('few')" -c ANALYZE >/dev/null
new=$(sql -c "SELECT create_training_plan('crowd')")
claim_100() {
    sql -c BEGIN -c "EXPLAIN (ANALYZE, TIMING off) SELECT * FROM claim_training_jobs('worker', 100, $new)" -c ROLLBACK |
        awk '/^Execution Time:/ { print $3 }'
}
for run in $(seq "$runs"); do claim_100; done >before.times
sql -c ANALYZE
for run in $(seq "$runs"); do claim_100; done >after.times
echo "claim 100: $(median before.times) ms, after ANALYZE $(median after.times) ms"
rm -f before.times after.times

# ---- views: a plan of a million jobs of which 300,000 have ended, 199 of 5,000 beside it, 500 running
echo
echo "a plan of $crowd jobs of which 3 in 10 have ended, 199 plans of 5,000 beside it, 500 running"
echo
forget
sql >/dev/null <<SQL
CREATE TABLE five AS SELECT * FROM crowd ORDER BY target, symbol LIMIT 5000;
SELECT count(create_training_plan('five')) FROM generate_series(1, 199);
SELECT count(complete_training_job(plan_id, job_id, attempt, '{"score": 0.5}'))
FROM generate_series(1, 199) AS n, claim_training_jobs('worker', 500, n + (SELECT min(plan_id) - 1 FROM training_plans));
SELECT create_training_plan('crowd') AS large \gset
SELECT count(complete_training_job(plan_id, job_id, attempt, '{"score": 0.5}')) FROM claim_training_jobs('worker', $((crowd * 3 / 10)), :large);
SELECT count(*) FROM claim_training_jobs('worker', 500, :large);
VACUUM ANALYZE;
SQL
large=$(sql -c 'SELECT latest_training_plan()')
view() {
    for run in $(seq "$runs"); do execution "$2"; done >view.times
    printf '%-32s %8s ms\n' "$1" "$(median view.times)"
    rm -f view.times
}
execution() { sql -c "EXPLAIN (ANALYZE, TIMING off) $1" | awk '/^Execution Time:/ { print $3 }'; }
view 'progress of one plan' "SELECT * FROM training_plan_progress WHERE plan_id = $large"
view 'progress of all' 'SELECT * FROM training_plan_progress'
view 'who runs what' "SELECT worker, job_id, started_at, progress FROM training_job_status WHERE state = 'running'"
view 'status of one job' "SELECT * FROM training_job_status WHERE plan_id = $large AND job_id = 'sym_t1_S00500'"
view 'limits' 'SELECT * FROM training_limit_usage'
forget
sql -c 'DROP TABLE crowd, few, five'
