-- Documents: a stored plan as JSON, YAML and Markdown.

TRUNCATE training_plans, training_jobs, training_job_queue, training_job_history RESTART IDENTITY;
CREATE TABLE decisions (
    target text, symbol text, route text, reason text, cs_state text, local_state text,
    sample_size bigint, model_families text[]
);
INSERT INTO decisions VALUES
    ('fwd_ret_5d', NULL, 'ENABLED', 'score 0.61 >= 0.52', 'STRONG', NULL, 80000, NULL),
    ('fwd_ret_5d', 'AAPL', 'ROUTE_BOTH', 'both STRONG', 'STRONG', 'STRONG', 4000, NULL),
    ('fwd_ret_5d', 'ON', 'ROUTE_EXPERIMENTAL_ONLY', NULL, NULL, 'EXPERIMENTAL', NULL, '{mlp}'),
    ('y_0.20', '000001', 'ROUTE_BLOCKED', 'local DISALLOWED: 999 < 1000', 'DISALLOWED', 'DISALLOWED', 999, NULL),
    ('y_0.20', 'BRK.B', 'ROUTE_SYMBOL_SPECIFIC', 'local STRONG', 'DISALLOWED', 'STRONG', NULL, NULL);
SELECT create_training_plan('decisions', include_blocked => true, git_commit => '0badc0de') AS plan \gset
UPDATE training_plans SET run_id = '20251211_184500', generated_at = '2025-12-11 18:45:00.75+00' WHERE plan_id = :plan;

\pset format unaligned
\pset tuples_only on
SELECT training_plan_to_json(:plan);
SELECT training_plan_to_yaml(:plan);
SELECT training_plan_to_markdown(:plan);

-- the lines are the same, one a row
SELECT f.format, f.document = l.document AS same, l.lines
FROM (VALUES
    ('json', training_plan_to_json(:plan)::text),
    ('yaml', training_plan_to_yaml(:plan)),
    ('markdown', training_plan_to_markdown(:plan))) AS f (format, document),
    LATERAL (SELECT string_agg(line, E'\n') AS document, count(*) AS lines
             FROM training_plan_lines(:plan, f.format) AS line) AS l;
SELECT training_plan_lines(:plan, 'yaml') LIMIT 3;
SELECT * FROM training_plan_lines(:plan, 'markdown') LIMIT 1;
BEGIN;
DECLARE lines CURSOR FOR SELECT training_plan_lines(:plan, 'json');
FETCH 2 FROM lines;
FETCH 1 FROM lines;
COMMIT;

-- what the summary views say
SELECT (training_plan_to_json(:plan) -> 'summary' ->> 'by_route')::jsonb = by_route,
    (training_plan_to_json(:plan) -> 'summary' ->> 'by_type')::jsonb = by_type,
    (training_plan_to_json(:plan) -> 'summary' ->> 'by_priority')::jsonb = by_priority,
    (training_plan_to_json(:plan) -> 'summary' ->> 'total_blocked')::bigint = total_blocked
FROM training_plan_summary WHERE plan_id = :plan;

-- a plan without jobs
CREATE VIEW no_decisions AS SELECT * FROM decisions WHERE false;
SELECT create_training_plan('no_decisions', '{a}') AS empty \gset
UPDATE training_plans SET run_id = '', generated_at = 'epoch' WHERE plan_id = :empty;
SELECT training_plan_to_json(:empty);
SELECT training_plan_to_yaml(:empty);
SELECT training_plan_to_markdown(:empty);

-- Priorities that somebody has set by hand have their place too; so have other
-- routes and types, and whatever is in metadata.
UPDATE training_jobs
SET priority = CASE symbol WHEN 'AAPL' THEN -7 WHEN 'ON' THEN 40 ELSE priority END,
    route = CASE symbol WHEN 'ON' THEN E'odd "route"' ELSE route END,
    metadata = CASE symbol
        WHEN 'AAPL' THEN '{"n": [1, -2.50, 12345678901234567890, true, null, {}, [], {"on": "off"}], "": "x"}'
        WHEN 'ON' THEN '[1]' WHEN 'BRK.B' THEN '"text"' ELSE metadata END
WHERE plan_id = :plan;
SELECT j ->> 'job_id', j ->> 'priority', j ->> 'metadata'
FROM json_array_elements(training_plan_to_json(:plan) -> 'jobs') AS j;
SELECT line FROM training_plan_lines(:plan, 'yaml') WITH ORDINALITY AS l (line, n)
WHERE n BETWEEN 12 AND 23 OR n > (SELECT count(*) - 48 FROM training_plan_lines(:plan, 'yaml'));
SELECT line FROM training_plan_lines(:plan, 'markdown') AS line WHERE line LIKE '%odd%';

