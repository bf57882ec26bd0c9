-- Execution: jobs to workers.
--
-- What changes while a job is worked off is kept apart from the job, and narrow:
-- where it stands, in training_job_queue, and what was, in training_job_history.
-- A place in the queue is written twice for each attempt, and hardly grows; the
-- room in its pages lets both new versions stay in the page of the old one.

CREATE TABLE training_job_queue (
    plan_id bigint NOT NULL,
    priority integer NOT NULL,
    position integer NOT NULL,
    ready_at timestamptz DEFAULT pg_catalog.now(),
    state_since timestamptz NOT NULL DEFAULT pg_catalog.now(),
    attempt integer NOT NULL DEFAULT 0,
    attempts_forgiven integer NOT NULL DEFAULT 0,
    cancel_requested boolean NOT NULL DEFAULT false,
    job_id text COLLATE "C" NOT NULL,
    state text COLLATE "C" NOT NULL DEFAULT 'pending',
    worker text COLLATE "C",
    kind bigint NOT NULL DEFAULT 0,
    progress double precision,
    started_at timestamptz,
    awaited boolean NOT NULL DEFAULT false,
    error text COLLATE "C",
    reused_plan_id bigint,
    reused_job_id text COLLATE "C",
    reused_attempt integer,
    PRIMARY KEY (plan_id, job_id),
    CONSTRAINT training_job_queue_state_check
        CHECK (state IN ('pending', 'waiting', 'running', 'succeeded', 'failed', 'cancelled', 'reused')),
    CONSTRAINT training_job_queue_attempts_check
        CHECK (attempts_forgiven >= 0 AND attempts_forgiven <= attempt AND attempt <= 1000000000),
    CONSTRAINT training_job_queue_running_check
        CHECK (state <> 'running' OR (worker IS NOT NULL AND ready_at IS NOT NULL AND attempt > 0)),
    CONSTRAINT training_job_queue_reused_check
        CHECK (state <> 'reused' OR (reused_plan_id IS NOT NULL AND reused_attempt IS NOT NULL))
) WITH (fillfactor = 60);

CREATE INDEX training_job_queue_claim_idx ON training_job_queue (plan_id, priority DESC, kind, ready_at, position)
WHERE ready_at IS NULL OR ready_at < 'infinity';

CREATE INDEX training_job_queue_running_idx ON training_job_queue (plan_id, kind, ready_at)
WHERE state = 'running';

CREATE INDEX training_job_queue_ended_idx ON training_job_queue (plan_id, state_since)
WHERE state = 'succeeded' OR state = 'failed';

-- (as that of training_jobs)
ALTER TABLE training_job_queue ALTER plan_id SET STATISTICS 0;

COMMENT ON TABLE training_job_queue IS 'Where each job stands that is not blocked, one a row; training_job_status shows it. Changed by the functions for workers.';
COMMENT ON COLUMN training_job_queue.plan_id IS 'The plan that the job belongs to.';
COMMENT ON COLUMN training_job_queue.priority IS 'That of the job: the highest is claimed first.';
COMMENT ON COLUMN training_job_queue.position IS 'The job''s place among those of its priority that became claimable together.';
COMMENT ON COLUMN training_job_queue.ready_at IS 'From when the job can be claimed; NULL: it is fresh, and can be at any time; the end of the lease of one that runs; infinity: it has ended.';
COMMENT ON COLUMN training_job_queue.state_since IS 'Since when the job is in this state; of one that runs, since when its attempt runs.';
COMMENT ON COLUMN training_job_queue.attempt IS 'How often the job was claimed; the number of its last attempt.';
COMMENT ON COLUMN training_job_queue.attempts_forgiven IS 'How many of these attempts do not count any more, because the job was retried.';
COMMENT ON COLUMN training_job_queue.cancel_requested IS 'Whether the job is to stop when its worker reports next.';
COMMENT ON COLUMN training_job_queue.job_id IS 'The job.';
COMMENT ON COLUMN training_job_queue.state IS 'pending, waiting (for the pooled model of its target), running, succeeded, failed, cancelled or reused, as it was written; a lease that ran out is for the reader to see.';
COMMENT ON COLUMN training_job_queue.worker IS 'Who runs the job; NULL if nobody does.';
COMMENT ON COLUMN training_job_queue.kind IS 'That of the job: its training type and list of families, as training_job_kind() has them; 0: not known, and found out when the job is looked at.';
COMMENT ON COLUMN training_job_queue.progress IS 'How far the attempt that runs is, from 0 to 1, if its worker has said so.';
COMMENT ON COLUMN training_job_queue.started_at IS 'When the last attempt began, of a job that has ended.';
COMMENT ON COLUMN training_job_queue.awaited IS 'Whether other jobs of the plan wait for this one.';
COMMENT ON COLUMN training_job_queue.error IS 'Why the job was cancelled without anybody''s asking for it: the pooled model that it needs has failed or was cancelled.';
COMMENT ON COLUMN training_job_queue.reused_plan_id IS 'Of a job that is reused: the plan of the attempt whose result it has.';
COMMENT ON COLUMN training_job_queue.reused_job_id IS 'The job of that attempt; NULL: it has the same job_id.';
COMMENT ON COLUMN training_job_queue.reused_attempt IS 'The number of that attempt.';
COMMENT ON CONSTRAINT training_job_queue_pkey ON training_job_queue IS 'A job has one place in the queue.';
COMMENT ON CONSTRAINT training_job_queue_state_check ON training_job_queue IS 'A state is one of these.';
COMMENT ON CONSTRAINT training_job_queue_attempts_check ON training_job_queue IS 'Of the attempts, some may be forgiven; there is no end to counting them.';
COMMENT ON CONSTRAINT training_job_queue_running_check ON training_job_queue IS 'A job that runs has a worker, a lease and an attempt.';
COMMENT ON CONSTRAINT training_job_queue_reused_check ON training_job_queue IS 'A job that is reused has an attempt that it reuses.';
COMMENT ON INDEX training_job_queue_pkey IS 'A place by its plan and job.';
COMMENT ON INDEX training_job_queue_claim_idx IS 'What can be claimed, in the order of claiming, and what may come back.';
COMMENT ON INDEX training_job_queue_running_idx IS 'What runs.';
COMMENT ON INDEX training_job_queue_ended_idx IS 'What succeeded or failed for good, by time.';

