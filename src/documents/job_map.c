/*
 * job_map.c
 *		Jobs as a map: a row a target, a column a symbol, the pooled model first.
 *
 * Jobs come target by target, and leave as rows.  Symbols get their columns as they are
 * met, so a row's cells are sorted when it is whole; what a symbol is called is known in
 * the end.  So a map takes the memory of its symbols and of one row, however many jobs
 * there are.  Nobody looks at more than MAX_SYMBOLS columns: jobs of other symbols are
 * counted, and left out.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "documents/job_map.h"
#include "documents/page_text.h"

#define MAX_SYMBOLS		100000
#define SYMBOL_MEMORY	(64 * 1024 * 1024)

/* More of the reasons of one row are not written, so that these stay in memory. */
#define REASON_MEMORY	(16 * 1024 * 1024)

/* How many bytes of a page one byte of a text can become. */
#define BYTES_OF_BYTE	6

#define ST_SORT sort_cells
#define ST_ELEMENT_TYPE MapCell
#define ST_COMPARE(a, b) ((a)->column < (b)->column ? -1 : (a)->column > (b)->column)
#define ST_CHECK_FOR_INTERRUPTS
#define ST_SCOPE static
#define ST_DEFINE
#include "lib/sort_template.h"

struct JobMap
{
	MapRowCallback callback;
	void	   *arg;
	Dictionary *symbols;
	int64		left_out;

	/* the row at hand */
	bool		any;
	StringInfoData server;
	bool		has_server;
	int64		plan_id;
	StringInfoData target;
	StringInfoData reasons;
	MapCell    *cells;
	uint32		count;
	uint32		capacity;
};

/* In the current memory context, which has to be that of the calls to come. */
JobMap *
job_map_create(MapRowCallback callback, void *arg)
{
	JobMap	   *map = palloc0(sizeof(JobMap));

	map->callback = callback;
	map->arg = arg;
	map->symbols = dictionary_create(SYMBOL_MEMORY);
	initStringInfo(&map->server);
	initStringInfo(&map->target);
	initStringInfo(&map->reasons);
	map->capacity = 64;
	map->cells = palloc(map->capacity * sizeof(MapCell));
	return map;
}

/* Hand the row at hand out; cells of the same column, which no table of jobs has, but for the first are left out. */
static void
finish_row(JobMap *map)
{
	MapRow		row = {
		.server = map->has_server ? slice_from_buffer(&map->server) : NULL_SLICE,
		.plan_id = map->plan_id,
		.target = slice_from_buffer(&map->target),
		.cells = map->cells,
		.reasons = map->reasons.data
	};

	sort_cells(map->cells, map->count);
	for (uint32 i = 0; i < map->count; i++)
	{
		if (row.count > 0 && map->cells[row.count - 1].column == map->cells[i].column)
			map->left_out++;
		else
			map->cells[row.count++] = map->cells[i];
	}
	map->callback(map->arg, &row);
}

static bool
begins_row(const JobMap *map, const MapJob *job)
{
	return !map->any || !slice_equal(job->target, slice_from_buffer(&map->target)) ||
		(map->has_server && !slice_equal(job->server, slice_from_buffer(&map->server)));
}

static void
begin_row(JobMap *map, const MapJob *job)
{
	if (map->any)
		finish_row(map);
	map->any = true;
	hold_slice(&map->target, job->target);
	map->has_server = !slice_is_null(job->server);
	hold_slice(&map->server, job->server);
	map->plan_id = job->plan_id;
	map->count = 0;
	resetStringInfo(&map->reasons);
}

/* A symbol's column; false if the map has no room for it. */
static bool
find_column(JobMap *map, Slice symbol, uint32 *column)
{
	uint32		number;

	*column = POOLED_COLUMN;
	if (slice_is_null(symbol))
		return true;
	number = dictionary_add(map->symbols, symbol);
	*column = number + 1;
	return number < MAX_SYMBOLS;
}

/* Write a job's reasons: one as a string, two as an array; false where they are too long for a page. */
static void
add_reasons(JobMap *map, const MapJob *job)
{
	StringInfo	text = &map->reasons;
	uint64		size = text->len;

	for (int i = 0; i < job->reasons; i++)
		size += (uint64) job->reason[i].len * BYTES_OF_BYTE;
	if (size > REASON_MEMORY)
	{
		appendStringInfoString(text, "false");
		return;
	}
	for (int i = 0; i < job->reasons; i++)
	{
		if (job->reasons > 1)
			appendStringInfoChar(text, i == 0 ? '[' : ',');
		page_append_json(text, job->reason[i]);
	}
	if (job->reasons > 1)
		appendStringInfoChar(text, ']');
}

/* Take a job; those of a target come together. */
void
job_map_add(JobMap *map, const MapJob *job)
{
	MapCell    *cell;
	uint32		column;

	CHECK_FOR_INTERRUPTS();

	if (begins_row(map, job))
		begin_row(map, job);
	if (!find_column(map, job->symbol, &column))
	{
		map->left_out++;
		return;
	}
	if (map->count == map->capacity)
	{
		map->capacity *= 2;
		map->cells = repalloc_huge(map->cells, map->capacity * sizeof(MapCell));
	}
	cell = &map->cells[map->count++];
	cell->column = column;
	cell->class_number = job->class_number;
	cell->reason_start = map->reasons.len;
	if (job->reasons > 0)
		add_reasons(map, job);
	cell->reason_length = map->reasons.len - cell->reason_start;
}

/* All jobs are there: the last row leaves. */
void
job_map_finish(JobMap *map)
{
	if (map->any)
		finish_row(map);
	map->any = false;
}

/* How many symbols have columns. */
uint32
job_map_symbol_count(const JobMap *map)
{
	return Min(dictionary_count(map->symbols), MAX_SYMBOLS);
}

/* A symbol by its number; lives as long as the map. */
Slice
job_map_symbol(const JobMap *map, uint32 number)
{
	return dictionary_get(map->symbols, number);
}

/* Have symbols know their places in the order of the C collation; none comes any more. */
void
job_map_sort_symbols(JobMap *map)
{
	dictionary_sort(map->symbols);
}

/* How many symbols are in that order, with those that have no columns. */
uint32
job_map_rank_count(const JobMap *map)
{
	return dictionary_count(map->symbols);
}

/* The place, from 0, of a symbol by its number in that order. */
uint32
job_map_symbol_rank(const JobMap *map, uint32 number)
{
	return dictionary_rank(map->symbols, number);
}

/* The symbol of a place; lives as long as the map. */
Slice
job_map_symbol_of_rank(const JobMap *map, uint32 rank)
{
	return dictionary_get(map->symbols, dictionary_number(map->symbols, rank));
}

/* How many jobs the map has no cell for. */
int64
job_map_left_out(const JobMap *map)
{
	return map->left_out;
}
