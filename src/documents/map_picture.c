/*
 * map_picture.c
 *		The map of a plan as a picture in SVG.
 *
 * A row is a target, a column a symbol, by their names in the order of the C collation, the
 * pooled model first.  Which symbols there are is known when all jobs have been read, so
 * the rows wait in a spool.  Then they are drawn, one behind the other: where there are more
 * than MAX_CELLS, several as one.
 *
 * The colours are those of the page (map_page.html).  Where the cells are large enough, each
 * has a letter.
 *
 * https://www.w3.org/TR/SVG2/
 */
#include "postgres.h"

#include "mb/pg_wchar.h"
#include "miscadmin.h"

#include "base/spool.h"
#include "documents/job_map.h"
#include "documents/map_picture.h"
#include "documents/page_text.h"
#include "planning/vocabulary.h"

/* Rows and columns that are drawn at most. */
#define MAX_CELLS		500

/* What a job's cell looks like: its route, or another that somebody has written by hand. */
#define OTHER_ROUTE		(ROUTE_BLOCKED + 1)
#define LOOKS			(OTHER_ROUTE + 1)

static const struct
{
	const char *name;			/* of its class in the picture */
	char		letter;
	const char *light;			/* its colour on a light ground, and on a dark one */
	const char *dark;
	const char *ink;			/* that of its letter */
}			looks[] =
{
	[ROUTE_CROSS_SECTIONAL] = {"cs", 'C', "#62b8ea", "#74c9f2", "#000"},
	[ROUTE_SYMBOL_SPECIFIC] = {"sym", 'S', "#14906e", "#2ba37f", "#000"},
	[ROUTE_BOTH] = {"both", 'B', "#0b3c7d", "#3a66c4", "#fff"},
	[ROUTE_EXPERIMENTAL_ONLY] = {"exp", 'E', "#f2cf3f", "#f8e585", "#000"},
	[ROUTE_BLOCKED] = {"blocked", 'X', "#a5310b", "#d0491c", "#fff"},
	[OTHER_ROUTE] = {"other", '?', "#8b929b", "#79818b", "#000"}
};

/* What a look is called for people. */
static const char *
look_label(int look)
{
	return look == OTHER_ROUTE ? "other routes" : route_names[look];
}

/* In what order looks are told of, and preferred where as many jobs have one as another. */
static const int look_order[] = {
	ROUTE_CROSS_SECTIONAL, ROUTE_BOTH, ROUTE_SYMBOL_SPECIFIC, ROUTE_EXPERIMENTAL_ONLY, ROUTE_BLOCKED, OTHER_ROUTE
};

struct MapPicture
{
	JobMap	   *map;
	Spool	   *rows;			/* a row: how long the target's name is, the name, the cells */
	StringInfoData row;			/* work space */
	uint32		row_count;
	uint32		pooled_count;	/* of these, targets that have a pooled model */
	int			target_width;	/* of the longest name of the first targets, in pixels */
	uint64		jobs[LOOKS];
};

#define MARGIN			16
#define LINE_HEIGHT		18
#define CHARACTER_WIDTH	7		/* of names, which are in a font of one width */
#define TITLE_CHARACTER	9
#define LABEL_LENGTH	40		/* longer names are cut */
#define LEGEND_WIDTH	240		/* of one of its entries */
#define LEAST_WIDTH		(2 * (MARGIN + LEGEND_WIDTH))

/* Up to so many rows or columns have names, and are so large. */
#define NAMED_CELLS		60
#define NAMED_CELL		18

#define POOLED_LABEL	"pooled model"

/* How long a name is when it is written, in pixels. */
static int
label_width(Slice name)
{
	int			characters = 0;
	int			columns = 0;

	for (uint32 i = 0; i < name.len && characters < LABEL_LENGTH; characters++)
	{
		const char *character = name.data + i;
		int			length = pg_mblen(character);

		if (length > name.len - i)
			break;
		columns += Max(pg_dsplen(character), 0);
		i += length;
	}
	return (columns + 1) * CHARACTER_WIDTH;
}

/* ---- jobs ---------------------------------------------------------------------------- */

