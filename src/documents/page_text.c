/*
 * page_text.c
 *		Names and phrases in the markup of pages and pictures, and in the JSON that a
 *		page has in it.
 *
 * Both are written in ASCII, so that a page is the same in whatever encoding it is sent
 * and kept; and no character of a string is left that means something to HTML, XML or
 * a script element.
 *
 * https://html.spec.whatwg.org/#restrictions-for-contents-of-script-elements
 */
#include "postgres.h"

#include "base/encoding.h"
#include "documents/page_text.h"

/* What stands for bytes and characters that a text can't have. */
#define REPLACEMENT_CHARACTER	0xFFFD

/*
 * A database that has no encoding may hold anything: what of it is not UTF-8 is
 * replaced byte by byte.
 */
static Slice
text_in_utf8(Slice string)
{
	return GetDatabaseEncoding() == PG_SQL_ASCII ? string : slice_in_utf8(string);
}

/* The character at a position, which moves behind it. */
static pg_wchar
next_character(Slice utf8, uint32 *position)
{
	const unsigned char *bytes = (const unsigned char *) utf8.data + *position;
	int			length = pg_utf_mblen(bytes);

	if (length > utf8.len - *position || !pg_utf8_islegal(bytes, length))
	{
		*position += 1;
		return REPLACEMENT_CHARACTER;
	}
	*position += length;
	return utf8_to_unicode(bytes);
}

/* Does a character stand for itself, in markup, or else in a string of JSON? */
static inline bool
is_plain(unsigned char character, bool in_markup)
{
	return character >= ' ' && character < 0x7F && character != '<' && character != '"' &&
		(in_markup ? character != '>' && character != '&' : character != '\\');
}

/* Append what stands for itself from a position on, and move behind it. */
static inline void
append_plain(StringInfo page, Slice utf8, uint32 *position, bool in_markup)
{
	uint32		end = *position;

	while (end < utf8.len && is_plain((unsigned char) utf8.data[end], in_markup))
		end++;
	appendBinaryStringInfo(page, utf8.data + *position, end - *position);
	*position = end;
}

/* Is a character allowed in XML and HTML?  Not so controls and what is no character. */
static bool
is_in_markup(pg_wchar character)
{
	if (character < ' ')
		return character == '\t' || character == '\n';
	return (character < 0x7F || character > 0x9F) &&
		(character < 0xFDD0 || character > 0xFDEF) && (character & 0xFFFE) != 0xFFFE;
}

/*
 * Append a string as text of HTML or XML, or as an attribute's value in double quotes.
 * What these can't have is replaced by U+FFFD; NULL is nothing.
 */
void
page_append(StringInfo page, Slice string)
{
	Slice		utf8;
	uint32		position = 0;

	if (slice_is_null(string))
		return;
	utf8 = text_in_utf8(string);
	for (;;)
	{
		pg_wchar	character;

		append_plain(page, utf8, &position, true);
		if (position == utf8.len)
			return;
		character = next_character(utf8, &position);
		appendStringInfo(page, "&#%u;", is_in_markup(character) ? character : REPLACEMENT_CHARACTER);
	}
}

/* Append a string of JSON that may stand in a script element; NULL is null. */
void
page_append_json(StringInfo page, Slice string)
{
	Slice		utf8;
	uint32		position = 0;

	if (slice_is_null(string))
	{
		appendStringInfoString(page, "null");
		return;
	}
	utf8 = text_in_utf8(string);
	appendStringInfoCharMacro(page, '"');
	for (;;)
	{
		pg_wchar	character;

		append_plain(page, utf8, &position, false);
		if (position == utf8.len)
			break;
		character = next_character(utf8, &position);
		if (character >= 0x10000)
			appendStringInfo(page, "\\u%04x\\u%04x", 0xD800 + ((character - 0x10000) >> 10),
							 0xDC00 + ((character - 0x10000) & 0x3FF));
		else
			appendStringInfo(page, "\\u%04x", character);
	}
	appendStringInfoCharMacro(page, '"');
}
