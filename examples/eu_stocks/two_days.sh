#!/bin/sh
# Two days of the example by two workers: on the first all is trained, on the second, of which
# 250 more days of prices are known, what has changed.
#
#   examples/eu_stocks/two_days.sh
#
# Debian: what worker.py needs.
set -eu
cd "$(dirname "$0")"

worker=
trap '[ -z "$worker" ] || kill "$worker" 2>/dev/null || :' EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# The nightly round, and the jobs that it leaves.
day() {
    psql -X -v candidates="$1" -f nightly.sql
    ./worker.py --name night-1 &
    worker=$!
    ./worker.py --name night-2
    wait "$worker"
    worker=
}

psql -Xq -v ON_ERROR_STOP=1 -c 'SET client_min_messages = warning' -c 'CREATE EXTENSION IF NOT EXISTS trainplan' -f days.sql
export PRICES_UNTIL=1610
day eu_stocks_before
export PRICES_UNTIL=1860
day eu_stocks_after
psql -X -f ../compare.sql
