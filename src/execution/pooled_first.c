/*
 * pooled_first.c
 *		Jobs that wait for the pooled model of their target, in plans with
 *		pooled_first: what becomes of them when that job's place changes.
 *
 * A job needs the pooled model if its metadata say so, and the target's job without a
 * symbol trains that.  Until it has succeeded, what needs it is waiting.  When it has
 * failed for good or was cancelled, what waits is cancelled, and its place says why in
 * error, by which it is known: it comes back to waiting when the pooled job is retried.
 *
 * The jobs of a target are found by their index, whoever asks and whatever he can see:
 * what waits must not wait forever because it is hidden from who reports.
 *
 * Who changes these places locks them in the order of (plan_id, job_id), before he
 * changes the first.  A pooled job's place stands for all that wait for it: who makes a
 * job wait has that locked, and who changes it looks for what waits after he has locked
 * it.  So nobody begins to wait for what has just ended.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "base/executor_compat.h"
#include "execution/pooled_first.h"
#include "plans/job_channel.h"
#include "plans/stored_plan.h"

/* ---- the jobs of a target ----------------------------------------------------------- */

/* Jobs as they are, whoever may see them. */
typedef struct RawJobs
{
	PlanTable	table;
	Relation	by_target;
	TupleTableSlot *slot;
} RawJobs;

static void
raw_jobs_open(RawJobs *jobs, Oid schema)
{
	plan_table_open(&jobs->table, schema, JOBS_TABLE, AccessShareLock);
	jobs->by_target = plan_table_open_target_index(&jobs->table);
	jobs->slot = table_slot_create(jobs->table.relation, NULL);
}

static void
raw_jobs_close(RawJobs *jobs)
{
	ExecDropSingleTupleTableSlot(jobs->slot);
	index_close(jobs->by_target, AccessShareLock);
	plan_table_close(&jobs->table);
}

static Datum
job_value(const RawJobs *jobs, JobColumn column, bool *isnull)
{
	return slot_getattr(jobs->slot, jobs->table.columns[JOB_TABLE_COLUMN(column)], isnull);
}

static Slice
job_text(const RawJobs *jobs, JobColumn column)
{
	bool		isnull;

	return slice_from_text(DatumGetTextPP(job_value(jobs, column, &isnull)));
}

static bool
find_job(RawJobs *jobs, Snapshot snapshot, int64 plan_id, Datum job_id)
{
	Datum		key[] = {Int64GetDatum(plan_id), job_id};

	return plan_table_find(&jobs->table, snapshot, key, lengthof(key), ForwardScanDirection, jobs->slot);
}

/* What the job that was found last has to do with the pooled model of its target. */
typedef enum JobPart
{
	PART_OTHER = '0',			/* nothing */
	PART_NEEDS = '1',
	PART_POOLED = '2',			/* it trains it */
	PART_ASKED = '3'			/* of a place that is to be locked: the call is about it */
} JobPart;

static JobPart
job_part(const RawJobs *jobs)
{
	bool		symbol_is_null;
	bool		isnull;

	(void) job_value(jobs, JOB_SYMBOL, &symbol_is_null);
	if (job_is_pooled(symbol_is_null, job_value(jobs, JOB_TRAINING_TYPE, &isnull)))
		return PART_POOLED;
	return job_needs_pooled(job_value(jobs, JOB_METADATA, &isnull)) ? PART_NEEDS : PART_OTHER;
}

/* Find the pooled job of a target: that without a symbol stands behind the others. */
static bool
find_pooled_job(RawJobs *jobs, Snapshot snapshot, int64 plan_id, Datum target)
{
	IndexScanDesc scan = plan_table_scan_target(&jobs->table, jobs->by_target, snapshot, plan_id, target);
	bool		found = index_getnext_slot(scan, BackwardScanDirection, jobs->slot) &&
		job_part(jobs) == PART_POOLED;

	index_endscan(scan);
	return found;
}

/* ---- jobs in order -------------------------------------------------------------------- */

/* A job among others: its plan, its id, a zero byte, its part. */
static void
put_job(ByteSort *sort, int64 plan_id, Slice job_id, JobPart part)
{
	StringInfo	record = byte_sort_begin_record(sort);

	append_sortable_number(record, plan_id);
	append_slice(record, job_id);
	appendStringInfoChar(record, '\0');
	appendStringInfoChar(record, part);
	byte_sort_put(sort);
}

