/*
 * job_claim.h
 *		Which jobs a claim gets.
 */
#ifndef TRAINPLAN_JOB_CLAIM_H
#define TRAINPLAN_JOB_CLAIM_H

#include "base/dictionary.h"
#include "execution/job_limits.h"
#include "execution/job_queue.h"
#include "plans/stored_plan.h"

typedef struct JobClaim JobClaim;

/* The job that claim->jobs has read last is claimed: this is its place. */
typedef void (*JobTaker) (JobClaim *claim, const QueuePlace *place);

struct JobClaim
{
	Datum		worker;			/* text */
	const Interval *lease;
	int			wanted;			/* how many more */
	Dictionary *families;		/* that the worker has; NULL: any */
	Slice		training_type;	/* null: any */
	int32		min_priority;
	JobReader	jobs;			/* as the caller sees them */
	JobLimits	limits;
	bool		asks_for_kind;	/* what kind a job is matters to the claim */
	JobReader	all_jobs;		/* then: jobs as they are */
	JobTaker	take;
	void	   *arg;			/* of take */
};

extern void claim_begin(JobQueue *queue, JobClaim *claim);
extern void claim_end(JobClaim *claim);
extern void claim_jobs(JobQueue *queue, JobClaim *claim, const StoredPlan *plan);
extern void claim_listed_jobs(JobQueue *queue, JobClaim *claim, const StoredPlan *plan,
							  const Datum *job_ids, int count);
extern void queue_place_expire(JobQueue *queue, QueuePlace *place, const StoredPlan *plan,
							   QueuePlace *ended);
extern void record_expired(JobQueue *queue, const QueuePlace *ended);

#endif							/* TRAINPLAN_JOB_CLAIM_H */
