/*
 * plan_tables.h
 *		The extension's own tables, and the one way to them.
 */
#ifndef TRAINPLAN_PLAN_TABLES_H
#define TRAINPLAN_PLAN_TABLES_H

#include "access/attnum.h"
#include "access/genam.h"
#include "executor/tuptable.h"
#include "nodes/execnodes.h"
#include "nodes/parsenodes.h"
#include "storage/lockdefs.h"
#include "utils/relcache.h"
#include "utils/snapshot.h"

#include "planning/job_tuple.h"

/* In the order in which they are locked. */
typedef enum PlanTableId
{
	PLANS_TABLE,
	JOBS_TABLE,
	QUEUE_TABLE,
	HISTORY_TABLE,
	TALLY_TABLE,
	LIMITS_TABLE,
	POLICIES_TABLE,
	RUN_PARTS_TABLE,
	PLAN_TABLES
} PlanTableId;

/* Their columns; those of tables about plans are numbered from the plan's number on. */
typedef enum PlanColumn
{
	PLAN_PLAN_ID,
	PLAN_RUN_ID,
	PLAN_GENERATED_AT,
	PLAN_ROUTING,
	PLAN_MODEL_FAMILIES,
	PLAN_INCLUDE_BLOCKED,
	PLAN_GIT_COMMIT,
	PLAN_CONFIG_HASH,
	PLAN_METRICS_SNAPSHOT,
	PLAN_TOTAL_JOBS,
	PLAN_MAX_ATTEMPTS,
	PLAN_PRIORITY,
	PLAN_POOLED_FIRST,
	PLAN_PAUSED,
	PLAN_SERVER,
	PLAN_COLUMNS
} PlanColumn;

/* training_jobs has the plan's number before a job's columns. */
#define JOB_PLAN_ID				0
#define JOB_TABLE_COLUMN(column)	(1 + (column))
#define JOB_TABLE_COLUMNS		(1 + JOB_COLUMNS)

typedef enum QueueColumn
{
	QUEUE_PLAN_ID,
	QUEUE_PRIORITY,
	QUEUE_POSITION,
	QUEUE_READY_AT,
	QUEUE_STATE_SINCE,
	QUEUE_ATTEMPT,
	QUEUE_ATTEMPTS_FORGIVEN,
	QUEUE_CANCEL_REQUESTED,
	QUEUE_JOB_ID,
	QUEUE_STATE,
	QUEUE_WORKER,
	QUEUE_KIND,
	QUEUE_PROGRESS,
	QUEUE_STARTED_AT,
	QUEUE_AWAITED,
	QUEUE_ERROR,
	QUEUE_REUSED_PLAN_ID,
	QUEUE_REUSED_JOB_ID,
	QUEUE_REUSED_ATTEMPT,
	QUEUE_COLUMNS
} QueueColumn;

typedef enum HistoryColumn
{
	HISTORY_PLAN_ID,
	HISTORY_JOB_ID,
	HISTORY_ATTEMPT,
	HISTORY_WORKER,
	HISTORY_STARTED_AT,
	HISTORY_FINISHED_AT,
	HISTORY_OUTCOME,
	HISTORY_ERROR,
	HISTORY_RESULT,
	HISTORY_TARGET,
	HISTORY_SYMBOL,
	HISTORY_ROUTE,
	HISTORY_TRAINING_TYPE,
	HISTORY_MODEL_FAMILIES,
	HISTORY_ESTIMATED_SAMPLES,
	HISTORY_GIT_COMMIT,
	HISTORY_NEEDS_CS_ENSEMBLE,
	HISTORY_COLUMNS
} HistoryColumn;

typedef enum TallyColumn
{
	TALLY_PLAN_ID,
	TALLY_PART,
	TALLY_PLACES,
	TALLY_WAITING,
	TALLY_SUCCEEDED,
	TALLY_FAILED,
	TALLY_CANCELLED,
	TALLY_BLOCKED,
	TALLY_REUSED,
	TALLY_COLUMNS
} TallyColumn;

typedef enum LimitColumn
{
	LIMIT_NAME,
	LIMIT_FAMILIES,
	LIMIT_MAX_RUNNING,
	LIMIT_COLUMNS
} LimitColumn;

typedef enum PolicyColumn
{
	POLICY_NAME,
	POLICY_POLICY,
	POLICY_CONFIG_HASH,
	POLICY_UPDATED_AT,
	POLICY_COLUMNS
} PolicyColumn;

