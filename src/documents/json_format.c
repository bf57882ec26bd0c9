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

#include "common/hashfn.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#include "documents/document_format.h"

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
	CHECK_FOR_INTERRUPTS();

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

/*
 * Jobs share their families and metadata: for each of these many hash values,
 * the text of the first value that came is kept.
 */
#define TEXTS_KEPT	256

typedef struct KeptText
{
	JsonValue  *value;			/* NULL: none is kept here */
	Slice		text;
} KeptText;

typedef struct JsonWriter
{
	MemoryContext context;
	StringInfoData names[JOB_MEMBERS];	/* what stands before a job's values: end of line, name */
	int			names_written;
	JsonValue  *kept_values;	/* an array that holds those of kept */
	KeptText	kept[TEXTS_KEPT];
} JsonWriter;

static void *
create_json(void)
{
	JsonWriter *writer = palloc0(sizeof(JsonWriter));

	writer->context = CurrentMemoryContext;
	for (int i = 0; i < JOB_MEMBERS; i++)
		initStringInfo(&writer->names[i]);
	writer->kept_values = json_own(json_object_new_array());
	return writer;
}

static bool
is_scalar(JsonValue *value)
{
	return !json_object_is_type(value, json_type_array) && !json_object_is_type(value, json_type_object);
}

/* Append a member of a job. */
static void
write_job_member(JsonWriter *writer, StringInfo text, JsonValue *value, int indent)
{
	KeptText   *kept = &writer->kept[murmurhash32((uint32) ((uintptr_t) value >> 4)) % TEXTS_KEPT];
	int			start = text->len;

	if (kept->value == value && value != NULL)
	{
		appendBinaryStringInfo(text, kept->text.data, kept->text.len);
		return;
	}

	write_json(text, value, indent);
	if (kept->value == NULL && !is_scalar(value))
	{
		/* as long as it is held, no other value has its address */
		json_append(writer->kept_values, json_object_get(value));
		kept->text.len = text->len - start;
		kept->text.data = memcpy(MemoryContextAlloc(writer->context, kept->text.len),
								 text->data + start, kept->text.len);
		kept->value = value;
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
		write_job_member(writer, text, (JsonValue *) lh_entry_v(member), JOB_INDENT + INDENT);
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