static void
keep_row(void *arg, const MapRow *row)
{
	MapPicture *picture = arg;

	resetStringInfo(&picture->row);
	appendBinaryStringInfo(&picture->row, (const char *) &row->target.len, sizeof(row->target.len));
	append_slice(&picture->row, row->target);
	appendBinaryStringInfo(&picture->row, (const char *) row->cells, row->count * sizeof(MapCell));
	spool_put(picture->rows, &picture->row);
	if (picture->row_count < NAMED_CELLS)
		picture->target_width = Max(picture->target_width, label_width(row->target));
	picture->row_count++;
	if (row->count > 0 && row->cells[0].column == POOLED_COLUMN)
		picture->pooled_count++;
}

/* In the current memory context, which has to be that of the calls to come; more than memory bytes wait on disk. */
MapPicture *
map_picture_create(Size memory)
{
	MapPicture *picture = palloc0(sizeof(MapPicture));

	picture->map = job_map_create(keep_row, picture);
	picture->rows = spool_create(memory);
	initStringInfo(&picture->row);
	return picture;
}

/* Take a job; those of a target come together, targets in the order in which they are drawn. */
void
map_picture_add(MapPicture *picture, Slice target, Slice symbol, Slice route)
{
	MapJob		job = {.server = NULL_SLICE, .target = target, .symbol = symbol, .class_number = OTHER_ROUTE};
	Route		known;

	if (route_from_word(route, SCOPE_SYMBOL, &known) == ROUTE_WORD_VALID)
		job.class_number = known;
	picture->jobs[job.class_number]++;
	job_map_add(picture->map, &job);
}

/* Give memory and files back. */
void
map_picture_close(MapPicture *picture)
{
	spool_close(picture->rows);
}

/* ---- where everything is ------------------------------------------------------------ */

typedef struct Axis
{
	uint32		names;			/* targets, or symbols */
	uint32		cells;			/* that are drawn: as many, or MAX_CELLS */
	int			size;			/* of one, in pixels */
	int			gap;			/* behind one, of these */
	int			start;			/* where the first begins */
	int			label;			/* how long the longest name is, in pixels; 0: names are not written */
} Axis;

static void
set_axis(Axis *axis, uint32 names, uint32 most)
{
	static const struct
	{
		uint32		cells;		/* up to so many */
		int			size;
		int			gap;
	}			sizes[] = {{NAMED_CELLS, NAMED_CELL, 1}, {120, 8, 1}, {250, 4, 0}, {MAX_CELLS, 2, 0}};

	axis->names = names;
	axis->cells = Min(names, most);
	for (int i = 0; i < lengthof(sizes); i++)
	{
		axis->size = sizes[i].size;
		axis->gap = sizes[i].gap;
		if (axis->cells <= sizes[i].cells)
			break;
	}
}

static bool
is_named(const Axis *axis)
{
	return axis->size == NAMED_CELL;
}

/* Of all names of an axis, the cell that one is in. */
static uint32
cell_of(const Axis *axis, uint32 name)
{
	return (uint64) name * axis->cells / axis->names;
}

/* Append a name, or as much of it as has so many characters. */
static void
append_cut(StringInfo svg, Slice name, int characters)
{
	Slice		cut = {name.data, pg_mbcharcliplen(name.data, name.len, characters)};

	page_append(svg, cut);
	if (cut.len < name.len)
		appendStringInfoString(svg, "&#8230;");
}

/* ---- cells --------------------------------------------------------------------------- */

/* A picture that is drawn. */
typedef struct Drawing
{
	MapPicture *picture;
	StringInfo	svg;
	Axis		down;
	Axis		across;			/* of symbols; the pooled model has a cell before them */
	uint32		(*jobs)[LOOKS]; /* of the row of cells at hand; the pooled model's first */
	bool		lacks_pooled;	/* one of that row's targets has no pooled model */
	StringInfoData paths[LOOKS];	/* the cells of each look */
	StringInfoData labels;		/* names of targets, letters */
} Drawing;

/* Where a cell begins; 0 is that of the pooled model. */
static int
cell_left(const Drawing *drawing, uint32 cell)
{
	/* a gap sets the pooled model apart */
	return cell == 0 ? drawing->across.start - drawing->across.size - 4 :
		drawing->across.start + (int) (cell - 1) * drawing->across.size;
}

/* The look of a cell, which is that of most of its jobs; LOOKS: it has none. */
static int
cell_look(const uint32 *jobs)
{
	int			most = LOOKS;

	for (int i = 0; i < LOOKS; i++)
	{
		int			look = look_order[i];

		if (jobs[look] > (most == LOOKS ? 0 : jobs[most]))
			most = look;
	}
	return most;
}

