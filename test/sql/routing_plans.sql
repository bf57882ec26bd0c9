-- Routing plans out: a routing relation as JSON, YAML and Markdown, and in again.

\getenv test PG_ABS_SRCDIR
\set attempt :test '/helpers/attempt.sql'

CREATE TABLE decisions (
    target text, symbol text, route text, reason text[], cs_state text, local_state text,
    sample_size bigint, model_families text[]
);
INSERT INTO decisions VALUES
    ('y_0.20', 'ON', 'ROUTE_BOTH', '{}', NULL, NULL, 0, '{mlp," mlp"}'),
    ('y_0.20', '000001', 'ROUTE_BLOCKED', '{local DISALLOWED: 999 < 1000,"b; c"}', 'DISALLOWED', 'DISALLOWED', 999, NULL),
    ('fwd_ret_5d', NULL, 'ENABLED', '{score 0.61 >= 0.52}', 'STRONG', NULL, 80000, NULL),
    ('fwd_ret_5d', 'MSFT', 'ROUTE_CROSS_SECTIONAL', NULL, 'STRONG', 'EXPERIMENTAL', NULL, NULL),
    ('fwd_ret_5d', 'AAPL', 'ROUTE_BOTH', '{both STRONG}', 'STRONG', 'STRONG', 4000, NULL),
    ('last', NULL, 'ROUTE_BLOCKED', '{}', NULL, 'odd', NULL, '{ridge}');

\pset format unaligned
\pset tuples_only on
SELECT routing_plan_to_json('decisions');
SELECT routing_plan_to_yaml('decisions');
SELECT routing_plan_to_markdown('decisions');

-- the lines are the same, one a row
SELECT f.format, f.document = l.document AS same, l.lines
FROM (VALUES
    ('json', routing_plan_to_json('decisions')::text),
    ('yaml', routing_plan_to_yaml('decisions')),
    ('markdown', routing_plan_to_markdown('decisions'))) AS f (format, document),
    LATERAL (SELECT string_agg(line, E'\n') AS document, count(*) AS lines
             FROM routing_plan_lines('decisions', f.format) AS line) AS l;
SELECT routing_plan_lines('decisions', 'yaml') LIMIT 3;
BEGIN;
DECLARE lines CURSOR FOR SELECT routing_plan_lines('decisions', 'markdown');
FETCH 1 FROM lines;
FETCH 2 FROM lines;
COMMIT;

-- Which rows of a relation do not come back as they were, or were not there?  By
-- JSON, by YAML, and by lines of both.
CREATE FUNCTION lost(decisions regclass) RETURNS TABLE (way text, lost text, found text)
LANGUAGE plpgsql AS $$
BEGIN
    RETURN QUERY EXECUTE format($query$
        WITH documents (way, document) AS MATERIALIZED (
            SELECT 'json', routing_plan_to_json(%1$L)::text
            UNION ALL SELECT 'yaml', routing_plan_to_yaml(%1$L)
            UNION ALL SELECT 'lines of json', string_agg(line, E'\n') FROM routing_plan_lines(%1$L, 'json') AS line
            UNION ALL SELECT 'lines of yaml', string_agg(line, E'\n') FROM routing_plan_lines(%1$L, 'yaml') AS line
        ), ways AS MATERIALIZED (
            SELECT d.way, r.* FROM documents AS d, routing_decisions(d.document) AS r
        ), wanted AS MATERIALIZED (
            SELECT d.way, r.target::text, r.symbol::text, r.route::text, r.reason, r.cs_state::text, r.local_state::text, r.sample_size::bigint, r.model_families
            FROM documents AS d, %1$s AS r
        )
        SELECT l.way, l::text, NULL FROM (TABLE wanted EXCEPT ALL TABLE ways) AS l
        UNION ALL
        SELECT f.way, NULL, f::text FROM (TABLE ways EXCEPT ALL TABLE wanted) AS f
    $query$, decisions);
END
$$;
\pset tuples_only off
\pset format aligned
SELECT * FROM lost('decisions');

-- Reasons may be texts, lists or jsonb: the document is the same.  Of a list, what is
-- NULL is left out, as in planning.
CREATE VIEW texts AS SELECT target, symbol, route, reason[1] AS reason FROM decisions;
CREATE VIEW lists AS SELECT target, symbol, route, array_prepend(NULL, reason[1:1]) AS reason FROM decisions;
CREATE VIEW jsonbs AS SELECT target, symbol, route, to_jsonb(reason[1]) AS reason FROM decisions;
CREATE VIEW filled_lists AS SELECT target, symbol, route, reason[1:1] AS reason FROM decisions;
CREATE VIEW json_lists AS SELECT target, symbol, route, to_json(reason[1:1]) AS reason FROM decisions;
SELECT routing_plan_to_json('jsonbs') ->> 'targets' = routing_plan_to_json('texts') ->> 'targets' AS strings,
    routing_plan_to_json('json_lists') ->> 'targets' = routing_plan_to_json('filled_lists') ->> 'targets' AS lists;
