/*
 * yaml_reader.c
 *		Reads a document in YAML.
 *
 * libyaml's parser reads the text and tells of what it meets; values of json-c
 * are made from that, as yaml_scalar.c takes plain scalars.  A key is the text
 * that stands there, quoted or not.
 *
 * What is YAML but not a document of this kind is refused, never guessed at: keys
 * that are not scalars, merge keys, tags other than those of JSON's types, several
 * documents.  Aliases are what Python's dumper writes for a list that is used
 * twice, so they are taken; one value serves all of them.  How large the document
 * would be without aliases is limited, and so is how deep.
 */
#include "postgres.h"

#include <ctype.h>

#include "utils/memutils.h"

#include "formats/document_builder.h"
#include "formats/yaml_input.h"
#include "formats/yaml_reader.h"
#include "formats/yaml_scalar.h"

/* How large aliases may make a document: values, and bytes of keys and strings. */
#ifndef MAX_EXPANDED_SIZE
#define MAX_EXPANDED_SIZE	UINT64CONST(50000000)
#endif

/* More than any document has, and what is known of them takes no more than some ten megabytes. */
#define MAX_ANCHORS			100000

/* As deep as a document may be, and one more for the document itself. */
#define MAX_FRAMES			101

#define STANDARD_TAG		"tag:yaml.org,2002:"

/* A mapping or list that is not complete. */
typedef struct Frame
{
	char	   *anchor;			/* NULL: it has none */
	uint64		size_before;	/* of the document, when it began */
	int			height;			/* how deep it is, so far */
} Frame;

typedef struct YamlReader
{
	YamlInput	input;
	DocumentBuilder *builder;

	JsonValue  *anchors;		/* by name: a list of value, size, height; null if not complete */
	uint64		size;			/* of what was read, aliases expanded */
	uint64		aliased_size;	/* what aliases contributed to it */
	Frame		frames[MAX_FRAMES];
	int			depth;
} YamlReader;

/* Where the event at hand begins: its line, and in the lower bits its column. */
static uint64
yaml_place(void *arg)
{
	TextPosition position = yaml_input_position(&((YamlReader *) arg)->input);

	return position.line << 32 | position.column;
}

static TextPosition
yaml_position(void *arg, uint64 place)
{
	TextPosition position = {place >> 32, place & PG_UINT32_MAX};

	return position;
}

static const ParserPlaces yaml_places = {yaml_place, yaml_position};

static void
report_here(YamlReader *reader, const char *problem)
{
	report_yaml_problem(&reader->input, problem);
}

/* A tag other than the standard one of this name, or none, is an error. */
static void
check_tag(YamlReader *reader, const yaml_char_t *tag, const char *standard)
{
	if (tag == NULL || strcmp((const char *) tag, standard) == 0)
		return;
	report_here(reader, psprintf("tag \"%s\" is not supported, or not for this value", tag));
}

/* A number that plain_scalar() takes for one; JSON has not all of its notations: +1 and 1. are none. */
static JsonValue *
number_value(Slice text)
{
	StringInfoData number;
	JsonValue  *value;

	initStringInfo(&number);
	for (uint32 i = text.data[0] == '+'; i < text.len; i++)
	{
		appendStringInfoCharMacro(&number, text.data[i]);
		if (text.data[i] == '.' && (i + 1 == text.len || !isdigit((unsigned char) text.data[i + 1])))
			appendStringInfoCharMacro(&number, '0');
	}
	value = json_from_number(number.data);
	pfree(number.data);
	return value;
}

static const char *
tag_of(PlainScalar kind)
{
	switch (kind)
	{
		case PLAIN_NULL:
			return STANDARD_TAG "null";
		case PLAIN_TRUE:
		case PLAIN_FALSE:
			return STANDARD_TAG "bool";
		case PLAIN_INTEGER:
			return STANDARD_TAG "int";
		case PLAIN_FLOAT:
			return STANDARD_TAG "float";
		default:
			return STANDARD_TAG "str";
	}
}

