/*
 * job_queue.c
 *		Reads and writes training_job_queue and training_job_history.
 *
 * Workers claim and report a job at a time, so what counts is the time of one
 * such call.  The rows are therefore read through their indexes and written
 * straight into the tables, as the executor would do it, without a query for
 * each.  What the executor would look at besides has to be done here: the
 * caller's rights are checked, and so are the tables' constraints.  Row-level
 * security on the two tables is an error, and triggers on them don't fire; the
 * foreign keys of both hold all the same, since a place's key never changes, and
 * an attempt is recorded only while its place is locked.
 *
 * All is seen as it is now, by a snapshot of the call's own, also in a
 * transaction that sees all else as it was when it began: a lease is a matter of
 * time.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/relscan.h"
#include "access/stratnum.h"
#include "access/table.h"
#include "access/xact.h"
#include "commands/async.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/rls.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "compat.h"
#include "job_queue.h"
#include "job_tuple.h"
#include "plan_store.h"

#define CLAIM_INDEX			"training_job_queue_claim_idx"

/* The columns of the history, in the order of the table. */
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
	HISTORY_COLUMNS
} HistoryColumn;

/* ---- opening and closing ---------------------------------------------------- */

static void
check_rights(Relation table, AclMode rights)
{
	Oid			relid = RelationGetRelid(table);
	AclResult	result = pg_class_aclmask(relid, GetUserId(), rights, ACLMASK_ALL) == rights ?
		ACLCHECK_OK : ACLCHECK_NO_PRIV;

	if (result != ACLCHECK_OK)
		aclcheck_error(result, OBJECT_TABLE, RelationGetRelationName(table));
	if (check_enable_rls(relid, InvalidOid, false) == RLS_ENABLED)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("row-level security on table \"%s\" is not supported",
						RelationGetRelationName(table)),
				 errhint("Policies on table \"%s\" hold for claims as well.", JOBS_TABLE)));
}

static void
open_table(QueueTable *table, Oid schema, const char *name, AclMode rights, int columns)
{
	table->relation = table_open(plan_table(schema, name), RowExclusiveLock);
	check_rights(table->relation, rights);
	if (RelationGetNumberOfAttributes(table->relation) < columns)
		elog(ERROR, "table \"%s\" has too few columns", name);

	table->result_rel = makeNode(ResultRelInfo);
	InitResultRelInfo(table->result_rel, table->relation, 0, NULL, 0);
	ExecOpenIndices(table->result_rel, false);
	table->slot = table_slot_create(table->relation, NULL);
}

static void
close_table(QueueTable *table)
{
	ExecDropSingleTupleTableSlot(table->slot);
	ExecCloseIndices(table->result_rel);
	table_close(table->relation, NoLock);
}

/* An index of the queue that is open already; name NULL: that of the primary key. */
static Relation
queue_index(const JobQueue *queue, const char *name)
{
	const ResultRelInfo *result_rel = queue->places.result_rel;

	for (int i = 0; i < result_rel->ri_NumIndices; i++)
	{
		Relation	index = result_rel->ri_IndexRelationDescs[i];

		if (name == NULL ? index->rd_index->indisprimary :
			strcmp(RelationGetRelationName(index), name) == 0)
			return index;
	}
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT),
			 errmsg("table \"%s\" has lost the index \"%s\"", QUEUE_TABLE,
					name != NULL ? name : QUEUE_TABLE "_pkey")));
}

/*
 * Open the queue of the extension in schema for one call of a function, whose
 * name is for messages.  Ends with job_queue_close(); nothing outlives an error.
 */
void
job_queue_open(JobQueue *queue, Oid schema, const char *function)
{
	PreventCommandIfReadOnly(function);
	PreventCommandIfParallelMode(function);

	memset(queue, 0, sizeof(JobQueue));
	queue->schema = schema;
	queue->now = GetCurrentTimestamp();
	queue->snapshot = RegisterSnapshot(GetLatestSnapshot());
	queue->estate = CreateExecutorState();
	open_table(&queue->places, schema, QUEUE_TABLE, ACL_SELECT | ACL_UPDATE, QUEUE_COLUMNS);
	queue->found = table_slot_create(queue->places.relation, NULL);
	queue->by_job = queue_index(queue, NULL);
	queue->by_claim = queue_index(queue, CLAIM_INDEX);
}

