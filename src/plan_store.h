/*
 * plan_store.h
 *		Stores a plan and its jobs in training_plans and training_jobs.
 */
#ifndef TRAINPLAN_PLAN_STORE_H
#define TRAINPLAN_PLAN_STORE_H

#include "utils/array.h"

#include "planner.h"

/* What is stored of a plan beside its jobs; texts may be NULL. */
typedef struct PlanFacts
{
	const char *routing;		/* where the decisions came from */
	ArrayType  *families;
	bool		include_blocked;
	const char *git_commit;
	const char *config_hash;
	const char *metrics_snapshot;
	int64		total_jobs;
} PlanFacts;

extern int64 store_plan(Oid schema, const PlanFacts *facts, Planner *planner);

#endif							/* TRAINPLAN_PLAN_STORE_H */
