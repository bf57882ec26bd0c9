-- Pages and pictures: a stored plan, and a comparison of two, to look at.

TRUNCATE training_plans, training_jobs, training_job_queue, training_job_history RESTART IDENTITY;
CREATE TABLE decisions (target text, symbol text, route text, reason text, cs_state text, local_state text);
INSERT INTO decisions VALUES
    ('fwd_ret_5d', NULL, 'ENABLED', 'score 0.61 >= 0.52', 'STRONG', NULL),
    ('fwd_ret_5d', 'MSFT', 'ROUTE_BOTH', 'both STRONG', 'STRONG', 'STRONG'),
    ('fwd_ret_5d', 'ON', 'ROUTE_EXPERIMENTAL_ONLY', NULL, NULL, 'EXPERIMENTAL'),
    ('y_0.20', 'AAPL', 'ROUTE_SYMBOL_SPECIFIC', 'local STRONG', 'DISALLOWED', 'STRONG'),
    ('y_0.20', 'ON', 'ROUTE_BLOCKED', 'local DISALLOWED: 999 < 1000', 'DISALLOWED', 'DISALLOWED');
SELECT create_training_plan('decisions', include_blocked => true, git_commit => '0badc0de') AS plan \gset
UPDATE training_plans SET run_id = '20251211_184500', generated_at = '2025-12-11 18:45:00.75+00' WHERE plan_id = :plan;

\pset format unaligned
\pset tuples_only on

-- What a page says in words, and the data of its map.  The markup around it is map_page.html.
SELECT line FROM training_plan_lines(:plan, 'html') WITH ORDINALITY AS l (line, n),
    LATERAL (SELECT min(n) FILTER (WHERE line LIKE '<h1>%') AS h1, min(n) FILTER (WHERE line LIKE '%id="data">') AS data,
                 min(n) FILTER (WHERE line LIKE '%]}') AS last
             FROM training_plan_lines(:plan, 'html') WITH ORDINALITY AS l (line, n)) AS places
WHERE line LIKE '<title>%' OR (n >= h1 AND line SIMILAR TO '<(h1|div><dt|tr)>%') OR (n BETWEEN data AND last + 1 AND line NOT LIKE '"last_change"%')
ORDER BY n;

-- it is one text and its lines, and of ASCII
SELECT document = lines AS same, document !~ '[^\x01-\x7f]' AS ascii
FROM training_plan_to_html(:plan) AS document,
    (SELECT string_agg(line, E'\n') AS lines FROM training_plan_lines(:plan, 'html') AS line) AS l;

-- It may run its own script and use its own styles, which its policy names by their digests, and nothing else.
SELECT policy,
    policy LIKE format('%%script-src ''sha256-%s''%%', encode(sha256(convert_to(script, 'UTF8')), 'base64')) AS script,
    policy LIKE format('%%style-src ''sha256-%s''%%', encode(sha256(convert_to(style, 'UTF8')), 'base64')) AS style
FROM training_plan_to_html(:plan) AS page,
    LATERAL (SELECT regexp_replace(substring(page FROM 'Content-Security-Policy" content="([^"]*)"'), 'sha256-[^'']*', 'sha256-...', 'g') AS shown,
                 substring(page FROM 'Content-Security-Policy" content="([^"]*)"') AS policy,
                 substring(page FROM '<script>(.*)</script>') AS script,
                 substring(page FROM '<style>(.*)</style>') AS style) AS parts \gset page_
SELECT regexp_replace(:'page_policy', 'sha256-[^'']*', 'sha256-...', 'g'), :'page_script' AS script, :'page_style' AS style;

-- Cells are gaps and classes, in digits of five bits.  Read again, they are the plan's jobs.
CREATE FUNCTION numbers(cells text) RETURNS TABLE (place bigint, number bigint) LANGUAGE sql AS $$
    SELECT row_number() OVER (ORDER BY min(n)),
        sum((digit % 32) * 32 ^ (n - first))::bigint
    FROM (
        SELECT n, digit, max(begins) OVER (ORDER BY n) AS first
        FROM (
            SELECT n, digit, CASE WHEN lag(digit, 1, 0) OVER (ORDER BY n) < 32 THEN n END AS begins
            FROM (
                SELECT n, strpos('0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_', c) - 1 AS digit
                FROM string_to_table(cells, NULL) WITH ORDINALITY AS c (c, n)) AS d) AS b) AS f
    GROUP BY first
$$;
CREATE FUNCTION page_data(page text) RETURNS json LANGUAGE sql AS $$
    SELECT substring(page FROM '<script type="application/json" id="data">(.*?)</script>')::json
