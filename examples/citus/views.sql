-- On each node, a view of the shards that it has of a table, which is distributed by
-- target.  Again after a rebalance, a split, a node that came or went, or a new column.
--
--   psql -X -v table=metrics.candidates -v view=metrics.own_candidates -f examples/citus/views.sql
--
-- By the table's owner, who may also create in the schema of the view.  Where the owner
-- plans, plan.sql does the same.

\set QUIET on
\set ON_ERROR_STOP on

SELECT own_shards.make_views(:'table', :'view') \g /dev/null
SELECT array_to_string(own_shards.servers(:'table'), ', ') || ' have shards of ' || :'table'
\g (format=unaligned tuples_only=on)
