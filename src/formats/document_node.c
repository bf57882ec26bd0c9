/*
 * document_node.c
 *		A place in a document that was read: its value, and the path to it that
 *		errors name.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"
#include "utils/memutils.h"

#include "formats/document_node.h"

/* The document itself; name is what messages call it, and lives as long as its nodes. */
DocumentNode
document_root(const char *name, JsonValue *value)
{
	DocumentNode root = {.key = name, .value = value};

	return root;
}

/* A member of a mapping. */
DocumentNode
node_member(const DocumentNode *parent, const char *key)
{
	DocumentNode member = {.parent = parent, .key = key};

	member.is_missing = !json_object_object_get_ex(parent->value, key, &member.value);
	return member;
}

/* An element of a list, counted from 0. */
DocumentNode
node_element(const DocumentNode *parent, int64 index)
{
	DocumentNode element = {.parent = parent, .index = index};

	element.value = json_object_array_get_idx(parent->value, index);
	return element;
}

static bool
is_plain_key(const char *key)
{
	for (const char *c = key; *c != '\0'; c++)
	{
		if (!(*c >= '0' && *c <= '9') && !(*c >= 'A' && *c <= 'Z') && !(*c >= 'a' && *c <= 'z') &&
			*c != '_' && *c != '-' && !IS_HIGHBIT_SET(*c))
			return false;
	}
	return key[0] != '\0';
}

static void
append_path(StringInfo path, const DocumentNode *node)
{
	if (node->parent == NULL)
		return;
	append_path(path, node->parent);
	if (node->key == NULL)
		appendStringInfo(path, "[" INT64_FORMAT "]", node->index);
	else
	{
		if (path->len > 0)
			appendStringInfoChar(path, '.');
		if (is_plain_key(node->key))
			appendStringInfoString(path, node->key);
		else
			append_json_string(path, slice_from_string(node->key));
	}
}

/*
 * The path to a node, in the current memory context: targets.fwd_ret_5d.symbols.AAPL,
 * jobs[3]; a key with other characters is quoted.  Empty for the document itself.
 */
const char *
node_path(const DocumentNode *node)
{
	StringInfoData path;

	initStringInfo(&path);
	append_path(&path, node);
	return path.data;
}

/* What messages call the document that a node is in. */
const char *
node_document(const DocumentNode *node)
{
	while (node->parent != NULL)
		node = node->parent;
	return node->key;
}

static const char *
describe(const DocumentNode *node)
{
	switch (json_object_get_type(node->value))
	{
		case json_type_null:
			return node->is_missing ? "missing" : "null";
		case json_type_boolean:
			return "a boolean";
		case json_type_int:
		case json_type_double:
			return "a number";
		case json_type_string:
			return "a string";
		case json_type_array:
			return "a list";
		case json_type_object:
			return "a mapping";
	}
	return "something else";
}

/* The error that a node is not what it should be: a string, say. */
void
report_bad_node(const DocumentNode *node, const char *expected)
{
	bool		is_null = node->value == NULL;
	bool		is_scalar = !is_null && !json_object_is_type(node->value, json_type_array) &&
		!json_object_is_type(node->value, json_type_object);

	if (node->parent == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s is %s, not %s", node_document(node), describe(node), expected)));
	ereport(ERROR,
			(errcode(is_null ? ERRCODE_NULL_VALUE_NOT_ALLOWED : ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg(is_null ? "%s is %s in %s" : "%s is %s, not %s, in %s", node_path(node),
					describe(node), is_null ? node_document(node) : expected, node_document(node)),
			 is_scalar && strcmp(expected, "a string") == 0 ?
			 errhint("A string that looks like something else needs quotes.") : 0));
}

void
node_expect_mapping(const DocumentNode *node)
{
	if (!json_object_is_type(node->value, json_type_object))
		report_bad_node(node, "a mapping");
}

void
node_expect_list(const DocumentNode *node)
{
	if (!json_object_is_type(node->value, json_type_array))
		report_bad_node(node, "a list");
}

/*
 * A document that has another part instead of the one that is read is of another kind:
 * an error (null_value_not_allowed), whose hint says what reads those.
 */
void
node_expect_part(const DocumentNode *root, const char *key, const char *other, const char *hint)
{
	DocumentNode part = node_member(root, key);

	if (part.value == NULL && !node_member(root, other).is_missing)
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("%s is %s in %s, which has %s", key, describe(&part), root->key, other),
				 errhint("%s", hint)));
}

/* A string, which lives as long as the node's value. */
Slice
node_string(const DocumentNode *node)
{
	if (!json_object_is_type(node->value, json_type_string))
		report_bad_node(node, "a string");
	return json_string_slice(node->value);
}

/* The same, or NULL if it is null or missing. */
Slice
node_string_or_null(const DocumentNode *node)
{
	return node->value == NULL ? NULL_SLICE : node_string(node);
}

/*
 * An integer, also one that is written as 5000.0; false if it is null or
 * missing.
 */
bool
node_integer_or_null(const DocumentNode *node, int64 *integer)
{
	double		number;

	*integer = 0;
	if (node->value == NULL)
		return false;
	switch (json_object_get_type(node->value))
	{
		case json_type_int:
			*integer = json_object_get_int64(node->value);
			return true;
		case json_type_double:
			number = json_object_get_double(node->value);
			if (isnan(number) || rint(number) != number)
				report_bad_node(node, "an integer");
			/* beyond these, a double has no units any more */
			if (fabs(number) > 9007199254740992.0)
				ereport(ERROR,
						(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
						 errmsg("%s is out of range in %s", node_path(node), node_document(node))));
			*integer = (int64) number;
			return true;
		default:
			report_bad_node(node, "an integer");
	}
}

/* Note a member whose key means nothing. */
void
note_other_key(IgnoredKeys *ignored, const DocumentNode *member)
{
	if (ignored->count++ == 0)
		ignored->first = MemoryContextStrdup(ignored->context, node_path(member));
}

static bool
is_among(const char *key, const char *const *keys, int count)
{
	for (int i = 0; i < count; i++)
	{
		if (strcmp(keys[i], key) == 0)
			return true;
	}
	return false;
}

/* Note the keys of a mapping that are not among those that are known. */
void
note_other_keys(IgnoredKeys *ignored, const DocumentNode *mapping,
				const char *const *known, int count)
{
	int			others = json_object_object_length(mapping->value);

	for (int i = 0; i < count; i++)
		others -= json_object_object_get_ex(mapping->value, known[i], NULL);
	if (others == 0)
		return;

	if (ignored->count == 0)
	{
		json_foreach_member(entry, mapping->value)
		{
			DocumentNode member = node_member(mapping, lh_entry_k(entry));

			CHECK_FOR_INTERRUPTS();
			if (is_among(member.key, known, count))
				continue;
			note_other_key(ignored, &member);
			others--;
			break;
		}
	}
	ignored->count += others;
}

/* Nothing is lost in silence. */
void
warn_of_ignored_keys(const IgnoredKeys *ignored, const char *document)
{
	if (ignored->count > 0)
		ereport(WARNING,
				(errmsg_plural("%lld key in %s means nothing and was ignored",
							   "%lld keys in %s mean nothing and were ignored",
							   ignored->count, (long long) ignored->count, document),
				 errdetail("The first is %s.", ignored->first)));
}
