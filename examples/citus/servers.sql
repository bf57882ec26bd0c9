-- The nodes of the cluster as foreign servers of the coordinator, for whoever runs this,
-- after own_shards.sql; again when a node has joined, or has another address.
--
--   psql -X -f examples/citus/servers.sql
--
-- -v schema=... says where trainplan is, if it is not in public.

\set QUIET on
\set ON_ERROR_STOP on
\pset format unaligned
\pset tuples_only on
\if :{?schema}
\else
    \set schema public
\endif

SET client_min_messages = warning;
SET citus.enable_ddl_propagation = off; -- it is the coordinator alone that has them
CREATE EXTENSION IF NOT EXISTS postgres_fdw;

-- servers where there is none, and their addresses
SELECT format('CREATE SERVER %I FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host %L, port %L, dbname %L)',
              n.server, n.nodename, n.nodeport, current_database())
FROM own_shards.nodes AS n WHERE n.server NOT IN (SELECT srvname FROM pg_foreign_server)
\gexec
SELECT format('ALTER SERVER %I OPTIONS (SET host %L, SET port %L)', n.server, n.nodename, n.nodeport)
FROM own_shards.nodes AS n
\gexec

-- on the nodes, one is who one is here
SELECT format('CREATE USER MAPPING IF NOT EXISTS FOR CURRENT_USER SERVER %I OPTIONS (user %L)', n.server, current_user)
FROM own_shards.nodes AS n
\gexec

-- what each node says of its shards, for own_shards.check()
SELECT format('CREATE FOREIGN TABLE IF NOT EXISTS own_shards.%1$I (schema_name text, table_name text, shard_id bigint)
               SERVER %1$I OPTIONS (schema_name %2$L, table_name %3$L); GRANT SELECT ON own_shards.%1$I TO PUBLIC',
              n.server, 'own_shards', 'here')
FROM own_shards.nodes AS n
\gexec

-- and trainplan there
SELECT n.server || ' is ready' FROM own_shards.nodes AS n, add_training_server(n.server, :'schema') ORDER BY n.groupid;
