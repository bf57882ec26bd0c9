-- A plan in parts: servers that each plan and work off their own.
--
-- Both ends are here.  On a server that has a part, training_part_calls is where it is
-- asked to plan one, and the views training_part_plans, _jobs and _status show what became
-- of it.  On the server that asks, training_server_calls, _plans, _jobs and _status are
-- these four of all servers: partitioned by server, each partition a foreign table that
-- add_training_server() makes.  So rights are those on the partitioned table here, and
-- those of the user's mapping there.

CREATE TABLE training_plan_parts (
    run_id text COLLATE "C" NOT NULL,
    server text COLLATE "C" NOT NULL,
    plan_id bigint NOT NULL,
    total_jobs bigint NOT NULL,
    PRIMARY KEY (run_id, server)
);

COMMENT ON TABLE training_plan_parts IS 'The parts of plans that were made on other servers, one a row.';
COMMENT ON COLUMN training_plan_parts.run_id IS 'The run, which the parts share.';
COMMENT ON COLUMN training_plan_parts.server IS 'The foreign server that has the part.';
COMMENT ON COLUMN training_plan_parts.plan_id IS 'The part''s plan_id there.';
COMMENT ON COLUMN training_plan_parts.total_jobs IS 'How many jobs it had when it was made.';
COMMENT ON CONSTRAINT training_plan_parts_pkey ON training_plan_parts IS 'A run has one part on a server.';
COMMENT ON INDEX training_plan_parts_pkey IS 'Parts by run and server.';

-- What a server is asked, and shows, of its parts

CREATE FUNCTION training_part_call()
RETURNS TABLE (server text, database text, plan_id bigint, total_jobs bigint, disabled_targets bigint)
LANGUAGE C
VOLATILE
PARALLEL UNSAFE
COST 10000
ROWS 1
AS 'MODULE_PATHNAME', 'training_part_call';

COMMENT ON FUNCTION training_part_call() IS
'Internal: plans what was inserted into training_part_calls in this transaction; no row
if nothing was.';

CREATE VIEW training_part_calls WITH (security_invoker = true) AS
SELECT
    c.server,
    NULL::jsonb AS call,
    c.database COLLATE "C" AS database,
    c.plan_id,
    c.total_jobs,
    c.disabled_targets
FROM training_part_call() AS c;

COMMENT ON VIEW training_part_calls IS 'What other servers ask for: a call is inserted, and made when it is read, in the same transaction.';
COMMENT ON COLUMN training_part_calls.server IS 'What this server is called where the call comes from.';
COMMENT ON COLUMN training_part_calls.call IS 'The function, its arguments, and the version that the caller has; nothing when it is read.';
COMMENT ON COLUMN training_part_calls.database IS 'Which database this is, of all that there are.';
COMMENT ON COLUMN training_part_calls.plan_id IS 'The new plan.';
COMMENT ON COLUMN training_part_calls.total_jobs IS 'How many jobs it has.';
COMMENT ON COLUMN training_part_calls.disabled_targets IS 'How many targets are disabled although symbols count on their cross-sectional models.';

CREATE FUNCTION training_part_calls_insert()
RETURNS trigger
LANGUAGE C
AS 'MODULE_PATHNAME', 'training_part_calls_insert';

COMMENT ON FUNCTION training_part_calls_insert() IS
'Internal: trigger of training_part_calls; keeps a call until it is read, or the
transaction ends.';

CREATE TRIGGER keep_call
INSTEAD OF INSERT ON training_part_calls
FOR EACH ROW
EXECUTE FUNCTION training_part_calls_insert();

COMMENT ON TRIGGER keep_call ON training_part_calls IS 'Keeps a call until it is read.';

REVOKE ALL ON FUNCTION training_part_calls_insert() FROM PUBLIC;

CREATE VIEW training_part_plans WITH (security_invoker = true) AS
SELECT
    p.server COLLATE "default" AS server,
    p.run_id COLLATE "default" AS run_id,
    p.plan_id,
    p.generated_at,
    p.routing,
    p.model_families,
    p.include_blocked,
    p.git_commit,
    p.config_hash,
    p.metrics_snapshot,
    p.total_jobs,
    p.pooled_first,
    p.paused,
    g.jobs,
    g.pending,
    g.waiting,
    g.running,
    g.succeeded,
    g.reused,
    g.failed,
    g.cancelled,
    g.blocked,
    g.jobs_per_hour,
    g.expected_end
