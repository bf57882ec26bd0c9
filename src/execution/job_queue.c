/*
 * job_queue.c
 *		Reads and writes training_job_queue and training_job_history.
 *
 * Workers claim and report a job at a time, so what counts is the time of one
 * such call.  The rows are therefore read through their indexes and written
 * straight into the tables, as the executor would do it, without a query for
 * each.  Where somebody has added something to a table that decides over its rows
 * (plan_tables.c), they are written by SQL, so that it holds.  Row-level security
 * on the two tables is an error; on training_jobs it decides who can claim and
 * report what.
 *
 * All is seen as it is now, by a snapshot of the call's own, also in a
 * transaction that sees all else as it was when it began: a lease is a matter of
 * time.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/relscan.h"
#include "access/xact.h"
#include "catalog/index.h"
#include "catalog/pg_collation.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "storage/lock.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/fmgroids.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "base/executor_compat.h"
#include "execution/job_queue.h"
#include "plans/trigger_call.h"
#include "plans/visible_rows.h"

/* ---- opening and closing ---------------------------------------------------- */

/* Beside 1 and 2, which are the users' advisory locks, and 3, that of a directory. */
#define QUEUE_LOCK	4

/* Wait for whoever inserts other kinds, and hold him off until the transaction ends. */
void
job_queue_lock_inserts(Oid queue, LOCKMODE kind)
{
	LOCKTAG		tag;

	SET_LOCKTAG_ADVISORY(tag, MyDatabaseId, queue, 0, QUEUE_LOCK);
	(void) LockAcquire(&tag, kind, false, false);
}

static void
open_table(QueueTable *table, Oid schema, PlanTableId id, AclMode rights)
{
	plan_table_open(&table->table, schema, id, RowExclusiveLock);
	plan_table_check_rights(&table->table, rights);
	if (plan_table_has_policies(&table->table))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("row-level security on table \"%s\" is not supported", plan_table_name(id)),
				 errhint("Policies on table \"%s\" decide which jobs can be claimed and reported.",
						 plan_table_name(JOBS_TABLE))));
	CheckCmdReplicaIdentity(table->table.relation, id == QUEUE_TABLE ? CMD_UPDATE : CMD_INSERT);

	table->result_rel = makeNode(ResultRelInfo);
	InitResultRelInfo(table->result_rel, table->table.relation, 0, NULL, 0);
	ExecOpenIndices(table->result_rel, false);
	table->slot = table_slot_create(table->table.relation, NULL);
}

static void
close_table(QueueTable *table)
{
	ExecDropSingleTupleTableSlot(table->slot);
	ExecCloseIndices(table->result_rel);
	plan_table_close(&table->table);
}

/* An index of a table that is open already with the others. */
static Relation
open_index(const QueueTable *table, Oid index)
{
	const ResultRelInfo *result_rel = table->result_rel;

	for (int i = 0; i < result_rel->ri_NumIndices; i++)
	{
		if (RelationGetRelid(result_rel->ri_IndexRelationDescs[i]) == index)
			return result_rel->ri_IndexRelationDescs[i];
	}
	elog(ERROR, "index %u of table \"%s\" is not open", index, plan_table_name(table->table.id));
}

/* See what others have committed up to now. */
static void
look(JobQueue *queue)
{
	queue->snapshot = RegisterSnapshot(GetLatestSnapshot());
	queue->now = GetCurrentTimestamp();
}

/*
 * Open the queue of the extension in schema for one call of a function, whose
 * name is for messages.  Ends with job_queue_close(); nothing outlives an error.
 *
 * All tables of jobs are locked first: what the call sees, and the time that it
 * goes by, are those after it has waited for them.
 */
void
job_queue_open(JobQueue *queue, Oid schema, const char *function)
{
	PlanTable	jobs;

	PreventCommandIfReadOnly(function);
	PreventCommandIfParallelMode(function);

	memset(queue, 0, sizeof(JobQueue));
	queue->context = CurrentMemoryContext;
	queue->attempted.context = CurrentMemoryContext;
	queue->tally.context = CurrentMemoryContext;
	queue->schema = schema;
	plan_tables_lock(schema, RowExclusiveLock);
	plan_table_open(&jobs, schema, JOBS_TABLE, AccessShareLock);
	queue->jobs_have_policies = plan_table_has_policies(&jobs);
	plan_table_close(&jobs);
	/* see what the command has done that calls the function */
	CommandCounterIncrement();
	queue->estate = CreateExecutorState();
	open_table(&queue->places, schema, QUEUE_TABLE, ACL_SELECT | ACL_UPDATE);
	queue->found = table_slot_create(queue->places.table.relation, NULL);
	queue->by_job = open_index(&queue->places, queue->places.table.key);
	queue->by_claim = open_index(&queue->places, queue->places.table.claim_index);
	look(queue);
}

