/*
 * streamed_part.h
 *		What of a document is handed out piece by piece while it is read.
 */
#ifndef TRAINPLAN_STREAMED_PART_H
#define TRAINPLAN_STREAMED_PART_H

#include "formats/document_node.h"

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

#endif							/* TRAINPLAN_STREAMED_PART_H */
