/*
 * ordered_jobs.c
 *		The jobs of a stored plan, one after the other: target by target, of each
 *		the target's own first, then by symbol.
 *
 * The index of target and symbol has the plan in this order, but for the targets' own
 * jobs: without a symbol, they come last.  So where a target begins, a second scan
 * looks for these, and the first leaves them out.
 *
 * It is for callers that may see all rows: policies are not asked.
 */
#include "postgres.h"

#include "access/tableam.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#include "base/executor_compat.h"
#include "plans/ordered_jobs.h"

/* The order of plans: by target, then the target's own job, then by symbol, in the C collation. */
int
job_row_compare(const JobRow *a, const JobRow *b)
{
	int			order = slice_compare(a->target, b->target);

	if (order != 0)
		return order;
	if (slice_is_null(a->symbol) || slice_is_null(b->symbol))
		return slice_is_null(b->symbol) - slice_is_null(a->symbol);
	return slice_compare(a->symbol, b->symbol);
}

/* Have a row's target and symbol at hand; what is toasted is made in the current memory context. */
void
job_row_find_names(JobRow *job)
{
	job->target = slice_from_text(PG_DETOAST_DATUM_PACKED(job->values[JOB_TARGET]));
	job->symbol = job->nulls[JOB_SYMBOL] ? NULL_SLICE :
		slice_from_text(PG_DETOAST_DATUM_PACKED(job->values[JOB_SYMBOL]));
}

/* In the current memory context; the table stays open as long. */
void
ordered_jobs_open(OrderedJobs *jobs, const PlanTable *table, Snapshot snapshot, int64 plan_id)
{
	memset(jobs, 0, sizeof(OrderedJobs));
	jobs->table = table;
	jobs->context = AllocSetContextCreate(CurrentMemoryContext, "trainplan job", ALLOCSET_SMALL_SIZES);
	jobs->plan_id = plan_id;
	jobs->index = plan_table_open_target_index(table);
	jobs->scan = plan_table_scan_target(table, jobs->index, snapshot, plan_id, (Datum) 0);
	jobs->slot = table_slot_create(table->relation, NULL);
	jobs->own_scan = plan_table_begin_scan_without_symbol(table, jobs->index, snapshot);
	jobs->own_slot = table_slot_create(table->relation, NULL);
}

static void
take_row(OrderedJobs *jobs, TupleTableSlot *slot)
{
	JobRow	   *job = &jobs->job;
	MemoryContext caller;

	MemoryContextReset(jobs->context);
	slot_getallattrs(slot);
	for (int i = 0; i < JOB_COLUMNS; i++)
	{
		int			column = column_index(jobs->table, JOB_TABLE_COLUMN(i));

		job->values[i] = slot->tts_values[column];
		job->nulls[i] = slot->tts_isnull[column];
	}
	caller = MemoryContextSwitchTo(jobs->context);
	job_row_find_names(job);
	MemoryContextSwitchTo(caller);
}

static bool
begins_target(const OrderedJobs *jobs)
{
	return jobs->target == (Datum) 0 ||
		!slice_equal(jobs->job.target, slice_from_text((struct varlena *) DatumGetPointer(jobs->target)));
}

/* The row at hand is a target's first; one without a symbol has its turn before it. */
static void
begin_target(OrderedJobs *jobs)
{
	if (jobs->target != (Datum) 0)
		pfree(DatumGetPointer(jobs->target));
	jobs->target = slice_to_text(jobs->job.target);
	jobs->had_own_scan = !slice_is_null(jobs->job.symbol);
	if (!jobs->had_own_scan)
		return;

	plan_table_scan_without_symbol(jobs->own_scan, jobs->plan_id, jobs->target);
	jobs->in_own_scan = index_getnext_slot(jobs->own_scan, ForwardScanDirection, jobs->own_slot);
	if (jobs->in_own_scan)
		take_row(jobs, jobs->own_slot);
}

/*
 * Have the next job at hand; false behind the last.  To be called in the memory context
 * in which the jobs were opened.
 */
bool
ordered_jobs_next(OrderedJobs *jobs)
{
	CHECK_FOR_INTERRUPTS();

	if (jobs->in_own_scan)
	{
		jobs->in_own_scan = index_getnext_slot(jobs->own_scan, ForwardScanDirection, jobs->own_slot);
		take_row(jobs, jobs->in_own_scan ? jobs->own_slot : jobs->slot);
		return true;
	}

	while (index_getnext_slot(jobs->scan, ForwardScanDirection, jobs->slot))
	{
		take_row(jobs, jobs->slot);
		if (begins_target(jobs))
		{
			begin_target(jobs);
			return true;
		}
		if (!slice_is_null(jobs->job.symbol) || !jobs->had_own_scan)
			return true;
		CHECK_FOR_INTERRUPTS();
	}
	return false;
}

void
ordered_jobs_close(OrderedJobs *jobs)
{
	ExecDropSingleTupleTableSlot(jobs->own_slot);
	index_endscan(jobs->own_scan);
	ExecDropSingleTupleTableSlot(jobs->slot);
	index_endscan(jobs->scan);
	index_close(jobs->index, AccessShareLock);
	MemoryContextDelete(jobs->context);
}
