/*
 * policy_node.c
 *		A place in a policy's YAML: its value, and where it stands.
 *
 * People write policies, and the systems that they come from read them as YAML
 * 1.1; so anchors, aliases and merge keys are taken, a number may be written as
 * 50_000 and a boolean as yes.  What has quotes is a string and nothing else; tags
 * mean nothing.
 *
 * https://yaml.org/type/
 */
#include "postgres.h"

#include <math.h>

#include "mb/pg_wchar.h"

#include "base/file_name.h"
#include "formats/yaml_input.h"
#include "routing/policy_node.h"

/* Deeper than any policy, and far from what a stack would not hold. */
#define MAX_DEPTH		20

/* More anchors than any policy has, and few enough to look through. */
#define MAX_ANCHORS		1000

/* The most bytes of a policy's own words that a message shows. */
#define LONGEST_WORD	64

/* ---- a text into values -------------------------------------------------- */

/* What aliases may stand for. */
typedef struct Anchor
{
	char	   *name;
	PolicyValue *value;
} Anchor;

typedef struct PolicyLoader
{
	YamlInput	input;
	List	   *anchors;		/* of values that are complete, the last first */
	int			depth;
} PolicyLoader;

static PolicyValue *load_value(PolicyLoader *loader);

/* An anchor, of which libyaml's copy goes with its event. */
static char *
anchor_name(const yaml_char_t *anchor)
{
	return anchor == NULL ? NULL : pstrdup((const char *) anchor);
}

static PolicyValue *
find_anchor(PolicyLoader *loader)
{
	const char *name = (const char *) loader->input.event.data.alias.anchor;
	ListCell   *cell;

	foreach(cell, loader->anchors)
	{
		Anchor	   *anchor = lfirst(cell);

		if (strcmp(anchor->name, name) == 0)
			return anchor->value;
	}
	report_yaml_problem(&loader->input, psprintf("alias \"%s\" has no anchor before it", name));
}

static void
set_anchor(PolicyLoader *loader, char *name, PolicyValue *value)
{
	Anchor	   *anchor = palloc(sizeof(Anchor));

	if (list_length(loader->anchors) == MAX_ANCHORS)
		report_yaml_problem(&loader->input, psprintf("there are more than %d anchors", MAX_ANCHORS));
	anchor->name = name;
	anchor->value = value;
	loader->anchors = lcons(anchor, loader->anchors);
}

static void
load_scalar(PolicyLoader *loader, PolicyValue *value)
{
	Slice		text = yaml_input_scalar(&loader->input);
	char	   *copy = palloc(text.len + 1);

	memcpy(copy, text.data, text.len);
	copy[text.len] = '\0';
	value->text.data = copy;
	value->text.len = text.len;
	value->is_plain = loader->input.event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
}

/* The parts of the list or mapping that begins at the event at hand. */
static void
load_parts(PolicyLoader *loader, PolicyValue *value)
{
	if (++loader->depth > MAX_DEPTH)
		report_yaml_problem(&loader->input,
							psprintf("values are nested deeper than %d levels", MAX_DEPTH));
	yaml_input_next(&loader->input);
	while (loader->input.event.type != YAML_SEQUENCE_END_EVENT &&
		   loader->input.event.type != YAML_MAPPING_END_EVENT)
	{
		value->parts = lappend(value->parts, load_value(loader));
		yaml_input_next(&loader->input);
	}
	loader->depth--;
}

/* The value that begins at the event at hand, which is its end then. */
static PolicyValue *
load_value(PolicyLoader *loader)
{
	const yaml_event_t *event = &loader->input.event;
	PolicyValue *value;
	char	   *anchor;

	if (event->type == YAML_ALIAS_EVENT)
		return find_anchor(loader);

	value = palloc0(sizeof(PolicyValue));
	value->position = yaml_input_position(&loader->input);
	switch (event->type)
	{
		case YAML_SEQUENCE_START_EVENT:
			value->kind = POLICY_LIST;
			anchor = anchor_name(event->data.sequence_start.anchor);
			load_parts(loader, value);
			break;
		case YAML_MAPPING_START_EVENT:
			value->kind = POLICY_MAPPING;
			anchor = anchor_name(event->data.mapping_start.anchor);
			load_parts(loader, value);
			break;
		default:
			value->kind = POLICY_SCALAR;
			anchor = anchor_name(event->data.scalar.anchor);
			load_scalar(loader, value);
			break;
	}
	if (anchor != NULL)
		set_anchor(loader, anchor, value);
	return value;
}

