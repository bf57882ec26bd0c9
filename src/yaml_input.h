/*
 * yaml_input.h
 *		A text that libyaml parses.
 */
#ifndef TRAINPLAN_YAML_INPUT_H
#define TRAINPLAN_YAML_INPUT_H

#include <yaml.h>

#include "document_builder.h"

typedef struct YamlInput
{
	Slice		text;			/* in UTF-8 */
	uint32		read;			/* how far libyaml has read it */
	const char *name;			/* what messages call it */
	yaml_parser_t parser;
	ErrorData  *interrupt;		/* that came while it was read, or NULL */
	MemoryContextCallback release;
} YamlInput;

extern void yaml_input_open(YamlInput *input, Slice text, const char *name);
extern DocumentPosition yaml_input_position(yaml_mark_t mark);
pg_noreturn extern void report_yaml_error(YamlInput *input);

#endif							/* TRAINPLAN_YAML_INPUT_H */
