-- complain if script is sourced in psql, rather than via CREATE EXTENSION
\echo Use "CREATE EXTENSION trainplan" to load this file. \quit
-- Routing: candidates to decisions, by a policy.

CREATE FUNCTION routing_policy_default()
RETURNS text
LANGUAGE C
IMMUTABLE
PARALLEL SAFE
AS 'MODULE_PATHNAME', 'routing_policy_default';

COMMENT ON FUNCTION routing_policy_default() IS
'The routing policy that is used where NULL is given: YAML with comments, to start
from.';

CREATE FUNCTION routing_policy_hash(policy text)
RETURNS text
LANGUAGE C
IMMUTABLE
STRICT
PARALLEL SAFE
COST 10000
AS 'MODULE_PATHNAME', 'routing_policy_hash';

COMMENT ON FUNCTION routing_policy_hash(text) IS
'The first eight hexadecimal digits of the SHA-256 of a policy''s text, which a plan
keeps as its config_hash. A policy that can''t be used is an error that says what is
wrong with it, and in which line and column.';

CREATE TABLE routing_policies (
    name text COLLATE "C" NOT NULL,
    policy text COLLATE "C" NOT NULL,
    config_hash text COLLATE "C" NOT NULL GENERATED ALWAYS AS (routing_policy_hash(policy)) STORED,
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (name)
);

COMMENT ON TABLE routing_policies IS 'Stored routing policies, one a row; one that can''t be used can''t be stored.';
COMMENT ON COLUMN routing_policies.name IS 'The policy''s name.';
COMMENT ON COLUMN routing_policies.policy IS 'The policy: YAML, as routing_policy_default() is.';
COMMENT ON COLUMN routing_policies.config_hash IS 'The first eight hexadecimal digits of the SHA-256 of its text.';
COMMENT ON COLUMN routing_policies.updated_at IS 'When it was stored or changed last.';
COMMENT ON CONSTRAINT routing_policies_pkey ON routing_policies IS 'A policy by its name.';
COMMENT ON INDEX routing_policies_pkey IS 'A policy by its name.';

CREATE FUNCTION routing_policy_touch()
RETURNS trigger
LANGUAGE C
AS 'MODULE_PATHNAME', 'routing_policy_touch';

COMMENT ON FUNCTION routing_policy_touch() IS 'Trigger of routing_policies: sets updated_at.';

CREATE TRIGGER touch
BEFORE UPDATE ON routing_policies
FOR EACH ROW
EXECUTE FUNCTION routing_policy_touch();

COMMENT ON TRIGGER touch ON routing_policies IS 'Sets updated_at.';

CREATE FUNCTION routing_policy(name text)
RETURNS text
LANGUAGE C
STABLE
PARALLEL RESTRICTED
COST 100
AS 'MODULE_PATHNAME', 'routing_policy';

COMMENT ON FUNCTION routing_policy(text) IS
'The text of a stored policy, for functions that take one. A name that is not in
routing_policies is an error.';

CREATE FUNCTION training_plan_rows(internal)
RETURNS internal
LANGUAGE C
STABLE
STRICT
PARALLEL SAFE
AS 'MODULE_PATHNAME', 'training_plan_rows';

COMMENT ON FUNCTION training_plan_rows(internal) IS
'Support function of route_training_candidates() and generate_training_plan():
tells the query planner that there are about as many decisions or jobs as the
relation has rows. Not for calling.';

CREATE FUNCTION route_training_candidates(
    candidates regclass,
    policy text DEFAULT NULL
)
RETURNS TABLE (
    target text,
    symbol text,
    route text,
    cs_state text,
    local_state text,
    reason text[],
    sample_size bigint
)
LANGUAGE C
STABLE
PARALLEL RESTRICTED
COST 100
SUPPORT training_plan_rows
AS 'MODULE_PATHNAME', 'route_training_candidates';

COMMENT ON FUNCTION route_training_candidates(regclass, text) IS
'Routes the candidates of a relation by a policy: a decision for each target and for
each of its symbols, by target and symbol in the C collation, a target''s own first.
The rows are a routing relation; their reasons name the rules and the numbers.

candidates is any relation with the columns target, symbol (NULL: the target''s
pooled model), score and sample_size, and if there are stability, leakage_status,
task_type, mean_overlap, std_overlap, mean_tau and std_tau; it is read with the
caller''s rights. policy is YAML; NULL means routing_policy_default().

A policy is checked whole before a row is read. The same target and symbol twice, and
words and sizes that make no sense, are errors that name relation, target and
symbol.';

CREATE FUNCTION route_training_candidates_by(
    candidates regclass,
    policy_name text
)
RETURNS TABLE (
    target text,
    symbol text,
    route text,
    cs_state text,
    local_state text,
    reason text[],
    sample_size bigint
)
LANGUAGE SQL
STABLE
PARALLEL RESTRICTED
BEGIN ATOMIC
    SELECT r.target, r.symbol, r.route, r.cs_state, r.local_state, r.reason, r.sample_size
    FROM route_training_candidates(candidates, routing_policy(policy_name)) AS r;
END;

COMMENT ON FUNCTION route_training_candidates_by(regclass, text) IS
'route_training_candidates() with a stored policy, by its name.';

CREATE FUNCTION explain_training_route(
    candidates regclass,
    target text,
    symbol text,
    policy text DEFAULT NULL
)
RETURNS TABLE (
    scope text,
    check_name text,
    value text,
    threshold text,
    passed boolean
)
LANGUAGE C
STABLE
PARALLEL RESTRICTED
COST 1000
ROWS 30
AS 'MODULE_PATHNAME', 'explain_training_route';

