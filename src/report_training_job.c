/*
 * report_training_job.c
 *		SQL functions extend_training_job_lease(), complete_training_job() and
 *		fail_training_job(): what a worker says of a job that it claimed.
 *
 * Each returns whether the worker still held the job.  A worker whose lease ran
 * out holds nothing, be it that somebody else has claimed the job since or not,
 * and changes nothing.
 */
#include "postgres.h"

#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"

#include "execution_call.h"

PG_FUNCTION_INFO_V1(extend_training_job_lease);
PG_FUNCTION_INFO_V1(complete_training_job);
PG_FUNCTION_INFO_V1(fail_training_job);

/* Arguments that all three begin with, and the fourth and fifth. */
#define ARG_PLAN_ID		0
#define ARG_JOB_ID		1
#define ARG_ATTEMPT		2
#define ARG_LEASE		3
#define ARG_RESULT		3
#define ARG_ERROR		3
#define ARG_RETRY_IN	4

/*
 * A job that a worker reports about.  The report is made on a copy of what was
 * read, and made again if somebody else changed that meanwhile.
 */
typedef struct Report
{
	FunctionCallInfo fcinfo;
	JobQueue	queue;
	QueuePlace	held;			/* as it was read */
	QueuePlace	place;			/* as it is to be */
} Report;

static void
begin_report(Report *report, FunctionCallInfo fcinfo, const char *function)
{
	require_argument(fcinfo, ARG_PLAN_ID, "plan_id");
	require_argument(fcinfo, ARG_JOB_ID, "job_id");
	require_argument(fcinfo, ARG_ATTEMPT, "attempt");
	report->fcinfo = fcinfo;
	job_queue_open(&report->queue, get_func_namespace(fcinfo->flinfo->fn_oid), function);
}

/* Does the worker hold the job?  Read what there is to know about it. */
static bool
holds_job(Report *report)
{
	FunctionCallInfo fcinfo = report->fcinfo;

	if (!job_queue_find(&report->queue, PG_GETARG_INT64(ARG_PLAN_ID), PG_GETARG_DATUM(ARG_JOB_ID),
						&report->held))
		return false;
	report->place = report->held;
	return report->held.state == JOB_RUNNING &&
		report->held.attempt.number == PG_GETARG_INT32(ARG_ATTEMPT) &&
		lease_holds(&report->held.attempt, report->queue.now);
}

/*
 * Write the place.  Returns whether that is done; if not, somebody else was
 * faster, and the worker may not hold the job any more.
 */
static bool
write_place(Report *report)
{
	TM_Result	result = queue_place_write(&report->queue, &report->place);

	if (result == TM_Ok)
		return true;
	if (result != TM_Updated && result != TM_Deleted)
		elog(ERROR, "could not update table \"%s\": %d", QUEUE_TABLE, result);
	job_queue_refresh(&report->queue);
	return false;
}

/*
 * End the attempt of a place that is held, as the worker says or as it was
 * cancelled.  Returns as write_place(); *outcome is how it ended.
 */
static bool
end_attempt(Report *report, AttemptOutcome reported, Datum error, Datum result,
			int32 max_attempts, TimestampTz retry_at, AttemptOutcome *outcome)
{
	JobState	state;

	*outcome = attempt_outcome(&report->held.attempt, reported);
	state = state_after_attempt(&report->held.attempt, *outcome, max_attempts);
	queue_place_end_attempt(&report->place, state, report->queue.now, retry_at);
	if (!write_place(report))
		return false;
	history_insert(&report->queue, &report->held, *outcome, report->queue.now, error, result);
	return true;
}

/*
 * extend_training_job_lease(plan_id bigint, job_id text, attempt integer, lease interval)
 *
 * The worker of a job that is to be cancelled learns it here, and the job is
 * cancelled.
 */
Datum
extend_training_job_lease(PG_FUNCTION_ARGS)
{
	Report		report;
	TimestampTz lease_end;
	bool		extended = false;

	begin_report(&report, fcinfo, "extend_training_job_lease()");
	lease_end = lease_argument(fcinfo, ARG_LEASE, report.queue.now);
	while (holds_job(&report))
	{
		AttemptOutcome outcome;

		if (!report.held.attempt.cancel_requested)
		{
			report.place.ready_at = lease_end;
			extended = write_place(&report);
			if (extended)
				break;
		}
		else if (end_attempt(&report, ATTEMPT_CANCELLED, (Datum) 0, (Datum) 0, 0, 0, &outcome))
			break;
	}
	job_queue_close(&report.queue);

	PG_RETURN_BOOL(extended);
}

/*
 * complete_training_job(plan_id bigint, job_id text, attempt integer, result jsonb)
 */
Datum
complete_training_job(PG_FUNCTION_ARGS)
{
	Report		report;
	Datum		result = PG_ARGISNULL(ARG_RESULT) ? (Datum) 0 : PG_GETARG_DATUM(ARG_RESULT);
	bool		completed = false;

	begin_report(&report, fcinfo, "complete_training_job()");
	while (holds_job(&report))
	{
		AttemptOutcome outcome;

		if (end_attempt(&report, ATTEMPT_SUCCEEDED, (Datum) 0, result, 0, 0, &outcome))
		{
			completed = outcome == ATTEMPT_SUCCEEDED;
			break;
		}
	}
	job_queue_close(&report.queue);

	PG_RETURN_BOOL(completed);
}

/* How often the plan's jobs are tried; SPI is used for that. */
static int32
max_attempts(Report *report)
{
	ClaimedPlan plan;

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	PushActiveSnapshot(report->queue.snapshot);
	plan_argument(report->fcinfo, ARG_PLAN_ID, &plan);
	PopActiveSnapshot();
	SPI_finish();
	return plan.max_attempts;
}

/*
 * fail_training_job(plan_id bigint, job_id text, attempt integer, error text,
 *					 retry_in interval)
 */
Datum
fail_training_job(PG_FUNCTION_ARGS)
{
	Report		report;
	Datum		error = PG_ARGISNULL(ARG_ERROR) ? (Datum) 0 : PG_GETARG_DATUM(ARG_ERROR);
	TimestampTz retry_at;
	bool		recorded = false;

	begin_report(&report, fcinfo, "fail_training_job()");
	retry_at = retry_argument(fcinfo, ARG_RETRY_IN, report.queue.now);
	while (holds_job(&report))
	{
		AttemptOutcome outcome;

		if (end_attempt(&report, ATTEMPT_FAILED, error, (Datum) 0, max_attempts(&report), retry_at,
						&outcome))
		{
			recorded = outcome == ATTEMPT_FAILED;
			if (report.place.state == JOB_PENDING && retry_at <= report.queue.now)
				notify_of_jobs(report.place.plan_id);
			break;
		}
	}
	job_queue_close(&report.queue);

	PG_RETURN_BOOL(recorded);
}
