/*
 * markdown_format.c
 *		A plan's document as Markdown, in GitHub's dialect.
 *
 * For people: facts and counts first, then target by target.  It renders as
 * headings, lists, tables and a chart, and reads as text, so columns are padded
 * to what they usually hold.
 *
 * Whatever comes from the plan is escaped so that it stands there as it is:
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
#include "documents/document_format.h"

typedef struct MarkdownWriter
{
	StringInfoData target;		/* of the job that was written last */
	bool		any;			/* has one been written? */
	bool		in_table;		/* was it in the table of its target's symbols? */
} MarkdownWriter;

/* The columns of a target's symbols, and how wide they are at least. */
typedef enum SymbolColumn
{
	COLUMN_SYMBOL,
	COLUMN_ROUTE,
	COLUMN_PRIORITY,
	COLUMN_FAMILIES,
	COLUMN_REASON,
	SYMBOL_COLUMNS
} SymbolColumn;

static const struct
{
	const char *heading;
	int			width;
	bool		right;			/* numbers stand on the right */
}			symbol_columns[] =
{
	[COLUMN_SYMBOL] = {"Symbol", 8, false},
	[COLUMN_ROUTE] = {"Route", 23, false},
	[COLUMN_PRIORITY] = {"Priority", 8, true},
	[COLUMN_FAMILIES] = {"Families", 17, false},
	[COLUMN_REASON] = {"Reason", 6, false}
};

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

/*
 * Does the @ at i stand in a mail address, before which there may be mailto: or
 * xmpp:?  Behind it there is a dot, and a letter in the end: score@0.5 is none.
 */