FROM training_plans AS p
JOIN training_plan_progress AS g ON g.plan_id = p.plan_id
WHERE p.server IS NOT NULL;

COMMENT ON VIEW training_part_plans IS 'The plans here that are parts of runs, with their progress, one a row.';
COMMENT ON COLUMN training_part_plans.server IS 'What this server is called where the run was planned.';
COMMENT ON COLUMN training_part_plans.run_id IS 'The run.';
COMMENT ON COLUMN training_part_plans.plan_id IS 'The plan.';
COMMENT ON COLUMN training_part_plans.generated_at IS 'As in training_plans, and so are the next ones.';
COMMENT ON COLUMN training_part_plans.routing IS 'Where the decisions came from.';
COMMENT ON COLUMN training_part_plans.model_families IS 'The families of jobs whose decision names none.';
COMMENT ON COLUMN training_part_plans.include_blocked IS 'Whether symbols that are blocked have jobs.';
COMMENT ON COLUMN training_part_plans.git_commit IS 'The version of the code.';
COMMENT ON COLUMN training_part_plans.config_hash IS 'The policy.';
COMMENT ON COLUMN training_part_plans.metrics_snapshot IS 'The metrics.';
COMMENT ON COLUMN training_part_plans.total_jobs IS 'How many jobs it had when it was made.';
COMMENT ON COLUMN training_part_plans.pooled_first IS 'Whether jobs wait for the pooled model of their target.';
COMMENT ON COLUMN training_part_plans.paused IS 'Whether nothing of it can be claimed just now.';
COMMENT ON COLUMN training_part_plans.jobs IS 'As in training_plan_progress, and so are the next ones.';
COMMENT ON COLUMN training_part_plans.pending IS 'How many jobs can be claimed.';
COMMENT ON COLUMN training_part_plans.waiting IS 'How many wait for a pooled model.';
COMMENT ON COLUMN training_part_plans.running IS 'How many a worker has.';
COMMENT ON COLUMN training_part_plans.succeeded IS 'How many succeeded.';
COMMENT ON COLUMN training_part_plans.reused IS 'How many were trained before.';
COMMENT ON COLUMN training_part_plans.failed IS 'How many failed for good.';
COMMENT ON COLUMN training_part_plans.cancelled IS 'How many were cancelled.';
COMMENT ON COLUMN training_part_plans.blocked IS 'How many are blocked.';
COMMENT ON COLUMN training_part_plans.jobs_per_hour IS 'How many ended an hour.';
COMMENT ON COLUMN training_part_plans.expected_end IS 'When all will have ended, or have.';

CREATE VIEW training_part_jobs WITH (security_invoker = true) AS
SELECT
    p.server COLLATE "default" AS server,
    p.run_id COLLATE "default" AS run_id,
    j.plan_id,
    j.job_id,
    j.target,
    j.symbol,
    j.route,
    j.training_type,
    j.model_families,
    j.priority,
    j.estimated_samples,
    j.reason,
    j.metadata
FROM training_plans AS p
JOIN training_jobs AS j ON j.plan_id = p.plan_id
WHERE p.server IS NOT NULL;

