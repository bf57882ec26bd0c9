/*
 * plan_comparison.h
 *		What a worker would do otherwise by one stored plan than by another.
 */
#ifndef TRAINPLAN_PLAN_COMPARISON_H
#define TRAINPLAN_PLAN_COMPARISON_H

#include "plans/ordered_jobs.h"

/* What of a job is compared. */
typedef enum ComparedColumn
{
	COMPARED_ROUTE,
	COMPARED_TRAINING_TYPE,
	COMPARED_MODEL_FAMILIES,
	COMPARED_PRIORITY,
	COMPARED_NEEDS_POOLED,
	COMPARED_COLUMNS
} ComparedColumn;

#define COMPARED_ALL	((1 << COMPARED_COLUMNS) - 1)

extern const char *const compared_column_names[];

typedef enum ChangeKind
{
	CHANGE_ADDED,
	CHANGE_REMOVED,
	CHANGE_CHANGED,
	CHANGE_KINDS,
	CHANGE_NONE = CHANGE_KINDS	/* the job is as before */
} ChangeKind;

extern const char *const change_names[];

/* A target and symbol for which a worker would do something else. */
typedef struct JobChange
{
	ChangeKind	kind;
	uint32		columns;		/* that differ: a bit for each ComparedColumn */
	const JobRow *before;		/* NULL: there is none; of what is added, it may be a blocked one */
	const JobRow *after;		/* the same, of what is removed */
} JobChange;

typedef struct ChangeCounts
{
	int64		changes[CHANGE_KINDS];
	int64		same;			/* jobs that are as before */
} ChangeCounts;

/* Called for each change, in a memory context that is reset behind it. */
typedef void (*JobChangeCallback) (void *arg, const JobChange *change);

extern void compare_plans(Oid schema, int64 before, int64 after, JobChangeCallback callback,
						  JobChangeCallback unchanged, void *arg, ChangeCounts *counts);
extern bool job_row_needs_pooled(const JobRow *job);

#endif							/* TRAINPLAN_PLAN_COMPARISON_H */
