/*
 * route_reasons.h
 *		Says in words what the rules of routing decided, with the numbers.
 */
#ifndef TRAINPLAN_ROUTE_REASONS_H
#define TRAINPLAN_ROUTE_REASONS_H

#include "routing/route_rules.h"

/* How many of a target's symbols are experimental. */
typedef struct ExperimentalShare
{
	int64		symbols;		/* of the target, in all */
	int64		most;			/* that may be */
	double		least_score;	/* of those that are; NaN: there are none, or they are not limited */
} ExperimentalShare;

extern void append_exact_number(StringInfo buffer, double number);
extern void append_stabilities(StringInfo buffer, StabilitySet set);
extern void append_signal_reason(StringInfo buffer, const RoutingPolicy *policy, Scope scope,
								 Horizon horizon, const Metrics *metrics,
								 const SignalChecks *checks, SignalRule rule);
extern void append_route_reason(StringInfo buffer, const RoutingPolicy *policy, RouteRule rule,
								const ExperimentalShare *share);

#endif							/* TRAINPLAN_ROUTE_REASONS_H */
