/*
 * job_limits.h
 *		How many jobs may run at a time: training_limits.
 */
#ifndef TRAINPLAN_JOB_LIMITS_H
#define TRAINPLAN_JOB_LIMITS_H

#include "execution/job_queue.h"
#include "execution/known_kinds.h"

/* A limit, as a claim sees it. */
typedef struct JobLimit
{
	uint32		lock_key;
	ArrayType  *families;		/* NULL: it is about all jobs */
	int64		max_running;
	bool		is_prepared;	/* free is known */
	int64		free;			/* how many more may be claimed */
	int			level;			/* of the lock that was taken for it; -1: none */
	bool		is_alone;		/* nobody else claims under it meanwhile */
	bool		is_used;		/* something was claimed under it */
	bool		is_about_job;	/* that limits_note() was told last */
} JobLimit;

typedef struct JobLimits
{
	int			count;
	JobLimit   *limits;
	Oid			relid;
	int			wanted;			/* how many jobs the claim wants at most */
	JobReader  *jobs;			/* to look kinds up */
} JobLimits;

extern void limits_read(JobQueue *queue, JobLimits *limits, int wanted, JobReader *jobs);
extern bool limits_admit(JobQueue *queue, JobLimits *limits, const KnownKind *kind);
extern void limits_note(JobLimits *limits, const KnownKind *kind);
extern void limits_count(JobLimits *limits);
extern bool limits_are_reached(const JobLimits *limits, int count);
extern void limits_end(JobLimits *limits);

#endif							/* TRAINPLAN_JOB_LIMITS_H */
