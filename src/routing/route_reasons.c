/*
 * route_reasons.c
 *		Says in words what the rules of routing decided, with the numbers.
 */
#include "postgres.h"

#include <math.h>

#include "common/shortest_dec.h"

#include "routing/route_reasons.h"

/* Numbers in reasons have at most six decimals. */
#define DECIMALS		6
#define DECIMAL_UNITS	1000000

/* Above this, six decimals are more than a double has. */
#define LARGEST_ROUNDED	1e9

static const Slice signal_names[] = {
	[SCOPE_TARGET] = SLICE_LITERAL("cross-sectional "),
	[SCOPE_SYMBOL] = SLICE_LITERAL("local ")
};

/* The shortest text that is this number and no other double. */
void
append_exact_number(StringInfo buffer, double number)
{
	char		digits[DOUBLE_SHORTEST_DECIMAL_LEN];

	double_to_shortest_decimal_buf(number, digits);
	appendStringInfoString(buffer, digits);
}

static void
append_rounded(StringInfo buffer, int64 units)
{
	char		digits[32];
	char	   *end = digits + sizeof(digits);
	char	   *next = end;
	uint64		rest = units < 0 ? -units : units;
	int			decimals = DECIMALS;

	/* from the right: decimals without closing zeros, and at least one digit before them */
	for (; decimals > 0 && rest % 10 == 0; decimals--)
		rest /= 10;
	if (decimals > 0)
	{
		for (; decimals > 0; decimals--, rest /= 10)
			*--next = '0' + rest % 10;
		*--next = '.';
	}
	do
	{
		*--next = '0' + rest % 10;
		rest /= 10;
	} while (rest > 0);
	if (units < 0)
		*--next = '-';
	appendBinaryStringInfo(buffer, next, end - next);
}

/* Does a number stand to another one as its rounded value does? */
static bool
stands_as(double number, double rounded, double other)
{
	return (number < other) == (rounded < other) && (number == other) == (rounded == other);
}

/*
 * A number in at most six decimals, or exactly where these would be nothing, or
 * would not stand to the thresholds as it does.
 */
static void
append_number(StringInfo buffer, double number, const SignalChecks *checks)
{
	double		units = rint(number * DECIMAL_UNITS);
	double		rounded = units / DECIMAL_UNITS;

	if (fabs(number) < LARGEST_ROUNDED && (rounded != 0 || number == 0) &&
		stands_as(number, rounded, checks->strong_score) &&
		stands_as(number, rounded, checks->min_score) &&
		stands_as(number, rounded, checks->experimental_score))
		append_rounded(buffer, (int64) units);
	else
		append_exact_number(buffer, number);
}

/* The stabilities of a set. */
void
append_stabilities(StringInfo buffer, StabilitySet set)
{
	bool		first = true;

	for (int i = 0; i < stabilities.count; i++)
	{
		if ((set & STABILITY_BIT(i)) == 0)
			continue;
		if (!first)
			appendStringInfoString(buffer, ", ");
		append_slice(buffer, stabilities.words[i]);
		first = false;
	}
	if (first)
		appendStringInfoString(buffer, "none");
}

/* score 0.553 >= 0.52 (min_score, classification) */
static void
append_score_check(StringInfo buffer, const char *key, const ScoreThreshold *threshold,
				   Horizon horizon, const Metrics *metrics, const SignalChecks *checks)
{
	double		needed = score_threshold(threshold, metrics->is_classification, horizon);

	appendStringInfoString(buffer, "score ");
	append_number(buffer, metrics->score, checks);
	appendStringInfoString(buffer, metrics->score >= needed ? " >= " : " < ");
	append_number(buffer, needed, checks);
	appendStringInfoString(buffer, " (");
	appendStringInfoString(buffer, key);
	if (threshold->by_task)
		appendStringInfoString(buffer, metrics->is_classification ? ", classification" : ", regression");
	if (threshold->by_horizon && !metrics->is_classification)
	{
		appendStringInfoString(buffer, ", ");
		append_slice(buffer, horizons.words[horizon]);
	}
	appendStringInfoChar(buffer, ')');
}

/* Why a signal has its state; without a row, its metrics and checks do not matter. */
void
append_signal_reason(StringInfo buffer, const RoutingPolicy *policy, Scope scope, Horizon horizon,
					 const Metrics *metrics, const SignalChecks *checks, SignalRule rule)
{
	append_slice(buffer, signal_names[scope]);
	append_slice(buffer, signal_states.words[rule_state(rule)]);
	appendStringInfoString(buffer, ": ");
	switch (rule)
	{
		case RULE_NO_METRICS:
			appendStringInfoString(buffer, "no metrics");
			break;
		case RULE_SAMPLE_SIZE:
			if (metrics->has_sample_size)
				appendStringInfo(buffer, INT64_FORMAT " samples < " INT64_FORMAT,
								 metrics->sample_size, checks->least_sample_size);
			else
				appendStringInfoString(buffer, "no sample size");
			break;
		case RULE_LEAKAGE:
			appendStringInfoString(buffer, "leakage BLOCKED (block_on_leakage)");
			break;
		case RULE_STRONG_SCORE:
			append_score_check(buffer, "strong_score", &policy->strong_score[scope], horizon, metrics,
							   checks);
			break;
		case RULE_MIN_SCORE:
		case RULE_LOW_SCORE:
			append_score_check(buffer, "min_score", &policy->min_score[scope], horizon, metrics,
							   checks);
			break;
		case RULE_EXPERIMENTAL:
			append_score_check(buffer, "experimental.min_score", &policy->experimental_min_score,
							   horizon, metrics, checks);
			appendStringInfoString(buffer, ", stability ");
			append_slice(buffer, stabilities.words[metrics->stability]);
			break;
		case RULE_NO_SCORE:
			appendStringInfoString(buffer, "no score");
			break;
		case RULE_STABILITY:
			appendStringInfoString(buffer, "stability ");
			append_slice(buffer, stabilities.words[metrics->stability]);
			appendStringInfoString(buffer, " not in ");
			append_stabilities(buffer, checks->allowed);
			appendStringInfoString(buffer, " (stability_allowlist)");
			break;
	}
}

/* Why a pair has its route; the share matters for ROUTE_RULE_MAX_FRACTION alone. */
void
append_route_reason(StringInfo buffer, const RoutingPolicy *policy, RouteRule rule,
					const ExperimentalShare *share)
{
	switch (rule)
	{
		case ROUTE_RULE_NEITHER:
			appendStringInfoString(buffer, "neither can be trained");
			break;
		case ROUTE_RULE_ONLY_LOCAL:
			appendStringInfoString(buffer, "only local can be trained");
			break;
		case ROUTE_RULE_ONLY_CROSS_SECTIONAL:
			appendStringInfoString(buffer, "only cross-sectional can be trained");
			break;
		case ROUTE_RULE_BOTH:
			appendStringInfoString(buffer, "both can be trained: ");
			append_slice(buffer, both_strong_behaviors.words[policy->both_strong_behavior]);
			break;
		case ROUTE_RULE_EXPERIMENTAL:
			appendStringInfoString(buffer, "experimental lane");
			break;
		case ROUTE_RULE_MAX_FRACTION:
			appendStringInfo(buffer, "experimental lane is full: " INT64_FORMAT " of " INT64_FORMAT
							 " symbols at most (max_fraction_symbols_per_target ",
							 share->most, share->symbols);
			append_exact_number(buffer, policy->max_fraction_symbols);
			appendStringInfoChar(buffer, ')');
			break;
	}
}