CREATE TABLE training_job_history (
    plan_id bigint NOT NULL,
    job_id text COLLATE "C" NOT NULL,
    attempt integer NOT NULL,
    worker text COLLATE "C" NOT NULL,
    started_at timestamptz NOT NULL,
    finished_at timestamptz NOT NULL,
    outcome text COLLATE "C" NOT NULL,
    error text COLLATE "C",
    result jsonb,
    target text COLLATE "C",
    symbol text COLLATE "C",
    route text COLLATE "C",
    training_type text COLLATE "C",
    model_families text[] COLLATE "C",
    estimated_samples bigint,
    git_commit text COLLATE "C",
    needs_cs_ensemble boolean,
    PRIMARY KEY (plan_id, job_id, attempt),
    CONSTRAINT training_job_history_outcome_check
        CHECK (outcome IN ('succeeded', 'failed', 'cancelled', 'expired')),
    CONSTRAINT training_job_history_attempt_check CHECK (attempt > 0 AND attempt <= 1000000000)
);

-- By it is found when a job was trained last, whichever plan that was of.
CREATE INDEX training_job_history_success_idx ON training_job_history (target, symbol, finished_at)
WHERE outcome = 'succeeded';

ALTER TABLE training_job_history ALTER plan_id SET STATISTICS 0;

COMMENT ON TABLE training_job_history IS 'The attempts at jobs that have ended, one a row, with what was trained; they outlive job and plan.';
COMMENT ON COLUMN training_job_history.plan_id IS 'The plan that the job belonged to; it may be deleted by now.';
COMMENT ON COLUMN training_job_history.job_id IS 'The job.';
COMMENT ON COLUMN training_job_history.attempt IS 'The number of the attempt, from 1.';
COMMENT ON COLUMN training_job_history.worker IS 'Who claimed the job.';
COMMENT ON COLUMN training_job_history.started_at IS 'When it was claimed.';
COMMENT ON COLUMN training_job_history.finished_at IS 'When the worker reported, or when the lease ran out.';
COMMENT ON COLUMN training_job_history.outcome IS 'succeeded, failed, cancelled or expired.';
COMMENT ON COLUMN training_job_history.error IS 'What the worker said of a failure.';
COMMENT ON COLUMN training_job_history.result IS 'What the worker said of a success.';
COMMENT ON COLUMN training_job_history.target IS 'The job''s target.';
COMMENT ON COLUMN training_job_history.symbol IS 'Its symbol; NULL of a cross-sectional job.';
COMMENT ON COLUMN training_job_history.route IS 'Its route.';
COMMENT ON COLUMN training_job_history.training_type IS 'Its training type.';
COMMENT ON COLUMN training_job_history.model_families IS 'The families that were to be trained.';
COMMENT ON COLUMN training_job_history.estimated_samples IS 'How many rows there were to train on, where that was known.';
COMMENT ON COLUMN training_job_history.git_commit IS 'The plan''s.';
COMMENT ON COLUMN training_job_history.needs_cs_ensemble IS 'Whether it was trained to be used with the pooled model of its target; NULL: it was if its route is ROUTE_BOTH.';
COMMENT ON CONSTRAINT training_job_history_pkey ON training_job_history IS 'An attempt by its plan, job and number.';
COMMENT ON CONSTRAINT training_job_history_outcome_check ON training_job_history IS 'An outcome is one of these.';
COMMENT ON CONSTRAINT training_job_history_attempt_check ON training_job_history IS 'Attempts are numbered from 1; there is no end to counting them.';
COMMENT ON INDEX training_job_history_pkey IS 'An attempt by its plan, job and number.';
COMMENT ON INDEX training_job_history_success_idx IS 'What was trained, by target, symbol and time.';

-- A kind is a number made of what it
-- stands for, the same in every database.
CREATE FUNCTION training_job_kind(training_type text, model_families text[])
RETURNS bigint
LANGUAGE C
IMMUTABLE
STRICT
PARALLEL SAFE
AS 'MODULE_PATHNAME', 'training_job_kind';

COMMENT ON FUNCTION training_job_kind(text, text[]) IS
'Internal: the number of a job''s kind, that is, its training type and its list of
families, as training_job_queue has it.';

-- How many may run at a time.
CREATE TABLE training_limits (
    name text COLLATE "C" NOT NULL,
    families text[] COLLATE "C",
    max_running integer NOT NULL,
    PRIMARY KEY (name),
    CONSTRAINT training_limits_name_check CHECK (name <> ''),
    CONSTRAINT training_limits_families_check CHECK (
        families IS NULL OR (
            pg_catalog.array_ndims(families) IS NOT DISTINCT FROM 1
            AND pg_catalog.array_position(families, NULL::text) IS NULL
            AND pg_catalog.array_position(families, ''::text) IS NULL
        )
    ),
    CONSTRAINT training_limits_max_running_check CHECK (max_running >= 0)
);

COMMENT ON TABLE training_limits IS 'How many jobs may run at a time, over all plans, one limit a row.';
COMMENT ON COLUMN training_limits.name IS 'What the limit is called.';
COMMENT ON COLUMN training_limits.families IS 'It counts jobs that train any of these families; NULL: all jobs.';
COMMENT ON COLUMN training_limits.max_running IS 'At most so many of them run at a time; 0 stops them.';
COMMENT ON CONSTRAINT training_limits_pkey ON training_limits IS 'A limit by its name.';
COMMENT ON CONSTRAINT training_limits_name_check ON training_limits IS 'A limit has a name.';
COMMENT ON CONSTRAINT training_limits_families_check ON training_limits IS 'There is a family, and each has a name.';
COMMENT ON CONSTRAINT training_limits_max_running_check ON training_limits IS 'Nothing less than nothing runs.';
COMMENT ON INDEX training_limits_pkey IS 'A limit by its name.';

