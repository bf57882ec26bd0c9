/*
 * document_node.h
 *		A place in a document that was read: its value, and the path to it that
 *		errors name.
 */
#ifndef TRAINPLAN_DOCUMENT_NODE_H
#define TRAINPLAN_DOCUMENT_NODE_H

#include "formats/json_value.h"

typedef struct DocumentNode
{
	const struct DocumentNode *parent;	/* NULL: the document itself */
	const char *key;			/* in parent; of the document, its name in messages; NULL: an element */
	int64		index;			/* of an element */
	bool		is_missing;		/* parent has no such member */
	JsonValue  *value;			/* NULL: null, or missing */
} DocumentNode;

extern DocumentNode document_root(const char *name, JsonValue *value);
extern DocumentNode node_member(const DocumentNode *parent, const char *key);
extern DocumentNode node_element(const DocumentNode *parent, int64 index);
extern const char *node_path(const DocumentNode *node);
extern const char *node_document(const DocumentNode *node);

extern void node_expect_mapping(const DocumentNode *node);
extern void node_expect_list(const DocumentNode *node);
extern void node_expect_part(const DocumentNode *root, const char *key, const char *other, const char *hint);
extern Slice node_string(const DocumentNode *node);
extern Slice node_string_or_null(const DocumentNode *node);
extern bool node_integer_or_null(const DocumentNode *node, int64 *integer);
pg_noreturn extern void report_bad_node(const DocumentNode *node, const char *expected);

/* Keys of a document that nobody reads. */
typedef struct IgnoredKeys
{
	MemoryContext context;		/* of the path */
	int64		count;
	char	   *first;			/* path of the first */
} IgnoredKeys;

extern void note_other_key(IgnoredKeys *ignored, const DocumentNode *member);
extern void note_other_keys(IgnoredKeys *ignored, const DocumentNode *mapping,
							const char *const *known, int count);
extern void warn_of_ignored_keys(const IgnoredKeys *ignored, const char *document);

#endif							/* TRAINPLAN_DOCUMENT_NODE_H */