SELECT target, symbol, reason FROM routing_decisions(routing_plan_to_yaml('texts'));
SELECT target, symbol, reason FROM routing_decisions(routing_plan_to_yaml('lists'));
SELECT target, symbol, reason FROM routing_decisions(routing_plan_to_yaml('jsonbs'));

-- Columns that are not there, and types of other names.
CREATE TYPE route AS ENUM ('DISABLED', 'ROUTE_BOTH');
CREATE TABLE narrow (route route, extra integer, symbol varchar(20), target name, sample_size smallint);
INSERT INTO narrow VALUES ('DISABLED', 1, NULL, 't', 7), ('ROUTE_BOTH', 2, 'A', 't', NULL);
SELECT * FROM routing_decisions(routing_plan_to_json('narrow')::text);

-- An empty relation, a target without symbols, symbols without their target.
CREATE VIEW none AS SELECT * FROM decisions WHERE false;
CREATE VIEW bare AS SELECT * FROM decisions WHERE target = 'last';
CREATE VIEW orphans AS SELECT * FROM decisions WHERE symbol IS NOT NULL;
\pset format unaligned
\pset tuples_only on
SELECT routing_plan_to_json('none');
SELECT routing_plan_to_yaml('none');
SELECT routing_plan_to_markdown('none');
SELECT routing_plan_to_json('bare');
SELECT routing_plan_to_yaml('bare');
SELECT routing_plan_to_markdown('bare');
SELECT line FROM routing_plan_lines('orphans', 'yaml') AS line WHERE line ~ '^ {2,4}\S|^metadata|^  t';
\pset tuples_only off
\pset format aligned
SELECT * FROM lost('none') UNION ALL SELECT * FROM lost('bare') UNION ALL SELECT * FROM lost('orphans');
SELECT count(*) FROM routing_decisions(routing_plan_to_json('none')::text);