-- What progress is told by without counting what has ended.  A plan has several rows,
-- which add up: one from its making, and more that sessions write into who report at the
-- same time.  Internal: who may read the queue is told by training_plan_counts().
CREATE TABLE training_plan_tally (
    plan_id bigint NOT NULL,
    part bigint NOT NULL,
    places bigint NOT NULL DEFAULT 0,
    waiting bigint NOT NULL DEFAULT 0,
    succeeded bigint NOT NULL DEFAULT 0,
    failed bigint NOT NULL DEFAULT 0,
    cancelled bigint NOT NULL DEFAULT 0,
    blocked bigint NOT NULL DEFAULT 0,
    reused bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (plan_id, part)
) WITH (fillfactor = 50);

COMMENT ON TABLE training_plan_tally IS 'Internal: how many jobs of a plan are where, in several rows that add up; part 0 is there or nothing is counted.';
COMMENT ON COLUMN training_plan_tally.plan_id IS 'The plan.';
COMMENT ON COLUMN training_plan_tally.part IS '0 of the row that the plan was made with; a number without a meaning of the others.';
COMMENT ON COLUMN training_plan_tally.places IS 'Jobs that have a place in training_job_queue.';
COMMENT ON COLUMN training_plan_tally.waiting IS 'Those of them that wait, as it is written there.';
COMMENT ON COLUMN training_plan_tally.succeeded IS 'Those that succeeded.';
COMMENT ON COLUMN training_plan_tally.failed IS 'Those that failed for good.';
COMMENT ON COLUMN training_plan_tally.cancelled IS 'Those that were cancelled.';
COMMENT ON COLUMN training_plan_tally.blocked IS 'Jobs that are blocked.';
COMMENT ON COLUMN training_plan_tally.reused IS 'Of the jobs that have a place, those that are reused.';
COMMENT ON CONSTRAINT training_plan_tally_pkey ON training_plan_tally IS 'A row by its plan and part.';
COMMENT ON INDEX training_plan_tally_pkey IS 'A row by its plan and part.';

-- Jobs that come by other ways than the functions that store plans.  Whoever inserts
-- them inserts their places as well, and needs the right to.
CREATE FUNCTION queue_training_jobs()
RETURNS trigger
LANGUAGE C
AS 'MODULE_PATHNAME', 'queue_training_jobs';

COMMENT ON FUNCTION queue_training_jobs() IS
'Internal: trigger of training_jobs; gives jobs that were inserted their places in
training_job_queue.';

CREATE TRIGGER queue
AFTER INSERT ON training_jobs
REFERENCING NEW TABLE AS inserted_jobs
FOR EACH STATEMENT
EXECUTE FUNCTION queue_training_jobs();

COMMENT ON TRIGGER queue ON training_jobs IS 'Gives new jobs their places in the queue.';

CREATE FUNCTION requeue_training_jobs()
RETURNS trigger
LANGUAGE C
AS 'MODULE_PATHNAME', 'requeue_training_jobs';

COMMENT ON FUNCTION requeue_training_jobs() IS
'Internal: trigger of training_jobs; the places of jobs that were changed follow their
type and families.';

CREATE TRIGGER requeue
AFTER UPDATE ON training_jobs
REFERENCING NEW TABLE AS changed_jobs
FOR EACH STATEMENT
EXECUTE FUNCTION requeue_training_jobs();

COMMENT ON TRIGGER requeue ON training_jobs IS 'Has places follow their jobs.';

CREATE FUNCTION training_limits_notify()
RETURNS trigger
LANGUAGE C
AS 'MODULE_PATHNAME', 'training_limits_notify';

COMMENT ON FUNCTION training_limits_notify() IS
'Internal: trigger of training_limits; tells who listens that jobs may be claimable when
a limit is raised, or is none any more.';

CREATE TRIGGER notify
AFTER UPDATE OR DELETE ON training_limits
FOR EACH ROW
EXECUTE FUNCTION training_limits_notify();

CREATE TRIGGER notify_truncate
AFTER TRUNCATE ON training_limits
FOR EACH STATEMENT
EXECUTE FUNCTION training_limits_notify();

COMMENT ON TRIGGER notify ON training_limits IS 'Tells that jobs may be claimable.';
COMMENT ON TRIGGER notify_truncate ON training_limits IS 'Tells that jobs may be claimable.';

CREATE FUNCTION training_plans_notify()
RETURNS trigger
LANGUAGE C
AS 'MODULE_PATHNAME', 'training_plans_notify';

COMMENT ON FUNCTION training_plans_notify() IS
'Internal: trigger of training_plans; tells who listens that jobs of a plan may be
claimable when it is resumed.';

CREATE TRIGGER notify
AFTER UPDATE OF paused ON training_plans
FOR EACH ROW
WHEN (OLD.paused AND NOT NEW.paused)
EXECUTE FUNCTION training_plans_notify();

COMMENT ON TRIGGER notify ON training_plans IS 'Tells that jobs may be claimable.';

CREATE FUNCTION training_job_queue_guard()
RETURNS trigger
LANGUAGE C
AS 'MODULE_PATHNAME', 'training_job_queue_guard';

COMMENT ON FUNCTION training_job_queue_guard() IS
'Internal: trigger of training_job_queue; a row that is restored takes the place of the
one that its job got when it was restored, unless somebody has touched that since; and
what is changed by hand makes a place that can be claimed and reported as it says.';

CREATE TRIGGER guard
BEFORE INSERT OR UPDATE ON training_job_queue
FOR EACH ROW
EXECUTE FUNCTION training_job_queue_guard();

CREATE TRIGGER guard_before_insert
BEFORE INSERT ON training_job_queue
FOR EACH STATEMENT
EXECUTE FUNCTION training_job_queue_guard();

CREATE TRIGGER guard_after_insert
AFTER INSERT ON training_job_queue
FOR EACH STATEMENT
EXECUTE FUNCTION training_job_queue_guard();

