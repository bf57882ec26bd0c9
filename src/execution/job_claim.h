/*
 * job_claim.h
 *		Which jobs a claim gets.
 */
#ifndef TRAINPLAN_JOB_CLAIM_H
#define TRAINPLAN_JOB_CLAIM_H

#include "utils/array.h"

#include "execution/job_queue.h"
#include "plans/stored_plan.h"

/*
 * May the worker have this job?  Called before anything is locked.
 */
typedef enum JobFit
{
	JOB_FITS,
	JOB_NEVER_FITS,				/* not these families */
	JOB_HIDDEN					/* not for this user to see */
} JobFit;
typedef JobFit (*JobFilter) (void *arg, const QueuePlace *place);

/*
 * A job is to be claimed; its place is locked.  Returns false if there is no such
 * job, and its place stays as it is.
 */
typedef bool (*JobFinder) (void *arg, const QueuePlace *place);

/* The job that was found last is claimed: this is its place. */
typedef void (*JobTaker) (void *arg, const QueuePlace *place);

typedef struct JobClaim
{
	const StoredPlan *plan;
	Datum		worker;			/* text */
	const Interval *lease;
	int			wanted;			/* how many more */
	ArrayType  *families;		/* what filter goes by, or NULL */
	JobFilter	filter;			/* NULL: any job will do */
	JobFinder	find;
	JobTaker	take;
	void	   *arg;			/* of these */
} JobClaim;

extern void claim_jobs(JobQueue *queue, JobClaim *claim);
extern void queue_place_expire(JobQueue *queue, QueuePlace *place, const StoredPlan *plan,
							   QueuePlace *ended);
extern void record_expired(JobQueue *queue, const QueuePlace *ended);

#endif							/* TRAINPLAN_JOB_CLAIM_H */
