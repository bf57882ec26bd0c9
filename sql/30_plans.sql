-- Plans: jobs that are stored.
--
-- Names are in the C collation, which is the order of plans on every machine
-- and the cheapest to keep an index in.
--
-- No table refers to another by a foreign key: pg_restore would go by it only where
-- it restores one table after the other.  What belongs to a plan or job is deleted
-- with it by triggers; the history of what was trained stays.

CREATE TABLE training_plans (
    plan_id bigint GENERATED ALWAYS AS IDENTITY,
    run_id text COLLATE "C" NOT NULL DEFAULT pg_catalog.to_char(pg_catalog.now() AT TIME ZONE 'UTC', 'YYYYMMDD_HH24MISS'),
    generated_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
    routing text COLLATE "C" NOT NULL,
    model_families text[] COLLATE "C" NOT NULL,
    include_blocked boolean NOT NULL,
    git_commit text COLLATE "C",
    config_hash text COLLATE "C",
    metrics_snapshot text COLLATE "C",
    total_jobs bigint NOT NULL,
    max_attempts integer NOT NULL DEFAULT 3,
    priority integer NOT NULL DEFAULT 0,
    pooled_first boolean NOT NULL DEFAULT false,
    paused boolean NOT NULL DEFAULT false,
    server text COLLATE "C",
    PRIMARY KEY (plan_id),
    CONSTRAINT training_plans_max_attempts_check CHECK (max_attempts > 0)
);

COMMENT ON TABLE training_plans IS 'Stored training plans, one a row; their jobs are in training_jobs.';
COMMENT ON COLUMN training_plans.plan_id IS 'The plan''s number; later plans have higher ones.';
COMMENT ON COLUMN training_plans.run_id IS 'The run that the plan is part of: when it was made, as YYYYMMDD_HHMMSS in UTC, or as its maker called it.';
COMMENT ON COLUMN training_plans.generated_at IS 'When the plan was made.';
COMMENT ON COLUMN training_plans.routing IS 'Where the decisions came from: the qualified name of the routing or candidates relation, or a file''s path.';
COMMENT ON COLUMN training_plans.model_families IS 'The families that jobs train unless their decision had families of its own.';
COMMENT ON COLUMN training_plans.include_blocked IS 'Whether blocked symbols have jobs, of type blocked.';
COMMENT ON COLUMN training_plans.git_commit IS 'The commit of the code that the plan was made with, as the caller gave it.';
COMMENT ON COLUMN training_plans.config_hash IS 'The hash of the routing policy''s text: of plan_training() its own, else as the caller gave it.';
COMMENT ON COLUMN training_plans.metrics_snapshot IS 'Where the metrics behind the decisions are kept, as the caller gave it.';
COMMENT ON COLUMN training_plans.total_jobs IS 'How many jobs the plan has.';
COMMENT ON COLUMN training_plans.max_attempts IS 'How often a job is tried before it has failed for good.';
COMMENT ON COLUMN training_plans.priority IS 'Claims from any plan take those of the highest priority first.';
COMMENT ON COLUMN training_plans.pooled_first IS 'Whether jobs that need the pooled model of their target wait until it is trained.';
COMMENT ON COLUMN training_plans.paused IS 'Whether nothing of the plan can be claimed at present.';
COMMENT ON COLUMN training_plans.server IS 'Of a part of a run that another server planned: what this server is called there; else NULL.';
COMMENT ON CONSTRAINT training_plans_pkey ON training_plans IS 'A plan by its number.';
COMMENT ON CONSTRAINT training_plans_max_attempts_check ON training_plans IS 'A job is tried once at least.';
COMMENT ON INDEX training_plans_pkey IS 'A plan by its number.';
COMMENT ON SEQUENCE training_plans_plan_id_seq IS 'Numbers the plans.';

CREATE TABLE training_jobs (
    plan_id bigint NOT NULL,
    job_id text COLLATE "C" NOT NULL,
    target text COLLATE "C" NOT NULL,
    symbol text COLLATE "C",
    route text COLLATE "C" NOT NULL,
    training_type text COLLATE "C" NOT NULL,
    model_families text[] COLLATE "C" NOT NULL,
    priority integer NOT NULL,
    estimated_samples bigint,
    reason text COLLATE "C",
    metadata jsonb NOT NULL,
    PRIMARY KEY (plan_id, job_id),
    UNIQUE NULLS NOT DISTINCT (plan_id, target, symbol)
);