/*
 * Read a policy's text, which is in the server's encoding, into the current
 * memory context; name is what messages call it.  Returns the whole.
 *
 * What is not YAML, or not one document, is an error that says where
 * (invalid_text_representation).
 */
PolicyNode
policy_load(Slice text, const char *name)
{
	PolicyLoader *loader = palloc0(sizeof(PolicyLoader));
	PolicyNode	whole = {.text_name = name};

	yaml_input_open(&loader->input, text, name);
	yaml_input_begin(&loader->input);
	whole.value = load_value(loader);
	yaml_input_next(&loader->input);
	yaml_input_end(&loader->input);
	return whole;
}

pg_noreturn static void report_not_mapping(const PolicyNode *node);

/* ---- places ------------------------------------------------------------------ */

/* The text of a scalar, as messages show it, in the current memory context. */
static const char *
shown_text(const PolicyValue *scalar)
{
	if (scalar->text.len <= LONGEST_WORD)
		return scalar->text.data;
	return psprintf("%.*s...", pg_mbcliplen(scalar->text.data, scalar->text.len, LONGEST_WORD),
					scalar->text.data);
}

/* The path to a place, in the current memory context: routing.symbol.min_score */
const char *
policy_path(const PolicyNode *node)
{
	if (node->key == NULL)
		return node->parent == NULL ? node->text_name : policy_path(node->parent);
	if (node->parent->parent == NULL)
		return node->key;
	return psprintf("%s.%s", policy_path(node->parent), node->key);
}

/* The error that a policy has a problem at some position; hint may be NULL. */
void
report_policy_problem(const PolicyNode *node, TextPosition position, const char *problem,
					  const char *hint)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("line %llu, column %llu of %s: %s", (unsigned long long) position.line,
					(unsigned long long) position.column, node->text_name, problem),
			 hint != NULL ? errhint("%s", hint) : 0));
}

/* How many members a mapping has; what is no mapping is an error. */
int
policy_members(const PolicyNode *mapping)
{
	if (mapping->value->kind != POLICY_MAPPING)
		report_not_mapping(mapping);
	return list_length(mapping->value->parts) / 2;
}

/* A member of a mapping, by its place from 0; a key that is not a string is an error. */
PolicyMember
policy_member(const PolicyNode *mapping, int place)
{
	PolicyMember member = {{.text_name = mapping->text_name, .parent = mapping}};

	member.key = list_nth(mapping->value->parts, 2 * place);
	member.node.value = list_nth(mapping->value->parts, 2 * place + 1);
	if (member.key->kind != POLICY_SCALAR)
		report_policy_problem(mapping, member.key->position, "a key is not a string", NULL);
	member.node.key = shown_text(member.key);
	member.is_merge = member.key->is_plain && strcmp(member.node.key, "<<") == 0;
	return member;
}

/* An element of a list, by its place from 0. */
PolicyNode
policy_element(const PolicyNode *list, int place)
{
	PolicyNode	element = {.text_name = list->text_name, .parent = list};

	element.value = list_nth(list->value->parts, place);
	return element;
}

/* ---- what a place should be ---------------------------------------------------- */

/*
 * A number's text without the underscores between its digits, in the current
 * memory context; NULL if it is none.  An exponent needs no point, as in YAML 1.2.
 */
static char *
number_text(Slice text)
{
	char	   *number = palloc(text.len + 1);
	char	   *end = number;
	int			digits = 0;
	bool		point = false;
	uint32		i = 0;

	if (i < text.len && strchr("+-", text.data[i]) != NULL)
		*end++ = text.data[i++];
	for (; i < text.len; i++)
	{
		char		c = text.data[i];

		if (c >= '0' && c <= '9')
			digits++;
		else if (c == '.' && !point)
			point = true;
		else if (c == '_' && digits > 0)
			continue;
		else
			break;
		*end++ = c;
	}
	/* 010 is 8 to some and 10 to others */
	if (digits == 0 || (digits > 1 && !point && end[-digits] == '0'))
		return NULL;
	if (i < text.len && strchr("eE", text.data[i]) != NULL)
	{
		*end++ = text.data[i++];
		if (i < text.len && strchr("+-", text.data[i]) != NULL)
			*end++ = text.data[i++];
		if (i == text.len)
			return NULL;
		for (; i < text.len && text.data[i] >= '0' && text.data[i] <= '9'; i++)
			*end++ = text.data[i];
	}
	*end = '\0';
	return i == text.len ? number : NULL;
}

