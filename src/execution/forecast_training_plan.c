/*
 * forecast_training_plan.c
 *		SQL function forecast_training_plan(): when the jobs of a plan that are
 *		left will begin and end.
 *
 * How long they take is told by the history (forecast_estimates.c), and when they begin
 * by working them off in thought (forecast_simulation.c).  All is seen as the query sees
 * it that calls the function.
 *
 * Over many numbers of workers, a query calls the function again and again: what the
 * history says is kept from one call of a query to the next.
 */
#include "postgres.h"

#include <math.h>

#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "base/arguments.h"
#include "base/row_query.h"
#include "base/byte_sort.h"
#include "base/slice_pack.h"
#include "execution/execution_call.h"
#include "execution/forecast_jobs.h"

PG_FUNCTION_INFO_V1(forecast_training_plan);

/* Arguments, as the SQL declaration has them. */
#define ARG_PLAN_ID		0
#define ARG_WORKERS		1

typedef enum ForecastColumn
{
	COLUMN_PLACE,
	COLUMN_JOB_ID,
	COLUMN_TARGET,
	COLUMN_SYMBOL,
	COLUMN_PRIORITY,
	COLUMN_STATE,
	COLUMN_EXPECTED_SECONDS,
	COLUMN_BASIS,
	COLUMN_RUNS,
	COLUMN_EXPECTED_START,
	COLUMN_EXPECTED_END,
	FORECAST_COLUMNS
} ForecastColumn;

static const char *const state_texts[] = {
	[FORECAST_PENDING] = "pending",
	[FORECAST_WAITING] = "waiting",
	[FORECAST_RUNNING] = "running"
};

static const char *const basis_texts[] = {
	[BASIS_SAME_JOB] = "same job",
	[BASIS_SAME_TARGET] = "same target",
	[BASIS_SAME_KIND] = "same kind",
	[BASIS_ALL_JOBS] = "all jobs"
};

/* Where nobody knows how long jobs take, their order is that of jobs that take as long as each other. */
#define LENGTH_UNKNOWN	USECS_PER_MINUTE

/* ---- times --------------------------------------------------------------------------- */

/* How long a job takes, in microseconds. */
static int64
length_of_estimate(Estimate estimate)
{
	double		length = rint(estimate.seconds * USECS_PER_SEC);

	if (estimate.basis == BASIS_NONE)
		return LENGTH_UNKNOWN;
	return length < (double) FORECAST_NEVER ? (int64) length : FORECAST_NEVER;
}

/* The time that is so far from now. */
static Datum
time_of_distance(TimestampTz now, int64 distance)
{
	if (distance >= FORECAST_NEVER)
		return TimestampTzGetDatum(DT_NOEND);
	if (distance <= -FORECAST_NEVER || now + distance < MIN_TIMESTAMP)
		return TimestampTzGetDatum(DT_NOBEGIN);
	return TimestampTzGetDatum(now + distance);
}

/* ---- rows ---------------------------------------------------------------------------- */

/* Put how jobs are shown into their order. */
static ByteSort *
sort_texts(ForecastJobs *jobs, const uint32 *order, uint32 count)
{
	ByteSort   *sort = byte_sort_create(work_mem);
	uint32	   *places = palloc_extended(Max(jobs->forecast.count, 1) * sizeof(uint32), MCXT_ALLOC_HUGE);
	uint32		place = 0;
	ForecastText text;

	for (uint32 i = 0; i < count; i++)
	{
		if (jobs->forecast.jobs[order[i]].is_shown)
			places[order[i]] = ++place;
	}
	while (forecast_text_next(jobs, &text))
	{
		StringInfo	record = byte_sort_begin_record(sort);
		char		state = (char) text.state;

		CHECK_FOR_INTERRUPTS();
		append_sortable_number(record, places[text.number]);
		append_sortable_number(record, text.number);
		appendBinaryStringInfo(record, &state, 1);
		pack_slice(record, text.job_id);
		pack_slice(record, text.target);
		pack_slice(record, text.symbol);
		byte_sort_put(sort);
	}
	pfree(places);
	byte_sort_perform(sort);
	return sort;
}

