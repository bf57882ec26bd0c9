/*
 * queue_triggers.c
 *		SQL functions queue_training_jobs(), requeue_training_jobs() and
 *		training_job_queue_guard(): the triggers that keep the queue right when jobs
 *		or places come or change by other ways than trainplan's own functions, which
 *		need none.
 *
 * Those ways are plain INSERTs into training_jobs, changes of the queue by hand,
 * and pg_dump's scripts.  A dump has the jobs and their places, and restores them
 * one after the other in any order, or both at the same time.  Jobs that come in
 * get fresh places, unless they have some; places that come in replace those that
 * are fresh, and only those: what somebody has claimed since is never turned back.
 * So that each sees what the other has done, who inserts jobs waits for who inserts
 * places, and the other way round.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/tableam.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "storage/lock.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "base/byte_sort.h"
#include "base/executor_compat.h"
#include "execution/job_queue.h"
#include "execution/known_kinds.h"
#include "execution/pooled_first.h"
#include "plans/job_channel.h"
#include "plans/job_keys.h"
#include "plans/plan_store.h"
#include "plans/stored_plan.h"
#include "plans/table_delete.h"
#include "plans/trigger_call.h"

PG_FUNCTION_INFO_V1(queue_training_jobs);
PG_FUNCTION_INFO_V1(requeue_training_jobs);
PG_FUNCTION_INFO_V1(training_job_queue_guard);

/* ---- jobs that come in ------------------------------------------------------------- */

/* A plan that new jobs came into. */
typedef struct NewJobsPlan
{
	int64		plan_id;
	bool		claimable;		/* one of them can be claimed */
} NewJobsPlan;

/* The plans of new jobs, but of those that store_plan() inserts. */
typedef struct NewJobs
{
	PlanTable	table;
	NewJobsPlan *plans;
	int			count;
	int			allocated;
	TallyChanges blocked;
} NewJobs;

/* Note the plan of a new job. */
static void
note_job(void *arg, TupleTableSlot *slot)
{
	NewJobs    *jobs = arg;
	NewJobsPlan plan;
	bool		isnull;
	Datum		type;

	plan.plan_id = DatumGetInt64(slot_getattr(slot, jobs->table.columns[JOB_PLAN_ID], &isnull));
	if (is_being_stored(plan.plan_id))
	{
		note_stored_job(&jobs->table, slot);
		return;
	}
	type = slot_getattr(slot, jobs->table.columns[JOB_TABLE_COLUMN(JOB_TRAINING_TYPE)], &isnull);
	plan.claimable = !is_blocked_type(type);
	if (!plan.claimable)
		tally_note_blocked(&jobs->blocked, plan.plan_id, 1);

	/* jobs of a plan come together, as a rule */
	if (jobs->count > 0 && jobs->plans[jobs->count - 1].plan_id == plan.plan_id)
	{
		jobs->plans[jobs->count - 1].claimable |= plan.claimable;
		return;
	}
	if (jobs->count == jobs->allocated)
	{
		jobs->allocated *= 2;
		jobs->plans = repalloc_huge(jobs->plans, jobs->allocated * sizeof(NewJobsPlan));
	}
	jobs->plans[jobs->count++] = plan;
}

/* Plans, by their numbers. */
#define ST_SORT sort_plans
#define ST_ELEMENT_TYPE NewJobsPlan
#define ST_COMPARE(a, b) (((a)->plan_id > (b)->plan_id) - ((a)->plan_id < (b)->plan_id))
#define ST_CHECK_FOR_INTERRUPTS
#define ST_SCOPE static
#define ST_DEFINE
#include "lib/sort_template.h"

/* The plans of the new jobs, each once, by their numbers. */
static void
read_new_jobs(NewJobs *jobs, TriggerData *trigger)
{
	int			kept = 0;

	jobs->count = 0;
	jobs->allocated = 16;
	jobs->plans = palloc(jobs->allocated * sizeof(NewJobsPlan));
	transition_table_read(trigger, trigger->tg_newtable, note_job, jobs);
	sort_plans(jobs->plans, jobs->count);
	for (int i = 0; i < jobs->count; i++)
	{
		if (kept > 0 && jobs->plans[kept - 1].plan_id == jobs->plans[i].plan_id)
			jobs->plans[kept - 1].claimable |= jobs->plans[i].claimable;
		else
			jobs->plans[kept++] = jobs->plans[i];
	}
	jobs->count = kept;
}

