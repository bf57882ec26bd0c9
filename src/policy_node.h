/*
 * policy_node.h
 *		A place in a policy's YAML: its value, and where it stands.
 */
#ifndef TRAINPLAN_POLICY_NODE_H
#define TRAINPLAN_POLICY_NODE_H

#include "vocabulary.h"

struct yaml_node_s;
struct yaml_document_s;

/* A policy's text as libyaml has read it. */
typedef struct PolicyText
{
	const char *name;			/* what messages call it */
	struct yaml_document_s *document;
} PolicyText;

typedef struct PolicyNode
{
	const PolicyText *text;
	const struct PolicyNode *parent;	/* NULL: the whole */
	const char *key;			/* in parent; NULL: the whole, or an element of a list */
	struct yaml_node_s *value;
} PolicyNode;

/* A member of a mapping; value is what its key stands for. */
typedef struct PolicyMember
{
	PolicyNode	value;
	struct yaml_node_s *key;
	bool		is_merge;		/* <<, whose value's members are the mapping's too */
} PolicyMember;

extern PolicyNode policy_text_load(Slice text, const char *name);
extern const char *policy_path(const PolicyNode *node);
extern int	policy_problem(const PolicyNode *node, const char *format,...) pg_attribute_printf(2, 3);
extern int	policy_key_problem(const PolicyMember *member, const char *format,...) pg_attribute_printf(2, 3);
pg_noreturn extern void report_policy_type(const PolicyNode *node, const char *expected);

extern bool policy_is_mapping(const PolicyNode *node);
extern bool policy_is_list(const PolicyNode *node);
extern int	policy_members(const PolicyNode *mapping);
extern PolicyMember policy_member(const PolicyNode *mapping, int place);
extern int	policy_elements(const PolicyNode *list);
extern PolicyNode policy_element(const PolicyNode *list, int place);

extern bool policy_boolean(const PolicyNode *node);
extern double policy_number(const PolicyNode *node);
extern int64 policy_integer(const PolicyNode *node);
extern int	policy_word(const PolicyNode *node, const WordList *words);

#endif							/* TRAINPLAN_POLICY_NODE_H */
