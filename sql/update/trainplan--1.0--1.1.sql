-- complain if script is sourced in psql, rather than via ALTER EXTENSION
\echo Use "ALTER EXTENSION trainplan UPDATE TO '1.1'" to load this file. \quit
-- From 1.0 to 1.1.
--
-- In 1.0 the role that installed the extension owned all that it is made of; now
-- whoever runs the script does, who is a superuser where that role was none.  What
-- such a role has hung on the tables would run with other rights then: what could be
-- a trap is refused.  For the same reason nothing here runs what others have made:
-- rows are written only behind that, and with no trigger; names have their schema,
-- arguments and operands the very types of functions and operators, and no literal has
-- a backslash, which settings give a meaning.

-- as everybody locks them
LOCK TABLE training_plans, training_jobs, training_job_queue, training_job_history, routing_policies IN ACCESS EXCLUSIVE MODE;

CREATE FUNCTION training_update_check_tables() RETURNS void LANGUAGE C AS 'MODULE_PATHNAME';
CREATE FUNCTION training_update_refuse(problem text, remedy text) RETURNS void LANGUAGE C AS 'MODULE_PATHNAME';

-- Are the tables those of 1.0?
SELECT @extschema@.training_update_check_tables();

-- Has a role that is no superuser hung something on them that its owner would run?
WITH members AS (
    SELECT d.classid, d.objid
    FROM pg_catalog.pg_depend AS d
    JOIN pg_catalog.pg_extension AS e ON e.oid = d.refobjid
    WHERE d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass::oid AND d.deptype = 'e' AND e.extname = 'trainplan'
), relations AS (
    SELECT c.oid
    FROM members AS m
    JOIN pg_catalog.pg_class AS c ON c.oid = m.objid
    JOIN pg_catalog.pg_authid AS r ON r.oid = c.relowner
    WHERE m.classid = 'pg_catalog.pg_class'::pg_catalog.regclass::oid AND c.relkind IN ('r', 'v') AND NOT r.rolsuper
), parts AS (
    SELECT 'pg_catalog.pg_trigger'::pg_catalog.regclass::oid AS classid, t.oid AS objid
    FROM pg_catalog.pg_trigger AS t
    WHERE t.tgrelid IN (SELECT r.oid FROM relations AS r) AND NOT t.tgisinternal
    UNION ALL
    SELECT 'pg_catalog.pg_rewrite'::pg_catalog.regclass::oid, w.oid
    FROM pg_catalog.pg_rewrite AS w
    WHERE w.ev_class IN (SELECT r.oid FROM relations AS r) AND w.rulename <> '_RETURN'
    UNION ALL
    SELECT 'pg_catalog.pg_constraint'::pg_catalog.regclass::oid, c.oid
    FROM pg_catalog.pg_constraint AS c
    WHERE c.conrelid IN (SELECT r.oid FROM relations AS r) OR c.confrelid IN (SELECT r.oid FROM relations AS r)
    UNION ALL
    SELECT 'pg_catalog.pg_attrdef'::pg_catalog.regclass::oid, d.oid
    FROM pg_catalog.pg_attrdef AS d
    WHERE d.adrelid IN (SELECT r.oid FROM relations AS r)
    UNION ALL
    SELECT 'pg_catalog.pg_policy'::pg_catalog.regclass::oid, p.oid
    FROM pg_catalog.pg_policy AS p
    WHERE p.polrelid IN (SELECT r.oid FROM relations AS r)
    UNION ALL
    SELECT 'pg_catalog.pg_class'::pg_catalog.regclass::oid, i.indexrelid
    FROM pg_catalog.pg_index AS i
    WHERE i.indrelid IN (SELECT r.oid FROM relations AS r)
    UNION ALL
    SELECT 'pg_catalog.pg_statistic_ext'::pg_catalog.regclass::oid, s.oid
    FROM pg_catalog.pg_statistic_ext AS s
    WHERE s.stxrelid IN (SELECT r.oid FROM relations AS r)
), makers AS (
    SELECT 'pg_catalog.pg_proc'::pg_catalog.regclass::oid AS classid, p.oid AS objid, p.proowner AS owner FROM pg_catalog.pg_proc AS p
    UNION ALL
    -- an enum's values do nothing
    SELECT 'pg_catalog.pg_type'::pg_catalog.regclass::oid, t.oid, t.typowner FROM pg_catalog.pg_type AS t WHERE t.typtype <> 'e'
    UNION ALL
    SELECT 'pg_catalog.pg_operator'::pg_catalog.regclass::oid, o.oid, o.oprowner FROM pg_catalog.pg_operator AS o
    UNION ALL
    SELECT 'pg_catalog.pg_opclass'::pg_catalog.regclass::oid, o.oid, o.opcowner FROM pg_catalog.pg_opclass AS o
), expressions AS (
    SELECT 'pg_catalog.pg_trigger'::pg_catalog.regclass::oid AS classid, t.oid AS objid, t.tgqual::text AS tree
    FROM pg_catalog.pg_trigger AS t
    UNION ALL
    SELECT 'pg_catalog.pg_constraint'::pg_catalog.regclass::oid, c.oid, c.conbin::text
    FROM pg_catalog.pg_constraint AS c
    UNION ALL
    -- but for what has its own default again below
    SELECT 'pg_catalog.pg_attrdef'::pg_catalog.regclass::oid, d.oid, d.adbin::text
    FROM pg_catalog.pg_attrdef AS d
    JOIN pg_catalog.pg_class AS c ON c.oid = d.adrelid
    JOIN pg_catalog.pg_attribute AS a ON a.attrelid = d.adrelid AND a.attnum = d.adnum
    WHERE NOT EXISTS (
        SELECT
        FROM (
            VALUES
                ('routing_policies'::name, 'updated_at'::name),
                ('training_plans'::name, 'run_id'::name),
                ('training_plans'::name, 'generated_at'::name),
                ('training_plans'::name, 'max_attempts'::name),
                ('training_job_queue'::name, 'ready_at'::name),
                ('training_job_queue'::name, 'state_since'::name),
                ('training_job_queue'::name, 'attempt'::name),
                ('training_job_queue'::name, 'attempts_forgiven'::name),
                ('training_job_queue'::name, 'cancel_requested'::name),
                ('training_job_queue'::name, 'state'::name)
        ) AS own (relation, attribute)
        WHERE own.relation = c.relname AND own.attribute = a.attname
    )
    UNION ALL
    SELECT 'pg_catalog.pg_policy'::pg_catalog.regclass::oid, p.oid, pg_catalog.concat(p.polqual::text, p.polwithcheck::text)
    FROM pg_catalog.pg_policy AS p
    UNION ALL
    SELECT 'pg_catalog.pg_class'::pg_catalog.regclass::oid, i.indexrelid, pg_catalog.concat(i.indexprs::text, i.indpred::text)
    FROM pg_catalog.pg_index AS i
    UNION ALL
    SELECT 'pg_catalog.pg_statistic_ext'::pg_catalog.regclass::oid, s.oid, s.stxexprs::text
    FROM pg_catalog.pg_statistic_ext AS s
), harmless AS (
    -- functions of the system that run nothing that a text says, nor a cast that others have made
    SELECT p.oid
    FROM pg_catalog.pg_proc AS p
    JOIN pg_catalog.pg_language AS l ON l.oid = p.prolang
    WHERE p.oid < '16384'::oid AND l.lanname IN ('internal', 'sql') AND (
        p.provolatile = 'i'
        OR p.oid IN (SELECT c.castfunc FROM pg_catalog.pg_cast AS c WHERE c.oid < '16384'::oid)
        OR p.proname IN (
            'now', 'transaction_timestamp', 'statement_timestamp', 'clock_timestamp', 'date_trunc', 'date_part', 'extract',
            'age', 'timezone', 'to_char', 'to_date', 'to_timestamp', 'to_number', 'concat', 'concat_ws', 'format',
            'nextval', 'gen_random_uuid', 'current_setting', 'current_database', 'current_schema', 'session_user',
            'pg_has_role', 'has_table_privilege', 'has_schema_privilege'
        )
    )
), traps AS (
    -- what calls a function of the system that may run what a text says
    SELECT e.classid, e.objid, 0 AS objsubid
    FROM expressions AS e
    JOIN parts AS p ON p.classid = e.classid AND p.objid = e.objid
    CROSS JOIN LATERAL pg_catalog.regexp_matches(e.tree, '[{]FUNCEXPR :funcid ([0-9]+)'::text, 'g'::text) AS f (id)
    WHERE f.id[1]::oid < '16384'::oid AND NOT EXISTS (SELECT FROM harmless AS h WHERE h.oid = f.id[1]::oid)
    UNION ALL
    -- or makes JSON, for which it looks for casts
    SELECT e.classid, e.objid, 0
    FROM expressions AS e
    JOIN parts AS p ON p.classid = e.classid AND p.objid = e.objid
    WHERE pg_catalog.strpos(e.tree, '{JSON'::text) > 0
    UNION ALL
    -- what calls a function of another extension, which runs as that means it to, or a domain's checks
    SELECT p.classid, p.objid, 0
    FROM parts AS p
    JOIN pg_catalog.pg_depend AS d ON d.classid = p.classid AND d.objid = p.objid
    LEFT JOIN pg_catalog.pg_operator AS o ON d.refclassid = 'pg_catalog.pg_operator'::pg_catalog.regclass::oid AND o.oid = d.refobjid
    LEFT JOIN pg_catalog.pg_type AS t ON d.refclassid = 'pg_catalog.pg_type'::pg_catalog.regclass::oid AND t.oid = d.refobjid
    LEFT JOIN pg_catalog.pg_proc AS f ON f.oid = CASE
        WHEN d.refclassid = 'pg_catalog.pg_proc'::pg_catalog.regclass::oid THEN d.refobjid
        ELSE o.oprcode::oid
    END
    LEFT JOIN pg_catalog.pg_language AS l ON l.oid = f.prolang
    WHERE t.typtype = 'd' OR (
        f.oid >= '16384'::oid AND (l.lanname NOT IN ('internal', 'c') OR f.provolatile <> 'i')
        AND NOT EXISTS (
            SELECT FROM members AS own WHERE own.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass::oid AND own.objid = f.oid
        )
    )
    UNION ALL
    -- foreign keys by which others' changes change these tables, by the right of their owner
    SELECT 'pg_catalog.pg_constraint'::pg_catalog.regclass::oid, c.oid, 0
    FROM pg_catalog.pg_constraint AS c
    WHERE c.contype = 'f' AND c.conrelid IN (SELECT r.oid FROM relations AS r)
        AND c.confrelid NOT IN (SELECT r.oid FROM relations AS r)
        AND (c.confupdtype NOT IN ('a', 'r') OR c.confdeltype NOT IN ('a', 'r'))
    UNION ALL
    -- policies that read more than others' tables
    SELECT d.classid, d.objid, 0
    FROM parts AS p
    JOIN pg_catalog.pg_depend AS d ON d.classid = p.classid AND d.objid = p.objid
    JOIN pg_catalog.pg_class AS c ON c.oid = d.refobjid
    JOIN pg_catalog.pg_authid AS r ON r.oid = c.relowner
    WHERE p.classid = 'pg_catalog.pg_policy'::pg_catalog.regclass::oid
        AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass::oid AND NOT r.rolsuper AND c.relkind NOT IN ('r', 'p')
        AND NOT EXISTS (SELECT FROM members AS own WHERE own.classid = d.refclassid AND own.objid = d.refobjid)
    UNION ALL
    -- tables that are read and written with these
    SELECT 'pg_catalog.pg_class'::pg_catalog.regclass::oid, k.relative, 0
    FROM pg_catalog.pg_inherits AS i
    CROSS JOIN LATERAL (VALUES (i.inhrelid, i.inhparent), (i.inhparent, i.inhrelid)) AS k (relative, relation)
    WHERE k.relation IN (SELECT r.oid FROM relations AS r)
    UNION ALL
    -- what calls something of a role that is no superuser
    SELECT p.classid, p.objid, 0
    FROM parts AS p
    JOIN pg_catalog.pg_depend AS d ON d.classid = p.classid AND d.objid = p.objid
    JOIN makers AS m ON m.classid = d.refclassid AND m.objid = d.refobjid
    JOIN pg_catalog.pg_authid AS r ON r.oid = m.owner
    WHERE NOT r.rolsuper AND NOT EXISTS (
        SELECT FROM members AS own WHERE own.classid = m.classid AND own.objid = m.objid
    )
    UNION ALL
    -- rules, which act by the right of the table's owner
    SELECT p.classid, p.objid, 0
    FROM parts AS p
    WHERE p.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass::oid
    UNION ALL
    -- foreign keys that cast
    SELECT 'pg_catalog.pg_constraint'::pg_catalog.regclass::oid, c.oid, 0
    FROM pg_catalog.pg_constraint AS c
    CROSS JOIN LATERAL ROWS FROM (pg_catalog.unnest(c.conkey), pg_catalog.unnest(c.confkey)) AS k (referencing, referenced)
    JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.conrelid AND a.attnum = k.referencing
    JOIN pg_catalog.pg_attribute AS b ON b.attrelid = c.confrelid AND b.attnum = k.referenced
    WHERE c.contype = 'f' AND c.confrelid IN (SELECT r.oid FROM relations AS r) AND a.atttypid <> b.atttypid
        AND a.atttypid >= '16384'::oid
    UNION ALL
    -- columns of types of his, or with checks
    SELECT 'pg_catalog.pg_class'::pg_catalog.regclass::oid, a.attrelid, a.attnum::integer
    FROM pg_catalog.pg_attribute AS a
    JOIN pg_catalog.pg_type AS t ON t.oid = a.atttypid
    JOIN pg_catalog.pg_authid AS r ON r.oid = t.typowner
    WHERE a.attrelid IN (SELECT r.oid FROM relations AS r) AND a.attnum > 0 AND NOT a.attisdropped
        AND (t.typtype = 'd' AND t.oid >= '16384'::oid OR t.typtype <> 'e' AND NOT r.rolsuper)
)
SELECT @extschema@.training_update_refuse(pg_catalog.format('the owner of its tables is no superuser, and %s would run with the rights of one',
    pg_catalog.pg_describe_object(t.classid, t.objid, t.objsubid)),
    'Drop that, update, and have a superuser make it anew if it is needed.'::text)
