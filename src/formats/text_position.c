/*
 * text_position.c
 *		Lines and columns of a text, which errors name.
 */
#include "postgres.h"

#include "mb/pg_wchar.h"

#include "formats/text_position.h"

/* The line and column of the byte at offset; the column counts characters. */
TextPosition
position_in_text(Slice text, uint64 offset, int encoding)
{
	TextPosition position = {1, 1};
	uint64		i = 0;

	while (i < Min(offset, text.len))
	{
		if (text.data[i] == '\n')
		{
			position.line++;
			position.column = 1;
			i++;
		}
		else
		{
			position.column++;
			i += pg_encoding_mblen(encoding, text.data + i);
		}
	}
	return position;
}

/* The error that a text has a problem at some place (invalid_text_representation). */
void
report_problem(const char *name, TextPosition position, const char *problem)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
			 errmsg("line %llu, column %llu of %s: %s", (unsigned long long) position.line,
					(unsigned long long) position.column, name, problem)));
}
