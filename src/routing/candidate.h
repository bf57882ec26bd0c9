/*
 * candidate.h
 *		A routing candidate: what was measured of a target's pooled model, or of
 *		the model of one of its symbols.
 */
#ifndef TRAINPLAN_CANDIDATE_H
#define TRAINPLAN_CANDIDATE_H

#include "routing/route_rules.h"

typedef struct Candidate
{
	Slice		target;			/* never NULL */
	Slice		symbol;			/* NULL: the pooled model */
	Metrics		metrics;		/* with the stability that was given */
	StabilityMetrics stability_metrics;
} Candidate;

/* The stability that counts: the one that was given, or what its metrics make. */
static inline Stability
candidate_stability(const RoutingPolicy *policy, const Candidate *candidate)
{
	return candidate->metrics.stability != STABILITY_UNKNOWN ? candidate->metrics.stability :
		classify_stability(policy, &candidate->stability_metrics);
}

#endif							/* TRAINPLAN_CANDIDATE_H */
