/*
 * pause_training_plan.c
 *		SQL functions pause_training_plan() and resume_training_plan(): whether jobs
 *		of a plan can be claimed; and training_plans_notify(), the trigger that tells
 *		who listens when they can again.
 *
 * That is a column of the plan's row, which is changed by SQL, with the caller's
 * rights and whatever somebody has added to the table.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "fmgr.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "base/arguments.h"
#include "plans/job_channel.h"
#include "plans/stored_plan.h"
#include "plans/table_write.h"
#include "plans/trigger_call.h"

PG_FUNCTION_INFO_V1(pause_training_plan);
PG_FUNCTION_INFO_V1(resume_training_plan);
PG_FUNCTION_INFO_V1(training_plans_notify);

/* Pause a plan or resume it; returns whether that changed anything. */
static bool
set_paused(FunctionCallInfo fcinfo, bool paused)
{
	static const Oid types[] = {INT8OID, BOOLOID};
	Oid			schema = get_func_namespace(fcinfo->flinfo->fn_oid);
	Datum		values[lengthof(types)];
	bool		nulls[lengthof(types)] = {false};
	PlanTable	plans;
	StoredPlan	plan;
	Snapshot	snapshot;
	TableWrite	write;
	int64		plan_id;
	bool		changed;

	require_argument(fcinfo, 0, "plan_id");
	plan_id = PG_GETARG_INT64(0);
	plan_table_open(&plans, schema, PLANS_TABLE, RowExclusiveLock);
	snapshot = RegisterSnapshot(GetLatestSnapshot());
	if (!find_plan(schema, snapshot, plan_id, &plan))
		report_no_plan(plan_id);
	UnregisterSnapshot(snapshot);

	values[0] = Int64GetDatum(plan_id);
	values[1] = BoolGetDatum(paused);
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	table_write_prepare(&write, &plans,
						"UPDATE ONLY %s SET paused = $2 WHERE plan_id OPERATOR(pg_catalog.=) $1 "
						"AND paused OPERATOR(pg_catalog.<>) $2",
						lengthof(types), types, 0, NULL);
	changed = table_write_run(&write, values, nulls, false) > 0;
	SPI_finish();
	plan_table_close(&plans);
	return changed;
}

/* pause_training_plan(plan_id bigint) */
Datum
pause_training_plan(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(set_paused(fcinfo, true));
}

/* resume_training_plan(plan_id bigint) */
Datum
resume_training_plan(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(set_paused(fcinfo, false));
}

/* training_plans_notify(): a trigger behind an UPDATE of a row of training_plans that resumes it */
Datum
training_plans_notify(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = trigger_call(fcinfo, "training_plans_notify", PLANS_TABLE,
										TRIGGER_EVENT_UPDATE | TRIGGER_EVENT_ROW | TRIGGER_EVENT_AFTER);
	PlanTable	plans;
	bool		isnull;

	plan_table_open(&plans, RelationGetNamespace(trigger->tg_relation), PLANS_TABLE, NoLock);
	notify_of_jobs(DatumGetInt64(heap_getattr(trigger->tg_newtuple, plans.columns[PLAN_PLAN_ID],
											  RelationGetDescr(trigger->tg_relation), &isnull)));
	plan_table_close(&plans);
	return PointerGetDatum(NULL);
}
