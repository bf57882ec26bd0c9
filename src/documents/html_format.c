/*
 * html_format.c
 *		A plan's document as a page: facts and counts in words, and its jobs as a map.
 *
 * The map tells a job by little: its place, and a class, which is what its cell looks
 * like.  Reasons are written where the plan is small enough for them.
 */
#include "postgres.h"

#include "documents/document_format.h"
#include "documents/map_page.h"
#include "documents/page_facts.h"
#include "documents/page_text.h"

/* Plans of more jobs have no reasons in their page. */
#define JOBS_WITH_REASONS	100000

typedef struct HtmlWriter
{
	const PlanDocument *document;
	JobMap	   *map;
	Dictionary *classes;
	StringInfoData key;			/* work space */
	bool		with_reasons;
	bool		any_row;
	StringInfo	text;			/* where rows go */
} HtmlWriter;

/* ---- classes ------------------------------------------------------------------------- */

/* What a class's key says of a state. */
#define STATES_NOT_TOLD	'-'
#define STATE_MISSING	'?'
#define STATE_TOLD		'!'

/*
 * A class's key: the priority, the route, the training type, and what there is of the
 * state.
 */
static Slice
class_key(HtmlWriter *writer, const DocumentJob *job)
{
	StringInfo	key = &writer->key;

	resetStringInfo(key);
	map_key_append_job(key, job->priority, job->keys[KEY_ROUTE], job->keys[KEY_TRAINING_TYPE]);
	if (!plan_document_has_states(writer->document))
		appendStringInfoCharMacro(key, STATES_NOT_TOLD);
	else if (slice_is_null(job->state))
		appendStringInfoCharMacro(key, STATE_MISSING);
	else
	{
		appendStringInfoCharMacro(key, STATE_TOLD);
		append_slice(key, job->state);
	}
	return slice_from_buffer(key);
}

static void
append_class(StringInfo page, Slice key)
{
	const char *end = key.data + key.len;
	const char *part = key.data;

	if (slice_is_null(key))
	{
		appendStringInfoString(page, "{\"route\": null, \"training_type\": null, \"priority\": null}");
		return;
	}
	appendStringInfoChar(page, '{');
	map_page_append_job(page, &part);
	if (*part != STATES_NOT_TOLD)
	{
		Slice		state = {part + 1, end - part - 1};

		appendStringInfoString(page, ", \"state\": ");
		page_append_json(page, *part == STATE_TOLD ? state : NULL_SLICE);
	}
	appendStringInfoChar(page, '}');
}

/* ---- the page ------------------------------------------------------------------------ */

static void
write_row(void *arg, const MapRow *row)
{
	HtmlWriter *writer = arg;

	map_page_append_row(writer->text, row, !writer->any_row, writer->with_reasons);
	writer->any_row = true;
}

static void *
create_html(const PlanDocument *document)
{
	HtmlWriter *writer = palloc0(sizeof(HtmlWriter));

	writer->document = document;
	writer->map = job_map_create(write_row, writer);
	writer->classes = map_classes_create();
	initStringInfo(&writer->key);
	writer->with_reasons = plan_document_has_at_most(document, JOBS_WITH_REASONS);
	return writer;
}

/* The target's row is written when it is whole, with the first job of the next. */
static void
write_html_job(void *arg, const DocumentJob *job, StringInfo text)
{
	HtmlWriter *writer = arg;
	MapJob		cell = {
		.server = job->server,
		.plan_id = job->plan_id,
		.target = job->keys[KEY_TARGET],
		.symbol = job->keys[KEY_SYMBOL],
		.class_number = map_class_number(writer->classes, class_key(writer, job))
	};

	if (writer->with_reasons)
	{
		cell.reasons = 1;
		cell.reason[0] = json_string_slice(json_object_object_get(job->value, "reason"));
	}
	writer->text = text;
	job_map_add(writer->map, &cell);
}

static void
write_html_head(void *arg, JsonValue *metadata, JsonValue *summary, StringInfo text)
{
	HtmlWriter *writer = arg;
	Slice		run_id = json_string_slice(json_object_object_get(metadata, "run_id"));
	bool		is_of_run = plan_document_is_of_run(writer->document);
	char	   *plan = is_of_run ? NULL : psprintf(INT64_FORMAT, plan_document_plan_id(writer->document));
	StringInfoData title;
	StringInfoData facts;

	initStringInfo(&title);
	appendStringInfoString(&title, "Training plan ");
	append_slice(&title, run_id);
	initStringInfo(&facts);
	appendStringInfoString(&facts, "<h1>");
	page_append(&facts, slice_from_buffer(&title));
	appendStringInfoString(&facts, "</h1>\n");
	page_append_plan_facts(&facts, plan, metadata, summary);
	page_append_counts(&facts, summary);
	map_page_append_head(text, slice_from_buffer(&title), slice_from_buffer(&facts));

	if (is_of_run)
	{
		appendStringInfoString(text, "{\"kind\": \"run\",\n\"run_id\": ");
		page_append_json(text, run_id);
		appendStringInfoString(text, ",\n");
	}
	else
		appendStringInfo(text, "{\"kind\": \"plan\",\n\"plan_id\": \"%s\",\n", plan);
	appendStringInfoString(text, "\"rows\": [\n");
}

static void
write_html_tail(void *arg, JsonValue *metadata, JsonValue *summary, StringInfo text)
{
	HtmlWriter *writer = arg;
	const char *last_change = plan_document_last_change(writer->document);

	writer->text = text;
	job_map_finish(writer->map);
	map_page_append_columns(text, writer->map, writer->with_reasons);
	if (last_change != NULL)
		appendStringInfo(text, "\"last_change\": \"%s\",\n", last_change);
	map_page_append_classes(text, writer->classes, append_class);
	map_page_append_tail(text);
}

const DocumentFormat html_format = {
	.name = "html",
	.file_name = "training_plan.html",
	.by_priority = false,
	.with_states = true,
	.separator = "",
	.create = create_html,
	.write_job = write_html_job,
	.write_head = write_html_head,
	.write_tail = write_html_tail
};