FROM traps AS t;

-- Are there rows that mean nothing?
SELECT @extschema@.training_update_refuse(pg_catalog.format('in table training_job_queue, job %s of plan %s can''t have state %s, attempt %s, attempts_forgiven %s, worker %s and ready_at %s',
    q.job_id, q.plan_id, q.state, q.attempt, q.attempts_forgiven, coalesce(q.worker, 'NULL'), coalesce(q.ready_at::text, 'NULL')),
    'Correct the row or delete it, and update then.'::text)
FROM @extschema@.training_job_queue AS q
WHERE NOT (
    q.state IN ('pending', 'running', 'succeeded', 'failed', 'cancelled')
    AND q.attempts_forgiven >= 0 AND q.attempts_forgiven <= q.attempt AND q.attempt <= 1000000000
    AND (q.state <> 'running' OR (q.worker IS NOT NULL AND q.ready_at IS NOT NULL AND q.attempt > 0))
);
SELECT @extschema@.training_update_refuse(pg_catalog.format('in table training_job_history, attempt %s at job %s of plan %s can''t have outcome %s',
    h.attempt, h.job_id, h.plan_id, h.outcome),
    'Correct the row or delete it, and update then.'::text)
FROM @extschema@.training_job_history AS h
WHERE NOT (h.outcome IN ('succeeded', 'failed', 'cancelled', 'expired') AND h.attempt > 0 AND h.attempt <= 1000000000);

