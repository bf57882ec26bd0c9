/*
 * document_output.h
 *		A document as what an SQL function returns: one text, or its lines.
 */
#ifndef TRAINPLAN_DOCUMENT_OUTPUT_H
#define TRAINPLAN_DOCUMENT_OUTPUT_H

#include "fmgr.h"

#include "base/slice.h"

/* A document that is written, and comes piece by piece; the last ends with a line's end. */
typedef struct DocumentOutput
{
	const char *name;			/* what messages call it: training plan 7 */
	const char *hint;			/* what there is where it is too long for one value */
	uint64		size;			/* of all pieces, in bytes */
	void	   *text;			/* what has them */

	/* The next piece, which lives until the one behind it is asked for; false after the last. */
	bool		(*next) (void *text, Slice *piece);

	/* Give memory and files back. */
	void		(*close) (void *text);
} DocumentOutput;

/* Makes a call's document in a format, in the current memory context. */
typedef void (*DocumentOpener) (DocumentOutput *output, FunctionCallInfo fcinfo, const char *format);

extern Datum document_as_value(FunctionCallInfo fcinfo, DocumentOpener open, const char *format);
extern Datum document_as_lines(FunctionCallInfo fcinfo, DocumentOpener open);

#endif							/* TRAINPLAN_DOCUMENT_OUTPUT_H */
