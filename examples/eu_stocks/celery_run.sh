#!/bin/sh
# The latest plan on Celery: a Redis of its own, two workers of several processes,
# and everything stopped at the end, in a minute at most.
#
#   examples/eu_stocks/celery_run.sh [celery_app.py's ARGUMENTS]
#
# Debian: redis-tools (whose server it is, without the service of redis-server),
# python3-redis, python3-celery, and what worker.py needs.
set -eu
cd "$(dirname "$0")"

folder=$(mktemp -d)
redis= workers= sender=
stop() {
    trap '' INT TERM HUP
    for pids in "$sender" "$workers" "$redis"; do # one after the other: workers give their tasks back
        end $pids
    done
    rm -rf "$folder"
}

# What was started, each in a session of its own: asked to, killed with its processes if that takes long.
end() {
    for pid in "$@"; do kill "$pid" 2>/dev/null || :; done
    for pid in "$@"; do
        tenths=0
        while kill -s 0 -- "-$pid" 2>/dev/null && [ "$tenths" -lt 150 ]; do
            sleep 0.1 || :
            tenths=$((tenths + 1))
        done
        kill -s KILL -- "-$pid" 2>/dev/null || :
    done
}
trap stop EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# redis-server is another name of the program that checks Redis' files
ln -s "$(command -v redis-server || command -v redis-check-rdb)" "$folder/redis-server"
# (in sessions of their own, which Ctrl-C does not reach: they are stopped in order)
setsid "$folder/redis-server" --port 0 --unixsocket "$folder/redis.sock" --dir "$folder" --save '' >"$folder/redis.log" &
redis=$!
export CELERY_BROKER_URL="redis+socket://$folder/redis.sock"

for name in one two; do
    setsid /usr/bin/python3 -m celery --quiet -A celery_app worker --hostname "$name@%h" --concurrency 2 \
        --without-gossip --without-mingle --loglevel warning &
    workers="$workers $!"
done
setsid ./celery_app.py "$@" &
sender=$!
wait "$sender" && sender=