-- Whose it all is.

-- @owners

-- What is still not a superuser's, the extension's script has not made.
SELECT @extschema@.training_update_refuse(pg_catalog.format('%s was added to the extension by a role that is no superuser',
    pg_catalog.pg_describe_object(d.classid, d.objid, d.objsubid)),
    'ALTER EXTENSION trainplan DROP that, and update then.'::text)
FROM pg_catalog.pg_depend AS d
JOIN pg_catalog.pg_extension AS e ON e.oid = d.refobjid
LEFT JOIN pg_catalog.pg_class AS c ON d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass::oid AND c.oid = d.objid
LEFT JOIN pg_catalog.pg_proc AS p ON d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass::oid AND p.oid = d.objid
LEFT JOIN pg_catalog.pg_type AS t ON d.classid = 'pg_catalog.pg_type'::pg_catalog.regclass::oid AND t.oid = d.objid
LEFT JOIN pg_catalog.pg_authid AS r ON r.oid = coalesce(c.relowner, p.proowner, t.typowner)
WHERE d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass::oid AND d.deptype = 'e' AND e.extname = 'trainplan'
    AND r.rolsuper IS NOT TRUE;

DROP FUNCTION training_update_check_tables();
DROP FUNCTION training_update_refuse(text, text);

-- What users have been granted is put aside, or the grants below would make it a part
-- of the extension, which pg_dump leaves out.
CREATE TEMPORARY TABLE training_update_grants AS
SELECT d.classid, d.objid, p.proname, coalesce(c.relacl, p.proacl) AS acl
FROM pg_catalog.pg_depend AS d
JOIN pg_catalog.pg_extension AS e ON e.oid = d.refobjid
LEFT JOIN pg_catalog.pg_class AS c ON d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass::oid AND c.oid = d.objid
LEFT JOIN pg_catalog.pg_proc AS p ON d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass::oid AND p.oid = d.objid
WHERE d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass::oid AND d.deptype = 'e' AND e.extname = 'trainplan';