COMMENT ON FUNCTION explain_training_route(regclass, text, text, text) IS
'Why a symbol of a target is routed as it is: all that it is compared with, in order,
for the scopes cross_sectional (the target''s pooled model) and symbol, then what
follows for its route. A check is called as the policy''s key; passed is NULL for
what is no check. A NULL symbol asks for the target as a whole.';

CREATE FUNCTION save_routing_candidates(
    candidates regclass,
    path text
)
RETURNS text
LANGUAGE C
VOLATILE
STRICT
PARALLEL UNSAFE
COST 10000
AS 'MODULE_PATHNAME', 'save_routing_candidates';

COMMENT ON FUNCTION save_routing_candidates(regclass, text) IS
'Writes a snapshot of a candidates relation, with all its columns, into a file on the
server, and returns the path of what was written. The path is absolute and says how:
.csv, .json (an array of records) or .parquet, which the shell command in the setting
trainplan.parquet_command makes from CSV. Where it is empty, fails, or may not be run
by the caller (pg_execute_server_program), CSV is written instead, with a warning.
The file appears whole or not at all. Needs the rights of pg_write_server_files.';

ALTER TABLE routing_policies OWNER TO @extowner@;
ALTER FUNCTION routing_policy_default() OWNER TO @extowner@;
ALTER FUNCTION routing_policy_hash(text) OWNER TO @extowner@;
ALTER FUNCTION routing_policy_touch() OWNER TO @extowner@;
ALTER FUNCTION routing_policy(text) OWNER TO @extowner@;
ALTER FUNCTION training_plan_rows(internal) OWNER TO @extowner@;
ALTER FUNCTION route_training_candidates(regclass, text) OWNER TO @extowner@;
ALTER FUNCTION route_training_candidates_by(regclass, text) OWNER TO @extowner@;
ALTER FUNCTION explain_training_route(regclass, text, text, text) OWNER TO @extowner@;
ALTER FUNCTION save_routing_candidates(regclass, text) OWNER TO @extowner@;

-- Policies are the user's data: pg_dump has to save them.
SELECT pg_catalog.pg_extension_config_dump('routing_policies', '');
-- Planning: decisions to jobs.

CREATE FUNCTION generate_training_plan(
    routing regclass,
    families text[] DEFAULT NULL,
    include_blocked boolean DEFAULT false
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
    metadata jsonb
)
LANGUAGE C
STABLE
PARALLEL RESTRICTED
COST 100
SUPPORT training_plan_rows
AS 'MODULE_PATHNAME', 'generate_training_plan';

COMMENT ON FUNCTION generate_training_plan(regclass, text[], boolean) IS
'Turns the decisions of a routing relation into training jobs, one a row: highest
priority first, then by target and symbol in the C collation. Stores nothing.

routing is any relation with the columns target, symbol and route, and if there
are reason, cs_state, local_state, sample_size and model_families; it is read
with the caller''s rights. families are those of jobs whose decision has none of
its own; NULL means {lightgbm,xgboost}. With include_blocked, a blocked symbol
has a job too, of type blocked.

A decision that makes no sense is an error that names relation, target and symbol.
Targets that are disabled although symbols count on them are a warning.';

ALTER FUNCTION generate_training_plan(regclass, text[], boolean) OWNER TO @extowner@;
-- Plans: jobs that are stored.
--
-- Names are in the C collation, which is the order of plans on every machine
-- and the cheapest to keep an index in.

CREATE TABLE training_plans (
    plan_id bigint GENERATED ALWAYS AS IDENTITY,
    run_id text COLLATE "C" NOT NULL DEFAULT to_char(now() AT TIME ZONE 'UTC', 'YYYYMMDD_HH24MISS'),
    generated_at timestamptz NOT NULL DEFAULT now(),
    routing text COLLATE "C" NOT NULL,
    model_families text[] COLLATE "C" NOT NULL,
    include_blocked boolean NOT NULL,
    git_commit text COLLATE "C",
    config_hash text COLLATE "C",
    metrics_snapshot text COLLATE "C",
    total_jobs bigint NOT NULL,
    max_attempts integer NOT NULL DEFAULT 3,
    PRIMARY KEY (plan_id),
    CONSTRAINT training_plans_max_attempts_check CHECK (max_attempts > 0)
);

COMMENT ON TABLE training_plans IS 'Stored training plans, one a row; their jobs are in training_jobs.';
COMMENT ON COLUMN training_plans.plan_id IS 'The plan''s number; later plans have higher ones.';
COMMENT ON COLUMN training_plans.run_id IS 'When the plan was made, as YYYYMMDD_HHMMSS in UTC.';
COMMENT ON COLUMN training_plans.generated_at IS 'When the plan was made.';
COMMENT ON COLUMN training_plans.routing IS 'Where the decisions came from: the qualified name of the routing or candidates relation, or a file''s path.';
COMMENT ON COLUMN training_plans.model_families IS 'The families that jobs train unless their decision had families of its own.';
COMMENT ON COLUMN training_plans.include_blocked IS 'Whether blocked symbols have jobs, of type blocked.';
COMMENT ON COLUMN training_plans.git_commit IS 'The commit of the code that the plan was made with, as the caller gave it.';
COMMENT ON COLUMN training_plans.config_hash IS 'The hash of the routing policy''s text: of plan_training() its own, else as the caller gave it.';
COMMENT ON COLUMN training_plans.metrics_snapshot IS 'Where the metrics behind the decisions are kept, as the caller gave it.';
COMMENT ON COLUMN training_plans.total_jobs IS 'How many jobs the plan has.';
COMMENT ON COLUMN training_plans.max_attempts IS 'How often a job is tried before it has failed for good.';
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
    UNIQUE NULLS NOT DISTINCT (plan_id, target, symbol),
    FOREIGN KEY (plan_id) REFERENCES training_plans ON DELETE CASCADE
);

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
COMMENT ON CONSTRAINT training_jobs_plan_id_fkey ON training_jobs IS 'Jobs are deleted with their plan.';
COMMENT ON INDEX training_jobs_pkey IS 'A job by its plan and name.';
COMMENT ON INDEX training_jobs_plan_id_target_symbol_key IS 'Jobs by plan, target and symbol.';

