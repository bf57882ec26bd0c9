-- A plan in parts: each node routes and plans the candidates that it has.
--
--   psql -X -v table=metrics.candidates -v view=metrics.own_candidates -f examples/citus/plan.sql
--
-- -v run_id=... names the run.  A policy, families and the like are further arguments of
-- plan_training_on(); for decisions instead of candidates, it is create_training_plan_on().

\set QUIET on
\set ON_ERROR_STOP on
\if :{?run_id}
\else
    \set run_id ''
\endif

BEGIN;
-- The table's owner makes the views anew, and until the end no shard moves.  For others the
-- views have been made, and a move that comes between makes the plan fail.
SELECT pg_has_role(relowner, 'USAGE') AS owns FROM pg_class WHERE oid = :'table'::regclass \gset
\if :owns
    SELECT own_shards.make_views(:'table', :'view') \g /dev/null
\endif
SELECT * FROM plan_training_on(own_shards.servers(:'table'), :'view', run_id => nullif(:'run_id', ''));
SELECT own_shards.check(:'table') \g /dev/null
COMMIT;
