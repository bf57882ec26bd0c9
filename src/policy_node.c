/*
 * policy_node.c
 *		A place in a policy's YAML: its value, and where it stands.
 *
 * People write policies, and the systems that they come from read them as YAML
 * 1.1; so anchors, aliases and merge keys are taken, a number may be written as
 * 50_000 and a boolean as yes.  What has quotes is a string and nothing else.
 */
#include "postgres.h"

#include <math.h>

#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#include "encoding.h"
#include "json_value.h"
#include "policy_node.h"
#include "yaml_input.h"

/* The most bytes of a policy's own words that a message shows. */
#define LONGEST_WORD	64

/* What libyaml is asked to make; it goes with its memory context. */
typedef struct LoadedText
{
	PolicyText	text;
	YamlInput	input;
	yaml_document_t document;
	MemoryContextCallback release;
} LoadedText;

static void
release_document(void *arg)
{
	yaml_document_delete(&((LoadedText *) arg)->document);
}

/*
 * Read a policy's text, which is in the server's encoding, into the current
 * memory context; name is what messages call it.  Returns the whole.
 *
 * What is not YAML, or not one document, is an error that says where
 * (invalid_text_representation).
 */
PolicyNode
policy_text_load(Slice text, const char *name)
{
	LoadedText *loaded = palloc0(sizeof(LoadedText));
	PolicyNode	whole = {.text = &loaded->text};
	yaml_document_t second;
	yaml_mark_t mark;
	bool		has_second;

	loaded->text.name = name;
	loaded->text.document = &loaded->document;
	yaml_input_open(&loaded->input, text, name);
	loaded->release.func = release_document;
	loaded->release.arg = loaded;
	MemoryContextRegisterResetCallback(CurrentMemoryContext, &loaded->release);

	if (!yaml_parser_load(&loaded->input.parser, &loaded->document))
		report_yaml_error(&loaded->input);
	whole.value = yaml_document_get_root_node(&loaded->document);
	if (whole.value == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
				 errmsg("%s is empty", name)));

	if (!yaml_parser_load(&loaded->input.parser, &second))
		report_yaml_error(&loaded->input);
	has_second = yaml_document_get_root_node(&second) != NULL;
	mark = second.start_mark;
	yaml_document_delete(&second);
	if (has_second)
		report_problem(name, yaml_input_position(mark),
					   "a second document begins, and one is expected");
	return whole;
}

/* The text of a scalar, as messages show it, in the current memory context. */
static const char *
shown_text(const yaml_node_t *scalar)
{
	Slice		utf8 = {(const char *) scalar->data.scalar.value, (uint32) scalar->data.scalar.length};
	const char *zero = memchr(utf8.data, '\0', utf8.len);

	if (zero != NULL)
		utf8.len = zero - utf8.data;
	if (utf8.len > LONGEST_WORD)
	{
		utf8.len = pg_encoding_mbcliplen(PG_UTF8, utf8.data, utf8.len, LONGEST_WORD);
		return psprintf("%s...", slice_to_string(slice_from_utf8(utf8)));
	}
	return slice_to_string(slice_from_utf8(utf8));
}

/* The path to a place, in the current memory context: routing.symbol.min_score */
const char *
policy_path(const PolicyNode *node)
{
	if (node->key == NULL)
		return node->parent == NULL ? "the policy" : policy_path(node->parent);
	if (node->parent->parent == NULL)
		return node->key;
	return psprintf("%s.%s", policy_path(node->parent), node->key);
}

static int
problem_at(const PolicyText *text, yaml_mark_t mark, const char *format, va_list args)
{
	DocumentPosition position = yaml_input_position(mark);
	char		problem[1024];

	vsnprintf(problem, sizeof(problem), format, args);
	return errmsg("line %llu, column %llu of %s: %s", (unsigned long long) position.line,
				  (unsigned long long) position.column, text->name, problem);
}

/* An errmsg() that begins with where a value stands. */
int
policy_problem(const PolicyNode *node, const char *format,...)
{
	va_list		args;

	va_start(args, format);
	problem_at(node->text, node->value->start_mark, format, args);
	va_end(args);
	return 0;
}

/* The same, with where a key stands. */
int
policy_key_problem(const PolicyMember *member, const char *format,...)
{
	va_list		args;

	va_start(args, format);
	problem_at(member->value.text, member->key->start_mark, format, args);
	va_end(args);
	return 0;
}

static bool
is_plain(const yaml_node_t *node)
{
	return node->type == YAML_SCALAR_NODE && node->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
}

