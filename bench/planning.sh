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
CREATE TABLE plain_places WITH (fillfactor = 60) AS
SELECT plan_id, priority, row_number() OVER (ORDER BY target, symbol NULLS FIRST)::integer AS position,
    NULL::timestamptz AS ready_at, now() AS state_since, 0 AS attempt, 0 AS attempts_forgiven,
    false AS cancel_requested, job_id, 'pending' AS state, NULL::text AS worker, 1::bigint AS kind
FROM plain_table
WHERE training_type <> 'blocked';
ALTER TABLE plain_places ADD PRIMARY KEY (plan_id, job_id);
CREATE INDEX ON plain_places (plan_id, priority DESC, kind, ready_at, position) WHERE ready_at IS NULL OR ready_at < 'infinity';
SQL
}

# A plan that was worked off, each job in one attempt.
worked_off() {
    forget
    sql >/dev/null <<'SQL'
SELECT create_training_plan('tenth') AS plan \gset
INSERT INTO training_job_history
SELECT plan_id, job_id, 1, 'worker', now(), now(), 'succeeded', NULL, '{"auc": 0.6}' FROM training_jobs WHERE plan_id = :plan;
SQL
}
delete() {
    worked_off
    sql -c CHECKPOINT
    echo 'DELETE FROM training_plans;' | milliseconds
}
delete_plain() {
    worked_off
    sql <<'SQL'
CREATE TABLE plain_plans (LIKE training_plans INCLUDING ALL);
CREATE TABLE plain_table (LIKE training_jobs INCLUDING ALL);
CREATE TABLE plain_places (LIKE training_job_queue INCLUDING ALL);
INSERT INTO plain_plans OVERRIDING SYSTEM VALUE SELECT * FROM training_plans;
INSERT INTO plain_table SELECT * FROM training_jobs;
INSERT INTO plain_places SELECT * FROM training_job_queue;
TRUNCATE training_plans;
CHECKPOINT;
SQL
    milliseconds <<'SQL'
BEGIN;
DELETE FROM plain_places WHERE plan_id = (SELECT plan_id FROM plain_plans);
DELETE FROM plain_table WHERE plan_id = (SELECT plan_id FROM plain_plans);
DELETE FROM plain_plans;
COMMIT;
SQL
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
compare 'create_training_plan()' create create_plain 'the same by CREATE TABLE AS and indexes'
compare 'DELETE FROM training_plans' delete delete_plain 'the same rows, by a DELETE for each table'
forget

echo
echo "peak memory of the backend's own, at $(sql -c 'SELECT count(*) FROM tenth') and at $(sql -c 'SELECT count(*) FROM decisions') decisions"
memory 'generate_training_plan()' "SELECT * FROM generate_training_plan('WHAT')" tenth decisions
memory 'create_training_plan()' "SELECT create_training_plan('WHAT')" tenth decisions
forget

echo
echo 'slowest of 14 cancels at different moments of a call'
cancels 'generate_training_plan()' "SELECT * FROM generate_training_plan('decisions')"
cancels 'create_training_plan()' "SELECT create_training_plan('decisions')"
