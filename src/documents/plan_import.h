/*
 * plan_import.h
 *		Reads a training plan: a document in, jobs out.
 */
#ifndef TRAINPLAN_PLAN_IMPORT_H
#define TRAINPLAN_PLAN_IMPORT_H

#include "formats/json_value.h"

/* A job of the document, checked; lives until the call returns. */
typedef struct ImportedJob
{
	Slice		job_id;
	Slice		target;
	Slice		symbol;			/* NULL in a cross-sectional job */
	Slice		route;
	Slice		training_type;
	JsonValue  *families;		/* a list of strings */
	int32		priority;
	bool		has_samples;
	int64		estimated_samples;
	Slice		reason;			/* may be NULL */
	JsonValue  *metadata;		/* a mapping */
} ImportedJob;

typedef void (*ImportedJobCallback) (void *arg, const ImportedJob *job);

/* What the document says of the plan as a whole; all but routing may be NULL. */
typedef struct ImportedFacts
{
	const char *run_id;
	const char *generated_at;
	const char *routing;
	JsonValue  *families;		/* a list of strings */
	const char *git_commit;
	const char *config_hash;
	const char *metrics_snapshot;
	int64		total_jobs;
	bool		has_blocked;	/* is a job of type blocked? */
} ImportedFacts;

extern void plan_import_read(Slice text, const char *name, ImportedFacts *facts,
							 ImportedJobCallback callback, void *arg);

#endif							/* TRAINPLAN_PLAN_IMPORT_H */