COMMENT ON TRIGGER guard ON training_job_queue IS 'Keeps the queue right when it is restored or changed by hand.';
COMMENT ON TRIGGER guard_before_insert ON training_job_queue IS 'Has places wait for jobs that are inserted at the same time.';
COMMENT ON TRIGGER guard_after_insert ON training_job_queue IS 'Tells how many jobs have kept the places that they had.';

-- Jobs that wait for the pooled model of their target: they do when jobs, places or the
-- plan come or change by other ways, and do not wait for what does not come.  Fires after
-- the triggers above, by its name.
CREATE FUNCTION settle_training_jobs()
RETURNS trigger
LANGUAGE C
AS 'MODULE_PATHNAME', 'settle_training_jobs';

COMMENT ON FUNCTION settle_training_jobs() IS
'Internal: trigger of training_plans, training_jobs and training_job_queue; in plans with
pooled_first, has jobs wait for the pooled model of their target, or not any more, when
somebody has written these tables.';

CREATE TRIGGER settle_insert
AFTER INSERT ON training_plans
FOR EACH ROW
WHEN (NEW.pooled_first)
EXECUTE FUNCTION settle_training_jobs();

CREATE TRIGGER settle_insert
AFTER INSERT ON training_jobs
REFERENCING NEW TABLE AS inserted_jobs
FOR EACH STATEMENT
EXECUTE FUNCTION settle_training_jobs();

CREATE TRIGGER settle_update
AFTER UPDATE ON training_jobs
REFERENCING OLD TABLE AS old_jobs NEW TABLE AS new_jobs
FOR EACH STATEMENT
EXECUTE FUNCTION settle_training_jobs();

CREATE TRIGGER settle_delete
AFTER DELETE ON training_jobs
REFERENCING OLD TABLE AS deleted_jobs
FOR EACH STATEMENT
EXECUTE FUNCTION settle_training_jobs();

CREATE TRIGGER settle_insert
AFTER INSERT ON training_job_queue
REFERENCING NEW TABLE AS inserted_places
FOR EACH STATEMENT
EXECUTE FUNCTION settle_training_jobs();

CREATE TRIGGER settle_update
AFTER UPDATE ON training_job_queue
REFERENCING OLD TABLE AS old_places NEW TABLE AS new_places
FOR EACH STATEMENT
EXECUTE FUNCTION settle_training_jobs();

CREATE TRIGGER settle_delete
AFTER DELETE ON training_job_queue
REFERENCING OLD TABLE AS deleted_places
FOR EACH STATEMENT
EXECUTE FUNCTION settle_training_jobs();

COMMENT ON TRIGGER settle_insert ON training_plans IS 'Has jobs wait that are there before their plan.';
COMMENT ON TRIGGER settle_insert ON training_jobs IS 'Has new jobs wait for the pooled model that they need, and others for new pooled jobs.';
COMMENT ON TRIGGER settle_update ON training_jobs IS 'Has jobs wait for what they need now.';
COMMENT ON TRIGGER settle_delete ON training_jobs IS 'Has no job wait for one that was deleted.';
COMMENT ON TRIGGER settle_insert ON training_job_queue IS 'Has no place wait that comes in for what does not come, or what does not know of it.';
COMMENT ON TRIGGER settle_update ON training_job_queue IS 'Has jobs follow the pooled job whose place was changed.';
COMMENT ON TRIGGER settle_delete ON training_job_queue IS 'Has no job wait for one whose place was deleted.';

CREATE FUNCTION training_jobs_tally()
RETURNS trigger
LANGUAGE C
AS 'MODULE_PATHNAME', 'training_jobs_tally';

COMMENT ON FUNCTION training_jobs_tally() IS
'Internal: trigger of training_job_queue and training_jobs; keeps training_plan_tally
right when their rows are changed by hand.';

CREATE TRIGGER tally_insert
AFTER INSERT ON training_job_queue
REFERENCING NEW TABLE AS inserted_places
FOR EACH STATEMENT
EXECUTE FUNCTION training_jobs_tally();

CREATE TRIGGER tally_update
AFTER UPDATE ON training_job_queue
REFERENCING OLD TABLE AS places_before NEW TABLE AS places_after
FOR EACH STATEMENT
EXECUTE FUNCTION training_jobs_tally();

CREATE TRIGGER tally_delete
AFTER DELETE ON training_job_queue
REFERENCING OLD TABLE AS deleted_places
FOR EACH STATEMENT
EXECUTE FUNCTION training_jobs_tally();

CREATE TRIGGER tally_truncate
AFTER TRUNCATE ON training_job_queue
FOR EACH STATEMENT
EXECUTE FUNCTION training_jobs_tally();

CREATE TRIGGER tally_update
AFTER UPDATE ON training_jobs
REFERENCING OLD TABLE AS jobs_before NEW TABLE AS jobs_after
FOR EACH STATEMENT
EXECUTE FUNCTION training_jobs_tally();

COMMENT ON TRIGGER tally_insert ON training_job_queue IS 'Counts places that come in.';
COMMENT ON TRIGGER tally_update ON training_job_queue IS 'Counts places that are changed.';
COMMENT ON TRIGGER tally_delete ON training_job_queue IS 'Counts places that go.';
COMMENT ON TRIGGER tally_truncate ON training_job_queue IS 'Forgets what was counted.';
COMMENT ON TRIGGER tally_update ON training_jobs IS 'Counts jobs that become blocked, or are so no more.';

REVOKE ALL ON FUNCTION queue_training_jobs(), requeue_training_jobs(), training_limits_notify(), training_plans_notify(), training_job_queue_guard(), training_jobs_tally(),
    settle_training_jobs() FROM PUBLIC;

