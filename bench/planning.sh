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
    false AS cancel_requested, job_id, 'pending' AS state, NULL::text AS worker
FROM plain_table
WHERE training_type <> 'blocked';
ALTER TABLE plain_places ADD PRIMARY KEY (plan_id, job_id);
CREATE INDEX ON plain_places (plan_id, priority DESC, ready_at, position) WHERE ready_at IS NULL OR ready_at < 'infinity';
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
