/*
 * job_tally.c
 *		How many jobs of a plan are where: training_plan_tally, which is to the
 *		queue what an index is: whoever changes places changes it too, in the same
 *		transaction, and nobody needs a right on it or can see it.
 *
 * A plan has several rows, which add up.  Who has something to add takes one that
 * nobody else has just now, or makes another.  So nobody waits for anybody here, and
 * there are as many rows as sessions that report at the same time.  A row is updated
 * in its page: no column of the index changes, and half of each page is kept free.
 *
 * What changes with every claim is not counted: whether a job is pending or runs.
 * What runs is counted by its index, and all others of the places are pending.
 *
 * All changes are written, whatever plan they are of, but their sum is the number of
 * jobs only with the row of part 0, the base.  A plan that is stored gets one.  One
 * that came otherwise gets one with the first jobs that are inserted into it
 * (tally_make_base()).  A plan has none if it is older than the tally, or was
 * restored or replicated without triggers; then its places have to be counted.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "common/pg_prng.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "storage/bufmgr.h"
#include "storage/lock.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "base/executor_compat.h"
#include "planning/vocabulary.h"
#include "plans/job_tally.h"
#include "plans/visible_rows.h"

/* The part that a plan's base is. */
#define BASE_PART	0

/* Beside 1 and 2, which are the users' advisory locks, 3 and 4. */
#define BASE_LOCK	5

/* ---- what has changed --------------------------------------------------------------- */

/* The column that counts jobs in a state; 0: none does. */
static const int state_columns[] = {
	[JOB_PENDING] = 0,
	[JOB_WAITING] = TALLY_WAITING,
	[JOB_RUNNING] = 0,
	[JOB_SUCCEEDED] = TALLY_SUCCEEDED,
	[JOB_FAILED] = TALLY_FAILED,
	[JOB_CANCELLED] = TALLY_CANCELLED,
	[JOB_REUSED] = TALLY_REUSED
};

static int
state_column(int state)
{
	return state >= 0 && state < lengthof(state_columns) ? state_columns[state] : 0;
}

/* The state that a text of the queue is; -1: none. */
int
state_of_text(Datum state)
{
	return word_meaning(&job_states, slice_from_text(DatumGetTextPP(state)));
}

/* Is a job of this training type one that nobody is to claim? */
bool
is_blocked_type(Datum training_type)
{
	return slice_equal(slice_from_text(DatumGetTextPP(training_type)),
					   slice_from_string(training_type_names[TRAINING_BLOCKED]));
}

/* Count a place in a state once, or -1 times. */
void
tally_count_place(PlanTally *tally, int state, int number)
{
	tally->counts[TALLY_PLACES] += number;
	if (state_column(state) != 0)
		tally->counts[state_column(state)] += number;
}

/* Plans, by their numbers. */
#define ST_SORT sort_plans
#define ST_ELEMENT_TYPE PlanTally
#define ST_COMPARE(a, b) (((a)->plan_id > (b)->plan_id) - ((a)->plan_id < (b)->plan_id))
#define ST_CHECK_FOR_INTERRUPTS
#define ST_SCOPE static
#define ST_DEFINE
#include "lib/sort_template.h"

/* Have each plan once, by their numbers: so are rows written, whatever order changes came in. */
static void
put_together(TallyChanges *changes)
{
	int			kept = 0;

	if (changes->count < 2)
		return;
	sort_plans(changes->plans, changes->count);
	for (int i = 1; i < changes->count; i++)
	{
		PlanTally  *last = &changes->plans[kept];
		const PlanTally *next = &changes->plans[i];

		if (last->plan_id != next->plan_id)
			changes->plans[++kept] = *next;
		else
		{
			for (int column = TALLY_PLACES; column < TALLY_COLUMNS; column++)
				last->counts[column] += next->counts[column];
		}
	}
	changes->count = kept + 1;
}

/* The changes of a plan.  What is of the same plan comes together, as a rule. */
static PlanTally *
changes_of(TallyChanges *changes, int64 plan_id)
{
	PlanTally  *plan;

	if (changes->count > 0 && changes->plans[changes->count - 1].plan_id == plan_id)
		return &changes->plans[changes->count - 1];
	if (changes->plans == NULL)
	{
		changes->allocated = 8;
		changes->plans = MemoryContextAlloc(changes->context != NULL ? changes->context : CurrentMemoryContext,
											changes->allocated * sizeof(PlanTally));
	}
	if (changes->count == changes->allocated)
	{
		put_together(changes);
		if (changes->count > changes->allocated / 2)
		{
			changes->allocated *= 2;
			changes->plans = repalloc_huge(changes->plans, changes->allocated * sizeof(PlanTally));
		}
	}
	plan = &changes->plans[changes->count++];
	memset(plan, 0, sizeof(PlanTally));
	plan->plan_id = plan_id;
	return plan;
}

