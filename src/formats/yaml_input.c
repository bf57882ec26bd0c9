/*
 * yaml_input.c
 *		A text that libyaml parses, event by event.
 *
 * libyaml gets the text in pieces, so that a call can be cancelled also within an
 * event, which may be as long as the text.  What would make it slow is refused
 * before it sees the text: it compares each %TAG directive with all before it, and
 * between any two words of a scalar it wipes as many bytes as the scalar's longest
 * run of blanks has.
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "base/encoding.h"
#include "base/interrupts.h"
#include "formats/json_value.h"
#include "formats/yaml_input.h"

/* More than any document has, and few enough to be compared. */
#define MAX_TAG_DIRECTIVES	100

/* Blanks and ends of lines, in bytes: longer than any that makes sense. */
#define MAX_BLANKS			10000

/* How many bytes are looked at between two looks for a cancel. */
#define CHECKED_AT_A_TIME	(64 * 1024)

static void
release_input(void *arg)
{
	YamlInput  *input = arg;

	yaml_event_delete(&input->event);
	yaml_parser_delete(&input->parser);
}

/* The error that there is a problem at some byte of the text. */
static void
report_problem_at(const YamlInput *input, uint64 offset, const char *problem)
{
	report_problem(input->name, position_in_text(input->text, offset, PG_UTF8), problem);
}

/* How many bytes the blank or end of a line at offset has; 0 if there is none. */
static uint32
blank_length(Slice text, uint32 offset)
{
	switch ((unsigned char) text.data[offset])
	{
		case ' ':
		case '\t':
		case '\r':
		case '\n':
			return 1;
		case 0xC2:				/* U+0085 */
			return offset + 1 < text.len && (unsigned char) text.data[offset + 1] == 0x85 ? 2 : 0;
		case 0xE2:				/* U+2028, U+2029 */
			return offset + 2 < text.len && (unsigned char) text.data[offset + 1] == 0x80 &&
				((unsigned char) text.data[offset + 2] | 1) == 0xA9 ? 3 : 0;
		default:
			return 0;
	}
}

/* Refuse what makes libyaml slow. */
static void
check_costs(const YamlInput *input)
{
	static const Slice tag = SLICE_LITERAL("%TAG");
	Slice		text = input->text;
	bool		begins_line = true;
	uint32		blanks = 0;
	int			tags = 0;

	for (uint32 i = 0; i < text.len; i++)
	{
		uint32		length = blank_length(text, i);

		if (i % CHECKED_AT_A_TIME == 0)
			CHECK_FOR_INTERRUPTS();

		/* within a scalar that is no directive, but rare */
		if (begins_line && text.len - i >= tag.len && memcmp(text.data + i, tag.data, tag.len) == 0 &&
			++tags > MAX_TAG_DIRECTIVES)
			report_problem_at(input, i, psprintf("there are more than %d %%TAG directives",
												 MAX_TAG_DIRECTIVES));
		begins_line = length > 0 && text.data[i] != ' ' && text.data[i] != '\t';

		blanks = length > 0 ? blanks + length : 0;
		if (blanks > MAX_BLANKS)
			report_problem_at(input, i, psprintf("more than %d blanks or line breaks in a row",
												 MAX_BLANKS));
		i += Max(length, 1) - 1;
	}
}

/* The next piece of the text, for libyaml. */
static int
read_piece(void *arg, unsigned char *buffer, size_t size, size_t *size_read)
{
	YamlInput  *input = arg;

	if (interrupt_is_due())
		return 0;
	*size_read = Min(size, input->text.len - input->read);
	memcpy(buffer, input->text.data + input->read, *size_read);
	input->read += *size_read;
	return 1;
}

/*
 * Begin to parse a text in the server's encoding.  What libyaml allocates goes with
 * the current memory context; the text and its name must live as long.
 */
