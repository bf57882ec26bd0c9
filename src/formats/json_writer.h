/*
 * json_writer.h
 *		Writes JSON.
 */
#ifndef TRAINPLAN_JSON_WRITER_H
#define TRAINPLAN_JSON_WRITER_H

#include "formats/json_value.h"

/* How many blanks a level is indented by. */
#define JSON_INDENT	2

extern void json_new_line(StringInfo text, bool comma, int indent);
extern void json_write_name(StringInfo text, bool first, Slice name, int indent);
extern void json_write_value(StringInfo text, JsonValue *value, int indent);

#endif							/* TRAINPLAN_JSON_WRITER_H */
