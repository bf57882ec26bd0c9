/*
 * claim_training_jobs.c
 *		SQL function claim_training_jobs(): a worker in, its jobs out as rows.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rls.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "execution_call.h"
#include "families.h"
#include "job_tuple.h"
#include "plan_store.h"

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

/*
 * A job as it was planned, in the columns of JobColumn; then, whether a worker
 * can train it that has the families $3.
 */
static KeptQuery job_query = {
	.text = "SELECT job_id, target, symbol, route, training_type, model_families, priority, "
	"estimated_samples, reason, metadata, model_families OPERATOR(pg_catalog.<@) $3 "
	"FROM %s WHERE plan_id = $1 AND job_id = $2",
	.table = JOBS_TABLE,
	.arguments = 3,
	.types = {INT8OID, TEXTOID, TEXTARRAYOID}
};

#define CAN_TRAIN	JOB_COLUMNS

typedef struct Claiming
{
	Oid			schema;
	ReturnSetInfo *rsinfo;
	ArrayType  *families;		/* normalized; NULL: any */
	int			wanted;
	bool		has_job;		/* SPI_tuptable has the job that is to be claimed */
} Claiming;

/* Read the job of a place.  Returns whether the caller can see it. */
static bool
read_job(Claiming *claiming, const QueuePlace *place)
{
	Datum		values[] = {
		Int64GetDatum(place->plan_id), place->job_id, PointerGetDatum(claiming->families)
	};
	char		nulls[] = {' ', ' ', claiming->families == NULL ? 'n' : ' '};

	claiming->has_job = kept_query_run(&job_query, claiming->schema, values, nulls) > 0;
	if (!claiming->has_job)
		SPI_freetuptable(SPI_tuptable);
	return claiming->has_job;
}

static void
forget_job(Claiming *claiming)
{
	if (claiming->has_job)
		SPI_freetuptable(SPI_tuptable);
	claiming->has_job = false;
}

/* A value of the job that was read. */
static Datum
job_value(int column, bool *isnull)
{
	return SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, column + 1, isnull);
}

/* Implements JobFilter; leaves a job that fits for take_job(). */
static JobFit
filter_job(void *arg, const QueuePlace *place)
{
	Claiming   *claiming = arg;
	bool		any_family;
	bool		can_train;

	forget_job(claiming);
	if (!read_job(claiming, place))
		return JOB_HIDDEN;
	can_train = DatumGetBool(job_value(CAN_TRAIN, &any_family));
	return any_family || can_train ? JOB_FITS : JOB_NEVER_FITS;
}

/* Implements JobTaker. */
static bool
take_job(void *arg, const QueuePlace *place)
{
	Claiming   *claiming = arg;
	Datum		values[CLAIMED_COLUMNS];
	bool		nulls[CLAIMED_COLUMNS] = {false};

	if (!claiming->has_job && !read_job(claiming, place))
		elog(ERROR, "job \"%s\" of plan %lld is in the queue only",
			 TextDatumGetCString(place->job_id), (long long) place->plan_id);
	for (int i = 0; i < JOB_COLUMNS; i++)
		values[i] = job_value(i, &nulls[i]);
	values[CLAIMED_PLAN_ID] = Int64GetDatum(place->plan_id);
	values[CLAIMED_ATTEMPT] = Int32GetDatum(place->attempt.number);
	values[CLAIMED_LEASE_EXPIRES_AT] = TimestampTzGetDatum(place->ready_at);
	tuplestore_putvalues(claiming->rsinfo->setResult, claiming->rsinfo->setDesc, values, nulls);
	forget_job(claiming);
	return --claiming->wanted > 0;
}

static Datum
worker_argument(FunctionCallInfo fcinfo)
{
	require_argument(fcinfo, ARG_WORKER, "worker");
	if (VARSIZE_ANY_EXHDR(PG_GETARG_TEXT_PP(ARG_WORKER)) == 0)
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
	Claiming	claiming = {0};
	ClaimedPlan plan;
	JobClaim	claim = {.plan = &plan, .take = take_job, .arg = &claiming};
	JobQueue	queue;

	InitMaterializedSRF(fcinfo, 0);
	claiming.schema = get_func_namespace(fcinfo->flinfo->fn_oid);
	claiming.rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	claiming.wanted = max_jobs_argument(fcinfo);
	claiming.families = worker_families(fcinfo);
	claim.families = claiming.families;
	claim.worker = worker_argument(fcinfo);

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	job_queue_open(&queue, claiming.schema, "claim_training_jobs()");
	claim.lease_end = lease_argument(fcinfo, ARG_LEASE, queue.now);
	PushActiveSnapshot(queue.snapshot);
	if (plan_argument(fcinfo, ARG_PLAN_ID, &plan))
	{
		/* who can have any job need not look at it before it is claimed */
		if (claiming.families != NULL ||
			check_enable_rls(plan_table(claiming.schema, JOBS_TABLE), InvalidOid, true) == RLS_ENABLED)
			claim.filter = filter_job;
		claim_jobs(&queue, &claim);
	}
	forget_job(&claiming);
	PopActiveSnapshot();
	job_queue_close(&queue);
	SPI_finish();

	return (Datum) 0;
}
