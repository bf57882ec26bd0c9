/*
 * bulk_insert.c
 *		Puts rows into a table as COPY would: many tuples at a time, then their
 *		index entries.
 *
 * Triggers don't fire, constraints and policies are not looked at: the caller
 * knows that there are none, or that the rows keep them.
 */
#include "postgres.h"

#include "access/heapam.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "base/bulk_insert.h"
#include "base/executor_compat.h"

/* How many rows, and how many bytes of them, are put into the table at a time. */
#define BATCH_ROWS			1000
#define BATCH_BYTES			(512 * 1024)

struct BulkInsert
{
	EState	   *estate;
	ResultRelInfo *result_rel;
	BulkInsertState state;
	CommandId	command_id;
	MemoryContext batch_context;	/* values of the rows in slots */
	TupleTableSlot *slots[BATCH_ROWS];
	int			filled;
};

/*
 * In the current memory context.  The table is open, and locked for writing;
 * bulk_insert_end() is to be called before it is closed.
 */
BulkInsert *
bulk_insert_begin(Relation table)
{
	BulkInsert *insert = palloc0(sizeof(BulkInsert));

	insert->estate = CreateExecutorState();
	insert->result_rel = makeNode(ResultRelInfo);
	InitResultRelInfo(insert->result_rel, table, 0, NULL, 0);
	ExecOpenIndices(insert->result_rel, false);
	insert->state = GetBulkInsertState();
	insert->command_id = GetCurrentCommandId(true);
	insert->batch_context = AllocSetContextCreate(CurrentMemoryContext, "trainplan rows",
												  ALLOCSET_DEFAULT_SIZES);
	return insert;
}

/* An index's place among those of the table; -1: it is none of them. */
static int
index_number(const BulkInsert *insert, Oid index)
{
	for (int i = 0; i < insert->result_rel->ri_NumIndices; i++)
	{
		if (RelationGetRelid(insert->result_rel->ri_IndexRelationDescs[i]) == index)
			return i;
	}
	return -1;
}

/* The caller knows that no row belongs into a partial index. */
void
bulk_insert_leave_out(BulkInsert *insert, Oid index)
{
	int			i = index_number(insert, index);

	if (i >= 0)
		insert->result_rel->ri_IndexRelationInfo[i]->ii_ReadyForInserts = false;
}

/* The caller knows that all rows belong into a partial index. */
void
bulk_insert_have_all(BulkInsert *insert, Oid index)
{
	int			i = index_number(insert, index);

	if (i >= 0)
		insert->result_rel->ri_IndexRelationInfo[i]->ii_Predicate = NIL;
}

/* Where the values of a row are to be made: they live until it is in the table. */
MemoryContext
bulk_insert_context(BulkInsert *insert)
{
	return insert->batch_context;
}

/*
 * Where the next row's values go, all of them null yet; it counts with
 * bulk_insert_keep() only.
 */
void
bulk_insert_row(BulkInsert *insert, Datum **values, bool **nulls)
{
	TupleTableSlot **slot = &insert->slots[insert->filled];

	if (*slot == NULL)
		*slot = table_slot_create(insert->result_rel->ri_RelationDesc, NULL);
	*values = (*slot)->tts_values;
	*nulls = (*slot)->tts_isnull;
	memset(*nulls, true, (*slot)->tts_tupleDescriptor->natts * sizeof(bool));
}

static void
flush_batch(BulkInsert *insert)
{
	Relation	table = insert->result_rel->ri_RelationDesc;
	MemoryContext caller;

	/* table_multi_insert() leaks into the current memory context */
	caller = MemoryContextSwitchTo(insert->batch_context);
	table_multi_insert(table, insert->slots, insert->filled, insert->command_id, 0, insert->state);

	MemoryContextSwitchTo(GetPerTupleMemoryContext(insert->estate));
	for (int i = 0; i < insert->filled; i++)
	{
		CHECK_FOR_INTERRUPTS();

		insert->slots[i]->tts_tableOid = RelationGetRelid(table);
		(void) ExecInsertIndexTuples(insert->result_rel, insert->slots[i], insert->estate,
									 false, false, NULL, NIL, false);
		ResetPerTupleExprContext(insert->estate);
		ExecClearTuple(insert->slots[i]);
	}
	MemoryContextSwitchTo(caller);
	insert->filled = 0;
	MemoryContextReset(insert->batch_context);
}

/* Put the row in whose values were filled in last. */
void
bulk_insert_keep(BulkInsert *insert)
{
	ExecStoreVirtualTuple(insert->slots[insert->filled]);
	insert->filled++;
	if (insert->filled == BATCH_ROWS ||
		MemoryContextMemAllocated(insert->batch_context, false) > BATCH_BYTES)
		flush_batch(insert);
}

void
bulk_insert_end(BulkInsert *insert)
{
	if (insert->filled > 0)
		flush_batch(insert);

	for (int i = 0; i < BATCH_ROWS && insert->slots[i] != NULL; i++)
		ExecDropSingleTupleTableSlot(insert->slots[i]);
	FreeBulkInsertState(insert->state);
	table_finish_bulk_insert(insert->result_rel->ri_RelationDesc, 0);
	ExecCloseIndices(insert->result_rel);
	FreeExecutorState(insert->estate);
	MemoryContextDelete(insert->batch_context);
	pfree(insert);
}
