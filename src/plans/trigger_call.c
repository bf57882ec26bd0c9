/*
 * trigger_call.c
 *		Calls of the extension's trigger functions.
 *
 * These do what their callers might not, so they are for the extension's own
 * tables and nothing that is called like them, for the events that the
 * extension's triggers are for, and nobody may make triggers of them.
 */
#include "postgres.h"

#include "executor/executor.h"
#include "miscadmin.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/tuplestore.h"

#include "plans/trigger_call.h"

/* What a trigger is fired by and when, and nothing else. */
#define EVENT_MASK	(TRIGGER_EVENT_OPMASK | TRIGGER_EVENT_ROW | TRIGGER_EVENT_TIMINGMASK)

/* The error that a trigger function was called for something that it is not for. */
void
report_wrong_trigger(const char *function, PlanTableId id)
{
	ereport(ERROR,
			(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
			 errmsg("%s is for the triggers of table \"%s\"", function, plan_table_name(id))));
}

/* The table of the extension that a trigger function is called for, or PLAN_TABLES. */
PlanTableId
trigger_table(FunctionCallInfo fcinfo)
{
	Oid			schema = get_func_namespace(fcinfo->flinfo->fn_oid);

	for (int id = 0; id < PLAN_TABLES && CALLED_AS_TRIGGER(fcinfo); id++)
	{
		if (is_plan_table(((TriggerData *) fcinfo->context)->tg_relation, schema, id))
			return id;
	}
	return PLAN_TABLES;
}

/*
 * The data of a call, which must be for this table of the extension and this
 * event (e_r_i_e_trigger_protocol_violated).  function is its name, for messages.
 */
TriggerData *
trigger_call(FunctionCallInfo fcinfo, const char *function, PlanTableId id, TriggerEvent event)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;

	if (trigger_table(fcinfo) != id || (trigger->tg_event & EVENT_MASK) != event)
		report_wrong_trigger(function, id);
	return trigger;
}

/* How many triggers of this session run, each within the one before. */
int
trigger_depth(void)
{
	return DatumGetInt32(DirectFunctionCall1(pg_trigger_depth, (Datum) 0));
}

/* Read all rows of a trigger's transition table. */
void
transition_table_read(TriggerData *trigger, Tuplestorestate *rows, TransitionCallback callback, void *arg)
{
	TupleTableSlot *slot = MakeSingleTupleTableSlot(RelationGetDescr(trigger->tg_relation),
													&TTSOpsMinimalTuple);
	int			pointer = tuplestore_alloc_read_pointer(rows, EXEC_FLAG_REWIND);

	/* others read it as well, each where it is */
	tuplestore_select_read_pointer(rows, pointer);
	tuplestore_rescan(rows);
	for (;;)
	{
		CHECK_FOR_INTERRUPTS();
		tuplestore_select_read_pointer(rows, pointer);
		if (!tuplestore_gettupleslot(rows, true, false, slot))
			break;
		callback(arg, slot);
	}
	ExecDropSingleTupleTableSlot(slot);
}