/* The next of them; its id is made in the current memory context. */
static bool
next_job(ByteSort *sort, int64 *plan_id, Datum *job_id, JobPart *part)
{
	Slice		record;

	CHECK_FOR_INTERRUPTS();
	if (!byte_sort_next(sort, &record))
		return false;
	*plan_id = read_sortable_number(&record);
	*part = record.data[record.len - 1];
	record.len -= 2;
	*job_id = slice_to_text(record);
	return true;
}

/* Put all jobs of a target there.  Returns the id of its pooled job, copied; 0: it has none. */
static Datum
put_target(ByteSort *sort, RawJobs *jobs, Snapshot snapshot, int64 plan_id, Datum target)
{
	IndexScanDesc scan = plan_table_scan_target(&jobs->table, jobs->by_target, snapshot, plan_id, target);
	Datum		pooled = (Datum) 0;

	while (index_getnext_slot(scan, ForwardScanDirection, jobs->slot))
	{
		JobPart		part = job_part(jobs);

		CHECK_FOR_INTERRUPTS();
		put_job(sort, plan_id, job_text(jobs, JOB_ID), part);
		if (part == PART_POOLED)
			pooled = slice_to_text(job_text(jobs, JOB_ID));
	}
	index_endscan(scan);
	return pooled;
}

/* ---- the rules -------------------------------------------------------------------------- */

/* Where the pooled job of a target stands. */
typedef enum PooledStand
{
	POOLED_NONE,				/* nothing to wait for */
	POOLED_UNFINISHED,
	POOLED_SUCCEEDED,
	POOLED_FAILED,
	POOLED_CANCELLED
} PooledStand;

static PooledStand
stand_of_state(int state)
{
	switch (state)
	{
		case JOB_SUCCEEDED:
		case JOB_REUSED:
			return POOLED_SUCCEEDED;
		case JOB_FAILED:
			return POOLED_FAILED;
		case JOB_CANCELLED:
			return POOLED_CANCELLED;
		default:
			return POOLED_UNFINISHED;
	}
}

/* Is a place as it was made, and nobody has touched it since? */
static bool
is_fresh(const QueuePlace *place)
{
	return place->state == JOB_PENDING && place->is_fresh && place->attempt.number == place->attempt.forgiven;
}

/* Could a job be claimed, and never was? */
static bool
is_unclaimed(const QueuePlace *place)
{
	return place->state == JOB_PENDING && place->attempt.number == 0;
}

/* Has a job ended without being trained in its plan?  Then it can be retried. */
static bool
has_ended_untrained(const QueuePlace *place)
{
	return place->state == JOB_FAILED || place->state == JOB_CANCELLED || place->state == JOB_REUSED;
}

static bool
was_cancelled_with_pooled(const QueuePlace *place)
{
	return place->state == JOB_CANCELLED && place->error != (Datum) 0;
}

/* May a change of the pooled job's place change this one? */
static bool
may_follow(const QueuePlace *place)
{
	return place->state == JOB_WAITING || was_cancelled_with_pooled(place) || is_fresh(place);
}

/* Change a place, which may follow, as it follows from where the pooled job stands; false: it stays as it is. */
static bool
follow(QueuePlace *place, bool needs_pooled, PooledStand stand, Datum why, TimestampTz now)
{
	JobState	state;

	if (!needs_pooled)
		stand = POOLED_NONE;
	switch (stand)
	{
		case POOLED_NONE:
			state = place->state == JOB_WAITING ? JOB_PENDING : place->state;
			break;
		case POOLED_UNFINISHED:
			state = JOB_WAITING;
			break;
		case POOLED_SUCCEEDED:
			state = JOB_PENDING;
			break;
		default:
			state = JOB_CANCELLED;
			break;
	}
	if (state == place->state)
		return false;
	queue_place_end_attempt(place, state, now, now);
	if (state == JOB_CANCELLED)
		place->error = why;
	return true;
}

/* ---- what follows in the queue -------------------------------------------------------------- */

/* A target whose places follow its pooled job's. */
typedef struct Following
{
	JobQueue   *queue;
	PooledStand stand;
	Datum		why;			/* of those that are cancelled */
	bool		takes_back;		/* what was let go when the pooled job was reused waits again */
	int64		changed;
	bool		released;		/* one of them can be claimed */
	bool		any_waiting;
	int32		priority;		/* the highest of those that wait */
} Following;

