-- Comparisons: what changed from one plan to another.

CREATE FUNCTION compare_training_plans(before bigint, after bigint)
RETURNS TABLE (
    target text,
    symbol text,
    change text,
    job_before text,
    job_after text,
    columns text[],
    before jsonb,
    after jsonb,
    reason_before text,
    reason_after text
)
LANGUAGE C
STABLE
PARALLEL RESTRICTED
COST 1000
ROWS 1000
AS 'MODULE_PATHNAME', 'compare_training_plans';

COMMENT ON FUNCTION compare_training_plans(bigint, bigint) IS
'What a worker would do otherwise by one stored plan than by another: a row for each
target and symbol whose job was added, removed or changed, in their order (C collation,
the target''s own job first).

Compared are route, training_type, model_families (in any order), priority and
needs_cs_ensemble: columns names those that differ, before and after have their values;
of a job that was added or removed, all of them. A blocked job counts as none, but its
reason is shown. Memory does not grow with the plans.';

CREATE FUNCTION compare_training_plans_to_markdown(before bigint, after bigint)
RETURNS text
LANGUAGE C
STABLE
PARALLEL RESTRICTED
COST 1000
AS 'MODULE_PATHNAME', 'compare_training_plans_to_markdown';

COMMENT ON FUNCTION compare_training_plans_to_markdown(bigint, bigint) IS
'What compare_training_plans() says for people, in GitHub''s Markdown, to be posted under
a merge request: one line that counts what was added, removed, changed and is as before,
then a table for each kind of change, with reasons.';

CREATE FUNCTION compare_training_plans_to_html(before bigint, after bigint)
RETURNS text
LANGUAGE C
STABLE
PARALLEL RESTRICTED
COST 1000
AS 'MODULE_PATHNAME', 'compare_training_plans_to_html';

COMMENT ON FUNCTION compare_training_plans_to_html(bigint, bigint) IS
'What compare_training_plans() says as a page to look at, as that of training_plan_to_html():
the map of both plans together, coloured by what was added, removed, changed and is as
before. Reasons before and after are on it if no more than 100,000 jobs differ.';

GRANT EXECUTE ON FUNCTION
    compare_training_plans(bigint, bigint),
    compare_training_plans_to_markdown(bigint, bigint),
    compare_training_plans_to_html(bigint, bigint)
TO @extowner@ WITH GRANT OPTION;
