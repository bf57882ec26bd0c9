/*
 * job_lanes.c
 *		The ways through the queue's index: a lane for each plan, priority and kind.
 *
 * The index has (plan_id, priority DESC, kind, ready_at, position) of all places
 * whose jobs can still be claimed some time.  So the places of one priority and kind
 * are a lane with two parts: first, by ready_at, the jobs that come back at some
 * time: leases that run or ran out, retries, and what has waited for another job;
 * then, without a ready_at, the fresh ones, in the plan's order.  Leases that run are
 * behind the end of the first part and cost nothing; as a rule a lane's first entry
 * says already that nothing has come back.
 *
 * Jobs that were claimed leave dead entries behind at the front of a part.  Usually
 * the index forgets them at once; but as long as any transaction in the database has
 * an old snapshot they stay, and a claim would have to step over all of them.  So the
 * session remembers for each lane a mark: where it found the first that can be
 * claimed; and whether it is the last of its priority.
 *
 * A mark is a hint, and no more.  Fresh places come with their plan, all in one
 * transaction, and whatever gets into the queue later, or comes back, has a time
 * (training_job_queue_guard() sees to that for changes by hand), so as a rule there
 * is nothing before the mark.  But places are also restored from dumps, deleted and
 * inserted again, and written while triggers are off, and what row-level security hides
 * may be shown.  So marks are forgotten when
 * they have become old, and a claim that has not found enough looks once more without
 * them; only where that takes long, because there are so many dead entries, it is
 * done no more than once a second.
 *
 * Databases that have version 1.0 of the extension's objects have an index without
 * the kind, and one lane for each priority.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/relscan.h"
#include "access/stratnum.h"
#include "access/xact.h"
#include "executor/instrument.h"
#include "miscadmin.h"
#include "utils/fmgroids.h"
#include "utils/rel.h"

#include "base/executor_compat.h"
#include "execution/job_lanes.h"

/* ---- marks ---------------------------------------------------------------------- */

/* Lanes whose marks are kept; a plan of rules has a few. */
#define MAX_MARKS	64

/* A look without marks that touches no more buffers than this is taken whenever there is reason to. */
#define QUICK_LOOK	1000

/* Buffers that are touched on a way that is worth a mark. */
#define LONG_WAY	100

/* How long marks are kept at least, and the time between looks that are not quick. */
#define MARKS_LIFETIME	USECS_PER_SEC

/* Or microseconds for each buffer that was touched to make them, if that is longer: many times as long as it took. */
#define LIFETIME_OF_BUFFER	(20 * INT64CONST(1))

typedef struct LaneMark
{
	int64		plan_id;
	TransactionId plan_xmin;	/* of the plan's row, and where that is: who has both is the same plan */
	ItemPointerData plan_tid;
	int32		priority;
	int64		kind;
	TimestampTz ready_at;		/* nothing that came back was found before it */
	int32		position;		/* nothing fresh was found before it */
	bool		is_last_kind;	/* no other of its priority was found behind it */
} LaneMark;

static struct
{
	Oid			queue;
	Oid			user;			/* who sees more or less than others */
	int			count;
	LaneMark	lanes[MAX_MARKS];
	TimestampTz made_at;		/* when it was looked without marks */
	int64		buffers;		/* that were touched to find places then */
}			marks;

/* Are there marks, and not too old? */
bool
marks_are_used(const JobQueue *queue)
{
	int64		age = queue->now - marks.made_at;

	/* or somebody has set the clock back */
	return marks.queue == queue->places.table.relid && marks.user == GetUserId() && marks.count > 0 &&
		age >= 0 && age <= Max(MARKS_LIFETIME, LIFETIME_OF_BUFFER * marks.buffers);
}

/* Has it been long enough since it was looked without marks, or is that nothing to wait for? */
bool
may_look_again(const JobQueue *queue)
{
	int64		age = queue->now - marks.made_at;

	return marks.buffers <= QUICK_LOOK || age < 0 || age >= MARKS_LIFETIME;
}

void
forget_marks(const JobQueue *queue)
{
	marks.queue = queue->places.table.relid;
	marks.user = GetUserId();
	marks.count = 0;
	marks.made_at = queue->now;
	marks.buffers = 0;
}

