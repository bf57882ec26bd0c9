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
job= training=

stop() {
    trap '' INT TERM HUP
    if [ -n "$job" ]; then
        kill "$training" 2>/dev/null || :
        report fail_training_job "$job" 'the step was stopped' || :
    fi
    rm -rf "$folder"
}
trap stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

die() { echo "$*" >&2; exit 1; }

ask() { psql -XAtq -v ON_ERROR_STOP=1 -v VERBOSITY=terse "$@"; }

claim() {
    ask -v worker="$worker" -v plan="$plan" -v lease="$lease" -v families="$families" <<'SQL'
SELECT to_jsonb(job) FROM claim_training_jobs(:'worker', 1, :plan, :'lease', :'families') AS job;
SQL
}

report() { # FUNCTION JOB RESULT-OR-ERROR
    ask -v job="$2" -v said="$3" <<SQL
SELECT job_id, CASE WHEN $1(plan_id, job_id, attempt, :'said') THEN '$1' ELSE 'lost' END
FROM jsonb_to_record(:'job') AS job (plan_id bigint, job_id text, attempt integer);
SQL
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
[ -z "$others" ] || die "plan $plan has jobs of families that train.py does not train: $others (it trains $families; plan.sql makes a plan of these)"

while :; do
    job=$(claim)
    [ -n "$job" ] || break
    echo "$job" | "$train" >"$folder/result" 2>"$folder/error" &
    training=$!
    if wait "$training"; then
        report complete_training_job "$job" "$(cat "$folder/result")"
    else
        report fail_training_job "$job" "$(cat "$folder/error")"
    fi
done

failed=$(ask -v plan="$plan" <<'SQL'
SELECT job_id, error FROM training_job_status WHERE plan_id = :plan AND state = 'failed';
SQL
)
[ -z "$failed" ] || { echo "failed:"; echo "$failed"; exit 1; }
