/*
 * ordered_jobs.h
 *		The jobs of a stored plan, one after the other: target by target, of each
 *		the target's own first, then by symbol.
 */
#ifndef TRAINPLAN_ORDERED_JOBS_H
#define TRAINPLAN_ORDERED_JOBS_H

#include "access/genam.h"
#include "executor/tuptable.h"

#include "base/slice.h"
#include "plans/plan_tables.h"

/* A job's row.  Its values may be toasted. */
typedef struct JobRow
{
	Datum		values[JOB_COLUMNS];
	bool		nulls[JOB_COLUMNS];
	Slice		target;
	Slice		symbol;			/* NULL: the job is for the target as a whole */
} JobRow;

typedef struct OrderedJobs
{
	const PlanTable *table;
	MemoryContext context;		/* of what is not as it stands in the row at hand */
	int64		plan_id;
	Relation	index;
	IndexScanDesc scan;			/* all jobs by target and symbol, those without one last */
	TupleTableSlot *slot;
	IndexScanDesc own_scan;		/* those of the target at hand that have no symbol */
	TupleTableSlot *own_slot;
	Datum		target;			/* at hand, as a text; 0: none yet */
	bool		in_own_scan;	/* that is where the row at hand is from */
	bool		had_own_scan;	/* jobs without a symbol have had their turn */
	JobRow		job;			/* at hand, until the next one is asked for */
} OrderedJobs;

extern int	job_row_compare(const JobRow *a, const JobRow *b);
extern void job_row_find_names(JobRow *job);

extern void ordered_jobs_open(OrderedJobs *jobs, const PlanTable *table, Snapshot snapshot, int64 plan_id);
extern bool ordered_jobs_next(OrderedJobs *jobs);
extern void ordered_jobs_close(OrderedJobs *jobs);

#endif							/* TRAINPLAN_ORDERED_JOBS_H */
