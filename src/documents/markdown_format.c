/*
 * markdown_format.c
 *		A plan's document as Markdown, in GitHub's dialect.
 *
 * For people: facts and counts first, then target by target.  It renders as
 * headings, lists, tables and a chart, and reads as text, so columns are padded
 * to what they usually hold.
 *
 * https://github.github.com/gfm/
 */
#include "postgres.h"

#include "documents/document_format.h"
#include "documents/markdown_text.h"

typedef struct MarkdownWriter
{
	StringInfoData target;		/* of the job that was written last */
	StringInfoData server;
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

static const MarkdownColumn symbol_columns[] =
{
	[COLUMN_SYMBOL] = {"Symbol", 8, false},
	[COLUMN_ROUTE] = {"Route", 23, false},
	[COLUMN_PRIORITY] = {"Priority", 8, true},
	[COLUMN_FAMILIES] = {"Families", 17, false},
	[COLUMN_REASON] = {"Reason", 6, false}
};

/* Append a string, or what stands for a missing one. */
static void
append_value(StringInfo text, JsonValue *value, const char *missing)
{
	if (json_object_is_type(value, json_type_string))
		markdown_append(text, json_string_slice(value));
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

static void
write_symbols_heading(StringInfo text)
{
	appendStringInfoCharMacro(text, '\n');
	markdown_append_heading(text, symbol_columns, SYMBOL_COLUMNS);
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
		markdown_pad(text, start, symbol_columns[i].width);
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
	if (families == NULL)
		appendStringInfoString(text, "not the same in all parts");
	else
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
create_markdown(const PlanDocument *document)
{
	MarkdownWriter *writer = palloc0(sizeof(MarkdownWriter));

	initStringInfo(&writer->target);
	initStringInfo(&writer->server);
	return writer;
}

static void
write_markdown_job(void *arg, const DocumentJob *job, StringInfo text)
{
	MarkdownWriter *writer = arg;
	Slice		target = job->keys[KEY_TARGET];
	bool		is_cross_sectional = slice_is_null(job->keys[KEY_SYMBOL]);

	if (!writer->any || !slice_equal(target, slice_from_buffer(&writer->target)) ||
		(!slice_is_null(job->server) && !slice_equal(job->server, slice_from_buffer(&writer->server))))
	{
		appendStringInfoString(text, "\n### ");
		markdown_append(text, target);
		appendStringInfoString(text, "\n\n");
		if (!slice_is_null(job->server))
		{
			appendStringInfoString(text, "On server ");
			markdown_append(text, job->server);
			appendStringInfoString(text, ", in plan ");
			append_value(text, json_object_object_get(job->value, "plan_id"), "");
			appendStringInfoString(text, ".\n\n");
			hold_slice(&writer->server, job->server);
		}
		if (!is_cross_sectional)
			appendStringInfoString(text, "No cross-sectional job.\n");

		hold_slice(&writer->target, target);
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
		markdown_append(text, slice_from_string(lh_entry_k(member)));
		markdown_pad(text, start, width);
		appendStringInfo(text, " | %8lld |\n",
						 (long long) json_object_get_int64((JsonValue *) lh_entry_v(member)));
	}
}

static void
write_pie(StringInfo text, JsonValue *counts)
{
	appendStringInfoString(text, "\n```mermaid\npie showData\n    title Jobs by route\n");
	json_foreach_member(member, counts)
	{
		appendStringInfoString(text, "    \"");
		mermaid_append_label(text, slice_from_string(lh_entry_k(member)));
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