UPDATE pg_catalog.pg_class AS c
SET relacl = NULL
FROM pg_temp.training_update_grants AS g
WHERE g.classid = 'pg_catalog.pg_class'::pg_catalog.regclass::oid AND g.objid = c.oid;

UPDATE pg_catalog.pg_proc AS p
SET proacl = NULL
FROM pg_temp.training_update_grants AS g
WHERE g.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass::oid AND g.objid = p.oid;

-- Defaults, as they were.
ALTER TABLE routing_policies
    ALTER updated_at SET DEFAULT pg_catalog.now();
ALTER TABLE training_plans
    ALTER run_id SET DEFAULT pg_catalog.to_char(pg_catalog.now() AT TIME ZONE 'UTC', 'YYYYMMDD_HH24MISS'),
    ALTER generated_at SET DEFAULT pg_catalog.now(),
    ALTER max_attempts SET DEFAULT 3;
ALTER TABLE training_job_queue
    ALTER ready_at SET DEFAULT pg_catalog.now(),
    ALTER state_since SET DEFAULT pg_catalog.now(),
    ALTER attempt SET DEFAULT 0,
    ALTER attempts_forgiven SET DEFAULT 0,
    ALTER cancel_requested SET DEFAULT false,
    ALTER state SET DEFAULT 'pending';

-- What is new in tables.
ALTER TABLE training_plans
    ADD priority integer NOT NULL DEFAULT 0,
    ADD pooled_first boolean NOT NULL DEFAULT false,
    ADD paused boolean NOT NULL DEFAULT false,
    ADD server text COLLATE "C";
ALTER TABLE training_job_queue
    ADD kind bigint NOT NULL DEFAULT 0,
    ADD progress double precision,
    ADD started_at timestamptz,
    ADD awaited boolean NOT NULL DEFAULT false,
    ADD error text COLLATE "C",
    ADD reused_plan_id bigint,
    ADD reused_job_id text COLLATE "C",
    ADD reused_attempt integer;
ALTER TABLE training_job_history
    ADD target text COLLATE "C",
    ADD symbol text COLLATE "C",
    ADD route text COLLATE "C",
    ADD training_type text COLLATE "C",
    ADD model_families text[] COLLATE "C",
    ADD estimated_samples bigint,
    ADD git_commit text COLLATE "C",
    ADD needs_cs_ensemble boolean;

-- A plan that is new is in no statistics: none are better than some.
ALTER TABLE training_jobs ALTER plan_id SET STATISTICS 0;
ALTER TABLE training_job_queue ALTER plan_id SET STATISTICS 0;
ALTER TABLE training_job_history ALTER plan_id SET STATISTICS 0;
DELETE FROM pg_catalog.pg_statistic AS s
USING pg_catalog.pg_attribute AS a
WHERE s.starelid = a.attrelid AND s.staattnum = a.attnum AND a.attname = 'plan_id' AND a.attrelid IN (
    '@extschema@.training_jobs'::pg_catalog.regclass::oid,
    '@extschema@.training_job_queue'::pg_catalog.regclass::oid,
    '@extschema@.training_job_history'::pg_catalog.regclass::oid
);

DROP INDEX training_job_queue_claim_idx;

-- What is new in rows that are there.  The triggers that somebody may have hung on a
-- table do not fire, not even where a superuser owned it and let others do that; whoever
-- could have them fire always is its owner.  What else has a say when a row is written
-- (checks, generated columns, indexes, and such triggers) has been refused above if it
-- would run anything of theirs.  The indexes come after it: then a place that is written
-- stays in its page, and no index has two entries of it.
CREATE FUNCTION training_job_kind(training_type text, model_families text[]) RETURNS bigint LANGUAGE C AS 'MODULE_PATHNAME';

SET LOCAL session_replication_role = replica;
UPDATE ONLY @extschema@.training_job_history AS h
SET target = j.target, symbol = j.symbol, route = j.route, training_type = j.training_type,
    model_families = j.model_families, estimated_samples = j.estimated_samples, git_commit = p.git_commit,
    needs_cs_ensemble = j.metadata OPERATOR(pg_catalog.@>) '{"needs_cs_ensemble": true}'::pg_catalog.jsonb
FROM ONLY @extschema@.training_jobs AS j
JOIN ONLY @extschema@.training_plans AS p ON p.plan_id = j.plan_id
WHERE j.plan_id = h.plan_id AND j.job_id = h.job_id;

-- of whatever can be claimed, now or when it is tried again
UPDATE ONLY @extschema@.training_job_queue AS q
SET kind = @extschema@.training_job_kind(j.training_type, j.model_families)
FROM ONLY @extschema@.training_jobs AS j
WHERE q.state <> 'succeeded' AND j.plan_id = q.plan_id AND j.job_id = q.job_id;

