#!/bin/sh
# A plan in parts on one machine: the server that psql finds is the coordinator, two more that
# have the metrics are started here, and removed at the end.  Two workers train the plan, and on
# the way one of the servers is killed, and started again.
#
#   examples/shards/run.sh
#
# The extension has to be installed; or TEMP_CONFIG is a file of settings that say where it is.
# PG_CONFIG chooses the PostgreSQL of the two servers.  Not as root.
#
# Debian: postgresql, and what worker.py needs.
set -eu
cd "$(dirname "$0")"

run=example_$(date +%Y%m%d_%H%M%S)
bindir=$("${PG_CONFIG:-pg_config}" --bindir)
folder=$(mktemp -d)
workers=
shows=

say() { printf '\n== %s\n\n' "$*"; }
die() { echo "$*" >&2; exit 1; }

# ---- whatever happens, nothing is left --------------------------------------

clean_up() {
    trap '' INT TERM HUP
    for pid in $workers; do kill "$pid" 2>/dev/null || :; done
    for pid in $workers $shows; do wait "$pid" 2>/dev/null || :; done
    for name in shard1 shard2; do
        "$bindir/pg_ctl" -D "$folder/$name" -m immediate -s stop >/dev/null 2>&1 || :
    done
    rm -rf "$folder"
}
trap clean_up EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# ---- servers ----------------------------------------------------------------

quietly() {
    "$@" >"$folder/log" 2>&1 || { cat "$folder/log" >&2; die "failed: $*"; }
}

# A server of its own, on a socket in the folder.  Programs find it by its name.
make_server() { # NAME PORT
    quietly "$bindir/initdb" -D "$folder/$1" -U postgres -A trust --no-sync --encoding=UTF8 --locale=C
    cat >>"$folder/$1/postgresql.conf" <<END
listen_addresses = ''
unix_socket_directories = '$folder'
port = $2
fsync = off
END
    [ -z "${TEMP_CONFIG:-}" ] || echo "include '$TEMP_CONFIG'" >>"$folder/$1/postgresql.conf"
    printf '[%s]\nhost=%s\nport=%s\ndbname=postgres\n\n' "$1" "$folder" "$2" >>"$folder/services"
    start_server "$1"
}

# (of a server that was killed, some processes may still be about to end)
start_server() { # NAME
    for try in 1 2 3 4 5 6 7 8 9; do
        ! "$bindir/pg_ctl" -D "$folder/$1" -l "$folder/$1.log" -w -s start >/dev/null 2>&1 || return 0
        sleep 1
    done
    quietly "$bindir/pg_ctl" -D "$folder/$1" -l "$folder/$1.log" -w start
}

export PGSERVICEFILE="$folder/services"

# psql on the coordinator, and on another server as a superuser or who is named.
here() { psql -X -q -v ON_ERROR_STOP=1 -v run="$run" "$@"; }
there() { # NAME ARGUMENT...
    service=$1
    shift
    psql -X -q -v ON_ERROR_STOP=1 -v run="$run" -d "service=$service user=postgres" "$@"
}

# How many jobs have ended on a server.
ended() { # NAME
    there "$1" -At <<'SQL'
SELECT succeeded FROM training_plan_progress JOIN training_plans USING (plan_id) WHERE run_id = :'run';
SQL
}

# Until what is asked on a server is true.
wait_until() { # NAME, and the query from the input
    query=$(cat)
    until [ "$(printf '%s\n' "$query" | there "$1" -At)" = t ]; do
        for pid in $workers; do kill -0 "$pid" 2>/dev/null || die "a worker has ended too early"; done
        sleep 0.05
    done
}

say "Two servers, shard1 and shard2, beside the coordinator"
make_server shard1 5441
make_server shard2 5442
for name in shard1 shard2; do there "$name" -f shard.sql; done
here -v host="$folder" -v port1=5441 -v port2=5442 -f coordinator.sql
here -c '\pset footer off' -c "SELECT srvname AS server, array_to_string(srvoptions, ' ') AS options FROM pg_foreign_server ORDER BY 1"

say "The metrics, through the coordinator: a target's rows are on one server, by its hash"
here -c "\\copy candidates FROM '../eu_stocks/eu_stock_candidates.csv' WITH (FORMAT csv, HEADER match)"
here -c '\pset footer off' -c 'SELECT tableoid::regclass AS partition, count(DISTINCT target) AS targets, count(*) FROM candidates GROUP BY 1 ORDER BY 1'

say "Run $run is planned on both by one call"
here -f plan.sql

say "Two workers go round both servers"
for name in worker-1 worker-2; do
    # what goes as it should is not shown, job by job
    mkfifo "$folder/$name"
    sed -u "/: succeeded  attempt 1  [^ ]*\$/d; s/^/    $name: /" <"$folder/$name" &
    shows="$shows $!"
    ../eu_stocks/worker.py --name "$name" --run "$run" --lease 10 \
        --server "service=shard1 user=scheduler" --server "service=shard2 user=scheduler" >"$folder/$name" 2>&1 &
    workers="$workers $!"
done

wait_until shard2 <<'SQL'
SELECT succeeded >= 10 FROM training_plan_progress WHERE plan_id = latest_training_plan();
SQL
here -f watch.sql

before=$(ended shard1)
# (when a job has just begun)
wait_until shard2 <<'SQL'
SELECT count(*) > 0 FROM training_job_status
WHERE plan_id = latest_training_plan() AND state = 'running' AND started_at > clock_timestamp() - interval '0.2 s';
SQL
kill -KILL "$(head -n 1 "$folder/shard2/postmaster.pid")"
say "shard2 is killed (kill -9), in the middle of a job; the coordinator can't see the run any more"
here -f watch.sql 2>&1 | sed 's/^/    /' || :

say "The workers go on with shard1"
wait_until shard1 <<SQL
SELECT succeeded >= $before + 5 OR pending + waiting + running = 0 FROM training_plan_progress WHERE plan_id = latest_training_plan();
SQL
echo "    succeeded on shard1: $before when shard2 was killed, $(ended shard1) now"

say "shard2 is started again"
start_server shard2
here -f watch.sql

say "The workers go on with both"
left=$(there shard2 -At <<'SQL'
SELECT pending + waiting + running FROM training_plan_progress WHERE plan_id = latest_training_plan();
SQL
)
for share in 2 4; do # a half of them, a quarter
    wait_until shard2 <<SQL
SELECT pending + waiting + running <= $left / $share FROM training_plan_progress WHERE plan_id = latest_training_plan();
SQL
    echo "    to be trained on shard2: $left when it was started again, at most $((left / share)) now"
done

for pid in $workers; do wait "$pid"; done
workers=
for pid in $shows; do wait "$pid"; done
say "All jobs have ended"
here -f watch.sql
here -f proof.sql
