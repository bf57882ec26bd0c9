/*
 * attempted_job.c
 *		What the history keeps of the job that was attempted, and of its plan, so
 *		that it is known what was trained when both are long deleted.
 *
 * It is read by their keys, and no right is asked for: who has reported a job that
 * he held needs no right to read jobs, and row-level security has let him report it.
 * Nothing is kept from one call to the next.  Within one, the plan's commit is read
 * once for all attempts at jobs of one plan that come one after the other.
 */
#include "postgres.h"

#include "access/tableam.h"
#include "utils/rel.h"

#include "base/executor_compat.h"
#include "execution/attempted_job.h"

/* The job's columns, as the history has them. */
static const struct
{
	HistoryColumn kept;
	int			column;			/* of training_jobs */
}			job_columns[] = {
	{HISTORY_TARGET, JOB_TABLE_COLUMN(JOB_TARGET)},
	{HISTORY_SYMBOL, JOB_TABLE_COLUMN(JOB_SYMBOL)},
	{HISTORY_ROUTE, JOB_TABLE_COLUMN(JOB_ROUTE)},
	{HISTORY_TRAINING_TYPE, JOB_TABLE_COLUMN(JOB_TRAINING_TYPE)},
	{HISTORY_MODEL_FAMILIES, JOB_TABLE_COLUMN(JOB_MODEL_FAMILIES)},
	{HISTORY_ESTIMATED_SAMPLES, JOB_TABLE_COLUMN(JOB_ESTIMATED_SAMPLES)}
};

static void
open_tables(AttemptedJobs *attempted, Oid schema)
{
	plan_table_open(&attempted->plans, schema, PLANS_TABLE, AccessShareLock);
	plan_table_open(&attempted->jobs, schema, JOBS_TABLE, AccessShareLock);
	attempted->by_job = index_open(attempted->jobs.key, AccessShareLock);
	attempted->plan = table_slot_create(attempted->plans.relation, NULL);
	attempted->job = table_slot_create(attempted->jobs.relation, NULL);
	attempted->is_open = true;
}

/* Close what attempted_job_read() has opened, if it has. */
void
attempted_jobs_close(AttemptedJobs *attempted)
{
	if (!attempted->is_open)
		return;
	ExecDropSingleTupleTableSlot(attempted->job);
	ExecDropSingleTupleTableSlot(attempted->plan);
	index_close(attempted->by_job, AccessShareLock);
	plan_table_close(&attempted->jobs);
	plan_table_close(&attempted->plans);
	attempted->is_open = false;
}

/* Have the commit of a plan, unless it is that of the last one. */
static void
read_plan(AttemptedJobs *attempted, Snapshot snapshot, int64 plan_id)
{
	Datum		key = Int64GetDatum(plan_id);

	if (attempted->has_plan && attempted->plan_id == plan_id)
		return;
	attempted->has_plan = true;
	attempted->plan_id = plan_id;
	attempted->no_commit = true;
	if (plan_table_find(&attempted->plans, snapshot, &key, 1, ForwardScanDirection, attempted->plan))
		attempted->git_commit = column_value(&attempted->plans, attempted->plan, PLAN_GIT_COMMIT,
											 &attempted->no_commit);
}

/*
 * Fill in the columns of the history that are about a job and its plan, as far as the
 * history has them, and the snapshot sees the job; the others are null.  The values
 * live until the next job is read.
 */
void
attempted_job_read(AttemptedJobs *attempted, Oid schema, const PlanTable *history, Snapshot snapshot,
				   int64 plan_id, Datum job_id, Datum *values, bool *nulls)
{
	Datum		key[] = {Int64GetDatum(plan_id), job_id};
	IndexScanDesc scan;
	Datum		metadata;
	bool		found;
	bool		isnull;

	for (int i = 0; i < lengthof(job_columns); i++)
		nulls[job_columns[i].kept] = true;
	nulls[HISTORY_GIT_COMMIT] = true;
	nulls[HISTORY_NEEDS_CS_ENSEMBLE] = true;
	/* those of 1.0 have none of these columns */
	if (!has_column(history, HISTORY_TARGET))
		return;

	if (!attempted->is_open)
	{
		MemoryContext caller = MemoryContextSwitchTo(attempted->context);

		open_tables(attempted, schema);
		MemoryContextSwitchTo(caller);
	}
	scan = plan_table_scan(&attempted->jobs, attempted->by_job, snapshot, key, lengthof(key));
	found = index_getnext_slot(scan, ForwardScanDirection, attempted->job);
	index_endscan(scan);
	if (!found)
		return;

	for (int i = 0; i < lengthof(job_columns); i++)
		values[job_columns[i].kept] = column_value(&attempted->jobs, attempted->job, job_columns[i].column,
												   &nulls[job_columns[i].kept]);
	read_plan(attempted, snapshot, plan_id);
	metadata = column_value(&attempted->jobs, attempted->job, JOB_TABLE_COLUMN(JOB_METADATA), &isnull);
	values[HISTORY_NEEDS_CS_ENSEMBLE] = BoolGetDatum(!isnull && job_needs_pooled(metadata));
	nulls[HISTORY_NEEDS_CS_ENSEMBLE] = false;
	values[HISTORY_GIT_COMMIT] = attempted->git_commit;
	nulls[HISTORY_GIT_COMMIT] = attempted->no_commit;
}
