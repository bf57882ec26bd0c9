# Planning: a routing relation into jobs, beside the same as a query.  TARGETS and
# SYMBOLS change the size.

targets=${TARGETS:-2000}
symbols=${SYMBOLS:-1000}

generate() { execution "SELECT * FROM generate_training_plan('decisions')"; }
plain() { execution "SELECT * FROM plain_jobs"; }

create() {
    forget
    echo "SELECT create_training_plan('decisions');" | milliseconds
}
create_plain() {
    forget
    milliseconds <<'SQL'
CREATE TABLE plain_table AS SELECT 1::bigint AS plan_id, j.* FROM plain_jobs AS j;
ALTER TABLE plain_table ADD PRIMARY KEY (plan_id, job_id);
ALTER TABLE plain_table ADD UNIQUE NULLS NOT DISTINCT (plan_id, target, symbol);
SQL
}

# The most milliseconds between a cancel and the end of the call, over many
# moments of the call.
slowest_cancel() {
    slowest=0
    for tenths in $(seq 1 3 40); do
        psql -X -q -c "/* victim */ EXPLAIN (ANALYZE, TIMING off) $1" >/dev/null 2>&1 &
        victim=$!
        sleep "$(echo "$tenths" | awk '{ print $1 / 10 }')"
        begin=$(date +%s%3N)
        sql -c "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE query LIKE '/* victim */%'" >/dev/null
        wait "$victim" || :
        took=$(($(date +%s%3N) - begin))
        if [ "$took" -gt "$slowest" ]; then slowest=$took; fi
    done
    echo "$slowest"
}

sql -v table=decisions -v targets="$targets" -v symbols="$symbols" -f decisions.sql
sql -v table=tenth -v targets="$targets" -v symbols="$((symbols / 10))" -f decisions.sql
sql -f plain.sql

echo
echo "$(sql -c 'SELECT count(*) FROM decisions') decisions, $(sql -c 'SELECT count(*) FROM plain_jobs') jobs"
echo
wrong=$(sql -c 'SELECT count(*) FROM ((TABLE plain_jobs EXCEPT ALL SELECT * FROM generate_training_plan('"'decisions'"')) UNION ALL (SELECT * FROM generate_training_plan('"'decisions'"') EXCEPT ALL TABLE plain_jobs)) AS d')
[ "$wrong" = 0 ] || { echo "the two do not plan the same jobs: $wrong differ"; exit 1; }

compare 'generate_training_plan()' generate plain 'the same as a query'
compare 'create_training_plan()' create create_plain 'CREATE TABLE AS and the same indexes'
forget

echo
echo "peak memory of the backend's own, at $(sql -c 'SELECT count(*) FROM tenth') and at $(sql -c 'SELECT count(*) FROM decisions') decisions"
printf '%-32s %8s MB %8s MB\n' 'generate_training_plan()' \
    "$(peak_memory "SELECT * FROM generate_training_plan('tenth')")" \
    "$(peak_memory "SELECT * FROM generate_training_plan('decisions')")"
printf '%-32s %8s MB %8s MB\n' 'create_training_plan()' \
    "$(peak_memory "SELECT create_training_plan('tenth')")" \
    "$(peak_memory "SELECT create_training_plan('decisions')")"
forget

echo
echo 'slowest of 14 cancels at different moments of a call'
printf '%-32s %8s ms\n' 'generate_training_plan()' "$(slowest_cancel "SELECT * FROM generate_training_plan('decisions')")"
printf '%-32s %8s ms\n' 'create_training_plan()' "$(slowest_cancel "SELECT create_training_plan('decisions')")"
