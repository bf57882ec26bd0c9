/*
 * explain_training_route.c
 *		SQL function explain_training_route(): all that a pair was compared with,
 *		in the order of the rules.
 */
#include "postgres.h"

#include <math.h>

#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"

#include "base/arguments.h"
#include "base/nearest_name.h"
#include "planning/decision.h"
#include "routing/routing_call.h"

PG_FUNCTION_INFO_V1(explain_training_route);

/* Arguments, as the SQL declaration has them. */
#define ARG_TARGET		1
#define ARG_SYMBOL		2
#define ARG_POLICY		3

/* The columns, as the SQL declaration has them. */
typedef enum CheckColumn
{
	CHECK_SCOPE,
	CHECK_NAME,
	CHECK_VALUE,
	CHECK_THRESHOLD,
	CHECK_PASSED,
	CHECK_COLUMNS
} CheckColumn;

typedef enum Outcome
{
	FAILED,
	PASSED,
	NOT_A_CHECK					/* a fact, or what follows from the checks */
} Outcome;

/* The pair, and the metrics of its two signals. */
typedef struct Explanation
{
	ReturnSetInfo *rsinfo;
	const char *scope;			/* of the checks that follow */
	const RoutingPolicy *policy;
	const char *source;			/* what messages call the relation */
	Router	   *router;
	Slice		target;
	Slice		symbol;			/* NULL: the target as a whole */
	int64		rows;			/* of the target */
	bool		has_candidate[SCOPES];
	Candidate	candidates[SCOPES];
} Explanation;

static void
put_check(Explanation *explanation, const char *name, const char *value, const char *threshold,
		  Outcome outcome)
{
	ReturnSetInfo *rsinfo = explanation->rsinfo;
	Datum		values[CHECK_COLUMNS] = {0};
	bool		nulls[CHECK_COLUMNS] = {false};

	values[CHECK_SCOPE] = CStringGetTextDatum(explanation->scope);
	values[CHECK_NAME] = CStringGetTextDatum(name);
	nulls[CHECK_VALUE] = value == NULL;
	if (value != NULL)
		values[CHECK_VALUE] = CStringGetTextDatum(value);
	nulls[CHECK_THRESHOLD] = threshold == NULL;
	if (threshold != NULL)
		values[CHECK_THRESHOLD] = CStringGetTextDatum(threshold);
	nulls[CHECK_PASSED] = outcome == NOT_A_CHECK;
	values[CHECK_PASSED] = BoolGetDatum(outcome == PASSED);
	tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
}

/* NULL for NaN, which stands for none. */
static const char *
number_text(double number)
{
	StringInfoData text;

	if (isnan(number))
		return NULL;
	initStringInfo(&text);
	append_exact_number(&text, number);
	return text.data;
}

static void
put_number_check(Explanation *explanation, const char *name, double value, double threshold,
				 bool passed)
{
	put_check(explanation, name, number_text(value), number_text(threshold), passed);
}

static void
put_stability_check(Explanation *explanation, const char *name, Stability stability,
					StabilitySet allowed, bool passed)
{
	StringInfoData words;

	initStringInfo(&words);
	append_stabilities(&words, allowed);
	put_check(explanation, name, stabilities.words[stability].data, words.data, passed);
}

/* How a stability that was not given came of its metrics. */
static void
put_classification(Explanation *explanation, const StabilityMetrics *metrics, Stability stability)
{
	const RoutingPolicy *policy = explanation->policy;
	StabilityChecks checks;

	check_stability(policy, metrics, &checks);
	if (isnan(metrics->mean_overlap) && isnan(metrics->std_overlap) &&
		isnan(metrics->mean_tau) && isnan(metrics->std_tau))
		return;
	put_number_check(explanation, "max_std_overlap", metrics->std_overlap, policy->max_std_overlap,
					 checks.has_steady_overlap);
	put_number_check(explanation, "max_std_tau", metrics->std_tau, policy->max_std_tau,
					 checks.has_steady_tau);
	if (stability == STABILITY_DIVERGED)
		return;
	put_number_check(explanation, "stable_overlap_min", metrics->mean_overlap,
					 policy->stable_overlap_min, checks.has_stable_overlap);
	put_number_check(explanation, "stable_tau_min", metrics->mean_tau,
					 policy->stable_tau_min, checks.has_stable_tau);
	if (stability == STABILITY_STABLE)
		return;
	put_number_check(explanation, "drifting_overlap_min", metrics->mean_overlap,
					 policy->drifting_overlap_min, checks.has_drifting_overlap);
	put_number_check(explanation, "drifting_tau_min", metrics->mean_tau,
					 policy->drifting_tau_min, checks.has_drifting_tau);
}

