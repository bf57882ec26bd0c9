/*
 * report_training_job.c
 *		SQL functions extend_training_job_lease(), complete_training_job(),
 *		fail_training_job(), extend_training_job_leases() and
 *		complete_training_jobs(): what a worker says of jobs that it claimed.
 *
 * Each says whether the worker still held the job.  A worker whose lease ran out
 * holds nothing, be it that somebody else has claimed the job since or not, and
 * changes nothing.  Nor does anybody hold jobs of a plan that was deleted.  A job
 * that is not in a plan that is there, or that the caller can't see, is an error, or
 * among many a warning: the reports of the others count.
 *
 * A report waits for whoever else is changing the job's place in the queue, and
 * goes by what there is then.  Reports about many jobs at once lock their places
 * in the order of job_id, as everybody does who locks more than one and waits.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/lsyscache.h"

#include "execution/execution_call.h"
#include "execution/pooled_first.h"
#include "plans/job_channel.h"

PG_FUNCTION_INFO_V1(extend_training_job_lease);
PG_FUNCTION_INFO_V1(complete_training_job);
PG_FUNCTION_INFO_V1(fail_training_job);
PG_FUNCTION_INFO_V1(extend_training_job_leases);
PG_FUNCTION_INFO_V1(complete_training_jobs);

/* Arguments that all begin with, and the fourth and fifth. */
#define ARG_PLAN_ID		0
#define ARG_JOB_ID		1
#define ARG_JOB_IDS		1
#define ARG_ATTEMPT		2
#define ARG_ATTEMPTS	2
#define ARG_LEASE		3
#define ARG_RESULT		3
#define ARG_RESULTS		3
#define ARG_ERROR		3
#define ARG_RETRY_IN	4
#define ARG_PROGRESS	4

/* Which attempt a worker reports about. */
typedef struct ReportedAttempt
{
	int64		plan_id;
	Datum		job_id;			/* text */
	int32		number;
	bool		is_locked;		/* its place, with all that follow it, as far as they may */
} ReportedAttempt;

/* What it says of it. */
typedef struct Report
{
	AttemptOutcome outcome;
	Datum		error;			/* 0: none */
	Datum		result;			/* 0: none */
	int32		max_attempts;	/* of a failure: those of its plan */
	Interval	retry_in;		/* of a failure */
} Report;

/* Does a worker hold the job of a place? */
static bool
is_held(const JobQueue *queue, const QueuePlace *place, int32 attempt)
{
	return place->state == JOB_RUNNING && place->attempt.number == attempt &&
		lease_holds(&place->attempt, queue->now);
}

/*
 * Find the place of a job that the worker holds, and lock it; where others wait for it,
 * those before it in the order of locks first, if the report ends the attempt.  False: the
 * worker does not hold it, or can't see it.
 */
static bool
hold_place(JobQueue *queue, const ReportedAttempt *attempt, bool ends, QueuePlace *place)
{
	bool		is_locked = attempt->is_locked;

	while (job_queue_find(queue, attempt->plan_id, attempt->job_id, place) &&
		   is_held(queue, place, attempt->number))
	{
		if (place->awaited && !is_locked && (ends || place->attempt.cancel_requested))
		{
			pooled_first_lock_one(queue, attempt->plan_id, attempt->job_id);
			is_locked = true;
			continue;
		}
		if (queue_place_lock(queue, place))
			return is_held(queue, place, attempt->number) &&
				is_job_visible(queue, attempt->plan_id, attempt->job_id);
	}
	return false;
}

/*
 * End the attempt of a place that is held, as the worker says or as it was
 * cancelled.  Returns whether it ended as the worker says.
 */
static bool
end_attempt(JobQueue *queue, const QueuePlace *held, const Report *report)
{
	AttemptOutcome outcome = attempt_outcome(&held->attempt, report->outcome);
	JobState	state = state_after_attempt(&held->attempt, outcome, report->max_attempts);
	QueuePlace	ended = *held;
	QueuePlace	place;

	queue_place_number_attempt(queue, &ended);
	place = ended;
	queue_place_end_attempt(&place, state, queue->now, time_after(queue->now, &report->retry_in));
	queue_place_write(queue, &place);
	history_insert(queue, &ended, outcome, queue->now, report->error, report->result);
	if (place.state == JOB_PENDING && place.ready_at <= queue->now)
		notify_of_jobs(place.plan_id);
	if (place.awaited && place.state != JOB_PENDING)
		(void) pooled_first_follow(queue, &place, JOB_RUNNING);
	return outcome == report->outcome;
}

/*
 * Give a job another lease from now on, if the worker holds it, and note how far it is
 * (NULL: as far as it was).  The worker of a job that is to be cancelled learns it
 * here, and the job is cancelled.
 */