/* The mark of a lane; NULL if there are too many to keep it. */
static LaneMark *
lane_mark(const StoredPlan *plan, int32 priority, int64 kind)
{
	LaneMark   *mark = NULL;

	for (int i = 0; i < marks.count && mark == NULL; i++)
	{
		if (marks.lanes[i].plan_id == plan->plan_id && marks.lanes[i].priority == priority &&
			marks.lanes[i].kind == kind)
			mark = &marks.lanes[i];
	}
	if (mark != NULL && mark->plan_xmin == plan->xmin &&
		ItemPointerEquals(&mark->plan_tid, unconstify(ItemPointerData *, &plan->tid)))
		return mark;
	if (mark == NULL && marks.count == MAX_MARKS)
		return NULL;
	if (mark == NULL)
		mark = &marks.lanes[marks.count++];
	mark->plan_id = plan->plan_id;
	mark->plan_xmin = plan->xmin;
	mark->plan_tid = plan->tid;
	mark->priority = priority;
	mark->kind = kind;
	mark->ready_at = DT_NOBEGIN;
	mark->position = PG_INT32_MIN;
	mark->is_last_kind = false;
	return mark;
}

/* ---- the index -------------------------------------------------------------------- */

/* A column's number in the index. */
static int
claim_column(const JobQueue *queue, ClaimIndexColumn column)
{
	return column > CLAIM_KIND && !queue->places.table.claims_by_kind ? column - 1 : column;
}

static IndexScanDesc
begin_scan(JobQueue *queue, int keys)
{
	return index_beginscan(queue->places.table.relation, queue->by_claim, queue->snapshot, NULL, keys, 0);
}

/* What the index itself says of the entry that a scan has found. */
static Datum
entry_value(const JobQueue *queue, IndexScanDesc scan, ClaimIndexColumn column, bool *isnull)
{
	return index_getattr(scan->xs_itup, claim_column(queue, column), scan->xs_itupdesc, isnull);
}

/* Find the first entry, be it dead or alive: no row is looked at. */
static bool
find_entry(IndexScanDesc scan, ScanKeyData *keys, int count)
{
	scan->xs_want_itup = true;
	index_rescan(scan, keys, count, NULL, 0);
	return index_getnext_tid(scan, ForwardScanDirection) != NULL;
}

static int64
buffers_touched(void)
{
	return pgBufferUsage.shared_blks_hit + pgBufferUsage.shared_blks_read;
}

/* The lowest plan behind a number that has entries; found tells whether there is one. */
int64
next_claimable_plan(JobQueue *queue, IndexScanDesc scan, int64 after, bool *found)
{
	ScanKeyData key;
	bool		isnull;

	CHECK_FOR_INTERRUPTS();
	ScanKeyInit(&key, CLAIM_PLAN_ID, BTGreaterStrategyNumber, F_INT8GT, Int64GetDatum(after));
	*found = find_entry(scan, &key, 1);
	return *found ? DatumGetInt64(entry_value(queue, scan, CLAIM_PLAN_ID, &isnull)) : 0;
}

IndexScanDesc
begin_claimable_plans(JobQueue *queue)
{
	return begin_scan(queue, 1);
}

/* ---- lanes ---------------------------------------------------------------------------- */

/* Begin to go over the lanes of a plan, which outlives the walk. */
void
lane_walk_begin(LaneWalk *walk, JobQueue *queue, const StoredPlan *plan)
{
	memset(walk, 0, sizeof(LaneWalk));
	walk->queue = queue;
	walk->plan = plan;
	/* what the own transaction did may roll back, and then it is claimable again */
	walk->may_mark = !TransactionIdIsValid(GetTopTransactionIdIfAny());
	walk->scan = begin_scan(queue, 2);
}

void
lane_walk_end(LaneWalk *walk)
{
	index_endscan(walk->scan);
	if (walk->kinds != NULL)
		index_endscan(walk->kinds);
}

/* Is there an entry behind the last lane, of its priority? */
static bool
find_kind(LaneWalk *walk)
{
	ScanKeyData keys[3];

	if (!walk->queue->places.table.claims_by_kind)
		return false;
	if (walk->kinds == NULL)
		walk->kinds = begin_scan(walk->queue, lengthof(keys));
	ScanKeyInit(&keys[0], CLAIM_PLAN_ID, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(walk->plan->plan_id));
	ScanKeyInit(&keys[1], CLAIM_PRIORITY, BTEqualStrategyNumber, F_INT4EQ, Int32GetDatum(walk->last.priority));
	ScanKeyInit(&keys[2], CLAIM_KIND, BTGreaterStrategyNumber, F_INT8GT, Int64GetDatum(walk->last.kind));
	return find_entry(walk->kinds, keys, lengthof(keys));
}

