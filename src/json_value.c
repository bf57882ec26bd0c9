/*
 * json_value.c
 *		Values of json-c, as the documents are made of.
 */
#include "postgres.h"

#include "utils/json.h"
#include "utils/memutils.h"

#include "json_value.h"

/* A value that json-c has just made, or the error that it could not. */
JsonValue *
json_made(JsonValue *value)
{
	if (value == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OUT_OF_MEMORY),
				 errmsg("out of memory"),
				 errdetail("Failed while making a document.")));
	return value;
}

static void
release(void *value)
{
	json_object_put(value);
}

/* Hang a value that json-c has just made on the current memory context. */
JsonValue *
json_own(JsonValue *value)
{
	MemoryContextCallback *callback;

	json_made(value);
	callback = MemoryContextAllocExtended(CurrentMemoryContext, sizeof(MemoryContextCallback),
										  MCXT_ALLOC_NO_OOM);
	if (callback == NULL)
	{
		json_object_put(value);
		json_made(NULL);
	}
	callback->func = release;
	callback->arg = value;
	MemoryContextRegisterResetCallback(CurrentMemoryContext, callback);
	return value;
}

/* Make value the parent's; also on error it is nobody else's any more. */
void
json_set(JsonValue *parent, const char *key, JsonValue *value)
{
	if (json_object_object_add(parent, key, value) != 0)
	{
		json_object_put(value);
		json_made(NULL);
	}
}

/* Likewise, at the end of an array. */
void
json_append(JsonValue *array, JsonValue *value)
{
	if (json_object_array_add(array, value) != 0)
	{
		json_object_put(value);
		json_made(NULL);
	}
}

JsonValue *
json_from_slice(Slice slice)
{
	return slice_is_null(slice) ? NULL : json_made(json_object_new_string_len(slice.data, slice.len));
}

/* A string's bytes, which live as long as it is not changed. */
Slice
json_string_slice(JsonValue *string)
{
	Slice		slice = {json_object_get_string(string), (uint32) json_object_get_string_len(string)};

	return slice;
}

/* A number's text; lives until the number is asked for again. */
Slice
json_number_slice(JsonValue *number)
{
	return slice_from_string(json_object_to_json_string_ext(number, JSON_C_TO_STRING_PLAIN));
}

/* Append a string as JSON has it, in quotes. */
void
append_json_string(StringInfo buffer, Slice string)
{
	uint32		plain = 0;

	while (plain < string.len)
	{
		unsigned char c = string.data[plain];

		if (c < ' ' || c == '"' || c == '\\')
			break;
		plain++;
	}
	if (plain < string.len)
	{
		escape_json(buffer, slice_to_string(string));
		return;
	}
	appendStringInfoCharMacro(buffer, '"');
	appendBinaryStringInfo(buffer, string.data, string.len);
	appendStringInfoCharMacro(buffer, '"');
}
