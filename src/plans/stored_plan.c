/*
 * stored_plan.c
 *		A stored plan, and its jobs one by one, as the caller may see them.
 *
 * They are read through the index of the primary key, without a query; where
 * row-level security decides what the caller sees, a query asks PostgreSQL.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/transam.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "base/executor_compat.h"
#include "base/row_query.h"
#include "plans/stored_plan.h"

/* May the caller read columns of the table? */
bool
may_read(const PlanTable *table, int first, int count)
{
	if (pg_class_aclcheck(table->relid, GetUserId(), ACL_SELECT) == ACLCHECK_OK)
		return true;
	for (int i = first; i < first + count; i++)
	{
		if (pg_attribute_aclcheck(table->relid, table->columns[i], GetUserId(), ACL_SELECT) != ACLCHECK_OK)
			return false;
	}
	return true;
}

/* He may, or it is an error. */
void
check_may_read(const PlanTable *table, int first, int count)
{
	if (!may_read(table, first, count))
		aclcheck_error(ACLCHECK_NO_PRIV, OBJECT_TABLE, plan_table_name(table->id));
}

/* ---- plans ---------------------------------------------------------------------- */

/* What a query for a plan returns. */
static const Oid plan_types[] = {INT8OID};

typedef struct FoundPlan
{
	StoredPlan *plan;
	bool		found;
} FoundPlan;

static void
take_plan(void *arg, const Datum *values, const bool *nulls)
{
	FoundPlan  *found = arg;

	if (nulls[0])
		return;
	found->plan->plan_id = DatumGetInt64(values[0]);
	found->found = true;
}

/* Ask PostgreSQL for the number of the plan that a condition and an order find. */
static bool
query_plan(const PlanTable *table, Snapshot snapshot, const char *condition, StoredPlan *plan)
{
	FoundPlan	found = {plan, false};
	RowQuery	query = {
		.text = psprintf("SELECT plan_id FROM ONLY %%s %s", condition),
		.relation_count = 1,
		.relations = &table->relid,
		.columns = lengthof(plan_types),
		.types = plan_types,
		.read_only = true
	};

	PushActiveSnapshot(snapshot);
	row_query_run(&query, take_plan, &found);
	PopActiveSnapshot();
	return found.found;
}

/* Take the plan that a scan of the key finds first. */
static bool
scan_plan(const PlanTable *table, Snapshot snapshot, const Datum *key, int columns,
		  ScanDirection direction, StoredPlan *plan)
{
	TupleTableSlot *slot = table_slot_create(table->relation, NULL);
	bool		found = plan_table_find(table, snapshot, key, columns, direction, slot);
	bool		isnull;

	if (found)
	{
		plan->plan_id = DatumGetInt64(slot_getattr(slot, table->columns[PLAN_PLAN_ID], &isnull));
		plan->max_attempts = DatumGetInt32(slot_getattr(slot, table->columns[PLAN_MAX_ATTEMPTS], &isnull));
		plan->priority = DatumGetInt32(column_value(table, slot, PLAN_PRIORITY, &isnull));
		plan->paused = DatumGetBool(column_value(table, slot, PLAN_PAUSED, &isnull));
		plan->pooled_first = DatumGetBool(column_value(table, slot, PLAN_POOLED_FIRST, &isnull));
		plan->xmin = DatumGetTransactionId(slot_getsysattr(slot, MinTransactionIdAttributeNumber, &isnull));
		plan->tid = slot->tts_tid;
	}
	ExecDropSingleTupleTableSlot(slot);
	return found;
}

static void
open_plans(PlanTable *table, Oid schema)
{
	plan_table_open(table, schema, PLANS_TABLE, AccessShareLock);
	check_may_read(table, PLAN_PLAN_ID, 1);
	check_may_read(table, PLAN_MAX_ATTEMPTS, 1);
}

