-- Summaries: plans counted.
--
-- The views read the tables with the rights of whoever asks.  Here and in all views,
-- functions are called by their schema, and what an operator joins has the very types
-- that it is for: what others may have put into the extension's schema is never taken.

CREATE VIEW training_jobs_by_route WITH (security_invoker = true) AS
SELECT plan_id, route, pg_catalog.count(*) AS jobs
FROM training_jobs
GROUP BY plan_id, route;

COMMENT ON VIEW training_jobs_by_route IS 'How many jobs a plan has of each route.';
COMMENT ON COLUMN training_jobs_by_route.plan_id IS 'The plan.';
COMMENT ON COLUMN training_jobs_by_route.route IS 'A route that it has jobs of.';
COMMENT ON COLUMN training_jobs_by_route.jobs IS 'How many.';

CREATE VIEW training_jobs_by_type WITH (security_invoker = true) AS
SELECT plan_id, training_type, pg_catalog.count(*) AS jobs
FROM training_jobs
GROUP BY plan_id, training_type;

COMMENT ON VIEW training_jobs_by_type IS 'How many jobs a plan has of each training type.';
COMMENT ON COLUMN training_jobs_by_type.plan_id IS 'The plan.';
COMMENT ON COLUMN training_jobs_by_type.training_type IS 'A training type that it has jobs of.';
COMMENT ON COLUMN training_jobs_by_type.jobs IS 'How many.';

CREATE VIEW training_jobs_by_priority WITH (security_invoker = true) AS
SELECT plan_id, priority, pg_catalog.count(*) AS jobs
FROM training_jobs
GROUP BY plan_id, priority;

COMMENT ON VIEW training_jobs_by_priority IS 'How many jobs a plan has of each priority.';
COMMENT ON COLUMN training_jobs_by_priority.plan_id IS 'The plan.';
COMMENT ON COLUMN training_jobs_by_priority.priority IS 'A priority that it has jobs of.';
COMMENT ON COLUMN training_jobs_by_priority.jobs IS 'How many.';

-- The jobs of a plan are counted once, by all three together, and the few
-- counts are added up for each.
CREATE VIEW training_plan_summary WITH (security_invoker = true) AS
SELECT
    p.plan_id,
    p.generated_at,
    p.routing,
    p.total_jobs,
    s.total_cs_jobs,
    s.total_symbol_jobs,
    s.total_blocked,
    s.by_route,
    s.by_type,
    s.by_priority
FROM training_plans AS p
CROSS JOIN LATERAL (
    WITH counts AS MATERIALIZED (
        SELECT j.route, j.training_type, j.priority, pg_catalog.count(*) AS jobs
        FROM training_jobs AS j
        WHERE j.plan_id = p.plan_id
        GROUP BY j.route, j.training_type, j.priority
    )
    SELECT
        coalesce(pg_catalog.sum(c.jobs) FILTER (WHERE c.training_type = 'cross_sectional'), 0)::bigint AS total_cs_jobs,
        coalesce(pg_catalog.sum(c.jobs) FILTER (WHERE c.training_type = 'symbol_specific'), 0)::bigint AS total_symbol_jobs,
        coalesce(pg_catalog.sum(c.jobs) FILTER (WHERE c.training_type = 'blocked'), 0)::bigint AS total_blocked,
        (
            SELECT coalesce(pg_catalog.jsonb_object_agg(r.route, r.jobs), '{}')
            FROM (SELECT route, pg_catalog.sum(jobs) AS jobs FROM counts GROUP BY route) AS r
        ) AS by_route,
        (
            SELECT coalesce(pg_catalog.jsonb_object_agg(t.training_type, t.jobs), '{}')
            FROM (SELECT training_type, pg_catalog.sum(jobs) AS jobs FROM counts GROUP BY training_type) AS t
        ) AS by_type,
        (
            SELECT coalesce(pg_catalog.jsonb_object_agg(i.priority, i.jobs), '{}')
            FROM (SELECT priority, pg_catalog.sum(jobs) AS jobs FROM counts GROUP BY priority) AS i
        ) AS by_priority
    FROM counts AS c
) AS s;

COMMENT ON VIEW training_plan_summary IS 'Plans with their jobs counted, one a row.';
COMMENT ON COLUMN training_plan_summary.plan_id IS 'The plan.';
COMMENT ON COLUMN training_plan_summary.generated_at IS 'When it was made.';
COMMENT ON COLUMN training_plan_summary.routing IS 'Where its decisions came from.';
COMMENT ON COLUMN training_plan_summary.total_jobs IS 'How many jobs it has.';
COMMENT ON COLUMN training_plan_summary.total_cs_jobs IS 'How many of them are cross-sectional.';
COMMENT ON COLUMN training_plan_summary.total_symbol_jobs IS 'How many of them are for one symbol.';
COMMENT ON COLUMN training_plan_summary.total_blocked IS 'How many of them are blocked.';
COMMENT ON COLUMN training_plan_summary.by_route IS 'Jobs of each route: {"ROUTE_BOTH": 23, ...}.';
COMMENT ON COLUMN training_plan_summary.by_type IS 'Jobs of each training type: {"symbol_specific": 54, ...}.';
COMMENT ON COLUMN training_plan_summary.by_priority IS 'Jobs of each priority: {"3": 23, ...}.';

GRANT SELECT ON training_jobs_by_route, training_jobs_by_type, training_jobs_by_priority, training_plan_summary
TO @extowner@ WITH GRANT OPTION;
