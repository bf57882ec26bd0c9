/*
 * tally_triggers.c
 *		SQL function training_jobs_tally(): the triggers that keep the tally right
 *		when places or jobs are changed by other ways than trainplan's own
 *		functions, which write it themselves.
 *
 * Jobs that are inserted or deleted are not for it: the triggers that give them
 * places, and take them away, write what that changes.
 */
#include "postgres.h"

#include "commands/trigger.h"
#include "utils/rel.h"

#include "plans/job_tally.h"
#include "plans/table_truncate.h"
#include "plans/trigger_call.h"

PG_FUNCTION_INFO_V1(training_jobs_tally);

/* Rows that come or go. */
typedef struct TalliedRows
{
	PlanTable	table;
	int			number;			/* 1: they come; -1: they go */
	TallyChanges changes;
} TalliedRows;

/* Implements TransitionCallback. */
static void
note_row(void *arg, TupleTableSlot *row)
{
	TalliedRows *rows = arg;

	if (rows->table.id == QUEUE_TABLE)
		tally_note_place_row(&rows->changes, &rows->table, row, rows->number);
	else
		tally_note_job_row(&rows->changes, &rows->table, row, rows->number);
}

static void
note_rows(TalliedRows *rows, TriggerData *trigger, Tuplestorestate *table, int number)
{
	if (table == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("trigger \"%s\" needs tables of old and new rows", trigger->tg_trigger->tgname)));
	rows->number = number;
	transition_table_read(trigger, table, note_row, rows);
}

/*
 * training_jobs_tally(): a trigger behind whatever is done with training_job_queue,
 * and behind an UPDATE of training_jobs
 */
Datum
training_jobs_tally(PG_FUNCTION_ARGS)
{
	static const PlanTableId tally[] = {TALLY_TABLE};
	PlanTableId id = trigger_table(fcinfo) == JOBS_TABLE ? JOBS_TABLE : QUEUE_TABLE;
	TriggerData *trigger = (TriggerData *) fcinfo->context;
	TalliedRows rows = {.number = 0};
	Oid			schema;

	if (trigger_table(fcinfo) != id || TRIGGER_FIRED_FOR_ROW(trigger->tg_event) ||
		!TRIGGER_FIRED_AFTER(trigger->tg_event) ||
		(id == JOBS_TABLE && !TRIGGER_FIRED_BY_UPDATE(trigger->tg_event)))
		report_wrong_trigger("training_jobs_tally", id);

	schema = RelationGetNamespace(trigger->tg_relation);
	if (TRIGGER_FIRED_BY_TRUNCATE(trigger->tg_event))
	{
		truncate_tables(schema, tally, lengthof(tally));
		return PointerGetDatum(NULL);
	}
	plan_table_open(&rows.table, schema, id, NoLock);
	if (!TRIGGER_FIRED_BY_INSERT(trigger->tg_event))
		note_rows(&rows, trigger, trigger->tg_oldtable, -1);
	if (!TRIGGER_FIRED_BY_DELETE(trigger->tg_event))
		note_rows(&rows, trigger, trigger->tg_newtable, 1);
	if (TRIGGER_FIRED_BY_INSERT(trigger->tg_event))
		tally_take_replaced(&rows.changes);
	plan_table_close(&rows.table);
	tally_write(schema, &rows.changes);
	return PointerGetDatum(NULL);
}
