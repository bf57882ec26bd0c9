/*
 * document_format.h
 *		The formats that a plan's document is written in.
 *
 * A format writes the document in three parts, so that a plan of any size can
 * be written a job at a time: the jobs, each by itself, in the order in which
 * plan_document_read() has them; then, when they are counted, the head that
 * stands before them and the tail that stands behind them.  Where a job's text may
 * wait for the next one's, the separator is empty.
 */
#ifndef TRAINPLAN_DOCUMENT_FORMAT_H
#define TRAINPLAN_DOCUMENT_FORMAT_H

#include "documents/plan_document.h"

typedef struct DocumentFormat
{
	const char *name;			/* as SQL has it */
	const char *file_name;
	bool		by_priority;	/* jobs stand by priority, highest first; else as they are read */
	bool		with_states;	/* jobs are wanted with where they stand */
	const char *separator;		/* what stands between two jobs' texts */

	/* A writer of a document, which is about to be read; lives in the current memory context. */
	void	   *(*create) (const PlanDocument *document);

	/* Append a part of the document; of a job that may be nothing, and more for the next. */
	void		(*write_job) (void *writer, const DocumentJob *job, StringInfo text);
	void		(*write_head) (void *writer, JsonValue *metadata, JsonValue *summary, StringInfo text);
	void		(*write_tail) (void *writer, JsonValue *metadata, JsonValue *summary, StringInfo text);
} DocumentFormat;

extern const DocumentFormat json_format;
extern const DocumentFormat yaml_format;
extern const DocumentFormat markdown_format;
extern const DocumentFormat html_format;

extern const DocumentFormat *document_format_by_name(const char *name);

/* How many jobs the document has. */
static inline int64
document_jobs(JsonValue *metadata)
{
	return json_object_get_int64(json_object_object_get(metadata, "total_jobs"));
}

#endif							/* TRAINPLAN_DOCUMENT_FORMAT_H */
