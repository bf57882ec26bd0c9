/*
 * pooled_first.h
 *		Jobs that wait for the pooled model of their target.
 */
#ifndef TRAINPLAN_POOLED_FIRST_H
#define TRAINPLAN_POOLED_FIRST_H

#include "base/byte_sort.h"
#include "execution/job_queue.h"

/* What jobs are about to be changed by. */
typedef enum PooledChange
{
	POOLED_IS_EXTENDED,			/* ends only those that are to be cancelled */
	POOLED_ENDS,
	POOLED_IS_RETRIED			/* and what needs the pooled model asks whether that is there */
} PooledChange;

extern void pooled_first_lock(JobQueue *queue, int64 plan_id, ByteSort *job_ids, PooledChange change);
extern void pooled_first_lock_one(JobQueue *queue, int64 plan_id, Datum job_id);
extern int64 pooled_first_follow(JobQueue *queue, const QueuePlace *pooled, int before);
extern bool pooled_first_try_settle(JobQueue *queue, const QueuePlace *pooled, JobState becomes);

/* Jobs that are retried by themselves, many in a call. */
typedef struct RetriedJobs RetriedJobs;

extern RetriedJobs *retried_jobs_begin(JobQueue *queue);
extern bool retried_job_state(RetriedJobs *retried, const QueuePlace *place, JobState *state);
extern void retried_jobs_end(RetriedJobs *retried);

/* Targets that are to be settled. */
extern ByteSort *settled_targets_create(void);
extern void settled_targets_add(ByteSort *targets, int64 plan_id, Slice target);
extern bool settled_targets_add_plan(ByteSort *targets, Oid schema, int64 plan_id);
extern bool settled_targets_add_job(ByteSort *targets, Oid schema, int64 plan_id, Datum job_id);
extern void settle_targets(Oid schema, ByteSort *targets);

#endif							/* TRAINPLAN_POOLED_FIRST_H */
