/*
 * decision_sort.h
 *		Decisions in any order in; by target and symbol, in the order of the C
 *		collation and a target's own decision first, out.
 */
#ifndef TRAINPLAN_DECISION_SORT_H
#define TRAINPLAN_DECISION_SORT_H

#include "decision_codec.h"

typedef struct DecisionSort DecisionSort;

extern DecisionSort *decision_sort_create(DecisionCodec *codec, int memory_kb);
extern void decision_sort_put(DecisionSort *sort, const EncodedDecision *decision);
extern void decision_sort_perform(DecisionSort *sort);
extern bool decision_sort_next(DecisionSort *sort, EncodedDecision *decision);
extern void decision_sort_end(DecisionSort *sort);

#endif							/* TRAINPLAN_DECISION_SORT_H */