/*
 * Jobs must not come into a plan that is being deleted: nothing would delete them.
 * One that is not there may come yet, as when a dump is restored.
 */
static void
hold_plans(Oid schema, const NewJobs *jobs)
{
	PlanTable	plans;
	int64		missing = 0;
	int			missing_count = 0;

	plan_table_open(&plans, schema, PLANS_TABLE, RowShareLock);
	for (int i = 0; i < jobs->count; i++)
	{
		CHECK_FOR_INTERRUPTS();
		switch (hold_plan(&plans, jobs->plans[i].plan_id))
		{
			case PLAN_HELD:
				break;
			case PLAN_MISSING:
				if (missing_count++ == 0)
					missing = jobs->plans[i].plan_id;
				break;
			case PLAN_DELETED:
				ereport(ERROR,
						(errcode(ERRCODE_FOREIGN_KEY_VIOLATION),
						 errmsg("training plan %lld was deleted while jobs were inserted into it",
								(long long) jobs->plans[i].plan_id)));
		}
	}
	plan_table_close(&plans);
	if (missing_count > 0)
		ereport(NOTICE,
				(missing_count == 1 ?
				 errmsg("jobs were inserted into training plan %lld, which does not exist", (long long) missing) :
				 errmsg("jobs were inserted into %d training plans that do not exist, from %lld on",
						missing_count, (long long) missing),
				 errdetail("They can be claimed once it does.")));
}

/* How deep in triggers places are inserted for jobs that come in; -1: none are. */
static int	inserting_depth = -1;

/* Are the places that a trigger sees inserted for jobs that come in? */
static bool
inserts_for_jobs(void)
{
	return inserting_depth >= 0 && trigger_depth() == inserting_depth + 1;
}

/* Insert places for the new jobs, with the caller's rights. */
static void
insert_places(Oid schema, TriggerData *trigger)
{
	int			outer = inserting_depth;
	PlanTable	queue;
	TableWrite	write;
	bool		has_kind;

	plan_table_open(&queue, schema, QUEUE_TABLE, RowExclusiveLock);
	has_kind = has_column(&queue, QUEUE_KIND);
	job_queue_lock_inserts(queue.relid, JOBS_COME);
	if (SPI_connect() != SPI_OK_CONNECT || SPI_register_trigger_data(trigger) != SPI_OK_TD_REGISTER)
		elog(ERROR, "SPI_connect failed");
	table_write_prepare(&write, &queue,
						psprintf("INSERT INTO %%s (plan_id, job_id, priority, position, ready_at%s) "
								 "SELECT n.plan_id, n.job_id, n.priority, pg_catalog.row_number() OVER ("
								 "PARTITION BY n.plan_id ORDER BY n.target, n.symbol NULLS FIRST), NULL%s "
								 "FROM %s AS n WHERE n.training_type OPERATOR(pg_catalog.<>) 'blocked'",
								 has_kind ? ", kind" : "",
								 has_kind ? psprintf(", %s.training_job_kind(n.training_type, n.model_families)",
													 quote_identifier(get_namespace_name(schema))) : "",
								 quote_identifier(trigger->tg_trigger->tgnewtable)),
						0, NULL, 0, NULL);
	PG_TRY();
	{
		inserting_depth = trigger_depth();
		(void) table_write_run(&write, NULL, NULL, false);
	}
	PG_FINALLY();
	{
		inserting_depth = outer;
	}
	PG_END_TRY();
	SPI_finish();
	plan_table_close(&queue);
}

/* queue_training_jobs(): a trigger behind an INSERT into training_jobs */
Datum
queue_training_jobs(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = trigger_call(fcinfo, "queue_training_jobs", JOBS_TABLE,
										TRIGGER_EVENT_INSERT | TRIGGER_EVENT_AFTER);
	Oid			schema = RelationGetNamespace(trigger->tg_relation);
	NewJobs		jobs = {.count = 0};

	if (trigger->tg_newtable == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("queue_training_jobs needs a table of new rows")));
	plan_table_open(&jobs.table, schema, JOBS_TABLE, NoLock);
	read_new_jobs(&jobs, trigger);
	if (jobs.count > 0)
	{
		hold_plans(schema, &jobs);
		insert_places(schema, trigger);
		tally_write(schema, &jobs.blocked);
		for (int i = 0; i < jobs.count; i++)
		{
			tally_make_base(schema, jobs.plans[i].plan_id);
			if (jobs.plans[i].claimable)
				notify_of_jobs(jobs.plans[i].plan_id);
		}
	}
	plan_table_close(&jobs.table);

	return PointerGetDatum(NULL);
}