/* Is there one of a priority that is not above this? */
static bool
find_priority(LaneWalk *walk, int32 priority)
{
	ScanKeyData keys[2];

	ScanKeyInit(&keys[0], CLAIM_PLAN_ID, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(walk->plan->plan_id));
	ScanKeyInit(&keys[1], CLAIM_PRIORITY, BTLessEqualStrategyNumber, F_INT4LE, Int32GetDatum(priority));
	return find_entry(walk->scan, keys, lengthof(keys));
}

/* The lane of the entry that a scan has found. */
static void
read_lane(LaneWalk *walk, IndexScanDesc scan, Lane *lane)
{
	JobQueue   *queue = walk->queue;
	LaneMark   *mark;
	Datum		ready_at;
	bool		isnull;

	memset(lane, 0, sizeof(Lane));
	lane->plan_id = walk->plan->plan_id;
	lane->priority = DatumGetInt32(entry_value(queue, scan, CLAIM_PRIORITY, &isnull));
	lane->kind = KIND_UNKNOWN;
	if (queue->places.table.claims_by_kind)
		lane->kind = DatumGetInt64(entry_value(queue, scan, CLAIM_KIND, &isnull));
	ready_at = entry_value(queue, scan, CLAIM_READY_AT, &isnull);

	mark = lane_mark(walk->plan, lane->priority, lane->kind);
	lane->mark = mark;
	lane->at_front = true;
	lane->next.is_fresh = isnull || DatumGetTimestampTz(ready_at) > queue->now;
	lane->next.ready_at = mark == NULL ? DT_NOBEGIN : mark->ready_at;
	lane->next.position = mark == NULL || !lane->next.is_fresh ? PG_INT32_MIN : mark->position;
	walk->last = *lane;
	walk->has_lane = true;
}

/*
 * The first lane of the plan's next priority, from the highest down, of all that the
 * index has, be its places dead or alive.  False after the last.
 */
bool
lane_walk_next_priority(LaneWalk *walk, Lane *lane)
{
	CHECK_FOR_INTERRUPTS();
	if (walk->has_lane && walk->last.priority == PG_INT32_MIN)
		return false;
	if (!find_priority(walk, walk->has_lane ? walk->last.priority - 1 : PG_INT32_MAX))
		return false;
	read_lane(walk, walk->scan, lane);
	return true;
}

/* The next lane of the same priority; false after the last. */
bool
lane_walk_next_kind(LaneWalk *walk, Lane *lane)
{
	LaneMark   *mark = walk->last.mark;

	CHECK_FOR_INTERRUPTS();
	if (mark != NULL && mark->is_last_kind)
		return false;
	if (find_kind(walk))
	{
		read_lane(walk, walk->kinds, lane);
		return true;
	}
	if (mark != NULL && walk->may_mark)
		mark->is_last_kind = true;
	return false;
}

/* Does a point come before another, in whatever lanes of one priority they are? */
bool
lane_point_is_before(const LanePoint *left, const LanePoint *right)
{
	if (left->is_fresh != right->is_fresh)
		return right->is_fresh;
	if (!left->is_fresh && left->ready_at != right->ready_at)
		return left->ready_at < right->ready_at;
	return left->position < right->position;
}

/* The keys of all entries of a lane; returns how many. */
static int
lane_keys(const JobQueue *queue, ScanKeyData *keys, const Lane *lane)
{
	ScanKeyInit(&keys[0], CLAIM_PLAN_ID, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(lane->plan_id));
	ScanKeyInit(&keys[1], CLAIM_PRIORITY, BTEqualStrategyNumber, F_INT4EQ, Int32GetDatum(lane->priority));
	if (!queue->places.table.claims_by_kind)
		return 2;
	ScanKeyInit(&keys[2], CLAIM_KIND, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(lane->kind));
	return 3;
}

/* Begin with a part of a lane: what has come back up to now, or what is fresh, from the next point on. */
static void
begin_part(LaneWalk *walk, Lane *lane)
{
	JobQueue   *queue = walk->queue;
	ScanKeyData keys[5];
	int			count = lane_keys(queue, keys, lane);
	int			ready_at = claim_column(queue, CLAIM_READY_AT);

	if (lane->next.is_fresh)
	{
		ScanKeyEntryInitialize(&keys[count++], SK_ISNULL | SK_SEARCHNULL, ready_at, InvalidStrategy,
							   InvalidOid, InvalidOid, InvalidOid, (Datum) 0);
		ScanKeyInit(&keys[count++], claim_column(queue, CLAIM_POSITION), BTGreaterEqualStrategyNumber,
					F_INT4GE, Int32GetDatum(lane->next.position));
	}
	else
	{
		ScanKeyInit(&keys[count++], ready_at, BTGreaterEqualStrategyNumber, F_TIMESTAMPTZ_GE,
					TimestampTzGetDatum(lane->next.ready_at));
		ScanKeyInit(&keys[count++], ready_at, BTLessEqualStrategyNumber, F_TIMESTAMPTZ_LE,
					TimestampTzGetDatum(queue->now));
	}
	lane->buffers = marks.buffers;
	if (lane->scan == NULL)
		lane->scan = begin_scan(queue, count);
	index_rescan(lane->scan, keys, count, NULL, 0);
}