COMMENT ON VIEW training_part_jobs IS 'The jobs of plans here that are parts of runs, one a row.';
COMMENT ON COLUMN training_part_jobs.server IS 'What this server is called where the run was planned.';
COMMENT ON COLUMN training_part_jobs.run_id IS 'The run.';
COMMENT ON COLUMN training_part_jobs.plan_id IS 'As in training_jobs, and so are the next ones.';
COMMENT ON COLUMN training_part_jobs.job_id IS 'The job''s name in its plan.';
COMMENT ON COLUMN training_part_jobs.target IS 'The target to predict.';
COMMENT ON COLUMN training_part_jobs.symbol IS 'The symbol to train for.';
COMMENT ON COLUMN training_part_jobs.route IS 'The route that was decided.';
COMMENT ON COLUMN training_part_jobs.training_type IS 'What to train.';
COMMENT ON COLUMN training_part_jobs.model_families IS 'The model families to train.';
COMMENT ON COLUMN training_part_jobs.priority IS '3 (first) to 0 (blocked).';
COMMENT ON COLUMN training_part_jobs.estimated_samples IS 'How many rows there are to train on.';
COMMENT ON COLUMN training_part_jobs.reason IS 'Why the decision was made.';
COMMENT ON COLUMN training_part_jobs.metadata IS 'The states behind the decision.';

CREATE VIEW training_part_status WITH (security_invoker = true) AS
SELECT
    p.server COLLATE "default" AS server,
    p.run_id COLLATE "default" AS run_id,
    s.plan_id,
    s.job_id,
    s.target,
    s.symbol,
    s.training_type,
    s.priority,
    s.state,
    s.attempts,
    s.worker,
    s.started_at,
    s.lease_expires_at,
    s.retry_at,
    s.finished_at,
    s.error,
    s.result,
    s.progress
FROM training_plans AS p
-- (a union of two, so that each plan's jobs are found by its number: beside a join, those
-- of all plans would be read)
CROSS JOIN LATERAL (
    SELECT j.* FROM training_job_status AS j WHERE j.plan_id = p.plan_id
    UNION ALL
    SELECT j.* FROM training_job_status AS j WHERE false
) AS s
WHERE p.server IS NOT NULL;

COMMENT ON VIEW training_part_status IS 'Where the jobs of plans here stand that are parts of runs, one a row.';
COMMENT ON COLUMN training_part_status.server IS 'What this server is called where the run was planned.';
COMMENT ON COLUMN training_part_status.run_id IS 'The run.';
COMMENT ON COLUMN training_part_status.plan_id IS 'As in training_job_status, and so are the next ones.';
COMMENT ON COLUMN training_part_status.job_id IS 'The job.';
COMMENT ON COLUMN training_part_status.target IS 'Its target.';
COMMENT ON COLUMN training_part_status.symbol IS 'Its symbol.';
COMMENT ON COLUMN training_part_status.training_type IS 'Its training type.';
COMMENT ON COLUMN training_part_status.priority IS 'The priority by which it is claimed.';
COMMENT ON COLUMN training_part_status.state IS 'Where it stands.';
COMMENT ON COLUMN training_part_status.attempts IS 'How often it was claimed.';
COMMENT ON COLUMN training_part_status.worker IS 'Who claimed it last.';
COMMENT ON COLUMN training_part_status.started_at IS 'When it was claimed last.';
COMMENT ON COLUMN training_part_status.lease_expires_at IS 'When the lease ends, or ran out.';
COMMENT ON COLUMN training_part_status.retry_at IS 'From when it can be claimed again.';
COMMENT ON COLUMN training_part_status.finished_at IS 'When the last attempt ended.';
COMMENT ON COLUMN training_part_status.error IS 'What the worker said if it failed, or why it was cancelled.';
COMMENT ON COLUMN training_part_status.result IS 'What the worker said if it succeeded.';
COMMENT ON COLUMN training_part_status.progress IS 'How far it is, from 0 to 1.';

-- The same of other servers.  What parts are found by is in the default collation (see below).

CREATE TABLE training_server_calls (
    server text,
    call jsonb,
    database text COLLATE "C",
    plan_id bigint,
    total_jobs bigint,
    disabled_targets bigint
) PARTITION BY LIST (server);

CREATE TABLE training_server_plans (
    server text,
    run_id text,
    plan_id bigint,
    generated_at timestamptz,
    routing text COLLATE "C",
    model_families text[] COLLATE "C",
    include_blocked boolean,
    git_commit text COLLATE "C",
    config_hash text COLLATE "C",
    metrics_snapshot text COLLATE "C",
    total_jobs bigint,
    pooled_first boolean,
    paused boolean,
    jobs bigint,
    pending bigint,
    waiting bigint,
    running bigint,
    succeeded bigint,
    reused bigint,
    failed bigint,
    cancelled bigint,
    blocked bigint,
    jobs_per_hour numeric,
    expected_end timestamptz
) PARTITION BY LIST (server);