UPDATE ONLY @extschema@.training_job_queue AS q
SET started_at = h.started_at
FROM ONLY @extschema@.training_job_history AS h
WHERE q.state IN ('succeeded', 'failed', 'cancelled')
    AND h.plan_id = q.plan_id AND h.job_id = q.job_id AND h.attempt = q.attempt;
SET LOCAL session_replication_role = origin;

CREATE INDEX training_job_queue_claim_idx ON training_job_queue (plan_id, priority DESC, kind, ready_at, position)
WHERE ready_at IS NULL OR ready_at < 'infinity';

CREATE INDEX training_job_queue_running_idx ON training_job_queue (plan_id, kind, ready_at)
WHERE state = 'running';

CREATE INDEX training_job_queue_ended_idx ON training_job_queue (plan_id, state_since)
WHERE state = 'succeeded' OR state = 'failed';

CREATE INDEX training_job_history_success_idx ON training_job_history (target, symbol, finished_at)
WHERE outcome = 'succeeded';

CREATE TABLE training_limits (
    name text COLLATE "C" NOT NULL,
    families text[] COLLATE "C",
    max_running integer NOT NULL,
    PRIMARY KEY (name),
    CONSTRAINT training_limits_name_check CHECK (name <> ''),
    CONSTRAINT training_limits_families_check CHECK (
        families IS NULL OR (
            pg_catalog.array_ndims(families) IS NOT DISTINCT FROM 1
            AND pg_catalog.array_position(families, NULL::text) IS NULL
            AND pg_catalog.array_position(families, ''::text) IS NULL
        )
    ),
    CONSTRAINT training_limits_max_running_check CHECK (max_running >= 0)
);

CREATE TABLE training_plan_parts (
    run_id text COLLATE "C" NOT NULL,
    server text COLLATE "C" NOT NULL,
    plan_id bigint NOT NULL,
    total_jobs bigint NOT NULL,
    PRIMARY KEY (run_id, server)
);

CREATE TABLE training_server_calls (
    server text,
    call jsonb,
    database text COLLATE "C",
    plan_id bigint,
    total_jobs bigint,
    disabled_targets bigint
) PARTITION BY LIST (server);

CREATE TABLE training_server_plans (
    server text,
    run_id text,
    plan_id bigint,
    generated_at timestamptz,
    routing text COLLATE "C",
    model_families text[] COLLATE "C",
    include_blocked boolean,
    git_commit text COLLATE "C",
    config_hash text COLLATE "C",
    metrics_snapshot text COLLATE "C",
    total_jobs bigint,
    pooled_first boolean,
    paused boolean,
    jobs bigint,
    pending bigint,
    waiting bigint,
    running bigint,
    succeeded bigint,
    reused bigint,
    failed bigint,
    cancelled bigint,
    blocked bigint,
    jobs_per_hour numeric,
    expected_end timestamptz
) PARTITION BY LIST (server);

CREATE TABLE training_server_jobs (
    server text,
    run_id text,
    plan_id bigint,
    job_id text COLLATE "C",
    target text COLLATE "C",
    symbol text COLLATE "C",
    route text COLLATE "C",
    training_type text COLLATE "C",
    model_families text[] COLLATE "C",
    priority integer,
    estimated_samples bigint,
    reason text COLLATE "C",
    metadata jsonb
) PARTITION BY LIST (server);

CREATE TABLE training_server_status (
    server text,
    run_id text,
    plan_id bigint,
    job_id text COLLATE "C",
    target text COLLATE "C",
    symbol text COLLATE "C",
    training_type text COLLATE "C",
    priority integer,
    state text COLLATE "C",
    attempts integer,
    worker text COLLATE "C",
    started_at timestamptz,
    lease_expires_at timestamptz,
    retry_at timestamptz,
    finished_at timestamptz,
    error text COLLATE "C",
    result jsonb,
    progress double precision
) PARTITION BY LIST (server);

CREATE TABLE training_plan_tally (
    plan_id bigint NOT NULL,
    part bigint NOT NULL,
    places bigint NOT NULL DEFAULT 0,
    waiting bigint NOT NULL DEFAULT 0,
    succeeded bigint NOT NULL DEFAULT 0,
    failed bigint NOT NULL DEFAULT 0,
    cancelled bigint NOT NULL DEFAULT 0,
    blocked bigint NOT NULL DEFAULT 0,
    reused bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (plan_id, part)
) WITH (fillfactor = 50);

INSERT INTO @extschema@.training_plan_tally (plan_id, part, places, succeeded, failed, cancelled, blocked)
SELECT p.plan_id, 0::bigint, coalesce(q.places, 0::bigint), coalesce(q.succeeded, 0::bigint), coalesce(q.failed, 0::bigint),
    coalesce(q.cancelled, 0::bigint), coalesce(j.blocked, 0::bigint)
FROM ONLY @extschema@.training_plans AS p
LEFT JOIN (
    SELECT q.plan_id, pg_catalog.count(*) AS places,
        pg_catalog.count(*) FILTER (WHERE q.state = 'succeeded') AS succeeded,
        pg_catalog.count(*) FILTER (WHERE q.state = 'failed') AS failed,
        pg_catalog.count(*) FILTER (WHERE q.state = 'cancelled') AS cancelled
    FROM ONLY @extschema@.training_job_queue AS q
    GROUP BY q.plan_id
) AS q ON q.plan_id = p.plan_id
LEFT JOIN (
    SELECT j.plan_id, pg_catalog.count(*) AS blocked
    FROM ONLY @extschema@.training_jobs AS j
    WHERE j.training_type = 'blocked'
    GROUP BY j.plan_id
) AS j ON j.plan_id = p.plan_id;

