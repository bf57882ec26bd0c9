/*
 * last_success.h
 *		When a job was trained last, and with what, whichever plan that was of.
 */
#ifndef TRAINPLAN_LAST_SUCCESS_H
#define TRAINPLAN_LAST_SUCCESS_H

#include "access/genam.h"
#include "executor/tuptable.h"

#include "execution/freshness_rules.h"
#include "plans/plan_tables.h"

/* An attempt that succeeded; all of it lives until the next one is looked for. */
typedef struct LastSuccess
{
	TrainingInputs inputs;
	TimestampTz trained_at;
	int64		plan_id;
	Datum		job_id;
	int32		attempt;
	bool		no_result;
	Datum		result;
} LastSuccess;

/* Looks for them in the history. */
typedef struct SuccessReader
{
	MemoryContext context;		/* a scan keeps things where it was when they came up */
	PlanTable	table;
	Snapshot	snapshot;
	bool		has_policies;	/* row-level security decides what the caller sees */
	Relation	index;
	IndexScanDesc scan;
	TupleTableSlot *slot;		/* what was looked at last */
	TupleTableSlot *best;		/* of those at the same time */
} SuccessReader;

extern void success_reader_open(SuccessReader *reader, Oid schema, Snapshot snapshot);
extern bool success_reader_find(SuccessReader *reader, Datum target, Datum symbol, bool symbol_is_null,
								LastSuccess *success);
extern void success_reader_close(SuccessReader *reader);

#endif							/* TRAINPLAN_LAST_SUCCESS_H */
