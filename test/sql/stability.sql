-- Stability: importances of features into what candidates have of it.

CREATE TABLE importances (target text, symbol text, snapshot timestamp, feature text, importance double precision);
INSERT INTO importances
SELECT 'fwd_ret_5d', symbol, '2025-12-01'::timestamp + n * interval '1 day', feature, importance
FROM (
    VALUES
        -- the same order, twice
        ('AAPL', 0, '{a,b,c,d}'::text[], '{4,3,2,1}'::numeric[]),
        ('AAPL', 1, '{a,b,c,d}', '{40,3.5,0,-1}'),
        -- one is another, and two have changed places
        ('AAPL', 2, '{a,c,b,e}', '{9,8,7,6}'),
        -- the reverse
        (NULL, 0, '{a,b,c,d}', '{4,3,2,1}'),
        (NULL, 1, '{a,b,c,d}', '{1,2,3,4}'),
        -- alone
        ('MSFT', 0, '{a,b,c}', '{1,2,3}'),
        -- two in common say nothing of their order; then none is
        ('ON', 0, '{a,b,c}', '{3,2,1}'),
        ('ON', 1, '{a,b,d}', '{3,2,1}'),
        ('ON', 2, '{e}', '{1}'),
        -- one feature
        ('T', 0, '{a}', '{1}'),
        ('T', 1, '{a}', '{2}')
) AS s (symbol, n, features, values)
CROSS JOIN LATERAL unnest(features, values) AS f (feature, importance);

SELECT * FROM feature_stability('importances');
-- of the two most important ones
SELECT symbol, mean_overlap, std_overlap FROM feature_stability('importances', 2);
SELECT symbol, mean_overlap, std_overlap FROM feature_stability('importances', 1);
-- NULL is the default; there is no need for as many
SELECT count(*) FROM feature_stability('importances', NULL) AS a JOIN feature_stability('importances', 2147483647) AS b USING (target, snapshots);

-- ---- golden: what the Python system makes of the same importances, to 1e-9
CREATE TABLE golden_importances (target text, symbol text, snapshot text, feature text, importance double precision);
CREATE TABLE golden_stability (
    target text, symbol text, snapshots bigint,
    mean_overlap double precision, std_overlap double precision, mean_tau double precision, std_tau double precision
);
\copy golden_importances FROM PROGRAM 'cat "$PG_ABS_SRCDIR/golden/stability/importances.csv"' WITH (FORMAT csv, HEADER match)
\copy golden_stability FROM PROGRAM 'cat "$PG_ABS_SRCDIR/golden/stability/stability.csv"' WITH (FORMAT csv, HEADER match)

CREATE FUNCTION nearly_equal(a double precision, b double precision) RETURNS boolean
RETURN CASE WHEN a IS NULL OR b IS NULL THEN a IS NOT DISTINCT FROM b ELSE abs(a - b) <= 1e-9 END;
CREATE FUNCTION differs_from_golden(importances regclass) RETURNS TABLE (target text, symbol text, problem text)
BEGIN ATOMIC
    SELECT coalesce(s.target, g.target), coalesce(s.symbol, g.symbol), s::text || ' and not ' || g::text
    FROM feature_stability(importances) AS s
    FULL JOIN golden_stability AS g ON g.target = s.target AND coalesce(g.symbol, '') = coalesce(s.symbol, '')
    WHERE (s.snapshots = g.snapshots AND nearly_equal(s.mean_overlap, g.mean_overlap)
        AND nearly_equal(s.std_overlap, g.std_overlap) AND nearly_equal(s.mean_tau, g.mean_tau)
        AND nearly_equal(s.std_tau, g.std_tau)) IS NOT TRUE;
END;
SELECT count(*) AS golden FROM golden_stability;
SELECT * FROM differs_from_golden('golden_importances');

-- ---- snapshots of any type that sorts, importances of any type of numbers: the same
CREATE TABLE typed (
    target varchar(20), symbol name, day date, at timestamptz, number integer, version numeric, word text, nth double precision, id uuid,
    feature char(4), small smallint, whole integer, large bigint, single real, fraction numeric(20, 6), other_column jsonb
);
INSERT INTO typed
SELECT 't', NULLIF('s' || s, 's0'), '2025-01-01'::date + 9 * n, '2025-01-01'::timestamptz + n * interval '5 hours', 9 - 18 + n * 9, n, chr(65 + n), -1 / n::float8,
    ('0000000' || n || '-0000-0000-0000-000000000000')::uuid, 'f' || f, v, v, v, v, v
FROM generate_series(0, 2) AS s, generate_series(1, 9) AS n, generate_series(1, 40) AS f,
    LATERAL (SELECT (hashint4(s * 7919 + n * 100 + f) % 30)::integer AS v) AS values;
