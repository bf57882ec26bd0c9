-- What need not be trained again.

CREATE FUNCTION training_job_freshness(
    plan_id bigint,
    max_age interval DEFAULT NULL,
    max_growth double precision DEFAULT NULL,
    same_commit boolean DEFAULT true
)
RETURNS TABLE (
    job_id text,
    target text,
    symbol text,
    fresh boolean,
    why text,
    trained_at timestamptz,
    trained_plan_id bigint,
    trained_attempt integer,
    result jsonb
)
LANGUAGE C
STABLE
PARALLEL RESTRICTED
COST 10000
ROWS 10000
AS 'MODULE_PATHNAME', 'training_job_freshness';

COMMENT ON FUNCTION training_job_freshness(bigint, interval, double precision, boolean) IS
'Returns the jobs of a plan that are not blocked, by target and symbol, and whether each
needs not be trained again (fresh), and why. Compared is with the last success of the same
target and symbol in training_job_history, whichever plan that was of. A job is fresh if that
was of the same training type and needs_cs_ensemble, with all of its families, no longer ago
than max_age (NULL: any time), on no less than its estimated_samples / (1 + max_growth)
samples (NULL: any number), and by the same git_commit unless same_commit is false. What is not
known of samples or of a commit is not compared. trained_at, trained_plan_id, trained_attempt
and result are of that success. The reasons are looked at in this order, and the first is told.
The caller needs the right to read training_plans, training_jobs and training_job_history.';

CREATE FUNCTION reuse_training_results(
    plan_id bigint,
    max_age interval DEFAULT NULL,
    max_growth double precision DEFAULT NULL,
    same_commit boolean DEFAULT true
)
RETURNS bigint
LANGUAGE C
VOLATILE
PARALLEL UNSAFE
COST 100000
AS 'MODULE_PATHNAME', 'reuse_training_results';

COMMENT ON FUNCTION reuse_training_results(bigint, interval, double precision, boolean) IS
'Has the jobs of a plan that are fresh, as training_job_freshness() says, and that were never
claimed, reuse the result of their last success: nobody claims them, and their state is reused.
Returns how many. A job that somebody else claims or changes at the same time is left to be
trained. In the transaction in which the plan was made, no worker sees them before.
retry_training_jobs() has them trained all the same. Beside the rights to read of
training_job_freshness(), the caller needs SELECT and UPDATE on training_job_queue.';

GRANT EXECUTE ON FUNCTION
    training_job_freshness(bigint, interval, double precision, boolean),
    reuse_training_results(bigint, interval, double precision, boolean)
TO @extowner@ WITH GRANT OPTION;
