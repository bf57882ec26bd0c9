/*
 * execution_call.c
 *		What the functions for workers have in common: the plan that they are
 *		about, the jobs that the caller can see, and how long a lease is.
 */
#include "postgres.h"

#include "utils/fmgrprotos.h"
#include "utils/timestamp.h"

#include "base/compat.h"
#include "execution/execution_call.h"

/* What a lease is by default, in the SQL declarations too. */
#define DEFAULT_LEASE_MINUTES	15

/* A hundred thousand years: what is further off may be no time that PostgreSQL knows. */
#define LONGEST_INTERVAL_DAYS	INT64CONST(36525000)

/*
 * The plan that is an argument, or the latest if that is NULL, as the queue sees
 * it.  False: there is no plan at all.  A plan that does not exist is an error
 * (no_data_found).
 */
bool
plan_argument(FunctionCallInfo fcinfo, int argument, const JobQueue *queue, StoredPlan *plan)
{
	if (PG_ARGISNULL(argument))
		return find_latest_plan(queue->schema, queue->snapshot, plan);
	if (!find_plan(queue->schema, queue->snapshot, PG_GETARG_INT64(argument), plan))
		report_no_plan(PG_GETARG_INT64(argument));
	return true;
}

/*
 * Can the caller see a job?  Row-level security on the jobs decides; where there is
 * none, whoever may write in the queue can.
 */
bool
is_job_visible(const JobQueue *queue, int64 plan_id, Datum job_id)
{
	JobReader	reader;
	bool		visible;

	if (!queue->jobs_have_policies)
		return true;
	job_reader_open(&reader, queue->schema, queue->snapshot);
	visible = job_reader_find(&reader, plan_id, job_id);
	job_reader_close(&reader);
	return visible;
}

/* The time that an interval from now is. */
TimestampTz
time_after(TimestampTz now, const Interval *interval)
{
	return DatumGetTimestampTz(DirectFunctionCall2(timestamptz_pl_interval,
												   TimestampTzGetDatum(now),
												   IntervalPGetDatum(interval)));
}

/* An interval must have an end that there is a time for; name is for the message. */
static void
check_length(const Interval *interval, const char *name)
{
	int64		days = (int64) interval->month * DAYS_PER_MONTH + interval->day +
		interval->time / USECS_PER_DAY;

	if (INTERVAL_NOT_FINITE(interval))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must be finite", name)));
	if (days > LONGEST_INTERVAL_DAYS || days < -LONGEST_INTERVAL_DAYS)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s is out of range", name)));
}

/* The length of a lease; NULL means the default. */
Interval
lease_argument(FunctionCallInfo fcinfo, int argument)
{
	Interval	lease = {.time = DEFAULT_LEASE_MINUTES * USECS_PER_MINUTE};
	TimestampTz now = GetCurrentTimestamp();

	if (PG_ARGISNULL(argument))
		return lease;
	lease = *PG_GETARG_INTERVAL_P(argument);
	check_length(&lease, "lease");
	if (time_after(now, &lease) <= now)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("lease must be longer than nothing"),
				 errhint("A worker has to report or extend the lease before it ends.")));
	return lease;
}

/* In which time to try again; NULL means at once. */
Interval
retry_argument(FunctionCallInfo fcinfo, int argument)
{
	Interval	retry_in = {0};
	TimestampTz now = GetCurrentTimestamp();

	if (PG_ARGISNULL(argument))
		return retry_in;
	retry_in = *PG_GETARG_INTERVAL_P(argument);
	check_length(&retry_in, "retry_in");
	if (time_after(now, &retry_in) < now)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("retry_in must not be negative")));
	return retry_in;
}