static void
begin_following(Following *following, JobQueue *queue, PooledStand stand, Datum pooled)
{
	memset(following, 0, sizeof(Following));
	following->queue = queue;
	following->stand = stand;
	following->priority = PG_INT32_MIN;
	if (stand == POOLED_FAILED || stand == POOLED_CANCELLED)
		following->why = CStringGetTextDatum(psprintf("cross-sectional job \"%s\" %s", TextDatumGetCString(pooled),
													  stand == POOLED_FAILED ? "failed" : "was cancelled"));
}

/* May the place of a job follow? */
static bool
is_follower(const Following *following, const QueuePlace *place)
{
	return may_follow(place) || (following->takes_back && is_unclaimed(place));
}

/* Have the place of a job follow. */
static void
follow_job(Following *following, int64 plan_id, Datum job_id, bool needs_pooled)
{
	JobQueue   *queue = following->queue;
	QueuePlace	place;

	while (job_queue_find(queue, plan_id, job_id, &place) && is_follower(following, &place))
	{
		QueuePlace	changed = place;

		if (follow(&changed, needs_pooled, following->stand, following->why, queue->now))
		{
			if (!queue_place_lock(queue, &place))
				continue;
			changed = place;
			(void) follow(&changed, needs_pooled, following->stand, following->why, queue->now);
			queue_place_write(queue, &changed);
			following->changed++;
			following->released |= changed.state == JOB_PENDING;
		}
		if (changed.state == JOB_WAITING)
		{
			following->any_waiting = true;
			following->priority = Max(following->priority, changed.priority);
		}
		break;
	}
}

/* Have all of them follow that are there in order. */
static void
follow_jobs(Following *following, ByteSort *jobs)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "trainplan waiting job",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	int64		plan_id = 0;
	Datum		job_id;
	JobPart		part;

	/* byte_sort_next() frees the record before, which must outlive a reset */
	while (MemoryContextSwitchTo(caller), next_job(jobs, &plan_id, &job_id, &part))
	{
		MemoryContextSwitchTo(context);
		if (part != PART_POOLED)
			follow_job(following, plan_id, job_id, part == PART_NEEDS);
		MemoryContextReset(context);
		pfree(DatumGetPointer(job_id));
	}
	MemoryContextDelete(context);
	if (following->released)
		notify_of_jobs(plan_id);
}

/*
 * Others wait for a pooled job, the highest of which has this priority: it is claimed at
 * that, and lets them go when it succeeds.
 */
static void
await_pooled(JobQueue *queue, int64 plan_id, Datum pooled, int32 priority)
{
	QueuePlace	place;

	while (job_queue_find(queue, plan_id, pooled, &place) && (!place.awaited || place.priority < priority))
	{
		if (!queue_place_lock(queue, &place))
			continue;
		place.awaited = true;
		/*
		 * Claims remember where fresh places begin that others could see: it is not among them any
		 * more, and ready at -infinity, by which it is known that nobody else has touched it.
		 */
		place.stays_fresh = place.is_fresh && queue_place_is_own(queue);
		place.priority = Max(place.priority, priority);
		queue_place_write(queue, &place);
		break;
	}
}

/* Lock the places of jobs that a changed pooled job may change, unless somebody has one. */
static bool
try_lock_jobs(JobQueue *queue, ByteSort *jobs)
{
	bool		locked = true;
	int64		plan_id;
	Datum		job_id;
	JobPart		part;

	while (locked && next_job(jobs, &plan_id, &job_id, &part))
	{
		QueuePlace	place;

		if (part != PART_POOLED && job_queue_find(queue, plan_id, job_id, &place) && may_follow(&place))
			locked = queue_place_try_lock(queue, &place);
		pfree(DatumGetPointer(job_id));
	}
	byte_sort_rewind(jobs);
	return locked;
}

/*
 * A pooled job's place is locked, and in this state, or about to be: what needs it follows.
 * Where nobody is to be waited for, nothing is done if somebody had to be, and false
 * returned.
 */
