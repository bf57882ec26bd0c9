/*
 * job_channel.h
 *		The channel of NOTIFY by which workers hear that jobs can be claimed.
 */
#ifndef TRAINPLAN_JOB_CHANNEL_H
#define TRAINPLAN_JOB_CHANNEL_H

/* The payload is the plan's number. */
#define JOBS_CHANNEL		"training_jobs"

extern void notify_of_jobs(int64 plan_id);

#endif							/* TRAINPLAN_JOB_CHANNEL_H */