static void
open_history(JobQueue *queue)
{
	MemoryContext caller;

	if (queue->history.table.relation != NULL)
		return;
	caller = MemoryContextSwitchTo(queue->context);
	open_table(&queue->history, queue->schema, HISTORY_TABLE, ACL_INSERT);
	queue->attempts = open_index(&queue->history, queue->history.table.key);
	MemoryContextSwitchTo(caller);
}

/* Remember the key of a row that went straight into a table, if SQL's sight of that is still to be proved. */
static void
note_unseen(JobQueue *queue, QueueTable *table, const QueuePlace *place)
{
	MemoryContext caller;

	if (table->has_unseen || plan_table_is_visible(&table->table))
		return;
	caller = MemoryContextSwitchTo(queue->context);
	table->has_unseen = true;
	table->unseen[0] = Int64GetDatum(place->plan_id);
	table->unseen[1] = datumCopy(place->job_id, false, -1);
	table->unseen[2] = Int32GetDatum(place->attempt.number);	/* of the history's key */
	MemoryContextSwitchTo(caller);
}

/* What was written is seen by what the transaction does next. */
void
job_queue_close(JobQueue *queue)
{
	if (queue->writes_sql)
	{
		MemoryContext caller = CurrentMemoryContext;

		SPI_finish();
		MemoryContextSwitchTo(caller);
	}
	if (queue->places.has_unseen)
		check_row_is_visible_once(&queue->places.table, queue->places.unseen);
	if (queue->history.has_unseen)
		check_row_is_visible_once(&queue->history.table, queue->history.unseen);
	ExecDropSingleTupleTableSlot(queue->found);
	attempted_jobs_close(&queue->attempted);
	if (queue->history.table.relation != NULL)
		close_table(&queue->history);
	close_table(&queue->places);
	FreeExecutorState(queue->estate);
	UnregisterSnapshot(queue->snapshot);
	CommandCounterIncrement();
	tally_write(queue->schema, &queue->tally);
}

/* See what others have committed since, and what time it is. */
void
job_queue_refresh(JobQueue *queue)
{
	UnregisterSnapshot(queue->snapshot);
	look(queue);
}

/*
 * Look at other places, as they are now, while the place that was read last stays as it is
 * in queue->found, and scans go on with their snapshot.
 */
void
job_queue_look_aside(JobQueue *queue, QueueAside *aside)
{
	MemoryContext caller = MemoryContextSwitchTo(queue->context);

	/* see what the command has written */
	CommandCounterIncrement();
	aside->found = queue->found;
	aside->snapshot = queue->snapshot;
	queue->found = table_slot_create(queue->places.table.relation, NULL);
	look(queue);
	MemoryContextSwitchTo(caller);
}

void
job_queue_look_back(JobQueue *queue, const QueueAside *aside)
{
	ExecDropSingleTupleTableSlot(queue->found);
	UnregisterSnapshot(queue->snapshot);
	queue->found = aside->found;
	queue->snapshot = aside->snapshot;
}

/* What does not change of a place. */
static bool
is_fixed(int column)
{
	return column == QUEUE_PLAN_ID || column == QUEUE_JOB_ID || column == QUEUE_POSITION;
}

static const Oid returned_types[] = {TIMESTAMPTZOID, INT4OID};

/* Prepare the change of a place: of all columns that the table has. */
static void
prepare_change(TableWrite *write, const PlanTable *table)
{
	StringInfoData columns;

	initStringInfo(&columns);
	for (int i = 0; i < QUEUE_COLUMNS; i++)
	{
		if (!is_fixed(i) && has_column(table, i))
			appendStringInfo(&columns, "%s%s = $%d", columns.len > 0 ? ", " : "",
							 plan_table_column_name(QUEUE_TABLE, i), i + 1);
	}
	table_write_prepare(write, table,
						psprintf("UPDATE ONLY %%s SET %s WHERE plan_id OPERATOR(pg_catalog.=) $%d "
								 "AND job_id OPERATOR(pg_catalog.=) $%d RETURNING ready_at, attempt",
								 columns.data, QUEUE_PLAN_ID + 1, QUEUE_JOB_ID + 1),
						QUEUE_COLUMNS, plan_table_types(QUEUE_TABLE), lengthof(returned_types),
						returned_types);
}

/*
 * Write a row about a place by SQL: the place itself, or an attempt.  The command is
 * prepared when the first comes.
 */