-- A plan that is new is in no statistics, and a query about it would be planned as if it
-- had no jobs.  Without any, it is planned for a two-hundredth of all.
ALTER TABLE training_jobs ALTER plan_id SET STATISTICS 0;

COMMENT ON TABLE training_jobs IS 'The jobs of stored training plans, one a row; deleted with their plan.';
COMMENT ON COLUMN training_jobs.plan_id IS 'The plan that the job belongs to.';
COMMENT ON COLUMN training_jobs.job_id IS 'The job''s name in its plan: cs_<target>, sym_<target>_<symbol> or blocked_<target>_<symbol>.';
COMMENT ON COLUMN training_jobs.target IS 'The target to predict.';
COMMENT ON COLUMN training_jobs.symbol IS 'The symbol to train for; NULL in a cross-sectional job, which is for all of the target''s symbols.';
COMMENT ON COLUMN training_jobs.route IS 'The route that was decided: ROUTE_CROSS_SECTIONAL, ROUTE_SYMBOL_SPECIFIC, ROUTE_BOTH, ROUTE_EXPERIMENTAL_ONLY or ROUTE_BLOCKED.';
COMMENT ON COLUMN training_jobs.training_type IS 'What to train: cross_sectional, symbol_specific, or blocked for nothing.';
COMMENT ON COLUMN training_jobs.model_families IS 'The model families to train; none in a blocked job.';
COMMENT ON COLUMN training_jobs.priority IS '3 (first) to 0 (blocked).';
COMMENT ON COLUMN training_jobs.estimated_samples IS 'How many rows there are to train on; NULL where the decision did not say.';
COMMENT ON COLUMN training_jobs.reason IS 'Why the decision was made; NULL where it did not say.';
COMMENT ON COLUMN training_jobs.metadata IS 'The states behind the decision: cs_state and, by type, sample_size, local_state and needs_cs_ensemble.';
COMMENT ON CONSTRAINT training_jobs_pkey ON training_jobs IS 'A job by its plan and name.';
COMMENT ON CONSTRAINT training_jobs_plan_id_target_symbol_key ON training_jobs IS 'A plan has one job for a target and symbol, and one for a target as a whole.';
COMMENT ON INDEX training_jobs_pkey IS 'A job by its plan and name.';
COMMENT ON INDEX training_jobs_plan_id_target_symbol_key IS 'Jobs by plan, target and symbol.';

CREATE FUNCTION training_plans_cascade()
RETURNS trigger
LANGUAGE C
AS 'MODULE_PATHNAME', 'training_plans_cascade';

COMMENT ON FUNCTION training_plans_cascade() IS
'Internal: trigger of training_plans; deletes the jobs of deleted plans, with their
places in the queue.';

CREATE TRIGGER cascade_delete
AFTER DELETE ON training_plans
REFERENCING OLD TABLE AS deleted_plans
FOR EACH STATEMENT
EXECUTE FUNCTION training_plans_cascade();

CREATE TRIGGER cascade_truncate
AFTER TRUNCATE ON training_plans
FOR EACH STATEMENT
EXECUTE FUNCTION training_plans_cascade();

COMMENT ON TRIGGER cascade_delete ON training_plans IS 'Deletes what belongs to deleted plans.';
COMMENT ON TRIGGER cascade_truncate ON training_plans IS 'Empties the tables of what belongs to plans.';

CREATE FUNCTION training_jobs_cascade()
RETURNS trigger
LANGUAGE C
AS 'MODULE_PATHNAME', 'training_jobs_cascade';

COMMENT ON FUNCTION training_jobs_cascade() IS
'Internal: trigger of training_jobs; deletes the places in the queue of deleted jobs.';

CREATE TRIGGER cascade_delete
AFTER DELETE ON training_jobs
REFERENCING OLD TABLE AS deleted_jobs
FOR EACH STATEMENT
EXECUTE FUNCTION training_jobs_cascade();

CREATE TRIGGER cascade_truncate
AFTER TRUNCATE ON training_jobs
FOR EACH STATEMENT
EXECUTE FUNCTION training_jobs_cascade();

COMMENT ON TRIGGER cascade_delete ON training_jobs IS 'Deletes what belongs to deleted jobs.';
COMMENT ON TRIGGER cascade_truncate ON training_jobs IS 'Empties the tables of what belongs to jobs.';

CREATE FUNCTION training_key_guard()
RETURNS trigger
LANGUAGE C
AS 'MODULE_PATHNAME', 'training_key_guard';

COMMENT ON FUNCTION training_key_guard() IS
'Internal: trigger of training_plans and training_jobs; keeps their keys, which other
tables know, and what jobs of a plan wait for, from being changed.';

