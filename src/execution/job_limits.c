/*
 * job_limits.c
 *		How many jobs may run at a time: training_limits.
 *
 * There is no counter that could go wrong: what runs is counted, by the queue's index
 * of what runs, whenever a claim is about to take something that a limit is about.
 * That does not show what others have claimed and not committed yet.  So who claims
 * under a limit holds a lock on its families until his transaction ends, whose level
 * says how many jobs he may have claimed at most; others see these locks, and count them as if all
 * of that were running.  None waits for another.
 *
 * Where that leaves no room although less runs, a claim tries to have the limit for
 * itself alone, which it gets if nobody else is claiming under it just now, and sees
 * all then.  If it can't, what it would have claimed is passed over, and is there for
 * the next claim.
 *
 * The locks are looked at before what runs is: what is committed in between is counted
 * twice, and never not at all.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/heapam.h"
#include "access/multixact.h"
#include "access/tableam.h"
#include "access/transam.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "common/hashfn.h"
#include "executor/tuptable.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "storage/bufmgr.h"
#include "storage/lock.h"
#include "storage/procarray.h"
#include "utils/acl.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/resowner.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "base/executor_compat.h"
#include "execution/job_lanes.h"
#include "execution/job_limits.h"
#include "plans/job_channel.h"
#include "plans/trigger_call.h"

PG_FUNCTION_INFO_V1(training_limits_notify);
PG_FUNCTION_INFO_V1(training_jobs_running);

/* ---- which limits are about a job ------------------------------------------------------ */

static bool
has_family(ArrayType *families, Slice family)
{
	ArrayIterator iterator = array_create_iterator(families, 0, NULL);
	Datum		value;
	bool		isnull;
	bool		found = false;

	while (!found && array_iterate(iterator, &value, &isnull))
		found = !isnull && slice_equal(slice_from_text(DatumGetTextPP(value)), family);
	array_free_iterator(iterator);
	return found;
}

/* Is a limit of these families about jobs that train those? */
static bool
is_about(ArrayType *families, ArrayType *trained)
{
	ArrayIterator iterator;
	Datum		value;
	bool		isnull;
	bool		found = false;

	if (families == NULL)
		return true;
	iterator = array_create_iterator(families, 0, NULL);
	while (!found && array_iterate(iterator, &value, &isnull))
		found = !isnull && has_family(trained, slice_from_text(DatumGetTextPP(value)));
	array_free_iterator(iterator);
	return found;
}

/* ---- what runs --------------------------------------------------------------------------- */

/* Counts what runs of one limit. */
typedef struct RunningCount
{
	ArrayType  *families;
	JobReader  *jobs;
	int64		last_kind;		/* that was looked up, and what came of it */
	bool		last_is_about;
} RunningCount;

/* The families of the job of a place. */
static bool
counts(RunningCount *count, const PlanTable *places, TupleTableSlot *slot)
{
	bool		isnull;
	Datum		value = column_value(places, slot, QUEUE_KIND, &isnull);
	int64		kind = isnull ? KIND_UNKNOWN : DatumGetInt64(value);
	const KnownKind *known;

	if (count->families == NULL)
		return true;
	if (kind != KIND_UNKNOWN && kind == count->last_kind)
		return count->last_is_about;
	known = kind == KIND_UNKNOWN ? NULL : known_kind(kind);
	if (known == NULL)
	{
		int64		plan_id = DatumGetInt64(column_value(places, slot, QUEUE_PLAN_ID, &isnull));

		if (!job_reader_find(count->jobs, plan_id, column_value(places, slot, QUEUE_JOB_ID, &isnull)))
			return false;
		known = learn_kind(count->jobs);
	}
	count->last_is_about = is_about(count->families, known->families);
	count->last_kind = known->kind == kind ? kind : KIND_UNKNOWN;
	return count->last_is_about;
}

/*
 * Has somebody changed, or is just changing, a row that the snapshot still sees as it
 * was?  Who extends a lease may have been in time.
 */
