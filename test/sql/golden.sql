-- Golden cases: metrics, routing plans, and the jobs that must come of them.
--
-- test/golden/ has a folder a case: candidates and a policy, the routing plan that
-- was made of them, and the training plans made from that with blocked decisions left
-- out and included.

CREATE TABLE documents ("case" text, name text, content jsonb);
\copy documents FROM PROGRAM 'cd "$PG_ABS_SRCDIR/golden" && for f in */*.json; do printf "%s\002%s\002" "${f%/*}" "${f#*/}"; tr -d "\n" <"$f"; echo; done' WITH (FORMAT csv, DELIMITER E'\x02', QUOTE E'\x01')
SELECT "case", count(*) AS documents FROM documents GROUP BY "case" ORDER BY "case" COLLATE "C";

-- a routing plan as a routing relation, one for each case
CREATE TABLE decisions AS
SELECT d."case", r.*
FROM documents AS d, routing_decisions(d.content::text) AS r
WHERE d.name = 'routing_plan.json';

SELECT format('CREATE VIEW %I AS SELECT * FROM decisions WHERE "case" = %L', 'routing_' || "case", "case")
FROM (SELECT DISTINCT "case" FROM documents) AS c
ORDER BY "case" COLLATE "C" \gexec

-- The jobs: the same, and in the same order of priorities.  A job's
-- estimated_samples is null in the documents.
CREATE VIEW planned AS
SELECT d."case", d.name, j.n, to_jsonb(j) - 'n' - 'estimated_samples' AS job
FROM documents AS d,
    LATERAL (
        SELECT row_number() OVER () AS n, p.*
        FROM generate_training_plan(('routing_' || d."case")::regclass, '{lightgbm,xgboost}',
                                    d.name = 'training_plan_with_blocked.json') AS p
    ) AS j
WHERE d.name LIKE 'training\_plan%';

CREATE VIEW wanted AS
SELECT d."case", d.name, j.n, j.job - 'estimated_samples' AS job
FROM documents AS d, jsonb_array_elements(d.content -> 'jobs') WITH ORDINALITY AS j (job, n)
WHERE d.name LIKE 'training\_plan%';

SELECT d."case", d.name,
    (SELECT count(*) FROM wanted AS w WHERE (w."case", w.name) = (d."case", d.name)) AS wanted,
    (
        SELECT count(*) FROM (
            SELECT w.job FROM wanted AS w WHERE (w."case", w.name) = (d."case", d.name)
            EXCEPT ALL
            SELECT p.job FROM planned AS p WHERE (p."case", p.name) = (d."case", d.name)
        ) AS x
    ) AS missing,
    (
        SELECT count(*) FROM (
            SELECT p.job FROM planned AS p WHERE (p."case", p.name) = (d."case", d.name)
            EXCEPT ALL
            SELECT w.job FROM wanted AS w WHERE (w."case", w.name) = (d."case", d.name)
        ) AS x
    ) AS unwanted,
    (
        SELECT array_agg(p.job -> 'priority' ORDER BY p.n) FROM planned AS p WHERE (p."case", p.name) = (d."case", d.name)
    ) = (
        SELECT array_agg(w.job -> 'priority' ORDER BY w.n) FROM wanted AS w WHERE (w."case", w.name) = (d."case", d.name)
    ) AS "same priorities"
FROM documents AS d
WHERE d.name LIKE 'training\_plan%'
ORDER BY d."case" COLLATE "C", d.name COLLATE "C";

-- the summaries of the same plans, stored
CREATE TABLE stored AS
SELECT d.*, create_training_plan(('routing_' || d."case")::regclass, '{lightgbm,xgboost}',
                                 d.name = 'training_plan_with_blocked.json') AS plan_id
