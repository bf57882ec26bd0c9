/*
 * job_claim.c
 *		Which jobs a claim gets: the order of the queue.
 *
 * A claim goes through the lanes of a plan (job_lanes.c), highest priority first.
 * What a worker can train and what limits allow is a matter of the kind, so it is
 * decided once for each lane.  Lanes of one priority are merged: what came back goes
 * before what is fresh, and that comes in the plan's order, whatever its kind.
 *
 * A place's kind may be unknown, or not be that of its job any more: somebody has
 * changed one of them while triggers were off.  So a job that is about to be claimed
 * is looked at, and goes by what it is; its place is put right then.
 *
 * A row that others claim is skipped, never waited for.
 */
#include "postgres.h"

#include "executor/executor.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

#include "execution/execution_call.h"
#include "execution/job_claim.h"
#include "execution/job_lanes.h"
#include "execution/known_kinds.h"
#include "execution/pooled_first.h"
#include "planning/families.h"

/* Lanes of one priority that are merged; of more, these come first. */
#define MAX_MERGED		64

/* Fresh places that are locked before they are claimed. */
#define MAX_LOCKED		100

/* ---- beginning and ending --------------------------------------------------------- */

/* Begin a claim, of which it is known what the worker wants. */
void
claim_begin(JobQueue *queue, JobClaim *claim)
{
	job_reader_open(&claim->jobs, queue->schema, queue->snapshot);
	limits_read(queue, &claim->limits, claim->wanted, &claim->all_jobs);
	claim->asks_for_kind = claim->families != NULL || !slice_is_null(claim->training_type) ||
		claim->limits.count > 0;
	if (claim->asks_for_kind)
		job_reader_open_unchecked(&claim->all_jobs, queue->schema, queue->snapshot);
}

void
claim_end(JobClaim *claim)
{
	limits_end(&claim->limits);
	if (claim->asks_for_kind)
		job_reader_close(&claim->all_jobs);
	job_reader_close(&claim->jobs);
}

/* ---- what a worker can have ------------------------------------------------------- */

static bool
fits_worker(const JobClaim *claim, Slice training_type, ArrayType *families)
{
	if (!slice_is_null(claim->training_type) && !slice_equal(claim->training_type, training_type))
		return false;
	return claim->families == NULL || has_all_families(claim->families, families);
}

/* The kind of a place, if the session knows it or can learn it from its job; NULL if that is another. */
static const KnownKind *
kind_of_place(JobClaim *claim, const QueuePlace *place)
{
	const KnownKind *kind = place->kind == KIND_UNKNOWN ? NULL : known_kind(place->kind);

	if (kind != NULL || place->kind == KIND_UNKNOWN ||
		!job_reader_find(&claim->all_jobs, place->plan_id, place->job_id))
		return kind;
	kind = learn_kind(&claim->all_jobs);
	return kind->kind == place->kind ? kind : NULL;
}

typedef enum PlaceFit
{
	PLACE_FITS,
	PLACE_DOES_NOT,
	PLACE_IS_HIDDEN,
	LANE_DOES_NOT				/* nor does any other of its kind */
} PlaceFit;

/* May the claim have a job, as its place has it?  Called before anything is locked. */
static PlaceFit
fit(JobQueue *queue, JobClaim *claim, const QueuePlace *place)
{
	const KnownKind *kind;

	if (claim->jobs.has_policies && !job_reader_find(&claim->jobs, place->plan_id, place->job_id))
		return PLACE_IS_HIDDEN;
	if (!claim->asks_for_kind)
		return PLACE_FITS;
	kind = kind_of_place(claim, place);
	if (kind != NULL)
		return fits_worker(claim, kind->training_type, kind->families) &&
			limits_admit(queue, &claim->limits, kind) ? PLACE_FITS : LANE_DOES_NOT;
	if (!job_reader_find(&claim->all_jobs, place->plan_id, place->job_id))
		return PLACE_DOES_NOT;
	kind = learn_kind(&claim->all_jobs);
	return fits_worker(claim, kind->training_type, kind->families) &&
		limits_admit(queue, &claim->limits, kind) ? PLACE_FITS : PLACE_DOES_NOT;
}

/* ---- leases that ran out ------------------------------------------------------------ */

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

/* ---- taking ------------------------------------------------------------------------- */