/* What was written is seen by what the transaction does next. */
void
job_queue_close(JobQueue *queue)
{
	ExecDropSingleTupleTableSlot(queue->found);
	if (queue->history.relation != NULL)
		close_table(&queue->history);
	close_table(&queue->places);
	FreeExecutorState(queue->estate);
	UnregisterSnapshot(queue->snapshot);
	CommandCounterIncrement();
}

/* See what others have committed since. */
void
job_queue_refresh(JobQueue *queue)
{
	UnregisterSnapshot(queue->snapshot);
	queue->snapshot = RegisterSnapshot(GetLatestSnapshot());
}

/* ---- places ------------------------------------------------------------------- */

/* Read the place that is in a slot. */
void
queue_place_read(QueuePlace *place, TupleTableSlot *slot)
{
	Datum	   *values;
	Slice		state;
	int			meaning;

	slot_getallattrs(slot);
	values = slot->tts_values;
	place->tid = slot->tts_tid;
	place->plan_id = DatumGetInt64(values[QUEUE_PLAN_ID]);
	place->job_id = values[QUEUE_JOB_ID];
	place->priority = DatumGetInt32(values[QUEUE_PRIORITY]);
	place->position = DatumGetInt32(values[QUEUE_POSITION]);
	place->is_fresh = slot->tts_isnull[QUEUE_READY_AT];
	place->ready_at = place->is_fresh ? DT_NOBEGIN : DatumGetTimestampTz(values[QUEUE_READY_AT]);
	place->state_since = DatumGetTimestampTz(values[QUEUE_STATE_SINCE]);
	place->attempt.number = DatumGetInt32(values[QUEUE_ATTEMPT]);
	place->attempt.forgiven = DatumGetInt32(values[QUEUE_ATTEMPTS_FORGIVEN]);
	place->attempt.cancel_requested = DatumGetBool(values[QUEUE_CANCEL_REQUESTED]);
	place->attempt.lease_end = place->ready_at;
	place->worker = slot->tts_isnull[QUEUE_WORKER] ? (Datum) 0 : values[QUEUE_WORKER];

	state = slice_from_text(DatumGetTextPP(values[QUEUE_STATE]));
	meaning = word_meaning(&job_states, state);
	if (meaning < 0)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("job \"%s\" of plan %lld has unknown state \"%s\"",
						TextDatumGetCString(place->job_id), (long long) place->plan_id,
						slice_to_string(state)),
				 errhint("Valid states are %s.", valid_words(&job_states))));
	place->state = meaning;
}

/*
 * Find the place of a job, as it is committed now.  Returns whether there is
 * one; it is in queue->found then.
 */
bool
job_queue_find(JobQueue *queue, int64 plan_id, Datum job_id, QueuePlace *place)
{
	ScanKeyData keys[2];
	IndexScanDesc scan;
	bool		found;

	ScanKeyInit(&keys[0], 1, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(plan_id));
	ScanKeyInit(&keys[1], 2, BTEqualStrategyNumber, F_TEXTEQ, job_id);

	scan = index_beginscan(queue->places.relation, queue->by_job, queue->snapshot, NULL,
						   lengthof(keys), 0);
	index_rescan(scan, keys, lengthof(keys), NULL, 0);
	found = index_getnext_slot(scan, ForwardScanDirection, queue->found);
	if (found)
		queue_place_read(place, queue->found);
	index_endscan(scan);
	return found;
}

/*
 * Lock a place that was read, unless somebody else has locked or changed it:
 * then nothing is done, and false is returned.  Never waits.
 */
bool
queue_place_lock(JobQueue *queue, QueuePlace *place)
{
	ItemPointerData tid = place->tid;
	TM_FailureData failure;

	return table_tuple_lock(queue->places.relation, &tid, queue->snapshot, queue->places.slot,
							GetCurrentCommandId(true), LockTupleNoKeyExclusive, LockWaitSkip, 0,
							&failure) == TM_Ok;
}

