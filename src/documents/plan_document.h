/*
 * plan_document.h
 *		A stored plan as a document: what its JSON, YAML, Markdown and HTML say.
 */
#ifndef TRAINPLAN_PLAN_DOCUMENT_H
#define TRAINPLAN_PLAN_DOCUMENT_H

#include "base/row_query.h"
#include "formats/json_value.h"

typedef struct PlanDocument PlanDocument;

/* What a document says of a plan that does not know its code or its policy. */
#define UNKNOWN_VERSION "unknown"

/* What views of a plan are made by. */
typedef enum JobKey
{
	KEY_TARGET,
	KEY_SYMBOL,
	KEY_TRAINING_TYPE,
	KEY_ROUTE,
	JOB_KEYS
} JobKey;

extern const char *const job_key_names[];

/*
 * How many members a job's value has: the same for all jobs, in the same order.
 * Those of a run say first where the job is.
 */
#define JOB_MEMBERS		10
#define PLACE_MEMBERS	2
#define MAX_JOB_MEMBERS	(PLACE_MEMBERS + JOB_MEMBERS)

/* A job of the plan; all of it lives until the next one is read. */
typedef struct DocumentJob
{
	JsonValue *value;
	int			priority;
	Slice		keys[JOB_KEYS]; /* a symbol may be NULL */
	Slice		state;			/* where it stands, if that was asked for and can be told; else NULL */
	Slice		server;			/* of a run: which has it; else NULL */
	int64		plan_id;		/* of a run: in which plan there */
} DocumentJob;

/* Where a document comes from that is not that of one plan here: read-only, and the columns are known here. */
typedef struct DocumentSource
{
	RowQuery	facts;			/* a row: generated_at, run_id, git_commit, config_hash, routing, metrics_snapshot,
								 * all text, model_families; and how many jobs are planned */
	RowQuery	jobs;			/* a row a job: server, plan_id, and its columns, target by target */
} DocumentSource;

typedef void (*DocumentJobCallback) (void *arg, const DocumentJob *job);

extern PlanDocument *plan_document_open(Oid schema, int64 plan_id);
extern PlanDocument *plan_document_open_source(const DocumentSource *source);
extern void plan_document_read(PlanDocument *document, bool with_states, DocumentJobCallback callback, void *arg);
extern bool plan_document_is_of_run(const PlanDocument *document);
extern int64 plan_document_plan_id(const PlanDocument *document);
extern bool plan_document_has_at_most(const PlanDocument *document, int64 jobs);
extern bool plan_document_has_states(const PlanDocument *document);
extern const char *plan_document_last_change(const PlanDocument *document);
extern JsonValue *plan_document_metadata(PlanDocument *document);
extern JsonValue *plan_document_summary(PlanDocument *document);

#endif							/* TRAINPLAN_PLAN_DOCUMENT_H */
