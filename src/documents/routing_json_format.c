/*
 * routing_json_format.c
 *		A routing plan as JSON.
 *
 * What routing_document.c reads.  Of a target, cs_metrics stands before the symbols,
 * so that its own decision is known when these come.  Members that few decisions
 * have are left out where there is nothing to say; the others are null.
 */
#include "postgres.h"

#include "documents/routing_format.h"
#include "formats/json_writer.h"

/* How deep the parts of a document stand. */
#define TARGET_INDENT	(2 * JSON_INDENT)
#define SECTION_INDENT	(3 * JSON_INDENT)
#define SYMBOL_INDENT	(4 * JSON_INDENT)

typedef struct JsonWriter
{
	bool		has_target;		/* one has been begun, and with it its symbols */
	bool		has_symbol;		/* and one of these was written */
} JsonWriter;

static void *
create_json(void)
{
	return palloc0(sizeof(JsonWriter));
}

/* A member's name is one of ours. */
static void
write_name(StringInfo text, bool first, const char *name, int indent)
{
	json_new_line(text, !first, indent);
	appendStringInfoCharMacro(text, '"');
	appendStringInfoString(text, name);
	appendStringInfoString(text, "\": ");
}

static void
write_integer(StringInfo text, bool first, const char *name, int64 integer, int indent)
{
	write_name(text, first, name, indent);
	appendStringInfo(text, INT64_FORMAT, integer);
}

static void
write_string_or_null(StringInfo text, bool first, const char *name, Slice string, int indent)
{
	write_name(text, first, name, indent);
	if (slice_is_null(string))
		appendStringInfoString(text, "null");
	else
		append_json_string(text, string);
}

/* Write a list of strings, which are packed. */
static void
write_list(StringInfo text, const char *name, Slice list, int indent)
{
	bool		first = true;
	Slice		string;

	write_name(text, false, name, indent);
	appendStringInfoCharMacro(text, '[');
	while (take_from_list(&list, &string))
	{
		json_new_line(text, !first, indent + JSON_INDENT);
		append_json_string(text, string);
		first = false;
	}
	if (!first)
		json_new_line(text, false, indent);
	appendStringInfoCharMacro(text, ']');
}

static void
write_families(StringInfo text, const RoutingEntry *entry, int indent)
{
	if (!slice_is_null(entry->families))
		write_list(text, "model_families", entry->families, indent);
}

static void
write_own_decision(StringInfo text, const RoutingEntry *entry)
{
	const int	indent = SECTION_INDENT + JSON_INDENT;
	Slice		reason = NULL_SLICE;

	write_name(text, true, "cross_sectional", SECTION_INDENT);
	appendStringInfoCharMacro(text, '{');
	write_string_or_null(text, true, "route", entry->route, indent);
	write_string_or_null(text, false, "state", entry->cs_state, indent);
	if (!slice_is_null(entry->local_state))
		write_string_or_null(text, false, "local_state", entry->local_state, indent);
	if (slice_is_null(entry->reason) || list_has_one(entry->reason, &reason))
		write_string_or_null(text, false, "reason", reason, indent);
	else
		write_list(text, "reason", entry->reason, indent);
	write_families(text, entry, indent);
	json_new_line(text, false, SECTION_INDENT);
	appendStringInfoCharMacro(text, '}');

	write_name(text, false, "cs_metrics", SECTION_INDENT);
	appendStringInfoCharMacro(text, '{');
	if (entry->decision.has_sample_size)
	{
		write_integer(text, true, "sample_size", entry->decision.sample_size, indent);
		json_new_line(text, false, SECTION_INDENT);
	}
	appendStringInfoCharMacro(text, '}');
}

static void
write_symbol(JsonWriter *writer, StringInfo text, const RoutingEntry *entry)
{
	const int	indent = SYMBOL_INDENT + JSON_INDENT;

	json_write_name(text, !writer->has_symbol, entry->decision.symbol, SYMBOL_INDENT);
	appendStringInfoCharMacro(text, '{');
	write_string_or_null(text, true, "route", entry->route, indent);
	write_string_or_null(text, false, "cs_state", entry->cs_state, indent);
	write_string_or_null(text, false, "local_state", entry->local_state, indent);
	if (slice_is_null(entry->reason))
		write_string_or_null(text, false, "reason", entry->reason, indent);
	else
		write_list(text, "reason", entry->reason, indent);
	if (entry->decision.has_sample_size)
		write_integer(text, false, "sample_size", entry->decision.sample_size, indent);
	write_families(text, entry, indent);
	json_new_line(text, false, SYMBOL_INDENT);
	appendStringInfoCharMacro(text, '}');
	writer->has_symbol = true;
}

static void
end_target(JsonWriter *writer, StringInfo text)
{
	if (writer->has_symbol)
		json_new_line(text, false, SECTION_INDENT);
	appendStringInfoCharMacro(text, '}');
	json_new_line(text, false, TARGET_INDENT);
	appendStringInfoCharMacro(text, '}');
}

static void
write_json_entry(void *arg, const RoutingEntry *entry, StringInfo text)
{
	JsonWriter *writer = arg;
	bool		is_own = decision_scope(&entry->decision) == SCOPE_TARGET;

	if (entry->is_new_target)
	{
		if (writer->has_target)
			end_target(writer, text);
		json_write_name(text, !writer->has_target, entry->decision.target, TARGET_INDENT);
		appendStringInfoCharMacro(text, '{');
		if (is_own)
			write_own_decision(text, entry);
		write_name(text, !is_own, "symbols", SECTION_INDENT);
		appendStringInfoCharMacro(text, '{');
		writer->has_target = true;
		writer->has_symbol = false;
	}
	if (!is_own)
		write_symbol(writer, text, entry);
}

static void
write_json_head(void *writer, const RoutingSummary *summary, StringInfo text)
{
	appendStringInfoString(text, "{\n  \"metadata\": {");
	write_string_or_null(text, true, "routing", slice_from_string(summary->routing), TARGET_INDENT);
	write_integer(text, false, "total_targets", summary->counts.targets, TARGET_INDENT);
	write_integer(text, false, "total_decisions", summary->counts.decisions, TARGET_INDENT);
	appendStringInfoString(text, "\n  },\n  \"targets\": {");
}

static void
write_json_tail(void *arg, const RoutingSummary *summary, StringInfo text)
{
	JsonWriter *writer = arg;

	if (writer->has_target)
	{
		end_target(writer, text);
		json_new_line(text, false, JSON_INDENT);
	}
	appendStringInfoString(text, "}\n}\n");
}

const RoutingFormat routing_json_format = {
	.name = "json",
	.create = create_json,
	.write_entry = write_json_entry,
	.write_head = write_json_head,
	.write_tail = write_json_tail
};
