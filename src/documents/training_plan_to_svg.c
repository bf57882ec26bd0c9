/*
 * training_plan_to_svg.c
 *		SQL function training_plan_to_svg(): the map of a stored plan as a picture.
 */
#include "postgres.h"

#include "fmgr.h"
#include "miscadmin.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "base/arguments.h"
#include "documents/map_picture.h"
#include "documents/plan_document.h"

PG_FUNCTION_INFO_V1(training_plan_to_svg);

/* Arguments, as the SQL declaration has them. */
#define ARG_PLAN_ID		0

static void
add_job(void *arg, const DocumentJob *job)
{
	map_picture_add(arg, job->keys[KEY_TARGET], job->keys[KEY_SYMBOL], job->keys[KEY_ROUTE]);
}

/*
 * training_plan_to_svg(plan_id bigint)
 *
 * Errors: those of training_plan_to_json().
 */
Datum
training_plan_to_svg(PG_FUNCTION_ARGS)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "trainplan picture", ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	MapPicture *picture = map_picture_create((Size) work_mem * 1024);
	PlanDocument *document;
	StringInfoData title;
	StringInfoData svg;
	Datum		text;

	require_argument(fcinfo, ARG_PLAN_ID, "plan_id");
	document = plan_document_open(get_func_namespace(fcinfo->flinfo->fn_oid), PG_GETARG_INT64(ARG_PLAN_ID));
	plan_document_read(document, false, add_job, picture);

	initStringInfo(&title);
	appendStringInfo(&title, "Training plan " INT64_FORMAT " (", PG_GETARG_INT64(ARG_PLAN_ID));
	append_slice(&title, json_string_slice(json_object_object_get(plan_document_metadata(document), "run_id")));
	appendStringInfoChar(&title, ')');
	initStringInfo(&svg);
	map_picture_draw(picture, slice_from_buffer(&title), &svg);
	map_picture_close(picture);

	MemoryContextSwitchTo(caller);
	text = slice_to_text(slice_from_buffer(&svg));
	MemoryContextDelete(context);
	PG_RETURN_DATUM(text);
}
