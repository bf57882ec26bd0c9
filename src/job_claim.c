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
 * over all of them.  So the session remembers for each lane the position before
 * which nothing fresh can be found any more.  That is exact, and not a guess:
 *
 * - Fresh places come only with the plan, all in one transaction.  Whatever gets
 *   into the queue later, or comes back, has a time (training_job_queue_guard()
 *   sees to that for changes by hand).
 * - A place that this snapshot does not see as fresh has been claimed or
 *   cancelled by a transaction that committed; one that may still roll back
 *   leaves the place visible, and that stops the mark.
 * - What the own transaction did may roll back as well, so the mark is moved
 *   only if it had done nothing yet.
 * - Plans are told apart by their rows, not by their numbers.
 *
 * Jobs of families that the worker lacks stay in the queue, and the mark passes
 * them as well: it is kept for one list of families, and what a job is to train
 * does not change.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/relscan.h"
#include "access/stratnum.h"
#include "access/xact.h"
#include "miscadmin.h"
#include "nodes/execnodes.h"
#include "utils/fmgroids.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

#include "compat.h"
#include "job_claim.h"

/* ---- marks: where the fresh part of a lane begins ----------------------------- */

/* Lanes whose marks are kept; a plan of rules has three. */
#define MAX_MARKS	16

typedef struct LaneMark
{
	int32		priority;
	int32		position;		/* nothing fresh is before it */
} LaneMark;

