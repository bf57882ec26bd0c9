/*
 * yaml_writer.c
 *		Writes YAML, value by value.
 *
 * libyaml's emitter writes it, in block style; what stays plain is decided here,
 * so that readers of YAML 1.1 and of 1.2 see the same.  libyaml escapes what is
 * outside of Unicode's basic plane, emoji for example, and hidden characters
 * (hidden_text.c) are escaped, too: those are the exceptions from UTF-8 as it is.
 * The emitter would leave most of the hidden ones as they are.  So strings that have
 * them are in double quotes, and they are escaped in what it has written, where
 * they stand nowhere else.
 */
#include "postgres.h"

#include <yaml.h>

#include "miscadmin.h"
#include "utils/memutils.h"

#include "base/encoding.h"
#include "base/hidden_text.h"
#include "base/interrupts.h"
#include "formats/yaml_scalar.h"
#include "formats/yaml_writer.h"

struct YamlWriter
{
	yaml_emitter_t emitter;
	MemoryContextCallback release;
	StringInfoData text;		/* what the emitter has written */
	bool		needs_rewriting;	/* there are hidden characters or long blanks in it */
	StringInfoData number;		/* work space */
	StringInfoData escaped;
};

/* Of this many blanks in a row, one is escaped: readers may refuse very many. */
#define LONG_BLANKS	1000

static void
release_emitter(void *emitter)
{
	yaml_emitter_delete(emitter);
}

static int
take_text(void *text, unsigned char *bytes, size_t size)
{
	if (interrupt_is_due())
		return 0;

	/*
	 * An error here leaves libyaml by a jump.  That is safe: the emitter owns all
	 * of its events, also the one at hand, and is deleted.
	 */
	appendBinaryStringInfo(text, (char *) bytes, size);
	return 1;
}

/* Go on if libyaml could do it. */
static void
check(const YamlWriter *writer, int done)
{
	if (done)
		return;
	/* that is why take_text() took none */
	CHECK_FOR_INTERRUPTS();
	/* an event that could not be made leaves no error in the emitter */
	if (writer->emitter.error == YAML_NO_ERROR || writer->emitter.error == YAML_MEMORY_ERROR)
		json_out_of_memory();
	ereport(ERROR,
			(errcode(ERRCODE_INTERNAL_ERROR),
			 errmsg("could not write YAML: %s", writer->emitter.problem)));
}

static void
emit(YamlWriter *writer, int initialized, yaml_event_t *event)
{
	check(writer, initialized);
	check(writer, yaml_emitter_emit(&writer->emitter, event));
}

/* A writer of one document in YAML, in the current memory context. */
YamlWriter *
yaml_writer_create(void)
{
	YamlWriter *writer = palloc0(sizeof(YamlWriter));
	yaml_event_t event;

	initStringInfo(&writer->text);
	initStringInfo(&writer->number);
	initStringInfo(&writer->escaped);
	check(writer, yaml_emitter_initialize(&writer->emitter));
	writer->release.func = release_emitter;
	writer->release.arg = &writer->emitter;
	MemoryContextRegisterResetCallback(CurrentMemoryContext, &writer->release);

	yaml_emitter_set_output(&writer->emitter, take_text, &writer->text);
	yaml_emitter_set_unicode(&writer->emitter, 1);
	yaml_emitter_set_width(&writer->emitter, -1);
	emit(writer, yaml_stream_start_event_initialize(&event, YAML_UTF8_ENCODING), &event);
	emit(writer, yaml_document_start_event_initialize(&event, NULL, NULL, NULL, 1), &event);
	return writer;
}

static void
end_document(YamlWriter *writer)
{
	yaml_event_t event;

	emit(writer, yaml_document_end_event_initialize(&event, 1), &event);
	emit(writer, yaml_stream_end_event_initialize(&event), &event);
}

void
yaml_begin_mapping(YamlWriter *writer)
{
	yaml_event_t event;

	emit(writer, yaml_mapping_start_event_initialize(&event, NULL, NULL, 1,
													 YAML_BLOCK_MAPPING_STYLE), &event);
}

void
yaml_end_mapping(YamlWriter *writer)
{
	yaml_event_t event;

	emit(writer, yaml_mapping_end_event_initialize(&event), &event);
}

void
yaml_begin_sequence(YamlWriter *writer)
{
	yaml_event_t event;

	emit(writer, yaml_sequence_start_event_initialize(&event, NULL, NULL, 1,
													  YAML_BLOCK_SEQUENCE_STYLE), &event);
}

void
yaml_end_sequence(YamlWriter *writer)
{
	yaml_event_t event;

	emit(writer, yaml_sequence_end_event_initialize(&event), &event);
}

static void
write_scalar(YamlWriter *writer, Slice text, yaml_scalar_style_t style)
{
	yaml_event_t event;

	emit(writer, yaml_scalar_event_initialize(&event, NULL, NULL, (yaml_char_t *) text.data, text.len,
											  1, 1, style), &event);
}

/* Does a string hold a control character? */
static bool
needs_escapes(Slice utf8)
{
	for (uint32 i = 0; i < utf8.len; i++)
	{
		unsigned char c = utf8.data[i];

		if (c < ' ' || c == 0x7F)
			return true;
		if (c == 0xC2 && i + 1 < utf8.len && (unsigned char) utf8.data[i + 1] < 0xA0)
			return true;
	}
	return false;
}

