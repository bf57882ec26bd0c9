/*
 * trigger_call.h
 *		Calls of the extension's trigger functions.
 */
#ifndef TRAINPLAN_TRIGGER_CALL_H
#define TRAINPLAN_TRIGGER_CALL_H

#include "commands/trigger.h"
#include "fmgr.h"

#include "base/compat.h"
#include "plans/plan_tables.h"

extern TriggerData *trigger_call(FunctionCallInfo fcinfo, const char *function, PlanTableId id,
								 TriggerEvent event);
extern PlanTableId trigger_table(FunctionCallInfo fcinfo);
pg_noreturn extern void report_wrong_trigger(const char *function, PlanTableId id);

extern int	trigger_depth(void);

/* Called for each row of a transition table. */
typedef void (*TransitionCallback) (void *arg, TupleTableSlot *slot);

extern void transition_table_read(TriggerData *trigger, Tuplestorestate *rows,
								  TransitionCallback callback, void *arg);

#endif							/* TRAINPLAN_TRIGGER_CALL_H */
