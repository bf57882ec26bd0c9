/*
 * release_training_jobs.c
 *		SQL function release_training_jobs(): the leases of a worker that is known to
 *		be dead end now.
 *
 * Its jobs are found by what runs, locked in the order of plan and job_id, and then
 * are what they would be had their leases run out.
 */
#include "postgres.h"

#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"

#include "execution/execution_call.h"
#include "execution/job_claim.h"
#include "execution/pooled_first.h"
#include "plans/job_channel.h"

PG_FUNCTION_INFO_V1(release_training_jobs);

/* Arguments, as the SQL declaration has them. */
#define ARG_WORKER		0
#define ARG_PLAN_ID		1

/* A job that a worker has. */
typedef struct HeldJob
{
	int64		plan_id;
	Datum		job_id;
} HeldJob;

typedef struct HeldJobs
{
	HeldJob    *jobs;
	int			count;
	int			allocated;
} HeldJobs;

static int
compare_jobs(const HeldJob *left, const HeldJob *right)
{
	if (left->plan_id != right->plan_id)
		return left->plan_id < right->plan_id ? -1 : 1;
	return slice_compare(slice_from_text(DatumGetTextPP(left->job_id)),
						 slice_from_text(DatumGetTextPP(right->job_id)));
}

#define ST_SORT sort_jobs
#define ST_ELEMENT_TYPE HeldJob
#define ST_COMPARE(a, b) compare_jobs(a, b)
#define ST_CHECK_FOR_INTERRUPTS
#define ST_SCOPE static
#define ST_DEFINE
#include "lib/sort_template.h"

/* Does a worker hold the job of a place? */
static bool
is_held_by(const JobQueue *queue, const QueuePlace *place, Slice worker)
{
	return place->state == JOB_RUNNING && place->worker != (Datum) 0 &&
		slice_equal(slice_from_text(DatumGetTextPP(place->worker)), worker) &&
		lease_holds(&place->attempt, queue->now);
}

/* The jobs that a worker has, of a plan or of all, in the order in which rows are locked. */
static void
find_held(JobQueue *queue, Slice worker, const int64 *plan_id, HeldJobs *held)
{
	RunningScan scan;
	QueuePlace	place;

	running_scan_begin(&scan, &queue->places.table, queue->snapshot);
	while (running_scan_next(&scan, queue->found))
	{
		HeldJob		job;

		queue_place_read(queue, &place);
		if (!is_held_by(queue, &place, worker) || (plan_id != NULL && place.plan_id != *plan_id))
			continue;
		job.plan_id = place.plan_id;
		job.job_id = datumCopy(place.job_id, false, -1);
		if (held->count == held->allocated)
		{
			held->allocated = Max(2 * held->allocated, 16);
			held->jobs = held->jobs == NULL ? palloc(held->allocated * sizeof(HeldJob)) :
				repalloc_huge(held->jobs, held->allocated * sizeof(HeldJob));
		}
		held->jobs[held->count++] = job;
	}
	running_scan_end(&scan);
	sort_jobs(held->jobs, held->count);
}

/* End the lease of a job now, if the worker has it still and the caller can see it. */
static bool
release(JobQueue *queue, const HeldJob *job, Slice worker, const StoredPlan *plan)
{
	QueuePlace	place;
	QueuePlace	ended;

	while (job_queue_find(queue, job->plan_id, job->job_id, &place) && is_held_by(queue, &place, worker))
	{
		if (!queue_place_lock(queue, &place))
			continue;
		if (!is_held_by(queue, &place, worker) || !is_job_visible(queue, job->plan_id, job->job_id))
			return false;
		place.attempt.lease_end = queue->now;
		queue_place_expire(queue, &place, plan, &ended);
		queue_place_write(queue, &place);
		record_expired(queue, &ended);
		if (place.state == JOB_PENDING)
			notify_of_jobs(job->plan_id);
		else if (place.awaited)
			(void) pooled_first_follow(queue, &place, JOB_RUNNING);
		return true;
	}
	return false;
}

/* Lock what may have to follow when these jobs of a plan end, and them with it. */
static void
lock_with_others(JobQueue *queue, const HeldJob *jobs, int count)
{
	ByteSort   *job_ids = byte_sort_create_rewindable(work_mem);

	for (int i = 0; i < count; i++)
	{
		append_slice(byte_sort_begin_record(job_ids), slice_from_text(DatumGetTextPP(jobs[i].job_id)));
		byte_sort_put(job_ids);
	}
	byte_sort_perform(job_ids);
	pooled_first_lock(queue, jobs[0].plan_id, job_ids, POOLED_ENDS);
	byte_sort_end(job_ids);
}

/* Release jobs of a plan; returns how many. */
static int64
release_of_plan(JobQueue *queue, const HeldJob *jobs, int count, Slice worker)
{
	StoredPlan	plan;
	int64		released = 0;

	/* it may have been deleted meanwhile, or be nothing for the caller to see */
	if (!find_plan(queue->schema, queue->snapshot, jobs[0].plan_id, &plan))
		return 0;
	if (plan.pooled_first)
		lock_with_others(queue, jobs, count);
	for (int i = 0; i < count; i++)
	{
		CHECK_FOR_INTERRUPTS();
		released += release(queue, &jobs[i], worker, &plan);
	}
	return released;
}

/*
 * release_training_jobs(worker text, plan_id bigint)
 *
 * Returns how many jobs the worker had.
 */
Datum
release_training_jobs(PG_FUNCTION_ARGS)
{
	Slice		worker = required_slice_argument(fcinfo, ARG_WORKER, "worker");
	int64		plan_id = PG_ARGISNULL(ARG_PLAN_ID) ? 0 : PG_GETARG_INT64(ARG_PLAN_ID);
	HeldJobs	held = {0};
	StoredPlan	plan;
	JobQueue	queue;
	int64		released = 0;

	job_queue_open(&queue, get_func_namespace(fcinfo->flinfo->fn_oid), "release_training_jobs()");
	if (!PG_ARGISNULL(ARG_PLAN_ID))
		(void) plan_argument(fcinfo, ARG_PLAN_ID, &queue, &plan);
	find_held(&queue, worker, PG_ARGISNULL(ARG_PLAN_ID) ? NULL : &plan_id, &held);
	for (int first = 0, end; first < held.count; first = end)
	{
		for (end = first + 1; end < held.count && held.jobs[end].plan_id == held.jobs[first].plan_id;)
			end++;
		released += release_of_plan(&queue, &held.jobs[first], end - first, worker);
	}
	job_queue_close(&queue);
	PG_RETURN_INT64(released);
}
