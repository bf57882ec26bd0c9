/*
 * json_value.c
 *		Values of json-c, as the documents are made of.
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/json.h"
#include "utils/memutils.h"

#include "base/encoding.h"
#include "base/hidden_text.h"
#include "formats/json_value.h"

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

/* Does a string hold a control character, a quote or a backslash?  Does it hold what is not ASCII? */
static void
look_into(Slice string, bool *needs_escapes, bool *is_ascii)
{
	const uint64 ones = UINT64CONST(0x0101010101010101);
	uint64		escapes = 0;
	uint64		high = 0;
	uint32		i = 0;

	for (; i + sizeof(uint64) <= string.len; i += sizeof(uint64))
	{
		uint64		word;

		memcpy(&word, string.data + i, sizeof(word));
		high |= word & (ones * 0x80);
		escapes |= bytes_less(word, ' ') | bytes_less(word ^ (ones * '"'), 1) |
			bytes_less(word ^ (ones * '\\'), 1);
	}
	for (; i < string.len; i++)
	{
		unsigned char c = string.data[i];

		high |= c & 0x80;
		escapes |= c < ' ' || c == '"' || c == '\\';
	}
	*needs_escapes = escapes != 0;
	*is_ascii = high == 0;
}

/* JSON's escape for a character: two of them beyond the basic plane. */
static void
append_json_escape(StringInfo buffer, pg_wchar character)
{
	if (character < 0x10000)
		appendStringInfo(buffer, "\\u%04x", character);
	else
		appendStringInfo(buffer, "\\u%04x\\u%04x", 0xD800 + ((character - 0x10000) >> 10),
						 0xDC00 + ((character - 0x10000) & 0x3FF));
}

/* Append a string as JSON has it. */
static void
append_escaped(StringInfo buffer, Slice string)
{
	char	   *copy = slice_to_string(string);

	escape_json(buffer, copy);
	pfree(copy);
}

/* Append a string that has hidden characters, which is in UTF-8, with these escaped, too. */
static void
append_hidden(StringInfo buffer, Slice utf8)
{
	StringInfoData json;
	StringInfoData escaped;

	initStringInfo(&json);
	initStringInfo(&escaped);
	append_escaped(&json, utf8);
	for (int i = 0; i < json.len; i++)
	{
		uint32		length;
		HiddenCharacter character = hidden_character(slice_from_buffer(&json), i, &length);

		if (character == 0)
			appendStringInfoCharMacro(&escaped, json.data[i]);
		else
		{
			append_json_escape(&escaped, character);
			i += length - 1;
		}
	}
	append_slice(buffer, slice_from_utf8(slice_from_buffer(&escaped)));
	pfree(json.data);
	pfree(escaped.data);
}

/* Append a string as JSON has it, in quotes; hidden characters are escaped (hidden_text.c). */
void
append_json_string(StringInfo buffer, Slice string)
{
	bool		needs_escapes;
	bool		is_ascii;
	Slice		hidden = NULL_SLICE;

	look_into(string, &needs_escapes, &is_ascii);
	if (!is_ascii)
		hidden = hidden_text(string);
	if (!slice_is_null(hidden))
	{
		append_hidden(buffer, hidden);
		return;
	}
	if (needs_escapes)
	{
		append_escaped(buffer, string);
		return;
	}
	enlargeStringInfo(buffer, string.len + 2);
	buffer->data[buffer->len++] = '"';
	memcpy(buffer->data + buffer->len, string.data, string.len);
	buffer->len += string.len;
	buffer->data[buffer->len++] = '"';
	buffer->data[buffer->len] = '\0';
}