/* Does a string have hidden characters, or very many blanks in a row? */
static bool
needs_rewriting(Slice utf8)
{
	uint32		blanks = 0;
	uint32		length;

	for (uint32 i = 0; i < utf8.len; i++)
	{
		blanks = utf8.data[i] == ' ' ? blanks + 1 : 0;
		if (blanks == LONG_BLANKS || hidden_character(utf8, i, &length) != 0)
			return true;
	}
	return false;
}

/* Write a string, which may be a key. */
void
yaml_write_string(YamlWriter *writer, Slice string)
{
	Slice		utf8 = slice_in_utf8(string);
	yaml_scalar_style_t style = YAML_PLAIN_SCALAR_STYLE;
	bool		is_rewritten = needs_rewriting(utf8);

	writer->needs_rewriting |= is_rewritten;

	/* libyaml quotes what would be read wrong for its indicators; it knows nothing of types */
	if (is_rewritten || needs_escapes(utf8))
		style = YAML_DOUBLE_QUOTED_SCALAR_STYLE;
	else if (plain_scalar(utf8) != PLAIN_STRING)
		style = YAML_SINGLE_QUOTED_SCALAR_STYLE;
	write_scalar(writer, utf8, style);
}

/* Write a word that every reader takes for what it is: a key, a number, null. */
void
yaml_write_word(YamlWriter *writer, const char *word)
{
	write_scalar(writer, slice_from_string(word), YAML_PLAIN_SCALAR_STYLE);
}

/* Write a value with all that is in it. */
void
yaml_write_value(YamlWriter *writer, JsonValue *value)
{
	CHECK_FOR_INTERRUPTS();

	switch (json_object_get_type(value))
	{
		case json_type_null:
			yaml_write_word(writer, "null");
			break;
		case json_type_boolean:
			yaml_write_word(writer, json_object_get_boolean(value) ? "true" : "false");
			break;
		case json_type_int:
		case json_type_double:
			resetStringInfo(&writer->number);
			append_json_number(&writer->number, value);
			write_scalar(writer, slice_from_buffer(&writer->number), YAML_PLAIN_SCALAR_STYLE);
			break;
		case json_type_string:
			yaml_write_string(writer, json_string_slice(value));
			break;
		case json_type_array:
			check_stack_depth();
			yaml_begin_sequence(writer);
			for (size_t i = 0; i < json_object_array_length(value); i++)
				yaml_write_value(writer, json_object_array_get_idx(value, i));
			yaml_end_sequence(writer);
			break;
		case json_type_object:
			check_stack_depth();
			yaml_begin_mapping(writer);
			json_foreach_member(member, value)
			{
				yaml_write_string(writer, slice_from_string(lh_entry_k(member)));
				yaml_write_value(writer, (JsonValue *) lh_entry_v(member));
			}
			yaml_end_mapping(writer);
			break;
	}
}

/* As libyaml has its escapes. */
static void
append_yaml_escape(StringInfo text, HiddenCharacter character)
{
	appendStringInfo(text, character <= 0xFF ? "\\x%02X" : character <= 0xFFFF ? "\\u%04X" : "\\U%08X",
					 character);
}

/*
 * Copy what was written, with hidden characters escaped and some blanks within
 * lines: both are in double quotes.
 */
static void
rewrite(YamlWriter *writer)
{
	Slice		text = slice_from_buffer(&writer->text);
	StringInfo	escaped = &writer->escaped;
	bool		in_line = false;
	int			blanks = 0;

	resetStringInfo(escaped);
	for (uint32 i = 0; i < text.len; i++)
	{
		char		c = text.data[i];
		uint32		length;
		HiddenCharacter character = hidden_character(text, i, &length);

		blanks = in_line && c == ' ' ? blanks + 1 : 0;
		in_line = c != '\n' && (in_line || c != ' ');
		if (character != 0)
		{
			append_yaml_escape(escaped, character);
			i += length - 1;
			continue;
		}
		if (blanks == LONG_BLANKS)
		{
			appendStringInfoCharMacro(escaped, '\\');
			blanks = 0;
		}
		appendStringInfoCharMacro(escaped, c);
	}
}

/* Move what the emitter has written to the end of text, in the server's encoding. */
static void
take_written(YamlWriter *writer, StringInfo text)
{
	Slice		written = slice_from_buffer(&writer->text);

	if (writer->needs_rewriting)
	{
		rewrite(writer);
		written = slice_from_buffer(&writer->escaped);
	}
	append_slice(text, slice_from_utf8(written));
	resetStringInfo(&writer->text);
	writer->needs_rewriting = false;
}

/*
 * Move what was written to the end of text, as whole lines: so a document is taken
 * piece by piece.  What was written last must not be the beginning of a mapping or
 * list, which the emitter keeps until it knows whether that is empty.
 */
void
yaml_take_lines(YamlWriter *writer, StringInfo text)
{
	StringInfo	written = &writer->text;

	check(writer, yaml_emitter_flush(&writer->emitter));

	/* the emitter ends a line when it begins the next one */
	if (written->len > 0 && written->data[0] == '\n')
	{
		written->len--;
		memmove(written->data, written->data + 1, written->len);
	}
	if (written->len > 0)
		appendStringInfoCharMacro(written, '\n');
	take_written(writer, text);
}

/* Append a mapping with one member, a document of its own. */
void
yaml_write_member(const char *key, JsonValue *value, StringInfo text)
{
	YamlWriter *writer = yaml_writer_create();

	yaml_begin_mapping(writer);
	yaml_write_word(writer, key);
	yaml_write_value(writer, value);
	yaml_end_mapping(writer);
	end_document(writer);
	take_written(writer, text);
}
