/*
 * routing_markdown_format.c
 *		A routing plan as Markdown, in GitHub's dialect.
 *
 * For people: facts and counts first, then target by target what was decided for
 * it, and a table of its symbols.  Columns are padded to what they usually hold.
 */
#include "postgres.h"

#include "documents/markdown_text.h"
#include "documents/routing_format.h"

typedef struct MarkdownWriter
{
	bool		in_table;		/* of the target's symbols */
} MarkdownWriter;

/* The columns of a target's symbols, and how wide they are at least. */
typedef enum SymbolColumn
{
	COLUMN_SYMBOL,
	COLUMN_ROUTE,
	COLUMN_CS_STATE,
	COLUMN_LOCAL_STATE,
	COLUMN_SAMPLES,
	COLUMN_FAMILIES,
	COLUMN_REASON,
	SYMBOL_COLUMNS
} SymbolColumn;

static const MarkdownColumn symbol_columns[] =
{
	[COLUMN_SYMBOL] = {"Symbol", 8, false},
	[COLUMN_ROUTE] = {"Route", 23, false},
	[COLUMN_CS_STATE] = {"Cross-sectional", 15, false},
	[COLUMN_LOCAL_STATE] = {"Local", 12, false},
	[COLUMN_SAMPLES] = {"Samples", 8, true},
	[COLUMN_FAMILIES] = {"Families", 8, false},
	[COLUMN_REASON] = {"Reason", 6, false}
};

static void *
create_markdown(void)
{
	return palloc0(sizeof(MarkdownWriter));
}

/* Append a string, or what stands for a missing one. */
static void
append_or(StringInfo text, Slice string, const char *missing)
{
	if (slice_is_null(string))
		appendStringInfoString(text, missing);
	else
		markdown_append(text, string);
}

/* Append the strings of a list, or what stands for one that is missing or empty. */
static void
append_list_or(StringInfo text, Slice list, const char *separator, const char *missing)
{
	bool		first = true;
	Slice		string;

	if (list.len == 0)
		appendStringInfoString(text, missing);
	while (take_from_list(&list, &string))
	{
		if (!first)
			appendStringInfoString(text, separator);
		markdown_append(text, string);
		first = false;
	}
}

static void
write_own_decision(StringInfo text, const RoutingEntry *entry)
{
	appendStringInfoString(text, "- Decision: ");
	markdown_append(text, entry->route);
	appendStringInfoString(text, "\n- State: ");
	append_or(text, entry->cs_state, "not known");
	appendStringInfoString(text, "\n- Samples: ");
	if (entry->decision.has_sample_size)
		appendStringInfo(text, INT64_FORMAT, entry->decision.sample_size);
	else
		appendStringInfoString(text, "not known");
	appendStringInfoString(text, "\n- Families: ");
	append_list_or(text, entry->families, ", ", "those of the plan");
	appendStringInfoString(text, "\n- Reason: ");
	append_list_or(text, entry->reason, "; ", "not given");
	appendStringInfoCharMacro(text, '\n');
}

static void
write_symbols_heading(StringInfo text)
{
	appendStringInfoCharMacro(text, '\n');
	markdown_append_heading(text, symbol_columns, SYMBOL_COLUMNS);
}

static void
write_symbol(StringInfo text, const RoutingEntry *entry)
{
	const Decision *decision = &entry->decision;

	for (int i = 0; i < SYMBOL_COLUMNS; i++)
	{
		int			start;

		appendBinaryStringInfo(text, "| ", 2);
		start = text->len;
		switch ((SymbolColumn) i)
		{
			case COLUMN_SYMBOL:
				markdown_append(text, decision->symbol);
				break;
			case COLUMN_ROUTE:
				markdown_append(text, entry->route);
				break;
			case COLUMN_CS_STATE:
				append_or(text, entry->cs_state, "");
				break;
			case COLUMN_LOCAL_STATE:
				append_or(text, entry->local_state, "");
				break;
			case COLUMN_SAMPLES:
				if (decision->has_sample_size)
					appendStringInfo(text, "%*lld", symbol_columns[i].width,
									 (long long) decision->sample_size);
				break;
			case COLUMN_FAMILIES:
				append_list_or(text, entry->families, ", ", "");
				break;
			case COLUMN_REASON:
				append_list_or(text, entry->reason, "; ", "");
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
write_markdown_entry(void *arg, const RoutingEntry *entry, StringInfo text)
{
	MarkdownWriter *writer = arg;
	bool		is_own = decision_scope(&entry->decision) == SCOPE_TARGET;

	if (entry->is_new_target)
	{
		appendStringInfoString(text, "\n### ");
		markdown_append(text, entry->decision.target);
		appendStringInfoString(text, "\n\n");
		if (!is_own)
			appendStringInfoString(text, "No decision of its own.\n");
		writer->in_table = false;
	}

	if (is_own)
		write_own_decision(text, entry);
	else
	{
		if (!writer->in_table)
			write_symbols_heading(text);
		write_symbol(text, entry);
		writer->in_table = true;
	}
}

static void
write_counts(StringInfo text, const RoutingCounts *counts)
{
	appendStringInfoString(text, "\n## Symbols by route\n\n"
						   "| Route                   |  Symbols |\n"
						   "| ----------------------- | -------: |\n");
	for (int route = 0; route < lengthof(counts->symbols); route++)
	{
		int			start;

		if (counts->symbols[route] == 0)
			continue;
		appendStringInfoString(text, "| ");
		start = text->len;
		markdown_append(text, slice_from_string(route_names[route]));
		markdown_pad(text, start, 23);
		appendStringInfo(text, " | %8lld |\n", (long long) counts->symbols[route]);
	}
}

static void
write_markdown_head(void *writer, const RoutingSummary *summary, StringInfo text)
{
	const RoutingCounts *counts = &summary->counts;
	int64		of_targets = counts->enabled + counts->disabled;

	appendStringInfoString(text, "# Routing plan\n\n- Routing: ");
	markdown_append(text, slice_from_string(summary->routing));
	appendStringInfo(text, "\n- Targets: %lld (%lld enabled, %lld disabled, %lld without a decision of their own)\n"
					 "- Decisions: %lld (%lld of targets, %lld of symbols)\n",
					 (long long) counts->targets, (long long) counts->enabled,
					 (long long) counts->disabled, (long long) (counts->targets - of_targets),
					 (long long) counts->decisions, (long long) of_targets,
					 (long long) (counts->decisions - of_targets));
	if (counts->decisions > of_targets)
		write_counts(text, counts);
	if (counts->decisions > 0)
		appendStringInfoString(text, "\n## Targets\n");
}

static void
write_markdown_tail(void *writer, const RoutingSummary *summary, StringInfo text)
{
}

const RoutingFormat routing_markdown_format = {
	.name = "markdown",
	.create = create_markdown,
	.write_entry = write_markdown_entry,
	.write_head = write_markdown_head,
	.write_tail = write_markdown_tail
};
