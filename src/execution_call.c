/*
 * execution_call.c
 *		What the functions for workers have in common: the plan that they are
 *		about, and how long a lease is.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"

#include "execution_call.h"
#include "plan_store.h"

/* What a lease is by default, in the SQL declarations too. */
#define DEFAULT_LEASE_MINUTES	15

/*
 * Run a query with the caller's rights; one that only reads sees what the active
 * snapshot sees.  Its rows are in SPI_tuptable.  SPI is connected.  Returns how
 * many there are, or were written.
 */
uint64
kept_query_run(KeptQuery *query, Oid schema, Datum *values, const char *nulls)
{
	int			result;

	if (query->plan == NULL || query->schema != schema)
	{
		char	   *text = psprintf(query->text, plan_table_name(schema, query->table));
		SPIPlanPtr	plan;

		plan = SPI_prepare(text, query->arguments, query->types);
		if (plan == NULL || SPI_keepplan(plan) != 0)
			elog(ERROR, "could not prepare \"%s\": %s", text, SPI_result_code_string(SPI_result));
		if (query->plan != NULL)
			SPI_freeplan(query->plan);
		query->plan = plan;
		query->schema = schema;
	}
	result = SPI_execute_plan(query->plan, values, nulls, !query->writes, 0);
	if (result < 0)
		elog(ERROR, "could not execute \"%s\": %s", query->text, SPI_result_code_string(result));
	return SPI_processed;
}

static KeptQuery plan_query = {
	.text = "SELECT max_attempts, xmin, ctid FROM %s WHERE plan_id = $1",
	.table = PLANS_TABLE,
	.arguments = 1,
	.types = {INT8OID}
};

static KeptQuery latest_plan_query = {
	.text = "SELECT max_attempts, xmin, ctid, plan_id FROM %s ORDER BY plan_id DESC LIMIT 1",
	.table = PLANS_TABLE
};

/* A column of the first row that a query has returned. */
static Datum
first_row_value(int column)
{
	bool		isnull;

	return SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, column, &isnull);
}

/*
 * The plan that is an argument, or the latest if that is NULL; SPI is connected.
 * False: there is no plan at all.  A plan that does not exist is an error
 * (no_data_found).
 */
bool
plan_argument(FunctionCallInfo fcinfo, int argument, ClaimedPlan *plan)
{
	Oid			schema = get_func_namespace(fcinfo->flinfo->fn_oid);
	bool		latest = PG_ARGISNULL(argument);
	Datum		plan_id = latest ? (Datum) 0 : PG_GETARG_DATUM(argument);

	if (kept_query_run(latest ? &latest_plan_query : &plan_query, schema, &plan_id, NULL) == 0)
	{
		if (!latest)
			ereport(ERROR,
					(errcode(ERRCODE_NO_DATA_FOUND),
					 errmsg("training plan %lld does not exist", (long long) DatumGetInt64(plan_id))));
		return false;
	}
	plan->max_attempts = DatumGetInt32(first_row_value(1));
	plan->xmin = DatumGetTransactionId(first_row_value(2));
	plan->tid = *(ItemPointer) DatumGetPointer(first_row_value(3));
	plan->plan_id = DatumGetInt64(latest ? first_row_value(4) : plan_id);
	SPI_freetuptable(SPI_tuptable);
	return true;
}

/* Complain of an argument without which there is no job; name is for the message. */
void
require_argument(FunctionCallInfo fcinfo, int argument, const char *name)
{
	if (PG_ARGISNULL(argument))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("%s must not be null", name)));
}

static TimestampTz
later(TimestampTz now, const Interval *interval)
{
	return DatumGetTimestampTz(DirectFunctionCall2(timestamptz_pl_interval,
												   TimestampTzGetDatum(now),
												   IntervalPGetDatum(interval)));
}

/*
 * The end of a lease that begins now and whose length is an argument; NULL means
 * the default.
 */
TimestampTz
lease_argument(FunctionCallInfo fcinfo, int argument, TimestampTz now)
{
	TimestampTz end;

	if (PG_ARGISNULL(argument))
		return TimestampTzPlusMilliseconds(now, DEFAULT_LEASE_MINUTES * 60 * 1000);
	end = later(now, PG_GETARG_INTERVAL_P(argument));
	if (end <= now)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("lease must be longer than nothing"),
				 errhint("A worker has to report or extend the lease before it ends.")));
	return end;
}

/* When to try again, in a time from now that is an argument; NULL means at once. */
TimestampTz
retry_argument(FunctionCallInfo fcinfo, int argument, TimestampTz now)
{
	TimestampTz at;

	if (PG_ARGISNULL(argument))
		return now;
	at = later(now, PG_GETARG_INTERVAL_P(argument));
	if (at < now)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("retry_in must not be negative")));
	return at;
}
