/*
 * document_reader.h
 *		Reads a document in JSON or YAML.
 */
#ifndef TRAINPLAN_DOCUMENT_READER_H
#define TRAINPLAN_DOCUMENT_READER_H

#include "document_node.h"

/*
 * Called for each piece of a part of the document that is handed out, which lives
 * until the call returns; runs in a memory context that is reset behind it.
 */
typedef void (*PieceCallback) (void *arg, const DocumentNode *piece);

/* A part of a document that is handed out piece by piece: a mapping's members, or a list's elements. */
typedef struct StreamedPart
{
	const char *key;			/* of the part in the document, or in each piece of the part before */
	PieceCallback callback;
} StreamedPart;

extern Slice document_text(Slice bytes, const char *name);
extern JsonValue *read_document(Slice text, const char *name, const StreamedPart *parts,
								int part_count, void *arg);

#endif							/* TRAINPLAN_DOCUMENT_READER_H */