/* ---- jobs that are changed by hand -------------------------------------------------- */

/* The places of jobs that were changed. */
typedef struct ChangedJobs
{
	PlanTable	table;
	ByteSort   *keys;			/* in the order in which places are locked */
} ChangedJobs;

static void
note_changed(void *arg, TupleTableSlot *slot)
{
	ChangedJobs *changed = arg;

	put_key(changed->keys, &changed->table, slot);
}

/* Nobody is to claim a job any more: its place goes. */
static void
remove_place(JobQueue *queue, const Datum *key)
{
	TableDelete delete;

	table_delete_begin(&delete, queue->schema, QUEUE_TABLE);
	delete.gone = &queue->tally;
	table_delete_rows(&delete, key, 2);
	table_delete_end(&delete);
}

/* Have a place follow its job; returns whether it lacks one. */
static bool
follow_job(JobQueue *queue, JobReader *jobs, const Datum *key)
{
	QueuePlace	place;

	CHECK_FOR_INTERRUPTS();
	while (job_reader_find(jobs, DatumGetInt64(key[0]), key[1]))
	{
		const KnownKind *kind = learn_kind(jobs);
		bool		is_blocked = is_blocked_type(jobs->values[JOB_TRAINING_TYPE]);

		if (!job_queue_find(queue, DatumGetInt64(key[0]), key[1], &place))
			return !is_blocked;
		if (!is_blocked && kind->kind == place.kind)
			return false;
		if (!queue_place_lock(queue, &place))
			continue;
		if (is_blocked)
			remove_place(queue, key);
		else
		{
			place.kind = kind->kind;
			queue_place_write(queue, &place);
		}
		return false;
	}
	return false;
}

/* requeue_training_jobs(): a trigger behind an UPDATE of training_jobs */
Datum
requeue_training_jobs(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = trigger_call(fcinfo, "requeue_training_jobs", JOBS_TABLE,
										TRIGGER_EVENT_UPDATE | TRIGGER_EVENT_AFTER);
	Oid			schema = RelationGetNamespace(trigger->tg_relation);
	bool		some_lack_places = false;
	ChangedJobs changed;
	JobQueue	queue;
	JobReader	jobs;
	Slice		record;

	if (trigger->tg_newtable == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("requeue_training_jobs needs a table of new rows")));
	plan_table_open(&changed.table, schema, JOBS_TABLE, NoLock);
	changed.keys = byte_sort_create(work_mem);
	transition_table_read(trigger, trigger->tg_newtable, note_changed, &changed);
	byte_sort_perform(changed.keys);
	plan_table_close(&changed.table);

	job_queue_open(&queue, schema, "UPDATE");
	job_reader_open_unchecked(&jobs, schema, queue.snapshot);
	while (byte_sort_next(changed.keys, &record))
	{
		Datum		key[2];

		(void) read_key(record, key);
		some_lack_places |= follow_job(&queue, &jobs, key);
		pfree(DatumGetPointer(key[1]));
	}
	job_reader_close(&jobs);
	job_queue_close(&queue);
	byte_sort_end(changed.keys);
	if (some_lack_places)
		insert_places(schema, trigger);

	return PointerGetDatum(NULL);
}

/* ---- places that come in or are changed by hand --------------------------------------- */

/* How many places a statement has kept from being replaced, and of which plans the last of them and others are. */
static int64 places_kept = 0;
static int64 *plans_kept = NULL;	/* in TopMemoryContext */
static int	plans_kept_count = 0;

static void
note_kept_place(int64 plan_id)
{
	places_kept++;
	/* places of a plan come together, as a rule */
	if (plans_kept_count > 0 && plans_kept[plans_kept_count - 1] == plan_id)
		return;
	if (plans_kept == NULL)
		plans_kept = MemoryContextAlloc(TopMemoryContext, sizeof(int64));
	else if ((plans_kept_count & (plans_kept_count - 1)) == 0)
		plans_kept = repalloc_huge(plans_kept, 2 * plans_kept_count * sizeof(int64));
	plans_kept[plans_kept_count++] = plan_id;
}

