-- Golden cases: routing plans, and the jobs that must come of them.
--
-- test/golden/ has a folder a case: a routing plan, and the training plans made
-- from it with blocked decisions left out and included.

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

\set VERBOSITY terse
DELETE FROM training_plans;
DROP TABLE documents, decisions, stored CASCADE;