/*
 * Find the job of a place, and give the place its kind.  False: there is no such job, or
 * the place has another kind than it should, and then it may not be for this claim.
 */
static bool
find_job(JobQueue *queue, JobClaim *claim, QueuePlace *place, bool is_locked)
{
	const KnownKind *kind;
	int64		number;
	QueuePlace	corrected;

	if (!job_reader_find(&claim->jobs, place->plan_id, place->job_id))
		return false;
	if (!has_column(&queue->places.table, QUEUE_KIND))
		return true;
	kind = learn_kind(&claim->jobs);
	number = kind->kind;
	if (number == place->kind)
	{
		limits_note(&claim->limits, kind);
		return true;
	}
	if (fits_worker(claim, kind->training_type, kind->families) && limits_admit(queue, &claim->limits, kind))
	{
		place->kind = number;
		return true;
	}
	corrected = *place;
	corrected.kind = number;
	if (is_locked)
		queue_place_write(queue, &corrected);
	else
		(void) queue_place_try_write(queue, &corrected);
	return false;
}

/*
 * Claim a place, unless somebody else has it, there is no such job, or its attempts
 * can't be counted any more.  Returns whether it is claimed.  The lease counts from now.
 */
static bool
take(JobQueue *queue, JobClaim *claim, const QueuePlace *place, bool is_locked)
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
	if (!find_job(queue, claim, &taken, is_locked))
		return false;
	taken.state = JOB_RUNNING;
	taken.has_no_progress = true;
	taken.started_at = DT_NOBEGIN;
	taken.error = (Datum) 0;
	taken.attempt.number++;
	taken.worker = claim->worker;
	taken.state_since = GetCurrentTimestamp();
	taken.ready_at = time_after(taken.state_since, claim->lease);
	if (is_locked)
		queue_place_write(queue, &taken);
	else if (!queue_place_try_write(queue, &taken))
		return false;
	limits_count(&claim->limits);
	claim->take(claim, &taken);
	claim->wanted--;
	return true;
}

/*
 * A job has come back: claim it, if it can be tried again and fits.  A lease that ran
 * out is recorded on the way, unless somebody else who wants the job is to do that.
 */
static PlaceFit
take_returned(JobQueue *queue, JobClaim *claim, const StoredPlan *plan, QueuePlace *place)
{
	bool		expired = place->state == JOB_RUNNING;
	bool		over = expired && state_after_lease(place, plan) != JOB_PENDING;
	PlaceFit	fits = over ? PLACE_FITS : fit(queue, claim, place);
	QueuePlace	ended;
	bool		taken;

	if (fits != PLACE_FITS || !queue_place_try_lock(queue, place))
		return fits;
	/* what waits for the job follows, or it is left to the next claim */
	if (over && place->awaited && !pooled_first_try_settle(queue, place, state_after_lease(place, plan)))
		return fits;
	if (expired)
		queue_place_expire(queue, place, plan, &ended);
	taken = !over && take(queue, claim, place, true);
	if (expired && !taken)
		queue_place_write(queue, place);
	if (expired)
		record_expired(queue, &ended);
	return fits;
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
	return !queue->places.table.updates_are_plain ||
		locked->count == Min(claim->wanted, MAX_LOCKED) || limits_are_reached(&claim->limits, locked->count);
}

/* Keep the place that was read last. */
static void
keep_locked(JobQueue *queue, LockedPlaces *locked)
{
	locked->tids[locked->count] = queue->found->tts_tid;
	locked->rows[locked->count++] = ExecCopySlotHeapTuple(queue->found);
}

/* Claim the places that are locked. */
static void
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
		(void) take(queue, claim, &place, true);
	}
}

/* ---- lanes ----------------------------------------------------------------------------- */

/* The lane whose next place comes first, of those that have one; *until is where the one behind it begins. */
static Lane *
first_lane(Lane *lanes, int count, const LanePoint **until)
{
	Lane	   *first = NULL;

	*until = NULL;
	for (int i = 0; i < count; i++)
	{
		if (lanes[i].has_ended)
			continue;
		if (first == NULL || lane_point_is_before(&lanes[i].next, &first->next))
		{
			*until = first == NULL ? NULL : &first->next;
			first = &lanes[i];
		}
		else if (*until == NULL || lane_point_is_before(&lanes[i].next, *until))
			*until = &lanes[i].next;
	}
	return first;
}

