/*
 * training_job_freshness.c
 *		SQL function training_job_freshness(): which jobs of a plan need not be
 *		trained again, and why the others must be.
 */
#include "postgres.h"

#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"

#include "base/arguments.h"
#include "base/row_query.h"
#include "execution/job_freshness.h"

PG_FUNCTION_INFO_V1(training_job_freshness);

/* Arguments, as the SQL declaration has them. */
#define ARG_PLAN_ID		0
#define ARG_RULES		1

typedef enum FreshnessColumn
{
	FRESHNESS_JOB_ID,
	FRESHNESS_TARGET,
	FRESHNESS_SYMBOL,
	FRESHNESS_FRESH,
	FRESHNESS_WHY,
	FRESHNESS_TRAINED_AT,
	FRESHNESS_TRAINED_PLAN_ID,
	FRESHNESS_TRAINED_ATTEMPT,
	FRESHNESS_RESULT,
	FRESHNESS_COLUMNS
} FreshnessColumn;

/* The row of the job at hand, in the current memory context. */
static void
make_row(const FreshnessReader *reader, Datum *values, bool *nulls)
{
	const LastSuccess *last = &reader->last;
	bool		was_trained = reader->freshness != NEVER_TRAINED;
	StringInfoData why;

	initStringInfo(&why);
	append_freshness(&why, reader->freshness, &reader->rules, &reader->inputs, &last->inputs,
					 last->trained_at, last->plan_id);
	values[FRESHNESS_JOB_ID] = reader->job_id;
	values[FRESHNESS_TARGET] = reader->target;
	values[FRESHNESS_SYMBOL] = reader->symbol;
	values[FRESHNESS_FRESH] = BoolGetDatum(reader->freshness == TRAINED_AND_FRESH);
	values[FRESHNESS_WHY] = slice_to_text(slice_from_buffer(&why));
	values[FRESHNESS_TRAINED_AT] = TimestampTzGetDatum(last->trained_at);
	values[FRESHNESS_TRAINED_PLAN_ID] = Int64GetDatum(last->plan_id);
	values[FRESHNESS_TRAINED_ATTEMPT] = Int32GetDatum(last->attempt);
	values[FRESHNESS_RESULT] = last->result;
	memset(nulls, false, FRESHNESS_COLUMNS * sizeof(bool));
	nulls[FRESHNESS_SYMBOL] = reader->symbol_is_null;
	nulls[FRESHNESS_TRAINED_AT] = nulls[FRESHNESS_TRAINED_PLAN_ID] = nulls[FRESHNESS_TRAINED_ATTEMPT] = !was_trained;
	nulls[FRESHNESS_RESULT] = !was_trained || last->no_result;
}

/*
 * training_job_freshness(plan_id bigint, max_age interval, max_growth double precision,
 *						  same_commit boolean)
 *
 * Returns the jobs by target and symbol, in a tuplestore of work_mem.
 */
Datum
training_job_freshness(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	Oid			schema = get_func_namespace(fcinfo->flinfo->fn_oid);
	FreshnessRules rules;
	FreshnessReader reader;
	StoredPlan	plan;
	MemoryContext caller;
	MemoryContext row_context;

	InitMaterializedSRF(fcinfo, 0);
	require_argument(fcinfo, ARG_PLAN_ID, "plan_id");
	freshness_arguments(fcinfo, ARG_RULES, &rules);
	push_snapshot_of_now();
	if (!find_plan(schema, GetActiveSnapshot(), PG_GETARG_INT64(ARG_PLAN_ID), &plan))
		report_no_plan(PG_GETARG_INT64(ARG_PLAN_ID));

	row_context = AllocSetContextCreate(CurrentMemoryContext, "trainplan freshness", ALLOCSET_DEFAULT_SIZES);
	freshness_reader_open(&reader, schema, GetActiveSnapshot(), plan.plan_id, &rules);
	caller = MemoryContextSwitchTo(row_context);
	while (freshness_reader_next(&reader))
	{
		Datum		values[FRESHNESS_COLUMNS];
		bool		nulls[FRESHNESS_COLUMNS];

		make_row(&reader, values, nulls);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
		MemoryContextReset(row_context);
	}
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(row_context);
	freshness_reader_close(&reader);
	PopActiveSnapshot();
	return (Datum) 0;
}