/* So many places in a state have come, or gone. */
void
tally_note_place(TallyChanges *changes, int64 plan_id, int state, int number)
{
	tally_count_place(changes_of(changes, plan_id), state, number);
}

/* A place has come from one state into another. */
void
tally_note_moved(TallyChanges *changes, int64 plan_id, int before, int after)
{
	PlanTally  *plan;

	if (state_column(before) == state_column(after))
		return;
	plan = changes_of(changes, plan_id);
	tally_count_place(plan, before, -1);
	tally_count_place(plan, after, 1);
}

/* So many blocked jobs have come, or gone. */
void
tally_note_blocked(TallyChanges *changes, int64 plan_id, int number)
{
	changes_of(changes, plan_id)->counts[TALLY_BLOCKED] += number;
}

/* The place in a row of the queue has come, or gone. */
void
tally_note_place_row(TallyChanges *changes, const PlanTable *queue, TupleTableSlot *row, int number)
{
	bool		isnull;
	int64		plan_id = DatumGetInt64(slot_getattr(row, queue->columns[QUEUE_PLAN_ID], &isnull));
	Datum		state = slot_getattr(row, queue->columns[QUEUE_STATE], &isnull);

	tally_note_place(changes, plan_id, isnull ? -1 : state_of_text(state), number);
}

/* The job in a row of the jobs has come, or gone; it counts if it is blocked. */
void
tally_note_job_row(TallyChanges *changes, const PlanTable *jobs, TupleTableSlot *row, int number)
{
	bool		isnull;
	int64		plan_id = DatumGetInt64(slot_getattr(row, jobs->columns[JOB_PLAN_ID], &isnull));
	Datum		type = slot_getattr(row, jobs->columns[JOB_TABLE_COLUMN(JOB_TRAINING_TYPE)], &isnull);

	if (!isnull && is_blocked_type(type))
		tally_note_blocked(changes, plan_id, number);
}

/* ---- places that are replaced by an INSERT ------------------------------------------- */

/*
 * Fresh places that rows of an INSERT have replaced, before the trigger behind it
 * writes what it has changed.  They are remembered by subtransaction: what one that is
 * rolled back had replaced is forgotten with its memory.
 */
typedef struct ReplacedPlaces
{
	struct ReplacedPlaces *next;
	SubTransactionId subid;
	TallyChanges changes;
	MemoryContextCallback callback;
} ReplacedPlaces;

static ReplacedPlaces *replaced_places = NULL;

static void
forget_replaced(void *arg)
{
	for (ReplacedPlaces **link = &replaced_places; *link != NULL; link = &(*link)->next)
	{
		if (*link == arg)
		{
			*link = (*link)->next;
			return;
		}
	}
}

static ReplacedPlaces *
replaced_now(void)
{
	SubTransactionId subid = GetCurrentSubTransactionId();
	ReplacedPlaces *replaced = replaced_places;

	while (replaced != NULL && replaced->subid != subid)
		replaced = replaced->next;
	return replaced;
}

/* A fresh place of a plan has been deleted, because another comes in for it. */
void
tally_note_replaced(int64 plan_id)
{
	ReplacedPlaces *replaced = replaced_now();

	if (replaced == NULL)
	{
		replaced = MemoryContextAllocZero(CurTransactionContext, sizeof(ReplacedPlaces));
		replaced->subid = GetCurrentSubTransactionId();
		replaced->changes.context = CurTransactionContext;
		replaced->next = replaced_places;
		replaced_places = replaced;
		replaced->callback.func = forget_replaced;
		replaced->callback.arg = replaced;
		MemoryContextRegisterResetCallback(CurTransactionContext, &replaced->callback);
	}
	tally_note_place(&replaced->changes, plan_id, JOB_PENDING, -1);
}

/* Have what was replaced among other changes, which are written. */
void
tally_take_replaced(TallyChanges *changes)
{
	ReplacedPlaces *replaced = replaced_now();

	if (replaced == NULL)
		return;
	for (int i = 0; i < replaced->changes.count; i++)
		changes_of(changes, replaced->changes.plans[i].plan_id)->counts[TALLY_PLACES] +=
			replaced->changes.plans[i].counts[TALLY_PLACES];
	replaced->changes.count = 0;
}

/* ---- rows ------------------------------------------------------------------------------ */