static void
write_by_sql(JobQueue *queue, QueueTable *table, const QueuePlace *place, Datum *values, bool *nulls)
{
	uint64		written;

	if (!queue->writes_sql)
	{
		/* SPI_finish() goes back to the context that there is now */
		MemoryContext caller = MemoryContextSwitchTo(queue->context);

		if (SPI_connect() != SPI_OK_CONNECT)
			elog(ERROR, "SPI_connect failed");
		queue->writes_sql = true;
		MemoryContextSwitchTo(caller);
	}
	if (table->write.plan == NULL && table->table.id == QUEUE_TABLE)
		prepare_change(&table->write, &table->table);
	else if (table->write.plan == NULL)
		table_write_prepare_insert(&table->write, &table->table);
	written = table->table.id == QUEUE_TABLE ?
		table_write_run(&table->write, values, nulls, true) :
		table_write_insert(&table->write, &table->table, values, nulls, true);
	if (written != 1)
		ereport(ERROR,
				(errcode(ERRCODE_TRIGGERED_DATA_CHANGE_VIOLATION),
				 errmsg("job \"%s\" of plan %lld was not written into table \"%s\"",
						TextDatumGetCString(place->job_id), (long long) place->plan_id,
						plan_table_name(table->table.id)),
				 errdetail("A trigger of the table has suppressed it.")));
}

/* ---- places ------------------------------------------------------------------- */

static Datum
place_value(const JobQueue *queue, QueueColumn column, bool *isnull)
{
	return column_value(&queue->places.table, queue->found, column, isnull);
}

/* A value that the table does not allow to be null. */
static Datum
required_value(const JobQueue *queue, QueueColumn column)
{
	bool		isnull;
	Datum		value = place_value(queue, column, &isnull);

	if (isnull)
		elog(ERROR, "column %d of table \"%s\" is null", column, plan_table_name(QUEUE_TABLE));
	return value;
}

static void
read_reused(const JobQueue *queue, Reused *reused)
{
	bool		no_plan;
	bool		no_attempt;
	bool		isnull;
	Datum		value;

	reused->plan_id = DatumGetInt64(place_value(queue, QUEUE_REUSED_PLAN_ID, &no_plan));
	reused->attempt = DatumGetInt32(place_value(queue, QUEUE_REUSED_ATTEMPT, &no_attempt));
	reused->is_known = !no_plan && !no_attempt;
	value = place_value(queue, QUEUE_REUSED_JOB_ID, &isnull);
	reused->job_id = isnull ? (Datum) 0 : value;
}

/* Read the place that is in queue->found. */
void
queue_place_read(JobQueue *queue, QueuePlace *place)
{
	bool		isnull;
	Datum		value;

	slot_getallattrs(queue->found);
	place->tid = queue->found->tts_tid;
	place->plan_id = DatumGetInt64(required_value(queue, QUEUE_PLAN_ID));
	place->job_id = required_value(queue, QUEUE_JOB_ID);
	place->priority = DatumGetInt32(required_value(queue, QUEUE_PRIORITY));
	place->position = DatumGetInt32(required_value(queue, QUEUE_POSITION));
	value = place_value(queue, QUEUE_READY_AT, &place->is_fresh);
	place->stays_fresh = false;
	place->ready_at = place->is_fresh ? DT_NOBEGIN : DatumGetTimestampTz(value);
	place->state_since = DatumGetTimestampTz(required_value(queue, QUEUE_STATE_SINCE));
	place->attempt.number = DatumGetInt32(required_value(queue, QUEUE_ATTEMPT));
	place->attempt.forgiven = DatumGetInt32(required_value(queue, QUEUE_ATTEMPTS_FORGIVEN));
	place->attempt.cancel_requested = DatumGetBool(required_value(queue, QUEUE_CANCEL_REQUESTED));
	place->attempt.lease_end = place->ready_at;
	value = place_value(queue, QUEUE_WORKER, &isnull);
	place->worker = isnull ? (Datum) 0 : value;
	value = place_value(queue, QUEUE_KIND, &isnull);
	place->kind = isnull ? KIND_UNKNOWN : DatumGetInt64(value);
	value = place_value(queue, QUEUE_PROGRESS, &place->has_no_progress);
	place->progress = place->has_no_progress ? 0 : DatumGetFloat8(value);
	value = place_value(queue, QUEUE_STARTED_AT, &isnull);
	place->started_at = isnull ? DT_NOBEGIN : DatumGetTimestampTz(value);
	value = place_value(queue, QUEUE_AWAITED, &isnull);
	place->awaited = !isnull && DatumGetBool(value);
	value = place_value(queue, QUEUE_ERROR, &isnull);
	place->error = isnull ? (Datum) 0 : value;
	read_reused(queue, &place->reused);
	place->state = state_of_text(required_value(queue, QUEUE_STATE));
}

/* Say that a place is passed over because nobody knows its state. */
void
warn_of_unknown_state(const QueuePlace *place)
{
	ereport(WARNING,
			(errcode(ERRCODE_DATA_CORRUPTED),
			 errmsg("job \"%s\" of plan %lld is passed over: its state in table \"%s\" is unknown",
					TextDatumGetCString(place->job_id), (long long) place->plan_id,
					plan_table_name(QUEUE_TABLE)),
			 errhint("Valid states are %s.", valid_words(&job_states))));
}