/* What came in beside places that were kept may not go with them: what waits, and for what. */
static void
settle_kept_plans(Oid schema)
{
	ByteSort   *targets = settled_targets_create();
	bool		any = false;

	for (int i = 0; i < plans_kept_count; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (is_plan_pooled_first(schema, NULL, plans_kept[i]))
			any |= settled_targets_add_plan(targets, schema, plans_kept[i]);
	}
	if (any)
		settle_targets(schema, targets);
}

/* A row of the queue, by its columns. */
typedef struct PlaceRow
{
	Datum		values[QUEUE_COLUMNS];
	bool		nulls[QUEUE_COLUMNS];
	int			state;			/* a JobState; -1: none, which a check refuses */
} PlaceRow;

static void
read_row(const PlanTable *queue, HeapTuple tuple, PlaceRow *row)
{
	TupleDesc	descriptor = RelationGetDescr(queue->relation);

	for (int i = 0; i < QUEUE_COLUMNS; i++)
	{
		row->nulls[i] = true;
		if (has_column(queue, i))
			row->values[i] = heap_getattr(tuple, queue->columns[i], descriptor, &row->nulls[i]);
	}
	row->state = row->nulls[QUEUE_STATE] ? -1 : state_of_text(row->values[QUEUE_STATE]);
}

static HeapTuple
write_row(const PlanTable *queue, HeapTuple tuple, PlaceRow *row)
{
	int			columns[QUEUE_COLUMNS];
	Datum		values[QUEUE_COLUMNS];
	bool		nulls[QUEUE_COLUMNS];
	int			count = 0;

	for (int i = 0; i < QUEUE_COLUMNS; i++)
	{
		if (!has_column(queue, i))
			continue;
		columns[count] = queue->columns[i];
		values[count] = row->values[i];
		nulls[count++] = row->nulls[i];
	}
	return heap_modify_tuple_by_cols(tuple, RelationGetDescr(queue->relation), count,
									 columns, values, nulls);
}

static void
set_value(PlaceRow *row, QueueColumn column, Datum value)
{
	row->values[column] = value;
	row->nulls[column] = false;
}

static void
set_null(PlaceRow *row, QueueColumn column)
{
	row->values[column] = (Datum) 0;
	row->nulls[column] = true;
}

static int32
integer_value(const PlaceRow *row, QueueColumn column)
{
	return row->nulls[column] ? 0 : DatumGetInt32(row->values[column]);
}

static bool
is_at_infinity(const PlaceRow *row)
{
	return !row->nulls[QUEUE_READY_AT] &&
		TIMESTAMP_IS_NOEND(DatumGetTimestampTz(row->values[QUEUE_READY_AT]));
}

/* What follows from a state: who has the job, and when it can be claimed. */
static void
settle_state(PlaceRow *row, TimestampTz now)
{
	if (row->state < 0 || row->state == JOB_RUNNING)
		return;
	set_null(row, QUEUE_WORKER);
	if (row->state != JOB_CANCELLED)
		set_null(row, QUEUE_ERROR);
	if (row->state != JOB_REUSED)
	{
		set_null(row, QUEUE_REUSED_PLAN_ID);
		set_null(row, QUEUE_REUSED_JOB_ID);
		set_null(row, QUEUE_REUSED_ATTEMPT);
	}
	set_value(row, QUEUE_CANCEL_REQUESTED, BoolGetDatum(false));
	if (row->state != JOB_PENDING)
		set_value(row, QUEUE_READY_AT, TimestampTzGetDatum(DT_NOEND));
	else if (is_at_infinity(row))
		set_value(row, QUEUE_READY_AT, TimestampTzGetDatum(now));
}

/*
 * Is a place as it was made, and nobody has touched it since?  It may have been made with
 * attempts that the history has, none of which counts.  That others wait for the job is known
 * only when they have come, and moves it.
 */
static bool
is_untouched(const PlaceRow *row)
{
	int32		attempt = integer_value(row, QUEUE_ATTEMPT);

	if (attempt != integer_value(row, QUEUE_ATTEMPTS_FORGIVEN))
		return false;
	if (row->state == JOB_PENDING && !row->nulls[QUEUE_READY_AT])
		return TIMESTAMP_IS_NOBEGIN(DatumGetTimestampTz(row->values[QUEUE_READY_AT])) &&
			!row->nulls[QUEUE_AWAITED] && DatumGetBool(row->values[QUEUE_AWAITED]);
	return row->state == JOB_PENDING || row->state == JOB_WAITING;
}

