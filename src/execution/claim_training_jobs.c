/*
 * claim_training_jobs.c
 *		SQL function claim_training_jobs(): a worker in, its jobs out as rows.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"

#include "base/arguments.h"
#include "execution/claimable_plans.h"
#include "execution/execution_call.h"
#include "execution/job_claim.h"
#include "planning/families.h"

PG_FUNCTION_INFO_V1(claim_training_jobs);

/* Arguments, as the SQL declaration has them. */
#define ARG_WORKER		0
#define ARG_MAX_JOBS	1
#define ARG_PLAN_ID		2
#define ARG_LEASE		3
#define ARG_FAMILIES	4
#define ARG_TRAINING_TYPE	5
#define ARG_MIN_PRIORITY	6
#define ARG_JOB_IDS		7
#define ARG_ANY_PLAN	8

/* The columns behind a job's own. */
typedef enum ClaimColumn
{
	CLAIMED_PLAN_ID = JOB_COLUMNS,
	CLAIMED_ATTEMPT,
	CLAIMED_LEASE_EXPIRES_AT,
	CLAIMED_COLUMNS
} ClaimColumn;

/* Implements JobTaker: returns the job. */
static void
take_job(JobClaim *claim, const QueuePlace *place)
{
	ReturnSetInfo *rsinfo = claim->arg;
	Datum		values[CLAIMED_COLUMNS];
	bool		nulls[CLAIMED_COLUMNS] = {false};

	memcpy(values, claim->jobs.values, sizeof(claim->jobs.values));
	memcpy(nulls, claim->jobs.nulls, sizeof(claim->jobs.nulls));
	values[CLAIMED_PLAN_ID] = Int64GetDatum(place->plan_id);
	values[CLAIMED_ATTEMPT] = Int32GetDatum(place->attempt.number);
	values[CLAIMED_LEASE_EXPIRES_AT] = TimestampTzGetDatum(place->ready_at);
	tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
}

/* ---- arguments ---------------------------------------------------------------- */

static Datum
worker_argument(FunctionCallInfo fcinfo)
{
	if (required_slice_argument(fcinfo, ARG_WORKER, "worker").len == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("worker must not be empty"),
				 errhint("Give a name by which the worker can be found, like its host and process.")));
	return PointerGetDatum(PG_GETARG_TEXT_PP(ARG_WORKER));
}

static int
max_jobs_argument(FunctionCallInfo fcinfo)
{
	int			max_jobs = PG_ARGISNULL(ARG_MAX_JOBS) ? 1 : PG_GETARG_INT32(ARG_MAX_JOBS);

	if (max_jobs < 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("max_jobs must be at least 1")));
	return max_jobs;
}

/* The worker's families: NULL if it takes any. */
static Dictionary *
worker_families(FunctionCallInfo fcinfo)
{
	const char *problem;
	int			sqlstate;
	ArrayType  *families;

	if (PG_ARGISNULL(ARG_FAMILIES))
		return NULL;
	families = normalize_families(PG_GETARG_ARRAYTYPE_P(ARG_FAMILIES), &problem, &sqlstate);
	if (families == NULL)
		ereport(ERROR,
				(errcode(sqlstate),
				 errmsg("%s", problem),
				 errhint("Give the families that the worker can train, or NULL for any.")));
	return families_dictionary(families);
}

/* Is there an argument?  Version 1.0 declares the function with five. */
static bool
has_argument(FunctionCallInfo fcinfo, int argument)
{
	return PG_NARGS() > argument && !PG_ARGISNULL(argument);
}

/* A null slice: any. */
static Slice
training_type_argument(FunctionCallInfo fcinfo)
{
	Slice		type;

	if (!has_argument(fcinfo, ARG_TRAINING_TYPE))
		return NULL_SLICE;
	type = slice_from_text(PG_GETARG_TEXT_PP(ARG_TRAINING_TYPE));
	for (int i = 0; i < TRAINING_BLOCKED; i++)
	{
		if (slice_equal(type, slice_from_string(training_type_names[i])))
			return type;
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unknown training type \"%s\"", slice_to_string(type)),
			 errhint("Those that can be claimed are %s and %s.",
					 training_type_names[TRAINING_CROSS_SECTIONAL],
					 training_type_names[TRAINING_SYMBOL_SPECIFIC])));
}

static bool
any_plan_argument(FunctionCallInfo fcinfo)
{
	if (!has_argument(fcinfo, ARG_ANY_PLAN) || !PG_GETARG_BOOL(ARG_ANY_PLAN))
		return false;
	if (!PG_ARGISNULL(ARG_PLAN_ID) || has_argument(fcinfo, ARG_JOB_IDS))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("any_plan goes neither with plan_id nor with job_ids"),
				 errhint("Jobs are named within a plan.")));
	return true;
}

/*
 * claim_training_jobs(worker text, max_jobs integer, plan_id bigint, lease interval,
 *					   families text[], training_type text, min_priority integer,
 *					   job_ids text[], any_plan boolean)
 *
 * Row-level security on the jobs holds: what the caller can't see it can't
 * claim.
 */
Datum
claim_training_jobs(PG_FUNCTION_ARGS)
{
	Interval	lease = lease_argument(fcinfo, ARG_LEASE);
	JobClaim	claim = {
		.worker = worker_argument(fcinfo),
		.lease = &lease,
		.wanted = max_jobs_argument(fcinfo),
		.families = worker_families(fcinfo),
		.training_type = training_type_argument(fcinfo),
		.min_priority = has_argument(fcinfo, ARG_MIN_PRIORITY) ? PG_GETARG_INT32(ARG_MIN_PRIORITY) : PG_INT32_MIN,
		.take = take_job,
		.arg = fcinfo->resultinfo
	};
	bool		any_plan = any_plan_argument(fcinfo);
	int			count = 0;
	Datum	   *job_ids = NULL;
	StoredPlan	plan;
	JobQueue	queue;

	if (has_argument(fcinfo, ARG_JOB_IDS))
		job_ids = array_argument(fcinfo, ARG_JOB_IDS, TEXTOID, "job_ids", &count, NULL);

	InitMaterializedSRF(fcinfo, 0);
	job_queue_open(&queue, get_func_namespace(fcinfo->flinfo->fn_oid), "claim_training_jobs()");
	claim_begin(&queue, &claim);
	if (any_plan)
		claim_from_any_plan(&queue, &claim);
	else if (plan_argument(fcinfo, ARG_PLAN_ID, &queue, &plan))
	{
		if (job_ids != NULL)
			claim_listed_jobs(&queue, &claim, &plan, job_ids, count);
		else if (!plan.paused)
			claim_jobs(&queue, &claim, &plan);
	}
	claim_end(&claim);
	job_queue_close(&queue);

	return (Datum) 0;
}