CREATE FUNCTION create_training_plan(
    routing regclass,
    families text[] DEFAULT NULL,
    include_blocked boolean DEFAULT false,
    git_commit text DEFAULT NULL,
    config_hash text DEFAULT NULL,
    metrics_snapshot text DEFAULT NULL
)
RETURNS bigint
LANGUAGE C
VOLATILE
PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'create_training_plan';

COMMENT ON FUNCTION create_training_plan(regclass, text[], boolean, text, text, text) IS
'Stores the jobs that generate_training_plan() makes of a routing relation as a
new plan, and returns its plan_id.

The first three arguments are those of generate_training_plan(); git_commit,
config_hash and metrics_snapshot are kept with the plan as they are. A plan
without jobs is stored as well, with a warning. Needs the right to insert into
training_plans and training_jobs.';

CREATE FUNCTION plan_training(
    candidates regclass,
    policy text DEFAULT NULL,
    families text[] DEFAULT NULL,
    include_blocked boolean DEFAULT false,
    git_commit text DEFAULT NULL,
    metrics_snapshot text DEFAULT NULL
)
RETURNS bigint
LANGUAGE C
VOLATILE
PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'plan_training';

COMMENT ON FUNCTION plan_training(regclass, text, text[], boolean, text, text) IS
'Routes the candidates of a relation, stores the jobs that follow as a new plan, and
returns its plan_id: route_training_candidates() and create_training_plan() in one.

The first two arguments are those of route_training_candidates(), the others those of
create_training_plan(). The plan keeps the relation''s name as routing, and the hash
of the policy''s text as config_hash.';

CREATE FUNCTION latest_training_plan()
RETURNS bigint
LANGUAGE SQL
STABLE
PARALLEL SAFE
BEGIN ATOMIC
    SELECT max(plan_id)
    FROM training_plans;
END;

COMMENT ON FUNCTION latest_training_plan() IS
'The plan_id of the plan that was stored last, or NULL if there is none.';

ALTER TABLE training_plans OWNER TO @extowner@;
ALTER TABLE training_jobs OWNER TO @extowner@;
ALTER FUNCTION create_training_plan(regclass, text[], boolean, text, text, text) OWNER TO @extowner@;
ALTER FUNCTION plan_training(regclass, text, text[], boolean, text, text) OWNER TO @extowner@;
ALTER FUNCTION latest_training_plan() OWNER TO @extowner@;

