/*
 * vocabulary.c
 *		The words of routing and planning, and their spelling in SQL.
 */
#include "postgres.h"

#include "lib/stringinfo.h"

#include "vocabulary.h"

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
