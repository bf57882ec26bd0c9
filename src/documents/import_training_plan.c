/*
 * import_training_plan.c
 *		SQL function import_training_plan(): a training plan's document in, a
 *		stored plan out.
 */
#include "postgres.h"

#include "access/tupdesc.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_operator.h"
#include "catalog/pg_type.h"
#include "executor/tuptable.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/tuplestore.h"

#include "base/arguments.h"
#include "base/executor_compat.h"
#include "documents/document_call.h"
#include "documents/plan_import.h"
#include "formats/json_texts.h"
#include "planning/job_tuple.h"
#include "plans/plan_store.h"

PG_FUNCTION_INFO_V1(import_training_plan);

/* Arguments, as the SQL declaration has them. */
#define ARG_POOLED_FIRST	1

/*
 * Jobs wait here until the document has told all of the plan: as they come, or by target
 * and symbol, as a plan is stored whose jobs wait for others of their target.
 */
typedef struct WaitingJobs
{
	TupleDesc	descriptor;
	Tuplestorestate *jobs;		/* NULL: they are sorted */
	Tuplesortstate *sorted;
	TupleTableSlot *slot;
} WaitingJobs;

static const Oid column_types[] = {
	[JOB_ID] = TEXTOID,
	[JOB_TARGET] = TEXTOID,
	[JOB_SYMBOL] = TEXTOID,
	[JOB_ROUTE] = TEXTOID,
	[JOB_TRAINING_TYPE] = TEXTOID,
	[JOB_MODEL_FAMILIES] = TEXTARRAYOID,
	[JOB_PRIORITY] = INT4OID,
	[JOB_ESTIMATED_SAMPLES] = INT8OID,
	[JOB_REASON] = TEXTOID,
	[JOB_METADATA] = JSONBOID
};

static void
waiting_jobs_init(WaitingJobs *waiting, bool by_target)
{
	static AttrNumber columns[] = {JOB_TARGET + 1, JOB_SYMBOL + 1};
	static Oid	operators[] = {TextLessOperator, TextLessOperator};
	static Oid	collations[] = {C_COLLATION_OID, C_COLLATION_OID};
	static bool nulls_first[] = {true, true};

	waiting->descriptor = CreateTemplateTupleDesc(JOB_COLUMNS);
	for (int i = 0; i < JOB_COLUMNS; i++)
		TupleDescInitEntry(waiting->descriptor, i + 1, NULL, column_types[i], -1, 0);
	waiting->jobs = NULL;
	waiting->sorted = NULL;
	if (by_target)
		waiting->sorted = tuplesort_begin_heap(waiting->descriptor, lengthof(columns), columns, operators,
											   collations, nulls_first, work_mem, NULL, TUPLESORT_NONE);
	else
		waiting->jobs = tuplestore_begin_heap(false, false, work_mem);
	waiting->slot = MakeSingleTupleTableSlot(waiting->descriptor, &TTSOpsVirtual);
}

static Datum
jsonb_datum(JsonValue *value)
{
	const char *json = json_object_to_json_string_ext(value, JSON_C_TO_STRING_PLAIN);

	return DirectFunctionCall1(jsonb_in, CStringGetDatum(json));
}

static void
put_job(void *arg, const ImportedJob *job)
{
	WaitingJobs *waiting = arg;
	Datum		values[JOB_COLUMNS];
	bool		nulls[JOB_COLUMNS] = {false};

	values[JOB_ID] = slice_to_text(job->job_id);
	values[JOB_TARGET] = slice_to_text(job->target);
	values[JOB_SYMBOL] = slice_to_text_or_null(job->symbol, &nulls[JOB_SYMBOL]);
	values[JOB_ROUTE] = slice_to_text(job->route);
	values[JOB_TRAINING_TYPE] = slice_to_text(job->training_type);
	values[JOB_MODEL_FAMILIES] = PointerGetDatum(json_to_texts(job->families));
	values[JOB_PRIORITY] = Int32GetDatum(job->priority);
	values[JOB_ESTIMATED_SAMPLES] = Int64GetDatum(job->estimated_samples);
	nulls[JOB_ESTIMATED_SAMPLES] = !job->has_samples;
	values[JOB_REASON] = slice_to_text_or_null(job->reason, &nulls[JOB_REASON]);
	values[JOB_METADATA] = jsonb_datum(job->metadata);
	if (waiting->jobs != NULL)
	{
		tuplestore_putvalues(waiting->jobs, waiting->descriptor, values, nulls);
		return;
	}
	ExecClearTuple(waiting->slot);
	memcpy(waiting->slot->tts_values, values, sizeof(values));
	memcpy(waiting->slot->tts_isnull, nulls, sizeof(nulls));
	ExecStoreVirtualTuple(waiting->slot);
	tuplesort_puttupleslot(waiting->sorted, waiting->slot);
	ExecClearTuple(waiting->slot);
}