static bool
extend_lease(JobQueue *queue, const ReportedAttempt *attempt, const Interval *lease, const double *progress)
{
	QueuePlace	place;

	if (!hold_place(queue, attempt, false, &place))
		return false;
	if (place.attempt.cancel_requested)
	{
		Report		report = {.outcome = ATTEMPT_CANCELLED};

		(void) end_attempt(queue, &place, &report);
		return false;
	}
	place.ready_at = time_after(queue->now, lease);
	if (progress != NULL)
	{
		place.progress = *progress;
		place.has_no_progress = false;
	}
	queue_place_write(queue, &place);
	return true;
}

/* Record that an attempt succeeded, if the worker holds the job; result may be 0. */
static bool
complete(JobQueue *queue, const ReportedAttempt *attempt, Datum result)
{
	Report		report = {.outcome = ATTEMPT_SUCCEEDED, .result = result};
	QueuePlace	place;

	return hold_place(queue, attempt, true, &place) && end_attempt(queue, &place, &report);
}

/* May the caller read plans and jobs?  Reports that are accepted do not ask for that. */
static bool
may_read_jobs(Oid schema)
{
	static const PlanTableId ids[] = {PLANS_TABLE, JOBS_TABLE};
	bool		may_read = true;

	for (int i = 0; i < lengthof(ids); i++)
	{
		PlanTable	table;

		plan_table_open(&table, schema, ids[i], AccessShareLock);
		may_read &= pg_class_aclcheck(table.relid, GetUserId(), ACL_SELECT) == ACLCHECK_OK;
		plan_table_close(&table);
	}
	return may_read;
}

/*
 * Does a plan that is there not have the job of a report that was not accepted, as
 * far as the caller can see?  One that has a place was a job when it was claimed;
 * where row-level security decides, that is nothing to go by.
 */
static bool
is_unknown_job(JobQueue *queue, const ReportedAttempt *attempt)
{
	QueuePlace	place;
	StoredPlan	plan;
	JobReader	jobs;
	bool		found;

	if (!queue->jobs_have_policies &&
		job_queue_find(queue, attempt->plan_id, attempt->job_id, &place))
		return false;
	if (!may_read_jobs(queue->schema) ||
		!find_plan(queue->schema, queue->snapshot, attempt->plan_id, &plan))
		return false;
	job_reader_open(&jobs, queue->schema, queue->snapshot);
	found = job_reader_find(&jobs, attempt->plan_id, attempt->job_id);
	job_reader_close(&jobs);
	return !found;
}

/* ---- one job ------------------------------------------------------------------ */

static ReportedAttempt
attempt_arguments(FunctionCallInfo fcinfo)
{
	ReportedAttempt attempt = {0};

	require_argument(fcinfo, ARG_PLAN_ID, "plan_id");
	require_argument(fcinfo, ARG_JOB_ID, "job_id");
	require_argument(fcinfo, ARG_ATTEMPT, "attempt");
	attempt.plan_id = PG_GETARG_INT64(ARG_PLAN_ID);
	attempt.job_id = PG_GETARG_DATUM(ARG_JOB_ID);
	attempt.number = PG_GETARG_INT32(ARG_ATTEMPT);
	return attempt;
}

static void
open_queue(JobQueue *queue, FunctionCallInfo fcinfo, const char *function)
{
	job_queue_open(queue, get_func_namespace(fcinfo->flinfo->fn_oid), function);
}

/*
 * End a report about one job, and return whether the worker held it.  A job that the
 * plan does not have is an error (no_data_found).
 */
static Datum
close_report(JobQueue *queue, const ReportedAttempt *attempt, bool held)
{
	if (!held && is_unknown_job(queue, attempt))
		report_no_job(attempt->plan_id, attempt->job_id);
	job_queue_close(queue);
	return BoolGetDatum(held);
}

/* An argument's value, or 0. */
static Datum
value_or_none(FunctionCallInfo fcinfo, int argument)
{
	return PG_ARGISNULL(argument) ? (Datum) 0 : PG_GETARG_DATUM(argument);
}

/* How far a job is, from 0 to 1. */
static double
progress_argument(FunctionCallInfo fcinfo)
{
	double		progress = PG_GETARG_FLOAT8(ARG_PROGRESS);

	if (!(progress >= 0 && progress <= 1))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("progress must be from 0 to 1")));
	return progress;
}

/*
 * extend_training_job_lease(plan_id bigint, job_id text, attempt integer, lease interval,
 *							 progress double precision)
 */
