/*
 * change_training_jobs.c
 *		SQL functions cancel_training_jobs() and retry_training_jobs(): jobs of a
 *		plan into another state, as many as there are.
 *
 * They are queries; they wait for claims and reports of the jobs that they
 * change.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"

#include "execution_call.h"
#include "plan_store.h"

PG_FUNCTION_INFO_V1(cancel_training_jobs);
PG_FUNCTION_INFO_V1(retry_training_jobs);

/* Arguments, as the SQL declarations have them. */
#define ARG_PLAN_ID		0
#define ARG_JOB_IDS		1
#define ARGUMENTS		4

/* Which jobs: $1 is the plan, the others are NULL or job_ids, target, symbol. */
#define CHOSEN \
	"plan_id OPERATOR(pg_catalog.=) $1" \
	" AND ($2 IS NULL OR job_id OPERATOR(pg_catalog.=) ANY ($2))" \
	" AND (($3 IS NULL AND $4 IS NULL) OR job_id IN (" \
	"SELECT j.job_id FROM %s AS j WHERE j.plan_id OPERATOR(pg_catalog.=) $1" \
	" AND ($3 IS NULL OR j.target OPERATOR(pg_catalog.=) $3)" \
	" AND ($4 IS NULL OR j.symbol OPERATOR(pg_catalog.=) $4)))"

/* A job that runs stops when its worker reports, or when its lease ends. */
static const char *const cancel_query =
"UPDATE %s SET"
" state = CASE state WHEN 'running' THEN state ELSE 'cancelled' END,"
" ready_at = CASE state WHEN 'running' THEN ready_at ELSE 'infinity' END,"
" state_since = CASE state WHEN 'running' THEN state_since ELSE pg_catalog.clock_timestamp() END,"
" cancel_requested = state OPERATOR(pg_catalog.=) 'running'"
" WHERE state IN ('pending', 'running') AND NOT cancel_requested AND " CHOSEN;

static const char *const retry_query =
"UPDATE %s SET"
" state = 'pending',"
" ready_at = pg_catalog.clock_timestamp(),"
" state_since = pg_catalog.clock_timestamp(),"
" attempts_forgiven = attempt"
" WHERE state IN ('failed', 'cancelled') AND " CHOSEN;

/* A name that is no job's; $2 are job_ids. */
static KeptQuery unknown_job_query = {
	.text = "SELECT i.job_id FROM pg_catalog.unnest($2) AS i (job_id)"
	" WHERE NOT EXISTS (SELECT FROM %s AS j WHERE j.plan_id OPERATOR(pg_catalog.=) $1"
	" AND j.job_id OPERATOR(pg_catalog.=) i.job_id) LIMIT 1",
	.table = JOBS_TABLE,
	.arguments = 2,
	.types = {INT8OID, TEXTARRAYOID}
};

/* Complain of a job_id that the plan does not have; SPI is connected. */
static void
check_job_ids(FunctionCallInfo fcinfo, Oid schema, int64 plan_id)
{
	Datum		values[] = {Int64GetDatum(plan_id), PG_GETARG_DATUM(ARG_JOB_IDS)};
	char	   *job_id;

	if (kept_query_run(&unknown_job_query, schema, values, NULL) == 0)
		return;
	job_id = SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1);
	if (job_id == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("job_ids have a null")));
	ereport(ERROR,
			(errcode(ERRCODE_NO_DATA_FOUND),
			 errmsg("training plan %lld has no job \"%s\"", (long long) plan_id, job_id)));
}

/*
 * Run a query on the jobs of a plan that the arguments choose, after all leases
 * that ran out have been recorded.  Returns how many jobs were changed.
 */
static uint64
change_jobs(FunctionCallInfo fcinfo, const char *function, const char *query, int64 *plan_id)
{
	Oid			schema = get_func_namespace(fcinfo->flinfo->fn_oid);
	Oid			types[ARGUMENTS] = {INT8OID, TEXTARRAYOID, TEXTOID, TEXTOID};
	Datum		values[ARGUMENTS];
	char		nulls[ARGUMENTS];
	ClaimedPlan plan;
	JobQueue	queue;
	uint64		changed;

	require_argument(fcinfo, ARG_PLAN_ID, "plan_id");
	for (int i = 0; i < ARGUMENTS; i++)
	{
		values[i] = PG_GETARG_DATUM(i);
		nulls[i] = PG_ARGISNULL(i) ? 'n' : ' ';
	}

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	job_queue_open(&queue, schema, function);
	PushActiveSnapshot(queue.snapshot);
	plan_argument(fcinfo, ARG_PLAN_ID, &plan);
	if (!PG_ARGISNULL(ARG_JOB_IDS))
		check_job_ids(fcinfo, schema, plan.plan_id);
	PopActiveSnapshot();
	end_expired_attempts(&queue, &plan);
	job_queue_close(&queue);

	if (SPI_execute_with_args(psprintf(query, plan_table_name(schema, QUEUE_TABLE),
									   plan_table_name(schema, JOBS_TABLE)),
							  ARGUMENTS, types, values, nulls, false, 0) != SPI_OK_UPDATE)
		elog(ERROR, "could not update table \"%s\"", QUEUE_TABLE);
	changed = SPI_processed;
	SPI_finish();

	*plan_id = plan.plan_id;
	return changed;
}

/* cancel_training_jobs(plan_id bigint, job_ids text[], target text, symbol text) */
Datum
cancel_training_jobs(PG_FUNCTION_ARGS)
{
	int64		plan_id;

	PG_RETURN_INT64(change_jobs(fcinfo, "cancel_training_jobs()", cancel_query, &plan_id));
}

/* retry_training_jobs(plan_id bigint, job_ids text[], target text, symbol text) */
Datum
retry_training_jobs(PG_FUNCTION_ARGS)
{
	int64		plan_id;
	uint64		changed = change_jobs(fcinfo, "retry_training_jobs()", retry_query, &plan_id);

	if (changed > 0)
		notify_of_jobs(plan_id);
	PG_RETURN_INT64(changed);
}
