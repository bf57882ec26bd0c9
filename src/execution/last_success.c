/*
 * last_success.c
 *		When a job was trained last, and with what, whichever plan that was of.
 *
 * The history has an index of successes by target, symbol and time; the last of a job is
 * the first behind them.  Of two at the same time it is that of the later plan, and there
 * of the later attempt: the same for everybody who asks.
 */
#include "postgres.h"

#include "access/relscan.h"
#include "access/tableam.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/fmgroids.h"
#include "utils/snapmgr.h"

#include "base/executor_compat.h"
#include "execution/last_success.h"
#include "planning/vocabulary.h"
#include "plans/stored_plan.h"

/* The columns of the index, numbered as scan keys are. */
typedef enum SuccessIndexColumn
{
	SUCCESS_TARGET = 1,
	SUCCESS_SYMBOL,
	SUCCESS_FINISHED_AT
} SuccessIndexColumn;

/* Begin to look, by the caller's rights and as he may see it, in the current memory context. */
void
success_reader_open(SuccessReader *reader, Oid schema, Snapshot snapshot)
{
	memset(reader, 0, sizeof(SuccessReader));
	reader->context = CurrentMemoryContext;
	plan_table_open(&reader->table, schema, HISTORY_TABLE, AccessShareLock);
	plan_table_check_rights(&reader->table, ACL_SELECT);
	reader->has_policies = plan_table_has_policies(&reader->table);
	reader->snapshot = RegisterSnapshot(snapshot);
	reader->index = plan_table_open_success_index(&reader->table);
	reader->scan = index_beginscan(reader->table.relation, reader->index, reader->snapshot, NULL, 2, 0);
	reader->scan->xs_want_itup = true;
	reader->slot = table_slot_create(reader->table.relation, NULL);
	reader->best = table_slot_create(reader->table.relation, NULL);
}

void
success_reader_close(SuccessReader *reader)
{
	ExecDropSingleTupleTableSlot(reader->best);
	ExecDropSingleTupleTableSlot(reader->slot);
	index_endscan(reader->scan);
	index_close(reader->index, AccessShareLock);
	UnregisterSnapshot(reader->snapshot);
	plan_table_close(&reader->table);
}

static Datum
value(const SuccessReader *reader, TupleTableSlot *slot, HistoryColumn column, bool *isnull)
{
	return column_value(&reader->table, slot, column, isnull);
}

static Slice
text_value(const SuccessReader *reader, HistoryColumn column)
{
	bool		isnull;
	Datum		datum = value(reader, reader->best, column, &isnull);

	return isnull ? NULL_SLICE : slice_from_text(DatumGetTextPP(datum));
}

static TimestampTz
finished_at(const SuccessReader *reader, TupleTableSlot *slot)
{
	bool		isnull;

	return DatumGetTimestampTz(value(reader, slot, HISTORY_FINISHED_AT, &isnull));
}

/* When the success ended that the index has come to: most are not looked at for more than that. */
static TimestampTz
entry_finished_at(const SuccessReader *reader)
{
	bool		isnull;

	return DatumGetTimestampTz(index_getattr(reader->scan->xs_itup, SUCCESS_FINISHED_AT, reader->scan->xs_itupdesc,
											 &isnull));
}

/* Is a success that ended at the same time as the best one rather the last? */
static bool
is_later(const SuccessReader *reader)
{
	bool		isnull;
	int64		plan_id = DatumGetInt64(value(reader, reader->slot, HISTORY_PLAN_ID, &isnull));
	int64		best_plan_id = DatumGetInt64(value(reader, reader->best, HISTORY_PLAN_ID, &isnull));
	int32		attempt = DatumGetInt32(value(reader, reader->slot, HISTORY_ATTEMPT, &isnull));
	int32		best_attempt = DatumGetInt32(value(reader, reader->best, HISTORY_ATTEMPT, &isnull));

	if (plan_id != best_plan_id || attempt != best_attempt)
		return plan_id != best_plan_id ? plan_id > best_plan_id : attempt > best_attempt;
	return slice_compare(slice_from_text(DatumGetTextPP(value(reader, reader->slot, HISTORY_JOB_ID, &isnull))),
						 slice_from_text(DatumGetTextPP(value(reader, reader->best, HISTORY_JOB_ID, &isnull)))) > 0;
}

