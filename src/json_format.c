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

/* End the line, with a comma between two values, and indent the next one. */
static inline void
new_line(StringInfo text, bool comma, int indent)
{
	char	   *end;

	enlargeStringInfo(text, indent + 2);
	end = text->data + text->len;
	if (comma)
		*end++ = ',';
	*end++ = '\n';
	memset(end, ' ', indent);
	end[indent] = '\0';
	text->len = end + indent - text->data;
}

static void
write_name(StringInfo text, bool first, Slice name, int indent)
{
	new_line(text, !first, indent);
	append_json_string(text, name);
	appendBinaryStringInfo(text, ": ", 2);
}

static void
write_object(StringInfo text, JsonValue *object, int indent)
{
	bool		first = true;

	appendStringInfoCharMacro(text, '{');
	json_foreach_member(member, object)
	{
		write_name(text, first, slice_from_string(lh_entry_k(member)), indent + INDENT);
		first = false;
		write_json(text, (JsonValue *) lh_entry_v(member), indent + INDENT);
	}
	if (!first)
		new_line(text, false, indent);
	appendStringInfoCharMacro(text, '}');
}

static void
write_array(StringInfo text, JsonValue *array, int indent)
{
	size_t		length = json_object_array_length(array);

	appendStringInfoCharMacro(text, '[');
	for (size_t i = 0; i < length; i++)
	{
		new_line(text, i > 0, indent + INDENT);
		write_json(text, json_object_array_get_idx(array, i), indent + INDENT);
	}
	if (length > 0)
		new_line(text, false, indent);
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
			append_json_number(text, value);
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

/* Jobs have the same members, so what stands before their values is written once. */
typedef struct JsonWriter
{
	StringInfoData names[JOB_MEMBERS];	/* end of line, indentation, name */
	int			names_written;
} JsonWriter;

static void *
create_json(void)
{
	JsonWriter *writer = palloc0(sizeof(JsonWriter));

	for (int i = 0; i < JOB_MEMBERS; i++)
		initStringInfo(&writer->names[i]);
	return writer;
}

/* The text of a value, kept with it. */
typedef struct KeptText
{
	int			length;
	char		bytes[FLEXIBLE_ARRAY_MEMBER];
} KeptText;

static void
keep_text(JsonValue *value, const char *bytes, int length)
{
	KeptText   *kept = malloc(offsetof(KeptText, bytes) + length);

	if (kept == NULL)
		return;
	kept->length = length;
	memcpy(kept->bytes, bytes, length);
	json_object_set_userdata(value, kept, json_object_free_userdata);
}

/*
 * Append a member of a job.  What is not a scalar is written once and its text
 * kept, because jobs share their families and metadata.
 */
static void
write_job_member(StringInfo text, JsonValue *value, int indent)
{
	const KeptText *kept;
	int			start = text->len;

	if (!json_object_is_type(value, json_type_array) && !json_object_is_type(value, json_type_object))
		write_json(text, value, indent);
	else if ((kept = json_object_get_userdata(value)) != NULL)
		appendBinaryStringInfo(text, kept->bytes, kept->length);
	else
	{
		write_json(text, value, indent);
		keep_text(value, text->data + start, text->len - start);
	}
}

static void
write_json_job(void *arg, const DocumentJob *job, StringInfo text)
{
	JsonWriter *writer = arg;
	int			i = 0;

	appendStringInfoSpaces(text, JOB_INDENT);
	appendStringInfoCharMacro(text, '{');
	json_foreach_member(member, job->value)
	{
		StringInfo	name = &writer->names[i];

		if (i == writer->names_written)
		{
			write_name(name, i == 0, slice_from_string(lh_entry_k(member)), JOB_INDENT + INDENT);
			writer->names_written++;
		}
		appendBinaryStringInfo(text, name->data, name->len);
		write_job_member(text, (JsonValue *) lh_entry_v(member), JOB_INDENT + INDENT);
		i++;
	}
	new_line(text, false, JOB_INDENT);
	appendStringInfoCharMacro(text, '}');
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
		new_line(text, false, INDENT);
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