static JsonValue *
scalar_value(YamlReader *reader)
{
	const yaml_char_t *tag = reader->input.event.data.scalar.tag;
	Slice		text = yaml_input_scalar(&reader->input);
	PlainScalar kind = plain_scalar(text);

	/* quotes and the tag ! make a string, and so does its own tag */
	if (tag != NULL && strcmp((const char *) tag, "!") == 0)
		tag = (const yaml_char_t *) STANDARD_TAG "str";
	if (tag == NULL ? !reader->input.event.data.scalar.plain_implicit :
		strcmp((const char *) tag, STANDARD_TAG "str") == 0)
		kind = PLAIN_STRING;
	check_tag(reader, tag, tag_of(kind));

	switch (kind)
	{
		case PLAIN_NULL:
			return NULL;
		case PLAIN_TRUE:
		case PLAIN_FALSE:
			return json_made(json_object_new_boolean(kind == PLAIN_TRUE));
		case PLAIN_INTEGER:
		case PLAIN_FLOAT:
			return number_value(text);
		default:
			return json_from_slice(text);
	}
}

/* The document has grown by this much; a value of this height lies in the mapping or list at hand. */
static void
grow(YamlReader *reader, uint64 size, int height)
{
	reader->size += size;
	if (reader->depth > 0)
	{
		Frame	   *frame = &reader->frames[reader->depth - 1];

		frame->height = Max(frame->height, height + 1);
	}
}

/* Remember an anchor, and nothing yet of what it stands for. */
static void
begin_anchor(YamlReader *reader, const char *anchor)
{
	json_set(reader->anchors, anchor, NULL);
	if (json_object_object_length(reader->anchors) > MAX_ANCHORS)
		report_here(reader, psprintf("there are more than %d anchors", MAX_ANCHORS));
}

/* Remember what an anchor stands for; reference is the anchor's own. */
static void
set_anchor(YamlReader *reader, const char *anchor, JsonValue *reference, uint64 size, int height)
{
	JsonValue  *target = json_object_new_array();

	if (target == NULL)
		json_object_put(reference);
	json_set(reader->anchors, anchor, json_made(target));
	json_append(target, reference);
	json_append(target, json_made(json_object_new_int64(size)));
	json_append(target, json_made(json_object_new_int(height)));
}

static void
read_key(YamlReader *reader)
{
	Slice		key;

	check_tag(reader, reader->input.event.data.scalar.tag, STANDARD_TAG "str");
	if (reader->input.event.data.scalar.plain_implicit &&
		strcmp((const char *) reader->input.event.data.scalar.value, "<<") == 0)
		report_here(reader, "merge keys (<<) are not supported");
	if (reader->input.event.data.scalar.anchor != NULL)
		report_here(reader, "anchors of keys are not supported");
	key = yaml_input_scalar(&reader->input);
	reader->size += key.len;
	document_key(reader->builder, key);
}

static void
read_scalar(YamlReader *reader)
{
	const char *anchor = (const char *) reader->input.event.data.scalar.anchor;
	uint64		size = 1 + reader->input.event.data.scalar.length;
	JsonValue  *value = scalar_value(reader);

	grow(reader, size, 0);
	if (anchor != NULL)
	{
		begin_anchor(reader, anchor);
		set_anchor(reader, anchor, json_object_get(value), size, 0);
	}
	document_value(reader->builder, value, anchor != NULL);
}