/* What stands for values in YAML 1.1, in its spellings: those of letters, in no other mixture of cases. */
static const char *const null_words[] = {"", "~", "null", "Null", "NULL"};
static const char *const true_words[] = {"true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON"};
static const char *const false_words[] = {"false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF"};
static const char *const infinity_words[] = {".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"};
static const char *const minus_infinity_words[] = {"-.inf", "-.Inf", "-.INF"};

#define IS_WORD(value, words) is_word(value, words, lengthof(words))

/* Is a value one of some words, without quotes? */
static bool
is_word(const PolicyValue *value, const char *const *words, int count)
{
	for (int i = 0; i < count && value->kind == POLICY_SCALAR && value->is_plain; i++)
	{
		if (strcmp(value->text.data, words[i]) == 0)
			return true;
	}
	return false;
}

static const char *
describe(const PolicyValue *value)
{
	if (value->kind == POLICY_MAPPING)
		return "a mapping";
	if (value->kind == POLICY_LIST)
		return "a list";
	if (IS_WORD(value, null_words))
		return "null";
	if (value->is_plain && number_text(value->text) != NULL)
		return shown_text(value);
	return psprintf("\"%s\"", shown_text(value));
}

pg_noreturn static void
report_type(const PolicyNode *node, const char *expected, const char *hint)
{
	const PolicyValue *value = node->value;

	report_policy_problem(node, value->position,
						  psprintf("%s is %s, not %s", policy_path(node), describe(value), expected),
						  hint != NULL ? hint :
						  value->kind == POLICY_SCALAR && !value->is_plain ?
						  "What has quotes is a string." : NULL);
}

/* The error that a value is not what it should be: a number, say. */
void
report_policy_type(const PolicyNode *node, const char *expected)
{
	report_type(node, expected, NULL);
}

/* What to give instead of what is no mapping, and so no policy. */
static const char *
policy_hint(const PolicyValue *whole)
{
	const char *literal;

	if (whole->kind != POLICY_SCALAR || IS_WORD(whole, null_words) || number_text(whole->text) != NULL ||
		whole->text.len > LONGEST_WORD)
		return POLICY_HINT;
	literal = quote_literal_cstr(whole->text.data);
	return psprintf(names_file(whole->text) ? "pg_read_file(%s) returns the text of a file on the server." :
					"routing_policy(%s) returns the text of a stored policy.", literal);
}

/* The error that a value is no mapping. */
static void
report_not_mapping(const PolicyNode *node)
{
	const char *hint = NULL;

	if (node->parent == NULL)
		hint = policy_hint(node->value);
	else if (IS_WORD(node->value, null_words))
		hint = "Its keys stand below it, and further to the right.";
	report_type(node, "a mapping", hint);
}

bool
policy_boolean(const PolicyNode *node)
{
	if (IS_WORD(node->value, true_words))
		return true;
	if (!IS_WORD(node->value, false_words))
		report_policy_type(node, "true or false");
	return false;
}

/* A number, which may be infinite: .inf */
double
policy_number(const PolicyNode *node)
{
	const PolicyValue *value = node->value;
	char	   *text = NULL;
	double		number;

	if (IS_WORD(value, infinity_words))
		return INFINITY;
	if (IS_WORD(value, minus_infinity_words))
		return -INFINITY;
	if (value->kind == POLICY_SCALAR && value->is_plain)
		text = number_text(value->text);
	if (text == NULL)
		report_policy_type(node, "a number");
	errno = 0;
	number = strtod(text, NULL);
	/* as PostgreSQL takes it: some of the smallest numbers are an error for strtod() alone */
	if (errno == ERANGE && (number == 0 || isinf(number)))
		report_policy_type(node, "a number in range");
	return number;
}

/* An integer, also one that is written as 5000.0 or 5e3. */
int64
policy_integer(const PolicyNode *node)
{
	double		number = policy_number(node);
	char	   *end;
	int64		integer;

	if (isinf(number) || rint(number) != number)
		report_policy_type(node, "an integer");
	errno = 0;
	integer = strtoll(number_text(node->value->text), &end, 10);
	if (*end == '\0' && errno == 0)
		return integer;
	/* beyond these, a double has no units any more */
	if (fabs(number) > 9007199254740992.0)
		report_policy_type(node, "an integer in range");
	return (int64) number;
}

/* The meaning of a word, with quotes or without. */
int
policy_word(const PolicyNode *node, const WordList *words)
{
	int			meaning = -1;

	if (node->value->kind == POLICY_SCALAR)
		meaning = word_meaning(words, node->value->text);
	if (meaning < 0)
		report_policy_type(node, psprintf("one of %s", valid_words(words)));
	return meaning;
}