/*
 * What a row's values are made in, until insert_index_entries() is done with it.
 */
static MemoryContext
row_context(JobQueue *queue)
{
	return GetPerTupleMemoryContext(queue->estate);
}

static void
insert_index_entries(JobQueue *queue, QueueTable *table, bool update, bool only_summarizing)
{
	table->slot->tts_tableOid = RelationGetRelid(table->relation);
	list_free(ExecInsertIndexTuples(table->result_rel, table->slot, queue->estate, update, false,
									NULL, NIL, only_summarizing));
	ResetPerTupleExprContext(queue->estate);
}

/*
 * Write a place that was read from queue->found, and is there still, back as it
 * is to be.  Waits for whoever else is changing it.  Of what can come of that,
 * TM_Updated and TM_Deleted are for the caller, who has not locked it.
 */
TM_Result
queue_place_write(JobQueue *queue, const QueuePlace *place)
{
	QueueTable *table = &queue->places;
	TupleTableSlot *slot = table->slot;
	ItemPointerData tid = place->tid;
	TM_FailureData failure;
	LockTupleMode lock_mode;
	TU_UpdateIndexes update_indexes;
	TM_Result	result;
	MemoryContext caller = MemoryContextSwitchTo(row_context(queue));

	/* what is in columns that others have added stays */
	ExecClearTuple(slot);
	memcpy(slot->tts_values, queue->found->tts_values, slot->tts_tupleDescriptor->natts * sizeof(Datum));
	memcpy(slot->tts_isnull, queue->found->tts_isnull, slot->tts_tupleDescriptor->natts * sizeof(bool));

	slot->tts_values[QUEUE_READY_AT] = TimestampTzGetDatum(place->ready_at);
	slot->tts_isnull[QUEUE_READY_AT] = false;
	slot->tts_values[QUEUE_STATE_SINCE] = TimestampTzGetDatum(place->state_since);
	slot->tts_values[QUEUE_ATTEMPT] = Int32GetDatum(place->attempt.number);
	slot->tts_values[QUEUE_ATTEMPTS_FORGIVEN] = Int32GetDatum(place->attempt.forgiven);
	slot->tts_values[QUEUE_CANCEL_REQUESTED] = BoolGetDatum(place->attempt.cancel_requested);
	slot->tts_values[QUEUE_STATE] = slice_to_text(job_states.words[place->state]);
	slot->tts_values[QUEUE_WORKER] = place->worker;
	slot->tts_isnull[QUEUE_WORKER] = place->worker == (Datum) 0;
	ExecStoreVirtualTuple(slot);
	if (table->relation->rd_att->constr != NULL)
		ExecConstraints(table->result_rel, slot, queue->estate);

	result = table_tuple_update(table->relation, &tid, slot, GetCurrentCommandId(true),
								queue->snapshot, InvalidSnapshot, true, &failure, &lock_mode,
								&update_indexes);
	MemoryContextSwitchTo(caller);
	if (result == TM_Ok && update_indexes != TU_None)
		insert_index_entries(queue, table, true, ONLY_SUMMARIZING(update_indexes));
	return result;
}

/*
 * Have a place's attempt ended: the job is in another state from a time on, and
 * can be claimed from ready_at on, if it is to be tried again.
 */
void
queue_place_end_attempt(QueuePlace *place, JobState state, TimestampTz since, TimestampTz ready_at)
{
	place->state = state;
	place->state_since = since;
	place->ready_at = state == JOB_PENDING ? ready_at : DT_NOEND;
	place->attempt.cancel_requested = false;
	place->worker = (Datum) 0;
}

/* ---- history ------------------------------------------------------------------ */

/*
 * Record the attempt of a place, as it was while it ran.  The place has been
 * locked or written by this transaction.  error and result may be 0: none.
 */
