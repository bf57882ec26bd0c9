-- A plan while it is worked off, on one screen that is drawn again and again, until Ctrl-C.
--
--   psql -f examples/watch.sql                      the latest plan, and a later one when it comes
--   psql -v plan=7 -f examples/watch.sql            plan 7
--   psql -v every=10 -f examples/watch.sql          every ten seconds and not every two
--
-- How wide and high the terminal is, it finds out where it can (or -v columns=120 -v lines=40).
-- Works in whatever schema the extension is, and shows what the caller may read.  Of what has
-- ended and what waits, only the last few are looked up, by indexes: to poll it costs the same
-- however many they are.  Nothing is written.
--
-- All is one query, so that what is on the screen was so at one moment, and a line is a row:
-- \watch prints the results of several queries with a heading each.

\set QUIET on
\set ON_ERROR_STOP on
\pset pager off
\pset footer off
\pset null ''
\pset expanded off
\pset tuples_only on
\pset format unaligned
\pset title

-- what others may have made in some schema is never taken for PostgreSQL's
SET search_path = pg_catalog;

-- what is drawn over what was there goes to a terminal only
\set on_terminal `case $(readlink "/proc/$PPID/fd/1" 2>/dev/null) in /dev/pts/* | /dev/tty*) echo on ;; *) echo off ;; esac`
\if :{?columns}
\else
    \set columns `{ stty size </dev/tty; } 2>/dev/null | cut -d ' ' -f 2`
\endif
\if :{?lines}
\else
    \set lines `{ stty size </dev/tty; } 2>/dev/null | cut -d ' ' -f 1`
\endif
\if :{?every}
\else
    \set every 2
\endif
SELECT :'on_terminal' = 'on' AS on_terminal,
    greatest(coalesce(nullif(nullif(:'columns', ''), '0')::integer, 80), 70) AS columns,
    greatest(coalesce(nullif(nullif(:'lines', ''), '0')::integer, 24), 24) AS lines \gset
\if :on_terminal
    \set top '\033[H\033[?7l'
    \set end_of_line '\033[K'
    \set bottom '\033[K\033[J\033[?7h'
\else
    \set top ''
    \set end_of_line ''
    \set bottom '\n'
\endif
SELECT
    (:columns - 70) / 4 + 13 AS worker_width,
    (:columns - 70) / 2 + 28 AS job_width,
    4 + (:lines - 24) / 2 AS running_lines,
    3 + (:lines - 24) / 4 AS ended_lines,
    3 + (:lines - 24) / 4 AS failed_lines \gset

-- draw with what the database can hold
SELECT current_setting('server_encoding') = 'UTF8' AS utf8 \gset
\if :utf8
    SET client_encoding = 'UTF8';
    \set bar '█'
    \set rest '░'
    \set dots '…'
\else
    \set bar '#'
    \set rest '.'
    \set dots '~'
\endif

-- as in report.sql: what would move the cursor or can't be seen is a question mark; what is
-- long is cut at its end, or in its middle:
--   :say 30, error :end
--   :name 30, job_id :end
-- and a moment is the time of today, or the day:
--   :moment finished_at :end
SELECT CASE
    WHEN :'utf8' THEN E'[\\u0001-\\u001f\\u007f-\\u009f\\u00ad\\u061c\\u180e\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ufeff\\ufff9-\\ufffb\\U000e0000-\\U000e007f]'
    WHEN current_setting('server_encoding') ~ '^(LATIN|ISO|SQL)' THEN E'[\\u0001-\\u001f\\u007f-\\u009f]'
    ELSE E'[\\u0001-\\u001f\\u007f]'
END AS unsafe \gset
\set say '(SELECT CASE WHEN length(t) > n THEN left(t, n - 1) || :''dots'' ELSE rpad(t, n) END FROM (SELECT n, regexp_replace(left(t, n + 1), :''unsafe'', ''?'', ''g'') AS t FROM (SELECT '
\set name '(SELECT regexp_replace(CASE WHEN length(t) > n THEN left(t, n / 2) || :''dots'' || right(t, n - n / 2 - 1) ELSE rpad(t, n) END, :''unsafe'', ''?'', ''g'') FROM (SELECT n, t FROM (SELECT '
\set moment '(SELECT rpad(to_char(t, CASE WHEN t::date = current_date THEN ''HH24:MI:SS'' ELSE ''YY-MM-DD'' END), 8) FROM (SELECT n, t FROM (SELECT 0, '
\set end ') AS f (n, t)) AS f)'

