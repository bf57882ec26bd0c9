/*
 * decision.h
 *		A routing decision: what the router decided for a target, or for a
 *		symbol of a target.
 */
#ifndef TRAINPLAN_DECISION_H
#define TRAINPLAN_DECISION_H

#include "planning/vocabulary.h"

typedef struct Decision
{
	Slice		target;			/* never NULL */
	Slice		symbol;			/* NULL: the target's own decision */
	Route		route;
	bool		has_sample_size;
	int64		sample_size;	/* rows to train on */
	Slice		reason;			/* may be NULL */
	Slice		cs_state;		/* never NULL */
	Slice		local_state;	/* never NULL */
	Slice		families;		/* a text[] as a varlena, not aligned; NULL: the call's */
} Decision;

static inline Scope
decision_scope(const Decision *decision)
{
	return slice_is_null(decision->symbol) ? SCOPE_TARGET : SCOPE_SYMBOL;
}

/* What messages call a decision's target and symbol, in the current memory context. */
static inline const char *
decision_name(Slice target, Slice symbol)
{
	if (slice_is_null(symbol))
		return psprintf("target \"%s\"", slice_to_string(target));
	return psprintf("target \"%s\", symbol \"%s\"",
					slice_to_string(target), slice_to_string(symbol));
}

/* A reason may be said in several phrases, which are joined. */
static inline void
append_phrase(StringInfo reason, Slice phrase, bool first)
{
	if (!first)
		appendStringInfoString(reason, "; ");
	append_slice(reason, phrase);
}

#endif							/* TRAINPLAN_DECISION_H */