CREATE TABLE training_server_jobs (
    server text,
    run_id text,
    plan_id bigint,
    job_id text COLLATE "C",
    target text COLLATE "C",
    symbol text COLLATE "C",
    route text COLLATE "C",
    training_type text COLLATE "C",
    model_families text[] COLLATE "C",
    priority integer,
    estimated_samples bigint,
    reason text COLLATE "C",
    metadata jsonb
) PARTITION BY LIST (server);

CREATE TABLE training_server_status (
    server text,
    run_id text,
    plan_id bigint,
    job_id text COLLATE "C",
    target text COLLATE "C",
    symbol text COLLATE "C",
    training_type text COLLATE "C",
    priority integer,
    state text COLLATE "C",
    attempts integer,
    worker text COLLATE "C",
    started_at timestamptz,
    lease_expires_at timestamptz,
    retry_at timestamptz,
    finished_at timestamptz,
    error text COLLATE "C",
    result jsonb,
    progress double precision
) PARTITION BY LIST (server);

COMMENT ON TABLE training_server_calls IS 'What other servers are asked for: training_part_calls of each.';
COMMENT ON COLUMN training_server_calls.server IS 'The foreign server.';
COMMENT ON COLUMN training_server_calls.call IS 'The function, its arguments, and the version that this server has.';
COMMENT ON COLUMN training_server_calls.database IS 'Which database it is, of all that there are.';
COMMENT ON COLUMN training_server_calls.plan_id IS 'The new plan.';
COMMENT ON COLUMN training_server_calls.total_jobs IS 'How many jobs it has.';
COMMENT ON COLUMN training_server_calls.disabled_targets IS 'How many targets are disabled although symbols count on their cross-sectional models.';

COMMENT ON TABLE training_server_plans IS 'The plans of other servers that are parts of runs, with their progress, one a row: training_part_plans of each.';
COMMENT ON COLUMN training_server_plans.server IS 'The foreign server.';
COMMENT ON COLUMN training_server_plans.run_id IS 'The run.';
COMMENT ON COLUMN training_server_plans.plan_id IS 'The plan.';
COMMENT ON COLUMN training_server_plans.generated_at IS 'As in training_plans, and so are the next ones.';
COMMENT ON COLUMN training_server_plans.routing IS 'Where the decisions came from.';
COMMENT ON COLUMN training_server_plans.model_families IS 'The families of jobs whose decision names none.';
COMMENT ON COLUMN training_server_plans.include_blocked IS 'Whether symbols that are blocked have jobs.';
COMMENT ON COLUMN training_server_plans.git_commit IS 'The version of the code.';
COMMENT ON COLUMN training_server_plans.config_hash IS 'The policy.';
COMMENT ON COLUMN training_server_plans.metrics_snapshot IS 'The metrics.';
COMMENT ON COLUMN training_server_plans.total_jobs IS 'How many jobs it had when it was made.';
COMMENT ON COLUMN training_server_plans.pooled_first IS 'Whether jobs wait for the pooled model of their target.';
COMMENT ON COLUMN training_server_plans.paused IS 'Whether nothing of it can be claimed just now.';
COMMENT ON COLUMN training_server_plans.jobs IS 'As in training_plan_progress, and so are the next ones.';
COMMENT ON COLUMN training_server_plans.pending IS 'How many jobs can be claimed.';
COMMENT ON COLUMN training_server_plans.waiting IS 'How many wait for a pooled model.';
COMMENT ON COLUMN training_server_plans.running IS 'How many a worker has.';
COMMENT ON COLUMN training_server_plans.succeeded IS 'How many succeeded.';
COMMENT ON COLUMN training_server_plans.reused IS 'How many were trained before.';
COMMENT ON COLUMN training_server_plans.failed IS 'How many failed for good.';
COMMENT ON COLUMN training_server_plans.cancelled IS 'How many were cancelled.';
COMMENT ON COLUMN training_server_plans.blocked IS 'How many are blocked.';
COMMENT ON COLUMN training_server_plans.jobs_per_hour IS 'How many ended an hour.';
COMMENT ON COLUMN training_server_plans.expected_end IS 'When all will have ended, or have.';

