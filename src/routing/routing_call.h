/*
 * routing_call.h
 *		A call that routes the candidates of a relation by a policy.
 */
#ifndef TRAINPLAN_ROUTING_CALL_H
#define TRAINPLAN_ROUTING_CALL_H

#include "fmgr.h"

#include "routing/candidate_relation.h"
#include "routing/router.h"

typedef struct RoutingCall
{
	RoutingPolicy policy;
	Slice		policy_text;
	CandidateRelation *candidates;
} RoutingCall;

extern Oid	candidates_argument(FunctionCallInfo fcinfo);
extern Slice policy_argument(FunctionCallInfo fcinfo, int argument);
extern void routing_call_begin(RoutingCall *call, Oid candidates, Slice policy);
extern Router *route_candidates(RoutingCall *call, bool read_only);

#endif							/* TRAINPLAN_ROUTING_CALL_H */
