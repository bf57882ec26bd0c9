-- Does it work here?  Made metrics are planned in parts, and the jobs must be those that
-- this server alone plans, also after a shard has moved.  By a superuser, after
-- own_shards.sql and servers.sql, where at least two nodes have shards:
--
--   psql -X -f examples/citus/try.sql
--
-- Makes the schema own_shards_try, and plans on the nodes; both are gone at the end.

\set QUIET on
\set ON_ERROR_STOP on
\pset pager off
\pset footer off
SET client_min_messages = warning;

CREATE SCHEMA own_shards_try;
CREATE TABLE own_shards_try.candidates (
    target text,
    symbol text,
    score double precision,
    sample_size bigint,
    stability text,
    leakage_status text
);
SELECT create_distributed_table('own_shards_try.candidates', 'target', shard_count => 8) \g /dev/null
INSERT INTO own_shards_try.candidates
SELECT 'y_' || t, CASE WHEN s > 0 THEN 's_' || s END, (t * 7 + s * 13) % 100 / 100.0, 500 + (t * s * 11) % 9000,
       (ARRAY['STABLE', 'DRIFTING', 'DIVERGED', 'UNKNOWN'])[1 + (t + s) % 4],
       (ARRAY['SAFE', 'SUSPECT', 'BLOCKED'])[1 + (t * s) % 7 / 5]
FROM generate_series(1, 200) AS t, generate_series(0, 100) AS s;

-- what this server alone makes of them, through Citus, and which jobs of the runs are the same
CREATE TEMPORARY TABLE decisions AS SELECT * FROM route_training_candidates('own_shards_try.candidates');
CREATE TEMPORARY TABLE expected AS SELECT * FROM generate_training_plan('decisions');
PREPARE comparison AS
SELECT j.run_id, count(*) AS jobs, (SELECT count(*) FROM expected) AS expected, count(e.job_id) AS same
FROM training_server_jobs AS j
LEFT JOIN expected AS e
ON (e.job_id, e.target, e.route, e.training_type, e.model_families, e.priority, e.reason, e.metadata)
    = (j.job_id, j.target, j.route, j.training_type, j.model_families, j.priority, j.reason, j.metadata)
AND (e.symbol, e.estimated_samples) IS NOT DISTINCT FROM (j.symbol, j.estimated_samples)
WHERE j.run_id LIKE 'own_shards_try_%'
GROUP BY j.run_id
ORDER BY j.run_id;

\set table own_shards_try.candidates
\set view own_shards_try.own_candidates
\set run_id own_shards_try_1
\ir plan.sql
EXECUTE comparison;

\echo 'A shard moves to another node.  Now planning is an error, until the views are made again:'
SELECT s.shardid, s.nodename AS from_name, s.nodeport AS from_port, n.nodename AS to_name, n.nodeport AS to_port
FROM citus_shards AS s
JOIN own_shards.nodes AS n ON (n.nodename, n.nodeport) <> (s.nodename, s.nodeport)
WHERE s.table_name = 'own_shards_try.candidates'::regclass
ORDER BY s.shardid, n.groupid LIMIT 1
\gset
SELECT citus_move_shard_placement(:shardid, :'from_name', :from_port, :'to_name', :to_port, 'block_writes') \g /dev/null
\set ON_ERROR_STOP off
SELECT * FROM plan_training_on(own_shards.servers(:'table'), :'view', run_id => 'own_shards_try_0');
\set ON_ERROR_STOP on
\set run_id own_shards_try_2
\ir plan.sql
EXECUTE comparison;

SELECT n.server, d.result
FROM run_command_on_all_nodes($$
    DELETE FROM training_plans WHERE routing = 'own_shards_try.own_candidates' AND run_id LIKE 'own_shards_try_%' $$) AS d
JOIN own_shards.nodes AS n ON n.server = 'node_' || d.nodeid;
DELETE FROM training_plan_parts WHERE run_id LIKE 'own_shards_try_%';
SELECT own_shards.drop_views('own_shards_try.own_candidates') \g /dev/null
DROP TABLE own_shards_try.candidates;
CALL citus_cleanup_orphaned_resources(); -- the shard's old place
DROP SCHEMA own_shards_try;