void
history_insert(JobQueue *queue, const QueuePlace *place, AttemptOutcome outcome,
			   TimestampTz finished_at, Datum error, Datum result)
{
	QueueTable *table = &queue->history;
	TupleTableSlot *slot;
	MemoryContext caller;

	if (table->relation == NULL)
		open_table(table, queue->schema, HISTORY_TABLE, ACL_INSERT, HISTORY_COLUMNS);
	caller = MemoryContextSwitchTo(row_context(queue));
	slot = table->slot;
	ExecClearTuple(slot);
	memset(slot->tts_isnull, true, slot->tts_tupleDescriptor->natts * sizeof(bool));
	memset(slot->tts_isnull, false, HISTORY_COLUMNS * sizeof(bool));
	slot->tts_values[HISTORY_PLAN_ID] = Int64GetDatum(place->plan_id);
	slot->tts_values[HISTORY_JOB_ID] = place->job_id;
	slot->tts_values[HISTORY_ATTEMPT] = Int32GetDatum(place->attempt.number);
	slot->tts_values[HISTORY_WORKER] = place->worker;
	slot->tts_values[HISTORY_STARTED_AT] = TimestampTzGetDatum(place->state_since);
	slot->tts_values[HISTORY_FINISHED_AT] = TimestampTzGetDatum(finished_at);
	slot->tts_values[HISTORY_OUTCOME] = slice_to_text(attempt_outcomes.words[outcome]);
	slot->tts_values[HISTORY_ERROR] = error;
	slot->tts_isnull[HISTORY_ERROR] = error == (Datum) 0;
	slot->tts_values[HISTORY_RESULT] = result;
	slot->tts_isnull[HISTORY_RESULT] = result == (Datum) 0;
	ExecStoreVirtualTuple(slot);
	if (table->relation->rd_att->constr != NULL)
		ExecConstraints(table->result_rel, slot, queue->estate);

	table_tuple_insert(table->relation, slot, GetCurrentCommandId(true), 0, NULL);
	MemoryContextSwitchTo(caller);
	insert_index_entries(queue, table, false, false);
}

/* ---- jobs that are new -------------------------------------------------------- */

/*
 * The place that a new job gets in the queue: values in the order of its
 * columns.  job has the job's values, as JobColumn has them.  Returns false for
 * a job that nobody is to claim.
 */
bool
job_place_in_queue(MemoryContext context, const Datum *job, int64 plan_id, int32 position,
				   Datum *values, bool *nulls)
{
	MemoryContext caller;

	if (slice_equal(slice_from_text(DatumGetTextPP(job[JOB_TRAINING_TYPE])),
					slice_from_string(training_type_names[TRAINING_BLOCKED])))
		return false;

	caller = MemoryContextSwitchTo(context);
	memset(nulls, false, QUEUE_COLUMNS * sizeof(bool));
	values[QUEUE_PLAN_ID] = Int64GetDatum(plan_id);
	values[QUEUE_PRIORITY] = job[JOB_PRIORITY];
	values[QUEUE_POSITION] = Int32GetDatum(position);
	nulls[QUEUE_READY_AT] = true;
	values[QUEUE_STATE_SINCE] = TimestampTzGetDatum(GetCurrentTransactionStartTimestamp());
	values[QUEUE_ATTEMPT] = Int32GetDatum(0);
	values[QUEUE_ATTEMPTS_FORGIVEN] = Int32GetDatum(0);
	values[QUEUE_CANCEL_REQUESTED] = BoolGetDatum(false);
	values[QUEUE_JOB_ID] = datumCopy(job[JOB_ID], false, -1);
	values[QUEUE_STATE] = slice_to_text(job_states.words[JOB_PENDING]);
	nulls[QUEUE_WORKER] = true;
	MemoryContextSwitchTo(caller);
	return true;
}

/* Tell whoever listens that a plan has jobs to claim, when this transaction commits. */
void
notify_of_jobs(int64 plan_id)
{
	char		payload[MAXINT8LEN + 1];

	pg_lltoa(plan_id, payload);
	Async_Notify(JOBS_CHANNEL, payload);
}
