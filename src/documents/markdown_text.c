/*
 * markdown_text.c
 *		Names and phrases in Markdown, in GitHub's dialect, as they are.
 *
 * Whatever comes from a plan is escaped so that it stands there as it is:
 * blanks and control characters as character references where Markdown would
 * take them away, hidden characters (hidden_text.c) likewise, punctuation with a
 * backslash where it would mean something.
 *
 * Links of mail addresses, mentions of users and emoji are made when the text has
 * been parsed, whatever was escaped; but never across a comment.  So there is an
 * empty one in what would become one of these.
 *
 * https://github.github.com/gfm/
 */
#include "postgres.h"

#include <ctype.h>

#include "mb/pg_wchar.h"

#include "base/encoding.h"
#include "base/hidden_text.h"
#include "documents/markdown_text.h"

static bool
is_letter_or_digit(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/* Is that in the name of an emoji? */
static bool
is_of_emoji(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c == '_' || c == '+' || c == '-';
}

/* Is that in the name before the @ of a mail address? */
static bool
is_of_address(char c)
{
	return is_letter_or_digit(c) || (c != '\0' && strchr(".+-_", c) != NULL);
}

/*
 * Does the @ at i stand in a mail address, before which there may be mailto: or
 * xmpp:?  Behind it there is a dot, and a letter in the end: score@0.5 is none.  Of
 * several in a word, any may be taken for one.
 */
static bool
is_in_address(Slice text, uint32 i)
{
	uint32		begin = i;
	uint32		end = i + 1;
	bool		has_dot = false;

	while (begin > 0 && is_of_address(text.data[begin - 1]))
		begin--;
	if (begin == i)
		return false;
	if (begin > 0 && text.data[begin - 1] == '@')
		return true;
	for (; end < text.len; end++)
	{
		char		c = text.data[end];

		if (c == '.' && end + 1 < text.len && is_letter_or_digit(text.data[end + 1]))
			has_dot = true;
		else if (c == '@')
			return true;
		else if (!is_letter_or_digit(c) && c != '-' && c != '_')
			break;
	}
	return has_dot && is_letter_or_digit(text.data[end - 1]) && !isdigit((unsigned char) text.data[end - 1]);
}

/* Does the @ at i begin the mention of a user or a team? */
static bool
begins_mention(Slice text, uint32 i)
{
	return i + 1 < text.len && is_letter_or_digit(text.data[i + 1]) &&
		(i == 0 || !(is_letter_or_digit(text.data[i - 1]) || text.data[i - 1] == '_'));
}

/* Does the colon at i begin an emoji, :smile:?  Of numbers there are :100: and :1234:, and not of times. */
static bool
begins_emoji(Slice text, uint32 i)
{
	static const Slice numbers[] = {SLICE_LITERAL("100"), SLICE_LITERAL("1234")};
	Slice		name = {text.data + i + 1, 0};
	bool		is_number = true;

	for (; i + 1 + name.len < text.len && is_of_emoji(name.data[name.len]); name.len++)
		is_number &= isdigit((unsigned char) name.data[name.len]) != 0;
	if (name.len == 0 || i + 1 + name.len == text.len || name.data[name.len] != ':')
		return false;
	return !is_number || slice_equal(name, numbers[0]) || slice_equal(name, numbers[1]);
}

/* Would the character at i, and what stands behind it, become something else when the text is parsed? */
static bool
needs_comment(Slice text, uint32 i)
{
	switch (text.data[i])
	{
		case '@':
			return is_in_address(text, i) || begins_mention(text, i);
		case ':':
			return begins_emoji(text, i);
		default:
			return false;
	}
}

/*
 * Does the character at i mean something within a line, so that a backslash is
 * due?  Nothing from the plan stands at the beginning of a line.
 */
static bool
is_special(Slice text, uint32 i)
{
	switch (text.data[i])
	{
		case '\\':
		case '`':
		case '*':
		case '[':
		case ']':
		case '<':
		case '|':
		case '~':
		case '&':
		case '#':
		case '$':
			return true;
		case '_':				/* emphasis, but not within a word */
			return i == 0 || i + 1 == text.len ||
				!is_letter_or_digit(text.data[i - 1]) || !is_letter_or_digit(text.data[i + 1]);
		case ':':				/* https://... */
			return i + 1 < text.len && text.data[i + 1] == '/';
		case '.':				/* www.... */
			return i >= 3 && pg_strncasecmp(text.data + i - 3, "www", 3) == 0;
		default:
			return false;
	}
}

/* Append text that is escaped by a function, as which it must be UTF-8 if it has hidden characters. */
static void
append_with(StringInfo text, Slice string, void (*append) (StringInfo text, Slice string, bool is_utf8))
{
	Slice		hidden = hidden_text(string);
	StringInfoData escaped;

	if (slice_is_null(hidden))
	{
		append(text, string, false);
		return;
	}
	initStringInfo(&escaped);
	append(&escaped, hidden, true);
	append_slice(text, slice_from_utf8(slice_from_buffer(&escaped)));
	pfree(escaped.data);
}

static void
append_characters(StringInfo text, Slice string, bool is_utf8)
{
	for (uint32 i = 0; i < string.len; i++)
	{
		unsigned char c = string.data[i];
		bool		is_edge = i == 0 || i + 1 == string.len;
		uint32		length;
		HiddenCharacter hidden = is_utf8 ? hidden_character(string, i, &length) : 0;

		if (hidden != 0)
		{
			appendStringInfo(text, "&#x%X;", hidden);
			i += length - 1;
		}
		else if (c < ' ' || c == 0x7F || (c == ' ' && (is_edge || string.data[i + 1] == ' ')))
			appendStringInfo(text, "&#%d;", c);
		else
		{
			if (is_special(string, i))
				appendStringInfoCharMacro(text, '\\');
			appendStringInfoCharMacro(text, c);
			if (needs_comment(string, i))
				appendStringInfoString(text, "<!-- -->");
		}
	}
}

/* Append a name or phrase so that it stands there as it is, on one line. */
void
markdown_append(StringInfo text, Slice string)
{
	append_with(text, string, append_characters);
}

/* Append the two lines that a table begins with. */
void
markdown_append_heading(StringInfo text, const MarkdownColumn *columns, int count)
{
	for (int i = 0; i < count; i++)
		appendStringInfo(text, columns[i].right ? "| %*s " : "| %-*s ", columns[i].width, columns[i].heading);
	appendStringInfoString(text, "|\n");
	for (int i = 0; i < count; i++)
	{
		appendStringInfoString(text, "| ");
		for (int j = columns[i].right; j < columns[i].width; j++)
			appendStringInfoCharMacro(text, '-');
		appendStringInfoString(text, columns[i].right ? ": " : " ");
	}
	appendStringInfoString(text, "|\n");
}

/* Fill a cell, whose content begins at start, up to the width of its column. */
void
markdown_pad(StringInfo text, int start, int width)
{
	int			bytes = text->len - start;

	if (bytes < width * MAX_MULTIBYTE_CHAR_LEN)
		appendStringInfoSpaces(text, Max(0, width - pg_mbstrlen_with_len(text->data + start, bytes)));
}

/* Mermaid has entities of its own. */
static void
append_label_characters(StringInfo text, Slice label, bool is_utf8)
{
	for (uint32 i = 0; i < label.len; i++)
	{
		unsigned char c = label.data[i];
		uint32		length;
		HiddenCharacter hidden = is_utf8 ? hidden_character(label, i, &length) : 0;

		if (hidden != 0)
		{
			appendStringInfo(text, "#%u;", hidden);
			i += length - 1;
		}
		else if (is_letter_or_digit(c) || c == '_' || IS_HIGHBIT_SET(c))
			appendStringInfoCharMacro(text, c);
		else
			appendStringInfo(text, "#%d;", c);
	}
}

/* Append the label of a chart. */
void
mermaid_append_label(StringInfo text, Slice label)
{
	append_with(text, label, append_label_characters);
}
