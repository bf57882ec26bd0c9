/*
 * cascade_triggers.c
 *		SQL functions training_plans_cascade(), training_jobs_cascade() and
 *		training_key_guard(): the triggers by which what belongs to a plan or job is
 *		deleted with it, as foreign keys would.
 *
 * There are no foreign keys, because pg_restore goes by them only where it knows of
 * them, and of tables of an extension it does not; and because theirs is a query
 * for each row.  Here it is one walk through an index for each plan.
 *
 * They go table by table in the order in which everybody locks rows: jobs, then
 * places.  Who works a job off has locked its place, and is waited for there.
 * Attempts that have ended stay: what was learnt outlives job and plan.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/catalog.h"
#include "commands/tablecmds.h"
#include "miscadmin.h"
#include "storage/bufmgr.h"
#include "utils/builtins.h"
#include "utils/rel.h"

#include "base/executor_compat.h"
#include "plans/job_keys.h"
#include "plans/table_delete.h"
#include "plans/trigger_call.h"

PG_FUNCTION_INFO_V1(training_plans_cascade);
PG_FUNCTION_INFO_V1(training_jobs_cascade);
PG_FUNCTION_INFO_V1(training_key_guard);

/* The tables whose rows go, in the order of PlanTableId; what was stays. */
static const PlanTableId parts_of_plan[] = {JOBS_TABLE, QUEUE_TABLE};
static const PlanTableId parts_of_job[] = {QUEUE_TABLE};

static void
lock_parts(Oid schema, const PlanTableId *parts, int count, LOCKMODE lock)
{
	for (int i = 0; i < count; i++)
	{
		PlanTable	table;

		plan_table_open(&table, schema, parts[i], lock);
		plan_table_close(&table);
	}
}

/* ---- what was deleted ------------------------------------------------------------- */

/* Keys of deleted rows, sorted: the plan's number, and perhaps the job's id. */
typedef struct DeletedKeys
{
	PlanTable	table;
	ByteSort   *keys;
} DeletedKeys;

static void
note_key(void *arg, TupleTableSlot *slot)
{
	DeletedKeys *deleted = arg;

	put_key(deleted->keys, &deleted->table, slot);
}

/* Delete all rows of a table that belong to deleted rows. */
static void
delete_part(Oid schema, PlanTableId part, ByteSort *keys)
{
	TableDelete delete;
	Slice		record;

	table_delete_begin(&delete, schema, part);
	byte_sort_rewind(keys);
	while (byte_sort_next(keys, &record))
	{
		Datum		key[2];
		int			columns = read_key(record, key);

		CHECK_FOR_INTERRUPTS();
		table_delete_rows(&delete, key, columns);
		if (columns > 1)
			pfree(DatumGetPointer(key[1]));
	}
	table_delete_end(&delete);
}

/* Delete what belongs to the rows that a statement has deleted. */
static void
cascade_delete(TriggerData *trigger, PlanTableId id, const PlanTableId *parts, int count)
{
	Oid			schema = RelationGetNamespace(trigger->tg_relation);
	DeletedKeys deleted;

	if (trigger->tg_oldtable == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("trigger \"%s\" needs a table of old rows", trigger->tg_trigger->tgname)));
	plan_table_open(&deleted.table, schema, id, NoLock);
	deleted.keys = byte_sort_create_rewindable(work_mem);
	transition_table_read(trigger, trigger->tg_oldtable, note_key, &deleted);
	byte_sort_perform(deleted.keys);

	lock_parts(schema, parts, count, RowExclusiveLock);
	for (int i = 0; i < count; i++)
		delete_part(schema, parts[i], deleted.keys);
	byte_sort_end(deleted.keys);
	plan_table_close(&deleted.table);
}

/* ---- what was emptied ------------------------------------------------------------- */

/*
 * Empty the tables whose rows all belonged to rows of one that was emptied.  The
 * caller needs the right to, as for TRUNCATE ... CASCADE.
 */
