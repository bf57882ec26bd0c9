"""What a round of calls begins with, and what is then done to it by hand."""

from values import LONG_TEXTS, TEXTS, WORDS, quote

ROLES = ["calls_owner", "calls_planner", "calls_scheduler", "calls_analyst", "calls_nobody"]

# Statements of a superuser, before the extension is there.
ROLES_SQL = [
    f"DO $$ BEGIN CREATE ROLE {role} LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$" for role in ROLES
]

# Relations to plan and route from, good, odd and hostile ones.
RELATIONS_SQL = """
CREATE TABLE decisions (target text, symbol text, route text, reason text[], cs_state text, local_state text, sample_size bigint, model_families text[]);
INSERT INTO decisions SELECT 't' || t, CASE WHEN s > 0 THEN 's' || s END,
    CASE WHEN s = 0 THEN 'ENABLED' ELSE (ARRAY['ROUTE_BOTH', 'ROUTE_SYMBOL_SPECIFIC', 'ROUTE_EXPERIMENTAL_ONLY', 'ROUTE_BLOCKED', 'ROUTE_CROSS_SECTIONAL'])[1 + (s + t) % 5] END,
    ARRAY['because'], 'STRONG', 'WEAK_BUT_OK', 100 * s, CASE WHEN s % 3 = 0 THEN ARRAY['ridge', 'lightgbm'] END
FROM generate_series(1, 4) AS t, generate_series(0, 6) AS s;
CREATE TABLE candidates (target text, symbol text, score double precision, sample_size bigint, stability text, leakage_status text, task_type text,
    mean_overlap double precision, std_overlap double precision, mean_tau double precision, std_tau double precision, snapshot integer, feature text, importance real);
INSERT INTO candidates SELECT 't' || t || '_' || (ARRAY['5m', '4h', '1d', 'x'])[t], CASE WHEN s > 0 THEN 's' || s END, 0.4 + 0.05 * s, 2000 * (s + 1),
    (ARRAY['STABLE', 'DRIFTING', 'UNKNOWN', NULL])[1 + s % 4], 'SAFE', CASE WHEN t % 2 = 0 THEN 'CLASSIFICATION' ELSE 'REGRESSION' END, 0.8, 0.1, 0.7, 0.1, 1, 'f', 1
FROM generate_series(1, 4) AS t, generate_series(0, 6) AS s;
CREATE VIEW decisions_view AS SELECT * FROM decisions;
CREATE MATERIALIZED VIEW candidates_matview AS SELECT * FROM candidates;
CREATE MATERIALIZED VIEW empty_matview AS SELECT * FROM candidates WITH NO DATA;
CREATE TABLE decisions_parts (LIKE decisions) PARTITION BY LIST (target);
CREATE TABLE decisions_part PARTITION OF decisions_parts DEFAULT;
INSERT INTO decisions_parts SELECT * FROM decisions;
CREATE TABLE candidates_parent (LIKE candidates);
CREATE TABLE candidates_child (extra text) INHERITS (candidates_parent);
INSERT INTO candidates_child SELECT * FROM candidates;
CREATE TABLE nothing ();
INSERT INTO nothing DEFAULT VALUES;
CREATE TABLE dropped_columns (a integer, target text, b text, symbol text, c integer, route text, score double precision, sample_size bigint);
ALTER TABLE dropped_columns DROP COLUMN a, DROP COLUMN c, DROP COLUMN b;
INSERT INTO dropped_columns VALUES ('t', 's', 'ROUTE_BOTH', 1, 1), ('t', NULL, 'ENABLED', 0.5, 9000);
CREATE TYPE a_route AS ENUM ('ENABLED', 'ROUTE_BOTH', 'ROUTE_BLOCKED');
CREATE TYPE a_composite AS (target text, symbol text);
CREATE DOMAIN a_name AS varchar(100) CHECK (VALUE <> 'forbidden');
CREATE TABLE odd_types (target name, symbol a_name, route a_route, reason jsonb, sample_size smallint, score numeric, model_families varchar[], cs_state char(12));
INSERT INTO odd_types VALUES ('t', 's', 'ROUTE_BOTH', '["a", "b"]', 5, 0.5, '{a,b}', 'STRONG'), ('t', NULL, 'ENABLED', '"x"', 1, 'NaN', NULL, 'UNKNOWN'),
    ('u', 's', 'ROUTE_BOTH', '{"a": 1}', -5, NULL, '{{a},{b}}', NULL);
CREATE TABLE wrong_types (target integer, symbol bytea, route a_composite, score text, sample_size double precision, reason point);
INSERT INTO wrong_types VALUES (1, 'x', ROW('a', 'b'), 'high', 1.5, '(1,2)');
CREATE TABLE odd_rows (LIKE decisions);
CREATE TABLE long_rows (LIKE decisions);
INSERT INTO long_rows SELECT repeat('x', n), repeat('y', n) || n, 'ROUTE_BOTH', array_fill(repeat('z', n), ARRAY[10]) FROM unnest('{10,1000,3000,100000}'::integer[]) AS n;
CREATE TABLE many_rows (LIKE decisions);
INSERT INTO many_rows SELECT 't' || n % 40, 's' || n, 'ROUTE_BOTH', '{why}', 'STRONG', 'STRONG', n FROM generate_series(1, 3000) AS n;
CREATE VIEW many_candidates AS SELECT target, symbol, 0.6 AS score, sample_size * 100 AS sample_size FROM many_rows;
CREATE VIEW broken_view AS SELECT target, symbol, CASE WHEN 10 / (sample_size - 300) > -1000 THEN route END AS route, 1 / (sample_size - 300)::double precision AS score, sample_size FROM decisions;
CREATE FUNCTION meddle() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    what text := nullif(current_setting('calls.meddle', true), '');
BEGIN
    IF what IS NOT NULL THEN
        PERFORM set_config('calls.meddle', '', false);
        EXECUTE what;
    END IF;
    RETURN NULL;
END $$;
CREATE FUNCTION meddle_and_catch() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    state text;
BEGIN
    RETURN meddle();
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE;
    IF state LIKE 'XX%' THEN RAISE; END IF;
    RETURN NULL;
END $$;
CREATE FUNCTION meddling_trigger() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM meddle(); RETURN NEW; END $$;
CREATE FUNCTION quiet_trigger() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
CREATE FUNCTION plain_trigger() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE VIEW meddling AS SELECT target, symbol, coalesce(CASE WHEN symbol = 's2' THEN meddle() END, route) AS route, reason, 0.6 AS score, sample_size FROM decisions;
CREATE VIEW meddling_and_catching AS SELECT target, coalesce(CASE WHEN symbol = 's3' THEN meddle_and_catch() END, symbol) AS symbol, route, 0.6 AS score, sample_size FROM decisions;
CREATE TABLE secured AS SELECT * FROM decisions;
ALTER TABLE secured ENABLE ROW LEVEL SECURITY;
CREATE POLICY part ON secured USING (symbol <> 's1' OR meddle() IS NULL);
CREATE UNLOGGED TABLE toasted AS SELECT target, symbol, route, ARRAY(SELECT md5(n::text) FROM generate_series(1, 500) AS n) AS reason FROM decisions;
CREATE SEQUENCE a_sequence;
CREATE SCHEMA "The ""quant"" desk";
CREATE TABLE "The ""quant"" desk".d\u00e9cisions AS SELECT * FROM decisions;
CREATE SCHEMA hostile;
CREATE FUNCTION hostile.equal(text, text) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT false';
CREATE OPERATOR hostile.= (LEFTARG = text, RIGHTARG = text, FUNCTION = hostile.equal);
CREATE FUNCTION hostile.equal(bigint, bigint) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT NULL::boolean';
CREATE OPERATOR hostile.= (LEFTARG = bigint, RIGHTARG = bigint, FUNCTION = hostile.equal);
CREATE FUNCTION hostile.now() RETURNS text LANGUAGE sql AS $$ SELECT 'now' $$;
CREATE FUNCTION hostile.max(bigint) RETURNS bigint LANGUAGE sql AS 'SELECT 7';
CREATE TABLE hostile.training_jobs (plan_id text);
CREATE TABLE hostile.training_job_queue (job_id integer);
CREATE VIEW hostile.training_plans AS SELECT 'x' AS plan_id;
DO $$ BEGIN
    CREATE EXTENSION file_fdw;
    CREATE SERVER files FOREIGN DATA WRAPPER file_fdw;
    CREATE FOREIGN TABLE foreign_file (target text, symbol text, route text) SERVER files OPTIONS (program 'printf ''t,s,ROUTE_BOTH\\nt,,ENABLED\\n''', format 'csv');
    CREATE FOREIGN TABLE foreign_missing (target text, symbol text, route text) SERVER files OPTIONS (filename '/nonexistent');
EXCEPTION WHEN OTHERS THEN
    RAISE NOTICE 'no file_fdw: %', SQLERRM;
    CREATE FOREIGN DATA WRAPPER none;
    CREATE SERVER files FOREIGN DATA WRAPPER none;
    CREATE FOREIGN TABLE foreign_file (target text, symbol text, route text) SERVER files;
    CREATE FOREIGN TABLE foreign_missing (target text, symbol text, route text) SERVER files;
END $$;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO public;
GRANT USAGE ON SCHEMA public, "The ""quant"" desk", hostile TO public;
GRANT SELECT ON ALL TABLES IN SCHEMA "The ""quant"" desk", hostile TO public;
GRANT CREATE, USAGE ON SCHEMA public TO calls_owner, calls_planner;
"""