static void
read_alias(YamlReader *reader)
{
	const char *anchor = (const char *) reader->input.event.data.alias.anchor;
	JsonValue  *target;
	JsonValue  *value;
	uint64		size;
	int			height;

	if (!json_object_object_get_ex(reader->anchors, anchor, &target))
		report_here(reader, psprintf("alias \"%s\" has no anchor", anchor));
	if (target == NULL)
		report_here(reader, psprintf("alias \"%s\" stands for a value that it is part of", anchor));

	value = json_object_array_get_idx(target, 0);
	size = json_object_get_int64(json_object_array_get_idx(target, 1));
	height = json_object_get_int(json_object_array_get_idx(target, 2));
	reader->aliased_size += size;
	if (reader->aliased_size > MAX_EXPANDED_SIZE)
		report_here(reader, psprintf("alias \"%s\" makes the document larger than " UINT64_FORMAT " bytes",
									 anchor, MAX_EXPANDED_SIZE));
	if (document_depth(reader->builder) + height > MAX_FRAMES - 1)
		report_here(reader, psprintf("alias \"%s\" makes the document deeper than %d levels",
									 anchor, MAX_FRAMES - 1));
	grow(reader, size, height);
	document_value(reader->builder, json_object_get(value), false);
}

static void
begin_container(YamlReader *reader, const yaml_char_t *anchor, JsonValue *container)
{
	Frame	   *frame;

	document_begin(reader->builder, container, anchor != NULL);

	frame = &reader->frames[reader->depth++];
	frame->anchor = anchor == NULL ? NULL : pstrdup((const char *) anchor);
	frame->size_before = reader->size++;
	frame->height = 0;
	if (frame->anchor != NULL)
		begin_anchor(reader, frame->anchor);
}

static void
end_container(YamlReader *reader)
{
	Frame	   *frame = &reader->frames[--reader->depth];

	if (frame->anchor != NULL)
	{
		set_anchor(reader, frame->anchor, json_object_get(document_container(reader->builder)),
				   reader->size - frame->size_before, frame->height);
		pfree(frame->anchor);
	}
	grow(reader, 0, frame->height);
	document_end(reader->builder);
}

/* Take a key, or the end of the mapping. */
static void
read_key_or_end(YamlReader *reader)
{
	switch (reader->input.event.type)
	{
		case YAML_SCALAR_EVENT:
			read_key(reader);
			break;
		case YAML_MAPPING_END_EVENT:
			end_container(reader);
			break;
		default:
			report_here(reader, "a key is not a string");
	}
}

/* Take a value, or the end of the list. */
static void
read_value_or_end(YamlReader *reader)
{
	yaml_event_t *event = &reader->input.event;

	switch (event->type)
	{
		case YAML_SCALAR_EVENT:
			read_scalar(reader);
			break;
		case YAML_ALIAS_EVENT:
			read_alias(reader);
			break;
		case YAML_SEQUENCE_END_EVENT:
			end_container(reader);
			break;
		case YAML_MAPPING_START_EVENT:
			check_tag(reader, event->data.mapping_start.tag, STANDARD_TAG "map");
			begin_container(reader, event->data.mapping_start.anchor,
							json_made(json_object_new_object()));
			break;
		case YAML_SEQUENCE_START_EVENT:
			check_tag(reader, event->data.sequence_start.tag, STANDARD_TAG "seq");
			begin_container(reader, event->data.sequence_start.anchor,
							json_made(json_object_new_array()));
			break;
		default:
			report_here(reader, "the document ends here");
	}
}

/* As read_document(). */
JsonValue *
read_yaml(Slice text, const char *name, const StreamedPart *parts, int part_count, void *arg)
{
	YamlReader *reader = palloc0(sizeof(YamlReader));

	yaml_input_open(&reader->input, text, name);
	reader->anchors = json_own(json_object_new_object());
	reader->builder = document_builder_create(name, parts, part_count, arg, &yaml_places, reader);

	yaml_input_begin(&reader->input);
	while (reader->input.event.type != YAML_DOCUMENT_END_EVENT)
	{
		if (document_expects_key(reader->builder))
			read_key_or_end(reader);
		else
			read_value_or_end(reader);
		yaml_input_next(&reader->input);
	}
	yaml_input_end(&reader->input);
	return document_finish(reader->builder);
}