static bool
is_in_address(Slice text, uint32 i)
{
	uint32		end = i + 1;
	bool		has_dot = false;

	if (i == 0 || !(is_letter_or_digit(text.data[i - 1]) || strchr(".+-_", text.data[i - 1]) != NULL))
		return false;
	for (; end < text.len; end++)
	{
		char		c = text.data[end];

		if (c == '.' && end + 1 < text.len && is_letter_or_digit(text.data[end + 1]))
			has_dot = true;
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
static void
append_escaped(StringInfo text, Slice string)
{
	append_with(text, string, append_characters);
}

/* Append a string, or what stands for a missing one. */
static void
append_value(StringInfo text, JsonValue *value, const char *missing)
{
	if (json_object_is_type(value, json_type_string))
		append_escaped(text, json_string_slice(value));
	else if (value == NULL)
		appendStringInfoString(text, missing);
	else
		append_json_number(text, value);
}

static void
append_list(StringInfo text, JsonValue *strings)
{
	size_t		length = json_object_array_length(strings);

	for (size_t i = 0; i < length; i++)
	{
		if (i > 0)
			appendStringInfoString(text, ", ");
		append_value(text, json_object_array_get_idx(strings, i), "");
	}
	if (length == 0)
		appendStringInfoString(text, "none");
}

/* Fill a cell, whose content begins at start, up to the width of its column. */
static void
pad_cell(StringInfo text, int start, int width)
{
	int			bytes = text->len - start;

	if (bytes < width * MAX_MULTIBYTE_CHAR_LEN)
		appendStringInfoSpaces(text, Max(0, width - pg_mbstrlen_with_len(text->data + start, bytes)));
}

static void
write_symbols_heading(StringInfo text)
{
	appendStringInfoCharMacro(text, '\n');
	for (int i = 0; i < SYMBOL_COLUMNS; i++)
		appendStringInfo(text, symbol_columns[i].right ? "| %*s " : "| %-*s ",
						 symbol_columns[i].width, symbol_columns[i].heading);
	appendStringInfoString(text, "|\n");
	for (int i = 0; i < SYMBOL_COLUMNS; i++)
	{
		appendStringInfoString(text, "| ");
		for (int j = symbol_columns[i].right; j < symbol_columns[i].width; j++)
			appendStringInfoCharMacro(text, '-');
		appendStringInfoString(text, symbol_columns[i].right ? ": " : " ");
	}
	appendStringInfoString(text, "|\n");
}

static void
write_symbol(StringInfo text, JsonValue *job)
{
	for (int i = 0; i < SYMBOL_COLUMNS; i++)
	{
		int			start;

		appendBinaryStringInfo(text, "| ", 2);
		start = text->len;
		switch ((SymbolColumn) i)
		{
			case COLUMN_SYMBOL:
				append_value(text, json_object_object_get(job, "symbol"), "");
				break;
			case COLUMN_ROUTE:
				append_value(text, json_object_object_get(job, "route"), "");
				break;
			case COLUMN_PRIORITY:
				appendStringInfo(text, "%*d", symbol_columns[i].width,
								 json_object_get_int(json_object_object_get(job, "priority")));
				break;
			case COLUMN_FAMILIES:
				append_list(text, json_object_object_get(job, "model_families"));
				break;
			case COLUMN_REASON:
				append_value(text, json_object_object_get(job, "reason"), "");
				break;
			case SYMBOL_COLUMNS:
				break;
		}
		pad_cell(text, start, symbol_columns[i].width);
		appendStringInfoCharMacro(text, ' ');
	}
	appendStringInfoString(text, "|\n");
}

static void
write_fact(StringInfo text, const char *name, JsonValue *value, const char *missing)
{
	appendStringInfo(text, "- %s: ", name);
	append_value(text, value, missing);
	appendStringInfoCharMacro(text, '\n');
}

static void
write_families(StringInfo text, JsonValue *families)
{
	appendStringInfoString(text, "- Families: ");
	append_list(text, families);
	appendStringInfoCharMacro(text, '\n');
}

static void
write_cross_sectional(StringInfo text, JsonValue *job)
{
	write_fact(text, "Cross-sectional job", json_object_object_get(job, "job_id"), "");
	write_fact(text, "Priority", json_object_object_get(job, "priority"), "");
	write_families(text, json_object_object_get(job, "model_families"));
	write_fact(text, "Samples", json_object_object_get(job, "estimated_samples"), "not known");
	write_fact(text, "Reason", json_object_object_get(job, "reason"), "not given");
}

static void *
create_markdown(void)
{
	MarkdownWriter *writer = palloc0(sizeof(MarkdownWriter));

	initStringInfo(&writer->target);
	return writer;
}

static void
write_markdown_job(void *arg, const DocumentJob *job, StringInfo text)
{
	MarkdownWriter *writer = arg;
	Slice		target = job->keys[KEY_TARGET];
	bool		is_cross_sectional = slice_is_null(job->keys[KEY_SYMBOL]);

	if (!writer->any || !slice_equal(target, slice_from_buffer(&writer->target)))
	{
		appendStringInfoString(text, "\n### ");
		append_escaped(text, target);
		appendStringInfoString(text, "\n\n");
		if (!is_cross_sectional)
			appendStringInfoString(text, "No cross-sectional job.\n");

		resetStringInfo(&writer->target);
		appendBinaryStringInfo(&writer->target, target.data, target.len);
		writer->any = true;
		writer->in_table = false;
	}

	if (is_cross_sectional)
		write_cross_sectional(text, job->value);
	else
	{
		if (!writer->in_table)
			write_symbols_heading(text);
		write_symbol(text, job->value);
		writer->in_table = true;
	}
}

static void
write_counts(StringInfo text, const char *title, const char *heading, JsonValue *counts)
{
	const int	width = 23;

	appendStringInfo(text, "\n## %s\n\n| %-*s |     Jobs |\n| ", title, width, heading);
	for (int i = 0; i < width; i++)
		appendStringInfoCharMacro(text, '-');
	appendStringInfoString(text, " | -------: |\n");
	json_foreach_member(member, counts)
	{
		int			start;

		appendStringInfoString(text, "| ");
		start = text->len;
		append_escaped(text, slice_from_string(lh_entry_k(member)));
		pad_cell(text, start, width);
		appendStringInfo(text, " | %8lld |\n",
						 (long long) json_object_get_int64((JsonValue *) lh_entry_v(member)));
	}
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

static void
append_label(StringInfo text, Slice label)
{
	append_with(text, label, append_label_characters);
}

static void
write_pie(StringInfo text, JsonValue *counts)
{
	appendStringInfoString(text, "\n```mermaid\npie showData\n    title Jobs by route\n");
	json_foreach_member(member, counts)
	{
		appendStringInfoString(text, "    \"");
		append_label(text, slice_from_string(lh_entry_k(member)));
		appendStringInfo(text, "\" : %lld\n",
						 (long long) json_object_get_int64((JsonValue *) lh_entry_v(member)));
	}
	appendStringInfoString(text, "```\n");
}

static long long
count_of(JsonValue *summary, const char *name)
{
	return json_object_get_int64(json_object_object_get(summary, name));
}

static void
write_markdown_head(void *arg, JsonValue *metadata, JsonValue *summary, StringInfo text)
{
	JsonValue  *by_route = json_object_object_get(summary, "by_route");

	appendStringInfoString(text, "# Training plan ");
	append_value(text, json_object_object_get(metadata, "run_id"), "");
	appendStringInfoString(text, "\n\n");
	write_fact(text, "Generated at", json_object_object_get(metadata, "generated_at"), "");
	write_fact(text, "Routing", json_object_object_get(metadata, "routing_plan_path"), "");
	write_families(text, json_object_object_get(metadata, "model_families"));
	write_fact(text, "Git commit", json_object_object_get(metadata, "git_commit"), "");
	write_fact(text, "Config hash", json_object_object_get(metadata, "config_hash"), "");
	write_fact(text, "Metrics snapshot", json_object_object_get(metadata, "metrics_snapshot"), "none");
	appendStringInfo(text, "- Jobs: %lld (%lld cross-sectional, %lld symbol-specific, %lld blocked)\n",
					 (long long) document_jobs(metadata),
					 count_of(summary, "total_cs_jobs"), count_of(summary, "total_symbol_jobs"),
					 count_of(summary, "total_blocked"));
	if (document_jobs(metadata) == 0)
		return;

	write_counts(text, "Jobs by route", "Route", by_route);
	write_pie(text, by_route);
	write_counts(text, "Jobs by training type", "Training type",
				 json_object_object_get(summary, "by_type"));
	write_counts(text, "Jobs by priority", "Priority",
				 json_object_object_get(summary, "by_priority"));
	appendStringInfoString(text, "\n## Targets\n");
}

static void
write_markdown_tail(void *arg, JsonValue *metadata, JsonValue *summary, StringInfo text)
{
}

const DocumentFormat markdown_format = {
	.name = "markdown",
	.file_name = "training_plan.md",
	.by_priority = false,
	.separator = "",
	.create = create_markdown,
	.write_job = write_markdown_job,
	.write_head = write_markdown_head,
	.write_tail = write_markdown_tail
};