/* Begin to go through the places of a plan, by job_id, or to look for one of them. */
static IndexScanDesc
begin_scan(JobQueue *queue, int64 plan_id, Datum job_id, int columns)
{
	Datum		key[] = {Int64GetDatum(plan_id), job_id};

	return plan_table_scan(&queue->places.table, queue->by_job, queue->snapshot, key, columns);
}

/* Begin to go through all places of a plan, by job_id; they come in queue->found. */
IndexScanDesc
job_queue_scan_plan(JobQueue *queue, int64 plan_id)
{
	return begin_scan(queue, plan_id, (Datum) 0, 1);
}

/*
 * Find the place of a job, as it is committed now.  Returns whether there is
 * one; it is in queue->found then.
 */
bool
job_queue_find(JobQueue *queue, int64 plan_id, Datum job_id, QueuePlace *place)
{
	IndexScanDesc scan = begin_scan(queue, plan_id, job_id, 2);
	bool		found = index_getnext_slot(scan, ForwardScanDirection, queue->found);

	if (found)
		queue_place_read(queue, place);
	index_endscan(scan);
	return found;
}

/* Begin a walk along the places of a plan, as the queue's snapshot has them, in the current memory context. */
void
place_walk_begin(JobQueue *queue, PlaceWalk *walk, int64 plan_id)
{
	walk->context = CurrentMemoryContext;
	walk->plan_id = plan_id;
	walk->scan = index_beginscan(queue->places.table.relation, queue->by_job, queue->snapshot, NULL, 2, 0);
	walk->next = table_slot_create(queue->places.table.relation, NULL);
}

void
place_walk_end(PlaceWalk *walk)
{
	ExecDropSingleTupleTableSlot(walk->next);
	index_endscan(walk->scan);
}

/* Go to the place of a job, or where it would be. */
static void
go_to_place(PlaceWalk *walk, Datum job_id)
{
	ScanKeyData keys[2];

	ScanKeyInit(&keys[0], 1, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(walk->plan_id));
	ScanKeyEntryInitialize(&keys[1], 0, 2, BTGreaterEqualStrategyNumber, InvalidOid, C_COLLATION_OID, F_TEXT_GE, job_id);
	index_rescan(walk->scan, keys, lengthof(keys), NULL, 0);
}

/* How the next place stands to a job: before it, at it, or (also if there is none) behind it. */
static int
compare_next(const JobQueue *queue, const PlaceWalk *walk, Slice job_id)
{
	bool		isnull;
	Datum		next;

	if (TTS_EMPTY(walk->next))
		return 1;
	next = slot_getattr(walk->next, queue->places.table.columns[QUEUE_JOB_ID], &isnull);
	return slice_compare(slice_from_text(DatumGetTextPP(next)), job_id);
}

static int
step_and_compare(const JobQueue *queue, PlaceWalk *walk, Slice job_id)
{
	(void) index_getnext_slot(walk->scan, ForwardScanDirection, walk->next);
	return compare_next(queue, walk, job_id);
}

/* What job_queue_find() does, where the place is likely to be among the next ones. */
bool
place_walk_find(JobQueue *queue, PlaceWalk *walk, Datum job_id, QueuePlace *place)
{
	const int	most_steps = 16;
	Slice		wanted = slice_from_text(DatumGetTextPP(job_id));
	/* the scan keeps things where it is called */
	MemoryContext caller = MemoryContextSwitchTo(walk->context);
	int			order = compare_next(queue, walk, wanted);

	for (int step = 0; order < 0 && step < most_steps; step++)
		order = step_and_compare(queue, walk, wanted);
	if (order != 0)
	{
		go_to_place(walk, job_id);
		order = step_and_compare(queue, walk, wanted);
	}
	MemoryContextSwitchTo(caller);
	if (order != 0)
		return false;
	ExecCopySlot(queue->found, walk->next);
	queue_place_read(queue, place);
	return true;
}

/* ---- what runs ------------------------------------------------------------------ */

/* Begin to go through the places whose jobs run; the table is open. */
void
running_scan_begin(RunningScan *scan, const PlanTable *places, Snapshot snapshot)
{
	memset(scan, 0, sizeof(RunningScan));
	scan->places = places;
	if (OidIsValid(places->running_index))
	{
		scan->index = index_open(places->running_index, AccessShareLock);
		scan->by_index = index_beginscan(places->relation, scan->index, snapshot, NULL, 0, 0);
		index_rescan(scan->by_index, NULL, 0, NULL, 0);
	}
	else
		scan->by_table = table_beginscan(places->relation, snapshot, 0, NULL);
}

