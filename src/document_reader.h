/*
 * document_reader.h
 *		Reads a document in JSON or YAML.
 */
#ifndef TRAINPLAN_DOCUMENT_READER_H
#define TRAINPLAN_DOCUMENT_READER_H

#include "document_node.h"

/*
 * Called for each member or element of the part of the document that is handed
 * out piece by piece, which lives until the call returns; runs in a memory
 * context that is reset behind it.
 */
typedef void (*PartCallback) (void *arg, const DocumentNode *part);

extern Slice document_text(Slice bytes, const char *name);
extern JsonValue *read_document(Slice text, const char *name, const char *streamed,
								PartCallback callback, void *arg);

#endif							/* TRAINPLAN_DOCUMENT_READER_H */
