/*
 * job_claim.c
 *		Which jobs a claim gets: the order of the queue, and the way to its front.
 *
 * The index has (plan_id, priority DESC, ready_at, position) of all places whose
 * jobs can still be claimed some time.  For each priority there is a lane with
 * two parts: first, by ready_at, the jobs that come back at some time: leases
 * that run or ran out, and retries; then, without a ready_at, the fresh ones, in
 * the plan's order.  A claim goes through the lanes, highest priority first, and
 * in each through what came back up to now, then through what is fresh.  Leases
 * that run are behind the end of the first range and cost nothing; as a rule a
 * lane's first entry says already that nothing has come back.
 *
 * A row that others claim is skipped, never waited for.
 *
 * Jobs that were claimed leave dead entries behind at the front of the fresh
 * part.  Usually the index forgets them at once; but as long as any transaction
 * in the database has an old snapshot they stay, and a claim would have to step
 * over all of them.  So the session remembers for each lane a mark: the position
 * before which it found nothing that it could have.
 *
 * A mark is a hint, and no more.  Fresh places come with their plan, all in one
 * transaction, and whatever gets into the queue later, or comes back, has a time
 * (training_job_queue_guard() sees to that for changes by hand), so as a rule
 * there is nothing before the mark.  But places are also restored from dumps,
 * deleted and inserted again, written while triggers are off, and what a job
 * trains, or who may see it, is changed.  So marks are forgotten when they have
 * become old, and a claim that has not found enough looks once more without them;
 * only where that takes long, because there are so many dead entries, it is done no
 * more than once a second.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/relscan.h"
#include "access/stratnum.h"
#include "access/xact.h"
#include "executor/instrument.h"
#include "miscadmin.h"
#include "nodes/execnodes.h"
#include "utils/fmgroids.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

#include "base/executor_compat.h"
#include "execution/execution_call.h"
#include "execution/job_claim.h"

/* ---- marks: where the fresh part of a lane begins ----------------------------- */

/* Lanes whose marks are kept; a plan of rules has three. */
#define MAX_MARKS	16

/* A look without marks that touches no more buffers than this is taken whenever there is reason to. */
#define QUICK_LOOK	1000

/* How long marks are kept at least, and the time between looks that are not quick. */
#define MARKS_LIFETIME	USECS_PER_SEC

/* Or microseconds for each buffer that was touched to make them, if that is longer: many times as long as it took. */
#define LIFETIME_OF_BUFFER	(20 * INT64CONST(1))

/* Fresh places that are locked before they are claimed. */
#define MAX_LOCKED		100

typedef struct LaneMark
{
	int32		priority;
	int64		kind;
	int32		position;		/* nothing fresh was found before it */
} LaneMark;

/* Of the plan that the session claimed from last. */
static struct
{
	Oid			queue;
	StoredPlan	plan;
	ArrayType  *families;		/* in TopMemoryContext; NULL: any */
	int			count;
	LaneMark	lanes[MAX_MARKS];
	TimestampTz made_at;		/* when it was looked without marks */
	int64		buffers;		/* that were touched to find places then */
}			marks;

static bool
same_families(const ArrayType *a, const ArrayType *b)
{
	if (a == NULL || b == NULL)
		return a == b;
	return VARSIZE(a) == VARSIZE(b) && memcmp(a, b, VARSIZE(a)) == 0;
}

/* Forget the marks unless they are of this claim's plan and families. */
static void
marks_for(const JobQueue *queue, const JobClaim *claim)
{
	Oid			relid = queue->places.table.relid;

	if (marks.queue == relid &&
		marks.plan.plan_id == claim->plan->plan_id &&
		marks.plan.xmin == claim->plan->xmin &&
		ItemPointerEquals(&marks.plan.tid, unconstify(ItemPointerData *, &claim->plan->tid)) &&
		same_families(marks.families, claim->families))
		return;

	marks.queue = InvalidOid;
	marks.count = 0;
	if (marks.families != NULL)
		pfree(marks.families);
	marks.families = NULL;
	if (claim->families != NULL)
		marks.families = memcpy(MemoryContextAlloc(TopMemoryContext, VARSIZE(claim->families)),
								claim->families, VARSIZE(claim->families));
	marks.plan = *claim->plan;
	marks.queue = relid;
}

/* May marks be wrong by now? */
static bool
are_marks_old(TimestampTz now)
{
	int64		age = now - marks.made_at;

	/* or somebody has set the clock back */
	return age < 0 || age > Max(MARKS_LIFETIME, LIFETIME_OF_BUFFER * marks.buffers);
}

/* Has it been long enough since it was looked without marks, or is that nothing to wait for? */
static bool
may_look_again(TimestampTz now)
{
	int64		age = now - marks.made_at;

	return marks.buffers <= QUICK_LOOK || age < 0 || age >= MARKS_LIFETIME;
}

