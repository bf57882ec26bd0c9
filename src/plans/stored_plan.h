/*
 * stored_plan.h
 *		A stored plan, and its jobs one by one, as the caller may see them.
 */
#ifndef TRAINPLAN_STORED_PLAN_H
#define TRAINPLAN_STORED_PLAN_H

#include "executor/tuptable.h"
#include "storage/itemptr.h"

#include "base/compat.h"
#include "plans/plan_tables.h"

typedef struct StoredPlan
{
	int64		plan_id;
	int32		max_attempts;
	int32		priority;
	bool		paused;
	bool		pooled_first;
	TransactionId xmin;			/* of its row, and where that is: who has both is the same plan */
	ItemPointerData tid;
} StoredPlan;

extern bool may_read(const PlanTable *table, int first, int count);
extern void check_may_read(const PlanTable *table, int first, int count);
extern bool find_plan(Oid schema, Snapshot snapshot, int64 plan_id, StoredPlan *plan);
extern bool is_plan_pooled_first(Oid schema, Snapshot snapshot, int64 plan_id);
extern bool find_latest_plan(Oid schema, Snapshot snapshot, StoredPlan *plan);
pg_noreturn extern void report_no_plan(int64 plan_id);
pg_noreturn extern void report_no_job(int64 plan_id, Datum job_id);

/* Can a plan be kept from being deleted? */
typedef enum PlanHold
{
	PLAN_HELD,
	PLAN_MISSING,				/* it is not there, or not yet */
	PLAN_DELETED				/* just now */
} PlanHold;

extern PlanHold hold_plan(const PlanTable *plans, int64 plan_id);

/* Reads jobs by their keys. */
typedef struct JobReader
{
	PlanTable	table;
	Snapshot	snapshot;
	bool		has_policies;	/* row-level security decides what the caller sees */
	Relation	index;
	TupleTableSlot *slot;
	Datum		values[JOB_COLUMNS];	/* of the job that was read last */
	bool		nulls[JOB_COLUMNS];
} JobReader;

extern bool plan_row_is_visible(const PlanTable *table, Snapshot snapshot, TupleTableSlot *row);
extern void job_reader_open_unchecked(JobReader *reader, Oid schema, Snapshot snapshot);
extern void job_reader_open(JobReader *reader, Oid schema, Snapshot snapshot);
extern bool job_reader_find(JobReader *reader, int64 plan_id, Datum job_id);
extern void job_reader_close(JobReader *reader);

#endif							/* TRAINPLAN_STORED_PLAN_H */