/* Find a plan by its number; false if there is none that the caller can see. */
bool
find_plan(Oid schema, Snapshot snapshot, int64 plan_id, StoredPlan *plan)
{
	PlanTable	table;
	Datum		key = Int64GetDatum(plan_id);
	bool		found;

	open_plans(&table, schema);
	found = (!plan_table_has_policies(&table) ||
			 query_plan(&table, snapshot, psprintf("WHERE plan_id OPERATOR(pg_catalog.=) " INT64_FORMAT, plan_id), plan)) &&
		scan_plan(&table, snapshot, &key, 1, ForwardScanDirection, plan);
	plan_table_close(&table);
	return found;
}

/* The latest of the plans that the caller can see; false if there is none. */
bool
find_latest_plan(Oid schema, Snapshot snapshot, StoredPlan *plan)
{
	PlanTable	table;
	bool		found;

	open_plans(&table, schema);
	if (plan_table_has_policies(&table))
	{
		found = query_plan(&table, snapshot, "ORDER BY plan_id DESC LIMIT 1", plan);
		if (found)
		{
			Datum		key = Int64GetDatum(plan->plan_id);

			found = scan_plan(&table, snapshot, &key, 1, ForwardScanDirection, plan);
		}
	}
	else
		found = scan_plan(&table, snapshot, NULL, 0, BackwardScanDirection, plan);
	plan_table_close(&table);
	return found;
}

/*
 * Do jobs of a plan wait for the pooled model of their target, as the snapshot has it, or
 * if that is NULL, now?  What must hold for the queue holds whatever the caller can see.
 */
bool
is_plan_pooled_first(Oid schema, Snapshot snapshot, int64 plan_id)
{
	PlanTable	table;
	TupleTableSlot *slot;
	Datum		key = Int64GetDatum(plan_id);
	bool		isnull = true;
	Datum		value = (Datum) 0;

	plan_table_open(&table, schema, PLANS_TABLE, AccessShareLock);
	snapshot = RegisterSnapshot(snapshot != NULL ? snapshot : GetLatestSnapshot());
	slot = table_slot_create(table.relation, NULL);
	if (has_column(&table, PLAN_POOLED_FIRST) &&
		plan_table_find(&table, snapshot, &key, 1, ForwardScanDirection, slot))
		value = column_value(&table, slot, PLAN_POOLED_FIRST, &isnull);
	ExecDropSingleTupleTableSlot(slot);
	UnregisterSnapshot(snapshot);
	plan_table_close(&table);
	return !isnull && DatumGetBool(value);
}

/* The error that a plan does not exist, or that the caller can't see it. */
void
report_no_plan(int64 plan_id)
{
	ereport(ERROR,
			(errcode(ERRCODE_NO_DATA_FOUND),
			 errmsg("training plan %lld does not exist", (long long) plan_id)));
}

/* The error that a plan does not have a job, or that the caller can't see it. */
void
report_no_job(int64 plan_id, Datum job_id)
{
	ereport(ERROR,
			(errcode(ERRCODE_NO_DATA_FOUND),
			 errmsg("training plan %lld has no job \"%s\"", (long long) plan_id,
					TextDatumGetCString(job_id))));
}

/*
 * Keep a plan from being deleted until the transaction ends, as a foreign key
 * would.
 */
PlanHold
hold_plan(const PlanTable *plans, int64 plan_id)
{
	StoredPlan	plan;
	Datum		key = Int64GetDatum(plan_id);
	Snapshot	snapshot = RegisterSnapshot(GetLatestSnapshot());
	PlanHold	result = PLAN_MISSING;

	if (scan_plan(plans, snapshot, &key, 1, ForwardScanDirection, &plan))
	{
		TupleTableSlot *slot = table_slot_create(plans->relation, NULL);
		TM_FailureData failure;

		TM_Result	locked = table_tuple_lock(plans->relation, &plan.tid, snapshot, slot,
											  GetCurrentCommandId(true), LockTupleKeyShare,
											  LockWaitBlock, TUPLE_LOCK_FLAG_FIND_LAST_VERSION,
											  &failure);

		/* what the command itself has changed is its own; it may also have deleted it */
		if (locked == TM_Ok ||
			(locked == TM_SelfModified && plan_table_has_rows_of(plans, plan_id)))
			result = PLAN_HELD;
		else
			result = PLAN_DELETED;
		ExecDropSingleTupleTableSlot(slot);
	}
	UnregisterSnapshot(snapshot);
	return result;
}

