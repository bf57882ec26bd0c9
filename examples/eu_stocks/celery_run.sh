#!/bin/sh
# The latest plan on Celery: a Redis of its own, two workers of several processes,
# and everything stopped at the end.
#
#   examples/eu_stocks/celery_run.sh [celery_app.py's ARGUMENTS]
#
# Debian: redis-tools (whose server it is, without the service of redis-server),
# python3-redis, python3-celery, and what worker.py needs.
set -eu
cd "$(dirname "$0")"

folder=$(mktemp -d)
pids=
stop() {
    trap '' INT TERM HUP
    [ -z "$pids" ] || kill $pids 2>/dev/null || :
    wait
    rm -rf "$folder"
}
trap stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# redis-server is another name of the program that checks Redis' files
ln -s "$(command -v redis-server || command -v redis-check-rdb)" "$folder/redis-server"
"$folder/redis-server" --port 0 --unixsocket "$folder/redis.sock" --dir "$folder" --save '' >"$folder/redis.log" &
pids=$!
export CELERY_BROKER_URL="redis+socket://$folder/redis.sock"

for name in one two; do
    /usr/bin/python3 -m celery --quiet -A celery_app worker --hostname "$name@%h" --concurrency 2 \
        --without-gossip --without-mingle --loglevel warning &
    pids="$pids $!"
done
./celery_app.py "$@"
