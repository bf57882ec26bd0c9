/*
 * yaml_reader.h
 *		Reads a document in YAML.
 */
#ifndef TRAINPLAN_YAML_READER_H
#define TRAINPLAN_YAML_READER_H

#include "formats/streamed_part.h"

extern JsonValue *read_yaml(Slice text, const char *name, const StreamedPart *parts,
							int part_count, void *arg);

#endif							/* TRAINPLAN_YAML_READER_H */
