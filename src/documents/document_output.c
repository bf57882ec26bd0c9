/*
 * document_output.c
 *		A document as what an SQL function returns: one text, or its lines.
 */
#include "postgres.h"

#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "base/arguments.h"
#include "documents/document_output.h"

/* Arguments of a function that returns lines, as the SQL declarations have them. */
#define ARG_FORMAT		1

/*
 * The document as one text, in the caller's memory context.  The last line's end
 * is left to whoever writes the text somewhere, as psql does.
 *
 * Errors: those of open; 1 GB or more (program_limit_exceeded).
 */
Datum
document_as_value(FunctionCallInfo fcinfo, DocumentOpener open, const char *format)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "trainplan document",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	DocumentOutput output;
	uint64		size;
	char	   *value;
	char	   *end;
	Slice		piece;

	open(&output, fcinfo, format);
	size = VARHDRSZ + output.size - strlen("\n");
	if (!AllocSizeIsValid(size))
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("document of %s is too long for one value", output.name),
				 errdetail("It has %llu bytes, and a value less than 1 GB.",
						   (unsigned long long) output.size),
				 errhint("%s", output.hint)));

	value = MemoryContextAlloc(caller, size + strlen("\n"));
	SET_VARSIZE(value, size);
	end = value + VARHDRSZ;
	while (output.next(output.text, &piece))
	{
		memcpy(end, piece.data, piece.len);
		end += piece.len;
	}
	Assert(end == value + size + strlen("\n"));
	output.close(output.text);
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(context);

	return PointerGetDatum(value);
}

/* A call of document_as_lines() between two of its rows. */
typedef struct LineReader
{
	DocumentOutput output;
	StringInfoData lines;		/* what was read of the text and not returned yet: from next on */
	int			next;
} LineReader;

/* The query needs no more lines: close the files while there is somebody to do it. */
static void
close_output(Datum arg)
{
	DocumentOutput *output = (DocumentOutput *) DatumGetPointer(arg);

	output->close(output->text);
}

static LineReader *
begin_lines(FunctionCallInfo fcinfo, DocumentOpener open)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	LineReader *reader = palloc0(sizeof(LineReader));

	initStringInfo(&reader->lines);
	open(&reader->output, fcinfo, required_text_argument(fcinfo, ARG_FORMAT, "format"));
	RegisterExprContextCallback(rsinfo->econtext, close_output, PointerGetDatum(&reader->output));
	return reader;
}

static void
end_lines(FunctionCallInfo fcinfo, LineReader *reader)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;

	UnregisterExprContextCallback(rsinfo->econtext, close_output, PointerGetDatum(&reader->output));
	reader->output.close(reader->output.text);
}

/* Read on until there is a whole line, or the end; false if there is nothing more. */
static bool
next_line(LineReader *reader, Slice *line)
{
	StringInfo	lines = &reader->lines;
	int			searched = reader->next;
	char	   *end;
	Slice		piece;

	while ((end = memchr(lines->data + searched, '\n', lines->len - searched)) == NULL)
	{
		/* move the line's beginning to the front */
		lines->len -= reader->next;
		memmove(lines->data, lines->data + reader->next, lines->len);
		reader->next = 0;
		searched = lines->len;

		if (!reader->output.next(reader->output.text, &piece))
		{
			if (lines->len == 0)
				return false;
			end = lines->data + lines->len;
			break;
		}
		appendBinaryStringInfo(lines, piece.data, piece.len);
	}

	line->data = lines->data + reader->next;
	line->len = end - line->data;
	reader->next = Min(end + 1 - lines->data, lines->len);
	return true;
}

/*
 * The document's lines, one at a time; the call's second argument says the format.
 * The first call makes the document and leaves it in temporary files, so the memory
 * that is needed does not grow with it.
 */
Datum
document_as_lines(FunctionCallInfo fcinfo, DocumentOpener open)
{
	FuncCallContext *call;
	MemoryContext caller;
	Slice		line;

	if (SRF_IS_FIRSTCALL())
	{
		call = SRF_FIRSTCALL_INIT();
		caller = MemoryContextSwitchTo(call->multi_call_memory_ctx);
		call->user_fctx = begin_lines(fcinfo, open);
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