/* Read the next one into a slot; false after the last. */
bool
running_scan_next(RunningScan *scan, TupleTableSlot *slot)
{
	CHECK_FOR_INTERRUPTS();
	if (scan->by_index != NULL)
		return index_getnext_slot(scan->by_index, ForwardScanDirection, slot);
	while (table_scan_getnextslot(scan->by_table, ForwardScanDirection, slot))
	{
		bool		isnull;
		Datum		state = column_value(scan->places, slot, QUEUE_STATE, &isnull);

		CHECK_FOR_INTERRUPTS();
		if (!isnull && slice_equal(slice_from_text(DatumGetTextPP(state)), job_states.words[JOB_RUNNING]))
			return true;
	}
	return false;
}

void
running_scan_end(RunningScan *scan)
{
	if (scan->by_table != NULL)
		table_endscan(scan->by_table);
	if (scan->by_index != NULL)
	{
		index_endscan(scan->by_index);
		index_close(scan->index, AccessShareLock);
	}
}

/* ---- locking and writing ---------------------------------------------------------- */

static TM_Result
lock_place(JobQueue *queue, const QueuePlace *place, LockWaitPolicy policy)
{
	ItemPointerData tid = place->tid;
	TM_FailureData failure;

	return table_tuple_lock(queue->places.table.relation, &tid, queue->snapshot,
							queue->places.slot, command_of_snapshot(queue->snapshot),
							LockTupleNoKeyExclusive, policy, 0, &failure);
}

/*
 * Lock a place that was read, unless somebody else has locked or changed it:
 * then nothing is done, and false is returned.  Never waits.
 */
bool
queue_place_try_lock(JobQueue *queue, const QueuePlace *place)
{
	return lock_place(queue, place, LockWaitSkip) == TM_Ok;
}

/* Is what is in queue->found the last that this transaction wrote of a place?  Then it has it. */
bool
queue_place_is_own(const JobQueue *queue)
{
	bool		should_free;
	HeapTupleHeader header = ExecFetchSlotHeapTuple(queue->found, false, &should_free)->t_data;

	return TransactionIdIsCurrentTransactionId(HeapTupleHeaderGetXmin(header)) &&
		((header->t_infomask & HEAP_XMAX_INVALID) != 0 ||
		 HEAP_XMAX_IS_LOCKED_ONLY(header->t_infomask));
}

/*
 * Lock a place that was read last, and wait for whoever else has it.  Returns
 * whether it is as it was read; if not, it has to be found again.  queue->now is
 * the time when it was locked.
 */
bool
queue_place_lock(JobQueue *queue, const QueuePlace *place)
{
	TM_Result	result;

	CHECK_FOR_INTERRUPTS();
	result = queue_place_is_own(queue) ? TM_Ok : lock_place(queue, place, LockWaitBlock);
	if (result == TM_Ok)
	{
		queue->now = GetCurrentTimestamp();
		return true;
	}
	/* this command has changed it, and is to see that */
	if (result == TM_SelfModified)
		CommandCounterIncrement();
	job_queue_refresh(queue);
	return false;
}

/*
 * What a row's values are made in, until insert_index_entries() is done with it.
 */
static MemoryContext
row_context(JobQueue *queue)
{
	return GetPerTupleMemoryContext(queue->estate);
}

/* Is an index the extension's own, so that it is known which rows it has? */
static bool
is_own_index(const PlanTable *table, Oid index)
{
	return index == table->key || index == table->running_index || index == table->ended_index ||
		index == table->success_index || (index == table->claim_index && table->claim_index_is_own);
}

/* Does an index of the extension have a row: a place, or an attempt that ended like this? */
static bool
has_row(const PlanTable *table, Oid index, const QueuePlace *place, AttemptOutcome outcome)
{
	if (index == table->key)
		return true;
	if (index == table->success_index)
		return outcome == ATTEMPT_SUCCEEDED;
	if (index == table->running_index)
		return place->state == JOB_RUNNING;
	if (index == table->ended_index)
		return place->state == JOB_SUCCEEDED || place->state == JOB_FAILED;
	return place->ready_at < DT_NOEND;
}

/*
 * Insert the entries of the row that is in table->slot, as the executor would, which
 * has to make out by their conditions what partial indexes are about: of a place, or of
 * an attempt that ended like this, it is known.
 */