static bool
follow_pooled(JobQueue *queue, const QueuePlace *pooled, int state, bool was_reused, bool wait, int64 *changed)
{
	QueueAside	aside;
	RawJobs		jobs;
	ByteSort   *members;
	Following	following;
	bool		done = true;

	*changed = 0;
	job_queue_look_aside(queue, &aside);
	raw_jobs_open(&jobs, queue->schema);
	if (find_job(&jobs, queue->snapshot, pooled->plan_id, pooled->job_id) && job_part(&jobs) == PART_POOLED)
	{
		Datum		target = slice_to_text(job_text(&jobs, JOB_TARGET));

		begin_following(&following, queue,
						is_plan_pooled_first(queue->schema, queue->snapshot, pooled->plan_id) ?
						stand_of_state(state) : POOLED_NONE,
						pooled->job_id);
		following.takes_back = was_reused;
		members = byte_sort_create_rewindable(work_mem);
		(void) put_target(members, &jobs, queue->snapshot, pooled->plan_id, target);
		byte_sort_perform(members);
		done = wait || try_lock_jobs(queue, members);
		if (done)
			follow_jobs(&following, members);
		byte_sort_end(members);
		/* it has been written, and somebody may have changed its priority while nothing waited */
		if (wait && following.stand == POOLED_UNFINISHED && following.any_waiting)
		{
			CommandCounterIncrement();
			job_queue_refresh(queue);
			await_pooled(queue, pooled->plan_id, pooled->job_id, following.priority);
		}
		*changed = following.changed;
	}
	raw_jobs_close(&jobs);
	job_queue_look_back(queue, &aside);
	return done;
}

/*
 * A pooled job's place has been written, which was in another state before: what needs it
 * follows.  Those places that stand before it in the order of locks are locked already.
 * Returns how many were changed.
 */
int64
pooled_first_follow(JobQueue *queue, const QueuePlace *pooled, int before)
{
	int64		changed;

	(void) follow_pooled(queue, pooled, pooled->state, before == JOB_REUSED, true, &changed);
	return changed;
}

/*
 * A claim is about to write a pooled job's place, which it has locked: what needs it
 * follows, unless somebody has a place of these locked.  Then nothing is done, and false
 * is returned.  Never waits.
 */
bool
pooled_first_try_settle(JobQueue *queue, const QueuePlace *pooled, JobState becomes)
{
	int64		changed;

	return follow_pooled(queue, pooled, becomes, false, false, &changed);
}

/* ---- jobs that are retried ------------------------------------------------------------------- */

/* The pooled job of the target that the last job of many was of. */
struct RetriedJobs
{
	JobQueue   *queue;
	RawJobs		jobs;
	MemoryContext context;
	bool		knows_target;
	StringInfoData target;
	Datum		pooled;			/* 0: there is none to wait for */
	PooledStand stand;
	bool		awaited;
	int32		priority;
};

/* Begin to retry jobs of a plan, in the current memory context. */
RetriedJobs *
retried_jobs_begin(JobQueue *queue)
{
	RetriedJobs *retried = palloc0(sizeof(RetriedJobs));

	retried->queue = queue;
	retried->context = CurrentMemoryContext;
	initStringInfo(&retried->target);
	raw_jobs_open(&retried->jobs, queue->schema);
	return retried;
}

void
retried_jobs_end(RetriedJobs *retried)
{
	raw_jobs_close(&retried->jobs);
	pfree(retried->target.data);
	if (retried->pooled != (Datum) 0)
		pfree(DatumGetPointer(retried->pooled));
	pfree(retried);
}

/* Find the pooled job of the target of the job that was found last; nobody changes its place from now on. */
static void
find_retried_target(RetriedJobs *retried, int64 plan_id)
{
	JobQueue   *queue = retried->queue;
	RawJobs    *jobs = &retried->jobs;
	Slice		target = job_text(jobs, JOB_TARGET);
	QueuePlace	place;
	Datum		value;

	if (retried->knows_target && slice_equal(target, slice_from_buffer(&retried->target)))
		return;
	hold_slice(&retried->target, target);
	retried->knows_target = true;
	retried->stand = POOLED_NONE;
	if (retried->pooled != (Datum) 0)
		pfree(DatumGetPointer(retried->pooled));
	retried->pooled = (Datum) 0;

	value = slice_to_text(slice_from_buffer(&retried->target));
	if (find_pooled_job(jobs, queue->snapshot, plan_id, value))
	{
		MemoryContext caller = MemoryContextSwitchTo(retried->context);

		retried->pooled = slice_to_text(job_text(jobs, JOB_ID));
		MemoryContextSwitchTo(caller);
		while (job_queue_find(queue, plan_id, retried->pooled, &place))
		{
			if (!queue_place_lock(queue, &place))
				continue;
			retried->stand = stand_of_state(place.state);
			retried->awaited = place.awaited;
			retried->priority = place.priority;
			break;
		}
	}
	pfree(DatumGetPointer(value));
}

