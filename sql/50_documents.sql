-- Documents: plans and routing plans out as JSON, YAML, Markdown and HTML, and in.

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

CREATE FUNCTION training_plan_to_html(plan_id bigint)
RETURNS text
LANGUAGE C
STABLE
STRICT
PARALLEL RESTRICTED
COST 1000
AS 'MODULE_PATHNAME', 'training_plan_to_html';

COMMENT ON FUNCTION training_plan_to_html(bigint) IS
'A stored plan as a page to look at, one file that loads nothing: facts and counts, and
the map, a row a target and a column a symbol, the pooled model first, coloured by route
or by where the job stands, with filters and orders. Where jobs stand is on it if the
caller may read training_job_queue; reasons are, of plans of up to 100,000 jobs. It has
only ASCII characters, and is the same in any encoding.';

CREATE FUNCTION training_plan_to_svg(plan_id bigint)
RETURNS text
LANGUAGE C
STABLE
STRICT
PARALLEL RESTRICTED
COST 1000
AS 'MODULE_PATHNAME', 'training_plan_to_svg';

COMMENT ON FUNCTION training_plan_to_svg(bigint) IS
'The map of a stored plan alone, as a picture in SVG of 500 by 500 cells at most: a row a
target, a column a symbol, the pooled model first, coloured by route. Of a larger plan a
cell stands for several targets and symbols, has the colour of the route that most of their
jobs have, and the picture says so.';

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
is json, yaml, markdown or html. They are what the function training_plan_to_ and so on
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
training_plan.json, training_plan.yaml, training_plan.md and training_plan.html, and the
folders by_target, by_symbol, by_type and by_route with a JSON file for each value.

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

CREATE FUNCTION routing_plan_to_json(decisions regclass)
RETURNS json
LANGUAGE C
STABLE
STRICT
PARALLEL RESTRICTED
COST 1000
AS 'MODULE_PATHNAME', 'routing_plan_to_json';

COMMENT ON FUNCTION routing_plan_to_json(regclass) IS
'The decisions of a routing relation as a routing plan in JSON, by target and symbol:
routing_decisions() makes the same rows of it. The relation is read with the caller''s
rights and checked as generate_training_plan() does. A document of 1 GB or more is an
error; for that there is routing_plan_lines().';

CREATE FUNCTION routing_plan_to_yaml(decisions regclass)
RETURNS text
LANGUAGE C
STABLE
STRICT
PARALLEL RESTRICTED
COST 1000
AS 'MODULE_PATHNAME', 'routing_plan_to_yaml';

COMMENT ON FUNCTION routing_plan_to_yaml(regclass) IS
'What routing_plan_to_json() says, as YAML in block style. A string is quoted wherever
a reader of YAML 1.1 or 1.2 would take it for something else.';

CREATE FUNCTION routing_plan_to_markdown(decisions regclass)
RETURNS text
LANGUAGE C
STABLE
STRICT
PARALLEL RESTRICTED
COST 1000
AS 'MODULE_PATHNAME', 'routing_plan_to_markdown';

COMMENT ON FUNCTION routing_plan_to_markdown(regclass) IS
'The decisions of a routing relation for people, in GitHub''s Markdown: facts and counts,
then a section for each target with its own decision and a table of its symbols.';

CREATE FUNCTION routing_plan_lines(decisions regclass, format text)
RETURNS SETOF text
LANGUAGE C
STABLE
STRICT
PARALLEL RESTRICTED
COST 1000
ROWS 10000
AS 'MODULE_PATHNAME', 'routing_plan_lines';

COMMENT ON FUNCTION routing_plan_lines(regclass, text) IS
'The lines of a routing plan''s document, in order, for routing relations of any size:
format is json, yaml or markdown. They are what the function routing_plan_to_ and so
on returns, line by line; the server needs no more memory for a larger relation.';

CREATE FUNCTION import_training_plan(document text, pooled_first boolean DEFAULT false)
RETURNS bigint
LANGUAGE C
VOLATILE
STRICT
PARALLEL UNSAFE
COST 1000
AS 'MODULE_PATHNAME', 'import_training_plan';

COMMENT ON FUNCTION import_training_plan(text, boolean) IS
'Stores the plan of a document in JSON or YAML, as training_plan_to_json() and
training_plan_to_yaml() write it, here or elsewhere, and returns its new plan_id.
It keeps the run_id and generated_at of the document, which does not say whether jobs
wait for the pooled model of their target; pooled_first does, as for
create_training_plan(). Needs the right to insert into training_plans and training_jobs.

What is wrong with the document is an error that says where, as that of
routing_decisions().';

CREATE FUNCTION generate_training_plan_from_routing(
    routing_plan_path text,
    output_dir text,
    model_families text[] DEFAULT NULL,
    include_blocked boolean DEFAULT false,
    pooled_first boolean DEFAULT false
)
RETURNS bigint
LANGUAGE C
VOLATILE
PARALLEL UNSAFE
COST 10000
AS 'MODULE_PATHNAME', 'generate_training_plan_from_routing';

COMMENT ON FUNCTION generate_training_plan_from_routing(text, text, text[], boolean, boolean) IS
'From file to files: reads a routing plan as load_routing_plan() does, stores its
jobs as a new plan, as create_training_plan() does, writes the plan''s files as
write_training_plan() does, and returns its plan_id. git_commit, config_hash and
metrics_snapshot are those of the routing plan; pooled_first is that of
create_training_plan(). If anything fails, no plan is stored. Needs the rights that
these three need.';

GRANT EXECUTE ON FUNCTION
    training_plan_to_json(bigint),
    training_plan_to_yaml(bigint),
    training_plan_to_markdown(bigint),
    training_plan_to_html(bigint),
    training_plan_to_svg(bigint),
    training_plan_lines(bigint, text),
    write_training_plan(bigint, text),
    routing_decisions(text),
    load_routing_plan(text),
    routing_plan_to_json(regclass),
    routing_plan_to_yaml(regclass),
    routing_plan_to_markdown(regclass),
    routing_plan_lines(regclass, text),
    import_training_plan(text, boolean),
    generate_training_plan_from_routing(text, text, text[], boolean, boolean)
TO @extowner@ WITH GRANT OPTION;