-- Triggers instead of foreign keys, and checks.
ALTER TABLE training_jobs DROP CONSTRAINT training_jobs_plan_id_fkey;
ALTER TABLE training_job_queue
    DROP CONSTRAINT training_job_queue_plan_id_job_id_fkey,
    ADD CONSTRAINT training_job_queue_state_check
        CHECK (state IN ('pending', 'waiting', 'running', 'succeeded', 'failed', 'cancelled', 'reused')),
    ADD CONSTRAINT training_job_queue_attempts_check
        CHECK (attempts_forgiven >= 0 AND attempts_forgiven <= attempt AND attempt <= 1000000000),
    ADD CONSTRAINT training_job_queue_running_check
        CHECK (state <> 'running' OR (worker IS NOT NULL AND ready_at IS NOT NULL AND attempt > 0)),
    ADD CONSTRAINT training_job_queue_reused_check
        CHECK (state <> 'reused' OR (reused_plan_id IS NOT NULL AND reused_attempt IS NOT NULL));
ALTER TABLE training_job_history
    DROP CONSTRAINT training_job_history_plan_id_job_id_fkey,
    ADD CONSTRAINT training_job_history_outcome_check
        CHECK (outcome IN ('succeeded', 'failed', 'cancelled', 'expired')),
    ADD CONSTRAINT training_job_history_attempt_check CHECK (attempt > 0 AND attempt <= 1000000000);

CREATE FUNCTION training_plans_cascade() RETURNS trigger LANGUAGE C AS 'MODULE_PATHNAME';
CREATE FUNCTION training_jobs_cascade() RETURNS trigger LANGUAGE C AS 'MODULE_PATHNAME';
CREATE FUNCTION training_key_guard() RETURNS trigger LANGUAGE C AS 'MODULE_PATHNAME';
CREATE FUNCTION requeue_training_jobs() RETURNS trigger LANGUAGE C AS 'MODULE_PATHNAME';
CREATE FUNCTION training_limits_notify() RETURNS trigger LANGUAGE C AS 'MODULE_PATHNAME';
CREATE FUNCTION training_plans_notify() RETURNS trigger LANGUAGE C AS 'MODULE_PATHNAME';
CREATE FUNCTION settle_training_jobs() RETURNS trigger LANGUAGE C AS 'MODULE_PATHNAME';

CREATE TRIGGER cascade_delete
AFTER DELETE ON training_plans
REFERENCING OLD TABLE AS deleted_plans
FOR EACH STATEMENT
EXECUTE FUNCTION training_plans_cascade();

CREATE TRIGGER cascade_truncate
AFTER TRUNCATE ON training_plans
FOR EACH STATEMENT
EXECUTE FUNCTION training_plans_cascade();

CREATE TRIGGER cascade_delete
AFTER DELETE ON training_jobs
REFERENCING OLD TABLE AS deleted_jobs
FOR EACH STATEMENT
EXECUTE FUNCTION training_jobs_cascade();

CREATE TRIGGER cascade_truncate
AFTER TRUNCATE ON training_jobs
FOR EACH STATEMENT
EXECUTE FUNCTION training_jobs_cascade();

CREATE TRIGGER key_guard
BEFORE UPDATE OF plan_id, pooled_first ON training_plans
FOR EACH ROW
EXECUTE FUNCTION training_key_guard();

CREATE TRIGGER key_guard
BEFORE UPDATE OF plan_id, job_id ON training_jobs
FOR EACH ROW
EXECUTE FUNCTION training_key_guard();

CREATE TRIGGER requeue
AFTER UPDATE ON training_jobs
REFERENCING NEW TABLE AS changed_jobs
FOR EACH STATEMENT
EXECUTE FUNCTION requeue_training_jobs();

CREATE TRIGGER notify
AFTER UPDATE OR DELETE ON training_limits
FOR EACH ROW
EXECUTE FUNCTION training_limits_notify();

CREATE TRIGGER notify
AFTER UPDATE OF paused ON training_plans
FOR EACH ROW
WHEN (OLD.paused AND NOT NEW.paused)
EXECUTE FUNCTION training_plans_notify();

CREATE TRIGGER notify_truncate
AFTER TRUNCATE ON training_limits
FOR EACH STATEMENT
EXECUTE FUNCTION training_limits_notify();

CREATE TRIGGER guard_before_insert
BEFORE INSERT ON training_job_queue
FOR EACH STATEMENT
EXECUTE FUNCTION training_job_queue_guard();

CREATE TRIGGER guard_after_insert
AFTER INSERT ON training_job_queue
FOR EACH STATEMENT
EXECUTE FUNCTION training_job_queue_guard();

CREATE TRIGGER settle_insert
AFTER INSERT ON training_plans
FOR EACH ROW
WHEN (NEW.pooled_first)
EXECUTE FUNCTION settle_training_jobs();

CREATE TRIGGER settle_insert
AFTER INSERT ON training_jobs
REFERENCING NEW TABLE AS inserted_jobs
FOR EACH STATEMENT
EXECUTE FUNCTION settle_training_jobs();

CREATE TRIGGER settle_update
AFTER UPDATE ON training_jobs
REFERENCING OLD TABLE AS old_jobs NEW TABLE AS new_jobs
FOR EACH STATEMENT
EXECUTE FUNCTION settle_training_jobs();

CREATE TRIGGER settle_delete
AFTER DELETE ON training_jobs
REFERENCING OLD TABLE AS deleted_jobs
FOR EACH STATEMENT
EXECUTE FUNCTION settle_training_jobs();