Datum
extend_training_job_lease(PG_FUNCTION_ARGS)
{
	ReportedAttempt attempt = attempt_arguments(fcinfo);
	Interval	lease = lease_argument(fcinfo, ARG_LEASE);
	/* version 1.0 declares the function without it */
	bool		has_progress = PG_NARGS() > ARG_PROGRESS && !PG_ARGISNULL(ARG_PROGRESS);
	double		progress = has_progress ? progress_argument(fcinfo) : 0;
	JobQueue	queue;

	open_queue(&queue, fcinfo, "extend_training_job_lease()");
	return close_report(&queue, &attempt,
						extend_lease(&queue, &attempt, &lease, has_progress ? &progress : NULL));
}

/*
 * complete_training_job(plan_id bigint, job_id text, attempt integer, result jsonb)
 */
Datum
complete_training_job(PG_FUNCTION_ARGS)
{
	ReportedAttempt attempt = attempt_arguments(fcinfo);
	JobQueue	queue;

	open_queue(&queue, fcinfo, "complete_training_job()");
	return close_report(&queue, &attempt,
						complete(&queue, &attempt, value_or_none(fcinfo, ARG_RESULT)));
}

/*
 * fail_training_job(plan_id bigint, job_id text, attempt integer, error text,
 *					 retry_in interval)
 */
Datum
fail_training_job(PG_FUNCTION_ARGS)
{
	ReportedAttempt attempt = attempt_arguments(fcinfo);
	Report		report = {
		.outcome = ATTEMPT_FAILED,
		.error = value_or_none(fcinfo, ARG_ERROR),
		.retry_in = retry_argument(fcinfo, ARG_RETRY_IN)
	};
	JobQueue	queue;
	QueuePlace	place;
	StoredPlan	plan;
	bool		recorded = false;

	open_queue(&queue, fcinfo, "fail_training_job()");
	if (hold_place(&queue, &attempt, true, &place))
	{
		(void) plan_argument(fcinfo, ARG_PLAN_ID, &queue, &plan);
		report.max_attempts = plan.max_attempts;
		recorded = end_attempt(&queue, &place, &report);
	}
	return close_report(&queue, &attempt, recorded);
}

/* ---- many jobs ----------------------------------------------------------------- */

/* Reports about many jobs of a plan, with what became of each. */
typedef struct Batch
{
	int64		plan_id;
	int			count;
	Datum	   *job_ids;
	Datum	   *attempts;
	int		   *order;			/* in which the jobs are reported */
	bool	   *held;
	int			unknown;		/* how many the plan does not have */
	Datum		first_unknown;	/* of these, in that order */
} Batch;

static void
require_same_length(int count, const char *name, const Batch *batch)
{
	if (count != batch->count)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("job_ids and %s must have the same length", name),
				 errdetail("There are %d job_ids and %d %s.", batch->count, count, name)));
}

/* By job_id, and of one job as they were given. */
static int
compare_reports(const Batch *batch, int left, int right)
{
	int			result = slice_compare(slice_from_text(DatumGetTextPP(batch->job_ids[left])),
									   slice_from_text(DatumGetTextPP(batch->job_ids[right])));

	return result != 0 ? result : left - right;
}

/* Numbers of reports. */
#define ST_SORT sort_reports
#define ST_ELEMENT_TYPE int
#define ST_COMPARE_ARG_TYPE const Batch
#define ST_COMPARE(a, b, batch) compare_reports(batch, *(a), *(b))
#define ST_CHECK_FOR_INTERRUPTS
#define ST_SCOPE static
#define ST_DEFINE
#include "lib/sort_template.h"

static void
batch_arguments(FunctionCallInfo fcinfo, Batch *batch)
{
	int			attempts;

	require_argument(fcinfo, ARG_PLAN_ID, "plan_id");
	batch->plan_id = PG_GETARG_INT64(ARG_PLAN_ID);
	batch->job_ids = array_argument(fcinfo, ARG_JOB_IDS, TEXTOID, "job_ids", &batch->count, NULL);
	batch->attempts = array_argument(fcinfo, ARG_ATTEMPTS, INT4OID, "attempts", &attempts, NULL);
	require_same_length(attempts, "attempts", batch);

	batch->unknown = 0;
	batch->held = palloc0(Max(batch->count, 1) * sizeof(bool));
	batch->order = palloc(Max(batch->count, 1) * sizeof(int));
	for (int i = 0; i < batch->count; i++)
		batch->order[i] = i;
	sort_reports(batch->order, batch->count, batch);
}

/*
 * Where jobs wait for others of the batch, their places are locked in one order with those
 * of the batch, before any is changed.
 */
