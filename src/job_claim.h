/*
 * job_claim.h
 *		Which jobs a claim gets.
 */
#ifndef TRAINPLAN_JOB_CLAIM_H
#define TRAINPLAN_JOB_CLAIM_H

#include "utils/array.h"

#include "job_queue.h"

/* A plan, as a claim needs it. */
typedef struct ClaimedPlan
{
	int64		plan_id;
	int32		max_attempts;
	TransactionId xmin;			/* of its row, and where that is: who has both is the same plan */
	ItemPointerData tid;
} ClaimedPlan;

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

/* A job was claimed; the place is as it is now.  Returns whether to go on. */
typedef bool (*JobTaker) (void *arg, const QueuePlace *place);

typedef struct JobClaim
{
	const ClaimedPlan *plan;
	Datum		worker;			/* text */
	TimestampTz lease_end;
	ArrayType  *families;		/* what filter goes by, or NULL */
	JobFilter	filter;			/* NULL: any job will do */
	JobTaker	take;
	void	   *arg;			/* of both */
} JobClaim;

extern void claim_jobs(JobQueue *queue, const JobClaim *claim);
extern void end_expired_attempts(JobQueue *queue, const ClaimedPlan *plan);

#endif							/* TRAINPLAN_JOB_CLAIM_H */