static void
cascade_truncate(TriggerData *trigger, const PlanTableId *parts, int count)
{
	Oid			schema = RelationGetNamespace(trigger->tg_relation);
	List	   *relations = NIL;
	List	   *relids = NIL;
	List	   *logged = NIL;
	ListCell   *cell;

	lock_parts(schema, parts, count, AccessExclusiveLock);
	for (int i = 0; i < count; i++)
	{
		PlanTable	table;

		plan_table_open(&table, schema, parts[i], NoLock);
		plan_table_check_rights(&table, ACL_TRUNCATE);
		/* another trigger of ours may have been faster */
		if (RelationGetNumberOfBlocks(table.relation) == 0)
		{
			plan_table_close(&table);
			continue;
		}
		CheckTableNotInUse(table.relation, "TRUNCATE");
		relations = lappend(relations, table.relation);
		relids = lappend_oid(relids, table.relid);
		if (RelationIsLogicallyLogged(table.relation))
			logged = lappend_oid(logged, table.relid);
	}
	if (relations == NIL)
		return;
	ExecuteTruncateGuts(relations, relids, logged, DROP_RESTRICT, false, false);
	foreach(cell, relations)
		table_close(lfirst(cell), NoLock);
}

static Datum
cascade(FunctionCallInfo fcinfo, const char *function, PlanTableId id, const PlanTableId *parts, int count)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;

	if (trigger_table(fcinfo) == id && TRIGGER_FIRED_BY_TRUNCATE(trigger->tg_event))
	{
		trigger = trigger_call(fcinfo, function, id, TRIGGER_EVENT_TRUNCATE | TRIGGER_EVENT_AFTER);
		cascade_truncate(trigger, parts, count);
	}
	else
	{
		trigger = trigger_call(fcinfo, function, id, TRIGGER_EVENT_DELETE | TRIGGER_EVENT_AFTER);
		cascade_delete(trigger, id, parts, count);
	}
	return PointerGetDatum(NULL);
}

/* training_plans_cascade(): a trigger behind a DELETE or TRUNCATE of training_plans */
Datum
training_plans_cascade(PG_FUNCTION_ARGS)
{
	return cascade(fcinfo, "training_plans_cascade", PLANS_TABLE, parts_of_plan, lengthof(parts_of_plan));
}

/* training_jobs_cascade(): the same, of training_jobs */
Datum
training_jobs_cascade(PG_FUNCTION_ARGS)
{
	return cascade(fcinfo, "training_jobs_cascade", JOBS_TABLE, parts_of_job, lengthof(parts_of_job));
}

/* ---- keys --------------------------------------------------------------------------- */

static bool
is_changed(TriggerData *trigger, AttrNumber column, bool by_value)
{
	TupleDesc	descriptor = RelationGetDescr(trigger->tg_relation);
	bool		null_before;
	bool		null_after;
	Datum		before = heap_getattr(trigger->tg_trigtuple, column, descriptor, &null_before);
	Datum		after = heap_getattr(trigger->tg_newtuple, column, descriptor, &null_after);

	if (null_before || null_after)
		return null_before != null_after;
	return by_value ? before != after :
		!slice_equal(slice_from_text(PG_DETOAST_DATUM_PACKED(before)),
					 slice_from_text(PG_DETOAST_DATUM_PACKED(after)));
}

/*
 * training_key_guard(): a trigger before an UPDATE of a row of training_plans or
 * training_jobs, whose keys other tables know; what a plan's jobs wait for stays, too
 */
Datum
training_key_guard(PG_FUNCTION_ARGS)
{
	PlanTableId id = trigger_table(fcinfo) == PLANS_TABLE ? PLANS_TABLE : JOBS_TABLE;
	TriggerData *trigger = trigger_call(fcinfo, "training_key_guard", id,
										TRIGGER_EVENT_UPDATE | TRIGGER_EVENT_ROW | TRIGGER_EVENT_BEFORE);
	PlanTable	table;
	bool		changed;
	bool		has_other_order;

	plan_table_open(&table, RelationGetNamespace(trigger->tg_relation), id, NoLock);
	has_other_order = id == PLANS_TABLE && has_column(&table, PLAN_POOLED_FIRST) &&
		is_changed(trigger, table.columns[PLAN_POOLED_FIRST], true);
	changed = is_changed(trigger, table.columns[0], true) ||
		(id == JOBS_TABLE && is_changed(trigger, table.columns[JOB_TABLE_COLUMN(JOB_ID)], false));
	plan_table_close(&table);
	if (changed)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("the key of a row of table \"%s\" cannot be changed", plan_table_name(id)),
				 errdetail("Its place in the queue and its attempts are known by it.")));
	if (has_other_order)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("column \"pooled_first\" of table \"%s\" cannot be changed", plan_table_name(id)),
				 errdetail("It decides which jobs wait when a plan is stored.")));
	return PointerGetDatum(trigger->tg_newtuple);
}
