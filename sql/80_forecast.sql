-- When a plan will be done.

CREATE FUNCTION forecast_training_plan(plan_id bigint DEFAULT NULL, workers integer DEFAULT NULL)
RETURNS TABLE (
    place bigint,
    job_id text,
    target text,
    symbol text,
    priority integer,
    state text,
    expected_seconds double precision,
    basis text,
    runs bigint,
    expected_start timestamptz,
    expected_end timestamptz
)
LANGUAGE C
STABLE
PARALLEL RESTRICTED
COST 100000
ROWS 1000
AS 'MODULE_PATHNAME', 'forecast_training_plan';

COMMENT ON FUNCTION forecast_training_plan(bigint, integer) IS
'When the jobs of a plan that are left will begin and end, with so many workers that each
run one at a time: first what runs, then what is pending or waiting, in the order in which
it will be claimed. plan_id NULL means the latest plan; workers NULL means as many as jobs
of the plan run now, and at least one. Limits, pauses, delays of retries, and waiting for
pooled models hold; what runs of other plans counts for limits until it ends.
expected_seconds is the median of the successes in training_job_history that basis names,
which are runs many: those of the same job (target, symbol and training type, in whatever
plan), or else the same target (its other symbols, with that training type), or else the
same kind (training type and families; seconds for each sample, times samples, where both
are known), or else all jobs. It is NULL where nothing was ever trained, and so are the
times. They are NULL too of a job that does not begin as things are: its plan is paused, a
limit is 0, or what it waits for does not come. What runs longer than expected ends now.
The caller needs the right to read training_plans, training_jobs, training_job_queue and
training_job_history.';

GRANT EXECUTE ON FUNCTION forecast_training_plan(bigint, integer) TO @extowner@ WITH GRANT OPTION;