CREATE TYPE phase AS ENUM ('zero', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine');
CREATE DOMAIN moment AS timestamptz;
CREATE TYPE couple AS (a integer, b text);
CREATE TABLE answers (snapshot text, importance text, answer text);
CREATE FUNCTION ask(snapshot text, importance text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('CREATE OR REPLACE TEMPORARY VIEW asked AS SELECT importance, feature, target, snapshot, symbol, other_column
        FROM (SELECT %s AS snapshot, %s AS importance, target, symbol, feature, other_column FROM typed) AS t', snapshot, importance);
    INSERT INTO answers SELECT snapshot, importance, string_agg(s::text, ' ' ORDER BY n) FROM feature_stability('asked', 5) WITH ORDINALITY AS s (a, b, c, d, e, f, g, n);
    DROP VIEW asked;
END
$$;
SELECT count(ask(snapshot, 'whole')) FROM unnest('{day,at,number,version,word,nth,id,day::timestamp,at::moment,number::smallint,number::bigint,
    word::varchar,word::name,"ARRAY[word, ''x'']","ARRAY[number]","(enum_range(NULL::phase))[version::integer + 1]","make_interval(days => number)","day::timestamp::time + make_interval(mins => number + 20)",
    "int4range(number, number + 1)","ROW(number, word)::couple","number::bit(8)::bit varying"}'::text[]) AS snapshot;
SELECT count(ask('day', importance)) FROM unnest('{small,whole,large,single,fraction,"whole * 1e-3","whole * 1e-300::float8","whole - 1000"}'::text[]) AS importance;
SELECT count(*), count(DISTINCT answer) FROM answers;

-- an infinite importance is more than all others, or less; equal ones go by name
CREATE TABLE extreme (target text, symbol text, snapshot integer, feature text, importance double precision);
INSERT INTO extreme VALUES
    ('t', NULL, 1, 'a', 'Infinity'), ('t', NULL, 1, 'b', 1e308), ('t', NULL, 1, 'c', 0), ('t', NULL, 1, 'd', '-0'), ('t', NULL, 1, 'e', '-Infinity'),
    ('t', NULL, 2, 'a', 5), ('t', NULL, 2, 'b', 4), ('t', NULL, 2, 'd', 3), ('t', NULL, 2, 'c', 3), ('t', NULL, 2, 'e', 1);
SELECT * FROM feature_stability('extreme');
-- names in the C collation, also where they are prefixes of each other or have odd characters
TRUNCATE extreme;
INSERT INTO extreme
SELECT target, symbol, 1, 'f', 1
FROM unnest(ARRAY['a', 'A', 'a b', 'ab', E'a\u0001', E'a\u0002', E'a\u0001b', E'a\u0003', 'ä']) AS target,
    unnest(ARRAY[NULL, 'x', E'x\u0001', E'\u0002', 'X', 'é']) AS symbol;
SELECT count(*), bool_and(coalesce(
    (previous_target, coalesce(previous_symbol, ''), previous_symbol IS NOT NULL) < (target, coalesce(symbol, ''), symbol IS NOT NULL), true)) AS "in order"
FROM (
    SELECT target COLLATE "C", symbol COLLATE "C",
        lag(target) OVER (ORDER BY n) COLLATE "C" AS previous_target, lag(symbol) OVER (ORDER BY n) COLLATE "C" AS previous_symbol
    FROM feature_stability('extreme') WITH ORDINALITY AS s (target, symbol, a, b, c, d, e, n)
) AS s;
-- no rows
TRUNCATE extreme;
SELECT * FROM feature_stability('extreme');

-- ---- in little memory, in any order: the same, and names too many to be held
CREATE TABLE many AS
SELECT 'target_' || t AS target, NULLIF('symbol_' || s, 'symbol_0') AS symbol, '2025-01-01'::date + n AS snapshot,
    'feature_' || f || CASE WHEN t = 1 THEN repeat('-' || t || s || n, 20) ELSE '' END AS feature, hashint4(t * 100000 + s * 10000 + n * 100 + f * 7 % (10 + n)) / 1e6 AS importance
FROM generate_series(1, 4) AS t, generate_series(0, 9) AS s, generate_series(1, 20) AS n, generate_series(1, 50) AS f;
CREATE TABLE shuffled AS SELECT * FROM many ORDER BY hashtext(many::text);
CREATE TEMPORARY TABLE answer AS SELECT row_number() OVER () AS n, s::text FROM feature_stability('many') AS s;
SET work_mem = '64kB';
CREATE TEMPORARY TABLE again AS SELECT row_number() OVER () AS n, s::text FROM feature_stability('shuffled') AS s;
RESET work_mem;
SELECT count(*), count(*) FILTER (WHERE a.s = b.s) AS same FROM answer AS a FULL JOIN again AS b USING (n);

-- ---- as all relations are read: partitioned, with the caller's rights, with row-level security
CREATE TABLE parts (LIKE importances) PARTITION BY LIST (symbol);
CREATE TABLE part PARTITION OF parts DEFAULT;
INSERT INTO parts TABLE importances;
SELECT count(*) FROM feature_stability('parts');
CREATE ROLE regress_stability;
SET ROLE regress_stability;
SELECT count(*) FROM feature_stability('parts');
RESET ROLE;
GRANT SELECT ON parts TO regress_stability;
ALTER TABLE parts ENABLE ROW LEVEL SECURITY;
CREATE POLICY few ON parts TO regress_stability USING (symbol = 'ON');
SET ROLE regress_stability;
SELECT symbol, snapshots FROM feature_stability('parts');
RESET ROLE;
DROP TABLE parts;
DROP ROLE regress_stability;

-- ---- what is wrong
SELECT feature_stability(NULL);
SELECT feature_stability('importances', 0);
SELECT feature_stability('importances', -1);
CREATE SEQUENCE numbers;
SELECT feature_stability('numbers');
SELECT feature_stability('golden_stability');
CREATE VIEW wrong AS SELECT target, symbol, '{}'::json AS snapshot, feature, importance FROM importances;
SELECT feature_stability('wrong');
DROP VIEW wrong;
CREATE VIEW wrong AS SELECT target, symbol, snapshot, feature, importance::text FROM importances;
SELECT feature_stability('wrong');
DROP VIEW wrong;
SET datestyle = ISO;
CREATE TABLE bad (target text, symbol text, snapshot date, feature text, importance numeric);
CREATE FUNCTION try(target text, symbol text, snapshot date, feature text, importance numeric) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    state text;
    message text;
BEGIN
    TRUNCATE bad;
    INSERT INTO bad VALUES ('t', 's', '2025-12-01', 'f', 1), ($1, $2, $3, $4, $5);
    PERFORM feature_stability('bad');
    RAISE EXCEPTION 'no error';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT;
    RAISE NOTICE '%: %', state, message;
END
$$;
SELECT try(NULL, 's', '2025-12-01', 'f', 1);
SELECT try('', NULL, '2025-12-01', 'f', 1);
SELECT try('t', '', '2025-12-01', 'f', 1);
SELECT try('t', NULL, NULL, 'f', 1);
SELECT try('t', 's', '2025-12-01', NULL, 1);
SELECT try('t', 's', '2025-12-01', '', 1);
SELECT try('t', 's', '2025-12-02', 'f', NULL);
SELECT try('t', NULL, '2025-12-02', 'f', 'NaN');
SELECT try('t', 's', '2025-12-01', 'f', 2);
-- also in words and ranks
ALTER TABLE bad ALTER snapshot TYPE numeric USING 1.50;
INSERT INTO bad VALUES ('t', 's', 1.5, 'f', 1), ('t', 's', 1.50, 'f', 2);
SELECT feature_stability('bad');
UPDATE bad SET importance = 'NaN';
SELECT feature_stability('bad');
UPDATE bad SET snapshot = NULL;
SELECT feature_stability('bad');
ALTER TABLE bad ALTER snapshot TYPE text USING '';
SELECT feature_stability('bad');
UPDATE bad SET snapshot = 'December', importance = 1;
SELECT feature_stability('bad');
RESET datestyle;

DROP FUNCTION try(text, text, date, text, numeric);
DROP FUNCTION ask(text, text);
DROP FUNCTION differs_from_golden(regclass);
-- snapshots by floating-point numbers
CREATE TABLE by_number AS
SELECT 't' AS target, NULL AS symbol, n::double precision AS snapshot, 'f' || f AS feature, CASE WHEN place <= 3 THEN f ELSE -f END AS importance
FROM unnest('{-Infinity,-2.5,-1e-30,0,1e-30,7,Infinity,NaN}'::float8[]) WITH ORDINALITY AS s (n, place), generate_series(1, 4) AS f;
SELECT snapshots, mean_tau, round(std_tau::numeric, 6) AS std_tau FROM feature_stability('by_number');
ALTER TABLE by_number ALTER snapshot TYPE real;
SELECT snapshots, mean_tau, round(std_tau::numeric, 6) AS std_tau FROM feature_stability('by_number');
INSERT INTO by_number VALUES ('t', NULL, '-0', 'f1', 1);
SELECT * FROM feature_stability('by_number');
DROP TABLE by_number;
DROP FUNCTION nearly_equal(double precision, double precision);
DROP SEQUENCE numbers;
DROP TABLE bad, many, shuffled, extreme, answers, typed, golden_importances, golden_stability, importances;
DROP DOMAIN moment;
DROP TYPE phase, couple;
