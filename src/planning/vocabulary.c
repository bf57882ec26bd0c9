/*
 * vocabulary.c
 *		The words of routing and planning, and their spelling in SQL.
 */
#include "postgres.h"

#include "lib/stringinfo.h"

#include "planning/vocabulary.h"

const char *const route_names[] = {
	[ROUTE_CROSS_SECTIONAL] = "ROUTE_CROSS_SECTIONAL",
	[ROUTE_SYMBOL_SPECIFIC] = "ROUTE_SYMBOL_SPECIFIC",
	[ROUTE_BOTH] = "ROUTE_BOTH",
	[ROUTE_EXPERIMENTAL_ONLY] = "ROUTE_EXPERIMENTAL_ONLY",
	[ROUTE_BLOCKED] = "ROUTE_BLOCKED"
};

const char *const training_type_names[] = {
	[TRAINING_CROSS_SECTIONAL] = "cross_sectional",
	[TRAINING_SYMBOL_SPECIFIC] = "symbol_specific",
	[TRAINING_BLOCKED] = "blocked"
};

static const Slice signal_state_words[] = {
	[SIGNAL_STRONG] = SLICE_LITERAL("STRONG"),
	[SIGNAL_WEAK_BUT_OK] = SLICE_LITERAL("WEAK_BUT_OK"),
	[SIGNAL_EXPERIMENTAL] = SLICE_LITERAL("EXPERIMENTAL"),
	[SIGNAL_DISALLOWED] = SLICE_LITERAL("DISALLOWED")
};

static const Slice stability_words[] = {
	[STABILITY_STABLE] = SLICE_LITERAL("STABLE"),
	[STABILITY_DRIFTING] = SLICE_LITERAL("DRIFTING"),
	[STABILITY_DIVERGED] = SLICE_LITERAL("DIVERGED"),
	[STABILITY_UNKNOWN] = SLICE_LITERAL("UNKNOWN")
};

static const Slice leakage_words[] = {
	[LEAKAGE_SAFE] = SLICE_LITERAL("SAFE"),
	[LEAKAGE_SUSPECT] = SLICE_LITERAL("SUSPECT"),
	[LEAKAGE_BLOCKED] = SLICE_LITERAL("BLOCKED"),
	[LEAKAGE_UNKNOWN] = SLICE_LITERAL("UNKNOWN")
};

static const Slice both_strong_words[] = {
	[BOTH_STRONG_ROUTE_BOTH] = SLICE_LITERAL("ROUTE_BOTH"),
	[BOTH_STRONG_PREFER_CS] = SLICE_LITERAL("PREFER_CS"),
	[BOTH_STRONG_PREFER_SYMBOL] = SLICE_LITERAL("PREFER_SYMBOL")
};

static const Slice job_state_words[] = {
	[JOB_PENDING] = SLICE_LITERAL("pending"),
	[JOB_WAITING] = SLICE_LITERAL("waiting"),
	[JOB_RUNNING] = SLICE_LITERAL("running"),
	[JOB_SUCCEEDED] = SLICE_LITERAL("succeeded"),
	[JOB_FAILED] = SLICE_LITERAL("failed"),
	[JOB_CANCELLED] = SLICE_LITERAL("cancelled"),
	[JOB_REUSED] = SLICE_LITERAL("reused")
};

static const Slice attempt_outcome_words[] = {
	[ATTEMPT_SUCCEEDED] = SLICE_LITERAL("succeeded"),
	[ATTEMPT_FAILED] = SLICE_LITERAL("failed"),
	[ATTEMPT_CANCELLED] = SLICE_LITERAL("cancelled"),
	[ATTEMPT_EXPIRED] = SLICE_LITERAL("expired")
};

const WordList signal_states = {lengthof(signal_state_words), signal_state_words};
const WordList stabilities = {lengthof(stability_words), stability_words};
const WordList leakages = {lengthof(leakage_words), leakage_words};
const WordList both_strong_behaviors = {lengthof(both_strong_words), both_strong_words};
const WordList job_states = {lengthof(job_state_words), job_state_words};
const WordList attempt_outcomes = {lengthof(attempt_outcome_words), attempt_outcome_words};

/* What a word of a list means, or -1 if it is not there. */
int
word_meaning(const WordList *list, Slice word)
{
	for (int i = 0; i < list->count; i++)
	{
		if (slice_equal(word, list->words[i]))
			return i;
	}
	return -1;
}

/* For messages: the words of a list. */
const char *
valid_words(const WordList *list)
{
	StringInfoData words;

	initStringInfo(&words);
	for (int i = 0; i < list->count; i++)
		appendStringInfo(&words, "%s%s", i > 0 ? ", " : "", list->words[i].data);
	return words.data;
}

/* What a decision may say, and about whom. */
static const struct
{
	Slice		word;
	Route		route;
	bool		of_target;
	bool		of_symbol;
}			route_words[] =
{
	{SLICE_LITERAL("ENABLED"), ROUTE_CROSS_SECTIONAL, true, false},
	{SLICE_LITERAL("DISABLED"), ROUTE_BLOCKED, true, false},
	{SLICE_LITERAL("ROUTE_CROSS_SECTIONAL"), ROUTE_CROSS_SECTIONAL, true, true},
	{SLICE_LITERAL("ROUTE_SYMBOL_SPECIFIC"), ROUTE_SYMBOL_SPECIFIC, false, true},
	{SLICE_LITERAL("ROUTE_BOTH"), ROUTE_BOTH, false, true},
	{SLICE_LITERAL("ROUTE_EXPERIMENTAL_ONLY"), ROUTE_EXPERIMENTAL_ONLY, false, true},
	{SLICE_LITERAL("ROUTE_BLOCKED"), ROUTE_BLOCKED, true, true}
};

static bool
word_fits(int i, Scope scope)
{
	return scope == SCOPE_TARGET ? route_words[i].of_target : route_words[i].of_symbol;
}

/*
 * Look a route's word up.  *route is set whenever the word is a route's, even
 * one of the other scope.
 */
RouteWord
route_from_word(Slice word, Scope scope, Route *route)
{
	for (int i = 0; i < lengthof(route_words); i++)
	{
		if (slice_equal(word, route_words[i].word))
		{
			*route = route_words[i].route;
			return word_fits(i, scope) ? ROUTE_WORD_VALID : ROUTE_WORD_OF_OTHER_SCOPE;
		}
	}
	return ROUTE_WORD_UNKNOWN;
}

/* What a decision of this scope says to have this route. */
const char *
route_word(Route route, Scope scope)
{
	for (int i = 0; i < lengthof(route_words); i++)
	{
		if (route_words[i].route == route && word_fits(i, scope))
			return route_words[i].word.data;
	}
	return route_names[route];
}

/* For hints: the words that a decision of this scope may say. */
const char *
valid_route_words(Scope scope)
{
	StringInfoData words;

	initStringInfo(&words);
	for (int i = 0; i < lengthof(route_words); i++)
	{
		if (word_fits(i, scope))
			appendStringInfo(&words, "%s%s", words.len > 0 ? ", " : "", route_words[i].word.data);
	}
	return words.data;
}