/*
 * The state that a job has when it is retried by itself; false: it can't be, since the
 * pooled model that it needs is not to come.  The pooled job's place is locked, and knows
 * that it is waited for.
 */
bool
retried_job_state(RetriedJobs *retried, const QueuePlace *place, JobState *state)
{
	JobQueue   *queue = retried->queue;
	RawJobs    *jobs = &retried->jobs;
	PooledStand stand = POOLED_NONE;
	QueueAside	aside;

	job_queue_look_aside(queue, &aside);
	if (find_job(jobs, queue->snapshot, place->plan_id, place->job_id) && job_part(jobs) == PART_NEEDS)
	{
		find_retried_target(retried, place->plan_id);
		stand = retried->stand;
	}
	if (stand == POOLED_UNFINISHED && (!retried->awaited || retried->priority < place->priority))
	{
		await_pooled(queue, place->plan_id, retried->pooled, place->priority);
		retried->awaited = true;
		retried->priority = Max(retried->priority, place->priority);
	}
	job_queue_look_back(queue, &aside);
	*state = stand == POOLED_UNFINISHED ? JOB_WAITING : JOB_PENDING;
	return stand != POOLED_FAILED && stand != POOLED_CANCELLED;
}

/* ---- locks ---------------------------------------------------------------------------------- */

/* Lock a place in its turn, if it may be changed. */
static void
lock_in_turn(JobQueue *queue, int64 plan_id, Datum job_id, JobPart part)
{
	QueuePlace	place;

	while (job_queue_find(queue, plan_id, job_id, &place))
	{
		if (part == PART_ASKED ? place.state == JOB_SUCCEEDED :
			part != PART_POOLED && !may_follow(&place) && !is_unclaimed(&place))
			break;
		if (queue_place_lock(queue, &place))
			break;
	}
}

/* Lock places in the order of (plan_id, job_id); last: none behind this one. */
static void
lock_all(JobQueue *queue, ByteSort *places, Datum last)
{
	int64		plan_id;
	Datum		job_id;
	JobPart		part;
	bool		was_last = false;

	byte_sort_perform(places);
	while (!was_last && next_job(places, &plan_id, &job_id, &part))
	{
		lock_in_turn(queue, plan_id, job_id, part);
		was_last = last != (Datum) 0 &&
			slice_compare(slice_from_text(DatumGetTextPP(job_id)), slice_from_text(DatumGetTextPP(last))) >= 0;
		pfree(DatumGetPointer(job_id));
	}
}

/* Does a change change the places of others, which wait for this one or have waited? */
static bool
is_followed(const QueuePlace *place, PooledChange change)
{
	return place->awaited && place->state != JOB_SUCCEEDED &&
		(change != POOLED_IS_EXTENDED || place->attempt.cancel_requested);
}

/* The targets of jobs that are to be retried, as they come. */
typedef struct NeededPooled
{
	ByteSort   *pooled;			/* pooled jobs that are needed */
	bool		knows_target;
	StringInfoData target;		/* of the last job */
} NeededPooled;

/* Put the pooled job there that a job needs which is to be retried. */
static void
put_needed(ByteSort *locks, NeededPooled *needed, RawJobs *jobs, JobQueue *queue, int64 plan_id, Datum job_id)
{
	Slice		target;
	Datum		value;

	if (!find_job(jobs, queue->snapshot, plan_id, job_id) || job_part(jobs) != PART_NEEDS)
		return;
	target = job_text(jobs, JOB_TARGET);
	if (needed->knows_target && slice_equal(target, slice_from_buffer(&needed->target)))
		return;
	hold_slice(&needed->target, target);
	needed->knows_target = true;
	value = slice_to_text(slice_from_buffer(&needed->target));
	if (find_pooled_job(jobs, queue->snapshot, plan_id, value))
	{
		put_job(locks, plan_id, job_text(jobs, JOB_ID), PART_POOLED);
		put_job(needed->pooled, plan_id, job_text(jobs, JOB_ID), PART_POOLED);
	}
	pfree(DatumGetPointer(value));
}