/* Of the plan that the session claimed from last. */
static struct
{
	Oid			queue;
	ClaimedPlan plan;
	ArrayType  *families;		/* in TopMemoryContext; NULL: any */
	int			count;
	LaneMark	lanes[MAX_MARKS];
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
	Oid			relid = RelationGetRelid(queue->places.relation);

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

/* The mark of a lane; NULL if there are too many lanes to keep it. */
static LaneMark *
lane_mark(int32 priority)
{
	LaneMark   *mark;

	for (int i = 0; i < marks.count; i++)
	{
		if (marks.lanes[i].priority == priority)
			return &marks.lanes[i];
	}
	if (marks.count == MAX_MARKS)
		return NULL;
	mark = &marks.lanes[marks.count++];
	mark->priority = priority;
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
	return index_beginscan(queue->places.relation, queue->by_claim, queue->snapshot, NULL, keys, 0);
}

static void
begin_scans(JobQueue *queue, Scans *scans)
{
	scans->lanes = begin_scan(queue, 2);
	scans->returned = begin_scan(queue, 3);
	scans->fresh = begin_scan(queue, 4);
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
	bool		has_returned;	/* there may be something that has come back */
} Lane;

/*
 * The lane of the highest priority that is not above the one given, of all that
 * the index has of a plan, be it dead or alive.  False: there is none.
 */
static bool
find_lane(JobQueue *queue, IndexScanDesc scan, int64 plan_id, int32 priority, Lane *lane)
{
	ScanKeyData keys[2];
	Datum		ready_at;
	bool		isnull;

	ScanKeyInit(&keys[0], CLAIM_PLAN_ID, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(plan_id));
	ScanKeyInit(&keys[1], CLAIM_PRIORITY, BTLessEqualStrategyNumber, F_INT4LE, Int32GetDatum(priority));

	/* the entry says it all: no row is looked at */
	scan->xs_want_itup = true;
	index_rescan(scan, keys, lengthof(keys), NULL, 0);
	if (index_getnext_tid(scan, ForwardScanDirection) == NULL)
		return false;
	lane->plan_id = plan_id;
	lane->priority = DatumGetInt32(index_getattr(scan->xs_itup, CLAIM_PRIORITY, scan->xs_itupdesc, &isnull));
	ready_at = index_getattr(scan->xs_itup, CLAIM_READY_AT, scan->xs_itupdesc, &isnull);
	lane->has_returned = !isnull && DatumGetTimestampTz(ready_at) <= queue->now;
	return true;
}

/* The next lane of a plan, from the highest priority down. */
static bool
next_lane(JobQueue *queue, IndexScanDesc scan, Lane *lane)
{
	return lane->priority > PG_INT32_MIN &&
		find_lane(queue, scan, lane->plan_id, lane->priority - 1, lane);
}

static bool
first_lane(JobQueue *queue, IndexScanDesc scan, int64 plan_id, Lane *lane)
{
	return find_lane(queue, scan, plan_id, PG_INT32_MAX, lane);
}

static void
lane_keys(ScanKeyData *keys, const Lane *lane)
{
	ScanKeyInit(&keys[0], CLAIM_PLAN_ID, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(lane->plan_id));
	ScanKeyInit(&keys[1], CLAIM_PRIORITY, BTEqualStrategyNumber, F_INT4EQ, Int32GetDatum(lane->priority));
}

/* Begin to go through what has come back in a lane, up to now. */
static void
scan_returned(IndexScanDesc scan, const Lane *lane, TimestampTz now)
{
	ScanKeyData keys[3];

	lane_keys(keys, lane);
	ScanKeyInit(&keys[2], CLAIM_READY_AT, BTLessEqualStrategyNumber, F_TIMESTAMPTZ_LE,
				TimestampTzGetDatum(now));
	index_rescan(scan, keys, lengthof(keys), NULL, 0);
}

/* Begin to go through what is fresh in a lane, from a position on. */
static void
scan_fresh(IndexScanDesc scan, const Lane *lane, int32 position)
{
	ScanKeyData keys[4];

	lane_keys(keys, lane);
	ScanKeyEntryInitialize(&keys[2], SK_ISNULL | SK_SEARCHNULL, CLAIM_READY_AT, InvalidStrategy,
						   InvalidOid, InvalidOid, InvalidOid, (Datum) 0);
	ScanKeyInit(&keys[3], CLAIM_POSITION, BTGreaterEqualStrategyNumber, F_INT4GE,
				Int32GetDatum(position));
	index_rescan(scan, keys, lengthof(keys), NULL, 0);
}

static bool
next_place(JobQueue *queue, IndexScanDesc scan, QueuePlace *place)
{
	CHECK_FOR_INTERRUPTS();

	if (!index_getnext_slot(scan, ForwardScanDirection, queue->found))
		return false;
	queue_place_read(place, queue->found);
	return true;
}

/* Write a place that is locked. */
static void
write_locked(JobQueue *queue, const QueuePlace *place)
{
	TM_Result	result = queue_place_write(queue, place);

	if (result != TM_Ok)
		elog(ERROR, "could not update locked row of table \"%s\": %d", QUEUE_TABLE, result);
}

/* Where a job stands whose lease ran out. */
static JobState
state_after_lease(const QueuePlace *place, const ClaimedPlan *plan)
{
	return state_after_attempt(&place->attempt, ATTEMPT_EXPIRED, plan->max_attempts);
}

/* The lease of a place that is locked has run out: record that. */
static void
expire(JobQueue *queue, QueuePlace *place, const ClaimedPlan *plan)
{
	TimestampTz lease_end = place->attempt.lease_end;
	JobState	state = state_after_lease(place, plan);

	history_insert(queue, place, ATTEMPT_EXPIRED, lease_end, (Datum) 0, (Datum) 0);
	queue_place_end_attempt(place, state, lease_end, lease_end);
}

/* Claim a place that is locked; returns whether the claim wants more. */
static bool
take(JobQueue *queue, const JobClaim *claim, QueuePlace *place)
{
	place->state = JOB_RUNNING;
	place->state_since = queue->now;
	place->ready_at = claim->lease_end;
	place->attempt.number++;
	place->worker = claim->worker;
	write_locked(queue, place);
	return claim->take(claim->arg, place);
}

static JobFit
fit(const JobClaim *claim, const QueuePlace *place)
{
	return claim->filter == NULL ? JOB_FITS : claim->filter(claim->arg, place);
}

/* Claim what has come back in a lane.  Returns whether the claim wants more. */
static bool
claim_returned(JobQueue *queue, const JobClaim *claim, IndexScanDesc scan, const Lane *lane)
{
	QueuePlace	place;

	scan_returned(scan, lane, queue->now);
	while (next_place(queue, scan, &place))
	{
		bool		expired = place.state == JOB_RUNNING;
		bool		over = expired && state_after_lease(&place, claim->plan) != JOB_PENDING;

		if (!over && fit(claim, &place) != JOB_FITS)
			continue;
		if (!queue_place_lock(queue, &place))
			continue;
		if (expired)
			expire(queue, &place, claim->plan);
		if (over)
			write_locked(queue, &place);
		else if (!take(queue, claim, &place))
			return false;
	}
	return true;
}

/*
 * Claim what is fresh in a lane, and move its mark if that may be.  Returns
 * whether the claim wants more.
 */
static bool
claim_fresh(JobQueue *queue, const JobClaim *claim, IndexScanDesc scan, const Lane *lane,
			bool may_mark)
{
	LaneMark   *mark = lane_mark(lane->priority);
	bool		at_front = true;	/* nothing that can be claimed was passed */
	QueuePlace	place;

	scan_fresh(scan, lane, mark != NULL ? mark->position : 0);
	while (next_place(queue, scan, &place))
	{
		JobFit		fits = fit(claim, &place);

		if (fits == JOB_NEVER_FITS)
			continue;
		if (at_front && may_mark && mark != NULL)
			mark->position = place.position;
		at_front = false;

		if (fits == JOB_FITS && queue_place_lock(queue, &place) && !take(queue, claim, &place))
			return false;
	}
	if (at_front && may_mark && mark != NULL)
		mark->position = PG_INT32_MAX;
	return true;
}

/*
 * Claim jobs until the claim has enough, or there are no more.
 */
void
claim_jobs(JobQueue *queue, const JobClaim *claim)
{
	bool		may_mark = !TransactionIdIsValid(GetTopTransactionIdIfAny());
	Scans		scans;
	Lane		lane;

	begin_scans(queue, &scans);
	marks_for(queue, claim);
	for (bool more = first_lane(queue, scans.lanes, claim->plan->plan_id, &lane); more;
		 more = next_lane(queue, scans.lanes, &lane))
	{
		if ((lane.has_returned && !claim_returned(queue, claim, scans.returned, &lane)) ||
			!claim_fresh(queue, claim, scans.fresh, &lane, may_mark))
			break;
	}
	end_scans(&scans);
}

/*
 * Record all leases of a plan that ran out, as a claim would that comes by;
 * their jobs are pending then, or have ended.  What others are about to claim is
 * left to them.
 */
void
end_expired_attempts(JobQueue *queue, const ClaimedPlan *plan)
{
	Scans		scans;
	Lane		lane;
	QueuePlace	place;

	begin_scans(queue, &scans);
	for (bool more = first_lane(queue, scans.lanes, plan->plan_id, &lane); more;
		 more = next_lane(queue, scans.lanes, &lane))
	{
		scan_returned(scans.returned, &lane, queue->now);
		while (next_place(queue, scans.returned, &place))
		{
			if (place.state == JOB_RUNNING && queue_place_lock(queue, &place))
			{
				expire(queue, &place, plan);
				write_locked(queue, &place);
			}
		}
	}
	end_scans(&scans);
}