/* Claim from lanes of one priority.  Returns whether the claim wants more. */
static bool
claim_merged(LaneWalk *walk, JobClaim *claim, Lane *lanes, int count)
{
	JobQueue   *queue = walk->queue;
	LockedPlaces locked;
	const LanePoint *until;
	Lane	   *lane;

	locked.count = 0;
	while (claim->wanted > 0 && (lane = first_lane(lanes, count, &until)) != NULL)
	{
		QueuePlace	place;

		while (claim->wanted > 0 && lane_next(walk, lane, until, &place))
		{
			PlaceFit	fits;

			if (!place.is_fresh)
				fits = take_returned(queue, claim, walk->plan, &place);
			else
			{
				fits = fit(queue, claim, &place);
				if (fits == PLACE_FITS && claim->wanted == 1 && locked.count == 0)
					(void) take(queue, claim, &place, false);
				else if (fits == PLACE_FITS && queue_place_try_lock(queue, &place))
					keep_locked(queue, &locked);
			}
			if (fits == PLACE_IS_HIDDEN)
				lane_pass(lane);
			if (fits == LANE_DOES_NOT)
			{
				lane->has_ended = true;
				lane_end(lane);
				break;
			}
			if (locked.count > 0 && is_locked_enough(queue, claim, &locked))
				take_locked(queue, claim, &locked);
		}
	}
	take_locked(queue, claim, &locked);
	for (int i = 0; i < count; i++)
		lane_end(&lanes[i]);
	return claim->wanted > 0;
}

/* Go through the lanes of a plan; returns whether the claim wants more. */
static bool
claim_lanes(JobQueue *queue, JobClaim *claim, const StoredPlan *plan)
{
	LaneWalk	walk;
	Lane		lanes[MAX_MERGED];
	bool		wants_more = true;

	lane_walk_begin(&walk, queue, plan);
	while (wants_more && lane_walk_next_priority(&walk, &lanes[0]) &&
		   lanes[0].priority >= claim->min_priority)
	{
		int			count = 1;

		while (wants_more && count > 0)
		{
			while (count < MAX_MERGED && lane_walk_next_kind(&walk, &lanes[count]))
				count++;
			wants_more = claim_merged(&walk, claim, lanes, count);
			/* of very many kinds, some are left */
			count = count == MAX_MERGED && lane_walk_next_kind(&walk, &lanes[0]) ? 1 : 0;
		}
	}
	lane_walk_end(&walk);
	return wants_more;
}

/*
 * Claim jobs of a plan until the claim has enough, or there are no more.
 */
void
claim_jobs(JobQueue *queue, JobClaim *claim, const StoredPlan *plan)
{
	if (marks_are_used(queue) && !(claim_lanes(queue, claim, plan) && may_look_again(queue)))
		return;
	forget_marks(queue);
	(void) claim_lanes(queue, claim, plan);
}

/* ---- jobs that are named ------------------------------------------------------------------ */

/* Can a place be claimed now, as far as it is known before it is locked? */
static bool
is_claimable(const JobQueue *queue, const QueuePlace *place)
{
	if (place->state == JOB_RUNNING)
		return !lease_holds(&place->attempt, queue->now);
	return place->state == JOB_PENDING && (place->is_fresh || place->ready_at <= queue->now);
}

/*
 * Claim those of these jobs that can be claimed, in this order, until the claim has
 * enough.  One that the plan does not have, or the caller can't see, is an error
 * (no_data_found), wherever it is on the list.
 */
void
claim_listed_jobs(JobQueue *queue, JobClaim *claim, const StoredPlan *plan, const Datum *job_ids, int count)
{
	for (int i = 0; i < count; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (!job_reader_find(&claim->jobs, plan->plan_id, job_ids[i]))
			report_no_job(plan->plan_id, job_ids[i]);
	}
	for (int i = 0; i < count && claim->wanted > 0 && !plan->paused; i++)
	{
		QueuePlace	place;

		CHECK_FOR_INTERRUPTS();
		if (job_queue_find(queue, plan->plan_id, job_ids[i], &place) &&
			place.priority >= claim->min_priority && is_claimable(queue, &place))
			(void) take_returned(queue, claim, plan, &place);
	}
}