/*
 * Pooled jobs that may be retried with those that need them come before these, as those that
 * are awaited do: also one that has come after all of them had ended.
 */
static void
await_needed(JobQueue *queue, ByteSort *pooled)
{
	int64		plan_id;
	Datum		job_id;
	JobPart		part;

	byte_sort_perform(pooled);
	while (next_job(pooled, &plan_id, &job_id, &part))
	{
		QueuePlace	place;

		if (job_queue_find(queue, plan_id, job_id, &place) &&
			has_ended_untrained(&place))
			await_pooled(queue, plan_id, job_id, place.priority);
		pfree(DatumGetPointer(job_id));
	}
	CommandCounterIncrement();
}

/* Put all of a pooled job's target there. */
static void
put_followers(ByteSort *locks, RawJobs *jobs, JobQueue *queue, int64 plan_id, Datum job_id)
{
	Datum		target;

	if (!find_job(jobs, queue->snapshot, plan_id, job_id))
		return;
	target = slice_to_text(job_text(jobs, JOB_TARGET));
	(void) put_target(locks, jobs, queue->snapshot, plan_id, target);
	pfree(DatumGetPointer(target));
}

/*
 * Jobs of a plan with pooled_first are about to be changed, of which these are the ids, in
 * order, to be read from the beginning: lock their places and all that follow them, in the
 * order of job_id, if any do.
 */
void
pooled_first_lock(JobQueue *queue, int64 plan_id, ByteSort *job_ids, PooledChange change)
{
	RawJobs		jobs;
	ByteSort   *locks = byte_sort_create(work_mem);
	NeededPooled needed = {.pooled = byte_sort_create(work_mem)};
	bool		any = false;
	Slice		record;

	initStringInfo(&needed.target);
	raw_jobs_open(&jobs, queue->schema);
	while (byte_sort_next(job_ids, &record))
	{
		Datum		job_id = slice_to_text(record);
		QueuePlace	place;

		CHECK_FOR_INTERRUPTS();
		if (job_queue_find(queue, plan_id, job_id, &place))
		{
			put_job(locks, plan_id, record, PART_ASKED);
			if (is_followed(&place, change))
			{
				put_followers(locks, &jobs, queue, plan_id, job_id);
				any = true;
			}
			else if (change == POOLED_IS_RETRIED &&
						 has_ended_untrained(&place))
			{
				put_needed(locks, &needed, &jobs, queue, plan_id, job_id);
				any = true;
			}
		}
		pfree(DatumGetPointer(job_id));
	}
	if (any)
		lock_all(queue, locks, (Datum) 0);
	await_needed(queue, needed.pooled);
	byte_sort_end(needed.pooled);
	byte_sort_rewind(job_ids);
	byte_sort_end(locks);
	raw_jobs_close(&jobs);
}

/*
 * The same for one job that ends: its place, and those before it in the order of locks.
 * Those behind it are locked in their order when they follow.
 */
void
pooled_first_lock_one(JobQueue *queue, int64 plan_id, Datum job_id)
{
	RawJobs		jobs;
	ByteSort   *locks = byte_sort_create(work_mem);

	job_id = datumCopy(job_id, false, -1);
	raw_jobs_open(&jobs, queue->schema);
	put_job(locks, plan_id, slice_from_text(DatumGetTextPP(job_id)), PART_ASKED);
	put_followers(locks, &jobs, queue, plan_id, job_id);
	lock_all(queue, locks, job_id);
	byte_sort_end(locks);
	raw_jobs_close(&jobs);
}

/* ---- targets that are settled ------------------------------------------------------------------ */

/* Targets whose places may not be as they should be, since somebody has changed jobs or places by hand. */
ByteSort *
settled_targets_create(void)
{
	return byte_sort_create_rewindable(work_mem);
}

void
settled_targets_add(ByteSort *targets, int64 plan_id, Slice target)
{
	StringInfo	record = byte_sort_begin_record(targets);

	append_sortable_number(record, plan_id);
	append_slice(record, target);
	byte_sort_put(targets);
}

