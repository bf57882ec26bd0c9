/*
 * settle_triggers.c
 *		SQL function settle_training_jobs(): the triggers by which jobs wait for the
 *		pooled model of their target, and do not wait for what does not come, when
 *		plans, jobs or places come or change by other ways than trainplan's own
 *		functions.
 *
 * All of them do the same: they note which targets a statement may have to do with, and
 * have these settled (pooled_first.c).  In plans without pooled_first nothing does, unless
 * somebody has a job wait by hand.  Whoever changes jobs so that others wait or not needs
 * the right to change their places.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "utils/rel.h"

#include "execution/pooled_first.h"
#include "plans/plan_store.h"
#include "plans/stored_plan.h"
#include "plans/trigger_call.h"

PG_FUNCTION_INFO_V1(settle_training_jobs);

/* The targets of rows of a transition table. */
typedef struct NotedRows
{
	Oid			schema;
	PlanTable	table;
	ByteSort   *targets;
	bool		any;
	bool		knows_plan;
	int64		plan_id;		/* of the row before */
	bool		pooled_first;
	bool		exists;			/* the plan, if places come in */
} NotedRows;

static Datum
row_value(const NotedRows *rows, TupleTableSlot *slot, int column)
{
	bool		isnull;

	return column_value(&rows->table, slot, column, &isnull);
}

static bool
is_pooled_first(NotedRows *rows, int64 plan_id)
{
	if (!rows->knows_plan || rows->plan_id != plan_id)
	{
		rows->pooled_first = is_plan_pooled_first(rows->schema, NULL, plan_id);
		rows->plan_id = plan_id;
		rows->knows_plan = true;
	}
	return rows->pooled_first;
}

/* Note the target of a job that trains its pooled model or needs it. */
static void
note_job(void *arg, TupleTableSlot *slot)
{
	NotedRows  *rows = arg;
	int64		plan_id = DatumGetInt64(row_value(rows, slot, JOB_PLAN_ID));
	bool		symbol_is_null;

	if (is_being_stored(plan_id) || !is_pooled_first(rows, plan_id))
		return;
	(void) column_value(&rows->table, slot, JOB_TABLE_COLUMN(JOB_SYMBOL), &symbol_is_null);
	if (!job_is_pooled(symbol_is_null, row_value(rows, slot, JOB_TABLE_COLUMN(JOB_TRAINING_TYPE))) &&
		!job_needs_pooled(row_value(rows, slot, JOB_TABLE_COLUMN(JOB_METADATA))))
		return;
	settled_targets_add(rows->targets, plan_id,
						slice_from_text(DatumGetTextPP(row_value(rows, slot, JOB_TABLE_COLUMN(JOB_TARGET)))));
	rows->any = true;
}

/* Note the target of a place that waits, or that others wait for. */
static void
note_place(void *arg, TupleTableSlot *slot)
{
	NotedRows  *rows = arg;
	bool		isnull;
	Datum		awaited = column_value(&rows->table, slot, QUEUE_AWAITED, &isnull);

	if ((isnull || !DatumGetBool(awaited)) &&
		!slice_equal(slice_from_text(DatumGetTextPP(row_value(rows, slot, QUEUE_STATE))),
					 job_states.words[JOB_WAITING]))
		return;
	rows->any |= settled_targets_add_job(rows->targets, rows->schema,
										 DatumGetInt64(row_value(rows, slot, QUEUE_PLAN_ID)),
										 row_value(rows, slot, QUEUE_JOB_ID));
}

static bool
plan_exists(Oid schema, int64 plan_id)
{
	PlanTable	plans;
	bool		exists;

	plan_table_open(&plans, schema, PLANS_TABLE, AccessShareLock);
	exists = plan_table_has_rows_of(&plans, plan_id);
	plan_table_close(&plans);
	return exists;
}

/*
 * Note the target of a place that comes in and waits.  What it waits for may be another than
 * where the place is from, or have ended.  One that comes before its plan or its job is seen
 * to when these come, as when a dump is restored.
 */
