/*
 * routing_policy.h
 *		A routing policy: what the router's rules compare metrics with.
 */
#ifndef TRAINPLAN_ROUTING_POLICY_H
#define TRAINPLAN_ROUTING_POLICY_H

#include "planning/vocabulary.h"

/* How far ahead a target looks; doc/routing.md says how many minutes these are. */
typedef enum Horizon
{
	HORIZON_DEFAULT,			/* the target's name does not say */
	HORIZON_SHORT,
	HORIZON_MEDIUM,
	HORIZON_LONG,
	HORIZON_VERY_LONG
} Horizon;

#define HORIZONS	(HORIZON_VERY_LONG + 1)
#define SCOPES		(SCOPE_SYMBOL + 1)

extern const WordList horizons;

/* A score to be reached, by task and, in a regression, by horizon. */
typedef struct ScoreThreshold
{
	bool		by_task;		/* else all are the same */
	bool		by_horizon;
	double		classification;
	double		regression[HORIZONS];
} ScoreThreshold;

/* A set of stabilities, one bit for each. */
typedef uint32 StabilitySet;

#define STABILITY_BIT(stability)	((StabilitySet) 1 << (stability))

typedef struct RoutingPolicy
{
	int64		min_sample_size[SCOPES];	/* rows */
	bool		block_on_leakage;
	ScoreThreshold strong_score[SCOPES];
	ScoreThreshold min_score[SCOPES];
	StabilitySet stability_allowlist[SCOPES];
	int			both_strong_behavior;	/* a BothStrong */

	bool		enable_experimental_lane;
	ScoreThreshold experimental_min_score;
	StabilitySet experimental_stabilities;
	double		max_fraction_symbols;	/* of a target's; NaN: as many as there are */

	/* what makes a stability of its metrics */
	double		max_std_overlap;
	double		max_std_tau;
	double		stable_overlap_min;
	double		stable_tau_min;
	double		drifting_overlap_min;
	double		drifting_tau_min;

	bool		dev_mode;
	int64		dev_mode_min_sample_size;	/* rows */
} RoutingPolicy;

extern const char default_routing_policy[];

extern void routing_policy_read(Slice text, const char *name, RoutingPolicy *policy);

#endif							/* TRAINPLAN_ROUTING_POLICY_H */