/* All jobs are there. */
static void
waiting_jobs_finish(WaitingJobs *waiting)
{
	ExecDropSingleTupleTableSlot(waiting->slot);
	waiting->slot = MakeSingleTupleTableSlot(waiting->descriptor, &TTSOpsMinimalTuple);
	if (waiting->sorted != NULL)
		tuplesort_performsort(waiting->sorted);
}

static void
waiting_jobs_end(WaitingJobs *waiting)
{
	ExecDropSingleTupleTableSlot(waiting->slot);
	if (waiting->sorted != NULL)
		tuplesort_end(waiting->sorted);
	else
		tuplestore_end(waiting->jobs);
}

/* A source of jobs for store_plan(). */
static bool
next_job(void *arg, MemoryContext context, Datum *values, bool *nulls)
{
	WaitingJobs *waiting = arg;
	MemoryContext caller;

	if (waiting->sorted != NULL ?
		!tuplesort_gettupleslot(waiting->sorted, true, false, waiting->slot, NULL) :
		!tuplestore_gettupleslot(waiting->jobs, true, false, waiting->slot))
		return false;
	slot_getallattrs(waiting->slot);
	caller = MemoryContextSwitchTo(context);
	for (int i = 0; i < JOB_COLUMNS; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(waiting->descriptor, i);

		nulls[i] = waiting->slot->tts_isnull[i];
		values[i] = nulls[i] ? (Datum) 0 :
			datumCopy(waiting->slot->tts_values[i], attribute->attbyval, attribute->attlen);
	}
	MemoryContextSwitchTo(caller);
	return true;
}

/*
 * When the plan was made, as timestamptz takes it anywhere: a time without a zone
 * is UTC, and words such as "now" are nothing that a document says.
 */
static const char *
timestamp_text(const char *generated_at)
{
	const char *time;

	if (generated_at == NULL)
		return NULL;
	if (generated_at[strspn(generated_at, "0123456789-+:.TZ ")] != '\0' || generated_at[0] == '\0')
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_DATETIME_FORMAT),
				 errmsg("metadata.generated_at is \"%s\", not a time, in the document", generated_at)));
	time = strpbrk(generated_at, "T ");
	if (time != NULL && strpbrk(time, "+-Z") != NULL)
		return generated_at;
	return psprintf("%s%s", generated_at, time == NULL ? " 00:00Z" : "Z");
}

/*
 * import_training_plan(document text, pooled_first boolean)
 *
 * Returns the new plan's plan_id.  The plan keeps the run_id and generated_at of
 * the document, if it has them.
 */
Datum
import_training_plan(PG_FUNCTION_ARGS)
{
	Slice		document = document_argument(fcinfo, "pg_read_file(%s) returns the text of a file on the server.");
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "trainplan document",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	ImportedFacts imported;
	PlanFacts	facts = {0};
	WaitingJobs waiting;
	int64		plan_id;

	facts.pooled_first = added_flag_argument(fcinfo, ARG_POOLED_FIRST);
	waiting_jobs_init(&waiting, facts.pooled_first);
	plan_import_read(document, "the document", &imported, put_job, &waiting);
	waiting_jobs_finish(&waiting);

	facts.run_id = imported.run_id;
	facts.generated_at = timestamp_text(imported.generated_at);
	facts.routing = imported.routing;
	facts.families = json_to_texts(imported.families);
	facts.include_blocked = imported.has_blocked;
	facts.git_commit = imported.git_commit;
	facts.config_hash = imported.config_hash;
	facts.metrics_snapshot = imported.metrics_snapshot;
	facts.total_jobs = imported.total_jobs;
	plan_id = store_plan(get_func_namespace(fcinfo->flinfo->fn_oid), &facts, next_job, &waiting);

	waiting_jobs_end(&waiting);
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(context);
	PG_RETURN_INT64(plan_id);
}
