/*
 * training_plan_documents.c
 *		SQL functions training_plan_to_json(), training_plan_to_yaml(),
 *		training_plan_to_markdown(), training_plan_to_html() and training_plan_lines():
 *		a stored plan as a text, or as its lines.
 */
#include "postgres.h"

#include "fmgr.h"
#include "miscadmin.h"
#include "utils/lsyscache.h"

#include "base/arguments.h"
#include "documents/document_output.h"
#include "documents/plan_text.h"

PG_FUNCTION_INFO_V1(training_plan_to_json);
PG_FUNCTION_INFO_V1(training_plan_to_yaml);
PG_FUNCTION_INFO_V1(training_plan_to_markdown);
PG_FUNCTION_INFO_V1(training_plan_to_html);
PG_FUNCTION_INFO_V1(training_plan_lines);

/* Arguments, as the SQL declarations have them. */
#define ARG_PLAN_ID		0

static void
open_document(DocumentOutput *output, FunctionCallInfo fcinfo, const char *format)
{
	PlanText   *text = plan_text_create(document_format_by_name(format), false, (Size) work_mem * 1024);
	PlanDocument *document;

	require_argument(fcinfo, ARG_PLAN_ID, "plan_id");
	document = plan_document_open(get_func_namespace(fcinfo->flinfo->fn_oid),
								  PG_GETARG_INT64(ARG_PLAN_ID));
	plan_texts_read(&text, 1, document);
	plan_text_output(text, output);
	output->name = psprintf("training plan " INT64_FORMAT, PG_GETARG_INT64(ARG_PLAN_ID));
	output->hint = "Use training_plan_lines() or write_training_plan().";
}

/* training_plan_to_json(plan_id bigint) */
Datum
training_plan_to_json(PG_FUNCTION_ARGS)
{
	return document_as_value(fcinfo, open_document, "json");
}

/* training_plan_to_yaml(plan_id bigint) */
Datum
training_plan_to_yaml(PG_FUNCTION_ARGS)
{
	return document_as_value(fcinfo, open_document, "yaml");
}

/* training_plan_to_markdown(plan_id bigint) */
Datum
training_plan_to_markdown(PG_FUNCTION_ARGS)
{
	return document_as_value(fcinfo, open_document, "markdown");
}

/* training_plan_to_html(plan_id bigint) */
Datum
training_plan_to_html(PG_FUNCTION_ARGS)
{
	return document_as_value(fcinfo, open_document, "html");
}

/* training_plan_lines(plan_id bigint, format text) */
Datum
training_plan_lines(PG_FUNCTION_ARGS)
{
	return document_as_lines(fcinfo, open_document);
}
