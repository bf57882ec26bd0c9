/*
 * pair_lists.h
 *		Rows in memory, in a list for each target.
 */
#ifndef TRAINPLAN_PAIR_LISTS_H
#define TRAINPLAN_PAIR_LISTS_H

#include "sorting/pair.h"

typedef struct PairLists PairLists;

/* The rows of a list that was taken, in the order in which they were added. */
typedef struct TakenList
{
	uint32		count;
	Size		row_size;
	const char *rows;
} TakenList;

extern PairLists *pair_lists_create(Size payload_size);
extern void pair_lists_add(PairLists *lists, const Pair *pair, const void *payload);
extern Size pair_lists_size(const PairLists *lists);
extern uint32 pair_lists_targets(const PairLists *lists);
extern TakenList pair_lists_take(PairLists *lists, uint32 target);
extern void pair_lists_free(PairLists *lists);

/* The number of a row's symbol, or NO_SYMBOL. */
static inline uint32
taken_symbol(const TakenList *list, uint32 row)
{
	uint32		symbol;

	memcpy(&symbol, list->rows + row * list->row_size, sizeof(symbol));
	return symbol;
}

/* What was added with it; not aligned. */
static inline const char *
taken_payload(const TakenList *list, uint32 row)
{
	return list->rows + row * list->row_size + sizeof(uint32);
}

#endif							/* TRAINPLAN_PAIR_LISTS_H */
