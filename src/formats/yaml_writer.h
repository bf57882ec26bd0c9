/*
 * yaml_writer.h
 *		Writes YAML, value by value.
 */
#ifndef TRAINPLAN_YAML_WRITER_H
#define TRAINPLAN_YAML_WRITER_H

#include "formats/json_value.h"

typedef struct YamlWriter YamlWriter;

extern YamlWriter *yaml_writer_create(void);
extern void yaml_begin_mapping(YamlWriter *writer);
extern void yaml_end_mapping(YamlWriter *writer);
extern void yaml_begin_sequence(YamlWriter *writer);
extern void yaml_end_sequence(YamlWriter *writer);
extern void yaml_write_string(YamlWriter *writer, Slice string);
extern void yaml_write_word(YamlWriter *writer, const char *word);
extern void yaml_write_value(YamlWriter *writer, JsonValue *value);
extern void yaml_write_member(const char *key, JsonValue *value, StringInfo text);
extern void yaml_take_lines(YamlWriter *writer, StringInfo text);

#endif							/* TRAINPLAN_YAML_WRITER_H */