NAMES = [
    "decisions", "decisions", "decisions_view", "candidates", "candidates", "candidates_matview", "empty_matview", "decisions_parts",
    "decisions_part", "candidates_parent", "candidates_child", "nothing", "dropped_columns", "odd_types", "wrong_types", "odd_rows", "odd_rows",
    "long_rows", "many_rows", "many_candidates", "broken_view", "meddling", "meddling", "meddling_and_catching", "secured", "toasted",
    "a_sequence", "a_composite", '"The ""quant"" desk".d\u00e9cisions', "foreign_file", "foreign_missing", "pg_class", "pg_stat_activity",
    "pg_class_oid_index", "information_schema.tables", "pg_temp.own",
]


def relations(schema, members):
    """Expressions of type regclass; members are the extension's relations."""
    named = [f"'{name.replace(chr(39), chr(39) * 2)}'::regclass" for name in NAMES + [f"{schema}.{name}" for name in members]]
    return named + [
        "0::regclass", "1::regclass", "4294967295::regclass",
        "(SELECT oid FROM pg_class WHERE relpersistence = 't' ORDER BY oid DESC LIMIT 1)::regclass",
        "(SELECT reltoastrelid FROM pg_class WHERE relname = 'toasted')::regclass",
    ]


def fill(schema):
    """Plans, and some of their jobs in every state."""
    return [
        f"INSERT INTO {schema}.routing_policies (name, policy) VALUES ('ours', {schema}.routing_policy_default()), ('theirs', replace({schema}.routing_policy_default(), '0.5', '0.6'))",
        f"SELECT {schema}.create_training_plan('decisions', include_blocked => true)",
        f"SELECT {schema}.create_training_plan('decisions', '{{ridge}}')",
        f"SELECT {schema}.plan_training('candidates')",
        f"SELECT {schema}.complete_training_job(plan_id, job_id, attempt, '{{\"score\": 0.7}}') FROM {schema}.claim_training_jobs('w1', 3, 1)",
        f"SELECT {schema}.fail_training_job(plan_id, job_id, attempt, 'no') FROM {schema}.claim_training_jobs('w2', 2, 1)",
        f"SELECT count(*) FROM {schema}.claim_training_jobs('w3', 3, 1)",
        f"SELECT count(*) FROM {schema}.claim_training_jobs('w4', 2, 1, '1 microsecond')",
        f"SELECT {schema}.cancel_training_jobs(1, symbol => 's4')",
    ]