SELECT n.oid AS schema, quote_ident(n.nspname) AS trainplan, e.extversion = '1.0' AS old
FROM (VALUES ('trainplan')) AS t (name)
LEFT JOIN pg_extension AS e ON e.extname = t.name
LEFT JOIN pg_namespace AS n ON n.oid = e.extnamespace \gset
\if :{?trainplan}
\else
    \warn 'This database does not have the extension: CREATE EXTENSION trainplan;'
    \quit
\endif
\if :old
    \warn 'This needs version 1.1 of the extension: ALTER EXTENSION trainplan UPDATE;'
    \quit
\endif

-- what the caller can't read
WITH needs (section, name) AS (
    SELECT section, unnest(names)
    FROM (VALUES
        ('plan', '{training_plans,latest_training_plan,training_plan_progress,training_job_queue,training_plan_counts}'::text[]),
        ('history', '{training_job_history}'),
        ('limits', '{training_limit_usage,training_limits,training_job_queue,training_jobs_running}')
    ) AS s (section, names)
), lacks AS (
    SELECT section, string_agg(name, ', ') AS names
    FROM needs
    WHERE NOT EXISTS (
        SELECT FROM pg_class
        WHERE relnamespace = :schema AND relname = name AND has_table_privilege(oid, 'SELECT')
    ) AND NOT EXISTS (
        SELECT FROM pg_proc
        WHERE pronamespace = :schema AND proname = name AND has_function_privilege(oid, 'EXECUTE')
    )
    GROUP BY section
)
SELECT
    CASE WHEN NOT has_schema_privilege(:schema, 'USAGE') THEN 'the schema of the extension' ELSE max(names) FILTER (WHERE section = 'plan') END AS lacks_plan,
    max(names) FILTER (WHERE section = 'history') AS lacks_history,
    max(names) FILTER (WHERE section = 'limits') AS lacks_limits
FROM lacks \gset
\if :{?lacks_plan}
    \warn 'You may not read' :lacks_plan
    \quit
\endif

\if :{?plan}
    SELECT count(*) = 0 AS missing
    FROM :trainplan.training_plans
    WHERE plan_id = :plan \gset
    \if :missing
        \warn 'There is no plan' :plan
        \quit
    \endif
    \set watched ':plan'
\else
    \set watched '(SELECT :trainplan.latest_training_plan())'
\endif
\set the_plan '(SELECT plan_id FROM plan)'

-- (what an index has in order is read from there, a few rows, also of a plan that was never
-- analyzed: a bitmap would have all of them read, and sorted)
SET enable_bitmapscan = off;

\if :on_terminal
    \echo '\033[2J'
\endif

