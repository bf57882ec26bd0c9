/*
 * route_rules.c
 *		The rules of routing: metrics in, states and routes out.
 *
 * Nothing here reads a relation or knows of other pairs; the router brings pairs
 * together, and route_reasons.c says in words what was decided.
 */
#include "postgres.h"

#include <math.h>

#include "routing/route_rules.h"

/* A day is a session: from 9:30 to 16:00. */
#define MINUTES_OF_HOUR		60
#define MINUTES_OF_DAY		390

/* More than any horizon has of any unit, and far from what overflows. */
#define LARGEST_NUMBER		1000000

/* A pooled model in dev_mode needs a tenth of its rows, but not fewer than these. */
#define DEV_MODE_SHARE		10
#define DEV_MODE_LEAST		5000

/* Minutes below which a horizon is one of these. */
static const struct
{
	int			minutes;
	Horizon		horizon;
}			horizon_limits[] =
{
	{60, HORIZON_SHORT},
	{240, HORIZON_MEDIUM},
	{1440, HORIZON_LONG}
};

static Horizon
horizon_of_minutes(int minutes)
{
	for (int i = 0; i < lengthof(horizon_limits); i++)
	{
		if (minutes < horizon_limits[i].minutes)
			return horizon_limits[i].horizon;
	}
	return HORIZON_VERY_LONG;
}

/* The minutes of a part of a target's name, 10m, 4h or 5d; -1 if it is none. */
static int
part_minutes(Slice part)
{
	int			number = 0;

	if (part.len < 2)
		return -1;
	for (uint32 i = 0; i < part.len - 1; i++)
	{
		if (part.data[i] < '0' || part.data[i] > '9')
			return -1;
		number = Min(number * 10 + (part.data[i] - '0'), LARGEST_NUMBER);
	}
	switch (pg_ascii_tolower((unsigned char) part.data[part.len - 1]))
	{
		case 'm':
			return number;
		case 'h':
			return number * MINUTES_OF_HOUR;
		case 'd':
			return number * MINUTES_OF_DAY;
		default:
			return -1;
	}
}

/* Does text contain a word, which is in capitals, in whatever case? */
static bool
contains_word(Slice text, Slice word)
{
	for (uint32 i = 0; i + word.len <= text.len; i++)
	{
		if (pg_ascii_toupper((unsigned char) text.data[i]) == word.data[0] &&
			pg_strncasecmp(text.data + i, word.data, word.len) == 0)
			return true;
	}
	return false;
}

/* A task is a classification if its type says so anywhere, or else a regression. */
bool
is_classification_task(Slice task_type)
{
	static const Slice word = SLICE_LITERAL("CLASSIFICATION");

	return !slice_is_null(task_type) && contains_word(task_type, word);
}

/*
 * How far a target looks, by the first part between underscores of its name that
 * is a number of minutes, hours or days; same_day is one day.
 */
Horizon
target_horizon(Slice target)
{
	static const Slice same_day = SLICE_LITERAL("SAME_DAY");
	Slice		part = {target.data, 0};
	int			minutes;

	if (contains_word(target, same_day))
		return horizon_of_minutes(MINUTES_OF_DAY);
	for (uint32 i = 0; i <= target.len; i++)
	{
		if (i < target.len && target.data[i] != '_')
			continue;
		part.len = target.data + i - part.data;
		minutes = part_minutes(part);
		if (minutes >= 0)
			return horizon_of_minutes(minutes);
		part.data = target.data + i + 1;
	}
	return HORIZON_DEFAULT;
}

/* Compare stability metrics with all that the policy says of them. */
void
check_stability(const RoutingPolicy *policy, const StabilityMetrics *metrics,
				StabilityChecks *checks)
{
	checks->has_steady_overlap = !(metrics->std_overlap > policy->max_std_overlap);
	checks->has_steady_tau = !(metrics->std_tau > policy->max_std_tau);
	checks->has_stable_overlap = metrics->mean_overlap >= policy->stable_overlap_min;
	checks->has_stable_tau = metrics->mean_tau >= policy->stable_tau_min;
	checks->has_drifting_overlap = metrics->mean_overlap >= policy->drifting_overlap_min;
	checks->has_drifting_tau = metrics->mean_tau >= policy->drifting_tau_min;
}

/* What stability metrics make. */
Stability
classify_stability(const RoutingPolicy *policy, const StabilityMetrics *metrics)
{
	StabilityChecks checks;

	check_stability(policy, metrics, &checks);
	if (!checks.has_steady_overlap || !checks.has_steady_tau)
		return STABILITY_DIVERGED;
	if (checks.has_stable_overlap && checks.has_stable_tau)
		return STABILITY_STABLE;
	if (checks.has_drifting_overlap && checks.has_drifting_tau)
		return STABILITY_DRIFTING;
	return STABILITY_UNKNOWN;
}

double
score_threshold(const ScoreThreshold *threshold, bool is_classification, Horizon horizon)
{
	return is_classification ? threshold->classification : threshold->regression[horizon];
}

/* The rows that a signal needs; in dev_mode, a pooled one needs fewer. */
static int64
least_sample_size(const RoutingPolicy *policy, Scope scope, const Metrics *metrics)
{
	int64		base = policy->min_sample_size[scope];

	if (!policy->dev_mode || scope != SCOPE_TARGET)
		return base;
	return Min(base, Max(Max(policy->dev_mode_min_sample_size, DEV_MODE_LEAST),
						 metrics->sample_size / DEV_MODE_SHARE));
}

