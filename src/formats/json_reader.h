/*
 * json_reader.h
 *		Reads a document in JSON.
 */
#ifndef TRAINPLAN_JSON_READER_H
#define TRAINPLAN_JSON_READER_H

#include "formats/streamed_part.h"

extern JsonValue *read_json(Slice text, const char *name, const StreamedPart *parts,
							int part_count, void *arg);

#endif							/* TRAINPLAN_JSON_READER_H */