/* Where a session has added to a plan last: it is as good a place as any to look at first. */
typedef struct TallyHint
{
	Oid			relid;
	int64		plan_id;
	ItemPointerData tid;
} TallyHint;

#define MAX_HINTS	8

static TallyHint hints[MAX_HINTS];
static int	next_hint = 0;

/* The tally, open to be written. */
typedef struct TallyWriter
{
	PlanTable	table;
	Snapshot	snapshot;
	TupleTableSlot *found;
	TupleTableSlot *written;
	EState	   *estate;			/* with these, once an index is to be written */
	ResultRelInfo *result_rel;
	bool		has_inserted;
	Datum		inserted[2];	/* the key of a row */
} TallyWriter;

static void
open_writer(TallyWriter *writer, Oid schema)
{
	/* see what the transaction has written */
	CommandCounterIncrement();
	memset(writer, 0, sizeof(TallyWriter));
	plan_table_open(&writer->table, schema, TALLY_TABLE, RowExclusiveLock);
	CheckCmdReplicaIdentity(writer->table.relation, CMD_UPDATE);
	writer->snapshot = RegisterSnapshot(GetLatestSnapshot());
	writer->found = table_slot_create(writer->table.relation, NULL);
	writer->written = MakeSingleTupleTableSlot(RelationGetDescr(writer->table.relation), &TTSOpsVirtual);
}

static void
close_writer(TallyWriter *writer)
{
	if (writer->estate != NULL)
	{
		ExecCloseIndices(writer->result_rel);
		FreeExecutorState(writer->estate);
	}
	ExecDropSingleTupleTableSlot(writer->written);
	ExecDropSingleTupleTableSlot(writer->found);
	UnregisterSnapshot(writer->snapshot);
	if (writer->has_inserted)
		check_row_is_visible_once(&writer->table, writer->inserted);
	plan_table_close(&writer->table);
	CommandCounterIncrement();
}

static void
insert_index_entries(TallyWriter *writer, bool update, bool only_summarizing)
{
	if (writer->estate == NULL)
	{
		writer->estate = CreateExecutorState();
		writer->result_rel = makeNode(ResultRelInfo);
		InitResultRelInfo(writer->result_rel, writer->table.relation, 0, NULL, 0);
		ExecOpenIndices(writer->result_rel, false);
	}
	writer->written->tts_tableOid = writer->table.relid;
	list_free(ExecInsertIndexTuples(writer->result_rel, writer->written, writer->estate, update, false,
									NULL, NIL, only_summarizing));
	ResetPerTupleExprContext(writer->estate);
}

static int64
row_value(const PlanTable *table, TupleTableSlot *row, TallyColumn column)
{
	bool		isnull;
	Datum		value = slot_getattr(row, table->columns[column], &isnull);

	return isnull ? 0 : DatumGetInt64(value);
}

static TallyHint *
hint_of(const TallyWriter *writer, int64 plan_id)
{
	for (int i = 0; i < MAX_HINTS; i++)
	{
		if (hints[i].plan_id == plan_id && hints[i].relid == writer->table.relid)
			return &hints[i];
	}
	return NULL;
}

/* Remember where the row is that was written. */
static void
remember(const TallyWriter *writer, int64 plan_id)
{
	TallyHint  *hint = hint_of(writer, plan_id);

	if (hint == NULL)
	{
		hint = &hints[next_hint];
		next_hint = (next_hint + 1) % MAX_HINTS;
	}
	hint->relid = writer->table.relid;
	hint->plan_id = plan_id;
	hint->tid = writer->written->tts_tid;
}

/* Insert a row. */
static void
insert_row(TallyWriter *writer, const PlanTally *tally, int64 part)
{
	TupleTableSlot *slot = writer->written;

	ExecClearTuple(slot);
	memset(slot->tts_isnull, true, slot->tts_tupleDescriptor->natts * sizeof(bool));
	for (int i = 0; i < TALLY_COLUMNS; i++)
	{
		slot->tts_values[column_index(&writer->table, i)] =
			Int64GetDatum(i == TALLY_PLAN_ID ? tally->plan_id : i == TALLY_PART ? part : tally->counts[i]);
		slot->tts_isnull[column_index(&writer->table, i)] = false;
	}
	ExecStoreVirtualTuple(slot);
	table_tuple_insert(writer->table.relation, slot, GetCurrentCommandId(true), 0, NULL);
	insert_index_entries(writer, false, false);
	writer->has_inserted = true;
	writer->inserted[0] = Int64GetDatum(tally->plan_id);
	writer->inserted[1] = Int64GetDatum(part);
}

/*
 * Add to the row that is in writer->found, unless somebody else has it, or has
 * changed it since: then nothing is done, and false is returned.  Never waits.
 */
