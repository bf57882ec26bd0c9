/*
 * table_delete.c
 *		Deletes what belongs to something that was deleted: the rows of a table
 *		whose keys begin with the key of a plan or job.
 *
 * A foreign key's cascade would delete them as the table's owner, and run the
 * triggers of others as him.  Here nobody becomes somebody else: who could delete
 * the plan needs no right for what is the plan's, no policy hides it from him, and
 * triggers that somebody has added fire as for any DELETE of his.
 *
 * Rows are deleted in the order of their keys, and all that have been committed up
 * to now are.  Who has locked or changed one is waited for.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "commands/trigger.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "base/executor_compat.h"
#include "plans/table_delete.h"

/* Have the triggers fire that are not the extension's, in the order of a DELETE. */
static void
begin_triggers(TableDelete *delete)
{
	EState	   *estate = delete->estate;
	TriggerDesc *triggers;

	disable_own_triggers(delete->result_rel);
	triggers = delete->result_rel->ri_TrigDesc;
	EvalPlanQualInit(&delete->epq_state, estate, NULL, NIL, -1, NIL);
	AfterTriggerBeginQuery();
	delete->capture = MakeTransitionCaptureState(triggers, delete->table.relid, CMD_DELETE);
	ExecBSDeleteTriggers(estate, delete->result_rel);
	/* what they have changed is deleted as it is then */
	CommandCounterIncrement();
}

static void
end_triggers(TableDelete *delete)
{
	ExecASDeleteTriggers(delete->estate, delete->result_rel, delete->capture);
	AfterTriggerEndQuery(delete->estate);
	EvalPlanQualEnd(&delete->epq_state);
	ExecCloseResultRelations(delete->estate);
	ExecResetTupleTable(delete->estate->es_tupleTable, false);
}

/*
 * Begin to delete rows of a table of the extension in this schema.  Ends with
 * table_delete_end(); nothing outlives an error.
 */
void
table_delete_begin(TableDelete *delete, Oid schema, PlanTableId id)
{
	memset(delete, 0, sizeof(TableDelete));
	/* see what the command has done that this is part of */
	CommandCounterIncrement();
	plan_table_open(&delete->table, schema, id, RowExclusiveLock);
	CheckCmdReplicaIdentity(delete->table.relation, CMD_DELETE);
	delete->index = index_open(delete->table.key, RowExclusiveLock);
	delete->found = table_slot_create(delete->table.relation, NULL);
	delete->locked = table_slot_create(delete->table.relation, NULL);
	delete->estate = CreateExecutorState();
	delete->result_rel = makeNode(ResultRelInfo);
	InitResultRelInfo(delete->result_rel, delete->table.relation, 0, NULL, 0);
	delete->fires_triggers = !delete->table.deletes_are_plain;
	if (delete->fires_triggers)
		begin_triggers(delete);
}

/* Is a row gone that the own command could not lock or delete?  If a trigger has changed it, it is an error. */
static bool
is_gone(const TableDelete *delete, TM_Result result, ItemPointer tid, TM_FailureData *failure)
{
	if (result == TM_SelfModified && !ItemPointerEquals(&failure->ctid, tid))
		ereport(ERROR,
				(errcode(ERRCODE_TRIGGERED_DATA_CHANGE_VIOLATION),
				 errmsg("row of table \"%s\" that is to be deleted was modified by a trigger",
						plan_table_name(delete->table.id))));
	return result != TM_Ok;
}

/*
 * Lock a row that the snapshot sees, in its last version, which is in
 * delete->locked then, at *tid.  Returns false if it is gone.
 */
bool
table_delete_lock(TableDelete *delete, ItemPointer tid, Snapshot snapshot)
{
	TM_FailureData failure;
	TM_Result	result = table_tuple_lock(delete->table.relation, tid, snapshot, delete->locked,
										  command_of_snapshot(snapshot), LockTupleExclusive, LockWaitBlock,
										  TUPLE_LOCK_FLAG_FIND_LAST_VERSION, &failure);

	return !is_gone(delete, result, tid, &failure);
}

/* Delete a row that the snapshot sees or table_delete_lock() has locked, unless it is gone. */
void
table_delete_row(TableDelete *delete, ItemPointer tid, Snapshot snapshot)
{
	Relation	relation = delete->table.relation;
	ItemPointerData place = *tid;
	TupleTableSlot *row = delete->found;
	TM_FailureData failure;
	TM_Result	result;

	if (delete->fires_triggers)
	{
		delete->estate->es_snapshot = snapshot;
		delete->estate->es_output_cid = command_of_snapshot(snapshot);
		if (!table_delete_lock(delete, &place, snapshot) ||
			!ExecBRDeleteTriggers(delete->estate, &delete->epq_state, delete->result_rel, &place,
								  NULL, NULL, NULL, NULL, false))
			return;
		row = delete->locked;
	}

	result = table_tuple_delete(relation, &place, command_of_snapshot(snapshot), snapshot,
								InvalidSnapshot, true, &failure, false);
	/* somebody who was waited for has changed it */
	if (result == TM_Updated && table_delete_lock(delete, &place, snapshot))
	{
		row = delete->locked;
		result = table_tuple_delete(relation, &place, command_of_snapshot(snapshot), snapshot,
									InvalidSnapshot, true, &failure, false);
	}
	if (is_gone(delete, result, &place, &failure))
		return;
	if (delete->gone != NULL)
		tally_note_place_row(delete->gone, &delete->table, row, -1);
	if (delete->fires_triggers)
		ExecARDeleteTriggers(delete->estate, delete->result_rel, &place, NULL, delete->capture, false);
}

/*
 * Delete all rows whose key begins with these values: a plan's number, and
 * perhaps a job's id.
 */
void
table_delete_rows(TableDelete *delete, const Datum *key, int columns)
{
	Snapshot	snapshot = RegisterSnapshot(GetLatestSnapshot());
	IndexScanDesc scan = plan_table_scan(&delete->table, delete->index, snapshot, key, columns);

	while (index_getnext_slot(scan, ForwardScanDirection, delete->found))
	{
		CHECK_FOR_INTERRUPTS();
		table_delete_row(delete, &delete->found->tts_tid, snapshot);
	}
	index_endscan(scan);
	UnregisterSnapshot(snapshot);
}

/* What was deleted is not seen by what the transaction does next. */
void
table_delete_end(TableDelete *delete)
{
	if (delete->fires_triggers)
		end_triggers(delete);
	ExecDropSingleTupleTableSlot(delete->locked);
	ExecDropSingleTupleTableSlot(delete->found);
	FreeExecutorState(delete->estate);
	index_close(delete->index, NoLock);
	plan_table_close(&delete->table);
	CommandCounterIncrement();
}