$$;
CREATE FUNCTION page_jobs(page text) RETURNS TABLE (target text, symbol text, class json, reason json) LANGUAGE sql AS $$
    SELECT r ->> 0, data -> 'symbols' ->> (sum(gap.number + 1) OVER (PARTITION BY n ORDER BY gap.place) - 1)::integer,
        data -> 'classes' -> class.number::integer, r -> 2 -> (gap.place / 2)::integer
    FROM page_data(page) AS data, json_array_elements(data -> 'rows') WITH ORDINALITY AS r (r, n),
        numbers(r ->> 1) AS gap JOIN LATERAL numbers(r ->> 1) AS class ON class.place = gap.place + 1 AND gap.place % 2 = 1
$$;
SELECT * FROM page_jobs(training_plan_to_html(:plan));

-- Where jobs stand is on the page of who may read the queue, with when that changed last.
SELECT (page_data(training_plan_to_html(:plan)) ->> 'last_change')::timestamptz = date_trunc('second', max(state_since)) AS last_change
FROM training_job_queue WHERE plan_id = :plan;
SELECT count(*) FROM claim_training_jobs('worker-1', 1);
SELECT count(*) FILTER (WHERE complete_training_job(plan_id, job_id, attempt)) FROM claim_training_jobs('worker-1', 1);
UPDATE training_job_queue SET ready_at = now() - interval '1 second', attempt = 3 WHERE state = 'running';
SELECT j.target, j.symbol, j.class ->> 'state' AS state, j.class ->> 'state' = s.state AS as_in_status
FROM page_jobs(training_plan_to_html(:plan)) AS j
LEFT JOIN training_job_status AS s ON s.plan_id = :plan AND s.target = j.target AND s.symbol IS NOT DISTINCT FROM j.symbol;
-- (a job that has no place in the queue has no state)
DELETE FROM training_job_queue WHERE job_id = 'cs_fwd_ret_5d';
SELECT target, symbol, class FROM page_jobs(training_plan_to_html(:plan)) AS j WHERE target = 'fwd_ret_5d';
-- (however names make the order of job_ids another than that of targets and symbols)
CREATE TABLE mixed AS
SELECT t AS target, s AS symbol, CASE WHEN s = 'n' THEN 'ROUTE_BLOCKED' ELSE 'ROUTE_BOTH' END AS route
FROM unnest(ARRAY['a', 'a_b', 'a_b_c', 'ab', 'a ', 'A', 'a-b', 'ä', 'a_', 'cs_a', 'sym_a']) AS t, unnest(ARRAY['x', 'y', 'zz', '0', 'n', 'é']) AS s;
SELECT create_training_plan('mixed', include_blocked => true) AS mixed \gset
SELECT count(*) FILTER (WHERE CASE attempt_no % 3 WHEN 0 THEN complete_training_job(plan_id, job_id, attempt) WHEN 1 THEN fail_training_job(plan_id, job_id, attempt, 'e', '1 hour') ELSE true END)
FROM (SELECT *, row_number() OVER (ORDER BY job_id) AS attempt_no FROM claim_training_jobs('w', 40, :mixed)) AS c;
UPDATE training_job_queue SET attempt = 3, cancel_requested = job_id LIKE '%x', ready_at = now() - interval '1 s' WHERE plan_id = :mixed AND state = 'running' AND job_id ~ '[0xy]$';
DELETE FROM training_job_queue WHERE plan_id = :mixed AND job_id ~ '^(cs|sym)_(a|sym_a)_?(y|$)';
SELECT j.class ->> 'state' AS state, count(*), count(*) FILTER (WHERE j.class ->> 'state' IS NOT DISTINCT FROM s.state) AS as_in_status
FROM page_jobs(training_plan_to_html(:mixed)) AS j
LEFT JOIN training_job_status AS s ON s.plan_id = :mixed AND s.target = j.target AND s.symbol IS NOT DISTINCT FROM j.symbol
GROUP BY 1 ORDER BY 1;
DELETE FROM training_plans WHERE plan_id = :mixed;
CREATE ROLE regress_trainplan_looker;
GRANT SELECT ON training_plans, training_jobs TO regress_trainplan_looker;
SET ROLE regress_trainplan_looker;
SELECT DISTINCT class::jsonb ->> 'route', class::jsonb -> 'state' FROM page_jobs(training_plan_to_html(:plan)) ORDER BY 1;
RESET ROLE;
GRANT SELECT (plan_id, job_id, state, ready_at, cancel_requested, attempt, attempts_forgiven, state_since) ON training_job_queue TO regress_trainplan_looker;
SET ROLE regress_trainplan_looker;
SELECT DISTINCT class ->> 'state' FROM page_jobs(training_plan_to_html(:plan)) ORDER BY 1;
RESET ROLE;
-- (who may not read how many attempts a plan allows, and who reads the tables but may not call functions)
REVOKE SELECT ON training_plans FROM regress_trainplan_looker;
GRANT SELECT (plan_id, run_id, generated_at, git_commit, config_hash, routing, metrics_snapshot, model_families) ON training_plans TO regress_trainplan_looker;
SET ROLE regress_trainplan_looker;
SELECT DISTINCT class::jsonb -> 'state' FROM page_jobs(training_plan_to_html(:plan)) ORDER BY 1;
RESET ROLE;
GRANT SELECT (max_attempts) ON training_plans TO regress_trainplan_looker;
REVOKE EXECUTE ON FUNCTION training_job_state FROM PUBLIC;
SET ROLE regress_trainplan_looker;
SELECT DISTINCT class ->> 'state' FROM page_jobs(training_plan_to_html(:plan)) ORDER BY 1;
RESET ROLE;
GRANT EXECUTE ON FUNCTION training_job_state TO PUBLIC;
-- (and whom row-level security would hide places from)
ALTER TABLE training_job_queue ENABLE ROW LEVEL SECURITY;
CREATE POLICY few ON training_job_queue TO regress_trainplan_looker USING (job_id LIKE '%MSFT');
SET ROLE regress_trainplan_looker;
SELECT DISTINCT class::jsonb -> 'state' FROM page_jobs(training_plan_to_html(:plan)) ORDER BY 1;
SET row_security = off;
SELECT DISTINCT class::jsonb -> 'state' FROM page_jobs(training_plan_to_html(:plan)) ORDER BY 1;
RESET row_security;
RESET ROLE;
DROP POLICY few ON training_job_queue;
ALTER TABLE training_job_queue DISABLE ROW LEVEL SECURITY;