/* Add the targets of a plan; returns whether it has any. */
bool
settled_targets_add_plan(ByteSort *targets, Oid schema, int64 plan_id)
{
	Snapshot	snapshot = RegisterSnapshot(GetLatestSnapshot());
	StringInfoData last;
	bool		is_first = true;
	RawJobs		jobs;
	IndexScanDesc scan;

	initStringInfo(&last);
	raw_jobs_open(&jobs, schema);
	scan = plan_table_scan_target(&jobs.table, jobs.by_target, snapshot, plan_id, (Datum) 0);
	while (index_getnext_slot(scan, ForwardScanDirection, jobs.slot))
	{
		Slice		target = job_text(&jobs, JOB_TARGET);

		CHECK_FOR_INTERRUPTS();
		if (!is_first && slice_equal(target, slice_from_buffer(&last)))
			continue;
		is_first = false;
		hold_slice(&last, target);
		settled_targets_add(targets, plan_id, target);
	}
	index_endscan(scan);
	raw_jobs_close(&jobs);
	UnregisterSnapshot(snapshot);
	return !is_first;
}

/* Add the target of a job, if there is such a job. */
bool
settled_targets_add_job(ByteSort *targets, Oid schema, int64 plan_id, Datum job_id)
{
	Snapshot	snapshot = RegisterSnapshot(GetLatestSnapshot());
	RawJobs		jobs;
	bool		found;

	raw_jobs_open(&jobs, schema);
	found = find_job(&jobs, snapshot, plan_id, job_id);
	if (found)
		settled_targets_add(targets, plan_id, job_text(&jobs, JOB_TARGET));
	raw_jobs_close(&jobs);
	UnregisterSnapshot(snapshot);
	return found;
}

/* The next target, each once; last has the one before.  The target is made in the current memory context. */
static bool
next_target(ByteSort *targets, StringInfo last, int64 *plan_id, Datum *target)
{
	Slice		record;

	do
	{
		CHECK_FOR_INTERRUPTS();
		if (!byte_sort_next(targets, &record))
			return false;
	} while (last->len > 0 && slice_equal(record, slice_from_buffer(last)));
	hold_slice(last, record);
	*plan_id = read_sortable_number(&record);
	*target = slice_to_text(record);
	return true;
}

/* Settle a target whose places are locked. */
static void
settle_target(JobQueue *queue, RawJobs *jobs, int64 plan_id, Datum target)
{
	ByteSort   *members = byte_sort_create_rewindable(work_mem);
	Datum		pooled = put_target(members, jobs, queue->snapshot, plan_id, target);
	PooledStand stand = POOLED_NONE;
	QueuePlace	place;
	Following	following;

	byte_sort_perform(members);
	if (pooled != (Datum) 0 && is_plan_pooled_first(queue->schema, queue->snapshot, plan_id) &&
		job_queue_find(queue, plan_id, pooled, &place))
		stand = stand_of_state(place.state);
	begin_following(&following, queue, stand, pooled);
	follow_jobs(&following, members);
	if (pooled != (Datum) 0)
	{
		follow_job(&following, plan_id, pooled, false);
		if (stand == POOLED_UNFINISHED && following.any_waiting)
			await_pooled(queue, plan_id, pooled, following.priority);
	}
	byte_sort_end(members);
}

/* Have the places of all of these targets be as they should be.  It is the end of them. */
void
settle_targets(Oid schema, ByteSort *targets)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "trainplan target",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = CurrentMemoryContext;
	ByteSort   *locks = byte_sort_create(work_mem);
	StringInfoData last;
	JobQueue	queue;
	RawJobs		jobs;
	int64		plan_id;
	Datum		target;

	byte_sort_perform(targets);
	initStringInfo(&last);
	job_queue_open(&queue, schema, "UPDATE");
	raw_jobs_open(&jobs, schema);
	while (next_target(targets, &last, &plan_id, &target))
	{
		(void) put_target(locks, &jobs, queue.snapshot, plan_id, target);
		pfree(DatumGetPointer(target));
	}
	lock_all(&queue, locks, (Datum) 0);
	byte_sort_end(locks);

	job_queue_refresh(&queue);
	byte_sort_rewind(targets);
	resetStringInfo(&last);
	while (next_target(targets, &last, &plan_id, &target))
	{
		MemoryContextSwitchTo(context);
		settle_target(&queue, &jobs, plan_id, target);
		MemoryContextSwitchTo(caller);
		MemoryContextReset(context);
		pfree(DatumGetPointer(target));
	}
	MemoryContextDelete(context);
	raw_jobs_close(&jobs);
	job_queue_close(&queue);
	byte_sort_end(targets);
}
