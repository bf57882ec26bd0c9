/*
 * yaml_input.c
 *		A text that libyaml parses.
 *
 * libyaml allocates outside of PostgreSQL's memory contexts, so that nothing may
 * jump out of it: an interrupt that comes while it reads is kept until it has
 * returned.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "encoding.h"
#include "json_value.h"
#include "yaml_input.h"

static void
release_parser(void *arg)
{
	yaml_parser_delete(&((YamlInput *) arg)->parser);
}

/* libyaml asks for the next bytes; 0 tells it that there was an error. */
static int
read_bytes(void *arg, unsigned char *buffer, size_t size, size_t *size_read)
{
	YamlInput  *input = arg;
	MemoryContext context = CurrentMemoryContext;

	PG_TRY();
	{
		CHECK_FOR_INTERRUPTS();
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(context);
		input->interrupt = CopyErrorData();
		FlushErrorState();
	}
	PG_END_TRY();
	if (input->interrupt != NULL)
		return 0;

	*size_read = Min(size, input->text.len - input->read);
	memcpy(buffer, input->text.data + input->read, *size_read);
	input->read += *size_read;
	return 1;
}

/*
 * Begin to parse a text in the server's encoding.  The parser goes with the
 * current memory context; the text and its name must live as long.
 */
void
yaml_input_open(YamlInput *input, Slice text, const char *name)
{
	memset(input, 0, sizeof(YamlInput));
	input->text = slice_in_utf8(text);
	input->name = name;
	if (!yaml_parser_initialize(&input->parser))
		json_out_of_memory();
	input->release.func = release_parser;
	input->release.arg = input;
	MemoryContextRegisterResetCallback(CurrentMemoryContext, &input->release);
	yaml_parser_set_encoding(&input->parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input(&input->parser, read_bytes, input);
}

DocumentPosition
yaml_input_position(yaml_mark_t mark)
{
	DocumentPosition position = {mark.line + 1, mark.column + 1};

	return position;
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

/* The error that the parser has returned with, or the interrupt that made it return. */
void
report_yaml_error(YamlInput *input)
{
	yaml_parser_t *parser = &input->parser;
	DocumentPosition position = yaml_input_position(parser->problem_mark);

	if (input->interrupt != NULL)
		ReThrowError(input->interrupt);
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