/* Have the last success of a job in reader->best; false: the caller sees none. */
static bool
find_best(SuccessReader *reader)
{
	bool		found = false;

	while (index_getnext_tid(reader->scan, BackwardScanDirection) != NULL)
	{
		CHECK_FOR_INTERRUPTS();
		if (found && entry_finished_at(reader) != finished_at(reader, reader->best))
			break;
		if (!index_fetch_heap(reader->scan, reader->slot))
			continue;
		if (reader->has_policies && !plan_row_is_visible(&reader->table, reader->snapshot, reader->slot))
			continue;
		if (!found || is_later(reader))
			ExecCopySlot(reader->best, reader->slot);
		found = true;
	}
	return found;
}

static void
read_inputs(const SuccessReader *reader, TrainingInputs *inputs)
{
	bool		isnull;
	Datum		datum;

	inputs->training_type = text_value(reader, HISTORY_TRAINING_TYPE);
	datum = value(reader, reader->best, HISTORY_NEEDS_CS_ENSEMBLE, &isnull);
	inputs->needs_pooled = isnull ?
		slice_equal(text_value(reader, HISTORY_ROUTE), slice_from_string(route_names[ROUTE_BOTH])) :
		DatumGetBool(datum);
	datum = value(reader, reader->best, HISTORY_MODEL_FAMILIES, &isnull);
	inputs->families = isnull ? NULL : DatumGetArrayTypeP(datum);
	datum = value(reader, reader->best, HISTORY_ESTIMATED_SAMPLES, &isnull);
	inputs->knows_samples = !isnull;
	inputs->samples = DatumGetInt64(datum);
	inputs->git_commit = text_value(reader, HISTORY_GIT_COMMIT);
}

/*
 * Find the last success of the job of a target and symbol; false if there is none that
 * the caller can see.  What had to be detoasted is in the current memory context.
 */
bool
success_reader_find(SuccessReader *reader, Datum target, Datum symbol, bool symbol_is_null,
					LastSuccess *success)
{
	ScanKeyData keys[2];
	MemoryContext caller;
	bool		found;
	bool		isnull;

	ScanKeyEntryInitialize(&keys[0], 0, SUCCESS_TARGET, BTEqualStrategyNumber, InvalidOid, C_COLLATION_OID, F_TEXTEQ, target);
	if (symbol_is_null)
		ScanKeyEntryInitialize(&keys[1], SK_ISNULL | SK_SEARCHNULL, SUCCESS_SYMBOL, InvalidStrategy, InvalidOid, InvalidOid,
							   InvalidOid, (Datum) 0);
	else
		ScanKeyEntryInitialize(&keys[1], 0, SUCCESS_SYMBOL, BTEqualStrategyNumber, InvalidOid, C_COLLATION_OID, F_TEXTEQ,
							   symbol);
	caller = MemoryContextSwitchTo(reader->context);
	index_rescan(reader->scan, keys, lengthof(keys), NULL, 0);
	found = find_best(reader);
	MemoryContextSwitchTo(caller);
	if (!found)
		return false;
	read_inputs(reader, &success->inputs);
	success->trained_at = finished_at(reader, reader->best);
	success->plan_id = DatumGetInt64(value(reader, reader->best, HISTORY_PLAN_ID, &isnull));
	success->job_id = value(reader, reader->best, HISTORY_JOB_ID, &isnull);
	success->attempt = DatumGetInt32(value(reader, reader->best, HISTORY_ATTEMPT, &isnull));
	success->result = value(reader, reader->best, HISTORY_RESULT, &success->no_result);
	return true;
}