/* Draw the row of cells at hand, and begin the next. */
static void
draw_cells(Drawing *drawing, uint32 row)
{
	uint32		cells = 1 + drawing->across.cells;
	int			top = drawing->down.start + (int) row * drawing->down.size;
	int			height = drawing->down.size - drawing->down.gap;
	bool		has_letters = is_named(&drawing->down) && is_named(&drawing->across);
	uint32		cell = drawing->lacks_pooled ? 1 : 0;	/* of pooled models, a lack is what tells */

	while (cell < cells)
	{
		int			look = cell_look(drawing->jobs[cell]);
		uint32		first = cell++;
		int			width = drawing->across.size - drawing->across.gap;

		if (look == LOOKS)
			continue;
		/* cells without a gap between them are one */
		while (drawing->across.gap == 0 && first > 0 && cell < cells && cell_look(drawing->jobs[cell]) == look)
		{
			width += drawing->across.size;
			cell++;
		}
		appendStringInfo(&drawing->paths[look], "M%d %dh%dv%dh-%dz", cell_left(drawing, first), top, width, height, width);
		if (has_letters)
			appendStringInfo(&drawing->labels, "<text class=\"l%s\" x=\"%d\" y=\"%d\">%c</text>\n", looks[look].name,
							 cell_left(drawing, first) + width / 2, top + height - 5, looks[look].letter);
	}
	memset(drawing->jobs, 0, cells * sizeof(*drawing->jobs));
	drawing->lacks_pooled = false;
}

/* Add up a target's jobs. */
static void
count_row(Drawing *drawing, Slice cells)
{
	bool		lacks_pooled = true;

	for (uint32 i = 0; i < cells.len / sizeof(MapCell); i++)
	{
		MapCell		cell;
		uint32		place = 0;

		memcpy(&cell, cells.data + i * sizeof(MapCell), sizeof(MapCell));
		if (cell.column != POOLED_COLUMN)
			place = 1 + cell_of(&drawing->across, job_map_symbol_rank(drawing->picture->map, cell.column - 1));
		else
			lacks_pooled = false;
		drawing->jobs[place][cell.class_number]++;
	}
	drawing->lacks_pooled |= lacks_pooled;
}

static void
draw_rows(Drawing *drawing)
{
	MapPicture *picture = drawing->picture;
	uint32		row = 0;
	Slice		record;

	while (spool_get(picture->rows, &record))
	{
		Slice		target = {record.data + sizeof(target.len), 0};
		Slice		cells;

		CHECK_FOR_INTERRUPTS();

		memcpy(&target.len, record.data, sizeof(target.len));
		cells.data = target.data + target.len;
		cells.len = record.len - sizeof(target.len) - target.len;
		count_row(drawing, cells);
		if (is_named(&drawing->down))
		{
			appendStringInfo(&drawing->labels, "<text class=\"name\" x=\"%d\" y=\"%d\">", MARGIN,
							 drawing->down.start + (int) row * drawing->down.size + 12);
			append_cut(&drawing->labels, target, LABEL_LENGTH);
			appendStringInfoString(&drawing->labels, "</text>\n");
		}
		row++;
		if (row == picture->row_count || cell_of(&drawing->down, row) != cell_of(&drawing->down, row - 1))
			draw_cells(drawing, cell_of(&drawing->down, row - 1));
	}
}

/* ---- the picture --------------------------------------------------------------------- */

static void
append_rules(StringInfo svg, bool is_dark)
{
	for (int i = 0; i < LOOKS; i++)
		appendStringInfo(svg, ".%s{fill:%s}", looks[i].name, is_dark ? looks[i].dark : looks[i].light);
	appendStringInfoString(svg, is_dark ? "text{fill:#e8ebef}.paper{fill:#1b1f24}.none{fill:#262b32}" :
						   "text{fill:#1b1f24}.paper{fill:#fff}.none{fill:#eef0f3}");
}

