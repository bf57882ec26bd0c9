/*
 * encoding.h
 *		Between the server's encoding and UTF-8, which documents and the names
 *		of their files are in.
 */
#ifndef TRAINPLAN_ENCODING_H
#define TRAINPLAN_ENCODING_H

#include "mb/pg_wchar.h"

#include "base/slice.h"

/*
 * A string of the server in UTF-8: the same bytes, or a copy in the current
 * memory context.  A database that has no encoding may hold what is not UTF-8
 * (character_not_in_repertoire).
 */
static inline Slice
slice_in_utf8(Slice slice)
{
	char	   *utf8;

	if (GetDatabaseEncoding() == PG_UTF8)
		return slice;
	utf8 = pg_server_to_any(slice.data, slice.len, PG_UTF8);
	return utf8 == slice.data ? slice : slice_from_string(utf8);
}

/* The reverse; what the server's encoding lacks is an error (untranslatable_character). */
static inline Slice
slice_from_utf8(Slice utf8)
{
	char	   *string;

	if (GetDatabaseEncoding() == PG_UTF8)
		return utf8;
	string = pg_any_to_server(utf8.data, utf8.len, PG_UTF8);
	return string == utf8.data ? utf8 : slice_from_string(string);
}

#endif							/* TRAINPLAN_ENCODING_H */
