/*
 * compare_training_plans_to_markdown.c
 *		SQL function compare_training_plans_to_markdown(): what changed from one plan
 *		to another, for people.
 *
 * A line that counts comes first, then a table for each kind of change.  Which table a
 * change belongs to is known as it comes, how many there are only in the end; so the
 * tables' rows are put aside, on disk where they are many.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "base/arguments.h"
#include "base/spool.h"
#include "documents/markdown_text.h"
#include "plans/plan_comparison.h"

PG_FUNCTION_INFO_V1(compare_training_plans_to_markdown);

/* Arguments, as the SQL declaration has them. */
#define ARG_BEFORE		0
#define ARG_AFTER		1

/* What a cell of a table says. */
typedef enum Cell
{
	CELL_NONE,
	CELL_TARGET,
	CELL_SYMBOL,
	CELL_ROUTE,
	CELL_PRIORITY,
	CELL_FAMILIES,
	CELL_BEFORE,				/* what differs, as it was */
	CELL_AFTER,
	CELL_REASON_BEFORE,
	CELL_REASON_AFTER
} Cell;

/* A column, and how wide it is at least. */
static const MarkdownColumn cells[] =
{
	[CELL_TARGET] = {"Target", 12, false},
	[CELL_SYMBOL] = {"Symbol", 8, false},
	[CELL_ROUTE] = {"Route", 23, false},
	[CELL_PRIORITY] = {"Priority", 8, true},
	[CELL_FAMILIES] = {"Families", 17, false},
	[CELL_BEFORE] = {"Before", 23, false},
	[CELL_AFTER] = {"After", 23, false},
	[CELL_REASON_BEFORE] = {"Reason before", 13, false},
	[CELL_REASON_AFTER] = {"Reason after", 12, false}
};

#define MAX_CELLS	8

static const struct
{
	const char *title;
	Cell		cells[MAX_CELLS];
}			tables[] =
{
	[CHANGE_ADDED] = {
		"Added",
		{CELL_TARGET, CELL_SYMBOL, CELL_ROUTE, CELL_PRIORITY, CELL_FAMILIES, CELL_REASON_BEFORE, CELL_REASON_AFTER}
	},
	[CHANGE_REMOVED] = {
		"Removed",
		{CELL_TARGET, CELL_SYMBOL, CELL_ROUTE, CELL_PRIORITY, CELL_FAMILIES, CELL_REASON_BEFORE, CELL_REASON_AFTER}
	},
	[CHANGE_CHANGED] = {
		"Changed",
		{CELL_TARGET, CELL_SYMBOL, CELL_BEFORE, CELL_AFTER, CELL_REASON_BEFORE, CELL_REASON_AFTER}
	}
};

typedef struct ComparisonWriter
{
	Spool	   *rows[CHANGE_KINDS];
	uint64		bytes;			/* of all rows */
	StringInfoData row;			/* work space */
} ComparisonWriter;

/* ---- rows ----------------------------------------------------------------------------- */

static void
append_text(StringInfo text, const JobRow *job, JobColumn column)
{
	if (!job->nulls[column])
		markdown_append(text, slice_from_text(PG_DETOAST_DATUM_PACKED(job->values[column])));
}

static void
append_families(StringInfo text, const JobRow *job)
{
	Datum	   *elements;
	bool	   *nulls;
	int			count;

	deconstruct_array(DatumGetArrayTypeP(job->values[JOB_MODEL_FAMILIES]), TEXTOID, -1, false, TYPALIGN_INT,
					  &elements, &nulls, &count);
	for (int i = 0; i < count; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (i > 0)
			appendStringInfoString(text, ", ");
		if (!nulls[i])
			markdown_append(text, slice_from_text((struct varlena *) DatumGetPointer(elements[i])));
	}
	if (count == 0)
		appendStringInfoString(text, "none");
}

/* What a job has in the columns that differ, in words. */
static void
append_differing(StringInfo text, const JobRow *job, uint32 columns)
{
	const char *separator = "";

	for (ComparedColumn column = 0; column < COMPARED_COLUMNS; column++)
	{
		if ((columns & (1 << column)) == 0)
			continue;
		appendStringInfoString(text, separator);
		separator = "; ";
		switch (column)
		{
			case COMPARED_ROUTE:
				appendStringInfoString(text, "route ");
				append_text(text, job, JOB_ROUTE);
				break;
			case COMPARED_TRAINING_TYPE:
				appendStringInfoString(text, "type ");
				append_text(text, job, JOB_TRAINING_TYPE);
				break;
			case COMPARED_MODEL_FAMILIES:
				appendStringInfoString(text, "families ");
				append_families(text, job);
				break;
			case COMPARED_PRIORITY:
				appendStringInfo(text, "priority %d", DatumGetInt32(job->values[JOB_PRIORITY]));
				break;
			case COMPARED_NEEDS_POOLED:
				appendStringInfoString(text, job_row_needs_pooled(job) ? "needs the pooled model" :
									   "does not need the pooled model");
				break;
			case COMPARED_COLUMNS:
				break;
		}
	}
}

