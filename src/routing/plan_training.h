/*
 * plan_training.h
 *		A candidates relation in, a stored plan out.
 */
#ifndef TRAINPLAN_PLAN_TRAINING_H
#define TRAINPLAN_PLAN_TRAINING_H

#include "plans/plan_store.h"

extern NewPlan store_plan_of_candidates(Oid schema, Oid candidates, Slice policy, PlanFacts *facts);

#endif							/* TRAINPLAN_PLAN_TRAINING_H */