CREATE TRIGGER settle_insert
AFTER INSERT ON training_job_queue
REFERENCING NEW TABLE AS inserted_places
FOR EACH STATEMENT
EXECUTE FUNCTION settle_training_jobs();

CREATE TRIGGER settle_update
AFTER UPDATE ON training_job_queue
REFERENCING OLD TABLE AS old_places NEW TABLE AS new_places
FOR EACH STATEMENT
EXECUTE FUNCTION settle_training_jobs();

CREATE TRIGGER settle_delete
AFTER DELETE ON training_job_queue
REFERENCING OLD TABLE AS deleted_places
FOR EACH STATEMENT
EXECUTE FUNCTION settle_training_jobs();

CREATE FUNCTION training_jobs_tally() RETURNS trigger LANGUAGE C AS 'MODULE_PATHNAME';

CREATE TRIGGER tally_insert
AFTER INSERT ON training_job_queue
REFERENCING NEW TABLE AS inserted_places
FOR EACH STATEMENT
EXECUTE FUNCTION training_jobs_tally();

CREATE TRIGGER tally_update
AFTER UPDATE ON training_job_queue
REFERENCING OLD TABLE AS places_before NEW TABLE AS places_after
FOR EACH STATEMENT
EXECUTE FUNCTION training_jobs_tally();

CREATE TRIGGER tally_delete
AFTER DELETE ON training_job_queue
REFERENCING OLD TABLE AS deleted_places
FOR EACH STATEMENT
EXECUTE FUNCTION training_jobs_tally();

CREATE TRIGGER tally_truncate
AFTER TRUNCATE ON training_job_queue
FOR EACH STATEMENT
EXECUTE FUNCTION training_jobs_tally();

CREATE TRIGGER tally_update
AFTER UPDATE ON training_jobs
REFERENCING OLD TABLE AS jobs_before NEW TABLE AS jobs_after
FOR EACH STATEMENT
EXECUTE FUNCTION training_jobs_tally();

SELECT pg_catalog.pg_extension_config_dump('training_limits', '');
SELECT pg_catalog.pg_extension_config_dump('training_plan_parts', '');

-- Functions that have more arguments now.
DROP FUNCTION create_training_plan(regclass, text[], boolean, text, text, text);
DROP FUNCTION plan_training(regclass, text, text[], boolean, text, text);
DROP FUNCTION import_training_plan(text);
DROP FUNCTION generate_training_plan_from_routing(text, text, text[], boolean);
DROP FUNCTION claim_training_jobs(text, integer, bigint, interval, text[]);
DROP FUNCTION extend_training_job_lease(bigint, text, integer, interval);

-- Functions and views are replaced, whatever somebody has made of them.

-- What other servers ask for: its trigger has to be there before it is commented on.
CREATE VIEW training_part_calls AS
SELECT NULL::text AS server, NULL::jsonb AS call, NULL::text COLLATE "C" AS database, 0::bigint AS plan_id, 0::bigint AS total_jobs, 0::bigint AS disabled_targets;
CREATE FUNCTION training_part_calls_insert() RETURNS trigger LANGUAGE C AS 'MODULE_PATHNAME';
CREATE TRIGGER keep_call
INSTEAD OF INSERT ON training_part_calls
FOR EACH ROW
EXECUTE FUNCTION training_part_calls_insert();

-- @again

-- A function with more arguments is another one.
UPDATE pg_temp.training_update_grants AS g
SET objid = p.oid
FROM pg_catalog.pg_proc AS p
JOIN pg_catalog.pg_depend AS d ON d.objid = p.oid
JOIN pg_catalog.pg_extension AS e ON e.oid = d.refobjid
WHERE g.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass::oid AND g.proname = p.proname
    AND d.classid = g.classid AND d.deptype = 'e' AND e.extname = 'trainplan'
    AND g.proname IN (
        'create_training_plan', 'plan_training', 'import_training_plan', 'generate_training_plan_from_routing',
        'claim_training_jobs', 'extend_training_job_lease'
    );

-- What users have been granted or denied is given back; what the owners have is new,
-- and trigger functions are nobody's.  Where the installing role can grant a right
-- itself, it is the grantor, as it was, and can revoke it.  What it has granted to hang
-- something on the tables is not given back: that would run with a superuser's rights.
CREATE FUNCTION training_update_rights(
    new_rights aclitem[],
    grantable aclitem[],
    given aclitem[],
    owner oid
)
RETURNS aclitem[]
LANGUAGE SQL
STABLE
BEGIN ATOMIC
    WITH installer AS (
        SELECT e.extowner AS role, r.rolsuper
        FROM pg_catalog.pg_extension AS e
        JOIN pg_catalog.pg_authid AS r ON r.oid = e.extowner
        WHERE e.extname = 'trainplan'
    ),
    rights AS (
        SELECT
            x.grantee,
            CASE
                WHEN x.grantor = owner AND EXISTS (
                    SELECT
                    FROM pg_catalog.aclexplode(grantable) AS g
                    WHERE g.grantee = i.role AND g.privilege_type = x.privilege_type AND g.is_grantable
                )
                THEN i.role
                ELSE x.grantor
            END AS grantor,
            x.privilege_type,
            x.is_grantable
        FROM pg_catalog.aclexplode(given) AS x
        CROSS JOIN installer AS i
        WHERE x.grantee NOT IN (owner, i.role) AND (i.rolsuper OR x.privilege_type NOT IN ('TRIGGER', 'REFERENCES'))
    ),
    -- an item is written grantee=letters/grantor
    texts AS (
        SELECT
            r.grantee,
            r.grantor,
            pg_catalog.makeaclitem(0, r.grantor, r.privilege_type, r.is_grantable)::text AS item,
            pg_catalog.makeaclitem(r.grantee, r.grantor, 'SELECT', false)::text AS to_grantee,
            pg_catalog.makeaclitem(0, r.grantor, 'SELECT', false)::text AS to_public
        FROM rights AS r
    ),
    parts AS (
        SELECT
            t.grantee,
            t.grantor,
            pg_catalog.left(t.to_grantee, pg_catalog.length(t.to_grantee) - pg_catalog.length(t.to_public)) AS grantee_name,
            pg_catalog.substr(t.item, 2, pg_catalog.length(t.item) - pg_catalog.length(t.to_public) + 1) AS letters,
            pg_catalog.substr(t.to_public, 3) AS by_grantor
        FROM texts AS t
    )
    SELECT pg_catalog.array_agg(a.item)
    FROM (
        SELECT n.item
        FROM pg_catalog.unnest(new_rights) AS n (item)
        CROSS JOIN installer AS i
        WHERE EXISTS (SELECT FROM pg_catalog.aclexplode(ARRAY[n.item]) AS x WHERE x.grantee IN (owner, i.role))
        UNION ALL
        SELECT (p.grantee_name || '=' || pg_catalog.string_agg(p.letters, ''::text) || p.by_grantor)::aclitem
        FROM parts AS p
        GROUP BY p.grantee, p.grantor, p.grantee_name, p.by_grantor
    ) AS a;
