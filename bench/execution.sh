# Execution: jobs off a plan, beside off a textbook queue and those of npm, over eight
# connections.  JOBS changes how many, FINISHED how many jobs of other plans are finished.

jobs=${JOBS:-100000}
finished=${FINISHED:-1000000}
connections=8

# pgbench's scripts
cat >claim_and_complete.pgbench <<'SQL'
SELECT job_id, attempt FROM claim_training_jobs('worker', plan_id => :plan) \gset
SELECT complete_training_job(:plan, :job_id, :attempt, '{"score": 0.5}');
SQL
cat >textbook.pgbench <<'SQL'
UPDATE plain_queue SET state = 'running' WHERE id = (SELECT id FROM plain_queue WHERE state = 'pending' ORDER BY priority DESC, id LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING id, payload \gset
UPDATE plain_queue SET state = 'done', result = '{"score": 0.5}' WHERE id = :id;
SQL
cat >claim.pgbench <<'SQL'
SELECT * FROM claim_training_jobs('worker', :batch, :plan);
SQL
cat >batch.pgbench <<'SQL'
SELECT array_agg(job_id) AS jobs, array_agg(attempt) AS attempts, array_agg('{"score": 0.5}'::jsonb) AS results FROM claim_training_jobs('worker', :batch, :plan) \gset
SELECT count(*) FROM complete_training_jobs(:plan, :jobs, :attempts, :results);
SQL

# A plan of so many jobs, and nothing of before that is left to do.
new_plan() {
    sql -c "SELECT create_training_plan('work')" -c 'VACUUM ANALYZE' -c CHECKPOINT | head -n 1
}
only_plan() {
    forget
    new_plan
}

# work_off SCRIPT PLAN [BATCH]: all its jobs, in batches; prints how many a second.
work_off() {
    batch=${3:-1}
    pgbench -n -M prepared -c "$connections" -j 2 -t "$((jobs / connections / batch))" -D plan="$2" -D batch="$batch" -f "$1" 2>&1 |
        awk -v batch="$batch" '/^tps/ { printf "%.0f\n", $3 * batch } /aborted|ERROR/'
}

ours() { work_off claim_and_complete.pgbench "$(only_plan)"; }
textbook() {
    only_plan >/dev/null
    sql -f queue.sql -c 'VACUUM ANALYZE' -c CHECKPOINT
    work_off textbook.pgbench 0
}

# With jobs of other plans that are finished, in a database of its own.
among_finished() {
    PGDATABASE=finished
    plan=$(new_plan)
    work_off claim_and_complete.pgbench "$plan"
    sql -c "DELETE FROM training_plans WHERE plan_id = $plan"
    PGDATABASE=postgres
}

# While another session has a snapshot from before.
beside_snapshot() {
    plan=$(only_plan)
    sql -c 'BEGIN ISOLATION LEVEL REPEATABLE READ' -c 'SELECT count(*) FROM training_plans' -c 'SELECT pg_sleep(3600)' >/dev/null 2>&1 &
    sleep 0.5
    work_off claim_and_complete.pgbench "$plan"
    sql -c "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(3600)' AND pid <> pg_backend_pid()" >/dev/null
    wait $! || :
}

# With a limit on a family that all of them train.
under_limit() {
    plan=$(only_plan)
    sql -c "INSERT INTO training_limits VALUES ('all', '{xgboost}', 1000)"
    work_off claim_and_complete.pgbench "$plan"
    sql -c 'DELETE FROM training_limits'
}

claims() { work_off claim.pgbench "$(only_plan)"; }
claims_of_100() { work_off claim.pgbench "$(only_plan)" 100; }
batches_of_100() { work_off batch.pgbench "$(only_plan)" 100; }

echo
echo "$jobs jobs, $connections connections, synchronous_commit $(sql -c 'SHOW synchronous_commit')"
echo

make_work() {
    sql -v targets="$((jobs / 1000))" <<'SQL'
CREATE TABLE work AS
SELECT 'y_will_swing_low_' || t || 'm_0.20' AS target, 'S' || lpad(s::text, 5, '0') AS symbol,
    (ARRAY['ROUTE_BOTH', 'ROUTE_SYMBOL_SPECIFIC', 'ROUTE_EXPERIMENTAL_ONLY'])[1 + (s + t) % 3] AS route
FROM generate_series(1, :targets) AS t, generate_series(1, 1000) AS s;
INSERT INTO work SELECT DISTINCT target, NULL, 'DISABLED' FROM work;
SQL
}

make_work
compare 'claim and complete, one by one' ours textbook 'a textbook queue' /s

# a database with finished jobs
sql -c 'CREATE DATABASE finished'
PGDATABASE=finished
sql -c 'CREATE EXTENSION trainplan'
make_work
for _ in $(seq "$((finished / jobs))"); do
    sql -c "SELECT create_training_plan('work')" \
        -c "SELECT count(complete_training_job(plan_id, job_id, attempt, '{}')) FROM claim_training_jobs('worker', $jobs)" >/dev/null
done
sql -c 'VACUUM ANALYZE'
PGDATABASE=postgres
compare "beside $finished finished" among_finished ours 'without' /s
sql -c 'DROP DATABASE finished'

compare 'while a snapshot is held' beside_snapshot ours 'without' /s
compare 'under a limit of 1000' under_limit ours 'without' /s
compare 'claim 100 at a time' claims_of_100 claims 'claim one by one' /s
compare 'claim and complete 100 at a time' batches_of_100 ours 'claim and complete, one by one' /s

# ---- those of npm, from programs in JavaScript, ours too
tools=$(mktemp -d)
npm=$(npm install --no-audit --no-fund --prefix "$tools" --cache "$tools/cache" node@22 graphile-worker@0.18 pg-boss@12 pg@8 2>&1) ||
    { echo "npm's queues can't be installed: $npm"; tools=; }
if [ -n "$tools" ]; then
    cp queues.mjs "$tools"
    in_node() { "$tools/node_modules/.bin/node" "$tools/queues.mjs" "$1" "$jobs"; }
    ours_in_node() { only_plan >/dev/null; in_node trainplan; }
    graphile_worker() { in_node graphile-worker; }
    pg_boss() { in_node pg-boss; }

    echo
    echo "from node $("$tools/node_modules/.bin/node" --version)"
    compare 'claim and complete, one by one' ours_in_node graphile_worker "graphile-worker" /s
    compare 'claim and complete, one by one' ours_in_node pg_boss "pg-boss" /s
    rm -rf "$tools"
fi