-- What names are called does not matter: they are text.
CREATE TABLE odd AS
SELECT 't' || n AS target, word AS symbol, 'ROUTE_SYMBOL_SPECIFIC' AS route, word AS reason
FROM unnest(ARRAY[
    '</script><script>alert(1)</script>', '<!--', '-->', ']]>', '&lt;', '"', '''', '\', E'\\u003c', E'a\nb', E'\x01\x1f\x7f', U&'\2028',
    U&'\202Eabc', U&'\+01F600', '日経', '__proto__', 'constructor', repeat('x', 2000)]) WITH ORDINALITY AS w (word, n);
SELECT create_training_plan('odd', git_commit => '<b>&amp;"''') AS odd \gset
UPDATE training_plans SET run_id = '<i>' WHERE plan_id = :odd;
SELECT count(*), count(*) FILTER (WHERE o.symbol = j.symbol AND o.reason = j.reason #>> '{}') AS same
FROM odd AS o JOIN page_jobs(training_plan_to_html(:odd)) AS j USING (target);
SELECT count(*) FROM regexp_matches(training_plan_to_html(:odd), '<script|<!--|alert', 'g');
SELECT line FROM training_plan_lines(:odd, 'html') AS line WHERE line SIMILAR TO '(<title>|<h1>|<div><dt>Git)%';

-- Whatever somebody has written by hand is shown as it is.
UPDATE training_jobs SET priority = -7, route = 'odd <route>', training_type = '', reason = NULL
WHERE plan_id = :plan AND symbol = 'MSFT';
SELECT target, symbol, class, reason FROM page_jobs(training_plan_to_html(:plan)) WHERE symbol = 'MSFT';
UPDATE training_jobs SET priority = 2, route = 'ROUTE_BOTH', training_type = 'symbol_specific' WHERE plan_id = :plan AND symbol = 'MSFT';
-- (more than a thousand things that a cell could say are not told apart)
CREATE TABLE many AS SELECT 't' AS target, 's' || n AS symbol, 'ROUTE_BOTH' AS route FROM generate_series(1, 1200) AS n;
SELECT create_training_plan('many') AS many \gset
UPDATE training_jobs SET priority = substring(symbol FROM 2)::integer WHERE plan_id = :many AND symbol IS NOT NULL;
SELECT json_array_length(data -> 'classes'), data -> 'classes' -> 0 FROM page_data(training_plan_to_html(:many)) AS data;
SELECT count(*), count(DISTINCT symbol), count(*) FILTER (WHERE class ->> 'priority' IS NULL) FROM page_jobs(training_plan_to_html(:many));
SELECT create_training_plan('many') AS more \gset
UPDATE training_jobs SET priority = CASE symbol WHEN 's1100' THEN 5000 ELSE substring(symbol FROM 2)::integer END WHERE plan_id = :more AND symbol IS NOT NULL;
SELECT class ->> 'change' AS change, class ->> 'after' IS NULL AS any, count(*), min(symbol)
FROM page_jobs(compare_training_plans_to_html(:many, :more)) GROUP BY 1, 2 ORDER BY 1, 2;
SELECT data -> 'rows' -> 0 -> 2 FROM page_data(compare_training_plans_to_html(:many, :more)) AS data;
DELETE FROM training_plans WHERE plan_id = :more;
UPDATE training_jobs SET priority = 3 WHERE plan_id = :many;

-- Reasons are on the page of plans of up to 100,000 jobs; and jobs of up to as many symbols.
SELECT data -> 'reasons', r FROM page_data(training_plan_to_html(:plan)) AS data, json_array_elements(data -> 'rows') AS r;
CREATE TABLE wide AS SELECT 't' AS target, 's' || n AS symbol, 'ROUTE_SYMBOL_SPECIFIC' AS route, 'r' AS reason FROM generate_series(1, 100050) AS n;
SELECT create_training_plan('wide') AS wide \gset
UPDATE training_plans SET total_jobs = 1, run_id = 'wide' WHERE plan_id = :wide;
SELECT data -> 'reasons', data -> 'left_out', json_array_length(data -> 'symbols'), json_array_length(data -> 'rows' -> 0), length(data -> 'rows' -> 0 ->> 1)
FROM page_data(training_plan_to_html(:wide)) AS data;
DELETE FROM training_jobs WHERE plan_id = :wide AND symbol BETWEEN 's1000' AND 's10049';
SELECT data -> 'reasons', data -> 'left_out', json_array_length(data -> 'rows' -> 0 -> 2) FROM page_data(training_plan_to_html(:wide)) AS data;
-- (a reason that is too long for a page is not in it, and the page says so)
UPDATE training_jobs SET reason = repeat('x', 3000000) WHERE plan_id = :plan AND symbol IS NOT NULL;
SELECT target, symbol, left(reason #>> '{}', 10) FROM page_jobs(training_plan_to_html(:plan));
UPDATE training_jobs SET reason = 'r' WHERE plan_id = :plan;

-- A plan without jobs has a page, too.
CREATE VIEW no_decisions AS SELECT * FROM decisions WHERE false;
SELECT create_training_plan('no_decisions') AS empty \gset
UPDATE training_plans SET run_id = 'empty' WHERE plan_id = :empty;
SELECT page_data(training_plan_to_html(:empty)) -> 'rows', page_data(training_plan_to_html(:empty)) -> 'classes';

-- What changed from one plan to another: jobs that are as before are there, too.
UPDATE decisions SET route = 'ROUTE_SYMBOL_SPECIFIC', reason = 'pooled no more' WHERE symbol = 'MSFT';
DELETE FROM decisions WHERE target = 'y_0.20' AND symbol = 'AAPL';
UPDATE decisions SET route = 'ROUTE_BOTH', reason = 'local STRONG now' WHERE target = 'y_0.20' AND symbol = 'ON';
SELECT create_training_plan('decisions') AS after \gset
SELECT line FROM regexp_split_to_table(compare_training_plans_to_html(:plan, :after), '\n') AS line
WHERE line SIMILAR TO '(<title>|<h1>|<h2>|<p class="counts)%';
SELECT target, symbol, class FROM page_jobs(compare_training_plans_to_html(:plan, :after));
SELECT json_agg(r -> 2) FROM json_array_elements(page_data(compare_training_plans_to_html(:plan, :after)) -> 'rows') AS r;
SELECT compare_training_plans_to_html(:plan, NULL);
SELECT compare_training_plans_to_html(4711, :after);
SELECT training_plan_to_html(4711);

-- The map alone, as a picture
UPDATE training_plans SET run_id = '20251211_184500' WHERE plan_id = :after;
SELECT training_plan_to_svg(:after);
SELECT label[1] FROM regexp_matches(training_plan_to_svg(:odd), '<text[^>]*rotate[^>]*>([^<]*)<', 'g') AS label;
SELECT words[1] FROM regexp_matches(training_plan_to_svg(:empty), '<(?:desc|text)[^>]*>([^<]*)<', 'g') AS words;
-- (of a larger plan, cells stand for several)
UPDATE training_plans SET run_id = '20251211_184500' WHERE plan_id = :many;
SELECT words[1] FROM regexp_matches(training_plan_to_svg(:many), '<(?:desc|text)[^>]*>([^<]*)<', 'g') AS words;
SELECT training_plan_to_svg(4711);

DROP TABLE decisions, odd, many, wide, mixed CASCADE;
DROP FUNCTION page_jobs, page_data, numbers;
REVOKE ALL ON training_plans, training_jobs, training_job_queue FROM regress_trainplan_looker;
DROP ROLE regress_trainplan_looker;
TRUNCATE training_plans, training_jobs, training_job_queue, training_job_history RESTART IDENTITY;
