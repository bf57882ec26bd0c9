-- What the other files here need: the schema own_shards.  Once, on the coordinator, by a
-- superuser; Citus brings it to all workers, also to those that join.
--
--   psql -X -f examples/citus/own_shards.sql
--
-- On each node, a view stands for the shards of a table that the node itself has.  A view
-- that was overtaken by a move says so when it is read, and check() says whether all
-- nodes together have read each shard once.

\set QUIET on
\set ON_ERROR_STOP on

BEGIN;
CREATE SCHEMA own_shards;
GRANT USAGE ON SCHEMA own_shards TO PUBLIC;

-- The nodes that can have shards, and the foreign servers that they are: called after the
-- number that a node keeps when it gets another address.
CREATE VIEW own_shards.nodes AS
SELECT ('node_' || n.nodeid)::name AS server, n.groupid, n.nodename, n.nodeport
FROM pg_dist_node AS n
WHERE n.isactive AND n.noderole = 'primary'
  AND (n.groupid <> 0 OR n.shouldhaveshards
       OR EXISTS (SELECT FROM pg_dist_placement AS p
                  JOIN pg_dist_shard AS s ON s.shardid = p.shardid
                  JOIN pg_dist_partition AS t ON t.logicalrelid = s.logicalrelid AND t.partmethod = 'h'
                  WHERE p.groupid = n.groupid));
GRANT SELECT ON own_shards.nodes TO PUBLIC;

-- The shards of this node, as its own copy of Citus' catalogs has them.
CREATE VIEW own_shards.here AS
SELECT t.relnamespace::regnamespace::text AS schema_name, t.relname::text AS table_name, s.shardid AS shard_id,
       t.oid AS relation
FROM pg_dist_placement AS p
JOIN pg_dist_shard AS s ON s.shardid = p.shardid
JOIN pg_class AS t ON t.oid = s.logicalrelid
WHERE p.groupid = (SELECT groupid FROM pg_dist_local_group) AND p.shardstate = 1;
GRANT SELECT ON own_shards.here TO PUBLIC;

CREATE FUNCTION own_shards.of(relation regclass)
RETURNS bigint[]
LANGUAGE sql STABLE
SET search_path = pg_catalog
AS $$
    SELECT coalesce(array_agg(h.shard_id ORDER BY h.shard_id), '{}')
    FROM own_shards.here AS h
    WHERE h.relation = of.relation
$$;

-- The condition of each view: an error unless the node has just these shards, as the
-- query sees it.
CREATE FUNCTION own_shards.are(relation regclass, shards bigint[])
RETURNS boolean
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog
AS $$
BEGIN
    IF own_shards.of(relation) <> shards THEN
        RAISE object_not_in_prerequisite_state USING
            MESSAGE = format('shards of "%s" have moved since the view of those of this node was made', relation),
            HINT = 'Make the views again on the coordinator, by own_shards.make_views().';
    END IF;
    RETURN true;
END
$$;

-- The view of this node.  It has the columns of the table, and the rights of who reads it
-- count, because GRANTs on the table are also GRANTs on its shards.  Where there are no
-- shards, and where it is to be of no table, there is no view.
CREATE FUNCTION own_shards.make_view(relation regclass, view_name text)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, public -- shard_name() leaves out public
SET citus.enable_ddl_propagation = off -- each node has a view of its own
AS $$
DECLARE
    shards bigint[] := own_shards.of(relation);
    columns text;
    rows text;
BEGIN
    IF shards = '{}' THEN
        EXECUTE format('DROP VIEW IF EXISTS %s', view_name);
        RETURN;
    END IF;
    SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) INTO columns
    FROM pg_attribute WHERE attrelid = relation AND attnum > 0 AND NOT attisdropped;
    SELECT string_agg(format('SELECT %s FROM %s', columns, shard_name(relation, shard)), ' UNION ALL ') INTO rows
    FROM unnest(shards) AS shard;
    EXECUTE format('CREATE OR REPLACE VIEW %s WITH (security_invoker) AS SELECT %s FROM (%s) AS own WHERE own_shards.are(%L, %L)',
                   view_name, columns, rows, relation, shards);
    EXECUTE format('GRANT SELECT ON %s TO PUBLIC', view_name);
END
$$;

