# What the benchmarks share; bench/run reads it.

runs=${RUNS:-5}
export PGOPTIONS="-c work_mem=64MB -c maintenance_work_mem=64MB -c client_min_messages=error"

sql() { psql -X -q -At -v ON_ERROR_STOP=1 "$@"; }

# The milliseconds that SQL takes altogether, as psql measures it.
milliseconds() {
    { printf '\\timing on\n'; cat; } | sql | awk '/^Time:/ { total += $2 } END { printf "%.0f\n", total }'
}

# The milliseconds until a query has returned all of its rows to nobody.
execution() {
    sql -c "EXPLAIN (ANALYZE, TIMING off) $1" | awk '/^Execution Time:/ { printf "%.0f\n", $3 }'
}

median() { sort -n "$1" | awk '{ value[NR] = $1 } END { print (value[int((NR + 1) / 2)] + value[int((NR + 2) / 2)]) / 2 }'; }

# compare NAME A B OTHER [UNIT]: run two functions in turn, print medians of what they print, and their ratio.
compare() {
    : >"a.times"
    : >"b.times"
    for run in $(seq "$runs"); do
        "$2" >>"a.times"
        "$3" >>"b.times"
    done
    a=$(median "a.times")
    b=$(median "b.times")
    unit=${5:-ms}
    printf '%-32s %8s %s   %-42s %8s %s   ratio %s\n' "$1" "$a" "$unit" "$4" "$b" "$unit" "$(echo "$a $b" | awk '{ printf "%.2f", $1 / $2 }')"
    rm -f "a.times" "b.times"
}

# Empty the tables, and let nothing of that be left to do later.
forget() { sql -c 'TRUNCATE training_plans, training_job_history' -c 'DROP TABLE IF EXISTS plain_plans, plain_table, plain_places' -c CHECKPOINT 2>/dev/null; }

# The backend's peak of memory of its own, in MB, while it runs a query for the
# second time: by then it has touched what it will touch of shared memory, which
# is taken off.
peak_memory() {
    sql <<SQL | awk '/^VmHWM/ { peak = $2 } /^RssFile|^RssShmem/ { shared += $2 } END { printf "%.0f\n", (peak - shared) / 1024 }'
SELECT pg_backend_pid() AS pid \\gset
\\setenv BACKEND :pid
SELECT sum(length(d::text)) AS discarded FROM decisions AS d \\gset
EXPLAIN (ANALYZE, TIMING off) $1 \\g /dev/null
\\! echo 5 >/proc/\$BACKEND/clear_refs
EXPLAIN (ANALYZE, TIMING off) $1 \\g /dev/null
\\! grep -E '^(VmHWM|RssFile|RssShmem)' /proc/\$BACKEND/status
SQL
}

# memory NAME WHAT SMALL LARGE: the peaks for a query with WHAT in it as SMALL and as LARGE.
memory() {
    printf '%-32s %8s MB %8s MB\n' "$1" \
        "$(peak_memory "$(echo "$2" | sed "s/WHAT/$3/g")")" "$(peak_memory "$(echo "$2" | sed "s/WHAT/$4/g")")"
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

cancels() { printf '%-32s %8s ms\n' "$1" "$(slowest_cancel "$2")"; }
