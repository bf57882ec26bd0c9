-- The reference manual, made from the comments of the extension's objects.

\set QUIET on
\pset tuples_only on
\pset format unaligned
CREATE EXTENSION trainplan;

CREATE TEMPORARY VIEW members AS
SELECT classid, objid
FROM pg_depend
WHERE refclassid = 'pg_extension'::regclass
    AND refobjid = (SELECT oid FROM pg_extension WHERE extname = 'trainplan')
    AND deptype = 'e';

-- what would end a table's cell, or begin HTML
CREATE FUNCTION pg_temp.cell(content text) RETURNS text LANGUAGE sql
RETURN replace(replace(content, '|', '\|'), '<', '&lt;');

-- Whether an object is of internal use, as its comment says at its beginning.
CREATE FUNCTION pg_temp.is_internal(comment text) RETURNS boolean LANGUAGE sql
RETURN comment LIKE 'Internal: %';

-- Functions, with their parameters as they are called.
CREATE TEMPORARY VIEW functions AS
SELECT
    p.oid,
    pg_temp.is_internal(obj_description(p.oid, 'pg_proc')) AS internal,
    format(
        E'\n### %s\n\n```sql\n%s(%s)\nRETURNS %s\n```\n\n%s\n\n*%s, parallel %s.*',
        p.proname,
        p.proname,
        replace(E'\n    ' || replace(regexp_replace(pg_get_function_arguments(p.oid), '::[a-z]+( precision)?(\[\])?', '', 'g'), ', ', E',\n    ') || E'\n', E'\n    \n', ''),
        regexp_replace(replace(pg_get_function_result(p.oid), ', ', E',\n    '), '^TABLE\((.*)\)$', E'TABLE (\n    \\1\n)'),
        obj_description(p.oid, 'pg_proc'),
        CASE p.provolatile WHEN 'i' THEN 'Immutable' WHEN 's' THEN 'Stable' ELSE 'Volatile' END,
        CASE p.proparallel WHEN 's' THEN 'safe' WHEN 'r' THEN 'restricted' ELSE 'unsafe' END
    ) AS section
FROM members AS m
JOIN pg_proc AS p ON m.classid = 'pg_proc'::regclass AND p.oid = m.objid;

-- Tables and views, with their columns.
CREATE TEMPORARY VIEW relations AS
SELECT
    c.oid,
    c.relkind,
    pg_temp.is_internal(obj_description(c.oid, 'pg_class')) AS internal,
    format(
        E'\n### %s\n\n%s\n\n| column | type | |\n| --- | --- | --- |\n%s',
        c.relname,
        obj_description(c.oid, 'pg_class'),
        (
            SELECT string_agg(
                format('| `%s` | %s%s | %s |', a.attname, format_type(a.atttypid, a.atttypmod),
                    CASE WHEN c.relkind = 'r' AND NOT a.attnotnull THEN ', may be NULL' ELSE '' END,
                    pg_temp.cell(col_description(c.oid, a.attnum))),
                E'\n' ORDER BY a.attnum)
            FROM pg_attribute AS a
            WHERE a.attrelid = c.oid AND a.attnum > 0
        )
    ) AS section
FROM members AS m
JOIN pg_class AS c ON m.classid = 'pg_class'::regclass AND c.oid = m.objid
WHERE c.relkind IN ('r', 'v', 'p');

\qecho '# Reference'
\qecho
\qecho '[README](../README.md) · [Planning](planning.md) · [Routing](routing.md) · [Documents](documents.md) ·'
\qecho '[Running](running.md) · [Operating](operating.md) · [Performance](performance.md) · [Questions](questions.md) ·'
\qecho '**Reference** · [Architecture](architecture.md)'
\qecho
\qecho 'Every object of the extension, in the order in which they build on each other; what is of internal'
\qecho 'use comes last. This page is made by `make doc` from the comments that `\\df+` and `\\d+` show in'
\qecho 'psql; what the objects are for is on the other pages.'
\qecho
\qecho '## Functions'

-- (functions of triggers and for the planner are not called)
SELECT f.section
FROM functions AS f
JOIN pg_proc AS p ON p.oid = f.oid
WHERE NOT f.internal AND p.prorettype NOT IN ('internal'::regtype, 'trigger'::regtype)
ORDER BY f.oid;

\qecho
\qecho '## Tables'

SELECT section FROM relations WHERE NOT internal AND relkind IN ('r', 'p') ORDER BY oid;

\qecho
\qecho '## Views'

SELECT section FROM relations WHERE NOT internal AND relkind = 'v' ORDER BY oid;

SELECT EXISTS (SELECT FROM functions WHERE internal) OR EXISTS (SELECT FROM relations WHERE internal) AS has_internal \gset
\if :has_internal

\qecho
\qecho '## Of internal use'
\qecho
\qecho 'What functions, triggers and views of the extension use. It can be seen in psql, but is not for anybody to call, and'
\qecho 'may be another in the next version.'

SELECT section FROM functions WHERE internal ORDER BY oid;
SELECT section FROM relations WHERE internal ORDER BY relkind, oid;

\endif
