/*
 * vocabulary.h
 *		The words of routing and planning, and their spelling in SQL.
 */
#ifndef TRAINPLAN_VOCABULARY_H
#define TRAINPLAN_VOCABULARY_H

#include "slice.h"

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

/* What a state is called that nobody has determined. */
#define STATE_UNKNOWN "UNKNOWN"

extern const char *const route_names[];
extern const char *const training_type_names[];

extern RouteWord route_from_word(Slice word, Scope scope, Route *route);
extern const char *route_word(Route route, Scope scope);
extern const char *valid_route_words(Scope scope);

#endif							/* TRAINPLAN_VOCABULARY_H */
