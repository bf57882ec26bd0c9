/*
 * compare_training_plans_to_html.c
 *		SQL function compare_training_plans_to_html(): what changed from one plan to
 *		another, as a page with a map of both.
 *
 * How many jobs differ is known only in the end, and whether their reasons are in the
 * page goes by it.  So rows wait both with and without them.
 */
#include "postgres.h"

#include "fmgr.h"
#include "miscadmin.h"
#include "utils/lsyscache.h"

#include "base/arguments.h"
#include "base/spool.h"
#include "documents/document_output.h"
#include "documents/map_page.h"
#include "documents/page_facts.h"
#include "documents/plan_document.h"
#include "plans/plan_comparison.h"

PG_FUNCTION_INFO_V1(compare_training_plans_to_html);

/* Arguments, as the SQL declaration has them. */
#define ARG_BEFORE		0
#define ARG_AFTER		1

/* Of more jobs that differ, no reasons are in the page. */
#define CHANGES_WITH_REASONS	100000

/* Rows of the page, which wait for its head. */
typedef struct PageRows
{
	Spool	   *spool;			/* NULL: these are not wanted any more */
	uint64		bytes;
} PageRows;

typedef struct ComparisonPage
{
	JobMap	   *map;
	Dictionary *classes;
	uint32		same_class;		/* of jobs that are as before, whatever they are */
	StringInfoData key;			/* work space */
	StringInfoData row;			/* the same */
	int64		changes;
	PageRows	plain;
	PageRows	with_reasons;
	bool		any_row;

	/* once it is written */
	StringInfoData head;
	StringInfoData tail;
	PageRows   *rows;			/* those that are in the page */
	int			parts_out;		/* of head, rows, tail */
} ComparisonPage;

/* ---- classes ------------------------------------------------------------------------- */

/* What a class's key says of a side. */
#define SIDE_MISSING	'-'
#define SIDE_PRESENT	'!'

/* What a class's key begins with. */
typedef struct ClassHead
{
	uint8		kind;
	uint8		columns;
} ClassHead;

StaticAssertDecl(COMPARED_ALL <= PG_UINT8_MAX, "the columns that differ are a byte");

static void
append_key_side(StringInfo key, const JobRow *job)
{
	if (job == NULL)
	{
		appendStringInfoCharMacro(key, SIDE_MISSING);
		return;
	}
	appendStringInfoCharMacro(key, SIDE_PRESENT);
	map_key_append_job(key, DatumGetInt32(job->values[JOB_PRIORITY]),
					   slice_from_text(PG_DETOAST_DATUM_PACKED(job->values[JOB_ROUTE])),
					   slice_from_text(PG_DETOAST_DATUM_PACKED(job->values[JOB_TRAINING_TYPE])));
}

/* A class's key: the kind of change, the columns that differ, and both sides. */
static Slice
class_key(StringInfo key, const JobChange *change)
{
	ClassHead	head = {change->kind, change->kind == CHANGE_NONE ? 0 : change->columns};

	resetStringInfo(key);
	appendBinaryStringInfo(key, (const char *) &head, sizeof(head));
	append_key_side(key, change->before);
	append_key_side(key, change->after);
	return slice_from_buffer(key);
}

static void
append_side(StringInfo page, const char **key)
{
	if (*(*key)++ == SIDE_MISSING)
	{
		appendStringInfoString(page, "null");
		return;
	}
	appendStringInfoChar(page, '{');
	map_page_append_job(page, key);
	appendStringInfoChar(page, '}');
}

static void
append_class(StringInfo page, Slice key)
{
	ClassHead	head;
	const char *sides = key.data + sizeof(head);
	const char *separator = "";

	if (slice_is_null(key))
	{
		appendStringInfoString(page, "{\"change\": null, \"columns\": [], \"before\": null, \"after\": null}");
		return;
	}
	memcpy(&head, key.data, sizeof(head));
	appendStringInfo(page, "{\"change\": \"%s\", \"columns\": [",
					 head.kind == CHANGE_NONE ? "same" : change_names[head.kind]);
	for (ComparedColumn column = 0; column < COMPARED_COLUMNS; column++)
	{
		if ((head.columns & (1 << column)) == 0)
			continue;
		appendStringInfo(page, "%s\"%s\"", separator, compared_column_names[column]);
		separator = ", ";
	}
	appendStringInfoString(page, "], \"before\": ");
	append_side(page, &sides);
	appendStringInfoString(page, ", \"after\": ");
	append_side(page, &sides);
	appendStringInfoChar(page, '}');
}

/* ---- rows ---------------------------------------------------------------------------- */

static void
put_row(ComparisonPage *page, PageRows *rows, const MapRow *row, bool with_reasons)
{
	resetStringInfo(&page->row);
	map_page_append_row(&page->row, row, !page->any_row, with_reasons);
	spool_put(rows->spool, &page->row);
	rows->bytes += page->row.len;
}

static void
write_row(void *arg, const MapRow *row)
{
	ComparisonPage *page = arg;

	put_row(page, &page->plain, row, false);
	if (page->changes > CHANGES_WITH_REASONS && page->with_reasons.spool != NULL)
	{
		spool_close(page->with_reasons.spool);
		page->with_reasons.spool = NULL;
	}
	if (page->with_reasons.spool != NULL)
		put_row(page, &page->with_reasons, row, true);
	page->any_row = true;
}

