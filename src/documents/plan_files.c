/*
 * plan_files.c
 *		A stored plan as files: its documents and its views.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "base/encoding.h"
#include "documents/plan_files.h"
#include "documents/plan_text.h"
#include "documents/plan_views.h"

/* The documents; the first is the one that views are made from. */
static const DocumentFormat *const documents[] = {&json_format, &yaml_format, &markdown_format, &html_format};

#define DOCUMENTS lengthof(documents)

/* Write a document into a file of its own; views, if there are any, learn where its jobs stand. */
static void
write_document(PlanText *text, const DocumentFormat *format, FileSet *set, PlanViews *views)
{
	MemoryContext piece_context = AllocSetContextCreate(CurrentMemoryContext, "trainplan piece",
														ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = CurrentMemoryContext;
	uint64		offset = 0;
	TextPiece	piece;

	file_set_open(set, format->file_name);
	while (plan_text_next(text, &piece))
	{
		Slice		bytes;

		MemoryContextSwitchTo(piece_context);
		bytes = slice_in_utf8(piece.text);
		file_set_write(set, piece.separator);
		file_set_write(set, bytes);
		offset += piece.separator.len;
		MemoryContextSwitchTo(caller);
		if (views != NULL && piece.is_job)
			plan_views_add(views, piece.keys, offset, bytes.len, piece.separator.len);
		offset += bytes.len;
		MemoryContextReset(piece_context);
	}
	file_set_close(set);
	plan_text_close(text);
	MemoryContextDelete(piece_context);
}

/*
 * Write a plan's documents and views into a directory, an absolute path; the
 * callback, if there is one, is told of each file.
 */
void
write_plan_files(Oid schema, int64 plan_id, const char *directory,
				 PublishedCallback callback, void *arg)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "trainplan files",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	PlanViews  *views = plan_views_create();
	PlanText   *texts[DOCUMENTS];
	PlanDocument *document;
	FileSet    *set;
	int			json_file = -1;

	document = plan_document_open(schema, plan_id);
	set = file_set_begin(directory);
	for (int i = 0; i < DOCUMENTS; i++)
		texts[i] = plan_text_create(documents[i], i == 0, (Size) work_mem * 1024 / DOCUMENTS);
	plan_texts_read(texts, DOCUMENTS, document);

	for (int i = 0; i < DOCUMENTS; i++)
	{
		write_document(texts[i], documents[i], set, i == 0 ? views : NULL);
		if (i == 0)
			json_file = file_set_read_back(set);
	}
	plan_views_write(views, json_file, set);
	file_set_publish(set, callback, arg);

	MemoryContextSwitchTo(caller);
	MemoryContextDelete(context);
}