typedef enum RunPartColumn
{
	RUN_PART_RUN_ID,
	RUN_PART_SERVER,
	RUN_PART_PLAN_ID,
	RUN_PART_TOTAL_JOBS,
	RUN_PART_COLUMNS
} RunPartColumn;

#define MAX_TABLE_COLUMNS		19
#define MAX_KEY_COLUMNS			4

/*
 * A table that has been opened: it is of the kind and has the columns and indexes
 * that the extension gave it, whatever else somebody has added.  Where the database
 * has an older version of the extension, it may lack columns and indexes.
 *
 * A write is plain if nothing decides over it that the extension did not make: no
 * trigger, no check, no column that would have to be filled in.
 */
typedef struct PlanTable
{
	PlanTableId id;
	Relation	relation;		/* while it is open */
	Oid			relid;
	Oid			key;			/* the index of its primary key */
	Oid			claim_index;	/* of the queue */
	bool		claims_by_kind; /* it has the kind behind the priority */
	bool		claim_index_is_own; /* it has the rows that it was made with, neither more nor less */
	Oid			running_index;	/* of the queue; may be missing, and the next two too */
	Oid			ended_index;
	Oid			target_index;	/* of jobs: plan, target, symbol */
	Oid			success_index;	/* of the history: successes by target, symbol and time */
	AttrNumber	columns[MAX_TABLE_COLUMNS]; /* InvalidAttrNumber: it has none */
	bool		inserts_are_plain;
	bool		updates_are_plain;
	bool		deletes_are_plain;
} PlanTable;

extern const char *plan_table_name(PlanTableId id);
extern const Oid *plan_table_types(PlanTableId id);
extern int	plan_table_column_count(PlanTableId id);
extern const char *plan_table_column_name(PlanTableId id, int column);
extern int	plan_table_key_count(PlanTableId id);
extern int	plan_table_key_column(PlanTableId id, int place);

extern bool plan_table_exists(Oid schema, PlanTableId id);
extern void plan_table_open(PlanTable *table, Oid schema, PlanTableId id, LOCKMODE lock);
extern void plan_table_close(PlanTable *table);
extern bool plan_table_is_visible(const PlanTable *table);
extern void plan_table_note_visible(const PlanTable *table);
extern void plan_tables_lock(Oid schema, LOCKMODE queue_lock);
extern bool is_plan_table(Relation relation, Oid schema, PlanTableId id);
extern void disable_own_triggers(ResultRelInfo *result_rel);

extern void plan_table_check_rights(const PlanTable *table, AclMode rights);
extern bool plan_table_has_policies(const PlanTable *table);
extern IndexScanDesc plan_table_scan(const PlanTable *table, Relation key_index, Snapshot snapshot,
									 const Datum *key, int columns);
extern bool plan_index_is_usable(Oid relid);
extern Relation plan_table_open_target_index(const PlanTable *jobs);
extern Relation plan_table_open_success_index(const PlanTable *history);
extern IndexScanDesc plan_table_scan_target(const PlanTable *jobs, Relation index, Snapshot snapshot,
											int64 plan_id, Datum target);
extern IndexScanDesc plan_table_begin_scan_without_symbol(const PlanTable *jobs, Relation index, Snapshot snapshot);
extern void plan_table_scan_without_symbol(IndexScanDesc scan, int64 plan_id, Datum target);
extern bool plan_table_find(const PlanTable *table, Snapshot snapshot, const Datum *key, int columns,
							ScanDirection direction, TupleTableSlot *slot);
extern CommandId command_of_snapshot(Snapshot snapshot);
extern bool plan_table_has_rows_of(const PlanTable *table, int64 plan_id);

static inline bool
has_column(const PlanTable *table, int column)
{
	return table->columns[column] != InvalidAttrNumber;
}

/* Where a column that the table has is in a row's values. */
static inline int
column_index(const PlanTable *table, int column)
{
	return table->columns[column] - 1;
}

/* A column of a row, which is null if the table does not have it. */
static inline Datum
column_value(const PlanTable *table, TupleTableSlot *slot, int column, bool *isnull)
{
	if (has_column(table, column))
		return slot_getattr(slot, table->columns[column], isnull);
	*isnull = true;
	return (Datum) 0;
}

#endif							/* TRAINPLAN_PLAN_TABLES_H */