-- Plans are the user's data: pg_dump has to save them.
SELECT pg_catalog.pg_extension_config_dump('training_plans', '');
SELECT pg_catalog.pg_extension_config_dump('training_plans_plan_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('training_jobs', '');
-- Summaries: plans counted.
--
-- The views read the tables with the rights of whoever asks.

CREATE VIEW training_jobs_by_route WITH (security_invoker = true) AS
SELECT plan_id, route, count(*) AS jobs
FROM training_jobs
GROUP BY plan_id, route;

COMMENT ON VIEW training_jobs_by_route IS 'How many jobs a plan has of each route.';
COMMENT ON COLUMN training_jobs_by_route.plan_id IS 'The plan.';
COMMENT ON COLUMN training_jobs_by_route.route IS 'A route that it has jobs of.';
COMMENT ON COLUMN training_jobs_by_route.jobs IS 'How many.';

CREATE VIEW training_jobs_by_type WITH (security_invoker = true) AS
SELECT plan_id, training_type, count(*) AS jobs
FROM training_jobs
GROUP BY plan_id, training_type;

COMMENT ON VIEW training_jobs_by_type IS 'How many jobs a plan has of each training type.';
COMMENT ON COLUMN training_jobs_by_type.plan_id IS 'The plan.';
COMMENT ON COLUMN training_jobs_by_type.training_type IS 'A training type that it has jobs of.';
COMMENT ON COLUMN training_jobs_by_type.jobs IS 'How many.';

CREATE VIEW training_jobs_by_priority WITH (security_invoker = true) AS
SELECT plan_id, priority, count(*) AS jobs
FROM training_jobs
GROUP BY plan_id, priority;

COMMENT ON VIEW training_jobs_by_priority IS 'How many jobs a plan has of each priority.';
COMMENT ON COLUMN training_jobs_by_priority.plan_id IS 'The plan.';
COMMENT ON COLUMN training_jobs_by_priority.priority IS 'A priority that it has jobs of.';
COMMENT ON COLUMN training_jobs_by_priority.jobs IS 'How many.';

-- The jobs of a plan are counted once, by all three together, and the few
-- counts are added up for each.
CREATE VIEW training_plan_summary WITH (security_invoker = true) AS
SELECT
    p.plan_id,
    p.generated_at,
    p.routing,
    p.total_jobs,
    s.total_cs_jobs,
    s.total_symbol_jobs,
    s.total_blocked,
    s.by_route,
    s.by_type,
    s.by_priority
FROM training_plans AS p
CROSS JOIN LATERAL (
    WITH counts AS MATERIALIZED (
        SELECT j.route, j.training_type, j.priority, count(*) AS jobs
        FROM training_jobs AS j
        WHERE j.plan_id = p.plan_id
        GROUP BY j.route, j.training_type, j.priority
    )
    SELECT
        coalesce(sum(c.jobs) FILTER (WHERE c.training_type = 'cross_sectional'), 0)::bigint AS total_cs_jobs,
        coalesce(sum(c.jobs) FILTER (WHERE c.training_type = 'symbol_specific'), 0)::bigint AS total_symbol_jobs,
        coalesce(sum(c.jobs) FILTER (WHERE c.training_type = 'blocked'), 0)::bigint AS total_blocked,
        (
            SELECT coalesce(jsonb_object_agg(r.route, r.jobs), '{}')
            FROM (SELECT route, sum(jobs) AS jobs FROM counts GROUP BY route) AS r
        ) AS by_route,
        (
            SELECT coalesce(jsonb_object_agg(t.training_type, t.jobs), '{}')
            FROM (SELECT training_type, sum(jobs) AS jobs FROM counts GROUP BY training_type) AS t
        ) AS by_type,
        (
            SELECT coalesce(jsonb_object_agg(i.priority, i.jobs), '{}')
            FROM (SELECT priority, sum(jobs) AS jobs FROM counts GROUP BY priority) AS i
        ) AS by_priority
    FROM counts AS c
) AS s;

COMMENT ON VIEW training_plan_summary IS 'Plans with their jobs counted, one a row.';
COMMENT ON COLUMN training_plan_summary.plan_id IS 'The plan.';
COMMENT ON COLUMN training_plan_summary.generated_at IS 'When it was made.';
COMMENT ON COLUMN training_plan_summary.routing IS 'Where its decisions came from.';
COMMENT ON COLUMN training_plan_summary.total_jobs IS 'How many jobs it has.';
COMMENT ON COLUMN training_plan_summary.total_cs_jobs IS 'How many of them are cross-sectional.';
COMMENT ON COLUMN training_plan_summary.total_symbol_jobs IS 'How many of them are for one symbol.';
COMMENT ON COLUMN training_plan_summary.total_blocked IS 'How many of them are blocked.';
COMMENT ON COLUMN training_plan_summary.by_route IS 'Jobs of each route: {"ROUTE_BOTH": 23, ...}.';
COMMENT ON COLUMN training_plan_summary.by_type IS 'Jobs of each training type: {"symbol_specific": 54, ...}.';
COMMENT ON COLUMN training_plan_summary.by_priority IS 'Jobs of each priority: {"3": 23, ...}.';

ALTER VIEW training_jobs_by_route OWNER TO @extowner@;
ALTER VIEW training_jobs_by_type OWNER TO @extowner@;
ALTER VIEW training_jobs_by_priority OWNER TO @extowner@;
ALTER VIEW training_plan_summary OWNER TO @extowner@;
-- Documents: plans out as JSON, YAML and Markdown; routing plans and plans in.

CREATE FUNCTION training_plan_to_json(plan_id bigint)
RETURNS json
LANGUAGE C
STABLE
STRICT
PARALLEL RESTRICTED
COST 1000
AS 'MODULE_PATHNAME', 'training_plan_to_json';

COMMENT ON FUNCTION training_plan_to_json(bigint) IS
'A stored plan as JSON: metadata, jobs (highest priority first, then by target and
symbol) and summary. A plan that is not there is an error; so is a document of
1 GB or more, for which there are training_plan_lines() and write_training_plan().';

CREATE FUNCTION training_plan_to_yaml(plan_id bigint)
RETURNS text
LANGUAGE C
STABLE
STRICT
PARALLEL RESTRICTED
COST 1000
AS 'MODULE_PATHNAME', 'training_plan_to_yaml';

COMMENT ON FUNCTION training_plan_to_yaml(bigint) IS
'What training_plan_to_json() says, as YAML in block style. A string is quoted
wherever a reader of YAML 1.1 or 1.2 would take it for something else.';

CREATE FUNCTION training_plan_to_markdown(plan_id bigint)
RETURNS text
LANGUAGE C
STABLE
STRICT
PARALLEL RESTRICTED
COST 1000
AS 'MODULE_PATHNAME', 'training_plan_to_markdown';

COMMENT ON FUNCTION training_plan_to_markdown(bigint) IS
'A stored plan for people, in GitHub''s Markdown: facts and counts, then a section
for each target with its cross-sectional job and a table of its symbols.';

CREATE FUNCTION training_plan_lines(plan_id bigint, format text)
RETURNS SETOF text
LANGUAGE C
STABLE
STRICT
PARALLEL RESTRICTED
COST 1000
ROWS 10000
AS 'MODULE_PATHNAME', 'training_plan_lines';

COMMENT ON FUNCTION training_plan_lines(bigint, text) IS
'The lines of a stored plan''s document, in order, for plans of any size: format
is json, yaml or markdown. They are what the function training_plan_to_ and so on
returns, line by line; the server needs no more memory for a larger plan.';