static void
put_experimental_lane(Explanation *explanation, const Metrics *metrics, const SignalChecks *checks)
{
	const RoutingPolicy *policy = explanation->policy;

	put_check(explanation, "enable_experimental_lane",
			  policy->enable_experimental_lane ? "true" : "false", "true",
			  policy->enable_experimental_lane);
	if (!policy->enable_experimental_lane)
		return;
	put_number_check(explanation, "experimental.min_score", metrics->score,
					 checks->experimental_score, checks->has_experimental_score);
	put_stability_check(explanation, "experimental.allowed_stabilities", metrics->stability,
						policy->experimental_stabilities, checks->has_experimental_stability);
}

/* All checks of a signal, also those behind the one that decides; returns its state. */
static SignalState
put_signal(Explanation *explanation, Scope scope)
{
	const RoutingPolicy *policy = explanation->policy;
	const Candidate *candidate = &explanation->candidates[scope];
	Metrics		metrics = candidate->metrics;
	SignalChecks checks;
	SignalRule	rule = RULE_NO_METRICS;
	SignalState state;

	put_check(explanation, "metrics", explanation->has_candidate[scope] ? "a row" : "no row", "a row",
			  explanation->has_candidate[scope]);
	if (explanation->has_candidate[scope])
	{
		metrics.stability = candidate_stability(policy, candidate);
		check_signal(policy, scope, target_horizon(explanation->target), &metrics, &checks);
		rule = deciding_rule(&checks, &metrics);

		put_check(explanation, "min_sample_size",
				  metrics.has_sample_size ? psprintf(INT64_FORMAT, metrics.sample_size) : NULL,
				  psprintf(INT64_FORMAT, checks.least_sample_size), checks.has_samples);
		put_check(explanation, "block_on_leakage", leakages.words[metrics.leakage].data,
				  policy->block_on_leakage ? "not BLOCKED" : NULL, checks.has_no_leak);
		if (candidate->metrics.stability == STABILITY_UNKNOWN)
			put_classification(explanation, &candidate->stability_metrics, metrics.stability);
		put_stability_check(explanation, "stability_allowlist", metrics.stability, checks.allowed,
							checks.has_allowed_stability);
		put_number_check(explanation, "strong_score", metrics.score, checks.strong_score,
						 checks.has_strong_score);
		put_number_check(explanation, "min_score", metrics.score, checks.min_score,
						 checks.has_min_score);
		put_experimental_lane(explanation, &metrics, &checks);
	}

	state = rule_state(rule);
	put_check(explanation, "state", signal_states.words[state].data, NULL,
			  state == SIGNAL_DISALLOWED ? FAILED : PASSED);
	return state;
}

static void
put_route(Explanation *explanation, Route route)
{
	Scope		scope = slice_is_null(explanation->symbol) ? SCOPE_TARGET : SCOPE_SYMBOL;

	put_check(explanation, "route", route_word(route, scope), NULL,
			  route == ROUTE_BLOCKED ? FAILED : PASSED);
}

/* The limit that experimental symbols of the target have. */
static void
put_max_fraction(Explanation *explanation, RouteRule rule, const ExperimentalShare *share)
{
	StringInfoData threshold;

	initStringInfo(&threshold);
	appendStringInfo(&threshold, "the best " INT64_FORMAT " of " INT64_FORMAT " symbols",
					 share->most, share->symbols);
	if (!isnan(share->least_score))
	{
		appendStringInfoString(&threshold, ", from ");
		append_exact_number(&threshold, share->least_score);
	}
	put_check(explanation, "experimental.max_fraction_symbols_per_target",
			  number_text(explanation->candidates[SCOPE_SYMBOL].metrics.score), threshold.data,
			  rule == ROUTE_RULE_EXPERIMENTAL);
}