/* Find a row of a table whose key begins with that of a place, as plan_table_find() does. */
static bool
find_by_job(const PlanTable *table, const PlaceRow *row, Snapshot snapshot, ScanDirection direction,
			TupleTableSlot *slot)
{
	Datum		key[] = {row->values[QUEUE_PLAN_ID], row->values[QUEUE_JOB_ID]};

	return plan_table_find(table, snapshot, key, lengthof(key), direction, slot);
}

/* Has nobody touched the place that is in a slot? */
static bool
slot_is_untouched(const PlanTable *queue, TupleTableSlot *slot)
{
	bool		should_free;
	PlaceRow	row;

	read_row(queue, ExecFetchSlotHeapTuple(slot, false, &should_free), &row);
	return is_untouched(&row);
}

/*
 * Does an incoming place take the place that its job has?  If so, that is deleted,
 * by the caller's right.  Who has it locked may be just claiming the job, and is
 * waited for.
 */
static bool
replaces(const PlanTable *queue, int64 plan_id, TupleTableSlot *found, Snapshot snapshot)
{
	TableDelete delete;
	ItemPointerData tid = found->tts_tid;
	bool		replaced;

	if (inserts_for_jobs())
		return false;
	replaced = slot_is_untouched(queue, found);
	if (replaced)
	{
		plan_table_check_rights(queue, ACL_DELETE);
		table_delete_begin(&delete, RelationGetNamespace(queue->relation), QUEUE_TABLE);
		if (table_delete_lock(&delete, &tid, snapshot))
		{
			replaced = slot_is_untouched(queue, delete.locked);
			if (replaced)
			{
				bool		isnull;

				tally_note_replaced(DatumGetInt64(slot_getattr(delete.locked, queue->columns[QUEUE_PLAN_ID],
															   &isnull)));
				table_delete_row(&delete, &tid, snapshot);
			}
		}
		table_delete_end(&delete);
	}
	if (!replaced)
		note_kept_place(plan_id);
	return replaced;
}

/* The highest number of an attempt that the history has of a job; 0: none. */
static int32
last_attempt(Oid schema, const PlaceRow *row)
{
	PlanTable	history;
	TupleTableSlot *slot;
	int32		number = 0;

	plan_table_open(&history, schema, HISTORY_TABLE, AccessShareLock);
	slot = table_slot_create(history.relation, NULL);
	if (find_by_job(&history, row, SnapshotSelf, BackwardScanDirection, slot))
	{
		bool		isnull;

		number = DatumGetInt32(slot_getattr(slot, history.columns[HISTORY_ATTEMPT], &isnull));
	}
	ExecDropSingleTupleTableSlot(slot);
	plan_table_close(&history);
	return number;
}

/* Give a place the kind of its job, if that is there. */
static void
settle_kind(const PlanTable *queue, PlaceRow *row, Snapshot snapshot)
{
	JobReader	jobs;

	if (!has_column(queue, QUEUE_KIND))
		return;
	job_reader_open_unchecked(&jobs, RelationGetNamespace(queue->relation), snapshot);
	if (job_reader_find(&jobs, DatumGetInt64(row->values[QUEUE_PLAN_ID]), row->values[QUEUE_JOB_ID]))
		set_value(row, QUEUE_KIND, Int64GetDatum(learn_kind(&jobs)->kind));
	job_reader_close(&jobs);
}

/*
 * A place that comes in: NULL if its job has one that it does not replace.  Its
 * attempts go on behind those that the history has.
 */
