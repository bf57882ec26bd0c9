/*
 * claim_training_jobs.c
 *		SQL function claim_training_jobs(): a worker in, its jobs out as rows.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/datum.h"
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

/* What is read of a job as it was planned: the columns of JobColumn. */
#define SELECT_JOB \
	"SELECT job.job_id, target, symbol, route, training_type, model_families, priority, " \
	"estimated_samples, reason, metadata, "

/* A job; then, whether a worker can train it that has the families $3. */
static KeptQuery job_query = {
	.text = SELECT_JOB "model_families OPERATOR(pg_catalog.<@) $3 "
	"FROM %s AS job WHERE plan_id = $1 AND job_id = $2",
	.table = JOBS_TABLE,
	.arguments = 3,
	.types = {INT8OID, TEXTOID, TEXTARRAYOID}
};

#define CAN_TRAIN	JOB_COLUMNS

/*
 * Many jobs at once, in the order of the arrays $2 of their ids and $3 of the
 * numbers of their attempts, which come last.
 */
static KeptQuery jobs_query = {
	.text = SELECT_JOB "attempt "
	"FROM ROWS FROM (pg_catalog.unnest($2), pg_catalog.unnest($3)) WITH ORDINALITY AS claimed (job_id, attempt, n) "
	"JOIN %s AS job ON job.plan_id OPERATOR(pg_catalog.=) $1 AND job.job_id OPERATOR(pg_catalog.=) claimed.job_id COLLATE \"C\" "
	"ORDER BY n",
	.table = JOBS_TABLE,
	.arguments = 3,
	.types = {INT8OID, TEXTARRAYOID, INT4ARRAYOID}
};

#define ATTEMPT		JOB_COLUMNS

/* How many jobs are read at once. */
#define MAX_UNREAD	1000

typedef struct Claiming
{
	Oid			schema;
	ReturnSetInfo *rsinfo;
	ArrayType  *families;		/* normalized; NULL: any */
	int64		plan_id;
	TimestampTz lease_end;
	int			wanted;
	bool		has_job;		/* SPI_tuptable has the job that is to be claimed */
	bool		in_bulk;		/* jobs are read when many have been claimed */
	int			unread;			/* how many are claimed and not read yet: */
	Datum		job_ids[MAX_UNREAD];
	Datum		attempts[MAX_UNREAD];
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

/* A value of a job that was read. */
static Datum
job_value(uint64 row, int column, bool *isnull)
{
	return SPI_getbinval(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, column + 1, isnull);
}

/* Return a job that was read and is claimed. */
static void
return_job(Claiming *claiming, uint64 row, Datum attempt)
{
	Datum		values[CLAIMED_COLUMNS];
	bool		nulls[CLAIMED_COLUMNS] = {false};

	for (int i = 0; i < JOB_COLUMNS; i++)
		values[i] = job_value(row, i, &nulls[i]);
	values[CLAIMED_PLAN_ID] = Int64GetDatum(claiming->plan_id);
	values[CLAIMED_ATTEMPT] = attempt;
	values[CLAIMED_LEASE_EXPIRES_AT] = TimestampTzGetDatum(claiming->lease_end);
	tuplestore_putvalues(claiming->rsinfo->setResult, claiming->rsinfo->setDesc, values, nulls);
}

/* Read the jobs that are claimed and not read yet, and return them. */
static void
return_unread(Claiming *claiming)
{
	Datum		values[] = {
		Int64GetDatum(claiming->plan_id),
		PointerGetDatum(construct_array(claiming->job_ids, claiming->unread, TEXTOID, -1, false, TYPALIGN_INT)),
		PointerGetDatum(construct_array(claiming->attempts, claiming->unread, INT4OID, sizeof(int32), true, TYPALIGN_INT))
	};
	uint64		count = kept_query_run(&jobs_query, claiming->schema, values, NULL);

	if (count != claiming->unread)
		elog(ERROR, "%lld jobs of plan %lld are in the queue only",
			 (long long) (claiming->unread - count), (long long) claiming->plan_id);
	for (uint64 row = 0; row < count; row++)
	{
		bool		isnull;
		Datum		attempt = job_value(row, ATTEMPT, &isnull);

		return_job(claiming, row, attempt);
	}
	SPI_freetuptable(SPI_tuptable);
	for (int i = 0; i < claiming->unread; i++)
		pfree(DatumGetPointer(claiming->job_ids[i]));
	pfree(DatumGetPointer(values[1]));
	pfree(DatumGetPointer(values[2]));
	claiming->unread = 0;
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
	can_train = DatumGetBool(job_value(0, CAN_TRAIN, &any_family));
	return any_family || can_train ? JOB_FITS : JOB_NEVER_FITS;
}

/* Implements JobTaker. */
static bool
take_job(void *arg, const QueuePlace *place)
{
	Claiming   *claiming = arg;

	if (claiming->in_bulk)
	{
		claiming->job_ids[claiming->unread] = datumCopy(place->job_id, false, -1);
		claiming->attempts[claiming->unread] = Int32GetDatum(place->attempt.number);
		if (++claiming->unread == MAX_UNREAD)
			return_unread(claiming);
	}
	else
	{
		if (!claiming->has_job && !read_job(claiming, place))
			elog(ERROR, "job \"%s\" of plan %lld is in the queue only",
				 TextDatumGetCString(place->job_id), (long long) place->plan_id);
		return_job(claiming, 0, Int32GetDatum(place->attempt.number));
		forget_job(claiming);
	}
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
	Claiming	claiming;
	ClaimedPlan plan;
	JobClaim	claim = {.plan = &plan, .take = take_job, .arg = &claiming};
	JobQueue	queue;

	InitMaterializedSRF(fcinfo, 0);
	memset(&claiming, 0, offsetof(Claiming, job_ids));
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
		claiming.in_bulk = claim.filter == NULL && claiming.wanted > 1;
		claiming.plan_id = plan.plan_id;
		claiming.lease_end = claim.lease_end;
		claim_jobs(&queue, &claim);
		if (claiming.unread > 0)
			return_unread(&claiming);
	}
	forget_job(&claiming);
	PopActiveSnapshot();
	job_queue_close(&queue);
	SPI_finish();

	return (Datum) 0;
}