-- The same on all nodes.  Each commits on its own: what fails halfway is done again.
CREATE FUNCTION own_shards.on_all_nodes(relation regclass, view_name text)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog
AS $$
DECLARE
    qualified text;
    node record;
BEGIN
    IF (SELECT groupid FROM pg_dist_local_group) <> 0 THEN
        RAISE object_not_in_prerequisite_state USING MESSAGE = 'views are made and dropped on the coordinator';
    END IF;
    SELECT string_agg(quote_ident(part), '.') INTO qualified
    FROM unnest(parse_ident(view_name)) AS part HAVING count(*) = 2;
    IF qualified IS NULL THEN
        RAISE invalid_name USING MESSAGE = format('"%s" is not a name with its schema', view_name);
    END IF;
    FOR node IN
        SELECT * FROM run_command_on_all_nodes(format('SELECT own_shards.make_view(%L, %L)', relation, qualified))
    LOOP
        IF NOT node.success THEN
            RAISE object_not_in_prerequisite_state USING
                MESSAGE = format('of node %s: %s', node.nodeid, node.result);
        END IF;
    END LOOP;
END
$$;

CREATE FUNCTION own_shards.make_views(relation regclass, view_name text)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog
AS $$
BEGIN
    -- a target on two nodes would be planned twice, each time by halves
    IF NOT EXISTS (SELECT FROM pg_dist_partition AS p WHERE p.logicalrelid = relation AND p.partmethod = 'h'
                   AND column_to_column_name(p.logicalrelid, p.partkey) = 'target') THEN
        RAISE wrong_object_type USING MESSAGE = format('"%s" is not distributed by the column "target"', relation);
    END IF;
    EXECUTE format('LOCK TABLE %s IN SHARE UPDATE EXCLUSIVE MODE', relation); -- moves wait
    PERFORM own_shards.on_all_nodes(relation, view_name);
END
$$;

-- Without them, columns of the table can be dropped or get another type, and the table can
-- be dropped or distributed anew, without waiting for each other.
CREATE FUNCTION own_shards.drop_views(view_name text)
RETURNS void
LANGUAGE sql
SET search_path = pg_catalog
AS $$ SELECT own_shards.on_all_nodes(NULL, view_name) $$;

-- The servers that have shards of a table.
CREATE FUNCTION own_shards.servers(relation regclass)
RETURNS name[]
LANGUAGE sql STABLE
SET search_path = pg_catalog
AS $$
    SELECT array_agg(n.server ORDER BY n.groupid)
    FROM own_shards.nodes AS n
    WHERE EXISTS (SELECT FROM pg_dist_placement AS p
                  JOIN pg_dist_shard AS s ON s.shardid = p.shardid
                  WHERE p.groupid = n.groupid AND s.logicalrelid = servers.relation)
$$;

-- An error unless each shard of the table is on one server, by what the servers see in this
-- transaction.  All that one transaction asks of a server sees the same, so these are the
-- shards that were planned in it.
CREATE FUNCTION own_shards.check(relation regclass)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog
AS $$
DECLARE
    seen text;
    wrong text;
BEGIN
    SELECT string_agg(format('SELECT shard_id FROM own_shards.%I WHERE schema_name = %L AND table_name = %L',
                             n.server, t.relnamespace::regnamespace::text, t.relname), ' UNION ALL ') INTO seen
    FROM own_shards.nodes AS n, pg_class AS t
    WHERE t.oid = relation;
    EXECUTE 'SELECT string_agg(shard_id::text, '', '' ORDER BY shard_id) FROM (SELECT shard_id
             FROM (SELECT shardid AS shard_id FROM pg_dist_shard WHERE logicalrelid = $1) AS all_shards
             FULL JOIN (' || seen || ') AS seen USING (shard_id)
             GROUP BY shard_id HAVING count(all_shards) <> 1 OR count(seen) <> 1) AS wrong'
    INTO wrong USING relation;
    IF wrong IS NOT NULL THEN
        RAISE object_not_in_prerequisite_state USING
            MESSAGE = format('of "%s", these shards are on no server, or on more than one: %s', relation, wrong),
            HINT = 'They are being moved, or were just then: make the views again, and plan again.';
    END IF;
END
$$;
COMMIT;
