/*
 * router.h
 *		Metrics of pairs in any order in; decisions, by target and symbol, out.
 */
#ifndef TRAINPLAN_ROUTER_H
#define TRAINPLAN_ROUTER_H

#include "routing/candidate.h"
#include "routing/route_reasons.h"
#include "sorting/pair.h"

typedef struct Router Router;

#define MOST_PHRASES	3

/* A decision; lives until the next one comes. */
typedef struct RoutedPair
{
	Pair		pair;
	Route		route;
	SignalState cs_state;
	SignalState local_state;	/* of a symbol */
	bool		has_sample_size;
	int64		sample_size;
	Slice		phrases[MOST_PHRASES];	/* its reason */
	int			phrase_count;
	RouteRule	rule;			/* of a symbol */
	const ExperimentalShare *share; /* of its target */
} RoutedPair;

extern Router *router_create(const RoutingPolicy *policy, const char *source);
extern void router_add(Router *router, const Candidate *candidate);
extern void router_finish(Router *router);
extern const PairNames *router_names(const Router *router);
extern bool router_next(Router *router, RoutedPair *routed);
extern void router_end(Router *router);

#endif							/* TRAINPLAN_ROUTER_H */
