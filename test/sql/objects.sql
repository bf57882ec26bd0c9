-- The extension's objects, as its catalog has them.

-- Every one of them, and every column, has a comment.  (Since PostgreSQL 17 the
-- row types of tables and views are listed too.)
SELECT pg_describe_object(o.classid, o.objid, 0) AS object
FROM pg_depend AS o
WHERE o.refclassid = 'pg_extension'::regclass
    AND o.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'trainplan')
    AND o.deptype = 'e'
    AND o.classid <> 'pg_type'::regclass
ORDER BY pg_describe_object(o.classid, o.objid, 0) COLLATE "C";

SELECT pg_describe_object(o.classid, o.objid, 0) AS "object without a comment"
FROM pg_depend AS o
WHERE o.refclassid = 'pg_extension'::regclass
    AND o.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'trainplan')
    AND o.deptype = 'e'
    AND o.classid <> 'pg_type'::regclass
    AND obj_description(o.objid, o.classid::regclass::name) IS NULL;

SELECT a.attrelid::regclass AS relation, a.attname AS "column without a comment"
FROM pg_depend AS o
JOIN pg_class AS c ON c.oid = o.objid AND c.relkind IN ('r', 'v', 'p')
JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE o.classid = 'pg_class'::regclass
    AND o.refclassid = 'pg_extension'::regclass
    AND o.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'trainplan')
    AND col_description(c.oid, a.attnum) IS NULL;

CREATE TEMPORARY VIEW functions AS
SELECT p.*
FROM pg_depend AS o
JOIN pg_proc AS p ON p.oid = o.objid
WHERE o.classid = 'pg_proc'::regclass
    AND o.refclassid = 'pg_extension'::regclass
    AND o.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'trainplan');

-- what only the extension itself calls says so where it is listed
SELECT p.proname
FROM functions AS p
WHERE obj_description(p.oid, 'pg_proc') LIKE 'Internal: %'
ORDER BY p.proname COLLATE "C";

-- all else can be called by the names of its arguments
SELECT p.proname AS "function with arguments that have no names"
FROM functions AS p
WHERE obj_description(p.oid, 'pg_proc') NOT LIKE 'Internal: %'
    AND p.pronargs > 0
    AND (p.proargnames IS NULL OR '' = ANY (p.proargnames));

-- how functions may be used
SELECT
    p.proname,
    CASE p.provolatile WHEN 'i' THEN 'immutable' WHEN 's' THEN 'stable' ELSE 'volatile' END AS volatility,
    CASE p.proparallel WHEN 's' THEN 'safe' WHEN 'r' THEN 'restricted' ELSE 'unsafe' END AS parallel,
    p.proisstrict AS strict,
    p.prosecdef AS definer
FROM functions AS p
ORDER BY p.proname;

-- nobody is granted anything by installing, but who installs
SELECT c.relname, a.grantee::regrole, a.privilege_type
FROM pg_class AS c, aclexplode(c.relacl) AS a
WHERE c.relnamespace = 'public'::regnamespace AND c.relname ~ '^(training|routing)_' AND a.grantee <> c.relowner;
SELECT p.proname
FROM functions AS p
WHERE NOT has_function_privilege('pg_monitor', p.oid, 'EXECUTE')
ORDER BY p.proname COLLATE "C";

-- in any schema, which can't be changed later
DROP EXTENSION trainplan;
CREATE SCHEMA "Quant ""desk""";
CREATE EXTENSION trainplan SCHEMA "Quant ""desk""";
ALTER EXTENSION trainplan SET SCHEMA public;
CREATE TABLE decisions AS SELECT 't' AS target, 's' AS symbol, 'ROUTE_BOTH' AS route;
SELECT "Quant ""desk""".create_training_plan('decisions') AS plan;
SELECT plan_id, job_id FROM "Quant ""desk""".training_jobs;
SELECT plan_id, by_route FROM "Quant ""desk""".training_plan_summary;
SELECT "Quant ""desk""".latest_training_plan();
DROP TABLE decisions;

-- the tables go with it
DROP EXTENSION trainplan;
SELECT relname FROM pg_class WHERE relname LIKE 'training\_%';
DROP SCHEMA "Quant ""desk""";
CREATE EXTENSION trainplan;
