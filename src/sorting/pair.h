/*
 * pair.h
 *		A target and one of its symbols, or a target as a whole: what a row is
 *		about.
 */
#ifndef TRAINPLAN_PAIR_H
#define TRAINPLAN_PAIR_H

#include "base/dictionary.h"

/* The number of the symbol that a target as a whole does not have. */
#define NO_SYMBOL	(NOT_KEPT - 1)

/* The names of all pairs. */
typedef struct PairNames
{
	Dictionary *targets;
	Dictionary *symbols;
} PairNames;

/* The slices live as long as the names, or for a name that these had no room for, as the pair. */
typedef struct Pair
{
	uint32		target_number;	/* in the names, or NOT_KEPT */
	uint32		symbol_number;	/* the same, or NO_SYMBOL */
	Slice		target;
	Slice		symbol;			/* NULL: the target as a whole */
} Pair;

extern PairNames *pair_names_create(Size limit);
extern void pair_names_sort(const PairNames *names);
extern Pair pair_of_names(const PairNames *names, Slice target, Slice symbol);
extern Pair pair_of_numbers(const PairNames *names, uint32 target, uint32 symbol);
extern void pack_pair(StringInfo buffer, const Pair *pair);
extern Pair unpack_pair(const PairNames *names, const char **position);

/* Do its numbers stand for the pair? */
static inline bool
pair_is_kept(const Pair *pair)
{
	return pair->target_number != NOT_KEPT && pair->symbol_number != NOT_KEPT;
}

#endif							/* TRAINPLAN_PAIR_H */