static void
append_cell(StringInfo text, const JobChange *change, Cell cell)
{
	const JobRow *job = change->kind == CHANGE_REMOVED ? change->before : change->after;

	switch (cell)
	{
		case CELL_TARGET:
			append_text(text, job, JOB_TARGET);
			break;
		case CELL_SYMBOL:
			append_text(text, job, JOB_SYMBOL);
			break;
		case CELL_ROUTE:
			append_text(text, job, JOB_ROUTE);
			break;
		case CELL_PRIORITY:
			appendStringInfo(text, "%*d", cells[cell].width, DatumGetInt32(job->values[JOB_PRIORITY]));
			break;
		case CELL_FAMILIES:
			append_families(text, job);
			break;
		case CELL_BEFORE:
			append_differing(text, change->before, change->columns);
			break;
		case CELL_AFTER:
			append_differing(text, change->after, change->columns);
			break;
		case CELL_REASON_BEFORE:
			if (change->before != NULL)
				append_text(text, change->before, JOB_REASON);
			break;
		case CELL_REASON_AFTER:
			if (change->after != NULL)
				append_text(text, change->after, JOB_REASON);
			break;
		case CELL_NONE:
			break;
	}
}

static void
write_change(void *arg, const JobChange *change)
{
	ComparisonWriter *writer = arg;
	StringInfo	text = &writer->row;

	resetStringInfo(text);
	for (const Cell *cell = tables[change->kind].cells; *cell != CELL_NONE; cell++)
	{
		int			start;

		appendStringInfoString(text, "| ");
		start = text->len;
		append_cell(text, change, *cell);
		markdown_pad(text, start, cells[*cell].width);
		appendStringInfoCharMacro(text, ' ');
	}
	appendStringInfoString(text, "|");
	spool_put(writer->rows[change->kind], text);
	writer->bytes += strlen("\n") + text->len;
}

/* ---- the whole ------------------------------------------------------------------------ */

static void
append_heading(StringInfo text, ChangeKind kind)
{
	MarkdownColumn columns[MAX_CELLS];
	int			count = 0;

	appendStringInfo(text, "\n\n## %s\n\n", tables[kind].title);
	for (const Cell *cell = tables[kind].cells; *cell != CELL_NONE; cell++)
		columns[count++] = cells[*cell];
	markdown_append_heading(text, columns, count);
	/* each row begins with the end of the line before */
	text->data[--text->len] = '\0';
}

static void
append_counts(StringInfo text, const ChangeCounts *counts)
{
	for (ChangeKind kind = 0; kind < CHANGE_KINDS; kind++)
		appendStringInfo(text, INT64_FORMAT " %s, ", counts->changes[kind], change_names[kind]);
	appendStringInfo(text, INT64_FORMAT " as before", counts->same);
}

static char *
put_bytes(char *end, Slice bytes)
{
	memcpy(end, bytes.data, bytes.len);
	return end + bytes.len;
}

/* Put together what was written, in the caller's memory context; the last line's end is left to whoever writes it. */
static Datum
whole_text(ComparisonWriter *writer, const ChangeCounts *counts, MemoryContext caller)
{
	StringInfoData head;
	StringInfoData headings[CHANGE_KINDS];
	uint64		size = VARHDRSZ + writer->bytes;
	struct varlena *value;
	char	   *end;

	initStringInfo(&head);
	append_counts(&head, counts);
	size += head.len;
	for (ChangeKind kind = 0; kind < CHANGE_KINDS; kind++)
	{
		initStringInfo(&headings[kind]);
		if (counts->changes[kind] > 0)
			append_heading(&headings[kind], kind);
		size += headings[kind].len;
	}
	if (!AllocSizeIsValid(size))
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("comparison of training plans is too long for one value"),
				 errdetail("It has %llu bytes, and a value less than 1 GB.",
						   (unsigned long long) (size - VARHDRSZ)),
				 errhint("Use compare_training_plans().")));

	value = MemoryContextAlloc(caller, size);
	SET_VARSIZE(value, size);
	end = put_bytes(VARDATA(value), slice_from_buffer(&head));
	for (ChangeKind kind = 0; kind < CHANGE_KINDS; kind++)
	{
		Slice		row;

		end = put_bytes(end, slice_from_buffer(&headings[kind]));
		spool_rewind(writer->rows[kind]);
		while (spool_get(writer->rows[kind], &row))
		{
			CHECK_FOR_INTERRUPTS();
			*end++ = '\n';
			end = put_bytes(end, row);
		}
	}
	Assert(end == (char *) value + size);
	return PointerGetDatum(value);
}

/* compare_training_plans_to_markdown(before bigint, after bigint) */
Datum
compare_training_plans_to_markdown(PG_FUNCTION_ARGS)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "trainplan document",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	ComparisonWriter writer = {.bytes = 0};
	ChangeCounts counts;
	Datum		text;

	require_argument(fcinfo, ARG_BEFORE, "before");
	require_argument(fcinfo, ARG_AFTER, "after");
	for (ChangeKind kind = 0; kind < CHANGE_KINDS; kind++)
		writer.rows[kind] = spool_create((Size) work_mem * 1024 / CHANGE_KINDS);
	initStringInfo(&writer.row);
	compare_plans(get_func_namespace(fcinfo->flinfo->fn_oid), PG_GETARG_INT64(ARG_BEFORE),
				  PG_GETARG_INT64(ARG_AFTER), write_change, NULL, &writer, &counts);
	text = whole_text(&writer, &counts, caller);
	for (ChangeKind kind = 0; kind < CHANGE_KINDS; kind++)
		spool_close(writer.rows[kind]);
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(context);
	return text;
}