CREATE FUNCTION write_training_plan(plan_id bigint, directory text)
RETURNS TABLE (path text, bytes bigint)
LANGUAGE C
VOLATILE
PARALLEL UNSAFE
COST 10000
ROWS 1000
AS 'MODULE_PATHNAME', 'write_training_plan';

COMMENT ON FUNCTION write_training_plan(bigint, text) IS
'Writes a stored plan into files on the server and returns their paths and sizes:
training_plan.json, training_plan.yaml and training_plan.md, and the folders
by_target, by_symbol, by_type and by_route with a JSON file for each value.

directory is an absolute path; it is made if its parent exists. Each file appears
whole or not at all, and is on disk when the function returns; like those of COPY,
files stay when the transaction rolls back. Of a name, what could not be a file''s
name becomes % and hexadecimal digits. Needs the rights of pg_write_server_files.';

CREATE FUNCTION routing_decisions(document text)
RETURNS TABLE (
    target text,
    symbol text,
    route text,
    reason text[],
    cs_state text,
    local_state text,
    sample_size bigint,
    model_families text[]
)
LANGUAGE C
IMMUTABLE
STRICT
PARALLEL SAFE
COST 1000
AS 'MODULE_PATHNAME', 'routing_decisions';

COMMENT ON FUNCTION routing_decisions(text) IS
'The decisions of a routing plan in JSON or YAML, as the rows of a routing relation:
a table made from them, or a view over them, can be planned. A document that
begins with a brace is JSON, any other YAML.

What is wrong with the document is an error that says where: by line and column,
or by path, as in targets.fwd_ret_5d.symbols.AAPL.route.';

CREATE FUNCTION load_routing_plan(path text)
RETURNS TABLE (
    target text,
    symbol text,
    route text,
    reason text[],
    cs_state text,
    local_state text,
    sample_size bigint,
    model_families text[]
)
LANGUAGE C
VOLATILE
STRICT
PARALLEL SAFE
COST 1000
AS 'MODULE_PATHNAME', 'load_routing_plan';

COMMENT ON FUNCTION load_routing_plan(text) IS
'What routing_decisions() returns, of a file on the server: an absolute path, also
of a folder, which stands for its routing_plan.json or routing_plan.yaml. Needs
the rights of pg_read_server_files.';

CREATE FUNCTION import_training_plan(document text)
RETURNS bigint
LANGUAGE C
VOLATILE
STRICT
PARALLEL UNSAFE
COST 1000
AS 'MODULE_PATHNAME', 'import_training_plan';

COMMENT ON FUNCTION import_training_plan(text) IS
'Stores the plan of a document in JSON or YAML, as training_plan_to_json() and
training_plan_to_yaml() write it, here or elsewhere, and returns its new plan_id.
It keeps the run_id and generated_at of the document. Needs the right to insert
into training_plans and training_jobs.

What is wrong with the document is an error that says where, as that of
routing_decisions().';

CREATE FUNCTION generate_training_plan_from_routing(
    routing_plan_path text,
    output_dir text,
    model_families text[] DEFAULT NULL,
    include_blocked boolean DEFAULT false
)
RETURNS bigint
LANGUAGE C
VOLATILE
PARALLEL UNSAFE
COST 10000
AS 'MODULE_PATHNAME', 'generate_training_plan_from_routing';

COMMENT ON FUNCTION generate_training_plan_from_routing(text, text, text[], boolean) IS
'From file to files: reads a routing plan as load_routing_plan() does, stores its
jobs as a new plan, as create_training_plan() does, writes the plan''s files as
write_training_plan() does, and returns its plan_id. git_commit, config_hash and
metrics_snapshot are those of the routing plan. If anything fails, no plan is
stored. Needs the rights that these three need.';

ALTER FUNCTION training_plan_to_json(bigint) OWNER TO @extowner@;
ALTER FUNCTION training_plan_to_yaml(bigint) OWNER TO @extowner@;
ALTER FUNCTION training_plan_to_markdown(bigint) OWNER TO @extowner@;
ALTER FUNCTION training_plan_lines(bigint, text) OWNER TO @extowner@;
ALTER FUNCTION write_training_plan(bigint, text) OWNER TO @extowner@;
ALTER FUNCTION routing_decisions(text) OWNER TO @extowner@;
ALTER FUNCTION load_routing_plan(text) OWNER TO @extowner@;
ALTER FUNCTION import_training_plan(text) OWNER TO @extowner@;
ALTER FUNCTION generate_training_plan_from_routing(text, text, text[], boolean) OWNER TO @extowner@;
-- Execution: jobs to workers.
--
-- What changes while a job is worked off is kept apart from the job, and narrow:
-- where it stands, in training_job_queue, and what was, in training_job_history.
-- A place in the queue is written twice for each attempt and never grows; the
-- room in its pages lets both new versions stay in the page of the old one.

CREATE TABLE training_job_queue (
    plan_id bigint NOT NULL,
    priority integer NOT NULL,
    position integer NOT NULL,
    ready_at timestamptz DEFAULT now(),
    state_since timestamptz NOT NULL DEFAULT now(),
    attempt integer NOT NULL DEFAULT 0,
    attempts_forgiven integer NOT NULL DEFAULT 0,
    cancel_requested boolean NOT NULL DEFAULT false,
    job_id text COLLATE "C" NOT NULL,
    state text COLLATE "C" NOT NULL DEFAULT 'pending',
    worker text COLLATE "C",
    PRIMARY KEY (plan_id, job_id),
    FOREIGN KEY (plan_id, job_id) REFERENCES training_jobs ON DELETE CASCADE
) WITH (fillfactor = 60);