/* The mark of a lane; NULL if there are too many lanes to keep it. */
static LaneMark *
lane_mark(int32 priority, int64 kind)
{
	LaneMark   *mark;

	for (int i = 0; i < marks.count; i++)
	{
		if (marks.lanes[i].priority == priority && marks.lanes[i].kind == kind)
			return &marks.lanes[i];
	}
	if (marks.count == MAX_MARKS)
		return NULL;
	mark = &marks.lanes[marks.count++];
	mark->priority = priority;
	mark->kind = kind;
	mark->position = 0;
	return mark;
}

/* ---- lanes -------------------------------------------------------------------- */

/* The ways to go through the index. */
typedef struct Scans
{
	IndexScanDesc lanes;
	IndexScanDesc returned;
	IndexScanDesc fresh;
} Scans;

static IndexScanDesc
begin_scan(JobQueue *queue, int keys)
{
	return index_beginscan(queue->places.table.relation, queue->by_claim, queue->snapshot, NULL, keys, 0);
}

static void
begin_scans(JobQueue *queue, Scans *scans)
{
	scans->lanes = begin_scan(queue, 3);
	scans->returned = begin_scan(queue, 4);
	scans->fresh = begin_scan(queue, 5);
}

static void
end_scans(Scans *scans)
{
	index_endscan(scans->fresh);
	index_endscan(scans->returned);
	index_endscan(scans->lanes);
}

/* A lane of a plan. */
typedef struct Lane
{
	int64		plan_id;
	int32		priority;
	int64		kind;
	bool		has_returned;	/* there may be something that has come back */
} Lane;

/*
 * The lane of the highest priority that is not above the one given, of all that
 * the index has of a plan, be it dead or alive.  False: there is none.
 */
static bool
find_lane(JobQueue *queue, IndexScanDesc scan, int64 plan_id, int32 priority, const int64 *above_kind, Lane *lane)
{
	ScanKeyData keys[3];
	Datum		ready_at;
	bool		isnull;

	ScanKeyInit(&keys[0], CLAIM_PLAN_ID, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(plan_id));
	ScanKeyInit(&keys[1], CLAIM_PRIORITY, above_kind ? BTEqualStrategyNumber : BTLessEqualStrategyNumber, above_kind ? F_INT4EQ : F_INT4LE, Int32GetDatum(priority));
	ScanKeyInit(&keys[2], CLAIM_KIND, above_kind ? BTGreaterStrategyNumber : BTGreaterEqualStrategyNumber, above_kind ? F_INT8GT : F_INT8GE, Int64GetDatum(above_kind ? *above_kind : PG_INT64_MIN));

	/* the entry says it all: no row is looked at */
	scan->xs_want_itup = true;
	index_rescan(scan, keys, lengthof(keys), NULL, 0);
	if (index_getnext_tid(scan, ForwardScanDirection) == NULL)
		return false;
	lane->plan_id = plan_id;
	lane->priority = DatumGetInt32(index_getattr(scan->xs_itup, CLAIM_PRIORITY, scan->xs_itupdesc, &isnull));
	lane->kind = DatumGetInt64(index_getattr(scan->xs_itup, CLAIM_KIND, scan->xs_itupdesc, &isnull));
	ready_at = index_getattr(scan->xs_itup, CLAIM_READY_AT, scan->xs_itupdesc, &isnull);
	lane->has_returned = !isnull && DatumGetTimestampTz(ready_at) <= queue->now;
	return true;
}

/* The next lane of a plan, from the highest priority down. */
static bool
next_lane(JobQueue *queue, IndexScanDesc scan, Lane *lane)
{
	int64 kind = lane->kind;
	return find_lane(queue, scan, lane->plan_id, lane->priority, &kind, lane) || (lane->priority > PG_INT32_MIN &&
		find_lane(queue, scan, lane->plan_id, lane->priority - 1, NULL, lane));
}

static bool
first_lane(JobQueue *queue, IndexScanDesc scan, int64 plan_id, Lane *lane)
{
	return find_lane(queue, scan, plan_id, PG_INT32_MAX, NULL, lane);
}

static void
lane_keys(ScanKeyData *keys, const Lane *lane)
{
	ScanKeyInit(&keys[0], CLAIM_PLAN_ID, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(lane->plan_id));
	ScanKeyInit(&keys[1], CLAIM_PRIORITY, BTEqualStrategyNumber, F_INT4EQ, Int32GetDatum(lane->priority));
	ScanKeyInit(&keys[2], CLAIM_KIND, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(lane->kind));
}

