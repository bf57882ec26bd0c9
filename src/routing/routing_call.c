/*
 * routing_call.c
 *		What the functions that route candidates have in common.
 */
#include "postgres.h"

#include "base/arguments.h"
#include "routing/routing_call.h"

/* Arguments, as the SQL declarations have them. */
#define ARG_CANDIDATES		0

/* The candidates relation, which is the first argument of all of them. */
Oid
candidates_argument(FunctionCallInfo fcinfo)
{
	require_argument(fcinfo, ARG_CANDIDATES, "candidates relation");
	return PG_GETARG_OID(ARG_CANDIDATES);
}

/* A policy's text; NULL means the default. */
Slice
policy_argument(FunctionCallInfo fcinfo, int argument)
{
	return PG_ARGISNULL(argument) ? NULL_SLICE : slice_from_text(PG_GETARG_TEXT_PP(argument));
}

/*
 * Take a policy, of which NULL means the default, and look the relation up; all
 * that may be wrong with either is said before a row is read.
 */
void
routing_call_begin(RoutingCall *call, Oid candidates, Slice policy)
{
	call->policy_text = slice_is_null(policy) ? slice_from_string(default_routing_policy) : policy;
	routing_policy_read(call->policy_text, "the policy", &call->policy);
	call->candidates = candidate_relation_open(candidates);
}

static void
route_candidate(void *router, const Candidate *candidate)
{
	router_add(router, candidate);
}

/*
 * Read the candidates into a new router; router_next() is the next thing to call.
 * read_only is that of candidate_relation_read().
 */
Router *
route_candidates(RoutingCall *call, bool read_only)
{
	Router	   *router = router_create(&call->policy, candidate_relation_source(call->candidates));

	candidate_relation_read(call->candidates, NULL_SLICE, read_only, route_candidate, router);
	router_finish(router);
	return router;
}
