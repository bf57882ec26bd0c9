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
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/rel.h"

#include "base/executor_compat.h"
#include "plans/job_keys.h"
#include "plans/job_tally.h"
#include "plans/table_delete.h"
#include "plans/table_truncate.h"
#include "plans/trigger_call.h"

PG_FUNCTION_INFO_V1(training_plans_cascade);
PG_FUNCTION_INFO_V1(training_jobs_cascade);
PG_FUNCTION_INFO_V1(training_key_guard);

/* The tables whose rows go, in the order of PlanTableId; what was stays. */
static const PlanTableId parts_of_plan[] = {JOBS_TABLE, QUEUE_TABLE, TALLY_TABLE};
static const PlanTableId parts_of_job[] = {QUEUE_TABLE};

/* ---- what was deleted ------------------------------------------------------------- */

/* Keys of deleted rows, sorted: the plan's number, and perhaps the job's id. */
typedef struct DeletedKeys
{
	PlanTable	table;
	ByteSort   *keys;
	TallyChanges gone;			/* if they are jobs: what the tally has of them */
} DeletedKeys;

static void
note_key(void *arg, TupleTableSlot *slot)
{
	DeletedKeys *deleted = arg;

	put_key(deleted->keys, &deleted->table, slot);
	if (deleted->table.id == JOBS_TABLE)
		tally_note_job_row(&deleted->gone, &deleted->table, slot, -1);
}

/* Delete all rows of a table that belong to deleted rows; of places, note that they are gone. */
static void
delete_part(Oid schema, PlanTableId part, ByteSort *keys, TallyChanges *gone)
{
	TableDelete delete;
	Slice		record;

	table_delete_begin(&delete, schema, part);
	if (part == QUEUE_TABLE)
		delete.gone = gone;
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
	DeletedKeys deleted = {.keys = NULL};

	if (trigger->tg_oldtable == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("trigger \"%s\" needs a table of old rows", trigger->tg_trigger->tgname)));
	plan_table_open(&deleted.table, schema, id, NoLock);
	deleted.keys = byte_sort_create_rewindable(work_mem);
	transition_table_read(trigger, trigger->tg_oldtable, note_key, &deleted);
	byte_sort_perform(deleted.keys);

	lock_tables(schema, parts, count, RowExclusiveLock);
	for (int i = 0; i < count; i++)
	{
		if (plan_table_exists(schema, parts[i]))
			delete_part(schema, parts[i], deleted.keys, id == JOBS_TABLE ? &deleted.gone : NULL);
	}
	tally_write(schema, &deleted.gone);
	byte_sort_end(deleted.keys);
	plan_table_close(&deleted.table);
}

/* ---- the triggers ------------------------------------------------------------------ */

static Datum
cascade(FunctionCallInfo fcinfo, const char *function, PlanTableId id, const PlanTableId *parts, int count)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;

	if (trigger_table(fcinfo) == id && TRIGGER_FIRED_BY_TRUNCATE(trigger->tg_event))
	{
		trigger = trigger_call(fcinfo, function, id, TRIGGER_EVENT_TRUNCATE | TRIGGER_EVENT_AFTER);
		truncate_tables(RelationGetNamespace(trigger->tg_relation), parts, count);
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
