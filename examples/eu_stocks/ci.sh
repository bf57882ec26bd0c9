#!/bin/sh
# A step of a pipeline: works the latest plan off with psql and train.py until there
# is nothing to claim, prints what failed, and fails if anything did.  Any number of
# such steps can run at a time; one that is stopped gives its job back.
#
#   examples/eu_stocks/ci.sh
#
# Debian: postgresql-client, and what train.py needs.
set -eu

worker=${CI_JOB_ID:-$(hostname)/$$}
lease='1 hour' # is not extended: longer than a job takes
train=$(dirname "$0")/train.py
folder=$(mktemp -d)
stopped= training=
export PGCLIENTENCODING=UTF8 PGCONNECT_TIMEOUT=10

# a signal ends what is trained, and else waits for what is asked to be answered
stop() {
    stopped=$1
    [ -z "$training" ] || kill -KILL "$training" 2>/dev/null || :
}
trap 'rm -rf "$folder"' EXIT
trap 'stop 130' INT
trap 'stop 143' TERM HUP

die() { echo "$*" >&2; exit 1; }

# (in a session of its own, which Ctrl-C does not reach)
ask() { setsid psql -XAtq -v ON_ERROR_STOP=1 -v VERBOSITY=terse -v folder="$folder" "$@"; }

patiently() { # COMMAND...: again for half a minute, while there is no connection
    for pause in 1 2 4 8 16; do
        "$@" && return || code=$?
        [ "$code" = 2 ] && [ -z "$stopped" ] || return "$code"
        sleep "$pause" || :
    done
    "$@"
}

claim() {
    ask -v worker="$worker" -v plan="$plan" -v lease="$lease" -v families="$families" <<'SQL'
SELECT to_jsonb(job) FROM claim_training_jobs(:'worker', 1, :plan, :'lease', :'families') AS job;
SQL
}

report() { # FUNCTION FILE: what became of the job, with the result or error in the file
    ask -v file="$2" <<SQL
\set job \`cat :'folder'/job\`
\set said \`cat :'folder'/:'file'\`
SELECT job_id, CASE WHEN j.job_id IS NULL THEN 'lost' WHEN $1(plan_id, job_id, attempt, :'said') THEN '$1' ELSE 'lost' END
FROM jsonb_to_record(:'job') AS job (plan_id bigint, job_id text, attempt integer)
LEFT JOIN training_jobs AS j USING (plan_id, job_id);
SQL
}

report_failure() {
    # what the database can take of it, and its end if it is long
    tail -c 4000 "$folder/error" | tr -d '\000' | iconv -c -f UTF-8 -t UTF-8 >"$folder/why" || :
    patiently report fail_training_job why || echo "what became of a job can't be reported, its lease ends in $lease" >&2
}

# what can't be trained here is not claimed: it would fail, until nobody may try again
families=$("$train" --families)
found=$(ask -c "SELECT to_regprocedure('latest_training_plan()')")
[ -n "$found" ] || die "the extension is not on the search path: CREATE EXTENSION trainplan"
plan=$(ask -c 'SELECT latest_training_plan()')
[ -n "$plan" ] || die "there is no plan"
others=$(ask -v plan="$plan" -v families="$families" <<'SQL'
SELECT string_agg(DISTINCT family, ', ') FROM training_jobs, unnest(model_families) AS family
WHERE plan_id = :plan AND family <> ALL (:'families'::text[]) AND training_type <> 'blocked';
SQL
)
[ -z "$others" ] || die "plan $plan has jobs of families that are not trained here: $others (trained are $families)"

while [ -z "$stopped" ]; do
    patiently claim >"$folder/job"
    [ -s "$folder/job" ] || break
    "$train" <"$folder/job" >"$folder/result" 2>"$folder/error" &
    training=$!
    [ -z "$stopped" ] || stop "$stopped"
    wait "$training" 2>/dev/null && code=0 || code=$?
    [ "$code" -le 128 ] || ! wait "$training" 2>/dev/null || code=0 # a signal ends the first
    training=
    if [ "$code" = 0 ]; then
        patiently report complete_training_job result 2>"$folder/error" && continue
        sed -i '1s/^/no result: /' "$folder/error" || :
    elif [ -n "$stopped" ]; then
        echo 'the step was stopped' >"$folder/error"
    elif ! [ -s "$folder/error" ]; then
        echo "train.py ended with $code" >"$folder/error"
    fi
    report_failure
done
[ -z "$stopped" ] || { echo stopped >&2; exit "$stopped"; }

ask -v plan="$plan" >"$folder/failed" <<'SQL'
SELECT job_id, error FROM training_job_status WHERE plan_id = :plan AND state = 'failed';
SQL
[ ! -s "$folder/failed" ] || { echo "failed:"; cat "$folder/failed"; exit 1; }
