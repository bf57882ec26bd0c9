/*
 * document_builder.c
 *		Puts a document's values together as a parser meets them.
 *
 * Some parts of the document are handed out piece by piece and not kept, so that
 * the memory that is needed does not grow with them: a mapping or list at the
 * document's top (the targets of a routing plan, the jobs of a plan), and one in
 * each of its pieces (the symbols of a target).  The pieces of such an inner part
 * come before the piece that it is in, whose other members can be seen as far as
 * they have been read.  How many values are kept of all else is limited.
 *
 * A key that is there twice is an error at every level; of a part that is handed
 * out, its keys are kept apart (key_set.c).
 *
 * What has an anchor may be needed again.  A part that lies in it is read whole
 * before its pieces are handed out, and so is one that an alias stands for.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "formats/document_builder.h"
#include "formats/key_set.h"

/* Deeper than any plan, and far from what a stack would not hold. */
#define MAX_DEPTH		100

/* How many parts may lie in one another; a path of nodes has two levels for each. */
#define MAX_PARTS		2
#define MAX_PATH		(2 * MAX_PARTS + 1)

/*
 * What is kept at a time: more than any plan has beside its jobs, and no more than
 * some hundred megabytes.  json-c needs less for ten scalars than for one mapping.
 */
#ifndef MAX_KEPT_VALUES
#define MAX_KEPT_VALUES		1000000
#define MAX_KEPT_CONTAINERS	200000
#endif

/* What the keys of a part may take of work_mem: one divided by this. */
#define KEYS_SHARE		16

#define NO_PART			(-1)

typedef struct KeptCounts
{
	int64		values;
	int64		containers;		/* mappings and lists among them */
} KeptCounts;

/* A mapping or list that is not complete. */
typedef struct Level
{
	JsonValue  *container;
	bool		is_mapping;
	bool		has_anchor;
	bool		is_anchored;	/* it has one, or what it is in */
	int			part;			/* whose pieces its values are, handed out as they come */
	int			inner_part;		/* that a member may be */
	KeySet	   *keys;			/* of a part; NULL: the container knows its keys */
	KeptCounts	kept;			/* when it began, with it */
	bool		has_key;		/* of the value that is next or in the works */
	StringInfoData key;
	int64		index;			/* the same, in a list */
} Level;

struct DocumentBuilder
{
	const char *name;
	const StreamedPart *parts;
	int			part_count;
	void	   *callback_arg;
	MemoryContext piece_context;
	const ParserPlaces *places;
	void	   *parser;

	JsonValue  *root;
	KeptCounts	kept;			/* of the document so far */
	KeptCounts	anchored;		/* kept in any case */
	int			depth;			/* of levels that are in use */
	Level		levels[MAX_DEPTH];
};

/*
 * In the current memory context.  name is what messages call the document; each
 * of the parts lies in the pieces of the one before.
 */
DocumentBuilder *
document_builder_create(const char *name, const StreamedPart *parts, int part_count, void *arg,
						const ParserPlaces *places, void *parser)
{
	DocumentBuilder *builder = palloc0(sizeof(DocumentBuilder));

	Assert(part_count <= MAX_PARTS);
	builder->name = name;
	builder->parts = parts;
	builder->part_count = part_count;
	builder->callback_arg = arg;
	builder->piece_context = AllocSetContextCreate(CurrentMemoryContext, "trainplan piece",
												   ALLOCSET_DEFAULT_SIZES);
	builder->places = places;
	builder->parser = parser;
	return builder;
}

int
document_depth(const DocumentBuilder *builder)
{
	return builder->depth;
}

/* The mapping or list that is begun last; there is one. */
static Level *
top_level(DocumentBuilder *builder)
{
	return &builder->levels[builder->depth - 1];
}

/* Is what comes next the key of a mapping's member? */
bool
document_expects_key(const DocumentBuilder *builder)
{
	const Level *top;

	if (builder->depth == 0)
		return false;
	top = &builder->levels[builder->depth - 1];
	return top->is_mapping && !top->has_key;
}

/* The mapping or list that values are put into. */
JsonValue *
document_container(const DocumentBuilder *builder)
{
	return builder->levels[builder->depth - 1].container;
}

/* The error that there is a problem at some place. */
static void
report_at(DocumentBuilder *builder, uint64 place, const char *problem)
{
	report_problem(builder->name, builder->places->position(builder->parser, place), problem);
}

