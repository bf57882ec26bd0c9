/*
 * decision_lists.h
 *		Encoded decisions in memory, in a list for each target.
 */
#ifndef TRAINPLAN_DECISION_LISTS_H
#define TRAINPLAN_DECISION_LISTS_H

#include "decision_codec.h"

typedef struct DecisionLists DecisionLists;

/* A decision in its target's list: its numbers, but for the target's. */
typedef struct ListedDecision
{
	uint32		symbol;
	uint32		body;
	uint32		sample;
} ListedDecision;

extern DecisionLists *decision_lists_create(void);
extern void decision_lists_add(DecisionLists *lists, const DecisionNumbers *numbers);
extern Size decision_lists_size(const DecisionLists *lists);
extern uint32 decision_lists_targets(const DecisionLists *lists);
extern uint32 decision_lists_take(DecisionLists *lists, uint32 target, ListedDecision **decisions);
extern void decision_lists_free(DecisionLists *lists);

#endif							/* TRAINPLAN_DECISION_LISTS_H */
