/*
 * attempt_rules.h
 *		The rules of execution: the end of an attempt in, what becomes of its job
 *		out.
 */
#ifndef TRAINPLAN_ATTEMPT_RULES_H
#define TRAINPLAN_ATTEMPT_RULES_H

#include "datatype/timestamp.h"

#include "planning/vocabulary.h"

/* No attempt has a higher number. */
#define LAST_ATTEMPT	1000000000

/* What the rules know of a job that was claimed. */
typedef struct Attempt
{
	int32		number;			/* from 1 */
	int32		forgiven;		/* how many before it don't count any more */
	bool		cancel_requested;
	TimestampTz lease_end;
} Attempt;

extern bool lease_holds(const Attempt *attempt, TimestampTz now);
extern AttemptOutcome attempt_outcome(const Attempt *attempt, AttemptOutcome reported);
extern JobState state_after_attempt(const Attempt *attempt, AttemptOutcome outcome, int32 max_attempts);

#endif							/* TRAINPLAN_ATTEMPT_RULES_H */
