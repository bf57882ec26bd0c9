-- Planning: decisions to jobs.

CREATE FUNCTION training_plan_rows(internal)
RETURNS internal
LANGUAGE C
STABLE
STRICT
PARALLEL SAFE
AS 'MODULE_PATHNAME', 'training_plan_rows';

COMMENT ON FUNCTION training_plan_rows(internal) IS
'Support function of generate_training_plan(): tells the query planner that the routing relation''s rows are about as many jobs. Not for calling.';

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
'Turns the decisions of a routing relation into training jobs, one a row: highest priority first, then by target and symbol in the order of the C collation. Stores nothing. families are the model families of every job whose decision has none of its own; NULL means {lightgbm,xgboost}. include_blocked adds a job of type blocked for every blocked symbol. Reads the relation with the caller''s rights; any error in a decision names relation, target and symbol.';

ALTER FUNCTION training_plan_rows(internal) OWNER TO @extowner@;
ALTER FUNCTION generate_training_plan(regclass, text[], boolean) OWNER TO @extowner@;