void
yaml_input_open(YamlInput *input, Slice text, const char *name)
{
	memset(input, 0, sizeof(YamlInput));
	input->text = slice_in_utf8(text);
	input->name = name;
	check_costs(input);
	if (!yaml_parser_initialize(&input->parser))
		json_out_of_memory();
	input->release.func = release_input;
	input->release.arg = input;
	MemoryContextRegisterResetCallback(CurrentMemoryContext, &input->release);
	yaml_parser_set_encoding(&input->parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input(&input->parser, read_piece, input);
}

static TextPosition
position_of(yaml_mark_t mark)
{
	TextPosition position = {mark.line + 1, mark.column + 1};

	return position;
}

/* Where the event at hand begins. */
TextPosition
yaml_input_position(const YamlInput *input)
{
	return position_of(input->event.start_mark);
}

/* The error that there is a problem where the event at hand begins. */
void
report_yaml_problem(const YamlInput *input, const char *problem)
{
	report_problem(input->name, yaml_input_position(input), problem);
}

/* Is there a tab among the blanks that a line begins with?  Lines count from 1. */
static bool
is_indented_by_tab(Slice text, uint64 line)
{
	uint32		i = 0;

	for (; line > 1 && i < text.len; i++)
	{
		if (text.data[i] == '\n')
			line--;
	}
	while (i < text.len && text.data[i] == ' ')
		i++;
	return i < text.len && text.data[i] == '\t';
}

static void
report_yaml_error(YamlInput *input)
{
	yaml_parser_t *parser = &input->parser;
	TextPosition position = position_of(parser->problem_mark);

	/* that is why there was no piece to read */
	CHECK_FOR_INTERRUPTS();

	if (parser->error == YAML_MEMORY_ERROR)
		json_out_of_memory();
	/* the reader of characters knows only the byte */
	if (parser->error == YAML_READER_ERROR)
		position = position_in_text(input->text, parser->problem_offset, PG_UTF8);

	ereport(ERROR,
			(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
			 errmsg("line %llu, column %llu of %s: invalid YAML, %s", (unsigned long long) position.line,
					(unsigned long long) position.column, input->name, parser->problem),
			 parser->context != NULL ?
			 errdetail("That was %s at line %llu, column %llu.", parser->context,
					   (unsigned long long) parser->context_mark.line + 1,
					   (unsigned long long) parser->context_mark.column + 1) : 0,
			 is_indented_by_tab(input->text, position.line) ?
			 errhint("YAML has no tabs in indentation.") : 0));
}

/* Go to the next event; what is not YAML is an error that says where. */
void
yaml_input_next(YamlInput *input)
{
	CHECK_FOR_INTERRUPTS();

	if (input->scalar != NULL)
		pfree(input->scalar);
	input->scalar = NULL;
	yaml_event_delete(&input->event);
	memset(&input->event, 0, sizeof(input->event));
	if (!yaml_parser_parse(&input->parser, &input->event))
		report_yaml_error(input);
}

/* Go to the first event of the document's value; a text without one is an error. */
void
yaml_input_begin(YamlInput *input)
{
	yaml_input_next(input);		/* the stream's start */
	yaml_input_next(input);		/* a document's start, or the stream's end */
	if (input->event.type == YAML_STREAM_END_EVENT)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
				 errmsg("%s is empty", input->name)));
	yaml_input_next(input);
}

/* The event at hand is the document's end; a second document is an error. */
void
yaml_input_end(YamlInput *input)
{
	yaml_input_next(input);
	if (input->event.type != YAML_STREAM_END_EVENT)
		report_yaml_problem(input, "a second document begins, and one is expected");
}

/* The text of the scalar at hand, in the server's encoding; lives as long as the event. */
Slice
yaml_input_scalar(YamlInput *input)
{
	Slice		utf8 = {(const char *) input->event.data.scalar.value,
	(uint32) input->event.data.scalar.length};
	Slice		scalar;

	if (memchr(utf8.data, '\0', utf8.len) != NULL)
		report_yaml_problem(input, "zero byte");
	scalar = slice_from_utf8(utf8);
	if (scalar.data != utf8.data)
		input->scalar = unconstify(char *, scalar.data);
	return scalar;
}