static HeapTuple
guard_insert(const PlanTable *queue, HeapTuple tuple)
{
	Oid			schema = RelationGetNamespace(queue->relation);
	Snapshot	snapshot;
	TupleTableSlot *slot;
	PlaceRow	row;
	int32		attempt;
	bool		keeps_out = false;

	read_row(queue, tuple, &row);
	if (row.nulls[QUEUE_PLAN_ID] || row.nulls[QUEUE_JOB_ID])
		return tuple;

	snapshot = RegisterSnapshot(GetLatestSnapshot());
	slot = table_slot_create(queue->relation, NULL);
	if (find_by_job(queue, &row, snapshot, ForwardScanDirection, slot))
		keeps_out = !replaces(queue, DatumGetInt64(row.values[QUEUE_PLAN_ID]), slot, snapshot);
	if (!keeps_out && !inserts_for_jobs() &&
		(row.nulls[QUEUE_KIND] || DatumGetInt64(row.values[QUEUE_KIND]) == KIND_UNKNOWN))
		settle_kind(queue, &row, snapshot);
	ExecDropSingleTupleTableSlot(slot);
	UnregisterSnapshot(snapshot);
	if (keeps_out)
		return NULL;

	attempt = last_attempt(schema, &row);
	if (attempt > integer_value(&row, QUEUE_ATTEMPT))
	{
		set_value(&row, QUEUE_ATTEMPT, Int32GetDatum(attempt));
		set_value(&row, QUEUE_ATTEMPTS_FORGIVEN, Int32GetDatum(attempt));
	}
	settle_state(&row, GetCurrentTimestamp());
	return write_row(queue, tuple, &row);
}

static bool
is_same_key(const PlaceRow *before, const PlaceRow *after)
{
	return before->values[QUEUE_PLAN_ID] == after->values[QUEUE_PLAN_ID] &&
		!after->nulls[QUEUE_PLAN_ID] && !after->nulls[QUEUE_JOB_ID] &&
		slice_equal(slice_from_text(DatumGetTextPP(before->values[QUEUE_JOB_ID])),
					slice_from_text(DatumGetTextPP(after->values[QUEUE_JOB_ID])));
}

/* How an attempt has ended whose job somebody put into another state. */
static AttemptOutcome
outcome_of_state(int state)
{
	switch (state)
	{
		case JOB_SUCCEEDED:
			return ATTEMPT_SUCCEEDED;
		case JOB_FAILED:
			return ATTEMPT_FAILED;
		case JOB_CANCELLED:
			return ATTEMPT_CANCELLED;
		default:
			return ATTEMPT_EXPIRED;
	}
}

/* Record the attempt that somebody has ended by hand; returns its number. */
static int32
record_ended_attempt(Oid schema, const PlaceRow *before, int state, TimestampTz now)
{
	JobQueue	queue;
	QueuePlace	place = {
		.plan_id = DatumGetInt64(before->values[QUEUE_PLAN_ID]),
		.job_id = before->values[QUEUE_JOB_ID],
		.state_since = DatumGetTimestampTz(before->values[QUEUE_STATE_SINCE]),
		.attempt = {.number = integer_value(before, QUEUE_ATTEMPT)},
		.worker = before->nulls[QUEUE_WORKER] ? (Datum) 0 : before->values[QUEUE_WORKER]
	};

	job_queue_open(&queue, schema, "UPDATE");
	queue_place_number_attempt(&queue, &place);
	history_insert(&queue, &place, outcome_of_state(state), now, (Datum) 0, (Datum) 0);
	job_queue_close(&queue);
	return place.attempt.number;
}

/*
 * The numbers of attempts never go back, or a worker could report about another
 * than its own.  Who sets attempt to less means how many count.
 */
static void
settle_attempts(const PlaceRow *before, PlaceRow *after)
{
	int32		number = integer_value(before, QUEUE_ATTEMPT);
	int32		counting = integer_value(after, QUEUE_ATTEMPT) - integer_value(after, QUEUE_ATTEMPTS_FORGIVEN);

	if (integer_value(after, QUEUE_ATTEMPT) >= number || after->nulls[QUEUE_ATTEMPT])
		return;
	set_value(after, QUEUE_ATTEMPT, Int32GetDatum(number));
	set_value(after, QUEUE_ATTEMPTS_FORGIVEN, Int32GetDatum(number - Max(counting, 0)));
}

/* Is a job that runs given to another worker? */
static bool
is_handed_over(const PlaceRow *before, const PlaceRow *after)
{
	return before->state == JOB_RUNNING && after->state == JOB_RUNNING &&
		!before->nulls[QUEUE_WORKER] && !after->nulls[QUEUE_WORKER] &&
		!slice_equal(slice_from_text(DatumGetTextPP(before->values[QUEUE_WORKER])),
					 slice_from_text(DatumGetTextPP(after->values[QUEUE_WORKER])));
}