static void
note_new_place(void *arg, TupleTableSlot *slot)
{
	NotedRows  *rows = arg;
	int64		plan_id = DatumGetInt64(row_value(rows, slot, QUEUE_PLAN_ID));

	if (is_being_stored(plan_id) ||
		!slice_equal(slice_from_text(DatumGetTextPP(row_value(rows, slot, QUEUE_STATE))),
					 job_states.words[JOB_WAITING]))
		return;
	if (!rows->knows_plan || rows->plan_id != plan_id)
	{
		rows->exists = plan_exists(rows->schema, plan_id);
		rows->plan_id = plan_id;
		rows->knows_plan = true;
	}
	if (rows->exists)
		rows->any |= settled_targets_add_job(rows->targets, rows->schema, plan_id,
											 row_value(rows, slot, QUEUE_JOB_ID));
}

/* Wait for whoever inserts jobs or places. */
static void
lock_inserts(Oid schema)
{
	PlanTable	queue;

	plan_table_open(&queue, schema, QUEUE_TABLE, AccessShareLock);
	job_queue_lock_inserts(queue.relid, PLAN_COMES);
	plan_table_close(&queue);
}

/*
 * settle_training_jobs(): a trigger behind an INSERT of a row of training_plans, and behind
 * statements that write training_jobs or training_job_queue
 */
Datum
settle_training_jobs(PG_FUNCTION_ARGS)
{
	PlanTableId id = trigger_table(fcinfo);
	TriggerData *trigger = (TriggerData *) fcinfo->context;
	NotedRows	rows = {0};
	TransitionCallback note;

	if (id != PLANS_TABLE && id != JOBS_TABLE && id != QUEUE_TABLE)
		report_wrong_trigger("settle_training_jobs", JOBS_TABLE);
	if (id == PLANS_TABLE)
		(void) trigger_call(fcinfo, "settle_training_jobs", id,
							TRIGGER_EVENT_INSERT | TRIGGER_EVENT_ROW | TRIGGER_EVENT_AFTER);
	else if (TRIGGER_FIRED_FOR_ROW(trigger->tg_event) || !TRIGGER_FIRED_AFTER(trigger->tg_event) ||
			 (trigger->tg_oldtable == NULL && trigger->tg_newtable == NULL))
		report_wrong_trigger("settle_training_jobs", id);
	/* a function of the extension sees to it itself */
	if (id == QUEUE_TABLE && is_queue_writing())
		return PointerGetDatum(NULL);

	/* see what the command has written */
	CommandCounterIncrement();
	rows.schema = RelationGetNamespace(trigger->tg_relation);
	rows.targets = settled_targets_create();
	plan_table_open(&rows.table, rows.schema, id, NoLock);
	if (id == PLANS_TABLE)
	{
		bool		isnull;
		int64		plan_id = DatumGetInt64(heap_getattr(trigger->tg_trigtuple, rows.table.columns[PLAN_PLAN_ID],
														RelationGetDescr(trigger->tg_relation), &isnull));

		rows.any = is_pooled_first(&rows, plan_id) &&
			settled_targets_add_plan(rows.targets, rows.schema, plan_id);
		/* whose jobs and places are restored at the same time, in whatever order */
		if (rows.any)
			lock_inserts(rows.schema);
	}
	note = id == JOBS_TABLE ? note_job : TRIGGER_FIRED_BY_INSERT(trigger->tg_event) ? note_new_place : note_place;
	if (trigger->tg_oldtable != NULL)
		transition_table_read(trigger, trigger->tg_oldtable, note, &rows);
	if (trigger->tg_newtable != NULL)
		transition_table_read(trigger, trigger->tg_newtable, note, &rows);
	plan_table_close(&rows.table);
	if (rows.any)
		settle_targets(rows.schema, rows.targets);
	else
		byte_sort_end(rows.targets);
	return PointerGetDatum(NULL);
}