static void
insert_index_entries(JobQueue *queue, QueueTable *table, const QueuePlace *place,
					 AttemptOutcome outcome, bool update, bool only_summarizing)
{
	ResultRelInfo *result_rel = table->result_rel;
	bool		are_own = true;

	table->slot->tts_tableOid = table->table.relid;
	for (int i = 0; i < result_rel->ri_NumIndices && are_own; i++)
		are_own = is_own_index(&table->table, RelationGetRelid(result_rel->ri_IndexRelationDescs[i]));
	if (!are_own)
	{
		list_free(ExecInsertIndexTuples(result_rel, table->slot, queue->estate, update, false,
										NULL, NIL, only_summarizing));
		return;
	}
	for (int i = 0; i < result_rel->ri_NumIndices && !only_summarizing; i++)
	{
		Relation	index = result_rel->ri_IndexRelationDescs[i];
		IndexInfo  *info = result_rel->ri_IndexRelationInfo[i];
		Datum		values[INDEX_MAX_KEYS];
		bool		nulls[INDEX_MAX_KEYS];

		if (!has_row(&table->table, RelationGetRelid(index), place, outcome))
			continue;
		FormIndexDatum(info, table->slot, queue->estate, values, nulls);
		/* what is changed of a place is nothing of its key */
		(void) index_insert(index, values, nulls, &table->slot->tts_tid, table->table.relation,
							info->ii_Unique && !update ? UNIQUE_CHECK_YES : UNIQUE_CHECK_NO, update, info);
	}
}

/* The values of a place's columns, in the current memory context. */
static void
place_values(const QueuePlace *place, Datum *values, bool *nulls)
{
	memset(nulls, false, QUEUE_COLUMNS * sizeof(bool));
	values[QUEUE_PLAN_ID] = Int64GetDatum(place->plan_id);
	values[QUEUE_JOB_ID] = place->job_id;
	values[QUEUE_PRIORITY] = Int32GetDatum(place->priority);
	values[QUEUE_POSITION] = Int32GetDatum(place->position);
	values[QUEUE_READY_AT] = TimestampTzGetDatum(place->ready_at);
	nulls[QUEUE_READY_AT] = place->stays_fresh;
	values[QUEUE_STATE_SINCE] = TimestampTzGetDatum(place->state_since);
	values[QUEUE_ATTEMPT] = Int32GetDatum(place->attempt.number);
	values[QUEUE_ATTEMPTS_FORGIVEN] = Int32GetDatum(place->attempt.forgiven);
	values[QUEUE_CANCEL_REQUESTED] = BoolGetDatum(place->attempt.cancel_requested);
	values[QUEUE_STATE] = slice_to_text(job_states.words[place->state]);
	values[QUEUE_WORKER] = place->worker;
	nulls[QUEUE_WORKER] = place->worker == (Datum) 0;
	values[QUEUE_KIND] = Int64GetDatum(place->kind);
	values[QUEUE_PROGRESS] = Float8GetDatum(place->progress);
	nulls[QUEUE_PROGRESS] = place->has_no_progress;
	values[QUEUE_STARTED_AT] = TimestampTzGetDatum(place->started_at);
	nulls[QUEUE_STARTED_AT] = place->started_at == DT_NOBEGIN;
	values[QUEUE_AWAITED] = BoolGetDatum(place->awaited);
	values[QUEUE_ERROR] = place->error;
	nulls[QUEUE_ERROR] = place->error == (Datum) 0;
	values[QUEUE_REUSED_PLAN_ID] = Int64GetDatum(place->reused.plan_id);
	nulls[QUEUE_REUSED_PLAN_ID] = !place->reused.is_known;
	values[QUEUE_REUSED_JOB_ID] = place->reused.job_id;
	nulls[QUEUE_REUSED_JOB_ID] = !place->reused.is_known || place->reused.job_id == (Datum) 0;
	values[QUEUE_REUSED_ATTEMPT] = Int32GetDatum(place->reused.attempt);
	nulls[QUEUE_REUSED_ATTEMPT] = !place->reused.is_known;
}

/* Write a place straight into the table; what is in columns that others have added stays. */
static TM_Result
update_place(JobQueue *queue, const QueuePlace *place, const Datum *values, const bool *nulls, bool wait)
{
	QueueTable *table = &queue->places;
	TupleTableSlot *slot = table->slot;
	int			columns = slot->tts_tupleDescriptor->natts;
	ItemPointerData tid = place->tid;
	TM_FailureData failure;
	LockTupleMode lock_mode;
	TU_UpdateIndexes update_indexes;
	TM_Result	result;

	ExecClearTuple(slot);
	memcpy(slot->tts_values, queue->found->tts_values, columns * sizeof(Datum));
	memcpy(slot->tts_isnull, queue->found->tts_isnull, columns * sizeof(bool));
	for (int i = 0; i < QUEUE_COLUMNS; i++)
	{
		if (is_fixed(i) || !has_column(&table->table, i))
			continue;
		slot->tts_values[column_index(&table->table, i)] = values[i];
		slot->tts_isnull[column_index(&table->table, i)] = nulls[i];
	}
	ExecStoreVirtualTuple(slot);

	result = table_tuple_update(table->table.relation, &tid, slot, command_of_snapshot(queue->snapshot),
								queue->snapshot, InvalidSnapshot, wait, &failure, &lock_mode,
								&update_indexes);
	if (result == TM_Ok && update_indexes != TU_None)
		insert_index_entries(queue, table, place, 0, true, ONLY_SUMMARIZING(update_indexes));
	return result;
}