static bool
add_to_row(TallyWriter *writer, const PlanTally *changes)
{
	Relation	relation = writer->table.relation;
	TupleTableSlot *slot = writer->written;
	int			columns = slot->tts_tupleDescriptor->natts;
	CommandId	command = command_of_snapshot(writer->snapshot);
	ItemPointerData tid = writer->found->tts_tid;
	TM_FailureData failure;
	LockTupleMode lock_mode;
	TU_UpdateIndexes update_indexes;

	ExecClearTuple(slot);
	slot_getallattrs(writer->found);
	memcpy(slot->tts_values, writer->found->tts_values, columns * sizeof(Datum));
	memcpy(slot->tts_isnull, writer->found->tts_isnull, columns * sizeof(bool));
	for (int i = TALLY_PLACES; i < TALLY_COLUMNS; i++)
		slot->tts_values[column_index(&writer->table, i)] =
			Int64GetDatum(row_value(&writer->table, writer->found, i) + changes->counts[i]);
	ExecStoreVirtualTuple(slot);
	/* who else has it is not waited for */
	if (table_tuple_update(relation, &tid, slot, command, writer->snapshot, InvalidSnapshot, false,
						   &failure, &lock_mode, &update_indexes) != TM_Ok)
		return false;
	if (update_indexes != TU_None)
		insert_index_entries(writer, true, ONLY_SUMMARIZING(update_indexes));
	return true;
}

/* Add to the row where this session did so last. */
static bool
add_where_last(TallyWriter *writer, const PlanTally *changes)
{
	const TallyHint *hint = hint_of(writer, changes->plan_id);

	return hint != NULL &&
		ItemPointerGetBlockNumber(&hint->tid) < RelationGetNumberOfBlocks(writer->table.relation) &&
		table_tuple_fetch_row_version(writer->table.relation, unconstify(ItemPointerData *, &hint->tid),
									  writer->snapshot, writer->found) &&
		row_value(&writer->table, writer->found, TALLY_PLAN_ID) == changes->plan_id &&
		row_value(&writer->table, writer->found, TALLY_PART) != BASE_PART &&
		add_to_row(writer, changes);
}

/* Add to any row of the plan but the base. */
static bool
add_to_any(TallyWriter *writer, const PlanTally *changes)
{
	Relation	index = index_open(writer->table.key, RowExclusiveLock);
	Datum		key = Int64GetDatum(changes->plan_id);
	IndexScanDesc scan = plan_table_scan(&writer->table, index, writer->snapshot, &key, 1);
	bool		added = false;

	while (!added && index_getnext_slot(scan, ForwardScanDirection, writer->found))
	{
		CHECK_FOR_INTERRUPTS();
		added = row_value(&writer->table, writer->found, TALLY_PART) != BASE_PART &&
			add_to_row(writer, changes);
	}
	index_endscan(scan);
	index_close(index, NoLock);
	return added;
}

/* A part that no other session makes at the same time. */
static int64
new_part(void)
{
	return 1 + (int64) (pg_prng_uint64(&pg_global_prng_state) >> 2);
}

static bool
is_nothing(const PlanTally *changes)
{
	for (int i = TALLY_PLACES; i < TALLY_COLUMNS; i++)
	{
		if (changes->counts[i] != 0)
			return false;
	}
	return true;
}

/*
 * Write all changes, whose list is empty then.  The transaction has made them; what
 * it has written is seen by what it does next.
 */
void
tally_write(Oid schema, TallyChanges *changes)
{
	TallyWriter writer = {.table.relation = NULL};

	put_together(changes);
	for (int i = 0; i < changes->count; i++)
	{
		const PlanTally *plan = &changes->plans[i];

		if (is_nothing(plan))
			continue;
		if (writer.table.relation == NULL)
		{
			if (!plan_table_exists(schema, TALLY_TABLE))
				break;
			open_writer(&writer, schema);
		}
		if (!add_where_last(&writer, plan) && !add_to_any(&writer, plan))
			insert_row(&writer, plan, new_part());
		remember(&writer, plan->plan_id);
	}
	if (writer.table.relation != NULL)
		close_writer(&writer);
	changes->count = 0;
}

/* ---- bases ------------------------------------------------------------------------------ */

/* Write the base of a plan that nobody else knows yet, or whose bases the caller has locked. */
void
tally_write_base(Oid schema, const PlanTally *base)
{
	TallyWriter writer;

	if (!plan_table_exists(schema, TALLY_TABLE))
		return;
	open_writer(&writer, schema);
	insert_row(&writer, base, BASE_PART);
	close_writer(&writer);
}