/* Begin to go through what has come back in a lane, up to now. */
static void
scan_returned(IndexScanDesc scan, const Lane *lane, TimestampTz now)
{
	ScanKeyData keys[4];

	lane_keys(keys, lane);
	ScanKeyInit(&keys[3], CLAIM_READY_AT, BTLessEqualStrategyNumber, F_TIMESTAMPTZ_LE,
				TimestampTzGetDatum(now));
	index_rescan(scan, keys, lengthof(keys), NULL, 0);
}

/* Begin to go through what is fresh in a lane, from a position on. */
static void
scan_fresh(IndexScanDesc scan, const Lane *lane, int32 position)
{
	ScanKeyData keys[5];

	lane_keys(keys, lane);
	ScanKeyEntryInitialize(&keys[3], SK_ISNULL | SK_SEARCHNULL, CLAIM_READY_AT, InvalidStrategy,
						   InvalidOid, InvalidOid, InvalidOid, (Datum) 0);
	ScanKeyInit(&keys[4], CLAIM_POSITION, BTGreaterEqualStrategyNumber, F_INT4GE,
				Int32GetDatum(position));
	index_rescan(scan, keys, lengthof(keys), NULL, 0);
}

static int64
buffers_touched(void)
{
	return pgBufferUsage.shared_blks_hit + pgBufferUsage.shared_blks_read;
}

static bool
next_slot(JobQueue *queue, IndexScanDesc scan)
{
	int64		buffers_before = buffers_touched();
	bool		found;

	CHECK_FOR_INTERRUPTS();
	found = index_getnext_slot(scan, ForwardScanDirection, queue->found);
	marks.buffers += buffers_touched() - buffers_before;
	return found;
}

static bool
next_place(JobQueue *queue, IndexScanDesc scan, QueuePlace *place)
{
	while (next_slot(queue, scan))
	{
		queue_place_read(queue, place);
		if (place->state >= 0)
			return true;
		warn_of_unknown_state(place);
	}
	return false;
}

/* Where a job stands whose lease ran out. */
static JobState
state_after_lease(const QueuePlace *place, const StoredPlan *plan)
{
	return state_after_attempt(&place->attempt, ATTEMPT_EXPIRED, plan->max_attempts);
}

/*
 * The lease of a place that is locked has run out: how it is then.  It has to be
 * written; then record_expired() of what it was, as *ended has it, since triggers on
 * the history may change the queue.
 */
void
queue_place_expire(JobQueue *queue, QueuePlace *place, const StoredPlan *plan, QueuePlace *ended)
{
	TimestampTz lease_end = place->attempt.lease_end;

	queue_place_number_attempt(queue, place);
	*ended = *place;
	queue_place_end_attempt(place, state_after_lease(place, plan), lease_end, lease_end);
}

void
record_expired(JobQueue *queue, const QueuePlace *ended)
{
	history_insert(queue, ended, ATTEMPT_EXPIRED, ended->attempt.lease_end, (Datum) 0, (Datum) 0);
}

/*
 * Claim a place that is locked, unless there is no such job, or its attempts can't
 * be counted any more.  Returns whether it is claimed.  The lease counts from now.
 */
static bool
take(JobQueue *queue, JobClaim *claim, const QueuePlace *place)
{
	QueuePlace	taken = *place;

	if (place->attempt.number >= LAST_ATTEMPT)
	{
		ereport(WARNING,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("job \"%s\" of plan %lld is passed over: it has no number left for another attempt",
						TextDatumGetCString(place->job_id), (long long) place->plan_id)));
		return false;
	}
	taken.state = JOB_RUNNING;
	taken.has_no_progress = true;
	taken.started_at = DT_NOBEGIN;
	taken.error = (Datum) 0;
	taken.state_since = GetCurrentTimestamp();
	taken.ready_at = time_after(taken.state_since, claim->lease);
	taken.attempt.number++;
	taken.worker = claim->worker;
	if (!claim->find(claim->arg, &taken))
		return false;
	queue_place_write(queue, &taken);
	claim->take(claim->arg, &taken);
	claim->wanted--;
	return true;
}

static JobFit
fit(const JobClaim *claim, const QueuePlace *place)
{
	return claim->filter == NULL ? JOB_FITS : claim->filter(claim->arg, place);
}

/* Claim what has come back in a lane.  Returns whether the claim wants more. */
static bool
claim_returned(JobQueue *queue, JobClaim *claim, IndexScanDesc scan, const Lane *lane)
{
	QueuePlace	place;
	QueuePlace	ended;

	scan_returned(scan, lane, queue->now);
	while (next_place(queue, scan, &place))
	{
		bool		expired = place.state == JOB_RUNNING;
		bool		over = expired && state_after_lease(&place, claim->plan) != JOB_PENDING;
		bool		taken;

		if (!expired && place.state != JOB_PENDING)
			continue;
		if (!over && fit(claim, &place) != JOB_FITS)
			continue;
		if (!queue_place_try_lock(queue, &place))
			continue;
		if (expired)
			queue_place_expire(queue, &place, claim->plan, &ended);
		taken = !over && take(queue, claim, &place);
		if (expired && !taken)
			queue_place_write(queue, &place);
		if (expired)
			record_expired(queue, &ended);
		if (claim->wanted == 0)
			return false;
	}
	return true;
}

