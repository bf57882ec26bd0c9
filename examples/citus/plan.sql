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
-- until the end, no shard moves; and this waits for one that is moving.  Who may not lock
-- the table plans without: then a move makes the plan fail.
SELECT has_table_privilege(:'table', 'UPDATE') AS may_lock \gset
\if :may_lock
    LOCK TABLE :table IN SHARE UPDATE EXCLUSIVE MODE;
\endif
SELECT * FROM plan_training_on(own_shards.servers(:'table'), :'view', run_id => nullif(:'run_id', ''));
SELECT own_shards.check(:'table') \g /dev/null
COMMIT;
