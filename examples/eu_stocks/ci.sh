#!/bin/sh
# A step of a pipeline: works the latest plan off with psql and train.py until there
# is nothing to claim, prints what failed, and fails if anything did.  Any number of
# such steps can run at a time.
#
#   examples/eu_stocks/ci.sh
#
# Debian: postgresql-client, and what train.py needs.
set -eu

worker=${CI_JOB_ID:-$(hostname)/$$}
train=$(dirname "$0")/train.py
error=$(mktemp)
trap 'rm -f "$error"' EXIT

ask() { psql -XAtq -v ON_ERROR_STOP=1 "$@"; }

claim() {
    ask -v worker="$worker" <<'SQL'
SELECT to_jsonb(job) FROM claim_training_jobs(:'worker') AS job;
SQL
}

report() { # FUNCTION JOB RESULT-OR-ERROR
    ask -v job="$2" -v said="$3" <<SQL
SELECT job_id, CASE WHEN $1(plan_id, job_id, attempt, :'said') THEN '$1' ELSE 'lost' END
FROM jsonb_to_record(:'job') AS job (plan_id bigint, job_id text, attempt integer);
SQL
}

while job=$(claim) && [ -n "$job" ]; do
    if result=$(echo "$job" | "$train" 2>"$error"); then
        report complete_training_job "$job" "$result"
    else
        report fail_training_job "$job" "$(cat "$error")"
    fi
done

failed=$(ask -c "SELECT job_id, error FROM training_job_status WHERE plan_id = latest_training_plan() AND state = 'failed'")
[ -z "$failed" ] || { echo "failed:"; echo "$failed"; exit 1; }
