/*
 * plan_views.c
 *		The jobs of a plan by target, by symbol, by training type and by route:
 *		a JSON file for each value.
 *
 * A job is the same text in every view as it is in the plan's JSON document, at
 * the same indentation.  So views are put together from pieces of the document,
 * once that is written: for each view, runs of jobs with the same value, sorted
 * by value and place.  A run is copied as it is, separators and all.
 */
#include "postgres.h"

#include <unistd.h>

#include "miscadmin.h"
#include "port/pg_bswap.h"
#include "utils/memutils.h"

#include "base/byte_sort.h"
#include "base/encoding.h"
#include "base/file_name.h"
#include "documents/document_format.h"
#include "documents/plan_views.h"

static const char *const view_folders[] = {
	[KEY_TARGET] = "by_target",
	[KEY_SYMBOL] = "by_symbol",
	[KEY_TRAINING_TYPE] = "by_type",
	[KEY_ROUTE] = "by_route"
};

/* Where a run of jobs stands in the document. */
typedef struct Run
{
	uint64		offset;
	uint64		length;
} Run;

struct PlanViews
{
	ByteSort   *runs;

	/* the run that each view is at; a length of 0 if there is none */
	StringInfoData values[JOB_KEYS];
	Run			current[JOB_KEYS];
};

PlanViews *
plan_views_create(void)
{
	PlanViews  *views = palloc0(sizeof(PlanViews));

	views->runs = byte_sort_create(work_mem);
	for (int i = 0; i < JOB_KEYS; i++)
		initStringInfo(&views->values[i]);
	return views;
}

/* A record sorts by view, value and place; no value has a zero byte. */
static void
put_run(PlanViews *views, JobKey view)
{
	Run		   *run = &views->current[view];
	StringInfo	record;
	Run			place = {pg_hton64(run->offset), pg_hton64(run->length)};

	if (run->length == 0)
		return;
	record = byte_sort_begin_record(views->runs);
	appendStringInfoChar(record, (char) view);
	appendBinaryStringInfo(record, views->values[view].data, views->values[view].len + 1);
	appendBinaryStringInfo(record, (const char *) &place, sizeof(place));
	byte_sort_put(views->runs);
	run->length = 0;
}

/*
 * Take a job, in the document's order: where its text stands in the document,
 * and how long the separator before it is.
 */
void
plan_views_add(PlanViews *views, const Slice *keys, uint64 offset, uint32 length, uint32 separator)
{
	for (int view = 0; view < JOB_KEYS; view++)
	{
		Run		   *run = &views->current[view];
		StringInfo	value = &views->values[view];

		if (slice_is_null(keys[view]))
			continue;
		if (run->length > 0 && slice_equal(keys[view], slice_from_buffer(value)) &&
			run->offset + run->length + separator == offset)
		{
			run->length += separator + length;
			continue;
		}

		put_run(views, view);
		hold_slice(value, keys[view]);
		run->offset = offset;
		run->length = length;
	}
}

static void
write_string(FileSet *set, const char *string)
{
	file_set_write(set, slice_from_string(string));
}

/* Copy a run of the document. */
static void
write_run(int document, Run run, FileSet *set, StringInfo buffer)
{
	while (run.length > 0)
	{
		ssize_t		wanted = Min(run.length, buffer->maxlen);
		ssize_t		got = pg_pread(document, buffer->data, wanted, run.offset);
		Slice		bytes = {buffer->data, (uint32) got};

		if (got <= 0)
			ereport(ERROR,
					(errcode_for_file_access(),
					 errmsg("could not read the plan's document back: %m")));
		file_set_write(set, bytes);
		run.offset += got;
		run.length -= got;
	}
}

/* Leaves names behind in the current memory context. */
static void
begin_view(FileSet *set, JobKey view, Slice value)
{
	char	   *name = file_name_from(value, ".json");
	StringInfoData head;

	initStringInfo(&head);
	appendStringInfo(&head, "{\n  \"%s\": ", job_key_names[view]);
	append_json_string(&head, value);
	appendStringInfoString(&head, ",\n  \"jobs\": [\n");

	file_set_open(set, name);
	file_set_write(set, slice_in_utf8(slice_from_buffer(&head)));
}

static void
end_view(FileSet *set)
{
	write_string(set, "\n  ]\n}\n");
	file_set_close(set);
}

/* Write the files of all views, from the document that is open for reading. */
void
plan_views_write(PlanViews *views, int document, FileSet *set)
{
	int			view = -1;
	MemoryContext name_context = AllocSetContextCreate(CurrentMemoryContext, "trainplan file name",
													   ALLOCSET_SMALL_SIZES);
	MemoryContext caller;
	StringInfoData value;
	StringInfoData buffer;
	Slice		record;
	bool		is_open = false;

	for (int i = 0; i < JOB_KEYS; i++)
		put_run(views, i);
	byte_sort_perform(views->runs);

	initStringInfo(&value);
	initStringInfo(&buffer);
	enlargeStringInfo(&buffer, 64 * 1024);
	while (byte_sort_next(views->runs, &record))
	{
		Slice		record_value = {record.data + 1, record.len - 1 - 1 - sizeof(Run)};
		Run			run;

		CHECK_FOR_INTERRUPTS();

		memcpy(&run, record.data + record.len - sizeof(Run), sizeof(Run));
		run.offset = pg_ntoh64(run.offset);
		run.length = pg_ntoh64(run.length);

		if (is_open && view == record.data[0] && slice_equal(record_value, slice_from_buffer(&value)))
			write_string(set, json_format.separator);
		else
		{
			if (is_open)
				end_view(set);
			for (; view < record.data[0]; view++)
				file_set_begin_folder(set, view_folders[view + 1]);
			hold_slice(&value, record_value);
			caller = MemoryContextSwitchTo(name_context);
			begin_view(set, view, record_value);
			MemoryContextSwitchTo(caller);
			MemoryContextReset(name_context);
			is_open = true;
		}
		write_run(document, run, set, &buffer);
	}
	if (is_open)
		end_view(set);
	for (; view < JOB_KEYS - 1; view++)
		file_set_begin_folder(set, view_folders[view + 1]);
	byte_sort_end(views->runs);
}
