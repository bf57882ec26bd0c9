/*
 * hidden_text.c
 *		Characters that nobody sees where they stand, or that have others seen
 *		elsewhere.
 *
 * A name with one of these looks like another name, or turns what stands behind it
 * around.  Documents and names of files have them escaped.
 */
#include "postgres.h"

#include "base/encoding.h"
#include "base/hidden_text.h"

/* By code point. */
static const struct
{
	pg_wchar	first;
	pg_wchar	last;
}			hidden[] =
{
	{0x0080, 0x009F},			/* controls that terminals may obey */
	{0x00AD, 0x00AD},			/* soft hyphen */
	{0x034F, 0x034F},			/* grapheme joiner */
	{0x061C, 0x061C},			/* Arabic letter mark */
	{0x115F, 0x1160},			/* Hangul fillers */
	{0x17B4, 0x17B5},			/* Khmer vowels that are not seen */
	{0x180B, 0x180F},			/* Mongolian variations and vowel separator */
	{0x200B, 0x200F},			/* of no width, and marks of direction */
	{0x2028, 0x202E},			/* ends of lines and paragraphs; direction */
	{0x2060, 0x206F},			/* word joiner, operators that are not seen, direction, shapes */
	{0x2800, 0x2800},			/* Braille without a dot */
	{0x3164, 0x3164},			/* Hangul filler */
	{0xFE00, 0xFE0F},			/* variations */
	{0xFEFF, 0xFEFF},			/* byte order mark */
	{0xFFA0, 0xFFA0},			/* Hangul filler */
	{0xFFF0, 0xFFFB},			/* none yet; annotations */
	{0x1BCA0, 0x1BCA3},			/* shorthand, music: where something begins and ends */
	{0x1D173, 0x1D17A},
	{0xE0000, 0xE0FFF}			/* tags, variations */
};

/* What a character in UTF-8 that may be hidden begins with. */
static bool
may_begin_hidden(unsigned char byte)
{
	return byte == 0xC2 || byte == 0xCD || byte == 0xD8 || (byte >= 0xE1 && byte <= 0xE3) ||
		byte == 0xEF || byte == 0xF0 || byte == 0xF3;
}

/* As hidden_character(). */
HiddenCharacter
hidden_character_at(Slice utf8, uint32 offset, uint32 *length)
{
	const unsigned char *byte = (const unsigned char *) utf8.data + offset;
	pg_wchar	character;

	if (!may_begin_hidden(*byte))
		return 0;
	*length = pg_utf_mblen(byte);
	if (*length > utf8.len - offset)
		return 0;
	character = utf8_to_unicode(byte);
	for (int i = 0; i < lengthof(hidden); i++)
	{
		if (character >= hidden[i].first && character <= hidden[i].last)
			return character;
	}
	return 0;
}

static bool
is_ascii(Slice string)
{
	for (uint32 i = 0; i < string.len; i++)
	{
		if (IS_HIGHBIT_SET(string.data[i]))
			return false;
	}
	return true;
}

static bool
has_hidden(Slice utf8)
{
	uint32		length;

	for (uint32 i = 0; i < utf8.len; i++)
	{
		if (hidden_character(utf8, i, &length) != 0)
			return true;
	}
	return false;
}

/*
 * A string of the server that has hidden characters, in UTF-8: the same bytes, or a
 * copy in the current memory context.  NULL if it has none; what is no text in a
 * database that has no encoding has none either.
 */
Slice
hidden_text(Slice string)
{
	Slice		utf8 = string;

	if (is_ascii(string))
		return NULL_SLICE;
	if (GetDatabaseEncoding() != PG_SQL_ASCII)
		utf8 = slice_in_utf8(string);
	else if (!pg_verify_mbstr(PG_UTF8, string.data, string.len, true))
		return NULL_SLICE;
	return has_hidden(utf8) ? utf8 : NULL_SLICE;
}
