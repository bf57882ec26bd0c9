/*
 * claim_training_jobs.c
 *		SQL function claim_training_jobs(): a worker in, its jobs out as rows.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/array.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"

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

/* The columns behind a job's own. */
typedef enum ClaimColumn
{
	CLAIMED_PLAN_ID = JOB_COLUMNS,
	CLAIMED_ATTEMPT,
	CLAIMED_LEASE_EXPIRES_AT,
	CLAIMED_COLUMNS
} ClaimColumn;

typedef struct Claiming
{
	ReturnSetInfo *rsinfo;
	JobReader	jobs;
	Dictionary *families;		/* that the worker has; NULL: any */
} Claiming;

/* Implements JobFilter. */
static JobFit
filter_job(void *arg, const QueuePlace *place)
{
	Claiming   *claiming = arg;
	Datum		stored;
	ArrayType  *families;
	bool		can_train;

	if (!job_reader_find(&claiming->jobs, place->plan_id, place->job_id))
		return JOB_HIDDEN;
	if (claiming->families == NULL)
		return JOB_FITS;

	stored = claiming->jobs.values[JOB_MODEL_FAMILIES];
	families = DatumGetArrayTypeP(stored);
	can_train = has_all_families(claiming->families, families);
	if ((Pointer) families != DatumGetPointer(stored))
		pfree(families);
	return can_train ? JOB_FITS : JOB_NEVER_FITS;
}

/* Implements JobFinder. */
static bool
find_job(void *arg, const QueuePlace *place)
{
	Claiming   *claiming = arg;

	return job_reader_find(&claiming->jobs, place->plan_id, place->job_id);
}

/* Implements JobTaker: returns the job. */
static void
take_job(void *arg, const QueuePlace *place)
{
	Claiming   *claiming = arg;
	ReturnSetInfo *rsinfo = claiming->rsinfo;
	Datum		values[CLAIMED_COLUMNS];
	bool		nulls[CLAIMED_COLUMNS] = {false};

	memcpy(values, claiming->jobs.values, sizeof(claiming->jobs.values));
	memcpy(nulls, claiming->jobs.nulls, sizeof(claiming->jobs.nulls));
	values[CLAIMED_PLAN_ID] = Int64GetDatum(place->plan_id);
	values[CLAIMED_ATTEMPT] = Int32GetDatum(place->attempt.number);
	values[CLAIMED_LEASE_EXPIRES_AT] = TimestampTzGetDatum(place->ready_at);
	tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
}

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
static ArrayType *
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
	return families;
}

/*
 * claim_training_jobs(worker text, max_jobs integer, plan_id bigint, lease interval,
 *					   families text[])
 *
 * Row-level security on the jobs holds: what the caller can't see it can't
 * claim.
 */
Datum
claim_training_jobs(PG_FUNCTION_ARGS)
{
	Claiming	claiming = {(ReturnSetInfo *) fcinfo->resultinfo};
	Interval	lease = lease_argument(fcinfo, ARG_LEASE);
	StoredPlan	plan;
	JobClaim	claim = {
		.plan = &plan,
		.worker = worker_argument(fcinfo),
		.lease = &lease,
		.wanted = max_jobs_argument(fcinfo),
		.families = worker_families(fcinfo),
		.find = find_job,
		.take = take_job,
		.arg = &claiming
	};
	JobQueue	queue;

	InitMaterializedSRF(fcinfo, 0);
	job_queue_open(&queue, get_func_namespace(fcinfo->flinfo->fn_oid), "claim_training_jobs()");
	if (plan_argument(fcinfo, ARG_PLAN_ID, &queue, &plan))
	{
		job_reader_open(&claiming.jobs, queue.schema, queue.snapshot);
		if (claim.families != NULL)
			claiming.families = families_dictionary(claim.families);
		/* who can have any job need not look at it before it is claimed */
		if (claiming.families != NULL || claiming.jobs.has_policies)
			claim.filter = filter_job;
		claim_jobs(&queue, &claim);
		job_reader_close(&claiming.jobs);
	}
	job_queue_close(&queue);

	return (Datum) 0;
}
