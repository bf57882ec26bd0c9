/*
 * json_reader.c
 *		Reads a document in JSON.
 *
 * PostgreSQL's own parser reads the text and tells of what it meets; values of
 * json-c are made from that.  json-c's parser would not tell of a key that is
 * there twice, and takes more than JSON.
 */
#include "postgres.h"

#include "common/jsonapi.h"
#include "miscadmin.h"

#include "base/compat.h"
#include "base/encoding.h"
#include "formats/document_builder.h"
#include "formats/json_reader.h"

typedef struct JsonReader
{
	Slice		text;
	const char *name;
	JsonLexContext *lexer;
	DocumentBuilder *builder;
} JsonReader;

/* Where the parser is, in bytes. */
static uint64
json_place(void *arg)
{
	JsonReader *reader = arg;
	const char *token = reader->lexer->token_start;

	/* at the end there is no token */
	return token == NULL ? reader->text.len : token - reader->text.data;
}

static TextPosition
json_position(void *arg, uint64 place)
{
	return position_in_text(((JsonReader *) arg)->text, place, GetDatabaseEncoding());
}

static const ParserPlaces json_places = {json_place, json_position};

static JsonActionResult
object_start(void *arg)
{
	CHECK_FOR_INTERRUPTS();
	document_begin(((JsonReader *) arg)->builder, json_made(json_object_new_object()), false);
	JSON_ACTION_DONE;
}

static JsonActionResult
array_start(void *arg)
{
	CHECK_FOR_INTERRUPTS();
	document_begin(((JsonReader *) arg)->builder, json_made(json_object_new_array()), false);
	JSON_ACTION_DONE;
}

static JsonActionResult
container_end(void *arg)
{
	document_end(((JsonReader *) arg)->builder);
	JSON_ACTION_DONE;
}

static JsonActionResult
field_start(void *arg, char *name, bool is_null)
{
	document_key(((JsonReader *) arg)->builder, slice_from_string(name));
	pfree(name);
	JSON_ACTION_DONE;
}

static JsonActionResult
scalar(void *arg, char *token, JsonTokenType type)
{
	DocumentBuilder *builder = ((JsonReader *) arg)->builder;
	JsonValue  *value = NULL;

	CHECK_FOR_INTERRUPTS();

	switch (type)
	{
		case JSON_TOKEN_STRING:
			value = json_from_slice(slice_from_string(token));
			break;
		case JSON_TOKEN_NUMBER:
			value = json_from_number(token);
			break;
		case JSON_TOKEN_TRUE:
		case JSON_TOKEN_FALSE:
			value = json_made(json_object_new_boolean(type == JSON_TOKEN_TRUE));
			break;
		default:
			break;
	}
	if (token != NULL)
		pfree(token);
	document_value(builder, value, false);
	JSON_ACTION_DONE;
}

/* As read_document(). */
JsonValue *
read_json(Slice text, const char *name, const StreamedPart *parts, int part_count, void *arg)
{
	JsonReader	reader = {.text = text, .name = name};
	JsonSemAction actions = {
		.semstate = &reader,
		.object_start = object_start,
		.object_end = container_end,
		.array_start = array_start,
		.array_end = container_end,
		.object_field_start = field_start,
		.scalar = scalar
	};
	JsonParseErrorType error;

	reader.lexer = makeJsonLexContextCstringLen(NULL, unconstify(char *, text.data), text.len,
												GetDatabaseEncoding(), true);
	reader.builder = document_builder_create(name, parts, part_count, arg, &json_places, &reader);
	error = pg_parse_json(reader.lexer, &actions);
	if (error != JSON_SUCCESS)
	{
		TextPosition position = json_position(&reader, json_place(&reader));

		ereport(ERROR,
				(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
				 errmsg("line %llu, column %llu of %s: invalid JSON", (unsigned long long) position.line,
						(unsigned long long) position.column, name),
				 errdetail_internal("%s", json_errdetail(error, reader.lexer)),
				 error == JSON_INVALID_TOKEN ?
				 errhint("A document that begins with a brace is read as JSON, any other as YAML.") : 0));
	}
	return document_finish(reader.builder);
}