COMMENT ON TABLE training_server_jobs IS 'Their jobs, one a row: training_part_jobs of each.';
COMMENT ON COLUMN training_server_jobs.server IS 'The foreign server.';
COMMENT ON COLUMN training_server_jobs.run_id IS 'The run.';
COMMENT ON COLUMN training_server_jobs.plan_id IS 'As in training_jobs, and so are the next ones.';
COMMENT ON COLUMN training_server_jobs.job_id IS 'The job''s name in its plan.';
COMMENT ON COLUMN training_server_jobs.target IS 'The target to predict.';
COMMENT ON COLUMN training_server_jobs.symbol IS 'The symbol to train for.';
COMMENT ON COLUMN training_server_jobs.route IS 'The route that was decided.';
COMMENT ON COLUMN training_server_jobs.training_type IS 'What to train.';
COMMENT ON COLUMN training_server_jobs.model_families IS 'The model families to train.';
COMMENT ON COLUMN training_server_jobs.priority IS '3 (first) to 0 (blocked).';
COMMENT ON COLUMN training_server_jobs.estimated_samples IS 'How many rows there are to train on.';
COMMENT ON COLUMN training_server_jobs.reason IS 'Why the decision was made.';
COMMENT ON COLUMN training_server_jobs.metadata IS 'The states behind the decision.';

COMMENT ON TABLE training_server_status IS 'Where their jobs stand, one a row: training_part_status of each.';
COMMENT ON COLUMN training_server_status.server IS 'The foreign server.';
COMMENT ON COLUMN training_server_status.run_id IS 'The run.';
COMMENT ON COLUMN training_server_status.plan_id IS 'As in training_job_status, and so are the next ones.';
COMMENT ON COLUMN training_server_status.job_id IS 'The job.';
COMMENT ON COLUMN training_server_status.target IS 'Its target.';
COMMENT ON COLUMN training_server_status.symbol IS 'Its symbol.';
COMMENT ON COLUMN training_server_status.training_type IS 'Its training type.';
COMMENT ON COLUMN training_server_status.priority IS 'The priority by which it is claimed.';
COMMENT ON COLUMN training_server_status.state IS 'Where it stands.';
COMMENT ON COLUMN training_server_status.attempts IS 'How often it was claimed.';
COMMENT ON COLUMN training_server_status.worker IS 'Who claimed it last.';
COMMENT ON COLUMN training_server_status.started_at IS 'When it was claimed last.';
COMMENT ON COLUMN training_server_status.lease_expires_at IS 'When the lease ends, or ran out.';
COMMENT ON COLUMN training_server_status.retry_at IS 'From when it can be claimed again.';
COMMENT ON COLUMN training_server_status.finished_at IS 'When the last attempt ended.';
COMMENT ON COLUMN training_server_status.error IS 'What the worker said if it failed, or why it was cancelled.';
COMMENT ON COLUMN training_server_status.result IS 'What the worker said if it succeeded.';
COMMENT ON COLUMN training_server_status.progress IS 'How far it is, from 0 to 1.';

