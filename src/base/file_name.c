/*
 * file_name.c
 *		Names of targets, symbols and so on as names of files.
 *
 * Letters, digits and the punctuation of tickers stay as they are, and so does
 * what is outside of ASCII, but for hidden characters.  Any other byte becomes % and two hexadecimal
 * digits, as in addresses of the web, so that a name can't leave its folder or
 * hide in it, and two names are never the same file.  A name that would be longer
 * than file systems take is cut, and %~ and its SHA-256 stand for the rest.
 */
#include "postgres.h"

#include "utils/fmgrprotos.h"

#include "base/encoding.h"
#include "base/file_name.h"
#include "base/hidden_text.h"

/* Beside letters and digits; a dot or hyphen not at the beginning. */
#define PLAIN_PUNCTUATION	"_-.+=^@,"

/* What a file system takes for one name, in bytes. */
#define LONGEST_NAME		255

#define HASH_MARK			"%~"
#define HASH_DIGITS			64

static bool
is_plain(Slice name, uint32 i)
{
	char		c = name.data[i];

	if (IS_HIGHBIT_SET(c) || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'))
		return true;
	if (i == 0 && (c == '.' || c == '-'))
		return false;
	return strchr(PLAIN_PUNCTUATION, c) != NULL;
}

/* Cut an encoded name down to length bytes, but not within a character or an escape. */
static void
cut(StringInfo file, int length)
{
	int			end = length;

	for (int i = Max(0, length - 2); i < length; i++)
	{
		if (file->data[i] == '%')
			end = i;
	}
	end = pg_encoding_mbcliplen(PG_UTF8, file->data, end, end);
	file->len = end;
	file->data[end] = '\0';
}

static void
append_hash(StringInfo file, Slice name)
{
	bytea	   *hash = DatumGetByteaPP(DirectFunctionCall1(sha256_bytea, slice_to_text(name)));

	appendStringInfoString(file, HASH_MARK);
	for (int i = 0; i < VARSIZE_ANY_EXHDR(hash); i++)
		appendStringInfo(file, "%02x", (unsigned char) VARDATA_ANY(hash)[i]);
}

/* A file's name, in UTF-8 and in the current memory context; the extension begins with a dot. */
char *
file_name_from(Slice name, const char *extension)
{
	int			longest = LONGEST_NAME - strlen(extension);
	uint32		hidden_end = 0;
	StringInfoData file;

	name = slice_in_utf8(name);
	initStringInfo(&file);
	for (uint32 i = 0; i < name.len; i++)
	{
		uint32		length;

		if (hidden_character(name, i, &length) != 0)
			hidden_end = i + length;
		if (i >= hidden_end && is_plain(name, i))
			appendStringInfoCharMacro(&file, name.data[i]);
		else
			appendStringInfo(&file, "%%%02X", (unsigned char) name.data[i]);
	}
	if (name.len == 0)
		appendStringInfoChar(&file, '%');
	if (file.len > longest)
	{
		cut(&file, longest - strlen(HASH_MARK) - HASH_DIGITS);
		append_hash(&file, name);
	}
	appendStringInfoString(&file, extension);
	return file.data;
}

/*
 * Is what should be a text in JSON or YAML the name of a file?  It is one line, which
 * begins as a path does or ends as such files do, with nothing in it that begins a
 * mapping, a list or a comment.
 */
bool
names_file(Slice text)
{
	static const Slice endings[] = {SLICE_LITERAL(".json"), SLICE_LITERAL(".yaml"), SLICE_LITERAL(".yml")};

	if (text.len == 0 || text.len >= MAXPGPATH)
		return false;
	for (uint32 i = 0; i < text.len; i++)
	{
		if (strchr("\n{[#", text.data[i]) != NULL ||
			(text.data[i] == ':' && i + 1 < text.len && text.data[i + 1] == ' '))
			return false;
	}
	for (int i = 0; i < lengthof(endings); i++)
	{
		if (text.len > endings[i].len &&
			pg_strncasecmp(text.data + text.len - endings[i].len, endings[i].data, endings[i].len) == 0)
			return true;
	}
	return text.data[0] == '/';
}