CREATE FUNCTION claim_training_jobs(
    worker text,
    max_jobs integer DEFAULT 1,
    plan_id bigint DEFAULT NULL,
    lease interval DEFAULT '15 minutes',
    families text[] DEFAULT NULL,
    training_type text DEFAULT NULL,
    min_priority integer DEFAULT NULL,
    job_ids text[] DEFAULT NULL,
    any_plan boolean DEFAULT false
)
RETURNS TABLE (
    job_id text,
    target text,
    symbol text,
    route text,
    training_type text,
    model_families text[],
    priority integer,
    estimated_samples bigint,
    reason text,
    metadata jsonb,
    plan_id bigint,
    attempt integer,
    lease_expires_at timestamptz
)
LANGUAGE C
VOLATILE
PARALLEL UNSAFE
COST 1000
ROWS 1
AS 'MODULE_PATHNAME', 'claim_training_jobs';

COMMENT ON FUNCTION claim_training_jobs(text, integer, bigint, interval, text[], text, integer, text[], boolean) IS
'Gives jobs of a plan to a worker, at most max_jobs, for the time of the lease; the
highest priority first, and of one priority those that came back (a lease that ran
out, a retry), then the others in the plan''s order. No two workers get the same job,
and none waits for another.
plan_id NULL means the latest plan; of a paused one nothing is claimed. With any_plan it
is any plan that is not paused: those of the highest training_plans.priority first, and
those of one priority in turn.
Only jobs are claimed all of whose families are among families, whose type is
training_type, and whose priority is min_priority at least; NULL: any. With job_ids,
only these, in this order; one that the plan does not have is an error. Kinds of jobs
that are at a limit (training_limits) are passed over. No rows: there is nothing to
claim now.
The worker reports with complete_training_job() or fail_training_job(), by plan_id,
job_id and attempt, and asks for more time with extend_training_job_lease(). If it
does not, others can claim the job when the lease has ended; after the plan''s
max_attempts it has failed for good.';

CREATE FUNCTION extend_training_job_lease(
    plan_id bigint,
    job_id text,
    attempt integer,
    lease interval DEFAULT '15 minutes',
    progress double precision DEFAULT NULL
)
RETURNS boolean
LANGUAGE C
VOLATILE
PARALLEL UNSAFE
COST 1000
AS 'MODULE_PATHNAME', 'extend_training_job_lease';

COMMENT ON FUNCTION extend_training_job_lease(bigint, text, integer, interval, double precision) IS
'Lets a worker keep a job for the time of the lease, from now, and say how far it is,
from 0 to 1, which training_job_status shows. False: the job is not
the worker''s any more (the lease ran out, the job was cancelled, the plan deleted),
and it should stop. A job that the plan does not have is an error.';

CREATE FUNCTION complete_training_job(
    plan_id bigint,
    job_id text,
    attempt integer,
    result jsonb DEFAULT NULL
)
RETURNS boolean
LANGUAGE C
VOLATILE
PARALLEL UNSAFE
COST 1000
AS 'MODULE_PATHNAME', 'complete_training_job';

COMMENT ON FUNCTION complete_training_job(bigint, text, integer, jsonb) IS
'Reports that an attempt at a job succeeded, with its result. False: the job was not
the worker''s any more. If it was to be cancelled it is now, and the result is kept with
the attempt; if the lease ran out or the plan was deleted, nothing is changed. A job
that the plan does not have is an error.';

CREATE FUNCTION fail_training_job(
    plan_id bigint,
    job_id text,
    attempt integer,
    error text,
    retry_in interval DEFAULT '0'
)
RETURNS boolean
LANGUAGE C
VOLATILE
PARALLEL UNSAFE
COST 1000
AS 'MODULE_PATHNAME', 'fail_training_job';

COMMENT ON FUNCTION fail_training_job(bigint, text, integer, text, interval) IS
'Reports that an attempt at a job failed, and why. The job can be claimed again after
retry_in, unless this was the last of the plan''s max_attempts: then it has failed for
good. False, and an error, as of complete_training_job().';

CREATE FUNCTION extend_training_job_leases(
    plan_id bigint,
    job_ids text[],
    attempts integer[],
    lease interval DEFAULT '15 minutes'
)
RETURNS TABLE (
    job_id text,
    held boolean
)
LANGUAGE C
VOLATILE
PARALLEL UNSAFE
COST 1000
ROWS 100
AS 'MODULE_PATHNAME', 'extend_training_job_leases';

COMMENT ON FUNCTION extend_training_job_leases(bigint, text[], integer[], interval) IS
'extend_training_job_lease() for many jobs of a plan at once: a row for each, in the
order given. held: the job is the worker''s for the time of the lease, from now. A job
that the plan does not have is not held, and a warning names it.';

CREATE FUNCTION complete_training_jobs(
    plan_id bigint,
    job_ids text[],
    attempts integer[],
    results jsonb[] DEFAULT NULL
)
RETURNS TABLE (
    job_id text,
    held boolean
)
LANGUAGE C
VOLATILE
PARALLEL UNSAFE
COST 1000
ROWS 100
AS 'MODULE_PATHNAME', 'complete_training_jobs';

COMMENT ON FUNCTION complete_training_jobs(bigint, text[], integer[], jsonb[]) IS
'complete_training_job() for many jobs of a plan at once: a row for each, in the order
given. held: the job was the worker''s, and has succeeded. A job that the plan does not
have is not held, and a warning names it.';

CREATE FUNCTION release_training_jobs(worker text, plan_id bigint DEFAULT NULL)
RETURNS bigint
LANGUAGE C
VOLATILE
PARALLEL UNSAFE
COST 10000
AS 'MODULE_PATHNAME', 'release_training_jobs';

COMMENT ON FUNCTION release_training_jobs(text, bigint) IS
'Ends the leases of a worker that is known to be dead, in a plan or in all (NULL), and
returns how many it had: others can claim its jobs now, unless an attempt was their last.';

CREATE FUNCTION pause_training_plan(plan_id bigint)
RETURNS boolean
LANGUAGE C
VOLATILE
PARALLEL UNSAFE
COST 1000
AS 'MODULE_PATHNAME', 'pause_training_plan';

COMMENT ON FUNCTION pause_training_plan(bigint) IS
'Lets nothing of a plan be claimed until it is resumed; what runs goes on, is extended
and reported. Returns whether that changed anything. Needs the right to update
training_plans (paused).';

