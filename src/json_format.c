/*
 * json_format.c
 *		A plan's document as JSON.
 *
 * Two blanks a level, a member or element a line, as Python's json.dump() writes
 * it with indent=2.  json-c could write its values itself, but differs from
 * version to version in how it writes empty ones; the same plan is to be the
 * same bytes everywhere.
 */
#include "postgres.h"

#include "miscadmin.h"

#include "document_format.h"

#define INDENT	2

/* How deep in the document a job stands. */
#define JOB_INDENT	(2 * INDENT)

static void
new_line(StringInfo text, int indent)
{
	appendStringInfoCharMacro(text, '\n');
	appendStringInfoSpaces(text, indent);
}

static void
append_slice(StringInfo text, Slice slice)
{
	appendBinaryStringInfo(text, slice.data, slice.len);
}

static void
write_object(StringInfo text, JsonValue *object, int indent)
{
	bool		first = true;

	appendStringInfoCharMacro(text, '{');
	json_foreach_member(member, object)
	{
		if (!first)
			appendStringInfoCharMacro(text, ',');
		first = false;
		new_line(text, indent + INDENT);
		append_json_string(text, slice_from_string(lh_entry_k(member)));
		appendBinaryStringInfo(text, ": ", 2);
		write_json(text, (JsonValue *) lh_entry_v(member), indent + INDENT);
	}
	if (!first)
		new_line(text, indent);
	appendStringInfoCharMacro(text, '}');
}

static void
write_array(StringInfo text, JsonValue *array, int indent)
{
	size_t		length = json_object_array_length(array);

	appendStringInfoCharMacro(text, '[');
	for (size_t i = 0; i < length; i++)
	{
		if (i > 0)
			appendStringInfoCharMacro(text, ',');
		new_line(text, indent + INDENT);
		write_json(text, json_object_array_get_idx(array, i), indent + INDENT);
	}
	if (length > 0)
		new_line(text, indent);
	appendStringInfoCharMacro(text, ']');
}

/* Append a value whose first line is indented already. */
void
write_json(StringInfo text, JsonValue *value, int indent)
{
	switch (json_object_get_type(value))
	{
		case json_type_null:
			appendBinaryStringInfo(text, "null", 4);
			break;
		case json_type_boolean:
			appendStringInfoString(text, json_object_get_boolean(value) ? "true" : "false");
			break;
		case json_type_int:
		case json_type_double:
			append_slice(text, json_number_slice(value));
			break;
		case json_type_string:
			append_json_string(text, json_string_slice(value));
			break;
		case json_type_array:
			check_stack_depth();
			write_array(text, value, indent);
			break;
		case json_type_object:
			check_stack_depth();
			write_object(text, value, indent);
			break;
	}
}

static void *
create_json(void)
{
	return NULL;
}

static void
write_json_job(void *writer, const DocumentJob *job, StringInfo text)
{
	appendStringInfoSpaces(text, JOB_INDENT);
	write_json(text, job->value, JOB_INDENT);
}

static void
write_json_head(void *writer, JsonValue *metadata, JsonValue *summary, StringInfo text)
{
	appendStringInfoString(text, "{\n  \"metadata\": ");
	write_json(text, metadata, INDENT);
	appendStringInfoString(text, ",\n  \"jobs\": [");
	if (document_jobs(metadata) > 0)
		appendStringInfoCharMacro(text, '\n');
}

static void
write_json_tail(void *writer, JsonValue *metadata, JsonValue *summary, StringInfo text)
{
	if (document_jobs(metadata) > 0)
		new_line(text, INDENT);
	appendStringInfoString(text, "],\n  \"summary\": ");
	write_json(text, summary, INDENT);
	appendStringInfoString(text, "\n}\n");
}

const DocumentFormat json_format = {
	.name = "json",
	.file_name = "training_plan.json",
	.by_priority = true,
	.separator = ",\n",
	.create = create_json,
	.write_job = write_json_job,
	.write_head = write_json_head,
	.write_tail = write_json_tail
};
