/*
 * json_value.c
 *		Values of json-c, as the documents are made of.
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/json.h"
#include "utils/memutils.h"

#include "json_value.h"

/* The error that json-c, or another library, has no memory for a document. */
void
json_out_of_memory(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_OUT_OF_MEMORY),
			 errmsg("out of memory"),
			 errdetail("Failed while making or reading a document.")));
}

/* A value that json-c has just made, or the error that it could not. */
JsonValue *
json_made(JsonValue *value)
{
	if (value == NULL)
		json_out_of_memory();
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
		json_out_of_memory();
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
		json_out_of_memory();
	}
}

/* Likewise, at the end of an array. */
void
json_append(JsonValue *array, JsonValue *value)
{
	if (json_object_array_add(array, value) != 0)
	{
		json_object_put(value);
		json_out_of_memory();
	}
}

JsonValue *
json_from_slice(Slice slice)
{
	return slice_is_null(slice) ? NULL : json_made(json_object_new_string_len(slice.data, slice.len));
}

/* A number from its text in JSON: an integer where it is one, else with all of its digits. */
JsonValue *
json_from_number(const char *digits)
{
	char	   *end;
	int64		integer;

	errno = 0;
	integer = strtoll(digits, &end, 10);
	if (*end == '\0' && errno == 0)
		return json_made(json_object_new_int64(integer));
	return json_made(json_object_new_double_s(strtod(digits, NULL), digits));
}

/* A string's bytes, which live as long as it is not changed; NULL for null. */
Slice
json_string_slice(JsonValue *string)
{
	Slice		slice = {json_object_get_string(string), (uint32) json_object_get_string_len(string)};

	return slice;
}

/* Append a number as JSON has it. */
void
append_json_number(StringInfo buffer, JsonValue *number)
{
	if (json_object_is_type(number, json_type_int))
	{
		enlargeStringInfo(buffer, MAXINT8LEN + 1);
		buffer->len += pg_lltoa(json_object_get_int64(number), buffer->data + buffer->len);
	}
	else
		appendStringInfoString(buffer, json_object_to_json_string_ext(number, JSON_C_TO_STRING_PLAIN));
}

/* The bytes of a word that are less than limit, which is at most 0x80, by their highest bits. */
static inline uint64
bytes_less(uint64 word, unsigned char limit)
{
	const uint64 ones = UINT64CONST(0x0101010101010101);

	return (word - ones * limit) & ~word & (ones * 0x80);
}

/* Does a string hold a control character, a quote or a backslash? */
static bool
needs_escapes(Slice string)
{
	const uint64 ones = UINT64CONST(0x0101010101010101);
	uint32		i = 0;

	for (; i + sizeof(uint64) <= string.len; i += sizeof(uint64))
	{
		uint64		word;

		memcpy(&word, string.data + i, sizeof(word));
		if (bytes_less(word, ' ') | bytes_less(word ^ (ones * '"'), 1) |
			bytes_less(word ^ (ones * '\\'), 1))
			return true;
	}
	for (; i < string.len; i++)
	{
		unsigned char c = string.data[i];

		if (c < ' ' || c == '"' || c == '\\')
			return true;
	}
	return false;
}

/* Append a string as JSON has it, in quotes. */
void
append_json_string(StringInfo buffer, Slice string)
{
	if (needs_escapes(string))
	{
		escape_json(buffer, slice_to_string(string));
		return;
	}
	enlargeStringInfo(buffer, string.len + 2);
	buffer->data[buffer->len++] = '"';
	memcpy(buffer->data + buffer->len, string.data, string.len);
	buffer->len += string.len;
	buffer->data[buffer->len++] = '"';
	buffer->data[buffer->len] = '\0';
}