/* ---- row-level security ----------------------------------------------------------- */

static void
note_visible(void *arg, const Datum *values, const bool *nulls)
{
	*(bool *) arg = true;
}

/*
 * Do policies let the caller see a row that was found?  PostgreSQL is asked for it by its
 * place in the table, which it finds without looking for it, whatever it knows of the
 * table.
 */
bool
plan_row_is_visible(const PlanTable *table, Snapshot snapshot, TupleTableSlot *row)
{
	static const Oid types[] = {BOOLOID};
	ItemPointer tid = &row->tts_tid;
	RowQuery	query = {
		.relation_count = 1,
		.relations = &table->relid,
		.columns = lengthof(types),
		.types = types,
		.read_only = true
	};
	bool		visible = false;

	query.text = psprintf("SELECT true FROM ONLY %%s "
						  "WHERE ctid OPERATOR(pg_catalog.=) '(%u,%u)'::pg_catalog.tid",
						  ItemPointerGetBlockNumber(tid), ItemPointerGetOffsetNumber(tid));
	PushActiveSnapshot(snapshot);
	row_query_run(&query, note_visible, &visible);
	PopActiveSnapshot();
	pfree(unconstify(char *, query.text));
	return visible;
}

/* ---- jobs ------------------------------------------------------------------------ */

/*
 * Begin to read jobs as the snapshot has them, in the current memory context, for what
 * the extension itself goes by: whatever the caller may see.
 */
void
job_reader_open_unchecked(JobReader *reader, Oid schema, Snapshot snapshot)
{
	memset(reader, 0, sizeof(JobReader));
	plan_table_open(&reader->table, schema, JOBS_TABLE, AccessShareLock);
	reader->snapshot = RegisterSnapshot(snapshot);
	reader->index = index_open(reader->table.key, AccessShareLock);
	reader->slot = table_slot_create(reader->table.relation, NULL);
}

/* The same for the caller, by his rights and as he may see them. */
void
job_reader_open(JobReader *reader, Oid schema, Snapshot snapshot)
{
	job_reader_open_unchecked(reader, schema, snapshot);
	check_may_read(&reader->table, 0, JOB_TABLE_COLUMNS);
	reader->has_policies = plan_table_has_policies(&reader->table);
}

/*
 * Read a job; false if there is none that the caller can see.  Its values live
 * until the next one is read.
 */
bool
job_reader_find(JobReader *reader, int64 plan_id, Datum job_id)
{
	Datum		key[] = {Int64GetDatum(plan_id), job_id};
	IndexScanDesc scan;
	bool		found;

	scan = plan_table_scan(&reader->table, reader->index, reader->snapshot, key, lengthof(key));
	found = index_getnext_slot(scan, ForwardScanDirection, reader->slot);
	if (found)
	{
		slot_getallattrs(reader->slot);
		for (int i = 0; i < JOB_COLUMNS; i++)
		{
			int			column = column_index(&reader->table, JOB_TABLE_COLUMN(i));

			reader->values[i] = reader->slot->tts_values[column];
			reader->nulls[i] = reader->slot->tts_isnull[column];
		}
	}
	index_endscan(scan);
	return found && (!reader->has_policies || plan_row_is_visible(&reader->table, reader->snapshot, reader->slot));
}

void
job_reader_close(JobReader *reader)
{
	UnregisterSnapshot(reader->snapshot);
	ExecDropSingleTupleTableSlot(reader->slot);
	index_close(reader->index, AccessShareLock);
	plan_table_close(&reader->table);
}