static void
lock_batch(JobQueue *queue, const Batch *batch, PooledChange change)
{
	ByteSort   *job_ids;

	if (!is_plan_pooled_first(queue->schema, queue->snapshot, batch->plan_id))
		return;
	job_ids = byte_sort_create_rewindable(work_mem);
	for (int i = 0; i < batch->count; i++)
	{
		append_slice(byte_sort_begin_record(job_ids), slice_from_text(DatumGetTextPP(batch->job_ids[i])));
		byte_sort_put(job_ids);
	}
	byte_sort_perform(job_ids);
	pooled_first_lock(queue, batch->plan_id, job_ids, change);
	byte_sort_end(job_ids);
}

/* The attempt that a report is about, by its number in the order. */
static ReportedAttempt
batch_attempt(const Batch *batch, int i)
{
	ReportedAttempt attempt = {
		batch->plan_id, batch->job_ids[batch->order[i]],
		DatumGetInt32(batch->attempts[batch->order[i]]), true
	};

	CHECK_FOR_INTERRUPTS();
	return attempt;
}

/* What became of a report, by its number in the order. */
static void
note_report(Batch *batch, JobQueue *queue, int i, const ReportedAttempt *attempt, bool held)
{
	batch->held[batch->order[i]] = held;
	if (!held && is_unknown_job(queue, attempt) && batch->unknown++ == 0)
		batch->first_unknown = attempt->job_id;
}

/* A row for each job, as they were given: job_id, held. */
static void
return_batch(FunctionCallInfo fcinfo, const Batch *batch)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;

	for (int i = 0; i < batch->count; i++)
	{
		Datum		values[] = {batch->job_ids[i], BoolGetDatum(batch->held[i])};
		bool		nulls[] = {false, false};

		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
	if (batch->unknown > 0)
		ereport(WARNING,
				(errcode(ERRCODE_NO_DATA_FOUND),
				 errmsg("training plan %lld has no job \"%s\"", (long long) batch->plan_id,
						TextDatumGetCString(batch->first_unknown)),
				 batch->unknown > 1 ?
				 errdetail_plural("Nor has it %d other of the jobs that were reported.",
								  "Nor has it %d others of the jobs that were reported.",
								  batch->unknown - 1, batch->unknown - 1) : 0));
}

/*
 * extend_training_job_leases(plan_id bigint, job_ids text[], attempts integer[],
 *							  lease interval)
 */
Datum
extend_training_job_leases(PG_FUNCTION_ARGS)
{
	Interval	lease = lease_argument(fcinfo, ARG_LEASE);
	Batch		batch;
	JobQueue	queue;

	InitMaterializedSRF(fcinfo, 0);
	batch_arguments(fcinfo, &batch);
	open_queue(&queue, fcinfo, "extend_training_job_leases()");
	lock_batch(&queue, &batch, POOLED_IS_EXTENDED);
	for (int i = 0; i < batch.count; i++)
	{
		ReportedAttempt attempt = batch_attempt(&batch, i);

		note_report(&batch, &queue, i, &attempt, extend_lease(&queue, &attempt, &lease, NULL));
	}
	job_queue_close(&queue);
	return_batch(fcinfo, &batch);

	return (Datum) 0;
}

/* The results of a batch, of which each may be null; NULL: none has one. */
static Datum *
results_argument(FunctionCallInfo fcinfo, const Batch *batch, bool **nulls)
{
	Datum	   *results;
	int			count;

	if (PG_ARGISNULL(ARG_RESULTS))
		return NULL;
	results = array_argument(fcinfo, ARG_RESULTS, JSONBOID, "results", &count, nulls);
	require_same_length(count, "results", batch);
	return results;
}

/*
 * complete_training_jobs(plan_id bigint, job_ids text[], attempts integer[],
 *						  results jsonb[])
 */
Datum
complete_training_jobs(PG_FUNCTION_ARGS)
{
	Batch		batch;
	Datum	   *results;
	bool	   *nulls;
	JobQueue	queue;

	InitMaterializedSRF(fcinfo, 0);
	batch_arguments(fcinfo, &batch);
	results = results_argument(fcinfo, &batch, &nulls);
	open_queue(&queue, fcinfo, "complete_training_jobs()");
	lock_batch(&queue, &batch, POOLED_ENDS);
	for (int i = 0; i < batch.count; i++)
	{
		ReportedAttempt attempt = batch_attempt(&batch, i);
		int			place = batch.order[i];
		Datum		result = results == NULL || nulls[place] ? (Datum) 0 : results[place];

		note_report(&batch, &queue, i, &attempt, complete(&queue, &attempt, result));
	}
	job_queue_close(&queue);
	return_batch(fcinfo, &batch);

	return (Datum) 0;
}