static Slice
reason_of(const JobRow *job)
{
	return job == NULL || job->nulls[JOB_REASON] ? NULL_SLICE :
		slice_from_text(PG_DETOAST_DATUM_PACKED(job->values[JOB_REASON]));
}

static void
write_job(void *arg, const JobChange *change)
{
	ComparisonPage *page = arg;
	const JobRow *job = change->after != NULL ? change->after : change->before;
	MapJob		cell = {
		.server = NULL_SLICE,
		.target = job->target,
		.symbol = job->symbol,
		.class_number = map_class_number(page->classes, class_key(&page->key, change))
	};

	if (change->kind == CHANGE_NONE)
	{
		if (cell.class_number == OTHER_CLASS)
			cell.class_number = page->same_class;
	}
	else
	{
		page->changes++;
		cell.reasons = page->with_reasons.spool == NULL ? 0 : 2;
		cell.reason[0] = reason_of(change->before);
		cell.reason[1] = reason_of(change->after);
	}
	job_map_add(page->map, &cell);
}

/* ---- the page ------------------------------------------------------------------------ */

static void
append_facts(StringInfo facts, Oid schema, const char *side, int64 plan_id)
{
	PlanDocument *document = plan_document_open(schema, plan_id);

	appendStringInfo(facts, "<h2>%s: training plan " INT64_FORMAT "</h2>\n", side, plan_id);
	page_append_plan_facts(facts, NULL, plan_document_metadata(document), NULL);
}

static void
write_head(ComparisonPage *page, Oid schema, int64 before, int64 after, const ChangeCounts *counts)
{
	StringInfoData facts;
	char	   *title = psprintf("Training plan " INT64_FORMAT " to " INT64_FORMAT, before, after);

	initStringInfo(&facts);
	appendStringInfo(&facts, "<h1>%s</h1>\n<p class=\"counts-line\">", title);
	for (ChangeKind kind = 0; kind < CHANGE_KINDS; kind++)
		appendStringInfo(&facts, INT64_FORMAT " %s, ", counts->changes[kind], change_names[kind]);
	appendStringInfo(&facts, INT64_FORMAT " as before</p>\n", counts->same);
	append_facts(&facts, schema, "Before", before);
	append_facts(&facts, schema, "After", after);
	map_page_append_head(&page->head, slice_from_string(title), slice_from_buffer(&facts));
	appendStringInfo(&page->head, "{\"kind\": \"comparison\",\n\"before\": \"" INT64_FORMAT "\",\n"
					 "\"after\": \"" INT64_FORMAT "\",\n\"rows\": [\n", before, after);
}

static void
write_tail(ComparisonPage *page)
{
	map_page_append_columns(&page->tail, page->map, page->rows == &page->with_reasons);
	map_page_append_classes(&page->tail, page->classes, append_class);
	map_page_append_tail(&page->tail);
}

static bool
next_piece(void *arg, Slice *piece)
{
	ComparisonPage *page = arg;

	CHECK_FOR_INTERRUPTS();

	switch (page->parts_out)
	{
		case 0:
			*piece = slice_from_buffer(&page->head);
			page->parts_out++;
			return true;
		case 1:
			if (spool_get(page->rows->spool, piece))
				return true;
			*piece = slice_from_buffer(&page->tail);
			page->parts_out++;
			return true;
		default:
			return false;
	}
}

static void
close_page(void *arg)
{
	ComparisonPage *page = arg;

	spool_close(page->plain.spool);
	if (page->with_reasons.spool != NULL)
		spool_close(page->with_reasons.spool);
}

static void
open_page(DocumentOutput *output, FunctionCallInfo fcinfo, const char *format)
{
	ComparisonPage *page = palloc0(sizeof(ComparisonPage));
	const JobChange same = {.kind = CHANGE_NONE};
	Oid			schema = get_func_namespace(fcinfo->flinfo->fn_oid);
	ChangeCounts counts;
	int64		before;
	int64		after;

	require_argument(fcinfo, ARG_BEFORE, "before");
	require_argument(fcinfo, ARG_AFTER, "after");
	before = PG_GETARG_INT64(ARG_BEFORE);
	after = PG_GETARG_INT64(ARG_AFTER);

	page->map = job_map_create(write_row, page);
	page->classes = map_classes_create();
	initStringInfo(&page->key);
	page->same_class = map_class_number(page->classes, class_key(&page->key, &same));
	initStringInfo(&page->row);
	initStringInfo(&page->head);
	initStringInfo(&page->tail);
	page->plain.spool = spool_create((Size) work_mem * 1024 / 2);
	page->with_reasons.spool = spool_create((Size) work_mem * 1024 / 2);

	compare_plans(schema, before, after, write_job, write_job, page, &counts);
	job_map_finish(page->map);
	page->rows = page->with_reasons.spool == NULL ? &page->plain : &page->with_reasons;
	write_head(page, schema, before, after, &counts);
	write_tail(page);
	spool_rewind(page->rows->spool);

	output->name = psprintf("the comparison of training plans " INT64_FORMAT " and " INT64_FORMAT, before, after);
	output->hint = "Use compare_training_plans().";
	output->size = page->head.len + page->rows->bytes + page->tail.len;
	output->text = page;
	output->next = next_piece;
	output->close = close_page;
}

/* compare_training_plans_to_html(before bigint, after bigint) */
Datum
compare_training_plans_to_html(PG_FUNCTION_ARGS)
{
	return document_as_value(fcinfo, open_page, "html");
}
