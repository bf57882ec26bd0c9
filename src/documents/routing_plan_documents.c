/*
 * routing_plan_documents.c
 *		SQL functions routing_plan_to_json(), routing_plan_to_yaml(),
 *		routing_plan_to_markdown() and routing_plan_lines(): a routing relation as
 *		the document that routing_decisions() reads, or as its lines.
 *
 * The relation is read once.  What is written of each decision is put aside, on disk
 * if it is much, until it is known what stands before it, and that no row is wrong.
 */
#include "postgres.h"

#include "fmgr.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#include "base/arguments.h"
#include "base/spool.h"
#include "documents/document_output.h"
#include "documents/routing_format.h"

PG_FUNCTION_INFO_V1(routing_plan_to_json);
PG_FUNCTION_INFO_V1(routing_plan_to_yaml);
PG_FUNCTION_INFO_V1(routing_plan_to_markdown);
PG_FUNCTION_INFO_V1(routing_plan_lines);

/* Arguments, as the SQL declarations have them. */
#define ARG_DECISIONS	0

/* What texts may take of work_mem: one divided by this. */
#define TEXTS_SHARE		8

static const RoutingFormat *const formats[] = {
	&routing_json_format, &routing_yaml_format, &routing_markdown_format
};

typedef enum PieceKind
{
	PIECE_HEAD,
	PIECE_ENTRY,
	PIECE_END
} PieceKind;

/* A routing plan's text. */
typedef struct RoutingText
{
	const RoutingFormat *format;
	void	   *writer;
	MemoryContext entry_context;	/* for what writing an entry takes */
	Spool	   *entries;
	StringInfoData piece;		/* of an entry; then the tail */
	StringInfoData head;
	uint64		size;			/* of all pieces */
	PieceKind	next;
} RoutingText;

static const RoutingFormat *
format_by_name(const char *name)
{
	for (int i = 0; i < lengthof(formats); i++)
	{
		if (strcmp(formats[i]->name, name) == 0)
			return formats[i];
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unknown document format \"%s\"", name),
			 errhint("Valid formats are json, yaml, markdown.")));
}

static void
write_entry(void *arg, const RoutingEntry *entry)
{
	RoutingText *text = arg;
	MemoryContext caller = MemoryContextSwitchTo(text->entry_context);

	resetStringInfo(&text->piece);
	text->format->write_entry(text->writer, entry, &text->piece);
	text->size += text->piece.len;
	spool_put(text->entries, &text->piece);
	MemoryContextSwitchTo(caller);
	MemoryContextReset(text->entry_context);
}

static bool
next_piece(void *arg, Slice *piece)
{
	RoutingText *text = arg;

	CHECK_FOR_INTERRUPTS();
	switch (text->next)
	{
		case PIECE_HEAD:
			*piece = slice_from_buffer(&text->head);
			text->next = PIECE_ENTRY;
			return true;
		case PIECE_ENTRY:
			if (spool_get(text->entries, piece))
				return true;
			*piece = slice_from_buffer(&text->piece);
			text->next = PIECE_END;
			return true;
		case PIECE_END:
			break;
	}
	return false;
}

static void
close_text(void *text)
{
	spool_close(((RoutingText *) text)->entries);
}

static void
open_document(DocumentOutput *output, FunctionCallInfo fcinfo, const char *format)
{
	RoutingText *text = palloc0(sizeof(RoutingText));
	RoutingSummary summary = {0};

	text->format = format_by_name(format);
	require_argument(fcinfo, ARG_DECISIONS, "routing relation");
	text->writer = text->format->create();
	text->entry_context = AllocSetContextCreate(CurrentMemoryContext, "trainplan routing entry",
												ALLOCSET_DEFAULT_SIZES);
	text->entries = spool_create((Size) work_mem * 1024 / TEXTS_SHARE);
	initStringInfo(&text->piece);
	initStringInfo(&text->head);

	routing_entries_read(PG_GETARG_OID(ARG_DECISIONS), &summary.routing, &summary.counts,
						 write_entry, text);
	spool_rewind(text->entries);
	text->format->write_head(text->writer, &summary, &text->head);
	resetStringInfo(&text->piece);
	text->format->write_tail(text->writer, &summary, &text->piece);
	text->size += text->head.len + text->piece.len;

	output->name = psprintf("routing plan %s", summary.routing);
	output->hint = "Use routing_plan_lines().";
	output->size = text->size;
	output->text = text;
	output->next = next_piece;
	output->close = close_text;
}

/* routing_plan_to_json(decisions regclass) */
Datum
routing_plan_to_json(PG_FUNCTION_ARGS)
{
	return document_as_value(fcinfo, open_document, "json");
}

/* routing_plan_to_yaml(decisions regclass) */
Datum
routing_plan_to_yaml(PG_FUNCTION_ARGS)
{
	return document_as_value(fcinfo, open_document, "yaml");
}

/* routing_plan_to_markdown(decisions regclass) */
Datum
routing_plan_to_markdown(PG_FUNCTION_ARGS)
{
	return document_as_value(fcinfo, open_document, "markdown");
}

/* routing_plan_lines(decisions regclass, format text) */
Datum
routing_plan_lines(PG_FUNCTION_ARGS)
{
	return document_as_lines(fcinfo, open_document);
}
