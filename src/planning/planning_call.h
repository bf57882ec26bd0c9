/*
 * planning_call.h
 *		A call that plans the decisions of a routing relation.
 */
#ifndef TRAINPLAN_PLANNING_CALL_H
#define TRAINPLAN_PLANNING_CALL_H

#include "utils/array.h"

#include "base/arguments.h"
#include "planning/planner.h"

/* The arguments that generate_training_plan() and create_training_plan() begin with. */
typedef struct PlanningCall
{
	Oid			routing;
	ArrayType  *families;		/* normalized */
	bool		include_blocked;
	const char *routing_name;	/* as SQL needs it; set when the decisions are read */
} PlanningCall;

extern ArrayType *families_argument(FunctionCallInfo fcinfo, int argument);
extern void planning_call_arguments(PlanningCall *call, FunctionCallInfo fcinfo);
extern Planner *plan_routing_relation(PlanningCall *call, JobOrder order, bool read_only);

#endif							/* TRAINPLAN_PLANNING_CALL_H */
