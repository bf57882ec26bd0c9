-- What the catalog says of the extension's objects, a line each, whatever their OIDs:
-- two databases that list the same have the same extension.

CREATE TEMPORARY VIEW members AS
SELECT d.classid, d.objid
FROM pg_depend AS d
WHERE d.refclassid = 'pg_extension'::regclass
    AND d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'trainplan')
    AND d.deptype = 'e'
    AND d.classid <> 'pg_type'::regclass;

CREATE TEMPORARY VIEW relations AS
SELECT c.*
FROM pg_class AS c
JOIN members AS m ON m.classid = 'pg_class'::regclass AND m.objid = c.oid;

-- what hangs on them, which has comments of its own
CREATE TEMPORARY VIEW parts AS
SELECT 'pg_constraint'::regclass AS classid, c.oid FROM pg_constraint AS c WHERE c.conrelid IN (SELECT oid FROM relations)
UNION ALL
SELECT 'pg_trigger'::regclass, t.oid FROM pg_trigger AS t WHERE t.tgrelid IN (SELECT oid FROM relations)
UNION ALL
SELECT 'pg_class'::regclass, i.indexrelid FROM pg_index AS i WHERE i.indrelid IN (SELECT oid FROM relations)
UNION ALL
SELECT m.classid, m.objid FROM members AS m;

CREATE FUNCTION pg_temp.rights(acl aclitem[]) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(format('%s:%s%s/%s', CASE a.grantee WHEN 0 THEN 'public' ELSE a.grantee::regrole::text END,
        a.privilege_type, CASE WHEN a.is_grantable THEN '*' END, a.grantor::regrole),
        ' ' ORDER BY a.grantee::regrole::text, a.privilege_type, a.is_grantable, a.grantor::regrole::text)
    FROM aclexplode(acl) AS a
$$;

SELECT format('extension: %s %s %s', e.extversion, e.extrelocatable, e.extowner::regrole) FROM pg_extension AS e WHERE e.extname = 'trainplan';
SELECT format('saved by pg_dump: %s %s', c::regclass, condition)
FROM pg_extension AS e, unnest(e.extconfig, e.extcondition) AS x (c, condition)
WHERE e.extname = 'trainplan'
ORDER BY 1;
SELECT format('relation: %s %s %s %s %s %s %s %s', r.oid::regclass, r.relkind, r.relowner::regrole, r.reloptions, r.relrowsecurity,
    r.relforcerowsecurity, r.relreplident, r.relpersistence)
FROM relations AS r ORDER BY 1;
SELECT format('column: %s %s %s %s %s %s %s %s %s %s %s', r.oid::regclass, a.attnum, a.attname, format_type(a.atttypid, a.atttypmod),
    a.attcollation::regcollation, a.attnotnull, a.attidentity, a.attgenerated, pg_temp.rights(a.attacl), pg_get_expr(d.adbin, d.adrelid), col_description(r.oid, a.attnum))
FROM relations AS r
JOIN pg_attribute AS a ON a.attrelid = r.oid AND (a.attnum > 0)
LEFT JOIN pg_attrdef AS d ON d.adrelid = r.oid AND d.adnum = a.attnum
ORDER BY r.relname, a.attnum;
SELECT format('constraint: %s %s %s %s %s', c.conrelid::regclass, c.conname, pg_get_constraintdef(c.oid), c.convalidated, c.condeferrable)
FROM pg_constraint AS c WHERE c.conrelid IN (SELECT oid FROM relations) OR c.confrelid IN (SELECT oid FROM relations) ORDER BY 1;
SELECT format('trigger: %s %s %s', t.tgrelid::regclass, pg_get_triggerdef(t.oid), t.tgenabled)
FROM pg_trigger AS t WHERE t.tgrelid IN (SELECT oid FROM relations) ORDER BY 1;
SELECT format('index: %s %s %s', pg_get_indexdef(i.indexrelid), i.indisvalid, i.indisprimary)
FROM pg_index AS i WHERE i.indrelid IN (SELECT oid FROM relations) ORDER BY 1;
SELECT format('view: %s %s', r.oid::regclass, pg_get_viewdef(r.oid)) FROM relations AS r WHERE r.relkind = 'v' ORDER BY 1;
SELECT format('function: %s %s %s', p.oid::regprocedure, p.proowner::regrole, row_to_json(f))
FROM members AS m
JOIN pg_proc AS p ON m.classid = 'pg_proc'::regclass AND p.oid = m.objid,
    LATERAL (SELECT p.prolang, p.procost, p.prorows, p.provariadic, p.prosupport::text, p.prokind, p.prosecdef, p.proleakproof, p.proisstrict,
        p.proretset, p.provolatile, p.proparallel, p.prorettype::regtype, p.proallargtypes::regtype[], p.proargmodes, p.proargnames,
        pg_get_function_arguments(p.oid) AS arguments, p.prosrc, p.probin, pg_get_function_sqlbody(p.oid) AS body, p.proconfig) AS f
ORDER BY 1;
SELECT format('comment: %s %s', pg_describe_object(p.classid, p.oid, 0), obj_description(p.oid, p.classid::regclass::name)) FROM parts AS p ORDER BY 1;
SELECT format('rights: %s %s', pg_describe_object(m.classid, m.objid, 0), pg_temp.rights(coalesce(c.relacl, p.proacl)))
FROM members AS m
LEFT JOIN pg_class AS c ON m.classid = 'pg_class'::regclass AND c.oid = m.objid
LEFT JOIN pg_proc AS p ON m.classid = 'pg_proc'::regclass AND p.oid = m.objid
ORDER BY 1;
SELECT format('initial rights: %s %s', pg_describe_object(i.classoid, i.objoid, i.objsubid), pg_temp.rights(i.initprivs))
FROM pg_init_privs AS i
JOIN members AS m ON m.classid = i.classoid AND m.objid = i.objoid
ORDER BY 1;
