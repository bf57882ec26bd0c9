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

GRANT EXECUTE ON FUNCTION generate_training_plan(regclass, text[], boolean) TO @extowner@ WITH GRANT OPTION;
