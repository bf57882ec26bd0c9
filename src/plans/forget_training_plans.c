/*
 * forget_training_plans.c
 *		SQL function forget_training_plans(): deletes old plans.
 *
 * They are deleted one after the other, each as a DELETE would, with the caller's
 * rights.  Just before, it is looked once more whether anything of the plan runs: so
 * the time in which somebody may claim one of its jobs is short, however many plans
 * there are.  Who does claim one then is waited for, and told when he reports.
 *
 * What runs is told by the queue, for which the caller needs no right: that a plan is
 * kept says no more.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "base/arguments.h"
#include "base/compat.h"
#include "base/executor_compat.h"
#include "base/row_query.h"
#include "planning/vocabulary.h"
#include "plans/table_write.h"

PG_FUNCTION_INFO_V1(forget_training_plans);

/* Arguments, as the SQL declaration has them. */
#define ARG_OLDER_THAN	0
#define ARG_KEEP		1

/* The time that plans must have been made before. */
static TimestampTz
cutoff_argument(FunctionCallInfo fcinfo)
{
	Interval	nothing = {0};
	Interval   *older_than;

	require_argument(fcinfo, ARG_OLDER_THAN, "older_than");
	older_than = PG_GETARG_INTERVAL_P(ARG_OLDER_THAN);
	if (INTERVAL_NOT_FINITE(older_than))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("older_than must be finite")));
	if (DatumGetBool(DirectFunctionCall2(interval_lt, IntervalPGetDatum(older_than),
										 IntervalPGetDatum(&nothing))))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("older_than must not be negative")));
	return DatumGetTimestampTz(DirectFunctionCall2(timestamptz_mi_interval,
												   TimestampTzGetDatum(GetCurrentTransactionStartTimestamp()),
												   IntervalPGetDatum(older_than)));
}

static int32
keep_argument(FunctionCallInfo fcinfo)
{
	require_argument(fcinfo, ARG_KEEP, "keep");
	if (PG_GETARG_INT32(ARG_KEEP) < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("keep must not be negative")));
	return PG_GETARG_INT32(ARG_KEEP);
}

/* ---- which plans ------------------------------------------------------------------ */

typedef struct OldPlans
{
	TimestampTz cutoff;
	int			count;
	int			allocated;
	int64	   *plan_ids;		/* from the newest on */
} OldPlans;

/* Of the plans that are not kept. */
static const Oid plan_types[] = {INT8OID, TIMESTAMPTZOID};

static void
note_plan(void *arg, const Datum *values, const bool *nulls)
{
	OldPlans   *plans = arg;

	if (DatumGetTimestampTz(values[1]) >= plans->cutoff)
		return;
	if (plans->count == plans->allocated)
	{
		plans->allocated *= 2;
		plans->plan_ids = repalloc_huge(plans->plan_ids, plans->allocated * sizeof(int64));
	}
	plans->plan_ids[plans->count++] = DatumGetInt64(values[0]);
}

/*
 * Find the plans that were made before the cutoff, of those that the caller can see,
 * but for the newest of them.
 */
static void
find_old_plans(const PlanTable *table, TimestampTz cutoff, int32 keep, OldPlans *plans)
{
	RowQuery	query = {
		.text = psprintf("SELECT plan_id, generated_at FROM ONLY %%s ORDER BY plan_id DESC OFFSET %d", keep),
		.relation_count = 1,
		.relations = &table->relid,
		.columns = lengthof(plan_types),
		.types = plan_types
	};

	plans->cutoff = cutoff;
	plans->count = 0;
	plans->allocated = 64;
	plans->plan_ids = palloc(plans->allocated * sizeof(int64));
	row_query_run(&query, note_plan, plans);
}

/* Does anybody hold a job of a plan just now? */
static bool
has_running_jobs(const PlanTable *queue, int64 plan_id)
{
	Oid			index_oid = OidIsValid(queue->running_index) ? queue->running_index : queue->key;
	Relation	index = index_open(index_oid, AccessShareLock);
	TupleTableSlot *slot = table_slot_create(queue->relation, NULL);
	Snapshot	snapshot = RegisterSnapshot(GetLatestSnapshot());
	Datum		key = Int64GetDatum(plan_id);
	IndexScanDesc scan = plan_table_scan(queue, index, snapshot, &key, 1);
	TimestampTz now = GetCurrentTimestamp();
	bool		found = false;

	while (!found && index_getnext_slot(scan, ForwardScanDirection, slot))
	{
		bool		isnull;
		Datum		state = slot_getattr(slot, queue->columns[QUEUE_STATE], &isnull);
		Datum		lease_end;

		CHECK_FOR_INTERRUPTS();
		if (!slice_equal(slice_from_text(DatumGetTextPP(state)), job_states.words[JOB_RUNNING]))
			continue;
		lease_end = slot_getattr(slot, queue->columns[QUEUE_READY_AT], &isnull);
		found = !isnull && DatumGetTimestampTz(lease_end) > now;
	}
	index_endscan(scan);
	UnregisterSnapshot(snapshot);
	ExecDropSingleTupleTableSlot(slot);
	index_close(index, AccessShareLock);
	return found;
}

/* ---- deleting them ---------------------------------------------------------------- */

/* Delete those of the plans that have nothing running; returns how many. */
static int64
delete_plans(const PlanTable *table, const PlanTable *queue, const OldPlans *plans)
{
	static const Oid types[] = {INT8OID, TIMESTAMPTZOID};
	static const bool nulls[] = {false, false};
	TableWrite	write;
	int64		deleted = 0;

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	table_write_prepare(&write, table,
						"DELETE FROM ONLY %s WHERE plan_id OPERATOR(pg_catalog.=) $1 "
						"AND generated_at OPERATOR(pg_catalog.<) $2",
						lengthof(types), types, 0, NULL);
	/* from the oldest on, as everybody goes through plans */
	for (int i = plans->count - 1; i >= 0; i--)
	{
		Datum		values[] = {Int64GetDatum(plans->plan_ids[i]), TimestampTzGetDatum(plans->cutoff)};

		CHECK_FOR_INTERRUPTS();
		if (!has_running_jobs(queue, plans->plan_ids[i]))
			deleted += table_write_run(&write, values, nulls, false);
	}
	SPI_finish();
	return deleted;
}

/* forget_training_plans(older_than interval, keep integer) */
Datum
forget_training_plans(PG_FUNCTION_ARGS)
{
	Oid			schema = get_func_namespace(fcinfo->flinfo->fn_oid);
	TimestampTz cutoff = cutoff_argument(fcinfo);
	int32		keep = keep_argument(fcinfo);
	PlanTable	table;
	PlanTable	jobs;
	PlanTable	queue;
	OldPlans	plans;
	int64		deleted;

	PreventCommandIfReadOnly("forget_training_plans()");
	PreventCommandIfParallelMode("forget_training_plans()");

	/* all that a plan's rows are deleted from, in the order in which everybody locks them */
	plan_table_open(&table, schema, PLANS_TABLE, RowExclusiveLock);
	plan_table_open(&jobs, schema, JOBS_TABLE, RowExclusiveLock);
	plan_table_open(&queue, schema, QUEUE_TABLE, RowExclusiveLock);
	plan_table_check_rights(&table, ACL_DELETE);
	find_old_plans(&table, cutoff, keep, &plans);
	deleted = delete_plans(&table, &queue, &plans);
	plan_table_close(&queue);
	plan_table_close(&jobs);
	plan_table_close(&table);

	PG_RETURN_INT64(deleted);
}