CREATE INDEX training_job_queue_claim_idx ON training_job_queue (plan_id, priority DESC, ready_at, position)
WHERE ready_at IS NULL OR ready_at < 'infinity';

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
COMMENT ON COLUMN training_job_queue.state IS 'pending, running, succeeded, failed or cancelled, as it was written; a lease that ran out is for the reader to see.';
COMMENT ON COLUMN training_job_queue.worker IS 'Who runs the job; NULL if nobody does.';
COMMENT ON CONSTRAINT training_job_queue_pkey ON training_job_queue IS 'A job has one place in the queue.';
COMMENT ON CONSTRAINT training_job_queue_plan_id_job_id_fkey ON training_job_queue IS 'A place in the queue is deleted with its job.';
COMMENT ON INDEX training_job_queue_pkey IS 'A place by its plan and job.';
COMMENT ON INDEX training_job_queue_claim_idx IS 'What can be claimed, in the order of claiming, and what may come back.';

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
    PRIMARY KEY (plan_id, job_id, attempt),
    FOREIGN KEY (plan_id, job_id) REFERENCES training_job_queue ON DELETE CASCADE
);

COMMENT ON TABLE training_job_history IS 'The attempts at jobs that have ended, one a row; deleted with their job.';
COMMENT ON COLUMN training_job_history.plan_id IS 'The plan that the job belongs to.';
COMMENT ON COLUMN training_job_history.job_id IS 'The job.';
COMMENT ON COLUMN training_job_history.attempt IS 'The number of the attempt, from 1.';
COMMENT ON COLUMN training_job_history.worker IS 'Who claimed the job.';
COMMENT ON COLUMN training_job_history.started_at IS 'When it was claimed.';
COMMENT ON COLUMN training_job_history.finished_at IS 'When the worker reported, or when the lease ran out.';
COMMENT ON COLUMN training_job_history.outcome IS 'succeeded, failed, cancelled or expired.';
COMMENT ON COLUMN training_job_history.error IS 'What the worker said of a failure.';
COMMENT ON COLUMN training_job_history.result IS 'What the worker said of a success.';
COMMENT ON CONSTRAINT training_job_history_pkey ON training_job_history IS 'An attempt by its plan, job and number.';
COMMENT ON CONSTRAINT training_job_history_plan_id_job_id_fkey ON training_job_history IS 'Attempts are deleted with their job.';
COMMENT ON INDEX training_job_history_pkey IS 'An attempt by its plan, job and number.';

-- Jobs that come by other ways than the functions that store plans.  Whoever may
-- insert them need not have rights on the queue, as with a foreign key.
CREATE FUNCTION queue_training_jobs()
RETURNS trigger
LANGUAGE C
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'queue_training_jobs';

COMMENT ON FUNCTION queue_training_jobs() IS 'Trigger of training_jobs: gives jobs that were inserted their places in training_job_queue.';

CREATE TRIGGER queue
AFTER INSERT ON training_jobs
REFERENCING NEW TABLE AS inserted_jobs
FOR EACH STATEMENT
EXECUTE FUNCTION queue_training_jobs();

COMMENT ON TRIGGER queue ON training_jobs IS 'Gives new jobs their places in the queue.';

CREATE FUNCTION training_job_queue_guard()
RETURNS trigger
LANGUAGE C
AS 'MODULE_PATHNAME', 'training_job_queue_guard';

COMMENT ON FUNCTION training_job_queue_guard() IS
'Trigger of training_job_queue: a row that is restored takes the place of the one that
its job got when it was restored, and a job that is moved by hand can be claimed at once.';

CREATE TRIGGER guard
BEFORE INSERT OR UPDATE ON training_job_queue
FOR EACH ROW
EXECUTE FUNCTION training_job_queue_guard();

COMMENT ON TRIGGER guard ON training_job_queue IS 'Keeps the queue right when it is restored or changed by hand.';

