/*
 * create_training_plan.c
 *		SQL function create_training_plan(): a routing relation in, a stored
 *		plan out.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/lsyscache.h"

#include "planning/planning_call.h"
#include "plans/create_training_plan.h"

PG_FUNCTION_INFO_V1(create_training_plan);

/* Arguments behind those of every planning call. */
#define ARG_GIT_COMMIT			3
#define ARG_CONFIG_HASH			4
#define ARG_METRICS_SNAPSHOT	5
#define ARG_POOLED_FIRST		6
#define ARG_RUN_ID				7

/*
 * Store the jobs that follow from the decisions of a relation.  The facts are all
 * that is kept of the plan but what these say.
 */
NewPlan
store_plan_of_decisions(Oid schema, Oid routing, PlanFacts *facts)
{
	PlanningCall call = {routing, facts->families, facts->include_blocked};
	Planner    *planner = plan_routing_relation(&call, JOBS_BY_TARGET, false);
	NewPlan		plan;

	facts->routing = call.routing_name;
	plan = store_planned_jobs(schema, facts, planner);
	planner_end(planner);
	return plan;
}

/*
 * create_training_plan(routing regclass, families text[], include_blocked boolean,
 *						git_commit text, config_hash text, metrics_snapshot text,
 *						pooled_first boolean, run_id text)
 *
 * Returns the new plan's plan_id.
 */
Datum
create_training_plan(PG_FUNCTION_ARGS)
{
	PlanningCall call;
	PlanFacts	facts = {0};

	planning_call_arguments(&call, fcinfo);
	facts.families = call.families;
	facts.include_blocked = call.include_blocked;
	facts.pooled_first = added_flag_argument(fcinfo, ARG_POOLED_FIRST);
	facts.run_id = run_id_argument(fcinfo, ARG_RUN_ID);
	facts.git_commit = text_argument(fcinfo, ARG_GIT_COMMIT);
	facts.config_hash = text_argument(fcinfo, ARG_CONFIG_HASH);
	facts.metrics_snapshot = text_argument(fcinfo, ARG_METRICS_SNAPSHOT);

	PG_RETURN_INT64(store_plan_of_decisions(get_func_namespace(fcinfo->flinfo->fn_oid),
											call.routing, &facts).plan_id);
}
