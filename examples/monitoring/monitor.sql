-- A role that watches plans, and can do nothing else: that of prometheus-postgres-exporter.
--
--   psql -f examples/monitoring/monitor.sql research                   the role prometheus
--   psql -v monitor=watcher -f examples/monitoring/monitor.sql research    another one
--
-- By a superuser, in each database that has plans to watch; again after a restore, which
-- does not bring the index back.  It can be run any number of times.

\set QUIET on
\set ON_ERROR_STOP on
SET client_min_messages = warning;
SET search_path = pg_catalog;

\if :{?monitor}
\else
    \set monitor prometheus
\endif

SELECT (
    SELECT n.nspname
    FROM pg_catalog.pg_extension AS e
    JOIN pg_catalog.pg_namespace AS n ON n.oid = e.extnamespace
    WHERE e.extname = 'trainplan'
) AS trainplan \gset
\if :{?trainplan}
\else
    \warn 'This database does not have the extension: CREATE EXTENSION trainplan;'
    \quit
\endif

BEGIN;

SELECT pg_catalog.count(*) = 0 AS missing FROM pg_catalog.pg_roles WHERE rolname = :'monitor' \gset
\if :missing
    CREATE ROLE :"monitor" LOGIN;
\endif

-- What the queries read.  (training_plan_progress tells the rate by the history, of which it
-- wants all columns to be readable.)
SELECT pg_catalog.format('GRANT CONNECT ON DATABASE %I TO %I', pg_catalog.current_database(), :'monitor') \gexec
GRANT USAGE ON SCHEMA :"trainplan" TO :"monitor";
GRANT SELECT ON :"trainplan".training_plans, :"trainplan".training_plan_progress TO :"monitor";
GRANT SELECT ON :"trainplan".training_job_queue, :"trainplan".training_job_history TO :"monitor";
GRANT SELECT ON :"trainplan".training_limits, :"trainplan".training_limit_usage TO :"monitor";

-- The queries find the extension by this, wherever it is.  One that takes too long, as in
-- years of history without the index below, is given up, and the next poll comes.  What is
-- read in milliseconds is not worth compiling.
SELECT pg_catalog.format('ALTER ROLE %I IN DATABASE %I SET %s', :'monitor', pg_catalog.current_database(), setting)
FROM (VALUES
    (pg_catalog.format('search_path = pg_catalog, %I', :'trainplan'::text)),
    ('default_transaction_read_only = on'),
    ('statement_timeout = ''5s'''),
    ('jit = off')
) AS s (setting) \gexec

-- What failed in the last hour, found without reading all that ever ended.
CREATE INDEX IF NOT EXISTS training_job_history_monitor_idx
ON :"trainplan".training_job_history (outcome, finished_at)
WHERE outcome IN ('failed', 'expired');

COMMIT;