CREATE TRIGGER key_guard
BEFORE UPDATE OF plan_id, pooled_first ON training_plans
FOR EACH ROW
EXECUTE FUNCTION training_key_guard();

CREATE TRIGGER key_guard
BEFORE UPDATE OF plan_id, job_id ON training_jobs
FOR EACH ROW
EXECUTE FUNCTION training_key_guard();

COMMENT ON TRIGGER key_guard ON training_plans IS 'Keeps a plan''s number, and what its jobs wait for.';
COMMENT ON TRIGGER key_guard ON training_jobs IS 'Keeps a job''s plan and name.';

REVOKE ALL ON FUNCTION training_plans_cascade(), training_jobs_cascade(), training_key_guard() FROM PUBLIC;

CREATE FUNCTION create_training_plan(
    routing regclass,
    families text[] DEFAULT NULL,
    include_blocked boolean DEFAULT false,
    git_commit text DEFAULT NULL,
    config_hash text DEFAULT NULL,
    metrics_snapshot text DEFAULT NULL,
    pooled_first boolean DEFAULT false,
    run_id text DEFAULT NULL
)
RETURNS bigint
LANGUAGE C
VOLATILE
PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'create_training_plan';

COMMENT ON FUNCTION create_training_plan(regclass, text[], boolean, text, text, text, boolean, text) IS
'Stores the jobs that generate_training_plan() makes of a routing relation as a
new plan, and returns its plan_id.

The first three arguments are those of generate_training_plan(); git_commit,
config_hash and metrics_snapshot are kept with the plan as they are. With
pooled_first, jobs that need the pooled model of their target (needs_cs_ensemble) wait
until that has been trained. run_id is what plans that belong together share; NULL
means the current time. A plan without jobs is stored as well, with a warning.
Needs the right to insert into training_plans and training_jobs.';

CREATE FUNCTION plan_training(
    candidates regclass,
    policy text DEFAULT NULL,
    families text[] DEFAULT NULL,
    include_blocked boolean DEFAULT false,
    git_commit text DEFAULT NULL,
    metrics_snapshot text DEFAULT NULL,
    pooled_first boolean DEFAULT false,
    run_id text DEFAULT NULL
)
RETURNS bigint
LANGUAGE C
VOLATILE
PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'plan_training';

COMMENT ON FUNCTION plan_training(regclass, text, text[], boolean, text, text, boolean, text) IS
'Routes the candidates of a relation, stores the jobs that follow as a new plan, and
returns its plan_id: route_training_candidates() and create_training_plan() in one.

The first two arguments are those of route_training_candidates(), the others those of
create_training_plan(). The plan keeps the relation''s name as routing, and the hash
of the policy''s text as config_hash.';

CREATE FUNCTION forget_training_plans(older_than interval, keep integer DEFAULT 1)
RETURNS bigint
LANGUAGE C
VOLATILE
PARALLEL UNSAFE
COST 10000
AS 'MODULE_PATHNAME', 'forget_training_plans';

COMMENT ON FUNCTION forget_training_plans(interval, integer) IS
'Deletes plans that were made longer ago than older_than, and returns how many. Those
of which a job runs just now stay, and so do the newest, as many as keep says. What is
deleted with a plan are its jobs and their places in the queue; the history of attempts
stays.
Needs the rights to read and delete training_plans; row-level security decides which
plans there are.';

CREATE FUNCTION latest_training_plan()
RETURNS bigint
LANGUAGE SQL
STABLE
PARALLEL SAFE
BEGIN ATOMIC
    SELECT pg_catalog.max(plan_id)
    FROM training_plans;
END;

COMMENT ON FUNCTION latest_training_plan() IS
'The plan_id of the plan that was stored last, or NULL if there is none.';

GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON training_plans, training_jobs TO @extowner@ WITH GRANT OPTION;
GRANT SELECT, UPDATE, USAGE ON SEQUENCE training_plans_plan_id_seq TO @extowner@ WITH GRANT OPTION;
GRANT EXECUTE ON FUNCTION
    create_training_plan(regclass, text[], boolean, text, text, text, boolean, text),
    plan_training(regclass, text, text[], boolean, text, text, boolean, text),
    forget_training_plans(interval, integer),
    latest_training_plan()
TO @extowner@ WITH GRANT OPTION;

-- Plans are the user's data: pg_dump has to save them.
SELECT pg_catalog.pg_extension_config_dump('training_plans', '');
SELECT pg_catalog.pg_extension_config_dump('training_plans_plan_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('training_jobs', '');
