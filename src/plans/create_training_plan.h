/*
 * create_training_plan.h
 *		A routing relation in, a stored plan out.
 */
#ifndef TRAINPLAN_CREATE_TRAINING_PLAN_H
#define TRAINPLAN_CREATE_TRAINING_PLAN_H

#include "plans/plan_store.h"

extern NewPlan store_plan_of_decisions(Oid schema, Oid routing, PlanFacts *facts);

#endif							/* TRAINPLAN_CREATE_TRAINING_PLAN_H */