/* Append what a viewer is told who sees no picture, and the styles of both schemes. */
static void
append_head(Drawing *drawing, Slice title, int width, int height)
{
	StringInfo	svg = drawing->svg;
	const char *separator = ". Jobs: ";

	appendStringInfo(svg, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\" "
					 "role=\"img\" aria-labelledby=\"title description\" "
					 "font-family=\"system-ui, sans-serif\" font-size=\"12\">\n<title id=\"title\">",
					 width, height, width, height);
	page_append(svg, title);
	appendStringInfo(svg, "</title>\n<desc id=\"description\">Targets: %u, symbols: %u",
					 drawing->down.names, drawing->across.names);
	for (int i = 0; i < LOOKS; i++)
	{
		int			look = look_order[i];

		if (drawing->picture->jobs[look] == 0)
			continue;
		appendStringInfo(svg, "%s%llu %s", separator, (unsigned long long) drawing->picture->jobs[look],
						 look_label(look));
		separator = ", ";
	}
	appendStringInfoString(svg, "</desc>\n<style>");
	append_rules(svg, false);
	for (int i = 0; i < LOOKS; i++)
		appendStringInfo(svg, ".l%s{fill:%s;text-anchor:middle;font-weight:bold;font-size:11px}", looks[i].name, looks[i].ink);
	appendStringInfoString(svg, ".title{font-size:16px;font-weight:bold}.name{font:11px ui-monospace,monospace}@media(prefers-color-scheme:dark){");
	append_rules(svg, true);
	appendStringInfo(svg, "}</style>\n<rect class=\"paper\" width=\"%d\" height=\"%d\"/>\n"
					 "<text class=\"title\" x=\"%d\" y=\"%d\">", width, height, MARGIN, MARGIN + 12);
	append_cut(svg, title, (width - 2 * MARGIN) / TITLE_CHARACTER);
	appendStringInfoString(svg, "</text>\n");
}

/* Append the routes that there are, a line under the other's as the width allows; returns where they end. */
static int
append_legend(Drawing *drawing, int top, int width)
{
	StringInfo	svg = drawing->svg;
	int			left = MARGIN;

	for (int i = 0; i < LOOKS; i++)
	{
		int			look = look_order[i];

		if (drawing->picture->jobs[look] == 0)
			continue;
		if (left + LEGEND_WIDTH > width)
		{
			left = MARGIN;
			top += LINE_HEIGHT;
		}
		appendStringInfo(svg, "<path class=\"%s\" d=\"M%d %dh14v14h-14z\"/><text class=\"l%s\" x=\"%d\" y=\"%d\">%c</text>"
						 "<text x=\"%d\" y=\"%d\">%s %llu</text>\n",
						 looks[look].name, left, top, looks[look].name, left + 7, top + 11, looks[look].letter,
						 left + 20, top + 11, look_label(look), (unsigned long long) drawing->picture->jobs[look]);
		left += LEGEND_WIDTH;
	}
	return top + LINE_HEIGHT;
}

/* How many of an axis's names a cell stands for, at most. */
static uint32
names_of_cell(const Axis *axis)
{
	return axis->cells == 0 ? 1 : (axis->names + axis->cells - 1) / axis->cells;
}

/* Append a line below the map; returns where it ends. */
static int
append_note(Drawing *drawing, int top, const char *note)
{
	appendStringInfo(drawing->svg, "<text x=\"%d\" y=\"%d\">%s</text>\n", MARGIN, top + 11, note);
	return top + LINE_HEIGHT;
}

/* Append what has to be known to read the map, where it does not show all by itself; returns where that ends. */
static int
append_notes(Drawing *drawing, int top)
{
	const Axis *down = &drawing->down;
	const Axis *across = &drawing->across;
	int64		left_out = job_map_left_out(drawing->picture->map);
	uint32		lacking = down->names - drawing->picture->pooled_count;

	if (down->names == 0)
		return append_note(drawing, top, "There are no jobs.");
	if (!is_named(down) || !is_named(across))
		top = append_note(drawing, top, "A row is a target, a column a symbol, by name; first the pooled model.");
	if (lacking > 0)
		top = append_note(drawing, top, psprintf("Targets without a pooled model: %u of %u.", lacking, down->names));
	if (down->names > down->cells || across->names > across->cells)
	{
		top = append_note(drawing, top, psprintf("A cell stands for up to %llu pairs (targets: %u, symbols: %u),",
												 (unsigned long long) names_of_cell(down) * names_of_cell(across),
												 names_of_cell(down), names_of_cell(across)));
		top = append_note(drawing, top, "and has the colour of most of their jobs; a missing pooled model is a gap.");
	}
	if (left_out > 0)
		top = append_note(drawing, top, psprintf("Jobs that are not shown, for want of columns: " INT64_FORMAT, left_out));
	return top;
}

