/*
 * document_call.c
 *		What the functions that read documents have in common.
 */
#include "postgres.h"

#include "base/file_name.h"
#include "documents/document_call.h"

/* The argument, as the SQL declarations have it. */
#define ARG_DOCUMENT	0

/*
 * A document's text, which lives as long as the call; it must not be NULL.  A file's
 * name instead is an error (invalid_parameter_value), with a hint in which the name
 * as a literal stands for the %s of reader.
 */
Slice
document_argument(FunctionCallInfo fcinfo, const char *reader)
{
	Slice		document = required_slice_argument(fcinfo, ARG_DOCUMENT, "document");

	if (names_file(document))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the document is a file's name, not its text"),
				 errhint(reader, quote_literal_cstr(slice_to_string(document)))));
	return document;
}
