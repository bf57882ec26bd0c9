/*
 * vocabulary.h
 *		The words of routing and planning, and their spelling in SQL.
 */
#ifndef TRAINPLAN_VOCABULARY_H
#define TRAINPLAN_VOCABULARY_H

#include "base/slice.h"

/* What to train for a symbol; of a target as a whole, only the two that a target can have. */
typedef enum Route
{
	ROUTE_CROSS_SECTIONAL,		/* the pooled model; of a target: enabled */
	ROUTE_SYMBOL_SPECIFIC,		/* a model of the symbol's own */
	ROUTE_BOTH,					/* the pooled model and one of its own, as an ensemble */
	ROUTE_EXPERIMENTAL_ONLY,	/* an experimental model of its own */
	ROUTE_BLOCKED				/* none; of a target: disabled */
} Route;

typedef enum TrainingType
{
	TRAINING_CROSS_SECTIONAL,
	TRAINING_SYMBOL_SPECIFIC,
	TRAINING_BLOCKED
} TrainingType;

/* Whom a decision is about. */
typedef enum Scope
{
	SCOPE_TARGET,				/* the target as a whole: no symbol */
	SCOPE_SYMBOL				/* one symbol of the target */
} Scope;

typedef enum RouteWord
{
	ROUTE_WORD_VALID,
	ROUTE_WORD_OF_OTHER_SCOPE,	/* a route, but not one that this scope can have */
	ROUTE_WORD_UNKNOWN
} RouteWord;

/* What a signal is worth; the better ones first. */
typedef enum SignalState
{
	SIGNAL_STRONG,
	SIGNAL_WEAK_BUT_OK,
	SIGNAL_EXPERIMENTAL,
	SIGNAL_DISALLOWED
} SignalState;

/* How much the important features change from one snapshot to the next. */
typedef enum Stability
{
	STABILITY_STABLE,
	STABILITY_DRIFTING,
	STABILITY_DIVERGED,
	STABILITY_UNKNOWN
} Stability;

/* Whether features know of the future. */
typedef enum Leakage
{
	LEAKAGE_SAFE,
	LEAKAGE_SUSPECT,
	LEAKAGE_BLOCKED,
	LEAKAGE_UNKNOWN
} Leakage;

/* How a symbol is routed whose two signals are both strong, or weak but ok. */
typedef enum BothStrong
{
	BOTH_STRONG_ROUTE_BOTH,
	BOTH_STRONG_PREFER_CS,
	BOTH_STRONG_PREFER_SYMBOL
} BothStrong;

/* Where a job stands that is not blocked. */
typedef enum JobState
{
	JOB_PENDING,
	JOB_WAITING,				/* for the pooled model of its target */
	JOB_RUNNING,
	JOB_SUCCEEDED,
	JOB_FAILED,
	JOB_CANCELLED,
	JOB_REUSED					/* what was trained before is as good */
} JobState;

/* How an attempt at a job ended. */
typedef enum AttemptOutcome
{
	ATTEMPT_SUCCEEDED,
	ATTEMPT_FAILED,
	ATTEMPT_CANCELLED,
	ATTEMPT_EXPIRED				/* its lease ran out */
} AttemptOutcome;

/* Words by their meaning; each ends with a zero byte, too. */
typedef struct WordList
{
	int			count;
	const Slice *words;
} WordList;

/* What a state is called that nobody has determined. */
#define STATE_UNKNOWN "UNKNOWN"

extern const char *const route_names[];
extern const char *const training_type_names[];

extern const WordList signal_states;
extern const WordList stabilities;
extern const WordList leakages;
extern const WordList both_strong_behaviors;
extern const WordList job_states;
extern const WordList attempt_outcomes;

extern int	word_meaning(const WordList *list, Slice word);
extern const char *valid_words(const WordList *list);

extern RouteWord route_from_word(Slice word, Scope scope, Route *route);
extern const char *route_word(Route route, Scope scope);
extern const char *valid_route_words(Scope scope);

#endif							/* TRAINPLAN_VOCABULARY_H */