-- Strings that a reader of YAML 1.1 or 1.2 would take for something else, or that
-- have to be escaped: each as it stands in the document.
CREATE TABLE words (word text);
INSERT INTO words
SELECT unnest(ARRAY[
    'y', 'Y', 'n', 'N', 'yes', 'Yes', 'NO', 'on', 'ON', 'Off', 'true', 'TRUE', 'False', 'null', 'NULL', '~', '=', '<<',
    '0', '-1', '+1', '007', '0o17', '0x1F', '0b101', '1_000', '1,000', '12:30', '12:30:45', '-190:20:30.15',
    '1.5', '.5', '1.', '1e5', '1E+5', '6.02e23', '.inf', '-.Inf', '.NaN', '2025-12-11', '2025-12-11T18:45:00Z',
    '2025-12-11 18:45:00', '600519', '000001', '20251211_184500', '0badc0de',
    ' a', 'a ', 'a: b', 'a:', 'a #b', '#a', '- a', '-', '--', '---', '...', '? a', '*a', '&a', '!a', '%a', '@a', '`a',
    '[a]', '{a}', 'a]', '"a"', '''a''', 'a\b', '|', '>', ',', 'a,b',
    'a', 'fwd_ret_5d', 'BRK.B', 'EURUSD=X', '^GSPC', 'BTC-USD', '0700.HK', '3M', 'ß_日', 'a''b"c',
    E'a\tb', E'a\nb', E'\u0085', E'a\u2028b', E'a\u00A0b', E'\u007F', E'\U0001F680', E'\u0001'
]);
CREATE VIEW word_decisions AS SELECT 't' AS target, word AS symbol, 'ROUTE_BOTH' AS route FROM words;
SELECT create_training_plan('word_decisions') AS words \gset
SELECT string_agg(substr(line, 11), '   ' ORDER BY n) FROM training_plan_lines(:words, 'yaml') WITH ORDINALITY AS l (line, n)
WHERE line LIKE '  symbol: %';
SELECT string_agg(substr(line, 18), '   ' ORDER BY n) FROM training_plan_lines(:words, 'json') WITH ORDINALITY AS l (line, n)
WHERE line LIKE '      "symbol": %' AND line ~ '[^ -~]|\\';
SELECT string_agg(substr(line, 3, 12), '   ' ORDER BY n) FROM training_plan_lines(:words, 'markdown') WITH ORDINALITY AS l (line, n)
WHERE line LIKE '| %ROUTE\_BOTH  %' AND line ~ '&|\\';

-- What GitHub would make a link, a mention or an emoji of, and what not: a comment
-- that nobody sees stands in it.
CREATE TABLE made AS
SELECT 't' AS target, word AS symbol, 'ROUTE_BOTH' AS route
FROM unnest(ARRAY['x@y.z', 'mailto:a.b+c@d-e.f_g.hi', 'xmpp:x@y.z/a', 'x@y.z@q.r', '@user', '(@user)', '@org/team', '@a@b', ':smile:', ':+1:', 'a:b:c', ':100:', 'https://x@y.z', 'www.x.y',
    'y_will_swing_low_10m_0.20', 'BRK.B', 'EURUSD=X', 'AAPL@NASDAQ', 'precision@10', 'score@0.5', 'x@y', '@', 'a@', 'a @ b', '@_', '12:30:45', 'NYSE:ABC:USD', 'score 0.61 >= 0.5; a: b', '::']) AS word;
SELECT create_training_plan('made') AS made \gset
SELECT btrim(split_part(line, ' | ', 1), '| ') FROM training_plan_lines(:made, 'markdown') AS line WHERE line LIKE '| %ROUTE\_BOTH %lightgbm%';
DROP TABLE made;

-- Characters that nobody sees, or that turn others around: escaped, whatever stands around them.
CREATE TABLE hidden AS
SELECT 't' AS target, format('%s.%s', to_hex(code), chr(code)) AS symbol, 'ROUTE_BOTH' AS route, '日' || repeat(chr(code), 2) || '|' AS reason
FROM unnest(ARRAY[x'80', x'9F', x'A0', x'AC', x'AD', x'34E', x'34F', x'61C', x'115F', x'1160', x'17B4', x'17B5', x'180B', x'180F', x'1810', x'200A', x'200B', x'200F',
    x'2010', x'2028', x'202E', x'2060', x'2065', x'206F', x'2070', x'2800', x'2801', x'3164', x'3165', x'FE00', x'FE0F', x'FE10', x'FEFF', x'FFA0',
    x'FFF0', x'FFFB', x'FFFC', x'1BCA0', x'1BCA3', x'1BCA4', x'1D172', x'1D173', x'1D17A', x'1F680', x'DFFFF', x'E0000', x'E0001', x'E0FFF', x'E1000']) AS b (bits), LATERAL (SELECT bits::integer AS code) AS c;