/* The stabilities that a score counts with; in dev_mode, a small pooled one may be UNKNOWN. */
static StabilitySet
allowed_stabilities(const RoutingPolicy *policy, Scope scope, const Metrics *metrics)
{
	StabilitySet allowed = policy->stability_allowlist[scope];

	if (policy->dev_mode && scope == SCOPE_TARGET &&
		metrics->sample_size < policy->min_sample_size[scope])
		allowed |= STABILITY_BIT(STABILITY_UNKNOWN);
	return allowed;
}

/* Compare a signal's metrics with all that the policy says of its scope. */
void
check_signal(const RoutingPolicy *policy, Scope scope, Horizon horizon, const Metrics *metrics,
			 SignalChecks *checks)
{
	bool		by_class = metrics->is_classification;
	StabilitySet stability = STABILITY_BIT(metrics->stability);

	checks->least_sample_size = least_sample_size(policy, scope, metrics);
	checks->strong_score = score_threshold(&policy->strong_score[scope], by_class, horizon);
	checks->min_score = score_threshold(&policy->min_score[scope], by_class, horizon);
	checks->experimental_score = score_threshold(&policy->experimental_min_score, by_class, horizon);
	checks->allowed = allowed_stabilities(policy, scope, metrics);

	checks->has_samples = metrics->has_sample_size &&
		metrics->sample_size >= checks->least_sample_size;
	checks->has_no_leak = !policy->block_on_leakage || metrics->leakage != LEAKAGE_BLOCKED;
	checks->has_strong_score = metrics->score >= checks->strong_score;
	checks->has_min_score = metrics->score >= checks->min_score;
	checks->has_allowed_stability = (stability & checks->allowed) != 0;
	checks->has_experimental_score = policy->enable_experimental_lane &&
		metrics->score >= checks->experimental_score;
	checks->has_experimental_stability = (stability & policy->experimental_stabilities) != 0;
}

/* The first rule that holds. */
SignalRule
deciding_rule(const SignalChecks *checks, const Metrics *metrics)
{
	if (!checks->has_samples)
		return RULE_SAMPLE_SIZE;
	if (!checks->has_no_leak)
		return RULE_LEAKAGE;
	if (checks->has_strong_score && checks->has_allowed_stability)
		return RULE_STRONG_SCORE;
	if (checks->has_min_score && checks->has_allowed_stability)
		return RULE_MIN_SCORE;
	if (checks->has_experimental_score && checks->has_experimental_stability)
		return RULE_EXPERIMENTAL;
	if (isnan(metrics->score))
		return RULE_NO_SCORE;
	return checks->has_min_score || checks->has_strong_score ? RULE_STABILITY : RULE_LOW_SCORE;
}

SignalState
rule_state(SignalRule rule)
{
	switch (rule)
	{
		case RULE_STRONG_SCORE:
			return SIGNAL_STRONG;
		case RULE_MIN_SCORE:
			return SIGNAL_WEAK_BUT_OK;
		case RULE_EXPERIMENTAL:
			return SIGNAL_EXPERIMENTAL;
		default:
			return SIGNAL_DISALLOWED;
	}
}

/* A target is enabled unless its pooled model is disallowed. */
Route
target_route(SignalState cross_sectional)
{
	return cross_sectional == SIGNAL_DISALLOWED ? ROUTE_BLOCKED : ROUTE_CROSS_SECTIONAL;
}

static bool
is_good(SignalState state)
{
	return state == SIGNAL_STRONG || state == SIGNAL_WEAK_BUT_OK;
}

/* What the states of its two signals make of a pair. */
RouteRule
route_rule(SignalState cross_sectional, SignalState local)
{
	if (cross_sectional == SIGNAL_DISALLOWED)
		return local == SIGNAL_DISALLOWED ? ROUTE_RULE_NEITHER : ROUTE_RULE_ONLY_LOCAL;
	if (local == SIGNAL_DISALLOWED)
		return ROUTE_RULE_ONLY_CROSS_SECTIONAL;
	return is_good(cross_sectional) && is_good(local) ? ROUTE_RULE_BOTH : ROUTE_RULE_EXPERIMENTAL;
}

Route
rule_route(const RoutingPolicy *policy, RouteRule rule)
{
	static const Route both_strong[] = {
		[BOTH_STRONG_ROUTE_BOTH] = ROUTE_BOTH,
		[BOTH_STRONG_PREFER_CS] = ROUTE_CROSS_SECTIONAL,
		[BOTH_STRONG_PREFER_SYMBOL] = ROUTE_SYMBOL_SPECIFIC
	};

	switch (rule)
	{
		case ROUTE_RULE_ONLY_LOCAL:
			return ROUTE_SYMBOL_SPECIFIC;
		case ROUTE_RULE_ONLY_CROSS_SECTIONAL:
			return ROUTE_CROSS_SECTIONAL;
		case ROUTE_RULE_BOTH:
			return both_strong[policy->both_strong_behavior];
		case ROUTE_RULE_EXPERIMENTAL:
			return ROUTE_EXPERIMENTAL_ONLY;
		default:
			return ROUTE_BLOCKED;
	}
}

/*
 * How many of a target's symbols may have experimental models, rounded down.  0.29
 * of 100 is 29, although its double is a little less.
 */
int64
most_experimental(const RoutingPolicy *policy, int64 symbols)
{
	double		most = policy->max_fraction_symbols * symbols;

	if (isnan(most))
		return symbols;
	return fabs(most - rint(most)) < 1e-9 * symbols ? (int64) rint(most) : (int64) floor(most);
}