-- Runs
--
-- (a condition on a run or server is asked of the servers only in the default collation:
-- postgres_fdw does not know whether a server has others.  What a server says of parts
-- that were asked for under another name, which may be that of the same database here, is
-- of that name: a row counts where its foreign table is that server's)

CREATE FUNCTION training_run_parts(run_id text)
RETURNS TABLE (
    server text,
    plan_id bigint,
    jobs bigint,
    pending bigint,
    waiting bigint,
    running bigint,
    succeeded bigint,
    reused bigint,
    failed bigint,
    cancelled bigint,
    blocked bigint,
    jobs_per_hour numeric,
    expected_end timestamptz
)
LANGUAGE C
STABLE
STRICT
PARALLEL RESTRICTED
COST 10000
ROWS 10
AS 'MODULE_PATHNAME', 'training_run_parts';

COMMENT ON FUNCTION training_run_parts(text) IS
'Internal: what the servers that have parts of a run say of them, which
training_run_progress adds up; other servers are not asked.';

CREATE VIEW training_run_progress WITH (security_invoker = true) AS
SELECT
    r.run_id,
    g.servers,
    g.jobs,
    g.pending,
    g.waiting,
    g.running,
    g.succeeded,
    g.reused,
    g.failed,
    g.cancelled,
    g.blocked,
    g.missing,
    g.percent_done,
    g.jobs_per_hour,
    g.expected_end
FROM (
    SELECT p.run_id
    FROM training_plan_parts AS p
    GROUP BY p.run_id
) AS r
CROSS JOIN LATERAL (
    SELECT
        pg_catalog.count(DISTINCT p.server) AS servers,
        pg_catalog.sum(j.there + j.missing)::bigint AS jobs,
        coalesce(pg_catalog.sum(s.pending), 0::numeric)::bigint AS pending,
        coalesce(pg_catalog.sum(s.waiting), 0::numeric)::bigint AS waiting,
        coalesce(pg_catalog.sum(s.running), 0::numeric)::bigint AS running,
        coalesce(pg_catalog.sum(s.succeeded), 0::numeric)::bigint AS succeeded,
        coalesce(pg_catalog.sum(s.reused), 0::numeric)::bigint AS reused,
        coalesce(pg_catalog.sum(s.failed), 0::numeric)::bigint AS failed,
        coalesce(pg_catalog.sum(s.cancelled), 0::numeric)::bigint AS cancelled,
        coalesce(pg_catalog.sum(s.blocked), 0::numeric)::bigint AS blocked,
        pg_catalog.sum(j.missing)::bigint AS missing,
        pg_catalog.round(
            100.0 * coalesce(pg_catalog.sum(s.succeeded + s.reused + s.failed + s.cancelled), 0::numeric)
            / nullif(pg_catalog.sum(j.there + j.missing - coalesce(s.blocked, 0::bigint)), 0::numeric), 1
        ) AS percent_done,
        pg_catalog.sum(s.jobs_per_hour) AS jobs_per_hour,
        CASE
            -- a part that has jobs left says when they will have ended, or nobody knows
            WHEN pg_catalog.bool_and(
                CASE
                    WHEN j.there = 0 THEN j.missing = 0
                    ELSE s.pending + s.waiting + s.running = 0 OR s.expected_end IS NOT NULL
                END
            )
            THEN pg_catalog.max(s.expected_end)
        END AS expected_end
    FROM training_plan_parts AS p
    LEFT JOIN training_run_parts(r.run_id) AS s ON s.server = p.server AND s.plan_id = p.plan_id
    CROSS JOIN LATERAL (
        SELECT
            coalesce(s.jobs, 0::bigint) AS there,
            greatest(p.total_jobs - coalesce(s.jobs, 0::bigint), 0::bigint) AS missing
    ) AS j
    WHERE p.run_id = r.run_id
) AS g;

COMMENT ON VIEW training_run_progress IS 'How far runs are worked off, all parts together, one a row.';
COMMENT ON COLUMN training_run_progress.run_id IS 'The run.';
COMMENT ON COLUMN training_run_progress.servers IS 'How many servers have a part of it.';
COMMENT ON COLUMN training_run_progress.jobs IS 'How many jobs it has, with those that are missing.';
COMMENT ON COLUMN training_run_progress.pending IS 'How many of them can be claimed, now or when they are to be tried again.';
COMMENT ON COLUMN training_run_progress.waiting IS 'How many wait until the pooled model of their target is trained.';
COMMENT ON COLUMN training_run_progress.running IS 'How many a worker has.';
COMMENT ON COLUMN training_run_progress.succeeded IS 'How many succeeded.';
COMMENT ON COLUMN training_run_progress.reused IS 'How many were trained before, and need not be again.';
COMMENT ON COLUMN training_run_progress.failed IS 'How many failed for good.';
COMMENT ON COLUMN training_run_progress.cancelled IS 'How many were cancelled.';
COMMENT ON COLUMN training_run_progress.blocked IS 'How many are blocked, and never claimed.';
COMMENT ON COLUMN training_run_progress.missing IS 'How many are not there any more, because somebody has deleted them, or the whole part.';
COMMENT ON COLUMN training_run_progress.percent_done IS 'Of the jobs that are not blocked, how many have ended.';
COMMENT ON COLUMN training_run_progress.jobs_per_hour IS 'How many ended an hour on all servers together; NULL before the first.';
COMMENT ON COLUMN training_run_progress.expected_end IS 'When the last part will have ended, NULL if that is not to be told of one; when it ended, if all have.';

CREATE VIEW training_run_status WITH (security_invoker = true) AS
SELECT
    s.run_id,
    s.server,
    s.plan_id,
    s.job_id,
    s.target,
    s.symbol,
    s.training_type,
    s.priority,
    s.state,
    s.attempts,
    s.worker,
    s.started_at,
    s.lease_expires_at,
    s.retry_at,
    s.finished_at,
    s.error,
    s.result,
    s.progress
FROM training_plan_parts AS p
JOIN training_server_status AS s ON s.server = p.server COLLATE "default" AND s.run_id = p.run_id COLLATE "default" AND s.plan_id = p.plan_id
JOIN pg_catalog.pg_foreign_table AS t ON t.ftrelid = s.tableoid
JOIN pg_catalog.pg_foreign_server AS f ON f.oid = t.ftserver AND f.srvname = s.server::name;

COMMENT ON VIEW training_run_status IS 'Where the jobs of runs stand, on all servers, one a row.';
COMMENT ON COLUMN training_run_status.run_id IS 'The run.';
COMMENT ON COLUMN training_run_status.server IS 'The foreign server that has the job; with plan_id and job_id, its key.';
COMMENT ON COLUMN training_run_status.plan_id IS 'The plan there that the job belongs to.';
COMMENT ON COLUMN training_run_status.job_id IS 'The job.';
COMMENT ON COLUMN training_run_status.target IS 'Its target.';
COMMENT ON COLUMN training_run_status.symbol IS 'Its symbol; NULL of a cross-sectional job.';
COMMENT ON COLUMN training_run_status.training_type IS 'Its training type.';
COMMENT ON COLUMN training_run_status.priority IS 'The priority by which it is claimed.';
COMMENT ON COLUMN training_run_status.state IS 'pending (can be claimed, now or at retry_at), waiting (for the pooled model of its target), running, succeeded, reused (it was trained before, and need not be again), failed (for good), cancelled, or blocked; NULL: somebody has deleted its place in the queue.';
COMMENT ON COLUMN training_run_status.attempts IS 'How often it was claimed; the number of the last attempt, of which the columns behind tell; of a job that is reused they tell of the attempt that it reuses.';
COMMENT ON COLUMN training_run_status.worker IS 'Who claimed it last.';
COMMENT ON COLUMN training_run_status.started_at IS 'When it was claimed last.';
COMMENT ON COLUMN training_run_status.lease_expires_at IS 'When the lease ends, or ran out.';
COMMENT ON COLUMN training_run_status.retry_at IS 'From when it can be claimed again.';
COMMENT ON COLUMN training_run_status.finished_at IS 'When the last attempt ended.';
COMMENT ON COLUMN training_run_status.error IS 'What the worker said if it failed, or why it was cancelled.';
COMMENT ON COLUMN training_run_status.result IS 'What the worker said if it succeeded.';
COMMENT ON COLUMN training_run_status.progress IS 'How far it is, from 0 to 1, if it runs and its worker has said so.';

CREATE FUNCTION add_training_server(
    server name,
    schema name DEFAULT 'public'
)
RETURNS void
LANGUAGE C
VOLATILE
PARALLEL UNSAFE
COST 10000
AS 'MODULE_PATHNAME', 'add_training_server';

COMMENT ON FUNCTION add_training_server(name, name) IS
'Prepares a server for parts of plans, which was made by CREATE SERVER (of postgres_fdw)
and CREATE USER MAPPING: makes the foreign tables by which the other functions reach it.
schema is where the extension trainplan is on that server, which must have the same
version of it. A server that has been added before is added anew.

What is added is read by everybody who may read training_server_plans and its like, so
their owner adds it, a superuser as a rule; each user needs a mapping.';

CREATE FUNCTION create_training_plan_on(
    servers name[],
    routing text,
    families text[] DEFAULT NULL,
    include_blocked boolean DEFAULT false,
    git_commit text DEFAULT NULL,
    config_hash text DEFAULT NULL,
    metrics_snapshot text DEFAULT NULL,
    pooled_first boolean DEFAULT false,
    run_id text DEFAULT NULL
)
RETURNS TABLE (server name, plan_id bigint, total_jobs bigint, disabled_targets bigint)
LANGUAGE C
VOLATILE
PARALLEL UNSAFE
COST 10000
ROWS 10
AS 'MODULE_PATHNAME', 'create_training_plan_on';

COMMENT ON FUNCTION create_training_plan_on(name[], text, text[], boolean, text, text, text, boolean, text) IS
'Stores a plan in parts: each of the servers, which add_training_server() has prepared,
plans the routing relation of that name there, all at the same time. Returns a row for
each, in the order given; training_plan_parts remembers them.

All parts are made or none: they are in this transaction. routing is a name as the mapped
user would write it there; the other arguments are those of create_training_plan(). A NULL
run_id means one by the current time. disabled_targets counts what create_training_plan()
warns of. Needs the rights to insert into and to read training_server_calls, and to insert
into training_plan_parts; on the servers, those on training_part_calls and what
create_training_plan() needs.';

CREATE FUNCTION plan_training_on(
    servers name[],
    candidates text,
    policy text DEFAULT NULL,
    families text[] DEFAULT NULL,
    include_blocked boolean DEFAULT false,
    git_commit text DEFAULT NULL,
    metrics_snapshot text DEFAULT NULL,
    pooled_first boolean DEFAULT false,
    run_id text DEFAULT NULL
)
RETURNS TABLE (server name, plan_id bigint, total_jobs bigint, disabled_targets bigint)
LANGUAGE C
VOLATILE
PARALLEL UNSAFE
COST 10000
ROWS 10
AS 'MODULE_PATHNAME', 'plan_training_on';

COMMENT ON FUNCTION plan_training_on(name[], text, text, text[], boolean, text, text, boolean, text) IS
'Routes the candidates of a relation on each of the servers, and stores the jobs that
follow there as a plan in parts: what create_training_plan_on() is to
create_training_plan(), this is to plan_training().';

CREATE FUNCTION training_run_lines(run_id text, format text)
RETURNS SETOF text
LANGUAGE C
STABLE
STRICT
PARALLEL RESTRICTED
COST 1000
ROWS 10000
AS 'MODULE_PATHNAME', 'training_run_lines';

COMMENT ON FUNCTION training_run_lines(text, text) IS
'The lines of the document of a run, all parts together, as training_plan_lines() has
those of a plan: format is json, yaml, markdown or html. A job also says its server and the
plan_id there, with which its job_id is its key. A run that has no parts is an error, and
so is a part that its server does not have any more.';

GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON training_plan_parts TO @extowner@ WITH GRANT OPTION;
GRANT SELECT, INSERT ON training_part_calls, training_server_calls TO @extowner@ WITH GRANT OPTION;
GRANT SELECT ON
    training_part_plans, training_part_jobs, training_part_status,
    training_server_plans, training_server_jobs, training_server_status,
    training_run_progress, training_run_status
TO @extowner@ WITH GRANT OPTION;
GRANT EXECUTE ON FUNCTION
    training_part_call(),
    training_run_parts(text),
    add_training_server(name, name),
    create_training_plan_on(name[], text, text[], boolean, text, text, text, boolean, text),
    plan_training_on(name[], text, text, text[], boolean, text, text, boolean, text),
    training_run_lines(text, text)
TO @extowner@ WITH GRANT OPTION;

-- Which servers have which parts is the user's data: pg_dump has to save it.
SELECT pg_catalog.pg_extension_config_dump('training_plan_parts', '');
