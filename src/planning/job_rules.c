/*
 * job_rules.c
 *		The rules of planning: a decision in, a job out.
 *
 * Nothing here reads a relation or knows of other decisions; the planner brings
 * decisions together, and job_tuple.c turns a job into SQL's values.
 */
#include "postgres.h"

#include "planning/job_rules.h"

static const JobRule target_rule = {"cs_", TRAINING_CROSS_SECTIONAL, 2, false};

/* By a symbol's route; ROUTE_CROSS_SECTIONAL has none: the target's job covers it. */
static const JobRule symbol_rules[] = {
	[ROUTE_BOTH] = {"sym_", TRAINING_SYMBOL_SPECIFIC, 3, true},
	[ROUTE_SYMBOL_SPECIFIC] = {"sym_", TRAINING_SYMBOL_SPECIFIC, 2, false},
	[ROUTE_EXPERIMENTAL_ONLY] = {"sym_", TRAINING_SYMBOL_SPECIFIC, 1, false},
	[ROUTE_BLOCKED] = {"blocked_", TRAINING_BLOCKED, 0, false}
};

/* The rule that makes a job of a decision, or NULL where it makes none. */
const JobRule *
job_rule(const Decision *decision, bool include_blocked)
{
	if (decision_scope(decision) == SCOPE_TARGET)
		return decision->route == ROUTE_CROSS_SECTIONAL ? &target_rule : NULL;

	if (decision->route == ROUTE_CROSS_SECTIONAL ||
		(decision->route == ROUTE_BLOCKED && !include_blocked))
		return NULL;
	return &symbol_rules[decision->route];
}

Slice
job_reason(const Job *job)
{
	if (slice_is_null(job->decision.reason) &&
		job->rule->training_type == TRAINING_CROSS_SECTIONAL)
		return slice_from_string("CS training enabled");
	return job->decision.reason;
}

/* Append cs_<target>, sym_<target>_<symbol> or blocked_<target>_<symbol>. */
void
append_job_id(StringInfo buffer, const JobRule *rule, Slice target, Slice symbol)
{
	appendStringInfoString(buffer, rule->job_id_prefix);
	append_slice(buffer, target);
	if (!slice_is_null(symbol))
	{
		appendStringInfoCharMacro(buffer, '_');
		append_slice(buffer, symbol);
	}
}

/* Does this symbol need its target's pooled model to be trained? */
bool
counts_on_cross_sectional(const Decision *decision)
{
	return decision_scope(decision) == SCOPE_SYMBOL &&
		(decision->route == ROUTE_CROSS_SECTIONAL || decision->route == ROUTE_BOTH);
}

/*
 * The decision for a target that has none of its own although some symbols
 * count on it.  The reason is made in the current memory context; the target
 * stays the caller's.
 */
void
implied_cross_sectional_decision(Decision *decision, Slice target, int64 symbols)
{
	memset(decision, 0, sizeof(Decision));
	decision->target = target;
	decision->route = ROUTE_CROSS_SECTIONAL;
	decision->cs_state = slice_from_string(STATE_UNKNOWN);
	decision->local_state = slice_from_string(STATE_UNKNOWN);
	decision->reason = slice_from_string(psprintf(symbols == 1 ?
												  INT64_FORMAT " symbol counts on it, no decision of its own" :
												  INT64_FORMAT " symbols count on it, no decision of its own",
												  symbols));
}