CREATE FUNCTION resume_training_plan(plan_id bigint)
RETURNS boolean
LANGUAGE C
VOLATILE
PARALLEL UNSAFE
COST 1000
AS 'MODULE_PATHNAME', 'resume_training_plan';

COMMENT ON FUNCTION resume_training_plan(bigint) IS
'Lets the jobs of a plan that was paused be claimed again. Returns whether that changed
anything.';

CREATE FUNCTION training_jobs_running(families text[])
RETURNS bigint
LANGUAGE C
STABLE
PARALLEL RESTRICTED
COST 1000
AS 'MODULE_PATHNAME', 'training_jobs_running';

COMMENT ON FUNCTION training_jobs_running(text[]) IS
'Internal: how many jobs run that train any of these families, of all plans, as limits
count them; NULL: any at all.';

CREATE FUNCTION cancel_training_jobs(
    plan_id bigint,
    job_ids text[] DEFAULT NULL,
    target text DEFAULT NULL,
    symbol text DEFAULT NULL
)
RETURNS bigint
LANGUAGE C
VOLATILE
PARALLEL UNSAFE
COST 10000
AS 'MODULE_PATHNAME', 'cancel_training_jobs';

COMMENT ON FUNCTION cancel_training_jobs(bigint, text[], text, text) IS
'Cancels the jobs of a plan that have not ended, or those of them with these job_ids,
this target and this symbol, and returns how many. Pending jobs are cancelled at once,
running ones when their worker reports next, or when their lease ends.
In a plan with pooled_first, jobs that wait for a job that is cancelled are cancelled with
it, and counted too; their error says why.';

CREATE FUNCTION retry_training_jobs(
    plan_id bigint,
    job_ids text[] DEFAULT NULL,
    target text DEFAULT NULL,
    symbol text DEFAULT NULL
)
RETURNS bigint
LANGUAGE C
VOLATILE
PARALLEL UNSAFE
COST 10000
AS 'MODULE_PATHNAME', 'retry_training_jobs';

COMMENT ON FUNCTION retry_training_jobs(bigint, text[], text, text) IS
'Makes the jobs of a plan claimable again that failed for good, were cancelled or reused, or
those of them with these job_ids, this target and this symbol, and returns how many.
Each has the plan''s max_attempts once more.
In a plan with pooled_first, jobs that were cancelled with the cross-sectional job of their
target wait for it again when that is retried, and are counted too; a job that needs it
waits if it has not ended, and is left as it is if it failed or was cancelled.';

-- What the views say of a lease that ran out holds from its end on, although
-- nobody may have claimed the job since; claim_training_jobs() goes by the same
-- rules (attempt_rules.c).
CREATE FUNCTION training_job_state(
    state text,
    ready_at timestamptz,
    cancel_requested boolean,
    attempts integer,
    max_attempts integer
)
RETURNS text
LANGUAGE SQL
STABLE
PARALLEL SAFE
RETURN CASE
    WHEN state <> 'running' OR ready_at > pg_catalog.statement_timestamp() THEN state
    WHEN cancel_requested THEN 'cancelled'
    WHEN attempts >= max_attempts THEN 'failed'
    ELSE 'pending'
END;

COMMENT ON FUNCTION training_job_state(text, timestamptz, boolean, integer, integer) IS
'Internal: the state of a job whose place in training_job_queue says so, at this time,
for the views; a lease that ran out leaves the job pending, or cancelled or failed.
attempts are those that count.';

CREATE VIEW training_limit_usage WITH (security_invoker = true) AS
SELECT l.name, l.families, l.max_running, training_jobs_running(l.families) AS running
FROM training_limits AS l;

COMMENT ON VIEW training_limit_usage IS 'How much of each limit is used, one a row.';
COMMENT ON COLUMN training_limit_usage.name IS 'What the limit is called.';
COMMENT ON COLUMN training_limit_usage.families IS 'It counts jobs that train any of these families; NULL: all jobs.';
COMMENT ON COLUMN training_limit_usage.max_running IS 'At most so many of them run at a time.';
COMMENT ON COLUMN training_limit_usage.running IS 'How many run, of all plans.';

-- What runs is found by its index: so is "who runs what", whatever else there is, and
-- whatever the planner thinks of a plan that was never analyzed.  All else is known by
-- the state that is written.  Each part says its states by themselves, so that one that
-- cannot have the state asked for is not looked into.
CREATE VIEW training_job_status WITH (security_invoker = true) AS
SELECT
    q.plan_id,
    q.job_id,
    j.target,
    j.symbol,
    j.training_type,
    q.priority,
    training_job_state(q.state, q.ready_at, q.cancel_requested, q.attempt - q.attempts_forgiven, p.max_attempts) AS state,
    q.attempt AS attempts,
    q.worker,
    q.state_since AS started_at,
    q.ready_at AS lease_expires_at,
    NULL::timestamptz AS retry_at,
    NULL::timestamptz AS finished_at,
    q.error,
    NULL::jsonb AS result,
    q.progress
FROM training_job_queue AS q
JOIN training_plans AS p ON p.plan_id = q.plan_id
CROSS JOIN LATERAL (
    SELECT j.target, j.symbol, j.training_type
    FROM training_jobs AS j
    WHERE j.plan_id = q.plan_id AND j.job_id = q.job_id
    OFFSET 0
) AS j
WHERE q.state = 'running' AND j.training_type <> 'blocked'
UNION ALL
SELECT
    q.plan_id,
    q.job_id,
    j.target,
    j.symbol,
    j.training_type,
    q.priority,
    q.state,
    q.attempt,
    h.worker,
    h.started_at,
    NULL::timestamptz,
    CASE WHEN q.state = 'pending' AND q.attempt > 0 THEN q.ready_at END,
    h.finished_at,
    coalesce(q.error, h.error),
    h.result,
    NULL::double precision
