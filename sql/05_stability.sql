-- Stability: feature importances into what candidates have of it.

CREATE FUNCTION feature_stability(
    importances regclass,
    top integer DEFAULT 20
)
RETURNS TABLE (
    target text,
    symbol text,
    snapshots bigint,
    mean_overlap double precision,
    std_overlap double precision,
    mean_tau double precision,
    std_tau double precision
)
LANGUAGE C
STABLE
PARALLEL RESTRICTED
COST 10000
AS 'MODULE_PATHNAME', 'feature_stability';

COMMENT ON FUNCTION feature_stability(regclass, integer) IS
'How stable feature importances are from one snapshot to the next: a row for each
target and symbol (NULL: the pooled model), in that order in the C collation. Its
numbers are the columns of the same names of a candidates relation.

importances is any relation with the columns target, symbol, snapshot (of any type that
can be sorted: when it was), feature and importance (a number); it is read with the
caller''s rights. Each snapshot is compared with the one before it. Their overlap is the
Jaccard index of the features that are among the top most important of each; tau is
Kendall''s, of the order of the features that both have, where these are three at least.
A tie in importance is ranked by the feature''s name. The deviations are those of the
population. Where there is nothing to compare, they are NULL.

A NULL, an importance that is NaN, and the same feature twice in a snapshot are errors
that name relation, target, symbol, snapshot and feature.';

GRANT EXECUTE ON FUNCTION feature_stability(regclass, integer) TO @extowner@ WITH GRANT OPTION;
