/*
 * yaml_scalar.c
 *		What YAML takes a plain scalar for: one without quotes.
 *
 * YAML 1.1 (which PyYAML, libyaml's users and Ruby read) and YAML 1.2 (which
 * npm's yaml and Go read) differ: ON is true or a string, 017 is 15 or 17, 12:30
 * is 750 or a string.  Only what both take for the same, in decimal notation, is
 * a value here; everything that one of them could take for a value is ambiguous,
 * and so, to be safe, is what only looks like that.  The writer quotes strings
 * that are not PLAIN_STRING; the reader takes what is ambiguous for the text that
 * stands there, so that a symbol ON is ON and never true.
 *
 * https://yaml.org/type/ (1.1), https://yaml.org/spec/1.2.2/ chapter 10.3 (core)
 */
#include "postgres.h"

#include "formats/yaml_scalar.h"

static const struct
{
	Slice		word;
	PlainScalar meaning;
}			words[] =
{
	{SLICE_LITERAL(""), PLAIN_NULL},
	{SLICE_LITERAL("~"), PLAIN_NULL},
	{SLICE_LITERAL("null"), PLAIN_NULL},
	{SLICE_LITERAL("Null"), PLAIN_NULL},
	{SLICE_LITERAL("NULL"), PLAIN_NULL},
	{SLICE_LITERAL("true"), PLAIN_TRUE},
	{SLICE_LITERAL("True"), PLAIN_TRUE},
	{SLICE_LITERAL("TRUE"), PLAIN_TRUE},
	{SLICE_LITERAL("false"), PLAIN_FALSE},
	{SLICE_LITERAL("False"), PLAIN_FALSE},
	{SLICE_LITERAL("FALSE"), PLAIN_FALSE}
};

/* In any mixture of cases. */
static const char *const ambiguous_words[] = {
	"null", "true", "false", "yes", "no", "on", "off", "y", "n", "=", "<<",
	".inf", "+.inf", "-.inf", ".nan", "+.nan", "-.nan"
};

#define LONGEST_WORD 5

/* What integers, floats, dates, times and sexagesimal numbers of any version consist of. */
#define NUMBER_CHARACTERS "0123456789abcdefABCDEFxXoO_.,:+-tTzZ "

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* How many digits text begins with. */
static uint32
digits(Slice text)
{
	uint32		count = 0;

	while (count < text.len && is_digit(text.data[count]))
		count++;
	return count;
}

static Slice
skip(Slice text, uint32 bytes)
{
	Slice		rest = {text.data + bytes, text.len - bytes};

	return rest;
}

/* [-+]? (0 | [1-9][0-9]*), and for floats \. [0-9]* ([eE] [-+] [0-9]+)? */
static PlainScalar
decimal(Slice text)
{
	uint32		whole;
	uint32		exponent;

	if (text.len > 0 && strchr("-+", text.data[0]) != NULL)
		text = skip(text, 1);
	whole = digits(text);
	if (whole == 0 || (whole > 1 && text.data[0] == '0'))
		return PLAIN_AMBIGUOUS;
	text = skip(text, whole);
	if (text.len == 0)
		return PLAIN_INTEGER;

	if (text.data[0] != '.')
		return PLAIN_AMBIGUOUS;
	text = skip(text, 1);
	text = skip(text, digits(text));
	if (text.len == 0)
		return PLAIN_FLOAT;

	if (text.len < 3 || strchr("eE", text.data[0]) == NULL || strchr("-+", text.data[1]) == NULL)
		return PLAIN_AMBIGUOUS;
	text = skip(text, 2);
	exponent = digits(text);
	return exponent == text.len ? PLAIN_FLOAT : PLAIN_AMBIGUOUS;
}

static bool
looks_like_number(Slice text)
{
	uint32		i = 0;

	while (i < text.len && strchr("-+.", text.data[i]) != NULL)
		i++;
	if (i == text.len || !is_digit(text.data[i]))
		return false;
	for (; i < text.len; i++)
	{
		if (text.data[i] == '\0' || strchr(NUMBER_CHARACTERS, text.data[i]) == NULL)
			return false;
	}
	return true;
}

PlainScalar
plain_scalar(Slice text)
{
	if (text.len <= LONGEST_WORD)
	{
		for (int i = 0; i < lengthof(words); i++)
		{
			if (slice_equal(text, words[i].word))
				return words[i].meaning;
		}
		for (int i = 0; i < lengthof(ambiguous_words); i++)
		{
			if (strlen(ambiguous_words[i]) == text.len &&
				pg_strncasecmp(ambiguous_words[i], text.data, text.len) == 0)
				return PLAIN_AMBIGUOUS;
		}
	}
	return looks_like_number(text) ? decimal(text) : PLAIN_STRING;
}