END;

UPDATE pg_catalog.pg_class AS c
SET relacl = @extschema@.training_update_rights(c.relacl, c.relacl, g.acl, c.relowner)
FROM pg_temp.training_update_grants AS g
WHERE g.classid = 'pg_catalog.pg_class'::pg_catalog.regclass::oid AND g.objid = c.oid AND g.acl IS NOT NULL;

UPDATE pg_catalog.pg_proc AS p
SET proacl = @extschema@.training_update_rights(p.proacl, p.proacl, g.acl, p.proowner)
FROM pg_temp.training_update_grants AS g
WHERE g.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass::oid AND g.objid = p.oid AND g.acl IS NOT NULL
    AND p.prorettype <> 'pg_catalog.trigger'::pg_catalog.regtype::oid;

UPDATE pg_catalog.pg_attribute AS a
SET attacl = @extschema@.training_update_rights(NULL::aclitem[], c.relacl, a.attacl, c.relowner)
FROM pg_temp.training_update_grants AS g
JOIN pg_catalog.pg_class AS c ON c.oid = g.objid
WHERE g.classid = 'pg_catalog.pg_class'::pg_catalog.regclass::oid AND a.attrelid = c.oid AND a.attacl IS NOT NULL;

-- Who grants a right on a column is known to, and whom no right is left to is forgotten.
INSERT INTO pg_catalog.pg_shdepend (dbid, classid, objid, objsubid, refclassid, refobjid, deptype)
SELECT d.oid, 'pg_catalog.pg_class'::pg_catalog.regclass::oid, a.attrelid, a.attnum,
    'pg_catalog.pg_authid'::pg_catalog.regclass::oid, e.extowner, 'a'
FROM pg_catalog.pg_attribute AS a
JOIN pg_temp.training_update_grants AS g ON g.objid = a.attrelid
JOIN pg_catalog.pg_class AS c ON c.oid = a.attrelid
CROSS JOIN pg_catalog.pg_extension AS e
CROSS JOIN pg_catalog.pg_database AS d
WHERE g.classid = 'pg_catalog.pg_class'::pg_catalog.regclass::oid AND e.extname = 'trainplan' AND e.extowner <> c.relowner
    AND d.datname = pg_catalog.current_database()
    AND EXISTS (SELECT FROM pg_catalog.aclexplode(a.attacl) AS x WHERE x.grantor = e.extowner)
    AND NOT EXISTS (
        SELECT
        FROM pg_catalog.pg_shdepend AS s
        WHERE s.dbid = d.oid AND s.classid = g.classid AND s.objid = a.attrelid AND s.objsubid = a.attnum::integer
            AND s.refobjid = e.extowner AND s.deptype = 'a'
    );

DELETE FROM pg_catalog.pg_shdepend AS s
USING pg_temp.training_update_grants AS g, pg_catalog.pg_database AS d
WHERE d.datname = pg_catalog.current_database() AND s.dbid = d.oid AND s.classid = g.classid AND s.objid = g.objid AND s.deptype = 'a'
    AND NOT EXISTS (
        SELECT
        FROM pg_catalog.pg_class AS c
        CROSS JOIN LATERAL pg_catalog.aclexplode(c.relacl) AS x
        WHERE s.objsubid = 0 AND s.classid = 'pg_catalog.pg_class'::pg_catalog.regclass::oid AND c.oid = s.objid
            AND s.refobjid IN (x.grantee, x.grantor)
    )
    AND NOT EXISTS (
        SELECT
        FROM pg_catalog.pg_proc AS p
        CROSS JOIN LATERAL pg_catalog.aclexplode(p.proacl) AS x
        WHERE s.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass::oid AND p.oid = s.objid AND s.refobjid IN (x.grantee, x.grantor)
    )
    AND NOT EXISTS (
        SELECT
        FROM pg_catalog.pg_attribute AS a
        CROSS JOIN LATERAL pg_catalog.aclexplode(a.attacl) AS x
        WHERE s.classid = 'pg_catalog.pg_class'::pg_catalog.regclass::oid AND a.attrelid = s.objid
            AND a.attnum::integer = s.objsubid AND s.refobjid IN (x.grantee, x.grantor)
    );

DROP FUNCTION training_update_rights(aclitem[], aclitem[], aclitem[], oid);
DROP TABLE pg_temp.training_update_grants;