/* Append what is behind the cells: where there is no job, that is seen. */
static void
append_empty_map(Drawing *drawing)
{
	const Axis *across = &drawing->across;
	int			height = (int) drawing->down.cells * drawing->down.size - drawing->down.gap;

	if (drawing->down.cells == 0)
		return;
	appendStringInfo(drawing->svg, "<path class=\"none\" d=\"M%d %dh%dv%dh-%dz", cell_left(drawing, 0), drawing->down.start,
					 across->size - across->gap, height, across->size - across->gap);
	if (across->cells > 0)
		appendStringInfo(drawing->svg, "M%d %dh%dv%dh-%dz", across->start, drawing->down.start,
						 (int) across->cells * across->size - across->gap, height,
						 (int) across->cells * across->size - across->gap);
	appendStringInfoString(drawing->svg, "\"/>\n");
}

/* Append the names of symbols, upright, above their columns. */
static void
append_symbol_names(Drawing *drawing)
{
	for (uint32 cell = 0; cell <= drawing->across.cells; cell++)
	{
		int			x = cell_left(drawing, cell) + 13;
		int			y = drawing->down.start - 4;

		appendStringInfo(drawing->svg, "<text class=\"name\" x=\"%d\" y=\"%d\" transform=\"rotate(-90 %d %d)\">", x, y, x, y);
		if (cell == 0)
			appendStringInfoString(drawing->svg, POOLED_LABEL);
		else
			append_cut(drawing->svg, job_map_symbol_of_rank(drawing->picture->map, cell - 1), LABEL_LENGTH);
		appendStringInfoString(drawing->svg, "</text>\n");
	}
}

/* Place both axes: the names of targets are before the map, those of symbols above it. */
static void
place_axes(Drawing *drawing)
{
	MapPicture *picture = drawing->picture;
	Axis	   *down = &drawing->down;
	Axis	   *across = &drawing->across;

	set_axis(down, picture->row_count, MAX_CELLS);
	set_axis(across, job_map_rank_count(picture->map), MAX_CELLS - 1);
	across->label = label_width(slice_from_string(POOLED_LABEL));
	if (is_named(across))
	{
		for (uint32 i = 0; i < across->names; i++)
			across->label = Max(across->label, label_width(job_map_symbol(picture->map, i)));
	}
	across->start = MARGIN + (is_named(down) ? picture->target_width : 0) + across->size + 4;
	down->start = MARGIN + 2 * LINE_HEIGHT + (is_named(across) ? across->label : 0);
}

/* Append the picture of all jobs. */
void
map_picture_draw(MapPicture *picture, Slice title, StringInfo svg)
{
	StringInfoData body;
	Drawing		drawing = {.picture = picture, .svg = &body};
	int			width;
	int			bottom;

	job_map_finish(picture->map);
	job_map_sort_symbols(picture->map);
	spool_rewind(picture->rows);
	place_axes(&drawing);
	drawing.jobs = palloc0((1 + drawing.across.cells) * sizeof(*drawing.jobs));
	for (int i = 0; i < LOOKS; i++)
		initStringInfo(&drawing.paths[i]);
	initStringInfo(&drawing.labels);
	initStringInfo(&body);
	width = Max(cell_left(&drawing, 1 + drawing.across.cells) + MARGIN, LEAST_WIDTH);

	append_empty_map(&drawing);
	draw_rows(&drawing);
	for (int i = 0; i < LOOKS; i++)
	{
		if (drawing.paths[i].len > 0)
			appendStringInfo(&body, "<path class=\"%s\" shape-rendering=\"crispEdges\" d=\"%s\"/>\n",
							 looks[i].name, drawing.paths[i].data);
	}
	if (is_named(&drawing.across) && picture->row_count > 0)
		append_symbol_names(&drawing);
	append_slice(&body, slice_from_buffer(&drawing.labels));
	bottom = drawing.down.start + (int) drawing.down.cells * drawing.down.size + LINE_HEIGHT;
	bottom = append_legend(&drawing, bottom, width);
	bottom = append_notes(&drawing, bottom);

	drawing.svg = svg;
	append_head(&drawing, title, width, bottom + MARGIN);
	append_slice(svg, slice_from_buffer(&body));
	appendStringInfoString(svg, "</svg>");
}
