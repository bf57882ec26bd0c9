/*
 * job_lanes.h
 *		The ways through the queue's index: a lane for each plan, priority and kind.
 */
#ifndef TRAINPLAN_JOB_LANES_H
#define TRAINPLAN_JOB_LANES_H

#include "execution/job_queue.h"
#include "plans/stored_plan.h"

/* The order in which a place comes up in its lane. */
typedef struct LanePoint
{
	bool		is_fresh;		/* behind all that came back */
	TimestampTz ready_at;		/* of one that came back */
	int32		position;
} LanePoint;

typedef struct Lane
{
	int64		plan_id;
	int32		priority;
	int64		kind;
	LanePoint	next;			/* nothing comes before it */
	bool		has_ended;		/* nothing comes any more */
	IndexScanDesc scan;			/* of the part that next is in; NULL: not begun */
	HeapTuple	waiting;		/* the place at next, read already; NULL: not read */
	ItemPointerData waiting_tid;
	int64		buffers;		/* that were touched before this part began */
	bool		at_front;		/* nothing that can be claimed was passed in this part */
	bool		was_at_front;	/* when the place was read that was read last */
	struct LaneMark *mark;		/* or NULL */
} Lane;

/* A walk over the lanes of a plan, highest priority first. */
typedef struct LaneWalk
{
	JobQueue   *queue;
	const StoredPlan *plan;
	bool		may_mark;
	IndexScanDesc scan;			/* over lanes */
	IndexScanDesc kinds;
	bool		has_lane;		/* one was found */
	Lane		last;			/* it */
} LaneWalk;

extern void lane_walk_begin(LaneWalk *walk, JobQueue *queue, const StoredPlan *plan);
extern bool lane_walk_next_priority(LaneWalk *walk, Lane *lane);
extern bool lane_walk_next_kind(LaneWalk *walk, Lane *lane);
extern void lane_walk_end(LaneWalk *walk);

extern bool lane_next(LaneWalk *walk, Lane *lane, const LanePoint *until, QueuePlace *place);
extern void lane_pass(Lane *lane);
extern void lane_end(Lane *lane);
extern bool lane_point_is_before(const LanePoint *left, const LanePoint *right);

extern bool marks_are_used(const JobQueue *queue);
extern bool may_look_again(const JobQueue *queue);
extern void forget_marks(const JobQueue *queue);

extern int64 next_claimable_plan(JobQueue *queue, IndexScanDesc scan, int64 after, bool *found);
extern IndexScanDesc begin_claimable_plans(JobQueue *queue);

#endif							/* TRAINPLAN_JOB_LANES_H */
