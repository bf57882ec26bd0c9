-- A training plan as a report: how far it is, what is in its way, what failed, when it ends,
-- what took long, and what it is made of.
--
--   psql -f examples/report.sql                     the latest plan
--   psql -v plan=7 -f examples/report.sql           plan 7
--   psql -v forecast=on -f examples/report.sql      with the forecast, however many jobs are left (off: without)
--   psql -v columns=80 -f examples/report.sql       as for a terminal of 80 columns (or it finds out)
--
-- Works in any database that has the extension, in whatever schema it is, and shows what
-- the caller may read.  A section is there if it has something to say.  Nothing is written.

\set QUIET on
\set ON_ERROR_STOP on
\pset pager off
\pset footer off
\pset border 2
\pset null ''
\pset expanded off
\pset tuples_only off
\pset numericlocale off
\pset format aligned
\pset title

-- what others may have made in some schema is never taken for PostgreSQL's
SELECT pg_catalog.current_setting('search_path') AS callers_path \gset
SET search_path = pg_catalog;

-- as wide as the terminal, where it is printed on one
\if :{?columns}
\else
    \set columns `case $(readlink "/proc/$PPID/fd/1" 2>/dev/null) in /dev/pts/* | /dev/tty*) { stty size </dev/tty; } 2>/dev/null | cut -d ' ' -f 2 ;; esac`
\endif
SELECT coalesce(nullif(:'columns', '')::integer, 120) >= 120 AS wide \gset

-- draw with what the database can hold
SELECT current_setting('server_encoding') = 'UTF8' AS utf8 \gset
\if :utf8
    SET client_encoding = 'UTF8';
    \pset linestyle unicode
    \set bar '█'
    \set dots '…'
\else
    \pset linestyle ascii
    \set bar '#'
    \set dots '~'
\endif

-- Names and errors say what somebody liked.  What would move the cursor, turn the direction
-- of writing or can't be seen is shown as a question mark, and what is long is cut:
--   :say 30, name :end
SELECT CASE
    WHEN :'utf8' THEN E'[\\u0001-\\u001f\\u007f-\\u009f\\u00ad\\u061c\\u180e\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ufeff\\ufff9-\\ufffb\\U000e0000-\\U000e007f]'
    WHEN current_setting('server_encoding') ~ '^(LATIN|ISO|SQL)' THEN E'[\\u0001-\\u001f\\u007f-\\u009f]'
    ELSE E'[\\u0001-\\u001f\\u007f]'
END AS unsafe \gset
\set say '(SELECT CASE WHEN length(t) > n THEN left(t, n - 1) || :''dots'' ELSE t END FROM (SELECT n, regexp_replace(left(t, n + 1), :''unsafe'', ''?'', ''g'') AS t FROM (SELECT '
\set end ') AS f (n, t)) AS f)'

SELECT n.oid AS schema, quote_ident(n.nspname) AS trainplan, e.extversion = '1.0' AS old, has_schema_privilege(n.oid, 'USAGE') AS usable
FROM (VALUES ('trainplan')) AS t (name)
LEFT JOIN pg_extension AS e ON e.extname = t.name
LEFT JOIN pg_namespace AS n ON n.oid = e.extnamespace \gset
\if :{?trainplan}
\else
    \warn 'This database does not have the extension: CREATE EXTENSION trainplan;'
    \quit
\endif

