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

\qecho '# Reference'
\qecho
\qecho 'Every object of the extension, in the order in which they build on each other. This page is'
\qecho 'made by `make doc` from the comments that `\\df+` and `\\d+` show in psql; what the objects'
\qecho 'are for is in the [README](../README.md).'
\qecho
\qecho '## Functions'

SELECT format(
    E'\n### %s\n\n```sql\n%s(%s)\nRETURNS %s\n```\n\n%s\n\n*%s, parallel %s.*',
    p.proname,
    p.proname,
    replace(E'\n    ' || replace(regexp_replace(pg_get_function_arguments(p.oid), '::[a-z]+(\[\])?', '', 'g'), ', ', E',\n    ') || E'\n', E'\n    \n', ''),
    regexp_replace(replace(pg_get_function_result(p.oid), ', ', E',\n    '), '^TABLE\((.*)\)$', E'TABLE (\n    \\1\n)'),
    obj_description(p.oid, 'pg_proc'),
    CASE p.provolatile WHEN 'i' THEN 'Immutable' WHEN 's' THEN 'Stable' ELSE 'Volatile' END,
    CASE p.proparallel WHEN 's' THEN 'safe' WHEN 'r' THEN 'restricted' ELSE 'unsafe' END
)
FROM members AS m
JOIN pg_proc AS p ON m.classid = 'pg_proc'::regclass AND p.oid = m.objid
WHERE p.prorettype NOT IN ('internal'::regtype, 'trigger'::regtype)
ORDER BY p.oid;

SELECT format(
    E'%s\n### %s\n\n%s\n\n| column | type | |\n| --- | --- | --- |\n%s',
    CASE row_number() OVER (PARTITION BY c.relkind ORDER BY c.oid)
        WHEN 1 THEN CASE c.relkind WHEN 'r' THEN E'\n## Tables\n' ELSE E'\n## Views\n' END
        ELSE ''
    END,
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
)
FROM members AS m
JOIN pg_class AS c ON m.classid = 'pg_class'::regclass AND c.oid = m.objid
WHERE c.relkind IN ('r', 'v')
ORDER BY c.relkind, c.oid;
