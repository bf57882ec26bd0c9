/*
 * document_builder.h
 *		Puts a document's values together as a parser meets them.
 */
#ifndef TRAINPLAN_DOCUMENT_BUILDER_H
#define TRAINPLAN_DOCUMENT_BUILDER_H

#include "formats/streamed_part.h"
#include "formats/text_position.h"

typedef struct DocumentBuilder DocumentBuilder;

/* What a builder asks its parser. */
typedef struct ParserPlaces
{
	/* where the parser is, as a number that is greater than those before */
	uint64		(*place) (void *parser);

	/* what that number stands for */
	TextPosition (*position) (void *parser, uint64 place);
} ParserPlaces;

extern DocumentBuilder *document_builder_create(const char *name, const StreamedPart *parts,
												int part_count, void *arg,
												const ParserPlaces *places, void *parser);
extern int	document_depth(const DocumentBuilder *builder);
extern bool document_expects_key(const DocumentBuilder *builder);
extern JsonValue *document_container(const DocumentBuilder *builder);
extern void document_begin(DocumentBuilder *builder, JsonValue *container, bool has_anchor);
extern void document_end(DocumentBuilder *builder);
extern void document_key(DocumentBuilder *builder, Slice key);
extern void document_value(DocumentBuilder *builder, JsonValue *value, bool has_anchor);
extern JsonValue *document_finish(DocumentBuilder *builder);

#endif							/* TRAINPLAN_DOCUMENT_BUILDER_H */
