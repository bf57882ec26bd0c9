/*
 * plan_training.c
 *		SQL function plan_training(): a candidates relation in, a stored plan
 *		out.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/lsyscache.h"

#include "planning/planning_call.h"
#include "routing/plan_training.h"
#include "routing/policy_hash.h"
#include "routing/routing_call.h"

PG_FUNCTION_INFO_V1(plan_training);

/* Arguments, as the SQL declaration has them. */
#define ARG_POLICY				1
#define ARG_FAMILIES			2
#define ARG_INCLUDE_BLOCKED		3
#define ARG_GIT_COMMIT			4
#define ARG_METRICS_SNAPSHOT	5
#define ARG_POOLED_FIRST		6
#define ARG_RUN_ID				7

/* A decision as planning has it; the reason's phrases are joined in the buffer. */
static Decision
planned_decision(const RoutedPair *routed, StringInfo reason)
{
	bool		is_target = slice_is_null(routed->pair.symbol);
	Decision	decision = {
		.target = routed->pair.target,
		.symbol = routed->pair.symbol,
		.route = routed->route,
		.has_sample_size = routed->has_sample_size,
		.sample_size = routed->sample_size,
		.cs_state = signal_states.words[routed->cs_state],
		.local_state = is_target ? slice_from_string(STATE_UNKNOWN) :
		signal_states.words[routed->local_state]
	};

	resetStringInfo(reason);
	for (int i = 0; i < routed->phrase_count; i++)
		append_phrase(reason, routed->phrases[i], i == 0);
	decision.reason = slice_from_buffer(reason);
	return decision;
}

/* Plan what the router decides, which comes in the order that the planner needs. */
static void
plan_decisions(Router *router, Planner *planner)
{
	StringInfoData reason;
	RoutedPair	routed;

	initStringInfo(&reason);
	while (router_next(router, &routed))
	{
		Decision	decision = planned_decision(&routed, &reason);

		planner_add_sorted(planner, &routed.pair, &decision);
	}
	pfree(reason.data);
}

/*
 * Store the jobs that follow from the candidates of a relation by a policy's text;
 * NULL means the default.  The facts are all that is kept of the plan but what
 * these say.
 */
NewPlan
store_plan_of_candidates(Oid schema, Oid candidates, Slice policy, PlanFacts *facts)
{
	RoutingCall call;
	Router	   *router;
	Planner    *planner;
	NewPlan		plan;

	routing_call_begin(&call, candidates, policy);
	facts->routing = candidate_relation_name(call.candidates);
	facts->config_hash = policy_hash(call.policy_text);

	router = route_candidates(&call, false);
	planner = planner_create_sorted(candidate_relation_source(call.candidates),
									facts->include_blocked, JOBS_BY_TARGET, router_names(router));
	plan_decisions(router, planner);
	plan = store_planned_jobs(schema, facts, planner);
	planner_end(planner);
	router_end(router);
	return plan;
}

/*
 * plan_training(candidates regclass, policy text, families text[],
 *				 include_blocked boolean, git_commit text, metrics_snapshot text,
 *				 pooled_first boolean, run_id text)
 *
 * Returns the new plan's plan_id.
 */
Datum
plan_training(PG_FUNCTION_ARGS)
{
	Oid			candidates = candidates_argument(fcinfo);
	PlanFacts	facts = {0};

	facts.families = families_argument(fcinfo, ARG_FAMILIES);
	facts.include_blocked = flag_argument(fcinfo, ARG_INCLUDE_BLOCKED);
	facts.pooled_first = added_flag_argument(fcinfo, ARG_POOLED_FIRST);
	facts.run_id = run_id_argument(fcinfo, ARG_RUN_ID);
	facts.git_commit = text_argument(fcinfo, ARG_GIT_COMMIT);
	facts.metrics_snapshot = text_argument(fcinfo, ARG_METRICS_SNAPSHOT);

	PG_RETURN_INT64(store_plan_of_candidates(get_func_namespace(fcinfo->flinfo->fn_oid), candidates,
											 policy_argument(fcinfo, ARG_POLICY), &facts).plan_id);
}
