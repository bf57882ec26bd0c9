/*
 * route_rules.h
 *		The rules of routing: metrics in, states and routes out.
 */
#ifndef TRAINPLAN_ROUTE_RULES_H
#define TRAINPLAN_ROUTE_RULES_H

#include "routing/routing_policy.h"

/* What was measured of a signal: of a target's pooled model, or of a symbol's own. */
typedef struct Metrics
{
	double		score;			/* NaN: there is none */
	bool		has_sample_size;
	int64		sample_size;	/* rows */
	Stability	stability;
	Leakage		leakage;
	bool		is_classification;	/* else a regression */
} Metrics;

/* What a stability is made of, each NaN if it is not known. */
typedef struct StabilityMetrics
{
	double		mean_overlap;
	double		std_overlap;
	double		mean_tau;
	double		std_tau;
} StabilityMetrics;

/* Stability metrics beside what their policy asks for; what is not known is steady, and reaches nothing. */
typedef struct StabilityChecks
{
	bool		has_steady_overlap;
	bool		has_steady_tau;
	bool		has_stable_overlap;
	bool		has_stable_tau;
	bool		has_drifting_overlap;
	bool		has_drifting_tau;
} StabilityChecks;

/* A signal's metrics beside what its policy asks for. */
typedef struct SignalChecks
{
	int64		least_sample_size;
	double		strong_score;
	double		min_score;
	double		experimental_score;
	StabilitySet allowed;

	bool		has_samples;	/* as many as needed */
	bool		has_no_leak;	/* or it does not matter */
	bool		has_strong_score;
	bool		has_min_score;
	bool		has_allowed_stability;
	bool		has_experimental_score;
	bool		has_experimental_stability;
} SignalChecks;

/* The rule that made a signal's state. */
typedef enum SignalRule
{
	RULE_NO_METRICS,			/* there is no row */
	RULE_SAMPLE_SIZE,
	RULE_LEAKAGE,
	RULE_STRONG_SCORE,
	RULE_MIN_SCORE,
	RULE_EXPERIMENTAL,
	RULE_NO_SCORE,
	RULE_LOW_SCORE,
	RULE_STABILITY
} SignalRule;

/* The rule that made a pair's route. */
typedef enum RouteRule
{
	ROUTE_RULE_NEITHER,			/* both signals are disallowed */
	ROUTE_RULE_ONLY_LOCAL,
	ROUTE_RULE_ONLY_CROSS_SECTIONAL,
	ROUTE_RULE_BOTH,			/* both are strong, or weak but ok */
	ROUTE_RULE_EXPERIMENTAL,	/* one of them is experimental */
	ROUTE_RULE_MAX_FRACTION		/* the same, but its target has enough of them */
} RouteRule;

extern bool is_classification_task(Slice task_type);
extern Horizon target_horizon(Slice target);
extern void check_stability(const RoutingPolicy *policy, const StabilityMetrics *metrics,
							StabilityChecks *checks);
extern Stability classify_stability(const RoutingPolicy *policy, const StabilityMetrics *metrics);
extern double score_threshold(const ScoreThreshold *threshold, bool is_classification,
							  Horizon horizon);
extern void check_signal(const RoutingPolicy *policy, Scope scope, Horizon horizon,
						 const Metrics *metrics, SignalChecks *checks);
extern SignalRule deciding_rule(const SignalChecks *checks, const Metrics *metrics);
extern SignalState rule_state(SignalRule rule);
extern Route target_route(SignalState cross_sectional);
extern RouteRule route_rule(SignalState cross_sectional, SignalState local);
extern Route rule_route(const RoutingPolicy *policy, RouteRule rule);
extern int64 most_experimental(const RoutingPolicy *policy, int64 symbols);

#endif							/* TRAINPLAN_ROUTE_RULES_H */