/* The same, where the parser is. */
static void
report_here(DocumentBuilder *builder, const char *problem)
{
	report_at(builder, builder->places->place(builder->parser), problem);
}

static void
report_duplicate(DocumentBuilder *builder, Slice key, uint64 place)
{
	report_at(builder, place, psprintf("duplicate key \"%s\"", slice_to_string(key)));
}

/* Put a value into its container, or make it the root. */
static void
attach(DocumentBuilder *builder, JsonValue *value)
{
	Level	   *top;

	if (builder->depth == 0)
	{
		if (value != NULL)
			json_own(value);
		builder->root = value;
		return;
	}
	top = top_level(builder);
	if (top->is_mapping)
		json_set(top->container, top->key.data, value);
	else
		json_append(top->container, value);
}

/* One more value is kept. */
static void
count_kept(DocumentBuilder *builder, bool is_container)
{
	KeptCounts *kept = &builder->kept;
	KeptCounts *anchored = &builder->anchored;

	kept->values++;
	kept->containers += is_container;
	if (kept->values + anchored->values > MAX_KEPT_VALUES)
		report_here(builder, psprintf("more than %d values have to be kept in memory",
									  MAX_KEPT_VALUES));
	if (kept->containers + anchored->containers > MAX_KEPT_CONTAINERS)
		report_here(builder, psprintf("more than %d mappings and lists have to be kept in memory",
									  MAX_KEPT_CONTAINERS));
}

static void
hand_out(DocumentBuilder *builder, int part, const DocumentNode *piece)
{
	MemoryContext caller = MemoryContextSwitchTo(builder->piece_context);

	CHECK_FOR_INTERRUPTS();
	builder->parts[part].callback(builder->callback_arg, piece);
	MemoryContextSwitchTo(caller);
	MemoryContextReset(builder->piece_context);
}

static void hand_out_whole_part(DocumentBuilder *builder, int part, const DocumentNode *whole);

/* Hand out a piece that was read whole: the part in it, and then itself. */
static void
hand_out_whole_piece(DocumentBuilder *builder, int part, const DocumentNode *piece)
{
	if (part + 1 < builder->part_count && json_object_is_type(piece->value, json_type_object))
	{
		DocumentNode inner = node_member(piece, builder->parts[part + 1].key);

		hand_out_whole_part(builder, part + 1, &inner);
	}
	hand_out(builder, part, piece);
}

/* Hand out all pieces of a part that was read whole. */
static void
hand_out_whole_part(DocumentBuilder *builder, int part, const DocumentNode *whole)
{
	if (json_object_is_type(whole->value, json_type_object))
	{
		json_foreach_member(member, whole->value)
		{
			DocumentNode piece = node_member(whole, lh_entry_k(member));

			hand_out_whole_piece(builder, part, &piece);
		}
	}
	else if (json_object_is_type(whole->value, json_type_array))
	{
		for (size_t i = 0; i < json_object_array_length(whole->value); i++)
		{
			DocumentNode piece = node_element(whole, i);

			hand_out_whole_piece(builder, part, &piece);
		}
	}
}

/*
 * The path from the document to a value in the container at hand, which is not
 * deep.  Returns the value's node, which lives as long as the path.
 */
static const DocumentNode *
make_path(DocumentBuilder *builder, JsonValue *value, DocumentNode *path)
{
	int			depth = builder->depth;

	Assert(depth < MAX_PATH);
	path[0] = document_root(builder->name, builder->root);
	for (int i = 0; i < depth; i++)
	{
		const Level *level = &builder->levels[i];

		memset(&path[i + 1], 0, sizeof(DocumentNode));
		path[i + 1].parent = &path[i];
		path[i + 1].key = level->is_mapping ? level->key.data : NULL;
		path[i + 1].index = level->index;
		path[i + 1].value = i + 1 < depth ? builder->levels[i + 1].container : value;
	}
	return &path[depth];
}

/* The part that the value which comes next is, or NO_PART. */
static int
next_part(DocumentBuilder *builder)
{
	Level	   *top;

	if (builder->depth == 0)
		return NO_PART;
	top = top_level(builder);
	if (top->inner_part == NO_PART ||
		strcmp(top->key.data, builder->parts[top->inner_part].key) != 0)
		return NO_PART;
	return top->inner_part;
}

/* The piece that was handed out last goes. */
static void
forget_piece(DocumentBuilder *builder, Level *part)
{
	if (part->is_mapping)
		json_object_object_del(part->container, part->key.data);
	else
		json_object_array_del_idx(part->container, 0, 1);
	builder->kept = part->kept;
}

