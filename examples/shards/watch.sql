-- How far the run is, on both servers together, and on each.
--
--   psql -X -v run=nightly -f examples/shards/watch.sql

\pset footer off

SELECT servers, jobs, pending, waiting, running, succeeded, failed, missing, percent_done,
    date_trunc('second', expected_end) AS expected_end
FROM training_run_progress
WHERE run_id = :'run';

SELECT server, state, count(*) AS jobs
FROM training_run_status
WHERE run_id = :'run'
GROUP BY server, state
ORDER BY server, state;
