/*
 * yaml_input.c
 *		A text that libyaml parses, event by event.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "encoding.h"
#include "yaml_input.h"

static void
release_input(void *arg)
{
	YamlInput  *input = arg;

	yaml_event_delete(&input->event);
	yaml_parser_delete(&input->parser);
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
	if (!yaml_parser_initialize(&input->parser))
		json_out_of_memory();
	input->release.func = release_input;
	input->release.arg = input;
	MemoryContextRegisterResetCallback(CurrentMemoryContext, &input->release);
	yaml_parser_set_encoding(&input->parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&input->parser, (const unsigned char *) input->text.data,
								 input->text.len);
}

static DocumentPosition
position_of(yaml_mark_t mark)
{
	DocumentPosition position = {mark.line + 1, mark.column + 1};

	return position;
}

/* Where the event at hand begins. */
DocumentPosition
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
	DocumentPosition position = position_of(parser->problem_mark);

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
yaml_input_scalar(const YamlInput *input)
{
	Slice		utf8 = {(const char *) input->event.data.scalar.value,
	(uint32) input->event.data.scalar.length};

	if (memchr(utf8.data, '\0', utf8.len) != NULL)
		report_yaml_problem(input, "zero byte");
	return slice_from_utf8(utf8);
}
