/*
 * compare_training_plans.c
 *		SQL function compare_training_plans(): what a worker would do otherwise by
 *		one plan than by another, as rows.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/numeric.h"

#include "base/arguments.h"
#include "plans/plan_comparison.h"

PG_FUNCTION_INFO_V1(compare_training_plans);

/* Arguments and columns, as the SQL declaration has them. */
#define ARG_BEFORE		0
#define ARG_AFTER		1

typedef enum ResultColumn
{
	RESULT_TARGET,
	RESULT_SYMBOL,
	RESULT_CHANGE,
	RESULT_JOB_BEFORE,
	RESULT_JOB_AFTER,
	RESULT_COLUMNS,
	RESULT_BEFORE,
	RESULT_AFTER,
	RESULT_REASON_BEFORE,
	RESULT_REASON_AFTER,
	RESULT_COUNT
} ResultColumn;

static void
push_string(JsonbParseState **state, JsonbIteratorToken token, Slice string)
{
	JsonbValue	value = {.type = jbvString};

	value.val.string.val = unconstify(char *, string.data);
	value.val.string.len = string.len;
	pushJsonbValue(state, token, &value);
}

static void
push_families(JsonbParseState **state, ArrayType *families)
{
	Datum	   *elements;
	bool	   *nulls;
	int			count;

	deconstruct_array(families, TEXTOID, -1, false, TYPALIGN_INT, &elements, &nulls, &count);
	pushJsonbValue(state, WJB_BEGIN_ARRAY, NULL);
	for (int i = 0; i < count; i++)
	{
		JsonbValue	null = {.type = jbvNull};

		CHECK_FOR_INTERRUPTS();
		if (nulls[i])
			pushJsonbValue(state, WJB_ELEM, &null);
		else
			push_string(state, WJB_ELEM, slice_from_text((struct varlena *) DatumGetPointer(elements[i])));
	}
	pushJsonbValue(state, WJB_END_ARRAY, NULL);
}

static void
push_column(JsonbParseState **state, const JobRow *job, ComparedColumn column)
{
	JsonbValue	value;

	push_string(state, WJB_KEY, slice_from_string(compared_column_names[column]));
	switch (column)
	{
		case COMPARED_ROUTE:
			push_string(state, WJB_VALUE, slice_from_text(PG_DETOAST_DATUM_PACKED(job->values[JOB_ROUTE])));
			break;
		case COMPARED_TRAINING_TYPE:
			push_string(state, WJB_VALUE, slice_from_text(PG_DETOAST_DATUM_PACKED(job->values[JOB_TRAINING_TYPE])));
			break;
		case COMPARED_MODEL_FAMILIES:
			push_families(state, DatumGetArrayTypeP(job->values[JOB_MODEL_FAMILIES]));
			break;
		case COMPARED_PRIORITY:
			value.type = jbvNumeric;
			value.val.numeric = int64_to_numeric(DatumGetInt32(job->values[JOB_PRIORITY]));
			pushJsonbValue(state, WJB_VALUE, &value);
			break;
		case COMPARED_NEEDS_POOLED:
			value.type = jbvBool;
			value.val.boolean = job_row_needs_pooled(job);
			pushJsonbValue(state, WJB_VALUE, &value);
			break;
		case COMPARED_COLUMNS:
			break;
	}
}

/* What a job has in these columns, as an object. */
static Datum
values_of(const JobRow *job, uint32 columns)
{
	JsonbParseState *state = NULL;

	pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	for (ComparedColumn column = 0; column < COMPARED_COLUMNS; column++)
	{
		if ((columns & (1 << column)) != 0)
			push_column(&state, job, column);
	}
	return JsonbPGetDatum(JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL)));
}

static Datum
names_of(uint32 columns)
{
	Datum		names[COMPARED_COLUMNS];
	int			count = 0;

	for (ComparedColumn column = 0; column < COMPARED_COLUMNS; column++)
	{
		if ((columns & (1 << column)) != 0)
			names[count++] = CStringGetTextDatum(compared_column_names[column]);
	}
	return PointerGetDatum(construct_array(names, count, TEXTOID, -1, false, TYPALIGN_INT));
}

/* What a result has of a job on one side; NULL is none. */
static void
set_side(Datum *values, bool *nulls, const JobRow *job, bool is_trained, uint32 columns,
		 ResultColumn job_id, ResultColumn compared, ResultColumn reason)
{
	nulls[job_id] = nulls[compared] = !is_trained;
	if (is_trained)
	{
		values[job_id] = job->values[JOB_ID];
		values[compared] = values_of(job, columns);
	}
	nulls[reason] = job == NULL || job->nulls[JOB_REASON];
	values[reason] = nulls[reason] ? (Datum) 0 : job->values[JOB_REASON];
}

static void
put_change(void *arg, const JobChange *change)
{
	ReturnSetInfo *rsinfo = arg;
	const JobRow *job = change->before != NULL ? change->before : change->after;
	Datum		values[RESULT_COUNT] = {0};
	bool		nulls[RESULT_COUNT] = {false};

	values[RESULT_TARGET] = job->values[JOB_TARGET];
	values[RESULT_SYMBOL] = job->values[JOB_SYMBOL];
	nulls[RESULT_SYMBOL] = job->nulls[JOB_SYMBOL];
	values[RESULT_CHANGE] = CStringGetTextDatum(change_names[change->kind]);
	values[RESULT_COLUMNS] = names_of(change->columns);
	set_side(values, nulls, change->before, change->kind != CHANGE_ADDED, change->columns,
			 RESULT_JOB_BEFORE, RESULT_BEFORE, RESULT_REASON_BEFORE);
	set_side(values, nulls, change->after, change->kind != CHANGE_REMOVED, change->columns,
			 RESULT_JOB_AFTER, RESULT_AFTER, RESULT_REASON_AFTER);
	tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
}

/*
 * compare_training_plans(before bigint, after bigint)
 *
 * Returns the changes in a tuplestore of work_mem.
 */
Datum
compare_training_plans(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	ChangeCounts counts;

	InitMaterializedSRF(fcinfo, 0);
	require_argument(fcinfo, ARG_BEFORE, "before");
	require_argument(fcinfo, ARG_AFTER, "after");
	compare_plans(get_func_namespace(fcinfo->flinfo->fn_oid), PG_GETARG_INT64(ARG_BEFORE),
				  PG_GETARG_INT64(ARG_AFTER), put_change, NULL, rsinfo, &counts);
	return (Datum) 0;
}