-- The words of targets and of symbols stay what they are; so do names of the
-- extension's own words, numbers of any size, and states that say nothing.
CREATE TABLE words (LIKE decisions);
INSERT INTO words SELECT 't ' || word, NULL, word FROM unnest(ARRAY['ENABLED', 'DISABLED', 'ROUTE_CROSS_SECTIONAL', 'ROUTE_BLOCKED']) AS word;
INSERT INTO words SELECT 't', word, word FROM unnest(ARRAY['ROUTE_CROSS_SECTIONAL', 'ROUTE_SYMBOL_SPECIFIC', 'ROUTE_BOTH', 'ROUTE_EXPERIMENTAL_ONLY', 'ROUTE_BLOCKED']) AS word;
INSERT INTO words
SELECT 'targets', word, 'ROUTE_BOTH', ARRAY[word, '', word], word, word, 9223372036854775807, ARRAY[word || '.', word || '.']
FROM unnest(ARRAY['targets', 'symbols', 'metadata', 'cross_sectional', 'route', '__proto__', 'null', '~', '<<', '=', 'ON', '000001', '1e5', '12:30', ' a ', E'\n', '? a', '"', '\', '{}', '[]', '&a', '*a', '!a', '#', '|']) AS word;
INSERT INTO words VALUES
    ('symbols', 'empty', 'ROUTE_BOTH', '{""}', '', '', 4294967295, NULL),
    ('symbols', 'none', 'ROUTE_BOTH', '{"",""}', '', NULL, 4294967294, '{a,a,"a ",b}');
SELECT * FROM lost('words');
SELECT target, route, reason FROM routing_decisions(routing_plan_to_yaml('words')) WHERE symbol IS NULL;

-- Names that are long, or have very many blanks, or characters that nobody sees.
CREATE TABLE long (LIKE decisions);
INSERT INTO long
SELECT name, symbol, 'ROUTE_BOTH', ARRAY[name], name, name, NULL, ARRAY['f' || name]
FROM unnest(ARRAY[repeat('x', 129), repeat('x', 130), repeat('日', 5000), E'a\u202E' || repeat('b', 200), 'a' || repeat(' ', 5000) || 'b', repeat(E'\n', 300)]) AS name,
    LATERAL (VALUES ('s'), (name || 's')) AS s (symbol);
SELECT * FROM lost('long');

-- A thousand names of pieces that mean something to JSON and YAML, put together at random.
SELECT setseed(0.20251211) \g /dev/null
CREATE TABLE hostile (LIKE decisions);
CREATE FUNCTION hostile(pieces integer, n integer) RETURNS text LANGUAGE sql VOLATILE AS $$
    SELECT string_agg((ARRAY['a', 'Z', '0', '_', '**', '`', '|', '\', '[', ']', '<b>', '<!--', '&', '&amp;', '#', '~', '$', '!', '@', ':', ' ', '  ', E'\t', E'\n', E'\r', '"', '''', '%', '/', '..',
        '.', '-', '+', '=', ': ', ' #', 'ß', '日', E'\U0001F680', E'\u0085', E'\u2028', E'\u00A0', '{', '}', '?', '>', '://', '1.', '- ', 'e5', '0x', '12:30', 'ON', 'null', E'\u0001', E'\u007F', E'\uFEFF',
        E'\u202E', E'\u200B', '---', '...', ',', repeat('x', 90)])[1 + floor(random() * 63)::integer], '')
    FROM generate_series(1, pieces + 0 * n)
$$;
INSERT INTO hostile
SELECT DISTINCT ON (target, symbol) hostile(1 + n % 4, n) AS target, hostile(1 + n % 5, n) AS symbol,
    (ARRAY['ROUTE_BOTH', 'ROUTE_BLOCKED', 'ROUTE_SYMBOL_SPECIFIC', 'ROUTE_EXPERIMENTAL_ONLY'])[1 + n % 4],
    CASE WHEN n % 5 > 0 THEN ARRAY[hostile(3, n), hostile(1, n)] END, hostile(2, n), hostile(1, n), n, ARRAY['f' || hostile(2, n) || 'f']
FROM generate_series(1, 1100) AS n;
INSERT INTO hostile SELECT DISTINCT target, NULL, 'ENABLED', ARRAY[target], target FROM hostile WHERE symbol < 'a';
SELECT count(*) >= 1000 AS enough FROM hostile;
SELECT * FROM lost('hostile');

-- Much more than work_mem: the same bytes, by way of the disk.
CREATE TABLE many AS
SELECT 't' || n % 97 AS target, 's' || n AS symbol, 'ROUTE_BOTH' AS route, ARRAY['n ' || n] AS reason, 'STRONG' AS cs_state, NULL::text AS local_state, n AS sample_size, NULL::text[] AS model_families
FROM generate_series(1, 20000) AS n;
SELECT md5(routing_plan_to_json('many')::text) AS json, md5(routing_plan_to_yaml('many')) AS yaml, md5(routing_plan_to_markdown('many')) AS markdown \gset large_
SET work_mem = '64kB';
SELECT md5(routing_plan_to_json('many')::text) = :'large_json' AS json, md5(routing_plan_to_yaml('many')) = :'large_yaml' AS yaml, md5(routing_plan_to_markdown('many')) = :'large_markdown' AS markdown;
SELECT * FROM lost('many');
RESET work_mem;

-- The golden cases, as they were read: out and in again.
CREATE TABLE golden ("case" text, content json);
\copy golden FROM PROGRAM 'cd "$PG_ABS_SRCDIR/golden" && for f in */routing_plan.json; do printf "%s\002" "${f%/*}"; tr -d "\n" <"$f"; echo; done' WITH (FORMAT csv, DELIMITER E'\x02', QUOTE E'\x01')
CREATE TABLE golden_decisions AS SELECT g."case", r.* FROM golden AS g, routing_decisions(g.content::text) AS r;
SELECT format('CREATE VIEW %I AS SELECT target, symbol, route, reason, cs_state, local_state, sample_size, model_families FROM golden_decisions WHERE "case" = %L', 'golden_' || "case", "case")
FROM golden ORDER BY "case" COLLATE "C" \gexec
SELECT "case", (SELECT count(*) FROM golden_decisions AS d WHERE d."case" = g."case") AS decisions,
    (SELECT count(*) FROM lost(('golden_' || "case")::regclass)) AS lost
FROM golden AS g ORDER BY "case" COLLATE "C";
-- and but for metadata and the order of members, the document is the one that it was
SELECT "case", jsonb_strip_nulls(content::jsonb -> 'targets') = jsonb_strip_nulls(replace(routing_plan_to_json(('golden_' || "case")::regclass)::text, '"cs_metrics": {},', '')::jsonb -> 'targets') AS same
FROM golden ORDER BY "case" COLLATE "C";

-- What is decided can be written as it is.
CREATE VIEW routed AS SELECT target, symbol, route, reason, cs_state, local_state, sample_size, NULL::text[] AS model_families FROM golden_decisions WHERE "case" = 'eu_stocks';
SELECT count(*) FROM generate_training_plan('routed') AS p FULL JOIN generate_training_plan('golden_eu_stocks') AS g USING (job_id) WHERE p IS DISTINCT FROM g;

-- What is wrong is the planner's error.
\i :attempt
CREATE TEMPORARY TABLE wrong (LIKE decisions);
CREATE FUNCTION pg_temp.wrong(target text, symbol text, route text, sample_size bigint DEFAULT NULL, model_families text[] DEFAULT NULL)
RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
    TRUNCATE wrong;
    INSERT INTO wrong VALUES ('t', NULL, 'ENABLED'), ('t', 'A', 'ROUTE_BOTH');
    INSERT INTO wrong VALUES ($1, $2, $3, NULL, NULL, NULL, $4, $5);
    RETURN QUERY SELECT * FROM pg_temp.attempt('SELECT count(*) FROM routing_plan_lines(''wrong'', ''json'')');
END
$$;
\pset format unaligned
\pset tuples_only on
SELECT pg_temp.wrong(NULL, 'A', 'ROUTE_BOTH');
SELECT pg_temp.wrong('t', '', 'ROUTE_BOTH');
SELECT pg_temp.wrong('t', 'B', NULL);
SELECT pg_temp.wrong('t', 'B', 'BOTH');
SELECT pg_temp.wrong('u', NULL, 'ROUTE_BOTH');
SELECT pg_temp.wrong('t', 'B', 'ROUTE_BOTH', sample_size => -1);
SELECT pg_temp.wrong('t', 'B', 'ROUTE_BOTH', model_families => '{}');
SELECT pg_temp.wrong('t', 'B', 'ROUTE_BOTH', model_families => '{a,NULL}');
SELECT pg_temp.wrong('t', 'B', 'ROUTE_BOTH', model_families => '{{a}}');
SELECT pg_temp.wrong('t', 'A', 'ROUTE_BLOCKED');
SELECT pg_temp.wrong('t', NULL, 'ROUTE_BLOCKED');
SELECT pg_temp.wrong('t', NULL, 'ENABLED');
CREATE VIEW bad_reason AS SELECT 't' AS target, 's' AS symbol, 'ROUTE_BOTH' AS route, '{"a": 1}'::jsonb AS reason;
SELECT pg_temp.attempt('SELECT routing_plan_to_json(''bad_reason'')');
SELECT pg_temp.attempt('SELECT routing_plan_to_yaml(''golden'')');
SELECT pg_temp.attempt('SELECT routing_plan_to_yaml(''training_plans_plan_id_seq'')');
SELECT pg_temp.attempt('SELECT routing_plan_to_yaml(0)');
SELECT pg_temp.attempt('SELECT routing_plan_lines(''decisions'', ''xml'')');
SELECT routing_plan_to_json(NULL) IS NULL AS "null";
SELECT count(*) FROM routing_plan_lines(NULL, 'json');

-- a document of 1 GB or more
CREATE VIEW huge AS SELECT 't' AS target, n::text AS symbol, 'ROUTE_BOTH' AS route, repeat('x', 280000000) AS reason FROM generate_series(1, 4) AS n;
SELECT regexp_replace(attempt, '\d{10}', '<bytes>') FROM pg_temp.attempt('SELECT routing_plan_to_json(''huge'')') AS attempt;

-- The caller's rights decide, and row-level security.
CREATE ROLE regress_reader;
GRANT SELECT ON orphans TO regress_reader;
CREATE TABLE kept (LIKE decisions);
INSERT INTO kept TABLE decisions;
ALTER TABLE kept ENABLE ROW LEVEL SECURITY;
CREATE POLICY kept ON kept USING (target = 'last');
GRANT SELECT ON kept TO regress_reader;
SET ROLE regress_reader;
SELECT pg_temp.attempt('SELECT routing_plan_to_json(''decisions'')');
SELECT count(*) FROM routing_plan_lines('orphans', 'json');
SELECT routing_plan_lines('kept', 'yaml') LIMIT 5 OFFSET 2;
RESET ROLE;

DROP VIEW huge, bad_reason, routed, texts, lists, jsonbs, filled_lists, json_lists, none, bare, orphans;
SELECT format('DROP VIEW %I', 'golden_' || "case") FROM golden ORDER BY "case" COLLATE "C" \gexec
DROP TABLE decisions, narrow, words, long, hostile, many, golden, golden_decisions, kept;
DROP TYPE route;
DROP FUNCTION lost, hostile;
DROP ROLE regress_reader;