static bool
is_being_changed(TupleTableSlot *slot)
{
	bool		should_free;
	HeapTupleHeader header = ExecFetchSlotHeapTuple(slot, false, &should_free)->t_data;
	TransactionId xid = HeapTupleHeaderGetRawXmax(header);

	if ((header->t_infomask & HEAP_XMAX_INVALID) != 0)
		return false;
	if ((header->t_infomask & HEAP_XMAX_IS_MULTI) != 0)
	{
		if (MultiXactIdIsRunning(xid, HEAP_XMAX_IS_LOCKED_ONLY(header->t_infomask)))
			return true;
		xid = HEAP_XMAX_IS_LOCKED_ONLY(header->t_infomask) ? InvalidTransactionId : HeapTupleGetUpdateXid(header);
	}
	if (!TransactionIdIsValid(xid) || TransactionIdIsCurrentTransactionId(xid))
		return false;
	return TransactionIdIsInProgress(xid) ||
		(!HEAP_XMAX_IS_LOCKED_ONLY(header->t_infomask) && TransactionIdDidCommit(xid));
}

/*
 * How many jobs run at this time that train any of these families (NULL: any at all),
 * as far as the snapshot sees them; no more than enough are counted.  sure: also count
 * those whose lease may just be extended.
 */
static int64
count_running(const PlanTable *places, Snapshot snapshot, TimestampTz now, ArrayType *families,
			  JobReader *jobs, int64 enough, bool sure)
{
	RunningCount count = {families, jobs, KIND_UNKNOWN, false};
	TupleTableSlot *slot = table_slot_create(places->relation, NULL);
	RunningScan scan;
	int64		running = 0;

	running_scan_begin(&scan, places, snapshot);
	while (running < enough && running_scan_next(&scan, slot))
	{
		bool		isnull;
		Datum		ready_at = column_value(places, slot, QUEUE_READY_AT, &isnull);

		if ((!isnull && DatumGetTimestampTz(ready_at) > now) || (sure && is_being_changed(slot)))
			running += counts(&count, places, slot);
	}
	running_scan_end(&scan);
	ExecDropSingleTupleTableSlot(slot);
	return running;
}

/* ---- locks ------------------------------------------------------------------------------- */

/* Beside other advisory locks of the extension (queue_triggers.c); one for each level. */
#define LIMIT_LOCK	16

/* Claims share a limit, or one has it alone. */
#define SHARED		RowExclusiveLock
#define ALONE		ExclusiveLock

/* How many jobs one may have claimed who holds a lock of a level. */
static const int64 level_jobs[] = {1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, PG_INT32_MAX};

#define LEVELS		((int) lengthof(level_jobs))

static LOCKTAG
limit_tag(const JobLimits *limits, const JobLimit *limit, int level)
{
	LOCKTAG		tag;

	SET_LOCKTAG_ADVISORY(tag, MyDatabaseId, limits->relid, limit->lock_key, LIMIT_LOCK + level);
	return tag;
}

/* How many jobs the transaction has claimed under limits, or more if it has rolled some of that back. */
#define MAX_OWN		32

static struct
{
	TransactionId xid;
	int			count;
	struct
	{
		uint32		lock_key;
		int64		jobs;
	}			limits[MAX_OWN];
}			own_claims;

static int64
count_own_claims(const JobLimit *limit)
{
	if (own_claims.xid != GetTopTransactionIdIfAny())
		return 0;
	for (int i = 0; i < own_claims.count; i++)
	{
		if (own_claims.limits[i].lock_key == limit->lock_key)
			return own_claims.limits[i].jobs;
	}
	/* of so many limits, what is not known is taken for as much as there can be */
	return own_claims.count < MAX_OWN ? 0 : PG_INT32_MAX / 2;
}

static void
note_own_claim(const JobLimit *limit)
{
	int			i = 0;

	if (own_claims.xid != GetTopTransactionIdIfAny())
	{
		own_claims.xid = GetTopTransactionIdIfAny();
		own_claims.count = 0;
	}
	while (i < own_claims.count && own_claims.limits[i].lock_key != limit->lock_key)
		i++;
	if (i == MAX_OWN)
		return;
	if (i == own_claims.count)
	{
		own_claims.limits[i].lock_key = limit->lock_key;
		own_claims.limits[i].jobs = 0;
		own_claims.count++;
	}
	own_claims.limits[i].jobs++;
}

