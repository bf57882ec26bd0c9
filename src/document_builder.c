/*
 * document_builder.c
 *		Puts a document's values together as a parser meets them.
 *
 * One part of the document, a mapping or list at its top (the targets of a
 * routing plan, the jobs of a plan), is handed out piece by piece and not kept,
 * so that the memory that is needed does not grow with it.  A mapping's keys are
 * kept: a key that is there twice is an error at every level.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "document_builder.h"

/* Deeper than any plan, and far from what a stack would not hold. */
#define MAX_DEPTH 100

/* A mapping or list that is not complete. */
typedef struct Level
{
	JsonValue  *container;
	bool		is_mapping;
	bool		is_streamed;
	bool		has_key;		/* of the value that is next or in the works */
	StringInfoData key;
	int64		index;			/* the same, in a list */
} Level;

struct DocumentBuilder
{
	const char *name;
	const char *streamed;
	PartCallback callback;
	void	   *callback_arg;
	MemoryContext part_context;
	PositionCallback position;
	void	   *parser;

	JsonValue  *root;
	int			depth;			/* of levels that are in use */
	Level		levels[MAX_DEPTH];
};

/*
 * In the current memory context.  name is what messages call the document;
 * streamed, the key of the part that is handed out to callback.  position says
 * where the parser is.
 */
DocumentBuilder *
document_builder_create(const char *name, const char *streamed, PartCallback callback, void *arg,
						PositionCallback position, void *parser)
{
	DocumentBuilder *builder = palloc0(sizeof(DocumentBuilder));

	builder->name = name;
	builder->streamed = streamed;
	builder->callback = callback;
	builder->callback_arg = arg;
	builder->part_context = AllocSetContextCreate(CurrentMemoryContext, "trainplan part",
												  ALLOCSET_DEFAULT_SIZES);
	builder->position = position;
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

/* Hand out a piece of the streamed part: a member of a mapping, or an element of a list. */
static void
hand_out(DocumentBuilder *builder, JsonValue *whole, const char *key, int64 index, JsonValue *value)
{
	DocumentNode root = document_root(builder->name, builder->root);
	DocumentNode streamed = {.parent = &root, .key = builder->streamed, .value = whole};
	DocumentNode part = {.parent = &streamed, .key = key, .index = index, .value = value};
	MemoryContext caller = MemoryContextSwitchTo(builder->part_context);

	CHECK_FOR_INTERRUPTS();
	builder->callback(builder->callback_arg, &part);
	MemoryContextSwitchTo(caller);
	MemoryContextReset(builder->part_context);
}

/* Hand out a piece that is complete; its container forgets it. */
static void
hand_over(DocumentBuilder *builder, Level *level, JsonValue *value)
{
	if (level->is_mapping)
	{
		hand_out(builder, level->container, level->key.data, 0, value);
		json_set(level->container, level->key.data, NULL);
	}
	else
	{
		hand_out(builder, level->container, NULL, level->index, value);
		json_object_array_del_idx(level->container, 0, 1);
	}
}

/* Hand out all pieces of a streamed part that was made elsewhere in the document. */
static void
hand_out_all(DocumentBuilder *builder, JsonValue *whole)
{
	if (json_object_is_type(whole, json_type_object))
	{
		json_foreach_member(member, whole)
			hand_out(builder, whole, lh_entry_k(member), 0, (JsonValue *) lh_entry_v(member));
	}
	else if (json_object_is_type(whole, json_type_array))
	{
		for (size_t i = 0; i < json_object_array_length(whole); i++)
			hand_out(builder, whole, NULL, i, json_object_array_get_idx(whole, i));
	}
}

/* Is the value that comes next the part that is streamed? */
static bool
is_streamed_next(DocumentBuilder *builder)
{
	return builder->depth == 1 && top_level(builder)->is_mapping &&
		strcmp(top_level(builder)->key.data, builder->streamed) == 0;
}

/* A value that was attached is complete. */
static void
complete(DocumentBuilder *builder, JsonValue *value)
{
	Level	   *top;

	if (builder->depth == 0)
		return;
	top = top_level(builder);
	if (top->is_streamed)
		hand_over(builder, top, value);
	top->has_key = false;
	top->index++;
}

static Level *
push(DocumentBuilder *builder)
{
	Level	   *level = &builder->levels[builder->depth++];

	if (level->key.data == NULL)
		initStringInfo(&level->key);
	level->has_key = false;
	level->index = 0;
	return level;
}

/* Begin a mapping or list, which was just made and is the builder's now. */
void
document_begin(DocumentBuilder *builder, JsonValue *container)
{
	bool		is_streamed = is_streamed_next(builder);
	Level	   *level;

	attach(builder, container);
	if (builder->depth == MAX_DEPTH)
		report_problem(builder->name, builder->position(builder->parser),
					   psprintf("values are nested deeper than %d levels", MAX_DEPTH));
	level = push(builder);
	level->container = container;
	level->is_mapping = json_object_is_type(container, json_type_object);
	level->is_streamed = is_streamed;
}

/* End the mapping or list that was begun last. */
void
document_end(DocumentBuilder *builder)
{
	JsonValue  *container = document_container(builder);

	builder->depth--;
	complete(builder, container);
}

/* The key of the value that comes next; one that the mapping has is an error. */
void
document_key(DocumentBuilder *builder, Slice key)
{
	Level	   *top = top_level(builder);

	resetStringInfo(&top->key);
	appendBinaryStringInfo(&top->key, key.data, key.len);
	top->has_key = true;
	if (json_object_object_get_ex(top->container, top->key.data, NULL))
		report_problem(builder->name, builder->position(builder->parser),
					   psprintf("duplicate key \"%s\"", top->key.data));
}

/* A scalar, or a value that is complete; it is the builder's now. */
void
document_value(DocumentBuilder *builder, JsonValue *value)
{
	attach(builder, value);
	if (is_streamed_next(builder))
		hand_out_all(builder, value);
	complete(builder, value);
}

/* The document, when the parser is at its end; it must be a mapping. */
JsonValue *
document_finish(DocumentBuilder *builder)
{
	DocumentNode root = document_root(builder->name, builder->root);

	node_expect_mapping(&root);
	return builder->root;
}

/* The error that a document has a problem at some place. */
void
report_problem(const char *name, DocumentPosition position, const char *problem)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
			 errmsg("line %llu, column %llu of %s: %s", (unsigned long long) position.line,
					(unsigned long long) position.column, name, problem)));
}