/*
 * Add up the rows of a plan as a snapshot sees them.  Returns whether the base is
 * among them: only then is it the number of jobs.
 */
bool
tally_read(const PlanTable *table, Snapshot snapshot, int64 plan_id, PlanTally *tally)
{
	Relation	index = index_open(table->key, AccessShareLock);
	TupleTableSlot *slot = table_slot_create(table->relation, NULL);
	Datum		key = Int64GetDatum(plan_id);
	IndexScanDesc scan = plan_table_scan(table, index, snapshot, &key, 1);
	bool		has_base = false;

	memset(tally, 0, sizeof(PlanTally));
	tally->plan_id = plan_id;
	while (index_getnext_slot(scan, ForwardScanDirection, slot))
	{
		CHECK_FOR_INTERRUPTS();
		has_base |= row_value(table, slot, TALLY_PART) == BASE_PART;
		for (int i = TALLY_PLACES; i < TALLY_COLUMNS; i++)
			tally->counts[i] += row_value(table, slot, i);
	}
	index_endscan(scan);
	ExecDropSingleTupleTableSlot(slot);
	index_close(index, AccessShareLock);
	return has_base;
}

/* Count the places of a plan, or its blocked jobs, as a snapshot sees them. */
static void
count_rows(Oid schema, PlanTableId id, Snapshot snapshot, int64 plan_id, TallyChanges *counted)
{
	PlanTable	table;
	Relation	index;
	TupleTableSlot *slot;
	IndexScanDesc scan;
	Datum		key = Int64GetDatum(plan_id);

	plan_table_open(&table, schema, id, AccessShareLock);
	index = index_open(table.key, AccessShareLock);
	slot = table_slot_create(table.relation, NULL);
	scan = plan_table_scan(&table, index, snapshot, &key, 1);
	while (index_getnext_slot(scan, ForwardScanDirection, slot))
	{
		CHECK_FOR_INTERRUPTS();
		if (id == QUEUE_TABLE)
			tally_note_place_row(counted, &table, slot, 1);
		else
			tally_note_job_row(counted, &table, slot, 1);
	}
	index_endscan(scan);
	ExecDropSingleTupleTableSlot(slot);
	index_close(index, AccessShareLock);
	plan_table_close(&table);
}

static bool
has_base(Oid schema, Snapshot snapshot, int64 plan_id)
{
	PlanTable	table;
	Datum		key[] = {Int64GetDatum(plan_id), Int64GetDatum(BASE_PART)};
	TupleTableSlot *slot;
	bool		found;

	plan_table_open(&table, schema, TALLY_TABLE, AccessShareLock);
	slot = table_slot_create(table.relation, NULL);
	found = plan_table_find(&table, snapshot, key, lengthof(key), ForwardScanDirection, slot);
	ExecDropSingleTupleTableSlot(slot);
	plan_table_close(&table);
	return found;
}

/*
 * Make the base of a plan that has none: what there is now, less what the other rows
 * say already.  Others may change places meanwhile: their changes come together with
 * what they write into the tally, both before or both after.
 */
void
tally_make_base(Oid schema, int64 plan_id)
{
	PlanTable	table;
	Snapshot	snapshot;
	PlanTally	written;
	TallyChanges counted = {0};
	PlanTally  *base;
	LOCKTAG		tag;

	if (!plan_table_exists(schema, TALLY_TABLE))
		return;
	CommandCounterIncrement();
	snapshot = RegisterSnapshot(GetLatestSnapshot());
	if (has_base(schema, snapshot, plan_id))
	{
		UnregisterSnapshot(snapshot);
		return;
	}
	UnregisterSnapshot(snapshot);

	/* one at a time, and see what others have made */
	plan_table_open(&table, schema, TALLY_TABLE, RowExclusiveLock);
	SET_LOCKTAG_ADVISORY(tag, MyDatabaseId, table.relid, (uint32) plan_id, BASE_LOCK);
	(void) LockAcquire(&tag, ExclusiveLock, false, false);
	snapshot = RegisterSnapshot(GetLatestSnapshot());
	if (!tally_read(&table, snapshot, plan_id, &written))
	{
		base = changes_of(&counted, plan_id);
		count_rows(schema, JOBS_TABLE, snapshot, plan_id, &counted);
		count_rows(schema, QUEUE_TABLE, snapshot, plan_id, &counted);
		for (int i = TALLY_PLACES; i < TALLY_COLUMNS; i++)
			base->counts[i] -= written.counts[i];
		tally_write_base(schema, base);
	}
	UnregisterSnapshot(snapshot);
	plan_table_close(&table);
}
