/*
 * policy_hash.c
 *		What tells a policy's text from others.
 */
#include "postgres.h"

#include "common/cryptohash.h"
#include "common/sha2.h"

#include "base/encoding.h"
#include "routing/policy_hash.h"

/* Of the hash, in bytes. */
#define SHOWN_LENGTH	4

/*
 * The first eight hexadecimal digits of the SHA-256 of a text in UTF-8, in the
 * current memory context.
 */
char *
policy_hash(Slice text)
{
	Slice		utf8 = slice_in_utf8(text);
	pg_cryptohash_ctx *context = pg_cryptohash_create(PG_SHA256);
	uint8		digest[PG_SHA256_DIGEST_LENGTH];
	char	   *shown = palloc(2 * SHOWN_LENGTH + 1);

	if (pg_cryptohash_init(context) < 0 ||
		pg_cryptohash_update(context, (const uint8 *) utf8.data, utf8.len) < 0 ||
		pg_cryptohash_final(context, digest, sizeof(digest)) < 0)
		elog(ERROR, "could not compute the SHA-256 of a policy: %s", pg_cryptohash_error(context));
	pg_cryptohash_free(context);

	for (int i = 0; i < SHOWN_LENGTH; i++)
		snprintf(shown + 2 * i, 3, "%02x", digest[i]);
	return shown;
}