/* How many jobs others may have claimed under it who have not committed yet. */
static int64
others_claims(const JobLimits *limits, const JobLimit *limit)
{
	int64		jobs = 0;

	for (int level = 0; level < LEVELS; level++)
	{
		LOCKTAG		tag = limit_tag(limits, limit, level);
		int			holders;
		VirtualTransactionId *list = GetLockConflicts(&tag, ShareLock, &holders);

		jobs += holders * level_jobs[level];
		pfree(list);
	}
	return jobs;
}

/* Locks are the transaction's, and not the statement's, so that any of its statements can let them go. */
static bool
try_lock(const JobLimits *limits, const JobLimit *limit, int level, LOCKMODE mode)
{
	LOCKTAG		tag = limit_tag(limits, limit, level);
	ResourceOwner caller = CurrentResourceOwner;
	LockAcquireResult result;

	CurrentResourceOwner = CurTransactionResourceOwner;
	result = LockAcquire(&tag, mode, false, true);
	CurrentResourceOwner = caller;
	return result != LOCKACQUIRE_NOT_AVAIL;
}

static void
unlock(const JobLimits *limits, const JobLimit *limit, int level, LOCKMODE mode)
{
	LOCKTAG		tag = limit_tag(limits, limit, level);
	ResourceOwner caller = CurrentResourceOwner;

	CurrentResourceOwner = CurTransactionResourceOwner;
	(void) LockRelease(&tag, mode, false);
	CurrentResourceOwner = caller;
}

/* Let go what was held of lower levels. */
static void
unlock_below(const JobLimits *limits, const JobLimit *limit, int level)
{
	while (--level >= 0)
	{
		LOCKTAG		tag = limit_tag(limits, limit, level);

		while (LockHeldByMe(&tag, SHARED, false))
			unlock(limits, limit, level, SHARED);
	}
}

/* Have a limit alone no more; it was had on so many levels. */
static void
end_alone(const JobLimits *limits, const JobLimit *limit, int levels)
{
	while (--levels >= 0)
		unlock(limits, limit, levels, ALONE);
}

/* Have a limit alone, if nobody else claims under it just now. */
static bool
try_alone(const JobLimits *limits, const JobLimit *limit)
{
	for (int level = 0; level < LEVELS; level++)
	{
		if (!try_lock(limits, limit, level, ALONE))
		{
			end_alone(limits, limit, level);
			return false;
		}
	}
	return true;
}

/* ---- what a claim may have ------------------------------------------------------------------ */

/*
 * Read the limits that there are, for a claim of so many jobs at most.  jobs looks
 * kinds up, and outlives them.
 */
void
limits_read(JobQueue *queue, JobLimits *limits, int wanted, JobReader *jobs)
{
	PlanTable	table;
	TableScanDesc scan;
	TupleTableSlot *slot;
	int			allocated = 0;

	memset(limits, 0, sizeof(JobLimits));
	limits->wanted = wanted;
	limits->jobs = jobs;
	if (!plan_table_exists(queue->schema, LIMITS_TABLE))
		return;
	plan_table_open(&table, queue->schema, LIMITS_TABLE, AccessShareLock);
	limits->relid = table.relid;
	if (RelationGetNumberOfBlocks(table.relation) == 0)
	{
		plan_table_close(&table);
		return;
	}
	slot = table_slot_create(table.relation, NULL);
	scan = table_beginscan(table.relation, queue->snapshot, 0, NULL);
	while (table_scan_getnextslot(scan, ForwardScanDirection, slot))
	{
		bool		isnull;
		JobLimit	limit = {.level = -1};
		Datum		families;

		CHECK_FOR_INTERRUPTS();
		limit.max_running = DatumGetInt32(column_value(&table, slot, LIMIT_MAX_RUNNING, &isnull));
		families = column_value(&table, slot, LIMIT_FAMILIES, &isnull);
		if (!isnull)
			limit.families = DatumGetArrayTypePCopy(families);
		/* whatever it is called, now or later, it is about these */
		limit.lock_key = isnull ? 0 :
			hash_bytes((const unsigned char *) limit.families, VARSIZE(limit.families));
		if (limits->count == allocated)
		{
			allocated = Max(2 * allocated, 8);
			limits->limits = limits->limits == NULL ? palloc(allocated * sizeof(JobLimit)) :
				repalloc(limits->limits, allocated * sizeof(JobLimit));
		}
		limits->limits[limits->count++] = limit;
	}
	table_endscan(scan);
	ExecDropSingleTupleTableSlot(slot);
	plan_table_close(&table);
}

