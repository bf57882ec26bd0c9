/*
 * yaml_format.c
 *		A plan's document as YAML.
 *
 * Metadata, jobs and summary each come from a writer of their own and are put
 * one behind the other: a block sequence stands in a mapping as it stands alone.
 */
#include "postgres.h"

#include "documents/document_format.h"
#include "formats/yaml_writer.h"

static void *
create_yaml(const PlanDocument *document)
{
	YamlWriter *writer = yaml_writer_create();

	yaml_begin_sequence(writer);
	return writer;
}

static void
write_yaml_job(void *arg, const DocumentJob *job, StringInfo text)
{
	YamlWriter *writer = arg;

	yaml_write_value(writer, job->value);
	yaml_take_lines(writer, text);
}

static void
write_yaml_head(void *arg, JsonValue *metadata, JsonValue *summary, StringInfo text)
{
	yaml_write_member("metadata", metadata, text);
	appendStringInfoString(text, document_jobs(metadata) > 0 ? "jobs:\n" : "jobs: []\n");
}

static void
write_yaml_tail(void *arg, JsonValue *metadata, JsonValue *summary, StringInfo text)
{
	yaml_write_member("summary", summary, text);
}

const DocumentFormat yaml_format = {
	.name = "yaml",
	.file_name = "training_plan.yaml",
	.by_priority = true,
	.separator = "",
	.create = create_yaml,
	.write_job = write_yaml_job,
	.write_head = write_yaml_head,
	.write_tail = write_yaml_tail
};