/* The place that is written by SQL just now, and how deep in triggers that is. */
static const QueuePlace *written_place = NULL;
static int	written_depth;

/* Does the trigger that runs see a place as a function of the extension writes it? */
bool
is_written_by_queue(int64 plan_id, Datum job_id)
{
	return written_place != NULL && trigger_depth() == written_depth + 1 &&
		written_place->plan_id == plan_id &&
		slice_equal(slice_from_text(DatumGetTextPP(written_place->job_id)),
					slice_from_text(DatumGetTextPP(job_id)));
}

/* Does the trigger of a statement that runs see one by which the extension writes a place? */
bool
is_queue_writing(void)
{
	return written_place != NULL && trigger_depth() == written_depth + 1;
}

/* Write a place by SQL; others' triggers may have its times and its attempt otherwise. */
static void
write_place_by_sql(JobQueue *queue, QueuePlace *place, Datum *values, bool *nulls)
{
	const QueuePlace *outer = written_place;
	int			outer_depth = written_depth;
	Datum		ready_at;
	bool		isnull;

	PG_TRY();
	{
		written_place = place;
		written_depth = trigger_depth();
		write_by_sql(queue, &queue->places, place, values, nulls);
	}
	PG_FINALLY();
	{
		written_place = outer;
		written_depth = outer_depth;
	}
	PG_END_TRY();

	ready_at = table_write_result(0, &isnull);
	if (!isnull)
		place->ready_at = DatumGetTimestampTz(ready_at);
	place->attempt.number = DatumGetInt32(table_write_result(1, &isnull));
}

static TM_Result
write_place(JobQueue *queue, QueuePlace *place, bool wait)
{
	MemoryContext caller = MemoryContextSwitchTo(row_context(queue));
	TM_Result	result = TM_Ok;
	Datum		values[QUEUE_COLUMNS];
	bool		nulls[QUEUE_COLUMNS];

	place_values(place, values, nulls);
	if (queue->places.table.updates_are_plain)
	{
		int			before = state_of_text(required_value(queue, QUEUE_STATE));

		result = update_place(queue, place, values, nulls, wait);
		if (result == TM_Ok)
		{
			tally_note_moved(&queue->tally, place->plan_id, before, place->state);
			note_unseen(queue, &queue->places, place);
		}
	}
	else
		write_place_by_sql(queue, place, values, nulls);
	MemoryContextSwitchTo(caller);
	ResetPerTupleExprContext(queue->estate);
	return result;
}

/* Write a place that was read last and is locked, as it is to be. */
void
queue_place_write(JobQueue *queue, QueuePlace *place)
{
	if (write_place(queue, place, true) != TM_Ok)
		ereport(ERROR,
				(errcode(ERRCODE_TRIGGERED_DATA_CHANGE_VIOLATION),
				 errmsg("job \"%s\" of plan %lld was changed by the command that changes it",
						TextDatumGetCString(place->job_id), (long long) place->plan_id)));
}

/*
 * Write a place that was read last and is not locked, unless somebody else has locked or
 * changed it: then nothing is done, and false is returned.  Never waits.
 */
bool
queue_place_try_write(JobQueue *queue, QueuePlace *place)
{
	if (queue->places.table.updates_are_plain)
		return write_place(queue, place, false) == TM_Ok;
	if (!queue_place_try_lock(queue, place))
		return false;
	queue_place_write(queue, place);
	return true;
}

/*
 * Have a place's attempt ended: the job is in another state from a time on, and
 * can be claimed from ready_at on, if it is to be tried again.
 */
void
queue_place_end_attempt(QueuePlace *place, JobState state, TimestampTz since, TimestampTz ready_at)
{
	if (place->state == JOB_RUNNING)
		place->started_at = place->state_since;
	place->state = state;
	place->state_since = since;
	place->has_no_progress = true;
	place->ready_at = state == JOB_PENDING ? ready_at : DT_NOEND;
	place->error = (Datum) 0;
	place->reused.is_known = false;
	place->attempt.cancel_requested = false;
	place->worker = (Datum) 0;
}

/* Have a place of a job that nobody ever claimed ended: an attempt of before is as good. */
void
queue_place_reuse(QueuePlace *place, const Reused *reused, TimestampTz since)
{
	queue_place_end_attempt(place, JOB_REUSED, since, 0);
	place->reused = *reused;
}

/* ---- history ------------------------------------------------------------------ */