/*
 * A value that was attached is complete: hand out what has to be handed out of it.
 * The parts in it may have been handed out as they came.
 */
static void
complete(DocumentBuilder *builder, JsonValue *value, bool is_whole)
{
	Level	   *top;
	int			part;
	DocumentNode path[MAX_PATH];

	if (builder->depth == 0)
		return;
	top = top_level(builder);
	part = next_part(builder);
	if (part != NO_PART && is_whole)
		hand_out_whole_part(builder, part, make_path(builder, value, path));
	else if (top->part != NO_PART)
	{
		const DocumentNode *piece = make_path(builder, value, path);

		if (is_whole)
			hand_out_whole_piece(builder, top->part, piece);
		else
			hand_out(builder, top->part, piece);

		forget_piece(builder, top);
	}
	top->has_key = false;
	top->index++;
}

/*
 * Begin a mapping or list, which was just made and is the builder's now.  No alias
 * can stand for the document itself, whether it has an anchor or not.
 */
void
document_begin(DocumentBuilder *builder, JsonValue *container, bool has_anchor)
{
	int			part = next_part(builder);
	Level	   *parent = builder->depth == 0 ? NULL : top_level(builder);
	Level	   *level;

	attach(builder, container);
	if (builder->depth == MAX_DEPTH)
		report_here(builder, psprintf("values are nested deeper than %d levels", MAX_DEPTH));
	count_kept(builder, true);

	level = &builder->levels[builder->depth++];
	level->container = container;
	level->is_mapping = json_object_is_type(container, json_type_object);
	level->has_anchor = parent != NULL && has_anchor;
	level->is_anchored = level->has_anchor || (parent != NULL && parent->is_anchored);

	level->part = NO_PART;
	level->inner_part = NO_PART;
	level->keys = NULL;
	if (parent == NULL && level->is_mapping)
		level->inner_part = 0;
	else if (part != NO_PART && !level->is_anchored)
	{
		level->part = part;
		if (level->is_mapping)
			level->keys = key_set_create((Size) work_mem * 1024 / KEYS_SHARE);
	}
	else if (parent != NULL && parent->part != NO_PART && parent->part + 1 < builder->part_count &&
			 level->is_mapping && !level->is_anchored)
		level->inner_part = parent->part + 1;

	level->kept = builder->kept;
	level->has_key = false;
	level->index = 0;
	if (level->key.data == NULL)
		initStringInfo(&level->key);
}

/* End the mapping or list that was begun last. */
void
document_end(DocumentBuilder *builder)
{
	Level	   *level = top_level(builder);

	if (level->keys != NULL)
	{
		Slice		key;
		uint64		first;
		uint64		place;

		if (key_set_repeated(level->keys, &key, &first, &place))
			report_duplicate(builder, key, place);
		key_set_free(level->keys);
	}
	builder->depth--;
	if (level->has_anchor && !top_level(builder)->is_anchored)
	{
		builder->anchored.values += builder->kept.values - level->kept.values + 1;
		builder->anchored.containers += builder->kept.containers - level->kept.containers + 1;
	}
	complete(builder, level->container, level->is_anchored);
}

/* The key of the value that comes next; one that the mapping has is an error. */
void
document_key(DocumentBuilder *builder, Slice key)
{
	Level	   *top = top_level(builder);
	uint64		first;
	bool		is_new;

	hold_slice(&top->key, key);
	top->has_key = true;
	if (top->keys != NULL)
		is_new = key_set_add(top->keys, key, builder->places->place(builder->parser), &first);
	else
		is_new = !json_object_object_get_ex(top->container, top->key.data, NULL);
	if (!is_new)
		report_duplicate(builder, key, builder->places->place(builder->parser));
}

/* A scalar, or what an alias stands for; it is the builder's now. */
void
document_value(DocumentBuilder *builder, JsonValue *value, bool has_anchor)
{
	attach(builder, value);
	count_kept(builder, false);
	if (has_anchor && builder->depth > 0 && !top_level(builder)->is_anchored)
		builder->anchored.values++;
	complete(builder, value, true);
}

/* The document, when the parser is at its end; it must be a mapping. */
JsonValue *
document_finish(DocumentBuilder *builder)
{
	DocumentNode root = document_root(builder->name, builder->root);

	node_expect_mapping(&root);
	return builder->root;
}