static void
return_row(ReturnSetInfo *rsinfo, const ForecastJobs *jobs, TimestampTz now, Slice record)
{
	Datum		values[FORECAST_COLUMNS] = {0};
	bool		nulls[FORECAST_COLUMNS] = {false};
	int64		place = read_sortable_number(&record);
	uint32		number = (uint32) read_sortable_number(&record);
	const ForecastJob *job = &jobs->forecast.jobs[number];
	Estimate	estimate = estimates_answer(jobs->estimates, number);
	const char *position = record.data + 1;
	bool		is_known = estimate.basis != BASIS_NONE;

	values[COLUMN_PLACE] = Int64GetDatum(place);
	values[COLUMN_JOB_ID] = slice_to_text(unpack_slice(&position));
	values[COLUMN_TARGET] = slice_to_text(unpack_slice(&position));
	values[COLUMN_SYMBOL] = slice_to_text_or_null(unpack_slice(&position), &nulls[COLUMN_SYMBOL]);
	values[COLUMN_PRIORITY] = Int32GetDatum(job->priority);
	values[COLUMN_STATE] = CStringGetTextDatum(state_texts[(int) *record.data]);
	values[COLUMN_RUNS] = Int64GetDatum(estimate.runs);
	nulls[COLUMN_EXPECTED_SECONDS] = nulls[COLUMN_BASIS] = !is_known;
	nulls[COLUMN_EXPECTED_START] = nulls[COLUMN_EXPECTED_END] = !is_known || job->start == FORECAST_NEVER;
	if (is_known)
	{
		values[COLUMN_EXPECTED_SECONDS] = Float8GetDatum(estimate.seconds);
		values[COLUMN_BASIS] = CStringGetTextDatum(basis_texts[estimate.basis]);
		values[COLUMN_EXPECTED_START] = time_of_distance(now, job->start);
		values[COLUMN_EXPECTED_END] = time_of_distance(now, job->end);
	}
	tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
}

static void
return_rows(ReturnSetInfo *rsinfo, ForecastJobs *jobs, TimestampTz now, const uint32 *order, uint32 count)
{
	ByteSort   *sort = sort_texts(jobs, order, count);
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "trainplan row", ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = CurrentMemoryContext;
	Slice		record;

	while (byte_sort_next(sort, &record))
	{
		CHECK_FOR_INTERRUPTS();
		MemoryContextSwitchTo(context);
		return_row(rsinfo, jobs, now, record);
		MemoryContextSwitchTo(caller);
		MemoryContextReset(context);
	}
	byte_sort_end(sort);
}

/* ---- the function --------------------------------------------------------------------- */

/* What this query's calls know of the history: of a call before, if that is still so. */
static Estimates *
call_estimates(FmgrInfo *flinfo)
{
	if (flinfo->fn_extra != NULL && !estimates_are_good(flinfo->fn_extra))
	{
		estimates_free(flinfo->fn_extra);
		flinfo->fn_extra = NULL;
	}
	if (flinfo->fn_extra == NULL)
		flinfo->fn_extra = estimates_create(flinfo->fn_mcxt);
	estimates_clear(flinfo->fn_extra);
	return flinfo->fn_extra;
}

/* How many workers there are; 0: as many as run now. */
static int64
workers_argument(FunctionCallInfo fcinfo)
{
	if (PG_ARGISNULL(ARG_WORKERS))
		return 0;
	if (PG_GETARG_INT32(ARG_WORKERS) < 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("workers must be at least 1"),
				 errhint("Give NULL for as many as run jobs of the plan now.")));
	return PG_GETARG_INT32(ARG_WORKERS);
}

/* Make the forecast for a plan. */
static void
forecast_plan(FunctionCallInfo fcinfo, Oid schema, const StoredPlan *plan, int64 workers)
{
	TimestampTz now = GetCurrentStatementStartTimestamp();
	ForecastJobs jobs;
	PlanTable	history;
	uint32	   *order;
	uint32		count;

	forecast_jobs_read(&jobs, schema, GetActiveSnapshot(), plan, now, call_estimates(fcinfo->flinfo));
	plan_table_open(&history, schema, HISTORY_TABLE, AccessShareLock);
	estimates_read(jobs.estimates, history.relid);
	plan_table_close(&history);

	for (uint32 i = 0; i < jobs.forecast.count; i++)
		jobs.forecast.jobs[i].length = length_of_estimate(estimates_answer(jobs.estimates, i));
	jobs.forecast.workers = workers > 0 ? workers : Max(jobs.running, 1);
	order = palloc_extended(Max(jobs.forecast.count, 1) * sizeof(uint32), MCXT_ALLOC_HUGE);
	count = forecast_simulate(&jobs.forecast, order);
	return_rows((ReturnSetInfo *) fcinfo->resultinfo, &jobs, now, order, count);
	spool_close(jobs.texts);
}

/* forecast_training_plan(plan_id bigint, workers integer) */
Datum
forecast_training_plan(PG_FUNCTION_ARGS)
{
	Oid			schema = get_func_namespace(fcinfo->flinfo->fn_oid);
	int64		workers = workers_argument(fcinfo);
	JobQueue	queue = {.schema = schema};
	MemoryContext context;
	MemoryContext caller;
	StoredPlan	plan;

	InitMaterializedSRF(fcinfo, 0);
	context = AllocSetContextCreate(CurrentMemoryContext, "trainplan forecast", ALLOCSET_DEFAULT_SIZES);
	caller = MemoryContextSwitchTo(context);
	plan_tables_lock(schema, AccessShareLock);
	push_snapshot_of_now();
	queue.snapshot = GetActiveSnapshot();
	if (plan_argument(fcinfo, ARG_PLAN_ID, &queue, &plan))
		forecast_plan(fcinfo, schema, &plan, workers);
	PopActiveSnapshot();
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(context);
	return (Datum) 0;
}