FROM training_plans AS p
JOIN training_jobs AS j ON j.plan_id = p.plan_id
JOIN training_job_queue AS q ON q.plan_id = j.plan_id AND q.job_id = j.job_id
LEFT JOIN training_job_history AS h ON h.plan_id = q.plan_id AND h.job_id = q.job_id AND h.attempt = q.attempt
WHERE q.state <> 'running' AND q.state <> 'reused' AND j.training_type <> 'blocked'
UNION ALL
SELECT
    q.plan_id,
    q.job_id,
    j.target,
    j.symbol,
    j.training_type,
    q.priority,
    q.state,
    q.attempt,
    h.worker,
    h.started_at,
    NULL::timestamptz,
    NULL::timestamptz,
    h.finished_at,
    NULL::text COLLATE "C",
    h.result,
    NULL::double precision
FROM training_plans AS p
JOIN training_jobs AS j ON j.plan_id = p.plan_id
JOIN training_job_queue AS q ON q.plan_id = j.plan_id AND q.job_id = j.job_id
LEFT JOIN LATERAL (
    SELECT h.worker, h.started_at, h.finished_at, h.result
    FROM training_job_history AS h
    WHERE h.plan_id = q.reused_plan_id AND h.job_id = coalesce(q.reused_job_id, q.job_id) AND h.attempt = q.reused_attempt
    OFFSET 0
) AS h ON true
WHERE q.state = 'reused' AND j.training_type <> 'blocked'
UNION ALL
SELECT
    j.plan_id,
    j.job_id,
    j.target,
    j.symbol,
    j.training_type,
    j.priority,
    'blocked'::text COLLATE "C",
    0,
    NULL::text COLLATE "C",
    NULL::timestamptz,
    NULL::timestamptz,
    NULL::timestamptz,
    NULL::timestamptz,
    NULL::text COLLATE "C",
    NULL::jsonb,
    NULL::double precision
FROM training_plans AS p
JOIN training_jobs AS j ON j.plan_id = p.plan_id
WHERE j.training_type = 'blocked'
UNION ALL
SELECT
    j.plan_id,
    j.job_id,
    j.target,
    j.symbol,
    j.training_type,
    j.priority,
    NULL::text COLLATE "C",
    0,
    NULL::text COLLATE "C",
    NULL::timestamptz,
    NULL::timestamptz,
    NULL::timestamptz,
    NULL::timestamptz,
    NULL::text COLLATE "C",
    NULL::jsonb,
    NULL::double precision
FROM training_plans AS p
JOIN training_jobs AS j ON j.plan_id = p.plan_id
WHERE j.training_type <> 'blocked'
    AND NOT EXISTS (SELECT FROM training_job_queue AS q WHERE q.plan_id = j.plan_id AND q.job_id = j.job_id);

COMMENT ON VIEW training_job_status IS 'Where the jobs of plans stand, one a row.';
COMMENT ON COLUMN training_job_status.plan_id IS 'The plan that the job belongs to.';
COMMENT ON COLUMN training_job_status.job_id IS 'The job.';
COMMENT ON COLUMN training_job_status.target IS 'Its target.';
COMMENT ON COLUMN training_job_status.symbol IS 'Its symbol; NULL of a cross-sectional job.';
COMMENT ON COLUMN training_job_status.training_type IS 'Its training type.';
COMMENT ON COLUMN training_job_status.priority IS 'The priority by which it is claimed.';
COMMENT ON COLUMN training_job_status.state IS 'pending (can be claimed, now or at retry_at), waiting (for the pooled model of its target), running, succeeded, reused (it was trained before, and need not be again), failed (for good), cancelled, or blocked; NULL: somebody has deleted its place in the queue.';
COMMENT ON COLUMN training_job_status.attempts IS 'How often it was claimed; the number of the last attempt, of which the columns behind tell; of a job that is reused they tell of the attempt that it reuses.';
COMMENT ON COLUMN training_job_status.worker IS 'Who claimed it last.';
COMMENT ON COLUMN training_job_status.started_at IS 'When it was claimed last.';
COMMENT ON COLUMN training_job_status.lease_expires_at IS 'When the lease ends, or ran out.';
COMMENT ON COLUMN training_job_status.retry_at IS 'From when it can be claimed again.';
COMMENT ON COLUMN training_job_status.finished_at IS 'When the last attempt ended.';
COMMENT ON COLUMN training_job_status.error IS 'What the worker said if it failed, or why it was cancelled.';
COMMENT ON COLUMN training_job_status.result IS 'What the worker said if it succeeded.';
COMMENT ON COLUMN training_job_status.progress IS 'How far it is, from 0 to 1, if it runs and its worker has said so.';

-- Of jobs that the reader can see: row-level security is on these.
CREATE VIEW training_job_attempts WITH (security_invoker = true) AS
SELECT
    q.plan_id,
    q.job_id,
    q.attempt,
    q.worker,
    q.state_since AS started_at,
    CASE WHEN q.ready_at <= pg_catalog.statement_timestamp() THEN q.ready_at END AS finished_at,
    CASE WHEN q.ready_at <= pg_catalog.statement_timestamp() THEN 'expired' END AS outcome,
    NULL::text AS error,
    NULL::jsonb AS result
FROM training_job_queue AS q
CROSS JOIN LATERAL (
    SELECT
    FROM training_jobs AS j
    WHERE j.plan_id = q.plan_id AND j.job_id = q.job_id
    OFFSET 0
) AS j
WHERE q.state = 'running'
UNION ALL
SELECT h.plan_id, h.job_id, h.attempt, h.worker, h.started_at, h.finished_at, h.outcome, h.error, h.result
FROM training_jobs AS j
JOIN training_job_history AS h ON h.plan_id = j.plan_id AND h.job_id = j.job_id;

COMMENT ON VIEW training_job_attempts IS 'All attempts at jobs that are there, ended or not, one a row; training_job_history has those at deleted jobs too.';
COMMENT ON COLUMN training_job_attempts.plan_id IS 'The plan that the job belongs to.';
COMMENT ON COLUMN training_job_attempts.job_id IS 'The job.';
COMMENT ON COLUMN training_job_attempts.attempt IS 'The number of the attempt, from 1.';
COMMENT ON COLUMN training_job_attempts.worker IS 'Who claimed the job.';
COMMENT ON COLUMN training_job_attempts.started_at IS 'When it was claimed.';
COMMENT ON COLUMN training_job_attempts.finished_at IS 'When the worker reported, or when the lease ran out; NULL: it runs.';
COMMENT ON COLUMN training_job_attempts.outcome IS 'succeeded, failed, cancelled or expired; NULL: it runs.';
COMMENT ON COLUMN training_job_attempts.error IS 'What the worker said of a failure.';
COMMENT ON COLUMN training_job_attempts.result IS 'What the worker said of a success.';

