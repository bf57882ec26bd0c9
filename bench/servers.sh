# A plan in parts: two servers that each plan and work off their own half, beside one that
# has all, or pulls it.  The decisions are those of planning.sh, by target; JOBS changes how
# many jobs are claimed, PART_JOBS how many each of ten parts has whose progress is read.

jobs=${JOBS:-100000}
part_jobs=${PART_JOBS:-100000}

# ---- two servers beside the one that measures, with its settings

clusters=$(mktemp -d)
end_clusters() {
    for cluster in "$clusters"/*/; do pg_ctl -D "$cluster" -m fast -s -w stop || :; done
    rm -rf "$clusters"
}
trap end_clusters EXIT
for server in one two; do
    initdb -D "$clusters/$server" -U "$PGUSER" -A trust --no-sync --encoding=UTF8 --locale=C >"$clusters/log" || cat "$clusters/log"
    cat >>"$clusters/$server/postgresql.conf" <<CONF
listen_addresses = ''
unix_socket_directories = '$clusters/$server'
port = $PGPORT
fsync = $(sql -c 'SHOW fsync')
include '$TEMP_CONFIG'
CONF
    pg_ctl -D "$clusters/$server" -l "$clusters/$server.log" -s -w start
done
# on SERVER COMMAND...: run it where that server is the one meant
on() {
    (
        export PGHOST="$clusters/$1"
        shift
        "$@"
    )
}

# known_as NAME SERVER DATABASE: a foreign server here for a database of one of them
known_as() {
    sql -c "CREATE SERVER $1 FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '$clusters/$2', port '$PGPORT', dbname '$3', fetch_size '1000', async_capable 'true')" \
        -c "CREATE USER MAPPING FOR CURRENT_USER SERVER $1 OPTIONS (user '$PGUSER')" \
        -c "SELECT add_training_server('$1')" >/dev/null
}

# ---- the halves: in the servers' own tables, and as foreign partitions of one relation here
sql <<'SQL'
CREATE EXTENSION postgres_fdw;
CREATE TABLE decisions_on_servers (LIKE decisions) PARTITION BY HASH (target);
SQL
half=0
for server in one two; do
    on "$server" sql -c 'CREATE EXTENSION trainplan' \
        -c 'CREATE TABLE decisions (target text, symbol text, route text, reason text[], cs_state text, local_state text, sample_size integer)'
    sql -c "COPY (SELECT * FROM decisions WHERE satisfies_hash_partition('decisions_on_servers'::regclass, 2, $half, target)) TO STDOUT" |
        on "$server" sql -c 'COPY decisions FROM STDIN' -c 'VACUUM ANALYZE decisions'
    known_as "$server" "$server" postgres
    sql -c "CREATE FOREIGN TABLE decisions_on_$server PARTITION OF decisions_on_servers FOR VALUES WITH (MODULUS 2, REMAINDER $half) SERVER $server OPTIONS (table_name 'decisions')"
    half=$((half + 1))
done
sql -c 'ANALYZE decisions_on_servers'

forget_parts() {
    forget
    sql -c 'TRUNCATE training_plan_parts'
    on one forget
    on two forget
}
create_on_servers() {
    forget_parts
    echo "SELECT * FROM create_training_plan_on('{one,two}', 'decisions') \\g /dev/null" | milliseconds
}
create_pulled() {
    forget_parts
    echo "SELECT create_training_plan('decisions_on_servers') \\g /dev/null" | milliseconds
}
create_here() {
    forget_parts
    echo "SELECT create_training_plan('decisions') \\g /dev/null" | milliseconds
}
generate_pulled() { execution "SELECT * FROM generate_training_plan('decisions_on_servers')"; }
generate_here() { execution "SELECT * FROM generate_training_plan('decisions')"; }

echo
echo "two servers with $(on one sql -c 'SELECT count(*) FROM decisions') and $(on two sql -c 'SELECT count(*) FROM decisions') decisions"
echo
wrong=$(sql -c "SELECT count(*) FROM ((SELECT * FROM generate_training_plan('decisions') EXCEPT ALL SELECT * FROM generate_training_plan('decisions_on_servers')) UNION ALL (SELECT * FROM generate_training_plan('decisions_on_servers') EXCEPT ALL SELECT * FROM generate_training_plan('decisions'))) AS d")
[ "$wrong" = 0 ] || { echo "the relation and its halves do not plan the same jobs: $wrong differ"; exit 1; }
create_on_servers >/dev/null
sql -c "SELECT total_jobs = (SELECT count(*) FROM generate_training_plan('decisions')) FROM (SELECT sum(total_jobs) AS total_jobs FROM training_plan_parts) AS p" |
    grep -q t || { echo 'the parts have not the jobs of the whole'; exit 1; }

compare 'generate_training_plan(), pulled' generate_pulled generate_here 'of a local relation'
compare 'create_training_plan_on()' create_on_servers create_pulled 'create_training_plan(), pulled'
compare 'create_training_plan_on()' create_on_servers create_here 'create_training_plan(), one server has all'
forget_parts

# ---- claims: four connections to each of two servers, eight to one
cat >claim_and_complete.pgbench <<'SQL'
SELECT job_id, attempt FROM claim_training_jobs('worker', plan_id => :plan) \gset
SELECT complete_training_job(:plan, :job_id, :attempt, '{"score": 0.5}');
SQL
# plan_work TARGETS: a plan of a thousand jobs for each
plan_work() {
    sql <<SQL
CREATE TABLE IF NOT EXISTS work AS
SELECT 'y_will_swing_low_' || t || 'm_0.20' AS target, 'S' || lpad(s::text, 5, '0') AS symbol, 'ROUTE_SYMBOL_SPECIFIC' AS route
FROM generate_series(1, $1) AS t, generate_series(1, 1000) AS s;
TRUNCATE training_plans, training_job_history;
SELECT create_training_plan('work');
VACUUM ANALYZE;
CHECKPOINT;
SQL
}
# work_off PLAN JOBS CONNECTIONS
work_off() {
    PGOPTIONS="$PGOPTIONS -c synchronous_commit=$commits" pgbench -n -M prepared -c "$3" -j 1 -t "$(($2 / $3))" -D plan="$1" -f claim_and_complete.pgbench 2>&1 | grep -E 'aborted|ERROR' >&2 || :
}
per_second() { awk -v jobs="$1" -v begin="$2" -v end="$(date +%s%N)" 'BEGIN { printf "%.0f\n", jobs * 1e9 / (end - begin) }'; }
claims_on_two() {
    first=$(on one plan_work "$((jobs / 2000))")
    second=$(on two plan_work "$((jobs / 2000))")
    begin=$(date +%s%N)
    on one work_off "$first" "$((jobs / 2))" 4 &
    on two work_off "$second" "$((jobs / 2))" 4
    wait $!
    per_second "$jobs" "$begin"
}
claims_on_one() {
    first=$(plan_work "$((jobs / 1000))")
    begin=$(date +%s%N)
    work_off "$first" "$jobs" 8
    per_second "$jobs" "$begin"
}

echo
echo "$jobs jobs one by one, four connections to each of two servers, which share one disk"
echo
for commits in on off; do
    compare "synchronous_commit $commits" claims_on_two claims_on_one 'eight connections to one server' /s
done
sql -c 'DROP TABLE work'
rm -f claim_and_complete.pgbench
forget_parts

# ---- ten parts, of which a tenth has ended
parts=
for part in 1 2 3 4 5 6 7 8 9 10; do
    server=$([ $((part % 2)) = 1 ] && echo one || echo two)
    on "$server" sql -c "CREATE DATABASE part_$part"
    (
        export PGDATABASE=part_$part
        on "$server" sql <<SQL
CREATE EXTENSION trainplan;
CREATE TABLE work AS
SELECT 'p${part}_' || t AS target, 'S' || lpad(s::text, 5, '0') AS symbol, 'ROUTE_SYMBOL_SPECIFIC' AS route
FROM generate_series(1, $part_jobs / 1000) AS t, generate_series(1, 1000) AS s;
ANALYZE work;
SQL
    )
    known_as "part_$part" "$server" "part_$part"
    parts="$parts${parts:+,}part_$part"
done
sql -c "SELECT * FROM create_training_plan_on('{$parts}', 'work', run_id => 'ten')" >/dev/null
for part in 1 2 3 4 5 6 7 8 9 10; do
    server=$([ $((part % 2)) = 1 ] && echo one || echo two)
    (
        export PGDATABASE=part_$part
        on "$server" sql >/dev/null <<SQL
UPDATE training_plans SET max_attempts = 1;
SELECT count(complete_training_job(plan_id, job_id, attempt, '{"score": 0.5}')) FROM claim_training_jobs('worker', $part_jobs / 10);
SELECT count(fail_training_job(plan_id, job_id, attempt, 'out of memory')) FROM claim_training_jobs('worker', $part_jobs / 1000);
SELECT count(*) FROM claim_training_jobs('worker', 50);
VACUUM ANALYZE;
SQL
    )
done

# look NAME QUERY: the milliseconds that a query takes as the first of its session, and as the fifth
look() {
    rm -f cold.times warm.times
    for run in $(seq "$runs"); do
        printf '\\timing on\n%s' "$(for again in 1 2 3 4 5; do echo "$2 \\g /dev/null"; done)" | sql | awk '/^Time:/ { print $2 }' >look.times
        head -n 1 look.times >>cold.times
        tail -n 1 look.times >>warm.times
    done
    printf '%-32s %8.1f ms   new connections %32.1f ms\n' "$1" "$(median warm.times)" "$(median cold.times)"
    rm -f look.times cold.times warm.times
}

echo
echo "a run of ten parts on ten servers: $(sql -c "SELECT format('%s jobs, %s ended, %s failed, %s running', jobs, succeeded + failed, failed, running) FROM training_run_progress WHERE run_id = 'ten'")"
echo
look 'progress of the run' "SELECT * FROM training_run_progress WHERE run_id = 'ten'"
look 'progress of all runs' 'SELECT * FROM training_run_progress'
look 'progress, by part' "SELECT server, jobs, pending, expected_end FROM training_server_plans WHERE run_id = 'ten'"
look 'what has failed' "SELECT server, job_id, error FROM training_run_status WHERE run_id = 'ten' AND state = 'failed'"
look 'what is running' "SELECT server, job_id, worker FROM training_run_status WHERE run_id = 'ten' AND state = 'running'"
look 'one job' "SELECT * FROM training_run_status WHERE run_id = 'ten' AND job_id = 'sym_p7_1_S00500'"
look 'one job by its key' "SELECT * FROM training_run_status WHERE run_id = 'ten' AND server = 'part_7' AND plan_id = 1 AND job_id = 'sym_p7_1_S00500'"

sql -c 'DROP TABLE decisions_on_servers' -c 'DROP SERVER IF EXISTS one, two, part_1, part_2, part_3, part_4, part_5, part_6, part_7, part_8, part_9, part_10 CASCADE' -c 'DROP EXTENSION postgres_fdw CASCADE'
forget
sql -c 'TRUNCATE training_plan_parts'
end_clusters
trap - EXIT
