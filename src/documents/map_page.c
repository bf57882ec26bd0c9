/*
 * map_page.c
 *		The page that shows jobs as a map.
 *
 * Its markup, styles and script are map_page.html; here the facts and the data are put into
 * it.  A page is read where nobody watches over it: so it may run no script but its own, which
 * its policy names by a digest, and load nothing.
 *
 * The data is JSON, an object whose members are, in this order:
 *
 *		kind		"plan", then plan_id; "run", then run_id; or "comparison", then before and
 *					after, the plans' numbers
 *		rows		an array for each target: its name; its cells; if there are reasons, those
 *					of its cells, or null; of a run, the server and the plan's number there
 *		reasons		true if the rows have reasons
 *		left_out	how many jobs have no cell, because the map has too many columns
 *		symbols		what the columns are called, by their number; the first is null, the
 *					pooled model's
 *		last_change	when the last job came into the state that it is in, in UTC; where states are
 *					told
 *		classes		what the jobs of a class have in common, by its number: of a plan, route,
 *					training_type, priority and, if that may be told, state; of a comparison,
 *					change, columns, before and after, where the latter have route,
 *					training_type and priority, or are null.  The first has nothing in common:
 *					its jobs are of more classes than are told apart
 *
 * A row's cells are a string: for each, how many columns were passed over since the one before,
 * and its class.  A number is written in digits, lowest first, of five bits each; a sixth bit says
 * that more follow.  So a cell takes two or three bytes.  A reason is a string or null; of a
 * comparison, where cells that are the same have none, an array of that before and that after; and
 * false if it is too long for a page.  Numbers of plans are strings: a script's numbers are not
 * as long.
 *
 * https://www.w3.org/TR/CSP3/
 */
#include "postgres.h"

#include "common/base64.h"
#include "common/sha2.h"
#include "miscadmin.h"
#include "utils/fmgrprotos.h"

#include "documents/map_page.h"
#include "documents/map_page_template.h"
#include "documents/page_text.h"

/* ---- the page around the data ----------------------------------------------------- */

/* What the page has in an element without attributes. */
static Slice
element_content(const char *element)
{
	char	   *begin = psprintf("<%s>", element);
	char	   *end = psprintf("</%s>", element);

	for (const MapPagePart *part = map_page_parts;; part++)
	{
		char	   *found = strstr(part->markup, begin);
		Slice		content = NULL_SLICE;

		if (found != NULL)
		{
			content.data = found + strlen(begin);
			content.len = strstr(content.data, end) - content.data;
			return content;
		}
		if (part->place == PLACE_NONE)
			elog(ERROR, "page has no element \"%s\"", element);
	}
}

/* Append the source that a policy allows an element's content by. */
static void
append_digest(StringInfo page, const char *element)
{
	Datum		content = slice_to_text(element_content(element));
	bytea	   *digest = DatumGetByteaPP(DirectFunctionCall1(sha256_bytea, content));
	char		base64[64];
	const void *bytes = VARDATA_ANY(digest);
	int			length = pg_b64_encode(bytes, VARSIZE_ANY_EXHDR(digest), base64, sizeof(base64));

	Assert(length > 0);
	appendStringInfo(page, "'sha256-%.*s'", length, base64);
}

static void
append_policy(StringInfo page)
{
	appendStringInfoString(page, "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; script-src ");
	append_digest(page, "script");
	appendStringInfoString(page, "; style-src ");
	append_digest(page, "style");
	appendStringInfoString(page, "; img-src data:; base-uri 'none'; form-action 'none'\">\n");
}

/* Append the page up to its data; title is text, facts are markup. */
void
map_page_append_head(StringInfo page, Slice title, Slice facts)
{
	for (const MapPagePart *part = map_page_parts;; part++)
	{
		appendStringInfoString(page, part->markup);
		switch (part->place)
		{
			case PLACE_POLICY:
				append_policy(page);
				break;
			case PLACE_TITLE:
				appendStringInfoString(page, "<title>");
				page_append(page, title);
				appendStringInfoString(page, "</title>\n");
				break;
			case PLACE_FACTS:
				append_slice(page, facts);
				break;
			case PLACE_DATA:
				appendStringInfoString(page, "<script type=\"application/json\" id=\"data\">\n");
				return;
			case PLACE_NONE:
				elog(ERROR, "page has no place for its data");
		}
	}
}

/* Append the page from behind its data on. */
void
map_page_append_tail(StringInfo page)
{
	const MapPagePart *last = map_page_parts;

	while (last->place != PLACE_NONE)
		last++;
	appendStringInfoString(page, "</script>\n");
	appendStringInfoString(page, last->markup);
}

/* ---- the data ------------------------------------------------------------------------ */