/* How many more jobs may be claimed under a limit, beside so many that others may claim just now. */
static int64
count_free(JobQueue *queue, const JobLimits *limits, const JobLimit *limit, int64 others)
{
	/* a lease that has ended now, and in no time before the snapshot, is not being extended */
	TimestampTz now = GetCurrentTimestamp();
	Snapshot	snapshot = RegisterSnapshot(GetLatestSnapshot());
	int64		free = limit->max_running - others -
		count_running(&queue->places.table, snapshot, now, limit->families, limits->jobs,
					  limit->max_running, true);

	UnregisterSnapshot(snapshot);
	return free;
}

/* Find out how much room there is under a limit, and hold it. */
static void
prepare(JobQueue *queue, const JobLimits *limits, JobLimit *limit)
{
	int64		own = count_own_claims(limit);
	int64		others = 0;
	int			level = 0;

	limit->is_prepared = true;
	limit->free = 0;
	if (limit->max_running == 0)
		return;
	while (level_jobs[level] < own + Min(limits->wanted, limit->max_running) && level < LEVELS - 1)
		level++;

	if (try_lock(limits, limit, level, SHARED))
	{
		others = others_claims(limits, limit);
		limit->free = count_free(queue, limits, limit, others);
		if (limit->free > 0 || others == 0)
		{
			limit->level = level;
			/* it says all that those below did, as long as no savepoint can take it back alone */
			if (GetCurrentTransactionNestLevel() == 1)
				unlock_below(limits, limit, level);
			return;
		}
		unlock(limits, limit, level, SHARED);
		/* if it is full without them it need not be tried any more */
		if (limit->free + others <= 0)
			return;
	}
	limit->free = 0;
	limit->is_alone = try_alone(limits, limit);
	if (limit->is_alone)
		limit->free = count_free(queue, limits, limit, 0);
}

/* Find out which limits are about a job of a kind. */
void
limits_note(JobLimits *limits, const KnownKind *kind)
{
	for (int i = 0; i < limits->count; i++)
		limits->limits[i].is_about_job = is_about(limits->limits[i].families, kind->families);
}

/*
 * Can a job of a kind be claimed, as far as limits are concerned?  The kind is noted;
 * what it stands for may be no more when others were looked at.
 */
bool
limits_admit(JobQueue *queue, JobLimits *limits, const KnownKind *kind)
{
	limits_note(limits, kind);
	for (int i = 0; i < limits->count; i++)
	{
		JobLimit   *limit = &limits->limits[i];

		if (!limit->is_about_job)
			continue;
		if (!limit->is_prepared)
			prepare(queue, limits, limit);
		if (limit->free <= 0)
			return false;
	}
	return true;
}

/* The job that was noted last is claimed. */
void
limits_count(JobLimits *limits)
{
	for (int i = 0; i < limits->count; i++)
	{
		JobLimit   *limit = &limits->limits[i];

		if (!limit->is_about_job)
			continue;
		limit->free--;
		limit->is_used = true;
		note_own_claim(limit);
	}
}

/* Would one more than so many jobs, which are not counted yet, be too many for a limit? */
bool
limits_are_reached(const JobLimits *limits, int count)
{
	for (int i = 0; i < limits->count; i++)
	{
		if (limits->limits[i].is_prepared && limits->limits[i].free <= count)
			return true;
	}
	return false;
}

/*
 * The claim is over: others may have what it has not used.  What the transaction has
 * claimed before keeps its lock, which is the one of the highest level.
 */
void
limits_end(JobLimits *limits)
{
	for (int i = 0; i < limits->count; i++)
	{
		JobLimit   *limit = &limits->limits[i];

		if (limit->level >= 0 && !limit->is_used && count_own_claims(limit) == 0)
			unlock(limits, limit, limit->level, SHARED);
		if (limit->is_alone && !limit->is_used)
			end_alone(limits, limit, LEVELS);
	}
}

/* ---- SQL ----------------------------------------------------------------------------------------- */

/*
 * training_jobs_running(families text[])
 *
 * How many jobs run that train any of these families, as limits count them; NULL:
 * any at all.
 */
