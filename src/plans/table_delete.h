/*
 * table_delete.h
 *		Deletes what belongs to something that was deleted.
 */
#ifndef TRAINPLAN_TABLE_DELETE_H
#define TRAINPLAN_TABLE_DELETE_H

#include "access/skey.h"
#include "nodes/execnodes.h"

#include "plans/job_tally.h"

typedef struct TableDelete
{
	PlanTable	table;
	Relation	index;
	bool		fires_triggers;
	EState	   *estate;
	ResultRelInfo *result_rel;
	EPQState	epq_state;
	struct TransitionCaptureState *capture;
	TupleTableSlot *found;
	TupleTableSlot *locked;
	TallyChanges *gone;			/* of places: has those that were deleted, if it is not NULL */
} TableDelete;

extern void table_delete_begin(TableDelete *delete, Oid schema, PlanTableId id);
extern void table_delete_rows(TableDelete *delete, const Datum *key, int columns);
extern bool table_delete_lock(TableDelete *delete, ItemPointer tid, Snapshot snapshot);
extern void table_delete_row(TableDelete *delete, ItemPointer tid, Snapshot snapshot);
extern void table_delete_end(TableDelete *delete);

#endif							/* TRAINPLAN_TABLE_DELETE_H */
