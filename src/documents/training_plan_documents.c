/*
 * training_plan_documents.c
 *		SQL functions training_plan_to_json(), training_plan_to_yaml(),
 *		training_plan_to_markdown() and training_plan_lines(): a stored plan as a
 *		text, or as its lines.
 */
#include "postgres.h"

#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "base/arguments.h"
#include "documents/plan_text.h"

PG_FUNCTION_INFO_V1(training_plan_to_json);
PG_FUNCTION_INFO_V1(training_plan_to_yaml);
PG_FUNCTION_INFO_V1(training_plan_to_markdown);
PG_FUNCTION_INFO_V1(training_plan_lines);

/* Arguments, as the SQL declarations have them. */
#define ARG_PLAN_ID		0
#define ARG_FORMAT		1

static PlanText *
read_plan_text(FunctionCallInfo fcinfo, const DocumentFormat *format)
{
	PlanText   *text = plan_text_create(format, false, (Size) work_mem * 1024);
	PlanDocument *document;

	require_argument(fcinfo, ARG_PLAN_ID, "plan_id");
	document = plan_document_open(get_func_namespace(fcinfo->flinfo->fn_oid),
								  PG_GETARG_INT64(ARG_PLAN_ID));
	plan_texts_read(&text, 1, document);
	return text;
}

/*
 * The document as one text, in the caller's memory context.  The last line's end
 * is left to whoever writes the text somewhere, as psql does.
 */
static Datum
whole_text(FunctionCallInfo fcinfo, const DocumentFormat *format)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "trainplan document",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	PlanText   *text = read_plan_text(fcinfo, format);
	uint64		size = VARHDRSZ + plan_text_size(text) - strlen("\n");
	char	   *value;
	char	   *end;
	TextPiece	piece;

	if (!AllocSizeIsValid(size))
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("document of training plan %lld is too long for one value",
						(long long) PG_GETARG_INT64(ARG_PLAN_ID)),
				 errdetail("It has %llu bytes, and a value less than 1 GB.",
						   (unsigned long long) plan_text_size(text)),
				 errhint("Use training_plan_lines() or write_training_plan().")));

	value = MemoryContextAlloc(caller, size + strlen("\n"));
	SET_VARSIZE(value, size);
	end = value + VARHDRSZ;
	while (plan_text_next(text, &piece))
	{
		memcpy(end, piece.separator.data, piece.separator.len);
		end += piece.separator.len;
		memcpy(end, piece.text.data, piece.text.len);
		end += piece.text.len;
	}
	Assert(end == value + size + strlen("\n"));
	plan_text_close(text);
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(context);

	return PointerGetDatum(value);
}

/* training_plan_to_json(plan_id bigint) */
Datum
training_plan_to_json(PG_FUNCTION_ARGS)
{
	return whole_text(fcinfo, &json_format);
}

/* training_plan_to_yaml(plan_id bigint) */
Datum
training_plan_to_yaml(PG_FUNCTION_ARGS)
{
	return whole_text(fcinfo, &yaml_format);
}

/* training_plan_to_markdown(plan_id bigint) */
Datum
training_plan_to_markdown(PG_FUNCTION_ARGS)
{
	return whole_text(fcinfo, &markdown_format);
}

/* A call of training_plan_lines() between two of its rows. */
typedef struct LineReader
{
	PlanText   *text;
	StringInfoData lines;		/* what was read of the text and not returned yet: from next on */
	int			next;
} LineReader;

/* The query needs no more lines: close the files while there is somebody to do it. */
static void
close_text(Datum text)
{
	plan_text_close((PlanText *) DatumGetPointer(text));
}

static LineReader *
begin_lines(FunctionCallInfo fcinfo)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	const DocumentFormat *format =
		document_format_by_name(required_text_argument(fcinfo, ARG_FORMAT, "format"));
	LineReader *reader = palloc0(sizeof(LineReader));

	initStringInfo(&reader->lines);
	reader->text = read_plan_text(fcinfo, format);
	RegisterExprContextCallback(rsinfo->econtext, close_text, PointerGetDatum(reader->text));
	return reader;
}

static void
end_lines(FunctionCallInfo fcinfo, LineReader *reader)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;

	UnregisterExprContextCallback(rsinfo->econtext, close_text, PointerGetDatum(reader->text));
	plan_text_close(reader->text);
}

/* Read on until there is a whole line, or the end; false if there is nothing more. */
static bool
next_line(LineReader *reader, Slice *line)
{
	StringInfo	lines = &reader->lines;
	int			searched = reader->next;
	char	   *end;
	TextPiece	piece;

	while ((end = memchr(lines->data + searched, '\n', lines->len - searched)) == NULL)
	{
		/* move the line's beginning to the front */
		lines->len -= reader->next;
		memmove(lines->data, lines->data + reader->next, lines->len);
		reader->next = 0;
		searched = lines->len;

		if (!plan_text_next(reader->text, &piece))
		{
			if (lines->len == 0)
				return false;
			end = lines->data + lines->len;
			break;
		}
		appendBinaryStringInfo(lines, piece.separator.data, piece.separator.len);
		appendBinaryStringInfo(lines, piece.text.data, piece.text.len);
	}

	line->data = lines->data + reader->next;
	line->len = end - line->data;
	reader->next = Min(end + 1 - lines->data, lines->len);
	return true;
}

/*
 * training_plan_lines(plan_id bigint, format text)
 *
 * Returns the document's lines one at a time.  The first call reads the plan and
 * leaves its text in temporary files, so the memory that is needed does not grow
 * with the plan.
 */
Datum
training_plan_lines(PG_FUNCTION_ARGS)
{
	FuncCallContext *call;
	MemoryContext caller;
	Slice		line;

	if (SRF_IS_FIRSTCALL())
	{
		call = SRF_FIRSTCALL_INIT();
		caller = MemoryContextSwitchTo(call->multi_call_memory_ctx);
		call->user_fctx = begin_lines(fcinfo);
		MemoryContextSwitchTo(caller);
	}

	call = SRF_PERCALL_SETUP();
	caller = MemoryContextSwitchTo(call->multi_call_memory_ctx);
	if (!next_line(call->user_fctx, &line))
	{
		end_lines(fcinfo, call->user_fctx);
		MemoryContextSwitchTo(caller);
		SRF_RETURN_DONE(call);
	}
	MemoryContextSwitchTo(caller);
	SRF_RETURN_NEXT(call, slice_to_text(line));
}
