/*
 * job_counts.h
 *		The jobs of a plan, counted: the summary of its document.
 */
#ifndef TRAINPLAN_JOB_COUNTS_H
#define TRAINPLAN_JOB_COUNTS_H

#include "formats/json_value.h"

typedef struct JobCounts JobCounts;

extern JobCounts *job_counts_create(void);
extern void job_counts_add(JobCounts *counts, Slice route, Slice training_type, int priority);
extern int64 job_counts_total(const JobCounts *counts);
extern JsonValue *job_counts_summary(JobCounts *counts);

#endif							/* TRAINPLAN_JOB_COUNTS_H */