FROM documents AS d
WHERE d.name LIKE 'training\_plan%';
SELECT d."case", d.name,
    s.total_jobs = (d.content #> '{metadata,total_jobs}')::bigint AS total_jobs,
    s.total_cs_jobs = (d.content #> '{summary,total_cs_jobs}')::bigint AS total_cs_jobs,
    s.total_symbol_jobs = (d.content #> '{summary,total_symbol_jobs}')::bigint AS total_symbol_jobs,
    s.total_blocked = (d.content #> '{summary,total_blocked}')::bigint AS total_blocked,
    s.by_route = d.content #> '{summary,by_route}' AS by_route,
    s.by_type = d.content #> '{summary,by_type}' AS by_type,
    s.by_priority = d.content #> '{summary,by_priority}' AS by_priority
FROM stored AS d
JOIN training_plan_summary AS s USING (plan_id)
ORDER BY d."case" COLLATE "C", d.name COLLATE "C";

-- Their documents: the same jobs and summaries, from JSON and from YAML that was
-- read again.
SELECT d."case", d.name,
    e.jobs = w.jobs AS jobs,
    (e.document -> 'summary')::jsonb = d.content -> 'summary' AS summary,
    training_plan_to_json(import_training_plan(training_plan_to_yaml(plan_id)))::text = e.document::text AS yaml
FROM stored AS d,
    LATERAL (
        SELECT document, (SELECT jsonb_agg(j::jsonb - 'estimated_samples' ORDER BY j ->> 'job_id') FROM json_array_elements(document -> 'jobs') AS j) AS jobs
        FROM training_plan_to_json(plan_id) AS document
    ) AS e,
    LATERAL (
        SELECT jsonb_agg(j - 'estimated_samples' ORDER BY j ->> 'job_id') AS jobs
        FROM jsonb_array_elements(d.content -> 'jobs') AS j
    ) AS w
ORDER BY d."case" COLLATE "C", d.name COLLATE "C";

-- From metrics: each case's candidates under its policy give the same routes and
-- states, ENABLED or DISABLED for each target, and the same jobs but for the reasons,
-- the cross-sectional states and the sizes, which the documents do not have.
CREATE TABLE candidates (
    "case" text,
    target text,
    symbol text,
    mode text,
    score double precision,
    stability text,
    sample_size bigint,
    leakage_status text,
    model_status text,
    task_type text,
    metric_name text,
    mean_overlap double precision,
    std_overlap double precision,
    mean_tau double precision,
    std_tau double precision
);
\copy candidates FROM PROGRAM 'cd "$PG_ABS_SRCDIR/golden" && for f in */routing_candidates.csv; do tail -n +2 "$f" | sed "s/^/${f%%/*},/"; done' WITH (FORMAT csv)
CREATE TABLE policies ("case" text, policy text);
\copy policies FROM PROGRAM 'cd "$PG_ABS_SRCDIR/golden" && for f in */routing_config.yaml; do echo "${f%%/*},$(base64 -w 0 "$f")"; done' WITH (FORMAT csv)
UPDATE policies SET policy = convert_from(decode(policy, 'base64'), 'UTF8');
SELECT "case", count(*) AS candidates FROM candidates GROUP BY "case" ORDER BY "case" COLLATE "C";

SELECT format('CREATE VIEW %I AS SELECT * FROM candidates WHERE "case" = %L', 'candidates_' || "case", "case")
FROM policies
ORDER BY "case" COLLATE "C" \gexec

CREATE TABLE routed AS
SELECT p."case", r.*
FROM policies AS p, route_training_candidates(('candidates_' || p."case")::regclass, p.policy) AS r;

SELECT "case",
    count(*) AS decisions,
    count(*) FILTER (WHERE w.target IS NULL OR r.target IS NULL) AS "of one side",
    count(*) FILTER (WHERE w.route <> r.route) AS "other routes",
    count(*) FILTER (WHERE symbol IS NOT NULL AND (w.cs_state, w.local_state) <> (r.cs_state, r.local_state)) AS "other states"
FROM (SELECT "case", target, coalesce(symbol, '') AS symbol_or_none, route, cs_state, local_state FROM decisions) AS w
FULL JOIN (SELECT *, coalesce(symbol, '') AS symbol_or_none FROM routed) AS r USING ("case", target, symbol_or_none)
GROUP BY "case"
ORDER BY "case" COLLATE "C";

CREATE TABLE planned_from_metrics AS
SELECT d."case", d.name,
    plan_training(('candidates_' || d."case")::regclass, p.policy, '{lightgbm,xgboost}',
                  d.name = 'training_plan_with_blocked.json', 'f3ba63d', 'globals/routing_candidates.parquet') AS plan_id
FROM documents AS d
JOIN policies AS p USING ("case")
WHERE d.name LIKE 'training\_plan%';

CREATE FUNCTION comparable(job jsonb) RETURNS jsonb
RETURN (job - '{plan_id,reason,estimated_samples}'::text[]) #- '{metadata,sample_size}' #- CASE job ->> 'training_type' WHEN 'cross_sectional' THEN '{metadata,cs_state}'::text[] ELSE '{none}' END;

SELECT p."case", p.name,
    (SELECT count(*) FROM training_jobs AS j WHERE j.plan_id = p.plan_id) AS planned,
    (
        SELECT count(*) FROM (
            SELECT comparable(w.job) FROM wanted AS w WHERE (w."case", w.name) = (p."case", p.name)
            EXCEPT ALL
            SELECT comparable(to_jsonb(j)) FROM training_jobs AS j WHERE j.plan_id = p.plan_id
        ) AS x
    ) AS missing,
    (
        SELECT count(*) FROM (
            SELECT comparable(to_jsonb(j)) FROM training_jobs AS j WHERE j.plan_id = p.plan_id
            EXCEPT ALL
            SELECT comparable(w.job) FROM wanted AS w WHERE (w."case", w.name) = (p."case", p.name)
        ) AS x
    ) AS unwanted
FROM planned_from_metrics AS p
ORDER BY p."case" COLLATE "C", p.name COLLATE "C";

-- what such a plan says of itself, and that it is the plan of the decisions in a table
SELECT p."case", t.routing, t.git_commit, t.metrics_snapshot,
    t.config_hash = left(encode(sha256(convert_to(c.policy, 'UTF8')), 'hex'), 8) AS config_hash
FROM planned_from_metrics AS p
JOIN policies AS c USING ("case")
JOIN training_plans AS t USING (plan_id)
WHERE p.name = 'training_plan.json'
ORDER BY p."case" COLLATE "C";

SELECT format('CREATE VIEW %I AS SELECT * FROM routed WHERE "case" = %L', 'routed_' || "case", "case")
FROM policies
ORDER BY "case" COLLATE "C" \gexec
SELECT p."case", p.name,
    NOT EXISTS (
        SELECT FROM (SELECT to_jsonb(j) - 'plan_id' AS job FROM training_jobs AS j WHERE j.plan_id = p.plan_id) AS a
        FULL JOIN (
            SELECT to_jsonb(g) AS job
            FROM generate_training_plan(('routed_' || p."case")::regclass, '{lightgbm,xgboost}', p.name = 'training_plan_with_blocked.json') AS g
        ) AS b USING (job)
        WHERE a.job IS NULL OR b.job IS NULL
    ) AS same
FROM planned_from_metrics AS p
ORDER BY p."case" COLLATE "C", p.name COLLATE "C";

DROP FUNCTION comparable(jsonb);
\set VERBOSITY terse
DELETE FROM training_plans;
DROP TABLE documents, decisions, stored, candidates, policies, routed, planned_from_metrics CASCADE;
