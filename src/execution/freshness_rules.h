/*
 * freshness_rules.h
 *		Need a job be trained again?  What it is to be trained with, and what it was
 *		trained with last, in; why it must be, out.
 */
#ifndef TRAINPLAN_FRESHNESS_RULES_H
#define TRAINPLAN_FRESHNESS_RULES_H

#include "utils/array.h"
#include "utils/timestamp.h"

#include "base/slice.h"

/* What a call asks for. */
typedef struct FreshnessRules
{
	const Interval *max_age;	/* NULL: any */
	TimestampTz now;
	TimestampTz oldest;			/* what that is from now */
	bool		has_max_growth;
	double		max_growth;		/* of the samples: 0.2 are 20 % more */
	bool		same_commit;
} FreshnessRules;

/* What a job is trained with.  Slices may be NULL: not known. */
typedef struct TrainingInputs
{
	Slice		training_type;
	bool		needs_pooled;	/* it is used with the pooled model of its target */
	ArrayType  *families;		/* of texts; NULL: not known */
	bool		knows_samples;
	int64		samples;
	Slice		git_commit;
} TrainingInputs;

/* Why a job has to be trained, in the order in which it is looked at. */
typedef enum Freshness
{
	NEVER_TRAINED,
	TRAINED_AS_OTHER_TYPE,
	TRAINED_FOR_OTHER_USE,		/* with the pooled model, or without */
	TRAINED_WITHOUT_FAMILY,
	TRAINED_TOO_LONG_AGO,
	TRAINED_ON_TOO_LITTLE,
	TRAINED_BY_OTHER_COMMIT,
	TRAINED_AND_FRESH			/* it has not */
} Freshness;

extern Freshness training_freshness(const FreshnessRules *rules, const TrainingInputs *wanted,
									const TrainingInputs *trained, TimestampTz trained_at);
extern void append_freshness(StringInfo text, Freshness freshness, const FreshnessRules *rules,
							 const TrainingInputs *wanted, const TrainingInputs *trained,
							 TimestampTz trained_at, int64 trained_plan_id);

#endif							/* TRAINPLAN_FRESHNESS_RULES_H */