/*
 * There is nothing that can be claimed before this point in a part of a lane: a mark is
 * put there.  What came back is put anywhere by hand, so its mark is kept only where
 * there is much that it saves.
 */
static void
move_mark(LaneWalk *walk, Lane *lane, const LanePoint *point)
{
	LaneMark   *mark = lane->mark;

	if (!lane->at_front || !walk->may_mark || mark == NULL)
		return;
	if (point->is_fresh)
		mark->position = point->position;
	else if (marks.buffers - lane->buffers > LONG_WAY)
		mark->ready_at = point->ready_at;
}

/* A part of a lane is over: the next one, if there is one, is that of what is fresh. */
static void
end_part(LaneWalk *walk, Lane *lane)
{
	LaneMark   *mark = lane->mark;
	LanePoint	end = {lane->next.is_fresh, walk->queue->now, PG_INT32_MAX};

	move_mark(walk, lane, &end);
	if (lane->next.is_fresh)
	{
		lane->has_ended = true;
		lane_end(lane);
		return;
	}
	lane->next.is_fresh = true;
	lane->next.position = mark == NULL ? PG_INT32_MIN : mark->position;
	lane->at_front = true;
	if (lane->scan != NULL)
		begin_part(walk, lane);
}

void
lane_end(Lane *lane)
{
	if (lane->scan != NULL)
		index_endscan(lane->scan);
	lane->scan = NULL;
	if (lane->waiting != NULL)
		heap_freetuple(lane->waiting);
	lane->waiting = NULL;
}

/* Read the next place that might be claimed from a scan into queue->found. */
static bool
scan_next(JobQueue *queue, IndexScanDesc scan, QueuePlace *place)
{
	for (;;)
	{
		int64		buffers_before = buffers_touched();
		bool		found;

		CHECK_FOR_INTERRUPTS();
		found = index_getnext_slot(scan, ForwardScanDirection, queue->found);
		marks.buffers += buffers_touched() - buffers_before;
		if (!found)
			return false;
		queue_place_read(queue, place);
		if (place->state < 0)
			warn_of_unknown_state(place);
		else if (place->state == JOB_PENDING || (place->state == JOB_RUNNING && !place->is_fresh))
			return true;
	}
}

static LanePoint
point_of(const QueuePlace *place)
{
	LanePoint	point = {place->is_fresh, place->is_fresh ? DT_NOBEGIN : place->ready_at, place->position};

	return point;
}

/* The place that was read last is nothing that this user could claim. */
void
lane_pass(Lane *lane)
{
	lane->at_front = lane->was_at_front;
}

/*
 * Read the next place of a lane that may be claimed: a job that is pending, or whose
 * lease ran out.  It is in queue->found then.  False: it comes behind a point, and is
 * not taken yet, or there is none in this part; lane->next and has_ended tell which.
 * until NULL: wherever it is.
 */
bool
lane_next(LaneWalk *walk, Lane *lane, const LanePoint *until, QueuePlace *place)
{
	JobQueue   *queue = walk->queue;

	if (lane->waiting != NULL)
	{
		ExecForceStoreHeapTuple(lane->waiting, queue->found, true);
		queue->found->tts_tid = lane->waiting_tid;
		queue_place_read(queue, place);
		lane->waiting = NULL;
	}
	else
	{
		if (lane->scan == NULL)
			begin_part(walk, lane);
		if (!scan_next(queue, lane->scan, place))
		{
			end_part(walk, lane);
			return false;
		}
		lane->next = point_of(place);
		move_mark(walk, lane, &lane->next);
		lane->was_at_front = lane->at_front;
		lane->at_front = false;
	}
	if (until == NULL || !lane_point_is_before(until, &lane->next))
		return true;
	lane->waiting = ExecCopySlotHeapTuple(queue->found);
	lane->waiting_tid = queue->found->tts_tid;
	return false;
}
