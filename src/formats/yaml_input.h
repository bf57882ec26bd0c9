/*
 * yaml_input.h
 *		A text that libyaml parses, event by event.
 */
#ifndef TRAINPLAN_YAML_INPUT_H
#define TRAINPLAN_YAML_INPUT_H

#include <yaml.h>

#include "formats/text_position.h"

typedef struct YamlInput
{
	Slice		text;			/* in UTF-8 */
	uint32		read;			/* how much of it libyaml has */
	const char *name;			/* what messages call it */
	yaml_parser_t parser;
	yaml_event_t event;			/* the one at hand */
	char	   *scalar;			/* its scalar, if it was converted */
	MemoryContextCallback release;
} YamlInput;

extern void yaml_input_open(YamlInput *input, Slice text, const char *name);
extern void yaml_input_next(YamlInput *input);
extern void yaml_input_begin(YamlInput *input);
extern void yaml_input_end(YamlInput *input);
extern TextPosition yaml_input_position(const YamlInput *input);
extern Slice yaml_input_scalar(YamlInput *input);
pg_noreturn extern void report_yaml_problem(const YamlInput *input, const char *problem);

#endif							/* TRAINPLAN_YAML_INPUT_H */