-- What each section reads, and what of that the caller can't: a variable is set for each
-- section that is left out.
WITH needs (section, name) AS (
    SELECT section, unnest(names)
    FROM (VALUES
        ('plan', '{training_plans,latest_training_plan}'::text[]),
        ('summary', '{training_plan_summary,training_jobs}'),
        ('jobs', '{training_jobs}'),
        ('progress', '{training_plan_progress,training_job_queue,training_plan_counts}'),
        ('waiting', '{training_job_queue,training_job_state}'),
        ('limits', '{training_limit_usage,training_limits,training_job_queue,training_jobs_running}'),
        ('failures', '{training_job_attempts,training_jobs,training_job_queue,training_job_history}'),
        ('slowest', '{training_job_history}'),
        ('forecast', '{training_plan_progress,training_jobs,training_job_queue,training_job_history,forecast_training_plan}')
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
    CASE WHEN NOT :'usable' THEN 'the schema ' || :say 60, :'trainplan' :end ELSE max(names) FILTER (WHERE section = 'plan') END AS lacks_plan,
    max(names) FILTER (WHERE section = 'summary') AS lacks_summary,
    max(names) FILTER (WHERE section = 'jobs') AS lacks_jobs,
    max(names) FILTER (WHERE section = 'progress') AS lacks_progress,
    max(names) FILTER (WHERE section = 'waiting') AS lacks_waiting,
    max(names) FILTER (WHERE section = 'limits') AS lacks_limits,
    max(names) FILTER (WHERE section = 'failures') AS lacks_failures,
    max(names) FILTER (WHERE section = 'slowest') AS lacks_slowest,
    max(names) FILTER (WHERE section = 'forecast') AS lacks_forecast
FROM lacks \gset
\if :{?lacks_plan}
    \warn 'You may not read' :lacks_plan
    \quit
\endif

\if :{?plan}
\else
    SELECT :trainplan.latest_training_plan() AS plan \gset
\endif
\if :{?plan}
\else
    \warn 'There is no plan'
    \quit
\endif

SELECT count(*) = 0 AS missing
FROM :trainplan.training_plans
WHERE plan_id = :plan \gset
\if :missing
    \warn 'There is no plan' :plan
    \quit
\endif

-- ---- which it is -------------------------------------------------------------------------

-- (all of its jobs are counted once)
\if :{?lacks_summary}
    \set jobs_by_type ''
\else
    SELECT total_cs_jobs, total_symbol_jobs, total_blocked, by_route, by_type, by_priority
    FROM :trainplan.training_plan_summary
    WHERE plan_id = :plan \gset
    SELECT format(': %s cross-sectional, %s for one symbol, %s blocked', :total_cs_jobs, :total_symbol_jobs, :total_blocked) AS jobs_by_type \gset
\endif

\pset title 'Training plan'
SELECT w.name AS "plan", w.value AS :"plan"
FROM :trainplan.training_plans AS p
CROSS JOIN LATERAL (VALUES
    ('run', :say 60, run_id :end),
    ('made at', to_char(generated_at, 'YYYY-MM-DD HH24:MI:SS TZ')),
    ('made from', :say 60, routing :end),
    ('families', :say 60, array_to_string(model_families, ', ') :end),
    ('jobs', total_jobs || :'jobs_by_type')
) AS w (name, value)
WHERE plan_id = :plan;

-- ---- how far it is -----------------------------------------------------------------------

\if :old
    \echo 'How far the plan is needs version 1.1 of the extension here: ALTER EXTENSION trainplan UPDATE;\n'
\else

\set is_left false
\set is_large false
\set running_now 0
\if :{?lacks_progress}
    \echo 'Where the jobs stand is left out: you may not read' :lacks_progress '\n'
\else
    SELECT
        w.pending, w.waiting, w.running AS running_now, w.succeeded, w.reused, w.failed, w.cancelled,
        w.jobs <> p.total_jobs AS is_odd,
        greatest(w.jobs, p.total_jobs) > 0 AS has_states,
        w.pending + w.waiting + w.running > 0 AS is_left,
        w.pending + w.waiting + w.running AS jobs_left,
        w.pending + w.waiting + w.running > 100000 AS is_large,
        w.blocked
    FROM :trainplan.training_plan_progress AS w
    JOIN :trainplan.training_plans AS p USING (plan_id)
    WHERE plan_id = :plan \gset

    \pset title 'How far it is'
    SELECT
        CASE WHEN NOT :'is_left' THEN 'has ended' WHEN p.paused THEN 'is paused' ELSE 'is on its way' END AS "plan",
        to_char(w.percent_done, '990.0 %') AS "done",
        w.jobs_per_hour AS "jobs an hour",
        CASE WHEN NOT p.paused OR NOT :'is_left' THEN to_char(w.expected_end, 'YYYY-MM-DD HH24:MI:SS') END AS "ends at this rate",
        CASE WHEN NOT p.paused AND :'is_left' THEN justify_hours(date_trunc('second', w.expected_end - statement_timestamp())) END AS "that is in"
    FROM :trainplan.training_plan_progress AS w
    JOIN :trainplan.training_plans AS p USING (plan_id)
    WHERE plan_id = :plan;

    -- jobs whose places somebody has deleted are looked for where the sums differ
    \set lost 0
    \if :is_odd
        \if :{?lacks_jobs}
        \else
            SELECT count(*) AS lost
            FROM :trainplan.training_jobs AS j
            LEFT JOIN :trainplan.training_job_queue AS q USING (plan_id, job_id)
            WHERE plan_id = :plan AND q.job_id IS NULL AND j.training_type <> 'blocked' \gset
        \endif
    \endif

    \if :has_states
        \pset title 'Where the jobs stand'
        SELECT state, jobs,
            to_char(100.0 * jobs / sum(jobs) OVER (), '990.0 %') AS share,
            rpad(repeat(:'bar', (28 * jobs / sum(jobs) OVER ())::integer), 28) AS " "
        FROM (VALUES
            (1, 'pending', :pending::bigint),
            (2, 'waiting', :waiting),
            (3, 'running', :running_now),
            (4, 'succeeded', :succeeded),
            (5, 'reused', :reused),
            (6, 'failed', :failed),
            (7, 'cancelled', :cancelled),
            (8, 'blocked', :blocked),
            (9, '(place deleted)', :lost)
        ) AS s (place, state, jobs)
        WHERE jobs > 0
        ORDER BY place;
    \endif
\endif

-- ---- what is in its way ------------------------------------------------------------------

\if :{?lacks_waiting}
    \echo 'What waits for what is left out: you may not read' :lacks_waiting '\n'
    \set is_waiting false
\elif :{?lacks_progress}
    SELECT EXISTS (
        SELECT FROM :trainplan.training_job_queue WHERE plan_id = :plan AND (ready_at IS NULL OR ready_at < 'infinity')
    ) AS is_waiting \gset
\else
    SELECT :pending + :waiting > 0 AS is_waiting \gset
\endif
\if :is_waiting
    -- Places are counted by their kind, which limits go by; of a kind, any job tells the
    -- families.  The kind of a few may not be known (0).
    \pset title 'What waits, and for what'
    WITH places AS MATERIALIZED (
        SELECT
            q.kind,
            CASE
                WHEN s.state = 'running' THEN 'runs'
                WHEN s.state = 'waiting' THEN 'pooled'
                WHEN q.state = 'pending' AND q.ready_at > statement_timestamp() THEN 'delay'
                ELSE 'ready'
            END AS why,
            q.awaited,
            count(*) AS jobs,
            count(*) FILTER (WHERE q.state = 'running') AS leases,
            min(q.job_id) AS example,
            min(q.ready_at) AS first,
            max(q.ready_at) AS last
        FROM :trainplan.training_plans AS p
        JOIN :trainplan.training_job_queue AS q USING (plan_id)
        CROSS JOIN LATERAL (
            SELECT :trainplan.training_job_state(q.state, q.ready_at, q.cancel_requested, q.attempt - q.attempts_forgiven, p.max_attempts)
        ) AS s (state)
        WHERE plan_id = :plan AND q.state IN ('pending', 'waiting', 'running') AND s.state IN ('pending', 'waiting', 'running')
        GROUP BY q.kind, 2, q.awaited, CASE WHEN q.kind = 0 THEN q.job_id END
    ), limited AS MATERIALIZED (
        SELECT w.*, l.names, l.used, l.stopped
        FROM places AS w
        \if :{?lacks_limits}
            CROSS JOIN (SELECT NULL, NULL, NULL) AS l (names, used, stopped)
        \elif :{?lacks_jobs}
            CROSS JOIN (SELECT NULL, NULL, NULL) AS l (names, used, stopped)
        \else
            LEFT JOIN LATERAL (
                SELECT
                    CASE count(*) WHEN 1 THEN 'the limit ' ELSE 'the limits ' END
                        || string_agg(:say 20, u.name :end, ', ' ORDER BY u.name) AS names,
                    string_agg(format('%s of %s run', u.running, u.max_running), ', ' ORDER BY u.name) AS used,
                    CASE count(*) FILTER (WHERE u.max_running = 0) WHEN 1 THEN 'the limit ' ELSE 'the limits ' END
                        || string_agg(:say 20, u.name :end, ', ' ORDER BY u.name) FILTER (WHERE u.max_running = 0) AS stopped
                FROM (SELECT * FROM :trainplan.training_limit_usage WHERE running >= max_running OFFSET 0) AS u
                WHERE u.families IS NULL OR u.families && (
                    SELECT j.model_families
                    FROM :trainplan.training_jobs AS j
                    WHERE j.plan_id = :plan AND j.job_id = w.example
                )
            ) AS l ON w.why IN ('ready', 'delay')
        \endif
    ), paused AS (
        SELECT paused FROM :trainplan.training_plans WHERE plan_id = :plan
    ), pooled (detail) AS (
        SELECT concat_ws(', ',
            sum(jobs) FILTER (WHERE why = 'runs') || ' run',
            sum(jobs) FILTER (WHERE why = 'ready') || ' are pending',
            sum(jobs) FILTER (WHERE why = 'delay') || ' wait for a retry')
        FROM places
        WHERE awaited
    ), reasons (place, jobs, "waits for", detail) AS (
        SELECT 1, sum(jobs), 'the plan is paused', 'SELECT resume_training_plan(' || :'plan' || ')'
        FROM places
        WHERE why IN ('ready', 'delay') AND (SELECT paused FROM paused)
        UNION ALL
        SELECT 2, sum(jobs), 'and ' || stopped, CASE WHEN stopped LIKE 'the limits %' THEN 'are 0' ELSE 'is 0' END || ', for so many of these'
        FROM limited
        WHERE why IN ('ready', 'delay') AND stopped IS NOT NULL AND (SELECT paused FROM paused)
        GROUP BY stopped
        UNION ALL
        SELECT 3, sum(jobs), 'the pooled model of its target', (SELECT 'of these models ' || nullif(detail, '') FROM pooled)
        FROM places
        WHERE why = 'pooled'
        UNION ALL
        SELECT 4, sum(jobs), 'the time of its retry', format('the next at %s, the last at %s',
            to_char(min(first), CASE WHEN min(first)::date = current_date THEN 'HH24:MI:SS' ELSE 'YYYY-MM-DD HH24:MI:SS' END),
            to_char(max(last), CASE WHEN max(last)::date = current_date THEN 'HH24:MI:SS' ELSE 'YYYY-MM-DD HH24:MI:SS' END))
        FROM places
        WHERE why = 'delay' AND NOT (SELECT paused FROM paused)
        UNION ALL
        SELECT 5, sum(jobs), names, max(used)
        FROM limited
        WHERE why = 'ready' AND names IS NOT NULL AND NOT (SELECT paused FROM paused)
        GROUP BY names
        UNION ALL
        SELECT 6, sum(jobs), 'nothing: can be claimed now', concat_ws(', ',
            nullif(sum(leases), 0) || ' after a lease that ended',
            CASE WHEN NOT EXISTS (SELECT FROM places WHERE why = 'runs') THEN 'nobody runs a job: are there workers?' END)
        FROM limited
        WHERE why = 'ready' AND names IS NULL AND NOT (SELECT paused FROM paused)
    )
    SELECT jobs,
        \if :wide
            "waits for", detail AS " "
        \else
            "waits for" || coalesce(E'\n    ' || nullif(detail, ''), '') AS "waits for"
        \endif
    FROM reasons
    WHERE jobs > 0
    ORDER BY place, jobs DESC
    LIMIT 20;
\endif

\if :{?lacks_failures}
    \echo 'Failures are left out: you may not read' :lacks_failures '\n'
    \set has_failures false
\else
    SELECT EXISTS (
        SELECT FROM :trainplan.training_job_attempts WHERE plan_id = :plan AND outcome IN ('failed', 'expired')
    ) AS has_failures \gset
\endif
\if :has_failures
    -- An error's first line tells its kind, or its last one if it is a traceback of Python.
    \pset title 'Attempts that failed, by their error (# is any number)'
    WITH failures AS (
        SELECT
            job_id,
            finished_at,
            CASE
                WHEN outcome = 'expired' THEN '(the lease ended without a report)'
                ELSE coalesce(nullif(left(regexp_replace(
                    CASE
                        WHEN error LIKE 'Traceback %' THEN split_part(rtrim(replace(right(error, 500), E'\r', E'\n'), E' \t\n'), E'\n', -1)
                        ELSE split_part(ltrim(replace(left(error, 500), E'\r', E'\n'), E' \t\n'), E'\n', 1)
                    END, '0[xX][0-9a-fA-F]+|[0-9]+', '#', 'g'), 47), ''), '(nothing was said)')
            END AS error
        FROM :trainplan.training_job_attempts
        WHERE plan_id = :plan AND outcome IN ('failed', 'expired')
    ), errors AS (
        SELECT
            error,
            count(*) AS attempts,
            count(DISTINCT job_id) AS jobs,
            max(job_id) AS example,
            max(finished_at) AS last,
            row_number() OVER (ORDER BY count(*) DESC, max(finished_at) DESC, error) AS place
        FROM failures
        GROUP BY error
    )
    SELECT
        sum(attempts) AS times,
        CASE WHEN min(place) <= 10 THEN sum(jobs) END AS jobs,
        CASE WHEN min(place) <= 10 THEN :say 46, min(error) :end ELSE format('(%s other errors)', count(*)) END
        \if :wide
            AS error, :say 40, max(example) :end AS "such as",
        \else
            || E'\n    ' || :say 40, max(example) :end AS "error, and a job that has it",
        \endif
        to_char(max(last), 'MM-DD HH24:MI') AS "last at"
    FROM errors
    GROUP BY least(place, 11)
    ORDER BY least(place, 11);

    SELECT EXISTS (SELECT FROM :trainplan.training_job_attempts WHERE plan_id = :plan AND outcome = 'expired') AS has_failures \gset
\endif
\if :has_failures
    \pset title 'Leases that ended without a report, by worker'
    WITH workers AS (
        SELECT
            worker,
            count(*) AS leases,
            max(finished_at) AS last,
            row_number() OVER (ORDER BY count(*) DESC, max(finished_at) DESC, worker) AS place
        FROM :trainplan.training_job_attempts
        WHERE plan_id = :plan AND outcome = 'expired'
        GROUP BY worker
    )
    SELECT
        CASE WHEN min(place) <= 10 THEN :say 40, min(worker) :end ELSE format('(%s other workers)', count(*)) END AS worker,
        sum(leases) AS leases,
        to_char(max(last), 'MM-DD HH24:MI') AS "last at"
    FROM workers
    GROUP BY least(place, 11)
    ORDER BY least(place, 11);
\endif

\if :{?lacks_limits}
    \echo 'Limits are left out: you may not read' :lacks_limits '\n'
\else
    SELECT count(*) > 0 AS is_limited FROM :trainplan.training_limits \gset
    \if :is_limited
        \pset title 'Limits, over all plans'
        SELECT
            :say 16, name :end AS "limit",
            :say 23, coalesce(array_to_string(families, ', '), '(all jobs)') :end AS "families",
            running,
            max_running AS "allowed",
            rpad(repeat(:'bar', CASE WHEN running >= max_running THEN 10 ELSE 10 * running / max_running END::integer), 10) AS " "
        FROM :trainplan.training_limit_usage AS u
        ORDER BY running >= max_running DESC, u.name
        LIMIT 20;
    \endif
\endif

-- ---- when it ends ------------------------------------------------------------------------

-- (the forecast works all jobs off that are left, which takes some seconds where they are
-- very many)
\set tells_end :is_left
\if :{?lacks_forecast}
    \set tells_end false
\elif :{?forecast}
    SELECT :'is_left' AND :'forecast'::boolean AS tells_end \gset
\elif :is_large
    \set tells_end false
    \echo 'The forecast is left out:' :jobs_left 'jobs are left, which takes a while. Ask for it by -v forecast=on\n'
\endif
\if :{?lacks_forecast}
    \echo 'The forecast is left out: you may not read' :lacks_forecast '\n'
\elif :tells_end
    -- (where some jobs have no end, neither has the plan, by however many workers)
    \pset title 'When it ends, by how many workers'
    SELECT
        w.workers || CASE WHEN w.workers = greatest(:running_now, 1) AND :running_now > 0 THEN ' (as now)' ELSE '' END AS workers,
        f.told AS "jobs",
        CASE WHEN f.untold = 0 THEN date_trunc('second', f.ends_at - statement_timestamp() + interval '0.5 s') END AS takes,
        CASE WHEN f.untold = 0 THEN to_char(f.ends_at, 'YYYY-MM-DD HH24:MI') END AS "ends at",
        CASE WHEN f.untold > 0 THEN format('%s: %s', f.untold, f.why) ELSE '' END AS "no end for"
    FROM (
        SELECT DISTINCT greatest(1, (greatest(:running_now, 1) * factor)::integer) AS workers
        FROM (VALUES (0.5), (1), (2), (4), (8)) AS v (factor)
    ) AS w
    CROSS JOIN LATERAL (
        SELECT
            count(expected_end) AS told,
            count(*) - count(expected_end) AS untold,
            max(expected_end) FILTER (WHERE isfinite(expected_end)) AS ends_at,
            CASE
                WHEN (SELECT paused FROM :trainplan.training_plans WHERE plan_id = :plan) THEN 'the plan is paused'
                WHEN bool_or(expected_seconds IS NULL) THEN 'never trained'
                ELSE 'see what waits'
            END AS why
        FROM :trainplan.forecast_training_plan(:plan::bigint, w.workers)
    ) AS f
    WHERE f.untold = 0 OR w.workers = greatest(:running_now, 1)
    ORDER BY w.workers;
\endif

-- ---- what took long ---------------------------------------------------------------------

\if :{?lacks_slowest}
    \echo 'The slowest jobs are left out: you may not read' :lacks_slowest '\n'
    \set has_successes false
\else
    SELECT EXISTS (
        SELECT FROM :trainplan.training_job_history
        WHERE plan_id = :plan AND outcome = 'succeeded' AND finished_at >= started_at + interval '50 ms'
            AND isfinite(finished_at) AND isfinite(started_at)
    ) AS has_successes \gset
\endif
\if :has_successes
    \pset title 'The slowest jobs that succeeded'
    SELECT
        round(seconds, 1) AS seconds,
        :say 34, job_id :end AS job,
        \if :wide
            :say 36, worker :end AS worker,
            to_char(finished_at, 'YYYY-MM-DD HH24:MI') AS "ended at",
        \else
            :say 19, worker :end AS worker,
        \endif
        estimated_samples AS samples
    FROM (
        SELECT *
        FROM :trainplan.training_job_history AS h
        CROSS JOIN LATERAL (
            SELECT CASE WHEN isfinite(finished_at) AND isfinite(started_at) THEN extract(epoch FROM finished_at - started_at) END
        ) AS s (seconds)
        WHERE plan_id = :plan AND outcome = 'succeeded' AND seconds >= 0.05
        ORDER BY seconds DESC, h.job_id
        LIMIT 10
    ) AS s
    ORDER BY s.seconds DESC, s.job_id;
\endif

\endif

-- ---- its jobs -----------------------------------------------------------------------------

\if :{?lacks_jobs}
    \set shows_jobs false
    \echo 'The first jobs are left out: you may not read' :lacks_jobs '\n'
\else
    SELECT EXISTS (SELECT FROM :trainplan.training_jobs WHERE plan_id = :plan) AS shows_jobs \gset
\endif
\if :shows_jobs
    \pset title 'The first ten jobs'
    SELECT
        priority,
        :say 30, target :end AS target,
        :say 20, coalesce(symbol, '(all symbols)') :end AS symbol,
        \if :wide
            :say 15, training_type :end AS "training",
            :say 12, metadata ->> 'cs_state' :end AS "pooled",
            :say 12, metadata ->> 'local_state' :end AS "own",
        \endif
        estimated_samples AS "samples"
    FROM (
        SELECT *
        FROM :trainplan.training_jobs
        WHERE plan_id = :plan
        ORDER BY priority DESC, target COLLATE "C", symbol COLLATE "C" NULLS FIRST
        LIMIT 10
    ) AS j
    ORDER BY priority DESC, j.target COLLATE "C", j.symbol COLLATE "C" NULLS FIRST;
\endif

\if :{?lacks_summary}
    \set shows_summary false
    \echo 'Jobs by route, type and priority are left out: you may not read' :lacks_summary '\n'
\else
    SELECT :'by_type' <> '{}' AS shows_summary \gset
\endif
\if :shows_summary
    \pset title 'Jobs by route'
    SELECT :say 30, key :end AS route, value::bigint AS jobs,
        to_char(100.0 * value::bigint / sum(value::bigint) OVER (), '990.0 %') AS share,
        rpad(repeat(:'bar', (28 * value::bigint / max(value::bigint) OVER ())::integer), 28) AS " "
    FROM jsonb_each_text(:'by_route') AS r
    ORDER BY value::bigint DESC, key COLLATE "C"
    LIMIT 20;

    \pset title 'Jobs by training type'
    SELECT :say 30, key :end AS "training", value::bigint AS jobs,
        to_char(100.0 * value::bigint / sum(value::bigint) OVER (), '990.0 %') AS share,
        rpad(repeat(:'bar', (28 * value::bigint / max(value::bigint) OVER ())::integer), 28) AS " "
    FROM jsonb_each_text(:'by_type') AS t
    ORDER BY value::bigint DESC, key COLLATE "C"
    LIMIT 20;

    \pset title 'Jobs by priority'
    SELECT key::integer AS priority, value::bigint AS jobs,
        to_char(100.0 * value::bigint / sum(value::bigint) OVER (), '990.0 %') AS share,
        rpad(repeat(:'bar', (28 * value::bigint / max(value::bigint) OVER ())::integer), 28) AS " "
    FROM jsonb_each_text(:'by_priority') AS i
    ORDER BY key::integer DESC
    LIMIT 20;
\endif

-- (others may go on with it, as the demo does)
SELECT set_config('search_path', :'callers_path', false) AS callers_path \gset
\pset title
\pset format aligned
\unset lacks_summary
\unset lacks_jobs
\unset lacks_progress
\unset lacks_waiting
\unset lacks_limits
\unset lacks_failures
\unset lacks_slowest
\unset lacks_forecast