-- How far a plan is.  training_plan_counts.c says how the rate is told.
CREATE FUNCTION training_plan_counts(
    plan_id bigint,
    max_attempts integer,
    OUT pending bigint,
    OUT waiting bigint,
    OUT running bigint,
    OUT succeeded bigint,
    OUT failed bigint,
    OUT cancelled bigint,
    OUT blocked bigint,
    OUT reused bigint,
    OUT newest timestamptz,
    OUT per_second double precision
)
LANGUAGE C
STABLE
PARALLEL SAFE
COST 1000
AS 'MODULE_PATHNAME', 'training_plan_counts';

COMMENT ON FUNCTION training_plan_counts(bigint, integer) IS
'Internal: how many jobs of a plan are where, when the last of them ended, and how many
end a second, for training_plan_progress. The caller needs the right to read
training_job_queue.';

CREATE VIEW training_plan_progress WITH (security_invoker = true) AS
SELECT
    p.plan_id,
    c.pending + c.waiting + c.running + c.succeeded + c.reused + c.failed + c.cancelled + b.blocked AS jobs,
    c.pending,
    c.running,
    c.succeeded,
    c.failed,
    c.cancelled,
    b.blocked,
    pg_catalog.round(100.0 * b.ended::numeric / nullif(b.unended + b.ended, 0::bigint)::numeric, 1) AS percent_done,
    pg_catalog.round((3600.0::double precision * c.per_second)::numeric, 1) AS jobs_per_hour,
    CASE
        WHEN b.unended = 0 THEN c.newest
        -- what is further off than a hundred years nobody can tell
        WHEN b.unended::double precision < 3155760000.0::double precision * c.per_second
        THEN pg_catalog.statement_timestamp()
            + interval '1 second' * (b.unended::double precision / c.per_second)
    END AS expected_end,
    c.waiting,
    c.reused
FROM training_plans AS p
CROSS JOIN LATERAL training_plan_counts(p.plan_id, p.max_attempts) AS c
CROSS JOIN LATERAL (
    SELECT
        c.pending + c.waiting + c.running AS unended,
        c.succeeded + c.reused + c.failed + c.cancelled AS ended,
        CASE WHEN p.include_blocked THEN c.blocked ELSE 0::bigint END AS blocked
) AS b;

COMMENT ON VIEW training_plan_progress IS 'How far plans are worked off, one a row.';
COMMENT ON COLUMN training_plan_progress.plan_id IS 'The plan.';
COMMENT ON COLUMN training_plan_progress.jobs IS 'How many jobs it has.';
COMMENT ON COLUMN training_plan_progress.pending IS 'How many of them can be claimed, now or when they are to be tried again.';
COMMENT ON COLUMN training_plan_progress.running IS 'How many a worker has.';
COMMENT ON COLUMN training_plan_progress.succeeded IS 'How many succeeded.';
COMMENT ON COLUMN training_plan_progress.failed IS 'How many failed for good.';
COMMENT ON COLUMN training_plan_progress.cancelled IS 'How many were cancelled.';
COMMENT ON COLUMN training_plan_progress.blocked IS 'How many are blocked, and never claimed.';
COMMENT ON COLUMN training_plan_progress.percent_done IS 'Of the jobs that are not blocked, how many have ended.';
COMMENT ON COLUMN training_plan_progress.jobs_per_hour IS 'How many ended an hour, since the work on the last 100 that succeeded or failed for good began; NULL before the first.  It falls when longer than usual nothing is reported.';
COMMENT ON COLUMN training_plan_progress.expected_end IS 'When all will have ended at that rate, NULL if that is not to be told; when the last ended, if all have.';
COMMENT ON COLUMN training_plan_progress.waiting IS 'How many wait until the pooled model of their target is trained.';
COMMENT ON COLUMN training_plan_progress.reused IS 'How many were trained before, and need not be again.';

-- The installing role, who owns none of it, can use it and hand that on.
GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON training_job_queue, training_job_history, training_limits TO @extowner@ WITH GRANT OPTION;
GRANT SELECT ON training_limit_usage, training_job_status, training_job_attempts, training_plan_progress TO @extowner@ WITH GRANT OPTION;
-- (without it he could not grant or revoke anything on all tables at once)
GRANT SELECT ON training_plan_tally TO @extowner@ WITH GRANT OPTION;
GRANT EXECUTE ON FUNCTION
    claim_training_jobs(text, integer, bigint, interval, text[], text, integer, text[], boolean),
    extend_training_job_lease(bigint, text, integer, interval, double precision),
    complete_training_job(bigint, text, integer, jsonb),
    fail_training_job(bigint, text, integer, text, interval),
    extend_training_job_leases(bigint, text[], integer[], interval),
    complete_training_jobs(bigint, text[], integer[], jsonb[]),
    release_training_jobs(text, bigint),
    pause_training_plan(bigint),
    resume_training_plan(bigint),
    training_jobs_running(text[]),
    cancel_training_jobs(bigint, text[], text, text),
    retry_training_jobs(bigint, text[], text, text),
    training_job_state(text, timestamptz, boolean, integer, integer),
    training_plan_counts(bigint, integer),
    training_job_kind(text, text[])
TO @extowner@ WITH GRANT OPTION;

-- Where jobs stand is the user's data: pg_dump has to save it.
SELECT pg_catalog.pg_extension_config_dump('training_job_queue', '');
SELECT pg_catalog.pg_extension_config_dump('training_job_history', '');
SELECT pg_catalog.pg_extension_config_dump('training_limits', '');