class Damage:
    """Edits by hand of what the extension keeps.  tables are the extension's, each
    with columns (name, type, not null, generated), indexes, constraints, triggers;
    functions are (signature, strict)."""

    def __init__(self, rng, schema, values, tables, functions):
        self.rng = rng
        self.schema = schema
        self.values = values
        self.tables = tables
        self.functions = functions

    def _table(self):
        weights = [4 if name in ("training_job_queue", "training_jobs") else 2 for name in self.tables]
        name = self.rng.choices(list(self.tables), weights)[0]
        return f"{self.schema}.{name}", self.tables[name]

    def _value(self, column, type_name):
        kind = self.rng.random()
        if type_name == "text" and kind < 0.6:
            return self.rng.choice([quote(self.rng.choice(WORDS + TEXTS)), "NULL", f"{column} || 'x'", self.values.of_jobs("job_id")])
        return self.values.make(type_name, column)

    def rows(self):
        """A hand edit of rows."""
        rng = self.rng
        name, table = self._table()
        some = f"WHERE ctid = ANY (ARRAY(SELECT ctid FROM {name} ORDER BY ctid OFFSET {rng.choice([0, 0, 1, 5])} LIMIT {rng.choice([1, 1, 3, 100])}))"
        columns = [c for c in table["columns"] if not c[3]]
        kind = rng.random()
        if kind < 0.15:
            column = rng.choice(columns)[0]
            return f"ALTER TABLE {name} ALTER COLUMN {column} DROP NOT NULL; UPDATE {name} SET {column} = NULL {some}"
        if kind < 0.65:
            edits = ", ".join(f"{c[0]} = {self._value(c[0], c[1])}" for c in rng.sample(columns, rng.choice([1, 1, 1, 2, 3])))
            return f"UPDATE {name} SET {edits} {some}"
        if kind < 0.8:
            return f"DELETE FROM {name} {some}"
        if kind < 0.98:
            names = ", ".join(c[0] for c in columns)
            made = ", ".join(c[0] if rng.random() < 0.6 else self._value(c[0], c[1]) for c in columns)
            return f"INSERT INTO {name} ({names}) OVERRIDING SYSTEM VALUE SELECT {made} FROM {name} {some}"
        return f"TRUNCATE {name} CASCADE"

    def odd_row(self):
        """Decisions with odd words in them, in a table of their own."""
        rng = self.rng
        word = lambda: rng.choice([quote(rng.choice(WORDS)), quote(rng.choice(TEXTS)), "NULL", "'t1'", "'s1'", "'ENABLED'", "'ROUTE_BOTH'"])
        return (f"INSERT INTO odd_rows SELECT {word()}, {word()}, {word()}, {rng.choice(['NULL', self.values.make('text[]', 'reason')])}, {word()}, {word()}, "
                f"{self.values.make('bigint', 'sample_size')}, {rng.choice(['NULL', self.values.make('text[]', 'families')])} FROM generate_series(1, {rng.choice([1, 1, 2])})")

    def shape(self):
        """A change of what the extension's tables, indexes, triggers and functions are."""
        rng = self.rng
        name, table = self._table()
        bare = name.split(".")[-1]
        column, type_name, _, _ = rng.choice(table["columns"])
        index = rng.choice(table["indexes"] or ["none"])
        constraint = rng.choice(table["constraints"] or ["none"])
        trigger = rng.choice(table["triggers"] or ["none"])
        function, _ = rng.choice(self.functions)
        types = ["text", "varchar(5)", "name", "integer", "bigint", "numeric", "jsonb", "text[]", "bytea", "double precision", "timestamptz", "date", "oid", "a_name", "a_route", "boolean"]
        other = rng.choice(types)
        when, level = rng.choice([("BEFORE", "ROW"), ("BEFORE", "ROW"), ("AFTER", "ROW"), ("AFTER", "STATEMENT"), ("BEFORE", "STATEMENT")])
        trigger_functions = ["meddling_trigger", "quiet_trigger", "plain_trigger"] + [f.split("(")[0] for f, _ in self.functions if f in self.trigger_functions]
        same = f"({', '.join(c[0] for c in table['columns'])})"
        method = rng.choice(["btree", "hash", "brin", "gin"])
        return rng.choice([
            lambda: f"ALTER TABLE {name} ADD COLUMN extra {other}{rng.choice(['', ' DEFAULT NULL', ' GENERATED ALWAYS AS (NULL) STORED', ' NOT NULL'])}",
            lambda: f"ALTER TABLE {name} ADD COLUMN extra text DEFAULT 'x' NOT NULL",
            lambda: f"ALTER TABLE {name} DROP COLUMN {column} CASCADE",
            lambda: f"ALTER TABLE {name} DROP COLUMN {column} CASCADE, ADD COLUMN {column} {rng.choice([type_name, other])}",
            lambda: f"ALTER TABLE {name} ALTER COLUMN {column} TYPE {other} USING {rng.choice([f'{column}::text::{other}', f'NULL::{other}'])}",
            lambda: f"ALTER TABLE {name} ALTER COLUMN {column} DROP NOT NULL",
            lambda: f"ALTER TABLE {name} ALTER COLUMN {column} SET NOT NULL",
            lambda: f"ALTER TABLE {name} ALTER COLUMN {column} SET DEFAULT {self.values.make(type_name, column)}",
            lambda: f"ALTER TABLE {name} ALTER COLUMN {column} DROP DEFAULT",
            lambda: f"ALTER TABLE {name} ALTER COLUMN {column} DROP IDENTITY IF EXISTS",
            lambda: f"ALTER TABLE {name} RENAME COLUMN {column} TO {rng.choice(['other', 'plan', chr(34) + 'Odd ' + chr(34)])}",
            lambda: f"ALTER TABLE {name} RENAME TO {bare}_old",
            lambda: f"ALTER TABLE {name} RENAME TO {bare}_old; CREATE VIEW {name} AS SELECT * FROM {name}_old",
            lambda: f"ALTER TABLE {name} RENAME TO {bare}_old; CREATE TABLE {name} (LIKE {name}_old INCLUDING ALL)",
            lambda: f"ALTER TABLE {name} RENAME TO {bare}_old; CREATE TABLE {name} (LIKE {name}_old) PARTITION BY LIST ({column}); CREATE TABLE {name}_part PARTITION OF {name} DEFAULT",
            lambda: f"ALTER TABLE {name} RENAME TO {bare}_old; CREATE MATERIALIZED VIEW {name} AS SELECT * FROM {name}_old",
            lambda: f"ALTER TABLE {name} RENAME TO {bare}_old; CREATE FOREIGN TABLE {name} (plan_id bigint, job_id text) SERVER files",
            lambda: f"CREATE TABLE {name}_child () INHERITS ({name}); INSERT INTO {name}_child SELECT * FROM ONLY {name}",
            lambda: f"CREATE TEMPORARY TABLE {bare} (LIKE {name})",
            lambda: f"ALTER TABLE {name} SET SCHEMA public",
            lambda: f"ALTER TABLE {name} {rng.choice(['ENABLE', 'FORCE', 'DISABLE'])} ROW LEVEL SECURITY",
            lambda: f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY; CREATE POLICY p{rng.randrange(100)} ON {name} USING ({rng.choice(['true', 'false', 'plan_id = 1', 'meddle() IS NULL', '1 / 0 = 1'])})",
            lambda: f"ALTER TABLE {name} {rng.choice(['DISABLE', 'ENABLE', 'ENABLE ALWAYS', 'ENABLE REPLICA'])} TRIGGER {trigger}",
            lambda: f"ALTER TABLE {name} {rng.choice(['DISABLE', 'ENABLE'])} TRIGGER {rng.choice(['ALL', 'USER'])}",
            lambda: f"DROP TRIGGER {trigger} ON {name}",
            lambda: f"CREATE TRIGGER {rng.choice('az')}{rng.randrange(100)} {when} {rng.choice(['INSERT', 'UPDATE', 'DELETE', 'INSERT OR UPDATE'])} ON {name} FOR EACH {level} EXECUTE FUNCTION {rng.choice(trigger_functions)}()",
            lambda: f"CREATE TRIGGER {rng.choice('az')}{rng.randrange(100)} AFTER {rng.choice(['INSERT', 'UPDATE', 'DELETE'])} ON {name} REFERENCING {rng.choice(['NEW', 'OLD'])} TABLE AS {rng.choice(['inserted_jobs', 'rows'])} FOR EACH STATEMENT EXECUTE FUNCTION {rng.choice(trigger_functions)}()",
            lambda: f"CREATE RULE r{rng.randrange(100)} AS ON {rng.choice(['INSERT', 'UPDATE', 'DELETE'])} TO {name} DO {rng.choice(['INSTEAD NOTHING', 'ALSO NOTHING', 'ALSO SELECT meddle()'])}",
            lambda: f"ALTER TABLE {name} ADD CONSTRAINT c{rng.randrange(100)} CHECK ({rng.choice(['false', 'meddle() IS NULL', column + ' IS NULL', column + ' IS NOT NULL'])}) NOT VALID",
            lambda: f"ALTER TABLE {name} DROP CONSTRAINT {constraint} CASCADE",
            lambda: f"DROP INDEX {self.schema}.{index}",
            lambda: f"DROP INDEX {self.schema}.{index}; CREATE INDEX {index} ON {name} USING {method} ({column})",
            lambda: f"DROP INDEX {self.schema}.{index}; CREATE INDEX {index} ON {name} ({', '.join(rng.choice([c[0], c[0] + ' DESC', c[0] + ' NULLS FIRST']) for c in rng.sample(table['columns'], 2))}){rng.choice(['', ' WHERE plan_id > 1'])}",
            lambda: f"ALTER TABLE {name} DROP CONSTRAINT {constraint} CASCADE; CREATE INDEX {constraint} ON {name} USING {method} ({column})",
            lambda: f"CREATE UNIQUE INDEX u{rng.randrange(100)} ON {name} ({column})",
            lambda: f"CREATE INDEX e{rng.randrange(100)} ON {name} (({column}::text || coalesce(meddle(), '')))",
            lambda: f"CREATE INDEX e{rng.randrange(100)} ON {name} (coalesce({column}::text, 'none'))",
            lambda: f"ALTER TABLE {name} SET {rng.choice(['UNLOGGED', '(fillfactor = 10)', 'WITHOUT CLUSTER', '(autovacuum_enabled = false)'])}",
            lambda: f"{rng.choice(['VACUUM', 'VACUUM FULL', 'ANALYZE', 'VACUUM FREEZE'])} {name}",
            lambda: f"REINDEX TABLE {name}",
            lambda: f"CLUSTER {name} USING {index}",
            lambda: f"ALTER SEQUENCE {self.schema}.training_plans_plan_id_seq {rng.choice(['RESTART WITH 2', 'MAXVALUE 5 RESTART WITH 5', 'INCREMENT BY -1', 'OWNED BY NONE', 'CYCLE'])}",
            lambda: f"DROP VIEW {self.schema}.{rng.choice(['training_job_status', 'training_plan_summary', 'training_plan_progress'])} CASCADE",
            lambda: f"ALTER FUNCTION {self.schema}.{function} {rng.choice(['CALLED ON NULL INPUT', 'CALLED ON NULL INPUT', 'CALLED ON NULL INPUT', 'STRICT', 'IMMUTABLE', 'VOLATILE', 'PARALLEL SAFE', 'SECURITY DEFINER', 'LEAKPROOF', 'SET search_path = hostile, pg_catalog', 'SET work_mem = 64', 'COST 0.0001'])}",
            lambda: f"ALTER EXTENSION trainplan DROP {rng.choice(['FUNCTION ' + self.schema + '.' + function, 'TABLE ' + name])}",
            lambda: f"ALTER TABLE {name} OWNER TO calls_nobody",
            lambda: f"REVOKE ALL ON {name} FROM calls_owner, calls_planner, calls_scheduler",
            lambda: f"GRANT ALL ON ALL TABLES IN SCHEMA {self.schema} TO calls_nobody",
            lambda: f"DROP TABLE {name} CASCADE",
            lambda: f"LOCK TABLE {name} IN ACCESS EXCLUSIVE MODE",
        ])()

    trigger_functions = ()
