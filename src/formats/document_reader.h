/*
 * document_reader.h
 *		Reads a document in JSON or YAML.
 */
#ifndef TRAINPLAN_DOCUMENT_READER_H
#define TRAINPLAN_DOCUMENT_READER_H

#include "formats/streamed_part.h"

extern Slice document_text(Slice bytes, const char *name);
extern JsonValue *read_document(Slice text, const char *name, const StreamedPart *parts,
								int part_count, void *arg);

#endif							/* TRAINPLAN_DOCUMENT_READER_H */