/* A place that is changed by hand. */
static HeapTuple
guard_update(const PlanTable *queue, HeapTuple old_tuple, HeapTuple tuple)
{
	TimestampTz now = GetCurrentTimestamp();
	PlaceRow	before;
	PlaceRow	after;

	read_row(queue, old_tuple, &before);
	read_row(queue, tuple, &after);
	if (!is_same_key(&before, &after))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("a place in table \"%s\" cannot be given to another job",
						plan_table_name(QUEUE_TABLE))));
	if (is_written_by_queue(DatumGetInt64(after.values[QUEUE_PLAN_ID]), after.values[QUEUE_JOB_ID]))
		return tuple;

	settle_attempts(&before, &after);
	if (!after.nulls[QUEUE_KIND] && after.values[QUEUE_KIND] != before.values[QUEUE_KIND])
		settle_kind(queue, &after, GetActiveSnapshot());
	if (after.state >= 0 && (after.state != before.state || is_handed_over(&before, &after)))
	{
		int32		last = integer_value(&before, QUEUE_ATTEMPT);

		if (before.state == JOB_RUNNING)
			last = record_ended_attempt(RelationGetNamespace(queue->relation), &before, after.state, now);
		/* who has it now has an attempt of his own */
		if (after.state == JOB_RUNNING)
			last++;
		set_value(&after, QUEUE_ATTEMPT, Int32GetDatum(Max(integer_value(&after, QUEUE_ATTEMPT), last)));
		if (after.values[QUEUE_STATE_SINCE] == before.values[QUEUE_STATE_SINCE])
			set_value(&after, QUEUE_STATE_SINCE, TimestampTzGetDatum(now));
		/* the end of a lease is not when to try again */
		if (after.state == JOB_PENDING && after.values[QUEUE_READY_AT] == before.values[QUEUE_READY_AT])
			set_value(&after, QUEUE_READY_AT, TimestampTzGetDatum(now));
	}
	settle_state(&after, now);
	/* one that is fresh may be moved to where nobody looks any more, and is touched now */
	if (after.state == JOB_PENDING && after.nulls[QUEUE_READY_AT])
		set_value(&after, QUEUE_READY_AT, TimestampTzGetDatum(now));
	return write_row(queue, tuple, &after);
}

/* A statement inserts places: it waits for who inserts jobs, and tells what it has kept. */
static void
guard_statement(const PlanTable *queue, TriggerEvent event)
{
	if (inserts_for_jobs())
		return;
	if (TRIGGER_FIRED_BEFORE(event))
	{
		job_queue_lock_inserts(queue->relid, PLACES_COME);
		places_kept = 0;
		plans_kept_count = 0;
	}
	else if (places_kept > 0)
	{
		ereport(WARNING,
				(errmsg_plural("%lld job was claimed or changed since, and keeps its place in table \"%s\"",
							   "%lld jobs were claimed or changed since, and keep their places in table \"%s\"",
							   places_kept, (long long) places_kept, plan_table_name(QUEUE_TABLE))));
		settle_kept_plans(RelationGetNamespace(queue->relation));
	}
}

/*
 * training_job_queue_guard(): a trigger before and behind an INSERT into
 * training_job_queue, and before an INSERT or UPDATE of each row
 */
Datum
training_job_queue_guard(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;
	PlanTable	queue;
	HeapTuple	result = NULL;

	if (trigger_table(fcinfo) != QUEUE_TABLE)
		report_wrong_trigger("training_job_queue_guard", QUEUE_TABLE);

	plan_table_open(&queue, RelationGetNamespace(trigger->tg_relation), QUEUE_TABLE, NoLock);
	if (!TRIGGER_FIRED_FOR_ROW(trigger->tg_event))
		guard_statement(&queue, trigger->tg_event);
	else if (!TRIGGER_FIRED_BEFORE(trigger->tg_event) || TRIGGER_FIRED_BY_DELETE(trigger->tg_event))
		report_wrong_trigger("training_job_queue_guard", QUEUE_TABLE);
	else if (TRIGGER_FIRED_BY_INSERT(trigger->tg_event))
		result = guard_insert(&queue, trigger->tg_trigtuple);
	else
		result = guard_update(&queue, trigger->tg_trigtuple, trigger->tg_newtuple);
	plan_table_close(&queue);

	return PointerGetDatum(result);
}