INSERT INTO hidden VALUES (chr(x'202E'::integer) || 'x', NULL, 'ENABLED', NULL);
SELECT create_training_plan('hidden') AS hidden \gset
SELECT substr(line, 18) FROM training_plan_lines(:hidden, 'json') AS line WHERE line LIKE '      "symbol": "%' OR line LIKE '      "reason": "日%';
SELECT line FROM training_plan_lines(:hidden, 'yaml') AS line WHERE line LIKE '  symbol: %' OR line LIKE '  reason: %' OR line LIKE '  target: %x%';
SELECT line FROM training_plan_lines(:hidden, 'markdown') AS line WHERE line LIKE '| %ROUTE\_BOTH  %&#%' OR line LIKE '###%';
SELECT training_plan_to_json(import_training_plan(training_plan_to_yaml(:hidden)))::text = training_plan_to_json(:hidden)::text AS json,
    training_plan_to_yaml(import_training_plan(training_plan_to_json(:hidden)::text)) = training_plan_to_yaml(:hidden) AS yaml,
    (SELECT count(*) FROM json_array_elements(training_plan_to_json(:hidden) -> 'jobs') AS j JOIN hidden ON reason = j ->> 'reason' AND symbol = j ->> 'symbol') = count(*) FILTER (WHERE symbol IS NOT NULL) AS same
FROM hidden;
-- also where names are keys
UPDATE training_jobs SET route = 'a' || chr(x'202E'::integer) || 'b', metadata = jsonb_build_object('c' || chr(x'200B'::integer), 1)
WHERE plan_id = :hidden AND symbol LIKE 'ad%';
SELECT line FROM training_plan_lines(:hidden, 'json') AS line WHERE line ~ '"[ac]\\u';
SELECT line FROM training_plan_lines(:hidden, 'yaml') AS line WHERE line ~ '"[ac]\\u';
SELECT line FROM training_plan_lines(:hidden, 'markdown') AS line WHERE line ~ 'a[&#].*b';
DROP TABLE hidden;

-- Very many blanks, which readers refuse: some are escaped.
CREATE VIEW blank_decisions AS
SELECT 't' AS target, n::text AS symbol, 'ROUTE_BOTH' AS route, reason
FROM unnest(ARRAY['a' || repeat(' ', 999) || 'b', 'a' || repeat(' ', 1000) || 'b', repeat(' ', 1002), E'\n' || repeat(' ', 2500), repeat(' ', 25000)]) WITH ORDINALITY AS r (reason, n);
SELECT create_training_plan('blank_decisions') AS blanks \gset
SELECT replace(replace(line, repeat(' ', 1000), '<thousand>'), repeat(' ', 999), '<999>') FROM training_plan_lines(:blanks, 'yaml') AS line
WHERE line LIKE '  reason:%   %' LIMIT 4;
SELECT training_plan_to_json(import_training_plan(training_plan_to_yaml(:blanks)))::text = training_plan_to_json(:blanks)::text AS same;
DROP VIEW blank_decisions;

-- errors
\getenv test PG_ABS_SRCDIR
\set attempt :test '/helpers/attempt.sql'
\i :attempt
SELECT pg_temp.attempt('SELECT training_plan_to_json(0)');
SELECT pg_temp.attempt('SELECT training_plan_to_yaml(0)');
SELECT pg_temp.attempt('SELECT training_plan_to_markdown(0)');
SELECT pg_temp.attempt('SELECT training_plan_lines(0, ''json'')');
SELECT pg_temp.attempt(format('SELECT training_plan_lines(%s, ''xml'')', :plan));
SELECT training_plan_to_json(NULL) IS NULL AS "null";
SELECT count(*) FROM training_plan_lines(NULL, 'json');

-- a document of 1 GB or more
UPDATE training_jobs SET reason = repeat('x', 360000000) WHERE plan_id = :plan AND symbol = 'AAPL';
INSERT INTO training_jobs
SELECT plan_id, job_id || n, target, symbol || n, route, training_type, model_families, priority, estimated_samples, reason, metadata
FROM training_jobs, generate_series(1, 2) AS n WHERE plan_id = :plan AND symbol = 'AAPL';
SELECT regexp_replace(attempt, '\d{10}', '<bytes>') FROM pg_temp.attempt(format('SELECT training_plan_to_json(%s)', :plan)) AS attempt;

DELETE FROM training_plans;
DELETE FROM training_job_history;
DROP VIEW word_decisions, no_decisions;
DROP TABLE decisions, words;