CREATE FUNCTION claim_training_jobs(
    worker text,
    max_jobs integer DEFAULT 1,
    plan_id bigint DEFAULT NULL,
    lease interval DEFAULT '15 minutes',
    families text[] DEFAULT NULL
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

COMMENT ON FUNCTION claim_training_jobs(text, integer, bigint, interval, text[]) IS
'Gives jobs of a plan to a worker, at most max_jobs, for the time of the lease; the
highest priority first, and of one priority those that came back (a lease that ran
out, a retry), then the others in the plan''s order. No two workers get the same job,
and none waits for another.
plan_id NULL means the latest plan. With families, only jobs all of whose families are
among them are claimed. No rows: there is nothing to claim now.
The worker reports with complete_training_job() or fail_training_job(), by plan_id,
job_id and attempt, and asks for more time with extend_training_job_lease(). If it
does not, others can claim the job when the lease has ended; after the plan''s
max_attempts it has failed for good.';

CREATE FUNCTION extend_training_job_lease(
    plan_id bigint,
    job_id text,
    attempt integer,
    lease interval DEFAULT '15 minutes'
)
RETURNS boolean
LANGUAGE C
VOLATILE
PARALLEL UNSAFE
COST 1000
AS 'MODULE_PATHNAME', 'extend_training_job_lease';

COMMENT ON FUNCTION extend_training_job_lease(bigint, text, integer, interval) IS
'Lets a worker keep a job for the time of the lease, from now. False: the job is not
the worker''s any more (the lease ran out, the job was cancelled, the plan deleted),
and it should stop.';

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
the attempt; if the lease ran out or the plan was deleted, nothing is changed.';

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
good. False as of complete_training_job().';

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
running ones when their worker reports next, or when their lease ends.';

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
'Makes the jobs of a plan claimable again that failed for good or were cancelled, or
those of them with these job_ids, this target and this symbol, and returns how many.
Each has the plan''s max_attempts once more.';

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
    WHEN state <> 'running' OR ready_at > statement_timestamp() THEN state
    WHEN cancel_requested THEN 'cancelled'
    WHEN attempts >= max_attempts THEN 'failed'
    ELSE 'pending'
END;

COMMENT ON FUNCTION training_job_state(text, timestamptz, boolean, integer, integer) IS
'The state of a job whose place in training_job_queue says so, at this time: a lease
that ran out leaves the job pending, or cancelled or failed. attempts are those that
count. Used by the views.';

CREATE VIEW training_job_status WITH (security_invoker = true) AS
SELECT
    j.plan_id,
    j.job_id,
    j.target,
    j.symbol,
    j.training_type,
    coalesce(q.priority, j.priority) AS priority,
    CASE j.training_type
        WHEN 'blocked' THEN 'blocked'
        ELSE training_job_state(q.state, q.ready_at, q.cancel_requested, q.attempt - q.attempts_forgiven, p.max_attempts)
    END AS state,
    coalesce(q.attempt, 0) AS attempts,
    coalesce(q.worker, h.worker) AS worker,
    CASE WHEN q.state = 'running' THEN q.state_since ELSE h.started_at END AS started_at,
    CASE WHEN q.state = 'running' THEN q.ready_at END AS lease_expires_at,
    CASE WHEN q.state = 'pending' AND q.attempt > 0 THEN q.ready_at END AS retry_at,
    h.finished_at,
    h.error,
    h.result
FROM training_jobs AS j
JOIN training_plans AS p ON p.plan_id = j.plan_id
LEFT JOIN training_job_queue AS q ON q.plan_id = j.plan_id AND q.job_id = j.job_id
LEFT JOIN training_job_history AS h ON h.plan_id = q.plan_id AND h.job_id = q.job_id AND h.attempt = q.attempt;

COMMENT ON VIEW training_job_status IS 'Where the jobs of plans stand, one a row.';
COMMENT ON COLUMN training_job_status.plan_id IS 'The plan that the job belongs to.';
COMMENT ON COLUMN training_job_status.job_id IS 'The job.';
COMMENT ON COLUMN training_job_status.target IS 'Its target.';
COMMENT ON COLUMN training_job_status.symbol IS 'Its symbol; NULL of a cross-sectional job.';
COMMENT ON COLUMN training_job_status.training_type IS 'Its training type.';
COMMENT ON COLUMN training_job_status.priority IS 'The priority by which it is claimed.';
COMMENT ON COLUMN training_job_status.state IS 'pending (can be claimed, now or at retry_at), running, succeeded, failed (for good), cancelled, or blocked.';
COMMENT ON COLUMN training_job_status.attempts IS 'How often it was claimed; the number of the last attempt, of which the columns behind tell.';
COMMENT ON COLUMN training_job_status.worker IS 'Who claimed it last.';
COMMENT ON COLUMN training_job_status.started_at IS 'When it was claimed last.';
COMMENT ON COLUMN training_job_status.lease_expires_at IS 'When the lease ends, or ran out.';
COMMENT ON COLUMN training_job_status.retry_at IS 'From when it can be claimed again.';
COMMENT ON COLUMN training_job_status.finished_at IS 'When the last attempt ended.';
COMMENT ON COLUMN training_job_status.error IS 'What the worker said if it failed.';
COMMENT ON COLUMN training_job_status.result IS 'What the worker said if it succeeded.';

CREATE VIEW training_job_attempts WITH (security_invoker = true) AS
SELECT plan_id, job_id, attempt, worker, started_at, finished_at, outcome, error, result
FROM training_job_history
UNION ALL
SELECT
    plan_id,
    job_id,
    attempt,
    worker,
    state_since AS started_at,
    CASE WHEN ready_at <= statement_timestamp() THEN ready_at END AS finished_at,
    CASE WHEN ready_at <= statement_timestamp() THEN 'expired' END AS outcome,
    NULL AS error,
    NULL AS result
FROM training_job_queue
WHERE state = 'running';

COMMENT ON VIEW training_job_attempts IS 'All attempts at jobs, ended or not, one a row.';
COMMENT ON COLUMN training_job_attempts.plan_id IS 'The plan that the job belongs to.';
COMMENT ON COLUMN training_job_attempts.job_id IS 'The job.';
COMMENT ON COLUMN training_job_attempts.attempt IS 'The number of the attempt, from 1.';
COMMENT ON COLUMN training_job_attempts.worker IS 'Who claimed the job.';
COMMENT ON COLUMN training_job_attempts.started_at IS 'When it was claimed.';
COMMENT ON COLUMN training_job_attempts.finished_at IS 'When the worker reported, or when the lease ran out; NULL: it runs.';
COMMENT ON COLUMN training_job_attempts.outcome IS 'succeeded, failed, cancelled or expired; NULL: it runs.';
COMMENT ON COLUMN training_job_attempts.error IS 'What the worker said of a failure.';
COMMENT ON COLUMN training_job_attempts.result IS 'What the worker said of a success.';

-- The rate is that of the jobs that ended last, 100 at most, from the end of the
-- oldest of them (of fewer, from the first begin of any) up to now, so that it
-- falls when nothing ends any more.
CREATE VIEW training_plan_progress WITH (security_invoker = true) AS
SELECT
    p.plan_id,
    c.pending + c.running + c.succeeded + c.failed + c.cancelled + b.blocked AS jobs,
    c.pending,
    c.running,
    c.succeeded,
    c.failed,
    c.cancelled,
    b.blocked,
    round(100.0 * (c.succeeded + c.failed + c.cancelled)
        / nullif(c.pending + c.running + c.succeeded + c.failed + c.cancelled, 0), 1) AS percent_done,
    round((3600 * r.per_second)::numeric, 1) AS jobs_per_hour,
    CASE
        WHEN c.pending + c.running = 0 THEN r.newest
        ELSE statement_timestamp() + make_interval(secs => (c.pending + c.running) / nullif(r.per_second, 0))
    END AS expected_end
FROM training_plans AS p
CROSS JOIN LATERAL (
    SELECT
        count(*) FILTER (WHERE s.state = 'pending') AS pending,
        count(*) FILTER (WHERE s.state = 'running') AS running,
        count(*) FILTER (WHERE s.state = 'succeeded') AS succeeded,
        count(*) FILTER (WHERE s.state = 'failed') AS failed,
        count(*) FILTER (WHERE s.state = 'cancelled') AS cancelled
    FROM (
        SELECT training_job_state(q.state, q.ready_at, q.cancel_requested, q.attempt - q.attempts_forgiven, p.max_attempts) AS state
        FROM training_job_queue AS q
        WHERE q.plan_id = p.plan_id
    ) AS s
) AS c
CROSS JOIN LATERAL (
    SELECT count(*) AS blocked
    FROM training_jobs AS j
    WHERE j.plan_id = p.plan_id AND j.training_type = 'blocked' AND p.include_blocked
) AS b
CROSS JOIN LATERAL (
    SELECT
        max(e.ended_at) AS newest,
        CASE count(*)
            WHEN 100 THEN 99
            ELSE count(*)
        END / nullif(extract(epoch FROM
            CASE WHEN c.pending + c.running = 0 THEN max(e.ended_at) ELSE statement_timestamp() END
            - CASE count(*)
                WHEN 100 THEN min(e.ended_at)
                ELSE (SELECT min(h.started_at) FROM training_job_history AS h WHERE h.plan_id = p.plan_id)
            END)::double precision, 0) AS per_second
    FROM (
        SELECT q.state_since AS ended_at
        FROM training_job_queue AS q
        WHERE q.plan_id = p.plan_id AND q.state IN ('succeeded', 'failed')
        ORDER BY q.state_since DESC
        LIMIT 100
    ) AS e
) AS r;

COMMENT ON VIEW training_plan_progress IS 'How far plans are worked off, one a row.';
COMMENT ON COLUMN training_plan_progress.plan_id IS 'The plan.';
COMMENT ON COLUMN training_plan_progress.jobs IS 'How many jobs it has.';
COMMENT ON COLUMN training_plan_progress.pending IS 'How many of them wait to be claimed, or to be tried again.';
COMMENT ON COLUMN training_plan_progress.running IS 'How many a worker has.';
COMMENT ON COLUMN training_plan_progress.succeeded IS 'How many succeeded.';
COMMENT ON COLUMN training_plan_progress.failed IS 'How many failed for good.';
COMMENT ON COLUMN training_plan_progress.cancelled IS 'How many were cancelled.';
COMMENT ON COLUMN training_plan_progress.blocked IS 'How many are blocked, and never claimed.';
COMMENT ON COLUMN training_plan_progress.percent_done IS 'Of the jobs that are not blocked, how many have ended.';
COMMENT ON COLUMN training_plan_progress.jobs_per_hour IS 'How many ended an hour, by the last 100 that succeeded or failed for good; NULL before the first.';
COMMENT ON COLUMN training_plan_progress.expected_end IS 'When all will have ended at that rate; when the last ended, if all have.';

ALTER TABLE training_job_queue OWNER TO @extowner@;
ALTER TABLE training_job_history OWNER TO @extowner@;
ALTER FUNCTION queue_training_jobs() OWNER TO @extowner@;
ALTER FUNCTION training_job_queue_guard() OWNER TO @extowner@;
ALTER FUNCTION claim_training_jobs(text, integer, bigint, interval, text[]) OWNER TO @extowner@;
ALTER FUNCTION extend_training_job_lease(bigint, text, integer, interval) OWNER TO @extowner@;
ALTER FUNCTION complete_training_job(bigint, text, integer, jsonb) OWNER TO @extowner@;
ALTER FUNCTION fail_training_job(bigint, text, integer, text, interval) OWNER TO @extowner@;
ALTER FUNCTION cancel_training_jobs(bigint, text[], text, text) OWNER TO @extowner@;
ALTER FUNCTION retry_training_jobs(bigint, text[], text, text) OWNER TO @extowner@;
ALTER FUNCTION training_job_state(text, timestamptz, boolean, integer, integer) OWNER TO @extowner@;
ALTER VIEW training_job_status OWNER TO @extowner@;
ALTER VIEW training_job_attempts OWNER TO @extowner@;
ALTER VIEW training_plan_progress OWNER TO @extowner@;

-- Where jobs stand is the user's data: pg_dump has to save it.
SELECT pg_catalog.pg_extension_config_dump('training_job_queue', '');
SELECT pg_catalog.pg_extension_config_dump('training_job_history', '');
