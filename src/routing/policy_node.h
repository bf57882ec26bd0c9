/*
 * policy_node.h
 *		A place in a policy's YAML: its value, and where it stands.
 */
#ifndef TRAINPLAN_POLICY_NODE_H
#define TRAINPLAN_POLICY_NODE_H

#include "nodes/pg_list.h"

#include "formats/text_position.h"
#include "planning/vocabulary.h"

/* For who gives something else. */
#define POLICY_HINT \
	"A policy has the key \"routing\", and all else below it; routing_policy_default() is one to start from."

typedef enum PolicyKind
{
	POLICY_SCALAR,
	POLICY_LIST,
	POLICY_MAPPING
} PolicyKind;

/* A value, as it stands in the text; one that has aliases is there once. */
typedef struct PolicyValue
{
	PolicyKind	kind;
	TextPosition position;
	Slice		text;			/* of a scalar */
	bool		is_plain;		/* it has no quotes */
	List	   *parts;			/* elements of a list; keys and values of a mapping, in turn */
} PolicyValue;

typedef struct PolicyNode
{
	const char *text_name;		/* what messages call the policy */
	const struct PolicyNode *parent;	/* NULL: the whole */
	const char *key;			/* in parent; NULL: the whole, or an element of a list */
	const PolicyValue *value;
} PolicyNode;

/* A member of a mapping. */
typedef struct PolicyMember
{
	PolicyNode	node;			/* what its key stands for */
	const PolicyValue *key;
	bool		is_merge;		/* <<: the members of its value are the mapping's too */
} PolicyMember;

extern PolicyNode policy_load(Slice text, const char *name);
extern const char *policy_path(const PolicyNode *node);
pg_noreturn extern void report_policy_problem(const PolicyNode *node, TextPosition position,
											  const char *problem, const char *hint);
pg_noreturn extern void report_policy_type(const PolicyNode *node, const char *expected);

extern int	policy_members(const PolicyNode *mapping);
extern PolicyMember policy_member(const PolicyNode *mapping, int place);
extern PolicyNode policy_element(const PolicyNode *list, int place);

extern bool policy_boolean(const PolicyNode *node);
extern double policy_number(const PolicyNode *node);
extern int64 policy_integer(const PolicyNode *node);
extern int	policy_word(const PolicyNode *node, const WordList *words);

#endif							/* TRAINPLAN_POLICY_NODE_H */
