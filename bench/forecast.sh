# When a plan will be done, whose jobs were trained before.  FORECAST changes how many jobs
# it has.

forecast_jobs=${FORECAST:-1200000}

sql -v targets="$((forecast_jobs / 1000))" <<'SQL'
CREATE TABLE forecast_decisions AS
SELECT 't' || t AS target, 'S' || lpad(s::text, 5, '0') AS symbol, 'ROUTE_SYMBOL_SPECIFIC' AS route, 100 * s AS sample_size
FROM generate_series(1, :targets) AS t, generate_series(1, 1000) AS s;
SQL
forget
sql -c "SELECT create_training_plan('forecast_decisions')" >/dev/null

# train_before FIRST LAST: attempts of every job that succeeded, in an older plan
train_before() {
    sql -c "INSERT INTO training_job_history (plan_id, job_id, attempt, worker, started_at, finished_at, outcome, result, target, symbol, route, training_type, model_families, estimated_samples)
SELECT 0, job_id, n, 'worker', now() - interval '1 day', now() - interval '1 day' + random() * interval '10 minutes', 'succeeded', '{\"score\": 0.5}', target, symbol, route, training_type, model_families, estimated_samples
FROM training_jobs, generate_series($1, $2) AS n" -c 'VACUUM ANALYZE' -c CHECKPOINT
}
forecast() {
    for run in $(seq "$runs"); do execution "$2"; done >forecast.times
    printf '%-56s %8s ms\n' "$1" "$(median forecast.times)"
    rm -f forecast.times
}
forecasts() {
    forecast "forecast on 64 workers, each job trained $1" 'SELECT * FROM forecast_training_plan(workers => 64)'
    forecast "forecast on 1, 8 and 64 in a query, each job trained $1" \
        "SELECT max(expected_end) FROM unnest('{1,8,64}'::integer[]) AS n, forecast_training_plan(workers => n) GROUP BY n"
}

echo
echo "a plan of $forecast_jobs jobs"
echo
train_before 1 1
forecasts once
train_before 2 10
forecasts 'ten times'
forget
sql -c 'DROP TABLE forecast_decisions'
