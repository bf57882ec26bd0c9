-- Plans: training jobs that are stored.

CREATE TABLE training_plans (
    plan_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    run_id text COLLATE "C" NOT NULL DEFAULT to_char(now() AT TIME ZONE 'UTC', 'YYYYMMDD_HH24MISS'),
    generated_at timestamptz NOT NULL DEFAULT now(),
    routing text COLLATE "C" NOT NULL,
    model_families text[] COLLATE "C" NOT NULL,
    include_blocked boolean NOT NULL,
    git_commit text COLLATE "C",
    config_hash text COLLATE "C",
    metrics_snapshot text COLLATE "C",
    total_jobs bigint NOT NULL
);

CREATE TABLE training_jobs (
    plan_id bigint NOT NULL REFERENCES training_plans ON DELETE CASCADE,
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
COST 10000
AS 'MODULE_PATHNAME', 'create_training_plan';
