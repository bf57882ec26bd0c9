/*
 * document_reader.c
 *		Reads a document in JSON or YAML.
 */
#include "postgres.h"

#include "base/encoding.h"
#include "formats/document_reader.h"
#include "formats/json_reader.h"
#include "formats/text_position.h"
#include "formats/yaml_reader.h"

#define BYTE_ORDER_MARK "\xEF\xBB\xBF"

/* A text in UTF-8 without the byte order mark that it may begin with. */
static Slice
without_mark(Slice utf8)
{
	const uint32 mark = strlen(BYTE_ORDER_MARK);

	if (utf8.len >= mark && memcmp(utf8.data, BYTE_ORDER_MARK, mark) == 0)
	{
		utf8.data += mark;
		utf8.len -= mark;
	}
	return utf8;
}

/*
 * The bytes of a file, which are UTF-8, as a text in the server's encoding, in
 * which a byte order mark may have no place.  An invalid or zero byte is an error
 * that says where.
 */
Slice
document_text(Slice bytes, const char *name)
{
	uint64		valid;

	bytes = without_mark(bytes);
	valid = pg_encoding_verifymbstr(PG_UTF8, bytes.data, bytes.len);
	if (valid < bytes.len)
		report_problem(name, position_in_text(bytes, valid, PG_UTF8),
					   bytes.data[valid] == '\0' ? "zero byte" : "invalid UTF-8");
	return slice_from_utf8(bytes);
}

/* Is a document that begins with a brace JSON?  It is; whatever else is YAML. */
static bool
is_json(Slice text)
{
	for (uint32 i = 0; i < text.len; i++)
	{
		if (strchr(" \t\r\n", text.data[i]) == NULL)
			return text.data[i] == '{';
	}
	return false;
}

/*
 * Read a document, which is in the server's encoding; name is what messages call
 * it.  The pieces of its parts, each of which lies in the pieces of the one before,
 * go to their callbacks, one at a time; all else is returned and belongs to the
 * current memory context.
 *
 * Whatever is wrong with the text is an error that says where
 * (invalid_text_representation).
 */
JsonValue *
read_document(Slice text, const char *name, const StreamedPart *parts, int part_count, void *arg)
{
	if (GetDatabaseEncoding() == PG_UTF8)
		text = without_mark(text);
	return is_json(text) ? read_json(text, name, parts, part_count, arg) :
		read_yaml(text, name, parts, part_count, arg);
}