/* The number of the last of the recorded attempts whose key begins like this; 0: there is none. */
static int32
find_attempt(JobQueue *queue, const Datum *key, int columns)
{
	IndexScanDesc scan = plan_table_scan(&queue->history.table, queue->attempts, SnapshotSelf,
										 key, columns);
	int32		found = 0;

	if (index_getnext_slot(scan, BackwardScanDirection, queue->history.slot))
	{
		bool		isnull;

		found = DatumGetInt32(slot_getattr(queue->history.slot,
										   queue->history.table.columns[HISTORY_ATTEMPT], &isnull));
	}
	index_endscan(scan);
	return found;
}

static bool
is_recorded(JobQueue *queue, const QueuePlace *place, int32 number)
{
	Datum		key[] = {Int64GetDatum(place->plan_id), place->job_id, Int32GetDatum(number)};

	return find_attempt(queue, key, lengthof(key)) != 0;
}

static int32
last_recorded(JobQueue *queue, const QueuePlace *place)
{
	Datum		key[] = {Int64GetDatum(place->plan_id), place->job_id};

	return find_attempt(queue, key, lengthof(key));
}

/*
 * Give the attempt of a place that is about to end a number that the history does
 * not have: as a rule that which it has, or a higher one.  Somebody may have changed
 * the queue or the history by hand, and no attempt is lost for that.
 */
void
queue_place_number_attempt(JobQueue *queue, QueuePlace *place)
{
	Attempt    *attempt = &place->attempt;

	open_history(queue);
	attempt->number = Max(attempt->number, 1);
	if (!is_recorded(queue, place, attempt->number))
		return;
	attempt->number = Max(attempt->number, last_recorded(queue, place));
	if (attempt->number < LAST_ATTEMPT)
		attempt->number++;
	else
	{
		while (is_recorded(queue, place, attempt->number))
		{
			CHECK_FOR_INTERRUPTS();
			attempt->number--;
		}
		attempt->forgiven = Min(attempt->forgiven, attempt->number);
	}
}

/* Write an attempt straight into the table. */
static void
write_attempt(JobQueue *queue, AttemptOutcome outcome, const Datum *values, const bool *nulls)
{
	QueueTable *table = &queue->history;
	TupleTableSlot *slot = table->slot;

	ExecClearTuple(slot);
	memset(slot->tts_isnull, true, slot->tts_tupleDescriptor->natts * sizeof(bool));
	for (int i = 0; i < HISTORY_COLUMNS; i++)
	{
		if (!has_column(&table->table, i))
			continue;
		slot->tts_values[column_index(&table->table, i)] = values[i];
		slot->tts_isnull[column_index(&table->table, i)] = nulls[i];
	}
	ExecStoreVirtualTuple(slot);
	table_tuple_insert(table->table.relation, slot, GetCurrentCommandId(true), 0, NULL);
	insert_index_entries(queue, table, NULL, outcome, false, false);
}

/*
 * Record the attempt of a place, as it was while it ran, under a number that
 * queue_place_number_attempt() has found.  The place has been locked or written
 * by this transaction.  error and result may be 0: none.  With it is written what the
 * job is; a job that is not there leaves that null.
 */
void
history_insert(JobQueue *queue, const QueuePlace *place, AttemptOutcome outcome,
			   TimestampTz finished_at, Datum error, Datum result)
{
	MemoryContext caller = MemoryContextSwitchTo(row_context(queue));
	Datum		values[HISTORY_COLUMNS] = {
		[HISTORY_PLAN_ID] = Int64GetDatum(place->plan_id),
		[HISTORY_JOB_ID] = place->job_id,
		[HISTORY_ATTEMPT] = Int32GetDatum(place->attempt.number),
		[HISTORY_WORKER] = place->worker != (Datum) 0 ? place->worker : CStringGetTextDatum(""),
		[HISTORY_STARTED_AT] = TimestampTzGetDatum(place->state_since),
		[HISTORY_FINISHED_AT] = TimestampTzGetDatum(finished_at),
		[HISTORY_OUTCOME] = slice_to_text(attempt_outcomes.words[outcome]),
		[HISTORY_ERROR] = error,
		[HISTORY_RESULT] = result
	};
	bool		nulls[HISTORY_COLUMNS] = {
		[HISTORY_ERROR] = error == (Datum) 0,
		[HISTORY_RESULT] = result == (Datum) 0
	};

	attempted_job_read(&queue->attempted, queue->schema, &queue->history.table, queue->snapshot,
					   place->plan_id, place->job_id, values, nulls);
	if (queue->history.table.inserts_are_plain)
	{
		write_attempt(queue, outcome, values, nulls);
		note_unseen(queue, &queue->history, place);
	}
	else
		write_by_sql(queue, &queue->history, place, values, nulls);
	MemoryContextSwitchTo(caller);
	ResetPerTupleExprContext(queue->estate);
}