/*
 * Places that are locked, before they are claimed: others who claim step over
 * each other's, and the sooner they see what is locked, the less they meet.
 */
typedef struct LockedPlaces
{
	int			count;
	ItemPointerData tids[MAX_LOCKED];
	HeapTuple	rows[MAX_LOCKED];
} LockedPlaces;

static bool
is_locked_enough(const JobQueue *queue, const JobClaim *claim, const LockedPlaces *locked)
{
	/* what others have added to the table may change places while one is written */
	return !queue->places.table.updates_are_plain || locked->count == Min(claim->wanted, MAX_LOCKED);
}

/* Keep the place that was read last. */
static void
keep_locked(JobQueue *queue, LockedPlaces *locked)
{
	locked->tids[locked->count] = queue->found->tts_tid;
	locked->rows[locked->count++] = ExecCopySlotHeapTuple(queue->found);
}

/* Claim the places that are locked.  Returns whether the claim wants more. */
static bool
take_locked(JobQueue *queue, JobClaim *claim, LockedPlaces *locked)
{
	int			count = locked->count;

	locked->count = 0;
	for (int i = 0; i < count; i++)
	{
		QueuePlace	place;

		ExecForceStoreHeapTuple(locked->rows[i], queue->found, true);
		queue->found->tts_tid = locked->tids[i];
		queue_place_read(queue, &place);
		(void) take(queue, claim, &place);
	}
	return claim->wanted > 0;
}

/*
 * Claim what is fresh in a lane, and move its mark if that may be.  Returns
 * whether the claim wants more.
 */
static bool
claim_fresh(JobQueue *queue, JobClaim *claim, IndexScanDesc scan, const Lane *lane, bool may_mark)
{
	LaneMark   *mark = lane_mark(lane->priority, lane->kind);
	bool		at_front = true;	/* nothing that can be claimed was passed */
	LockedPlaces locked;
	QueuePlace	place;

	locked.count = 0;
	scan_fresh(scan, lane, mark != NULL ? mark->position : 0);
	while (next_place(queue, scan, &place))
	{
		JobFit		fits;

		if (place.state != JOB_PENDING)
			continue;
		fits = fit(claim, &place);
		if (fits == JOB_NEVER_FITS)
			continue;
		if (at_front && may_mark && mark != NULL)
			mark->position = place.position;
		at_front = false;

		if (fits != JOB_FITS || !queue_place_try_lock(queue, &place))
			continue;
		keep_locked(queue, &locked);
		if (is_locked_enough(queue, claim, &locked) && !take_locked(queue, claim, &locked))
			return false;
	}
	if (at_front && may_mark && mark != NULL)
		mark->position = PG_INT32_MAX;
	return take_locked(queue, claim, &locked);
}

/* Go through the lanes of the plan; returns whether the claim wants more. */
static bool
claim_lanes(JobQueue *queue, JobClaim *claim)
{
	/* what the own transaction did may roll back, and then it is claimable again */
	bool		may_mark = !TransactionIdIsValid(GetTopTransactionIdIfAny());
	Scans		scans;
	Lane		lane;
	bool		wants_more = true;

	begin_scans(queue, &scans);
	for (bool found = first_lane(queue, scans.lanes, claim->plan->plan_id, &lane); found;
		 found = next_lane(queue, scans.lanes, &lane))
	{
		wants_more = (!lane.has_returned || claim_returned(queue, claim, scans.returned, &lane)) &&
			claim_fresh(queue, claim, scans.fresh, &lane, may_mark);
		if (!wants_more)
			break;
	}
	end_scans(&scans);
	return wants_more;
}

/* The same without marks. */
static void
claim_lanes_anew(JobQueue *queue, JobClaim *claim)
{
	marks.count = 0;
	marks.made_at = queue->now;
	marks.buffers = 0;
	(void) claim_lanes(queue, claim);
}

/*
 * Claim jobs until the claim has enough, or there are no more.
 */
void
claim_jobs(JobQueue *queue, JobClaim *claim)
{
	bool		by_marks;

	marks_for(queue, claim);
	by_marks = marks.count > 0 && !are_marks_old(queue->now);
	if (by_marks && !(claim_lanes(queue, claim) && may_look_again(queue->now)))
		return;
	claim_lanes_anew(queue, claim);
}
