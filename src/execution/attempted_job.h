/*
 * attempted_job.h
 *		What the history keeps of the job that was attempted, and of its plan.
 */
#ifndef TRAINPLAN_ATTEMPTED_JOB_H
#define TRAINPLAN_ATTEMPTED_JOB_H

#include "access/genam.h"
#include "executor/tuptable.h"

#include "plans/plan_tables.h"

typedef struct AttemptedJobs
{
	bool		is_open;
	MemoryContext context;		/* that it was opened in */
	PlanTable	plans;
	PlanTable	jobs;
	Relation	by_job;			/* index of jobs */
	TupleTableSlot *plan;		/* of the last job */
	TupleTableSlot *job;
	bool		has_plan;		/* git_commit is that of plan_id */
	int64		plan_id;
	Datum		git_commit;
	bool		no_commit;
} AttemptedJobs;

extern void attempted_job_read(AttemptedJobs *attempted, Oid schema, const PlanTable *history,
							   Snapshot snapshot, int64 plan_id, Datum job_id,
							   Datum *values, bool *nulls);
extern void attempted_jobs_close(AttemptedJobs *attempted);

#endif							/* TRAINPLAN_ATTEMPTED_JOB_H */
