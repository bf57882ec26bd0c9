-- Routing: candidates to decisions.

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
AS 'MODULE_PATHNAME', 'route_training_candidates';