/* A symbol without a row may be one that is written otherwise. */
static void
notice_missing_symbol(const Explanation *explanation, const char *nearest)
{
	ereport(NOTICE,
			(errmsg("no candidates for %s in %s",
					decision_name(explanation->target, explanation->symbol), explanation->source),
			 nearest != NULL ? errhint("Perhaps you meant symbol \"%s\".", nearest) : 0));
}

/* What the two states make of the pair, which the router knows if it has metrics. */
static void
put_pair_route(Explanation *explanation, SignalState cross_sectional, SignalState local)
{
	const RoutingPolicy *policy = explanation->policy;
	RouteRule	rule = route_rule(cross_sectional, local);
	bool		has_row = explanation->has_candidate[SCOPE_SYMBOL];
	NearestName nearest = {0};
	RoutedPair	routed;

	if (!has_row)
		nearest_name_begin(&nearest, explanation->symbol);
	while (router_next(explanation->router, &routed))
	{
		if (!has_row && !slice_is_null(routed.pair.symbol))
			nearest_name_offer(&nearest, routed.pair.symbol);
		if (!slice_equal(routed.pair.symbol, explanation->symbol))
			continue;
		rule = routed.rule;
		if ((rule == ROUTE_RULE_EXPERIMENTAL || rule == ROUTE_RULE_MAX_FRACTION) &&
			!isnan(policy->max_fraction_symbols))
			put_max_fraction(explanation, rule, routed.share);
	}
	if (rule == ROUTE_RULE_BOTH)
		put_check(explanation, "both_strong_behavior",
				  both_strong_behaviors.words[policy->both_strong_behavior].data, NULL, NOT_A_CHECK);
	put_route(explanation, rule_route(policy, rule));
	if (!has_row)
		notice_missing_symbol(explanation, nearest_name_end(&nearest));
}

/* Route the target's candidates, and keep those of the pair. */
static void
take_candidate(void *arg, const Candidate *candidate)
{
	Explanation *explanation = arg;
	Scope		scope = slice_is_null(candidate->symbol) ? SCOPE_TARGET : SCOPE_SYMBOL;

	router_add(explanation->router, candidate);
	explanation->rows++;
	if (scope == SCOPE_TARGET || slice_equal(candidate->symbol, explanation->symbol))
	{
		explanation->has_candidate[scope] = true;
		explanation->candidates[scope] = *candidate;
	}
}

/*
 * explain_training_route(candidates regclass, target text, symbol text, policy text)
 *
 * A symbol that has no candidates is explained, with a notice.
 *
 * Errors: no target (null_value_not_allowed), one that has no candidates
 * (undefined_object).
 */
Datum
explain_training_route(PG_FUNCTION_ARGS)
{
	Explanation explanation = {(ReturnSetInfo *) fcinfo->resultinfo};
	RoutingCall call;
	SignalState cross_sectional;

	InitMaterializedSRF(fcinfo, 0);
	routing_call_begin(&call, candidates_argument(fcinfo), policy_argument(fcinfo, ARG_POLICY));
	explanation.source = candidate_relation_source(call.candidates);
	explanation.target = required_slice_argument(fcinfo, ARG_TARGET, "target");
	if (!PG_ARGISNULL(ARG_SYMBOL))
		explanation.symbol = slice_from_text(PG_GETARG_TEXT_PP(ARG_SYMBOL));
	explanation.policy = &call.policy;
	explanation.router = router_create(&call.policy, explanation.source);

	candidate_relation_read(call.candidates, explanation.target, true, take_candidate, &explanation);
	if (explanation.rows == 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("no candidates for %s in %s", decision_name(explanation.target, NULL_SLICE),
						explanation.source)));
	router_finish(explanation.router);

	explanation.scope = "cross_sectional";
	cross_sectional = put_signal(&explanation, SCOPE_TARGET);
	if (slice_is_null(explanation.symbol))
	{
		explanation.scope = "route";
		put_route(&explanation, target_route(cross_sectional));
	}
	else
	{
		SignalState local;

		explanation.scope = "symbol";
		local = put_signal(&explanation, SCOPE_SYMBOL);
		explanation.scope = "route";
		put_pair_route(&explanation, cross_sectional, local);
	}
	router_end(explanation.router);

	return (Datum) 0;
}
