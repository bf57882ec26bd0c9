/*
 * pair_sort.h
 *		Rows in any order in; by target and symbol, in the order of the C
 *		collation and a target as a whole before its symbols, out.
 */
#ifndef TRAINPLAN_PAIR_SORT_H
#define TRAINPLAN_PAIR_SORT_H

#include "sorting/pair.h"

typedef struct PairSort PairSort;

/* A row as it comes out; lives until the next one does. */
typedef struct SortedRow
{
	Pair		pair;
	const char *payload;		/* not aligned */
	Slice		rest;			/* empty if there was none */
} SortedRow;

extern void pack_row(StringInfo buffer, const SortedRow *row, Size payload_size);
extern SortedRow unpack_row(const PairNames *names, Slice packed, Size payload_size);

extern PairSort *pair_sort_create(const PairNames *names, Size payload_size, int memory_kb);
extern void pair_sort_put(PairSort *sort, const Pair *pair, const void *payload, Slice rest);
extern void pair_sort_perform(PairSort *sort);
extern bool pair_sort_next(PairSort *sort, SortedRow *row);
extern void pair_sort_end(PairSort *sort);

#endif							/* TRAINPLAN_PAIR_SORT_H */
