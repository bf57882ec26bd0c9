/*
 * plan_store.h
 *		Stores a plan and its jobs in training_plans and training_jobs, and gives
 *		the jobs their places in training_job_queue.
 */
#ifndef TRAINPLAN_PLAN_STORE_H
#define TRAINPLAN_PLAN_STORE_H

#include "executor/tuptable.h"
#include "utils/array.h"

#include "planning/planner.h"
#include "plans/plan_tables.h"

/* What is stored of a plan beside its jobs; texts but routing may be NULL. */
typedef struct PlanFacts
{
	const char *run_id;			/* NULL: from the current time */
	const char *server;			/* of a part of a run: what the server is called where that is planned; else NULL */
	const char *generated_at;	/* as timestamptz takes it; NULL: now */
	const char *routing;		/* where the decisions came from */
	ArrayType  *families;
	bool		include_blocked;
	bool		pooled_first;
	const char *git_commit;
	const char *config_hash;
	const char *metrics_snapshot;
	int64		total_jobs;
} PlanFacts;

/* What a call that stores a plan has to say of it. */
typedef struct NewPlan
{
	int64		plan_id;
	int64		total_jobs;
	int64		disabled_targets;	/* although symbols count on their cross-sectional models */
} NewPlan;

/*
 * Hands out a job at a time: the values of its columns, as JobColumn has them,
 * made in the memory context given; false after the last.
 */
typedef bool (*JobSource) (void *arg, MemoryContext context, Datum *values, bool *nulls);

extern const char *run_id_argument(FunctionCallInfo fcinfo, int argument);
extern int64 store_plan(Oid schema, const PlanFacts *facts, JobSource next_job, void *arg);
extern NewPlan store_planned_jobs(Oid schema, PlanFacts *facts, Planner *planner);
extern bool is_being_stored(int64 plan_id);
extern void note_stored_job(const PlanTable *jobs, TupleTableSlot *row);

#endif							/* TRAINPLAN_PLAN_STORE_H */
