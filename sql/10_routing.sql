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
    updated_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
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

COMMENT ON FUNCTION routing_policy_touch() IS 'Internal: trigger of routing_policies; sets updated_at.';

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
'Internal: support function of route_training_candidates() and
generate_training_plan(); tells the query planner that there are about as many
decisions or jobs as the relation has rows.';

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
what is no check. A NULL symbol asks for the target as a whole; a symbol that has no
row is explained as well, and a notice says so.';

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

REVOKE ALL ON FUNCTION routing_policy_touch() FROM PUBLIC;

-- The installing role, who owns none of it, can use it and hand that on.
GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON routing_policies TO @extowner@ WITH GRANT OPTION;
GRANT EXECUTE ON FUNCTION
    routing_policy_default(),
    routing_policy_hash(text),
    routing_policy(text),
    route_training_candidates(regclass, text),
    route_training_candidates_by(regclass, text),
    explain_training_route(regclass, text, text, text),
    save_routing_candidates(regclass, text)
TO @extowner@ WITH GRANT OPTION;

-- Policies are the user's data: pg_dump has to save them.
SELECT pg_catalog.pg_extension_config_dump('routing_policies', '');
