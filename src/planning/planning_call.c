/*
 * planning_call.c
 *		What the functions that plan a routing relation have in common.
 */
#include "postgres.h"

#include "planning/families.h"
#include "planning/planning_call.h"
#include "planning/routing_relation.h"

/* Arguments, as the SQL declarations have them. */
#define ARG_ROUTING			0
#define ARG_FAMILIES		1
#define ARG_INCLUDE_BLOCKED	2

/* Families that are an argument, normalized; NULL means the default. */
ArrayType *
families_argument(FunctionCallInfo fcinfo, int argument)
{
	return call_families(PG_ARGISNULL(argument) ? NULL : PG_GETARG_ARRAYTYPE_P(argument));
}

/*
 * Take the first three arguments of a call.  NULL means the default, but for
 * the routing relation, which has none.
 */
void
planning_call_arguments(PlanningCall *call, FunctionCallInfo fcinfo)
{
	memset(call, 0, sizeof(PlanningCall));
	require_argument(fcinfo, ARG_ROUTING, "routing relation");
	call->routing = PG_GETARG_OID(ARG_ROUTING);
	call->families = families_argument(fcinfo, ARG_FAMILIES);
	call->include_blocked = flag_argument(fcinfo, ARG_INCLUDE_BLOCKED);
}

static void
plan_decision(void *planner, const Decision *decision)
{
	planner_add(planner, decision);
}

/*
 * Read the routing relation into a new planner; planner_finish() is the next
 * thing to call.  read_only is that of routing_relation_read().
 */
Planner *
plan_routing_relation(PlanningCall *call, JobOrder order, bool read_only)
{
	RoutingRelation *routing = routing_relation_open(call->routing);
	Planner    *planner;

	call->routing_name = routing_relation_name(routing);
	planner = planner_create(routing_relation_source(routing), call->include_blocked, order);
	routing_relation_read(routing, read_only, plan_decision, planner);
	return planner;
}
