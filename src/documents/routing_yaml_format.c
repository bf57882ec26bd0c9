/*
 * routing_yaml_format.c
 *		A routing plan as YAML: what routing_json_format.c says, in block style.
 */
#include "postgres.h"

#include "utils/builtins.h"

#include "documents/routing_format.h"
#include "formats/yaml_writer.h"

typedef struct TargetsWriter
{
	YamlWriter *yaml;			/* of the member targets */
	bool		has_target;		/* one has been begun */
	bool		has_symbol;		/* and with it its symbols */
} TargetsWriter;

static void *
create_yaml(void)
{
	TargetsWriter *writer = palloc0(sizeof(TargetsWriter));

	writer->yaml = yaml_writer_create();
	yaml_begin_mapping(writer->yaml);
	yaml_write_word(writer->yaml, "targets");
	yaml_begin_mapping(writer->yaml);
	return writer;
}

static void
write_string_or_null(YamlWriter *yaml, const char *name, Slice string)
{
	yaml_write_word(yaml, name);
	if (slice_is_null(string))
		yaml_write_word(yaml, "null");
	else
		yaml_write_string(yaml, string);
}

static void
write_list(YamlWriter *yaml, const char *name, Slice list)
{
	Slice		string;

	yaml_write_word(yaml, name);
	yaml_begin_sequence(yaml);
	while (take_from_list(&list, &string))
		yaml_write_string(yaml, string);
	yaml_end_sequence(yaml);
}

static void
write_sample_size(YamlWriter *yaml, const Decision *decision)
{
	char		digits[MAXINT8LEN + 1];

	if (!decision->has_sample_size)
		return;
	pg_lltoa(decision->sample_size, digits);
	yaml_write_word(yaml, "sample_size");
	yaml_write_word(yaml, digits);
}

static void
write_families(YamlWriter *yaml, const RoutingEntry *entry)
{
	if (!slice_is_null(entry->families))
		write_list(yaml, "model_families", entry->families);
}

static void
write_own_decision(YamlWriter *yaml, const RoutingEntry *entry)
{
	Slice		reason = NULL_SLICE;

	yaml_write_word(yaml, "cross_sectional");
	yaml_begin_mapping(yaml);
	write_string_or_null(yaml, "route", entry->route);
	write_string_or_null(yaml, "state", entry->cs_state);
	if (!slice_is_null(entry->local_state))
		write_string_or_null(yaml, "local_state", entry->local_state);
	if (slice_is_null(entry->reason) || list_has_one(entry->reason, &reason))
		write_string_or_null(yaml, "reason", reason);
	else
		write_list(yaml, "reason", entry->reason);
	write_families(yaml, entry);
	yaml_end_mapping(yaml);

	yaml_write_word(yaml, "cs_metrics");
	yaml_begin_mapping(yaml);
	write_sample_size(yaml, &entry->decision);
	yaml_end_mapping(yaml);
}

static void
write_symbol(YamlWriter *yaml, const RoutingEntry *entry)
{
	yaml_write_string(yaml, entry->decision.symbol);
	yaml_begin_mapping(yaml);
	write_string_or_null(yaml, "route", entry->route);
	write_string_or_null(yaml, "cs_state", entry->cs_state);
	write_string_or_null(yaml, "local_state", entry->local_state);
	if (slice_is_null(entry->reason))
		write_string_or_null(yaml, "reason", entry->reason);
	else
		write_list(yaml, "reason", entry->reason);
	write_sample_size(yaml, &entry->decision);
	write_families(yaml, entry);
	yaml_end_mapping(yaml);
}

static void
begin_symbols(TargetsWriter *writer)
{
	yaml_write_word(writer->yaml, "symbols");
	yaml_begin_mapping(writer->yaml);
	writer->has_symbol = true;
}

static void
end_target(TargetsWriter *writer)
{
	if (!writer->has_symbol)
		begin_symbols(writer);
	yaml_end_mapping(writer->yaml);
	yaml_end_mapping(writer->yaml);
}

static void
write_yaml_entry(void *arg, const RoutingEntry *entry, StringInfo text)
{
	TargetsWriter *writer = arg;

	if (entry->is_new_target)
	{
		if (writer->has_target)
			end_target(writer);
		yaml_write_string(writer->yaml, entry->decision.target);
		yaml_begin_mapping(writer->yaml);
		writer->has_target = true;
		writer->has_symbol = false;
	}
	if (decision_scope(&entry->decision) == SCOPE_TARGET)
		write_own_decision(writer->yaml, entry);
	else
	{
		if (!writer->has_symbol)
			begin_symbols(writer);
		write_symbol(writer->yaml, entry);
	}
	yaml_take_lines(writer->yaml, text);
}

static void
write_yaml_head(void *writer, const RoutingSummary *summary, StringInfo text)
{
	JsonValue  *metadata = json_own(json_object_new_object());

	json_set(metadata, "routing", json_from_slice(slice_from_string(summary->routing)));
	json_set(metadata, "total_targets", json_made(json_object_new_int64(summary->counts.targets)));
	json_set(metadata, "total_decisions", json_made(json_object_new_int64(summary->counts.decisions)));
	yaml_write_member("metadata", metadata, text);
}

static void
write_yaml_tail(void *arg, const RoutingSummary *summary, StringInfo text)
{
	TargetsWriter *writer = arg;

	if (writer->has_target)
		end_target(writer);
	yaml_end_mapping(writer->yaml);
	yaml_take_lines(writer->yaml, text);
}

const RoutingFormat routing_yaml_format = {
	.name = "yaml",
	.create = create_yaml,
	.write_entry = write_yaml_entry,
	.write_head = write_yaml_head,
	.write_tail = write_yaml_tail
};
