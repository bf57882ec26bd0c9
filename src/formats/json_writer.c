/*
 * json_writer.c
 *		Writes JSON.
 *
 * Two blanks a level, a member or element a line, as Python's json.dump() writes
 * it with indent=2.  json-c could write its values itself, but differs from
 * version to version in how it writes empty ones; the same values are to be the
 * same bytes everywhere.
 */
#include "postgres.h"

#include "miscadmin.h"

#include "formats/json_writer.h"

/* End the line, with a comma between two values, and indent the next one. */
void
json_new_line(StringInfo text, bool comma, int indent)
{
	char	   *end;

	enlargeStringInfo(text, indent + 2);
	end = text->data + text->len;
	if (comma)
		*end++ = ',';
	*end++ = '\n';
	memset(end, ' ', indent);
	end[indent] = '\0';
	text->len = end + indent - text->data;
}

/* Begin a member of an object on a line of its own. */
void
json_write_name(StringInfo text, bool first, Slice name, int indent)
{
	json_new_line(text, !first, indent);
	append_json_string(text, name);
	appendBinaryStringInfo(text, ": ", 2);
}

static void
write_object(StringInfo text, JsonValue *object, int indent)
{
	bool		first = true;

	appendStringInfoCharMacro(text, '{');
	json_foreach_member(member, object)
	{
		json_write_name(text, first, slice_from_string(lh_entry_k(member)), indent + JSON_INDENT);
		first = false;
		json_write_value(text, (JsonValue *) lh_entry_v(member), indent + JSON_INDENT);
	}
	if (!first)
		json_new_line(text, false, indent);
	appendStringInfoCharMacro(text, '}');
}

static void
write_array(StringInfo text, JsonValue *array, int indent)
{
	size_t		length = json_object_array_length(array);

	appendStringInfoCharMacro(text, '[');
	for (size_t i = 0; i < length; i++)
	{
		json_new_line(text, i > 0, indent + JSON_INDENT);
		json_write_value(text, json_object_array_get_idx(array, i), indent + JSON_INDENT);
	}
	if (length > 0)
		json_new_line(text, false, indent);
	appendStringInfoCharMacro(text, ']');
}

/* Append a value whose first line is indented already. */
void
json_write_value(StringInfo text, JsonValue *value, int indent)
{
	CHECK_FOR_INTERRUPTS();

	switch (json_object_get_type(value))
	{
		case json_type_null:
			appendBinaryStringInfo(text, "null", 4);
			break;
		case json_type_boolean:
			appendStringInfoString(text, json_object_get_boolean(value) ? "true" : "false");
			break;
		case json_type_int:
		case json_type_double:
			append_json_number(text, value);
			break;
		case json_type_string:
			append_json_string(text, json_string_slice(value));
			break;
		case json_type_array:
			check_stack_depth();
			write_array(text, value, indent);
			break;
		case json_type_object:
			check_stack_depth();
			write_object(text, value, indent);
			break;
	}
}
