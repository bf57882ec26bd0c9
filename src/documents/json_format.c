/*
 * json_format.c
 *		A plan's document as JSON.
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "utils/memutils.h"

#include "documents/document_format.h"
#include "formats/json_writer.h"

/* How deep in the document a job stands. */
#define JOB_INDENT	(2 * JSON_INDENT)

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
	StringInfoData names[MAX_JOB_MEMBERS];	/* what stands before a job's values: end of line, name */
	int			names_written;
	JsonValue  *kept_values;	/* an array that holds those of kept */
	KeptText	kept[TEXTS_KEPT];
} JsonWriter;

static void *
create_json(const PlanDocument *document)
{
	JsonWriter *writer = palloc0(sizeof(JsonWriter));

	writer->context = CurrentMemoryContext;
	for (int i = 0; i < MAX_JOB_MEMBERS; i++)
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

	json_write_value(text, value, indent);
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
			json_write_name(name, i == 0, slice_from_string(lh_entry_k(member)), JOB_INDENT + JSON_INDENT);
			writer->names_written++;
		}
		appendBinaryStringInfo(text, name->data, name->len);
		write_job_member(writer, text, (JsonValue *) lh_entry_v(member), JOB_INDENT + JSON_INDENT);
		i++;
	}
	json_new_line(text, false, JOB_INDENT);
	appendStringInfoCharMacro(text, '}');
}

static void
write_json_head(void *writer, JsonValue *metadata, JsonValue *summary, StringInfo text)
{
	appendStringInfoString(text, "{\n  \"metadata\": ");
	json_write_value(text, metadata, JSON_INDENT);
	appendStringInfoString(text, ",\n  \"jobs\": [");
	if (document_jobs(metadata) > 0)
		appendStringInfoCharMacro(text, '\n');
}

static void
write_json_tail(void *writer, JsonValue *metadata, JsonValue *summary, StringInfo text)
{
	if (document_jobs(metadata) > 0)
		json_new_line(text, false, JSON_INDENT);
	appendStringInfoString(text, "],\n  \"summary\": ");
	json_write_value(text, summary, JSON_INDENT);
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
