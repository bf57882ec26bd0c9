-- Planning: routing decisions to training jobs.

CREATE FUNCTION training_plan_rows(internal)
RETURNS internal
LANGUAGE C
STRICT
PARALLEL SAFE
AS 'MODULE_PATHNAME', 'training_plan_rows';

COMMENT ON FUNCTION training_plan_rows(internal) IS
'Planner support function of generate_training_plan(): estimates its rows by those of the routing relation.';

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
COST 10000
SUPPORT training_plan_rows
AS 'MODULE_PATHNAME', 'generate_training_plan';

COMMENT ON FUNCTION generate_training_plan(regclass, text[], boolean) IS
'The jobs that the decisions of a routing relation make, as rows: highest priority first, then by target and symbol. Stores nothing.';