WITH RECURSIVE plan AS MATERIALIZED (
    SELECT p.paused, p.routing, w.*, w.pending + w.waiting + w.running AS jobs_left, statement_timestamp() AS now
    FROM :trainplan.training_plans AS p
    JOIN :trainplan.training_plan_progress AS w USING (plan_id)
    WHERE plan_id = :watched
),
-- What runs is found by its index.
running AS MATERIALIZED (
    SELECT
        q.job_id, q.worker, q.progress,
        q.ready_at > statement_timestamp() AS holds,
        CASE WHEN isfinite(q.state_since) THEN greatest(0, extract(epoch FROM statement_timestamp() - q.state_since)) END AS seconds,
        CASE WHEN isfinite(q.ready_at) THEN extract(epoch FROM q.ready_at - statement_timestamp()) END AS lease
    FROM :trainplan.training_job_queue AS q
    WHERE q.plan_id = :the_plan AND q.state = 'running'
),
-- Whose leases ended, the most first.
gone AS MATERIALIZED (
    SELECT worker, count(*) AS leases, row_number() OVER (ORDER BY count(*) DESC, worker) AS place
    FROM running
    WHERE NOT holds
    GROUP BY worker
),
-- What ended last is found by its index, too; what failed for good is looked for among the last 200.
ended AS MATERIALIZED (
    SELECT q.job_id, q.attempt, q.state, q.state_since, row_number() OVER (ORDER BY q.state_since DESC, q.job_id) AS place
    FROM (
        SELECT *
        FROM :trainplan.training_job_queue AS q
        WHERE q.plan_id = :the_plan AND (q.state = 'succeeded' OR q.state = 'failed')
        ORDER BY q.state_since DESC
        LIMIT 200
    ) AS q
),
-- What came back to be tried again stands together in each lane of the queue, a lane for each
-- priority and kind: the lanes are gone through, and a few looked at in each.
lanes (priority, kind) AS (
    (
        SELECT q.priority, q.kind
        FROM :trainplan.training_job_queue AS q
        WHERE q.plan_id = :the_plan AND (q.ready_at IS NULL OR q.ready_at < 'infinity')
        ORDER BY q.priority DESC, q.kind
        LIMIT 1
    )
    UNION ALL
    SELECT n.priority, n.kind
    FROM lanes AS l
    CROSS JOIN LATERAL (
        (
            SELECT q.priority, q.kind
            FROM :trainplan.training_job_queue AS q
            WHERE q.plan_id = :the_plan AND (q.ready_at IS NULL OR q.ready_at < 'infinity')
                AND q.priority = l.priority AND q.kind > l.kind
            ORDER BY q.kind
            LIMIT 1
        )
        UNION ALL
        (
            SELECT q.priority, q.kind
            FROM :trainplan.training_job_queue AS q
            WHERE q.plan_id = :the_plan AND (q.ready_at IS NULL OR q.ready_at < 'infinity')
                AND q.priority < l.priority
            ORDER BY q.priority DESC, q.kind
            LIMIT 1
        )
        ORDER BY priority DESC, kind
        LIMIT 1
    ) AS n
),
failed AS MATERIALIZED (
    SELECT f.*, row_number() OVER (ORDER BY f.state_since DESC, f.job_id) AS place
    FROM (
        SELECT job_id, attempt, state_since, NULL::timestamptz AS ready_at
        FROM ended
        WHERE state = 'failed'
        UNION ALL
        SELECT q.job_id, q.attempt, q.state_since, q.ready_at
        FROM (SELECT * FROM lanes LIMIT 100) AS l
        CROSS JOIN LATERAL (
            SELECT q.*
            FROM :trainplan.training_job_queue AS q
            WHERE q.plan_id = :the_plan AND q.priority = l.priority AND q.kind = l.kind AND q.ready_at < 'infinity'
                AND q.state = 'pending' AND q.attempt > 0
            ORDER BY q.ready_at DESC
            LIMIT :failed_lines
        ) AS q
    ) AS f
),
lines (section, place, line) AS (
    SELECT 0, 0, 'There is no plan'
    WHERE NOT EXISTS (SELECT FROM plan)
    UNION ALL
    SELECT 1, 1, :say :columns - 10, format('Plan %s, of %s%s', plan_id, routing, CASE
            WHEN jobs_left = 0 THEN ', has ended' WHEN paused THEN ', IS PAUSED' ELSE '' END) :end || to_char(now, '  HH24:MI:SS')
    FROM plan
    UNION ALL
    SELECT 1, 2, repeat(:'bar', ended) || repeat(:'rest', :columns - 10 - ended) || to_char(done, '  990.0 %')
    FROM plan
    CROSS JOIN LATERAL (SELECT coalesce(percent_done, 100)) AS d (done)
    CROSS JOIN LATERAL (SELECT floor((:columns - 10) * done / 100)::integer) AS b (ended)
    UNION ALL
    SELECT 1, 3, concat_ws(', ', jobs || ' jobs: ' || running || ' running', pending || ' pending', nullif(waiting, 0) || ' waiting',
        succeeded || ' succeeded', nullif(reused, 0) || ' reused', nullif(failed, 0) || ' FAILED',
        nullif(cancelled, 0) || ' cancelled', nullif(blocked, 0) || ' blocked')
    FROM plan
    UNION ALL
    SELECT 1, 4, CASE
        WHEN jobs_left = 0 THEN coalesce('Ended at ' || to_char(expected_end, 'YYYY-MM-DD HH24:MI:SS'), '')
        ELSE concat_ws(', ', coalesce(trim(to_char(jobs_per_hour, '999,999,999,990.0')) || ' jobs an hour', 'Nothing has ended yet'),
            CASE WHEN NOT paused AND isfinite(expected_end) THEN
                'ends at ' || to_char(expected_end, CASE WHEN expected_end::date = now::date THEN 'HH24:MI:SS' ELSE 'YYYY-MM-DD HH24:MI' END)
                || ' (in ' || justify_hours(date_trunc('second', expected_end - now)) || ')' END)
        END
    FROM plan
    \if :{?lacks_limits}
    \else
        UNION ALL
        SELECT 1, 5, :say :columns, 'Limits: ' || string_agg(format('%s %s of %s%s', left(l.name, 30), l.running, l.max_running,
            CASE WHEN l.running >= l.max_running THEN ' (FULL)' ELSE '' END), ', ' ORDER BY l.running >= l.max_running DESC, l.name) :end
        FROM (SELECT * FROM :trainplan.training_limit_usage LIMIT 20) AS l
        HAVING count(*) > 0
    \endif
    UNION ALL
    SELECT 2, 0, format(E'\nRunning: %s by %s%s', CASE count(*) WHEN 1 THEN '1 job' ELSE count(*) || ' jobs' END,
        CASE count(DISTINCT worker) WHEN 1 THEN '1 worker' ELSE count(DISTINCT worker) || ' workers' END,
        CASE WHEN count(*) > :running_lines THEN ', the longest first' ELSE '' END)
    FROM running
    WHERE holds
    HAVING count(*) > 0
    UNION ALL
    SELECT 2, r.place, format('  %s  %s  %s  %s',
        :name :worker_width, r.worker :end,
        :name :job_width, r.job_id :end,
        lpad(coalesce(to_char(make_interval(secs => r.seconds), 'FMHH24:MI:SS'), ''), 8),
        CASE
            WHEN r.progress BETWEEN 0 AND 1 THEN
                repeat(:'bar', floor(8 * r.progress)::integer) || repeat(:'rest', 8 - floor(8 * r.progress)::integer) || to_char(100 * r.progress, '990 %')
            WHEN r.lease < 60 THEN 'lease ' || to_char(r.lease, 'FM990') || ' s'
            ELSE ''
        END)
    FROM (
        SELECT *, row_number() OVER (ORDER BY seconds DESC NULLS LAST, job_id) AS place
        FROM running
        WHERE holds
        ORDER BY seconds DESC NULLS LAST, job_id
        LIMIT :running_lines
    ) AS r
    UNION ALL
    SELECT 3, 0, E'\n' || :say :columns, concat(
            CASE sum(leases) WHEN 1 THEN '1 lease has' ELSE sum(leases) || ' leases have' END, ' ended without a report (',
            string_agg(rtrim(:name 24, worker :end) || ': ' || leases, ', ' ORDER BY place) FILTER (WHERE place <= 3),
            ', other workers: ' || sum(leases) FILTER (WHERE place > 3), ')') :end
    FROM gone
    HAVING count(*) > 0
    UNION ALL
    SELECT 4, 0, E'\nEnded last'
    FROM ended
    HAVING count(*) > 0
    UNION ALL
    SELECT 4, e.place, format('  %s  %s  %s  %s  %s',
        :moment e.state_since :end,
        CASE e.state WHEN 'failed' THEN 'FAILED' ELSE 'done  ' END,
        :name :job_width, e.job_id :end,
        lpad(coalesce(to_char(make_interval(secs => h.seconds), 'FMHH24:MI:SS'), ''), 8),
        :name :worker_width, coalesce(h.worker, '') :end)
    FROM ended AS e
    LEFT JOIN LATERAL (
        \if :{?lacks_history}
            SELECT NULL::text, NULL::double precision
        \else
            SELECT h.worker,
                CASE WHEN isfinite(h.finished_at) AND isfinite(h.started_at) THEN greatest(0, extract(epoch FROM h.finished_at - h.started_at)) END
            FROM :trainplan.training_job_history AS h
            WHERE h.plan_id = :the_plan AND h.job_id = e.job_id AND h.attempt = e.attempt
        \endif
    ) AS h (worker, seconds) ON true
    WHERE e.place <= :ended_lines
    UNION ALL
    SELECT 5, 0, E'\nFailed last, and from when it is tried again'
    FROM failed
    HAVING count(*) > 0
    UNION ALL
    SELECT 5, f.place, format('  %s  %s  %s  %s',
        :moment f.state_since :end,
        CASE WHEN f.ready_at IS NULL THEN 'for good'
            WHEN f.ready_at <= statement_timestamp() THEN rpad('now', 8)
            ELSE :moment f.ready_at :end END,
        :name :job_width, f.job_id :end,
        :say :columns - 24 - :job_width, coalesce(h.error, '') :end)
    FROM failed AS f
    LEFT JOIN LATERAL (
        \if :{?lacks_history}
            SELECT NULL::text
        \else
            SELECT CASE
                WHEN h.outcome = 'expired' THEN '(the lease ended without a report)'
                WHEN h.error LIKE 'Traceback %' THEN split_part(rtrim(replace(right(h.error, 1000), E'\r', E'\n'), E' \t\n'), E'\n', -1)
                ELSE split_part(ltrim(replace(left(h.error, 1000), E'\r', E'\n'), E' \t\n'), E'\n', 1)
            END
            FROM :trainplan.training_job_history AS h
            WHERE h.plan_id = :the_plan AND h.job_id = f.job_id AND h.attempt = f.attempt
        \endif
    ) AS h (error) ON true
    WHERE f.place <= :failed_lines
)
SELECT
    CASE WHEN row_number() OVER w = 1 THEN :'top' ELSE '' END
    || replace(rtrim(line, ' '), E'\n', :'end_of_line' || E'\n')
    || CASE WHEN row_number() OVER w = count(*) OVER () THEN :'bottom' ELSE :'end_of_line' END AS line
FROM lines
WINDOW w AS (ORDER BY section, place)
ORDER BY section, place
\watch :every
