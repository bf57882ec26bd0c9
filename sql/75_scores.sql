-- Scores: what successes say of how good a model is, as numbers for SQL to rank.

-- Each result is looked into once.  The functions ending in _tz know no path that is an
-- error on some results only; a number that double precision can't hold is none.
CREATE FUNCTION training_scores(
    metric jsonpath DEFAULT '$.score'
)
RETURNS TABLE (
    target text,
    symbol text,
    training_type text,
    model_families text[],
    plan_id bigint,
    job_id text,
    attempt integer,
    finished_at timestamptz,
    git_commit text,
    score double precision
)
LANGUAGE SQL
STABLE
PARALLEL SAFE
BEGIN ATOMIC
    SELECT h.target, h.symbol, h.training_type, h.model_families, h.plan_id, h.job_id, h.attempt, h.finished_at, h.git_commit, s.score
    FROM training_job_history AS h
    CROSS JOIN LATERAL (
        SELECT pg_catalog.jsonb_path_query_first(
            pg_catalog.jsonb_path_query_array_tz(h.result, coalesce(metric, '$.score'), '{}', true),
            'strict $[*] ? (@.type() == "number" && exists (@.double()))', '{}', true)::double precision AS score
        OFFSET 0
    ) AS s
    WHERE h.outcome = 'succeeded' AND s.score IS NOT NULL;
END;

COMMENT ON FUNCTION training_scores(jsonpath) IS
'The successes whose result has a number at a path, with that number: for SQL to rank.
They are those of training_job_history, also of plans that are deleted.

metric is the path: ''$.auc'', ''$.families.ridge.score''; NULL means the default. Where it
finds several, the first one counts that is a number which double precision can hold;
strings, arrays and what has no such number are left out. A path that can''t be followed
within a result finds nothing there, and is no error.';

GRANT EXECUTE ON FUNCTION training_scores(jsonpath) TO @extowner@ WITH GRANT OPTION;