static Slice
scalar_slice(const yaml_node_t *scalar)
{
	Slice		utf8 = {(const char *) scalar->data.scalar.value, (uint32) scalar->data.scalar.length};

	return utf8;
}

/* The error that a value is not what it should be: a number, say. */
void
report_policy_type(const PolicyNode *node, const char *expected)
{
	const yaml_node_t *value = node->value;
	const char *found;
	const char *hint = NULL;

	if (value->type == YAML_MAPPING_NODE)
		found = "a mapping";
	else if (value->type == YAML_SEQUENCE_NODE)
		found = "a list";
	else if (is_plain(value) && (value->data.scalar.length == 0 || strcmp(shown_text(value), "null") == 0 ||
								 strcmp(shown_text(value), "~") == 0))
		found = "null";
	else
	{
		found = psprintf("\"%s\"", shown_text(value));
		if (!is_plain(value) && strcmp(expected, "a mapping") != 0 && strcmp(expected, "a list") != 0)
			hint = "What has quotes is a string.";
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 policy_problem(node, "%s is %s, not %s", policy_path(node), found, expected),
			 hint != NULL ? errhint("%s", hint) : 0));
}

bool
policy_is_mapping(const PolicyNode *node)
{
	return node->value->type == YAML_MAPPING_NODE;
}

bool
policy_is_list(const PolicyNode *node)
{
	return node->value->type == YAML_SEQUENCE_NODE;
}

/* How many members a mapping has. */
int
policy_members(const PolicyNode *mapping)
{
	return mapping->value->data.mapping.pairs.top - mapping->value->data.mapping.pairs.start;
}

/* A member of a mapping, by its place from 0; a key that is not a string is an error. */
PolicyMember
policy_member(const PolicyNode *mapping, int place)
{
	yaml_document_t *document = mapping->text->document;
	yaml_node_pair_t *pair = mapping->value->data.mapping.pairs.start + place;
	PolicyMember member = {{.text = mapping->text, .parent = mapping}};

	member.key = yaml_document_get_node(document, pair->key);
	member.value.value = yaml_document_get_node(document, pair->value);
	if (member.key->type != YAML_SCALAR_NODE)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 policy_key_problem(&member, "a key is not a string")));
	member.value.key = shown_text(member.key);
	member.is_merge = is_plain(member.key) && strcmp(member.value.key, "<<") == 0;
	return member;
}

/* How many elements a list has. */
int
policy_elements(const PolicyNode *list)
{
	return list->value->data.sequence.items.top - list->value->data.sequence.items.start;
}

/* An element of a list, by its place from 0. */
PolicyNode
policy_element(const PolicyNode *list, int place)
{
	PolicyNode	element = {.text = list->text, .parent = list};

	element.value = yaml_document_get_node(list->text->document,
										   list->value->data.sequence.items.start[place]);
	return element;
}

bool
policy_boolean(const PolicyNode *node)
{
	static const char *const words[2][3] = {{"false", "no", "off"}, {"true", "yes", "on"}};

	for (int i = 0; i < lengthof(words[0]) && is_plain(node->value); i++)
	{
		for (int value = 0; value <= 1; value++)
		{
			if (pg_strcasecmp(shown_text(node->value), words[value][i]) == 0)
				return value;
		}
	}
	report_policy_type(node, "true or false");
}

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

/* A number, which may be infinite: .inf */
double
policy_number(const PolicyNode *node)
{
	char	   *number;
	Slice		text;

	if (!is_plain(node->value))
		report_policy_type(node, "a number");
	text = scalar_slice(node->value);
	if (pg_strcasecmp(shown_text(node->value), ".inf") == 0 ||
		pg_strcasecmp(shown_text(node->value), "+.inf") == 0)
		return INFINITY;
	if (pg_strcasecmp(shown_text(node->value), "-.inf") == 0)
		return -INFINITY;
	number = number_text(text);
	if (number == NULL)
		report_policy_type(node, "a number");
	return strtod(number, NULL);
}

/* An integer, also one that is written as 5000.0 or 5e3. */
int64
policy_integer(const PolicyNode *node)
{
	double		number = policy_number(node);
	char	   *digits = number_text(scalar_slice(node->value));
	char	   *end;
	int64		integer;

	if (isinf(number) || rint(number) != number)
		report_policy_type(node, "an integer");
	errno = 0;
	integer = strtoll(digits, &end, 10);
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

	if (node->value->type == YAML_SCALAR_NODE)
		meaning = word_meaning(words, scalar_slice(node->value));
	if (meaning < 0)
		report_policy_type(node, psprintf("one of %s", valid_words(words)));
	return meaning;
}