/* Append a number in digits of five bits, lowest first; a sixth says that more follow. */
static void
append_number(StringInfo page, uint32 number)
{
	static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_";

	while (number >= 32)
	{
		appendStringInfoCharMacro(page, digits[32 | (number & 31)]);
		number >>= 5;
	}
	appendStringInfoCharMacro(page, digits[number]);
}

/* Append a target's row: its name, its cells and, if the page has them, their reasons; of a run, where it is. */
void
map_page_append_row(StringInfo page, const MapRow *row, bool is_first, bool with_reasons)
{
	uint32		column = 0;
	const char *separator = ",[";

	appendStringInfoString(page, is_first ? "[" : ",\n[");
	page_append_json(page, row->target);
	appendStringInfoString(page, ",\"");
	for (uint32 i = 0; i < row->count; i++)
	{
		append_number(page, row->cells[i].column - column);
		append_number(page, row->cells[i].class_number);
		column = row->cells[i].column + 1;
	}
	appendStringInfoCharMacro(page, '"');
	if (with_reasons)
	{
		for (uint32 i = 0; i < row->count; i++)
		{
			if (row->cells[i].reason_length == 0)
				continue;
			appendStringInfoString(page, separator);
			appendBinaryStringInfo(page, row->reasons + row->cells[i].reason_start, row->cells[i].reason_length);
			separator = ",";
		}
		appendStringInfoString(page, separator[1] == '[' ? ",[]" : "]");
	}
	else if (!slice_is_null(row->server))
		appendStringInfoString(page, ",null");
	if (!slice_is_null(row->server))
	{
		appendStringInfoCharMacro(page, ',');
		page_append_json(page, row->server);
		appendStringInfo(page, ",\"" INT64_FORMAT "\"", row->plan_id);
	}
	appendStringInfoCharMacro(page, ']');
}

/* Append what is known behind the last row: of which columns the cells are. */
void
map_page_append_columns(StringInfo page, const JobMap *map, bool with_reasons)
{
	uint32		count = job_map_symbol_count(map);

	appendStringInfo(page, "\n],\n\"reasons\": %s,\n\"left_out\": " INT64_FORMAT ",\n\"symbols\": [null",
					 with_reasons ? "true" : "false", job_map_left_out(map));
	for (uint32 i = 0; i < count; i++)
	{
		CHECK_FOR_INTERRUPTS();
		appendStringInfoString(page, i % 16 == 0 ? ",\n" : ",");
		page_append_json(page, job_map_symbol(map, i));
	}
	appendStringInfoString(page, "],\n");
}

/* Classes are told apart in so much memory. */
#define CLASS_MEMORY	(16 * 1024 * 1024)

/* None yet, in the current memory context. */
Dictionary *
map_classes_create(void)
{
	return dictionary_create(CLASS_MEMORY);
}

/* Append a text to a key; it ends with a zero byte there. */
static void
append_key_text(StringInfo key, Slice text)
{
	append_slice(key, text);
	appendStringInfoCharMacro(key, '\0');
}

/* Take it from there: what is left of the key begins behind it. */
static Slice
take_key_text(const char **key)
{
	Slice		text = slice_from_string(*key);

	*key += text.len + 1;
	return text;
}

/* Append to a key what it says of a job. */
void
map_key_append_job(StringInfo key, int32 priority, Slice route, Slice training_type)
{
	appendBinaryStringInfo(key, (const char *) &priority, sizeof(priority));
	append_key_text(key, route);
	append_key_text(key, training_type);
}

/* Append that to the page, as members of an object; what is left of the key begins behind it. */
void
map_page_append_job(StringInfo page, const char **key)
{
	int32		priority;

	memcpy(&priority, *key, sizeof(priority));
	*key += sizeof(priority);
	appendStringInfoString(page, "\"route\": ");
	page_append_json(page, take_key_text(key));
	appendStringInfoString(page, ", \"training_type\": ");
	page_append_json(page, take_key_text(key));
	appendStringInfo(page, ", \"priority\": %d", priority);
}

/* The number of a key's class. */
uint32
map_class_number(Dictionary *classes, Slice key)
{
	uint32		number = dictionary_add(classes, key);

	return number < MAX_CLASSES ? 1 + number : OTHER_CLASS;
}

/* Append the classes, by their numbers; the data ends with them. */
void
map_page_append_classes(StringInfo page, const Dictionary *classes, MapClassWriter writer)
{
	uint32		count = Min(dictionary_count(classes), MAX_CLASSES);

	appendStringInfoString(page, "\"classes\": [\n");
	writer(page, NULL_SLICE);
	for (uint32 i = 0; i < count; i++)
	{
		appendStringInfoString(page, ",\n");
		writer(page, dictionary_get(classes, i));
	}
	appendStringInfoString(page, "]}\n");
}