Datum
training_jobs_running(PG_FUNCTION_ARGS)
{
	Oid			schema = get_func_namespace(fcinfo->flinfo->fn_oid);
	PlanTable	places;
	JobReader	jobs;
	int64		running;

	plan_table_open(&places, schema, QUEUE_TABLE, AccessShareLock);
	plan_table_check_rights(&places, ACL_SELECT);
	job_reader_open_unchecked(&jobs, schema, GetActiveSnapshot());
	running = count_running(&places, GetActiveSnapshot(), GetCurrentStatementStartTimestamp(),
							PG_ARGISNULL(0) ? NULL : PG_GETARG_ARRAYTYPE_P(0), &jobs, PG_INT64_MAX, false);
	job_reader_close(&jobs);
	plan_table_close(&places);
	PG_RETURN_INT64(running);
}

/* Tell who listens that jobs of any plan may be claimable. */
static void
notify_of_all(Oid schema)
{
	JobQueue	queue;
	PlanTable	plans;
	IndexScanDesc scan;
	int64		plan_id = PG_INT64_MIN;
	bool		found;

	memset(&queue, 0, sizeof(queue));
	plan_table_open(&queue.places.table, schema, QUEUE_TABLE, AccessShareLock);
	queue.snapshot = RegisterSnapshot(GetLatestSnapshot());
	queue.by_claim = index_open(queue.places.table.claim_index, AccessShareLock);
	scan = begin_claimable_plans(&queue);
	plan_table_open(&plans, schema, PLANS_TABLE, AccessShareLock);
	while (plan_id = next_claimable_plan(&queue, scan, plan_id, &found), found)
	{
		if (plan_table_has_rows_of(&plans, plan_id))
			notify_of_jobs(plan_id);
	}
	plan_table_close(&plans);
	index_endscan(scan);
	index_close(queue.by_claim, AccessShareLock);
	UnregisterSnapshot(queue.snapshot);
	plan_table_close(&queue.places.table);
}

/* Did a change of a limit let no more jobs run than before? */
static bool
is_only_lowered(const PlanTable *table, TriggerData *trigger)
{
	TupleDesc	descriptor = RelationGetDescr(trigger->tg_relation);
	bool		null_before;
	bool		null_after;
	Datum		before = heap_getattr(trigger->tg_trigtuple, table->columns[LIMIT_FAMILIES], descriptor, &null_before);
	Datum		after = heap_getattr(trigger->tg_newtuple, table->columns[LIMIT_FAMILIES], descriptor, &null_after);
	bool		isnull;

	if (null_before != null_after ||
		(!null_before && !slice_equal(slice_from_text(PG_DETOAST_DATUM_PACKED(before)),
									  slice_from_text(PG_DETOAST_DATUM_PACKED(after)))))
		return false;
	return DatumGetInt32(heap_getattr(trigger->tg_newtuple, table->columns[LIMIT_MAX_RUNNING], descriptor, &isnull)) <=
		DatumGetInt32(heap_getattr(trigger->tg_trigtuple, table->columns[LIMIT_MAX_RUNNING], descriptor, &isnull));
}

/*
 * training_limits_notify(): a trigger behind an UPDATE or DELETE of a row of
 * training_limits, and behind a TRUNCATE
 */
Datum
training_limits_notify(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;
	Oid			schema;

	if (trigger_table(fcinfo) != LIMITS_TABLE || TRIGGER_FIRED_BEFORE(trigger->tg_event) ||
		TRIGGER_FIRED_INSTEAD(trigger->tg_event) || TRIGGER_FIRED_BY_INSERT(trigger->tg_event) ||
		TRIGGER_FIRED_FOR_ROW(trigger->tg_event) == TRIGGER_FIRED_BY_TRUNCATE(trigger->tg_event))
		report_wrong_trigger("training_limits_notify", LIMITS_TABLE);

	schema = RelationGetNamespace(trigger->tg_relation);
	if (TRIGGER_FIRED_BY_UPDATE(trigger->tg_event))
	{
		PlanTable	table;
		bool		lowered;

		plan_table_open(&table, schema, LIMITS_TABLE, NoLock);
		lowered = is_only_lowered(&table, trigger);
		plan_table_close(&table);
		if (lowered)
			return PointerGetDatum(NULL);
	}
	notify_of_all(schema);
	return PointerGetDatum(NULL);
}
