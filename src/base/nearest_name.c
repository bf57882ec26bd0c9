/*
 * nearest_name.c
 *		The name that somebody may have meant who wrote another one.
 *
 * Nearest is the one with the fewest letters to change; whether letters are small
 * or capital does not count.
 */
#include "postgres.h"

#include "mb/pg_wchar.h"
#include "utils/memutils.h"
#include "utils/varlena.h"

#include "base/nearest_name.h"

/* How many letters at most are to be changed, and not more than half of them. */
#define MAX_DISTANCE	4

/* In bytes; whoever writes longer names copies them. */
#define LONGEST_NAME	100

/* A name in small letters, in the current memory context. */
static char *
small_letters(Slice name)
{
	char	   *small = slice_to_string(name);

	for (char *c = small; *c != '\0'; c++)
		*c = pg_ascii_tolower((unsigned char) *c);
	return small;
}

/* Begin to look for the name that is nearest to one that there is not. */
void
nearest_name_begin(NearestName *nearest, Slice wanted)
{
	memset(nearest, 0, sizeof(NearestName));
	nearest->context = AllocSetContextCreate(CurrentMemoryContext, "trainplan nearest name",
											 ALLOCSET_SMALL_SIZES);
	if (wanted.len > LONGEST_NAME)
		return;
	nearest->wanted = slice_from_string(small_letters(wanted));
	nearest->too_far = Min(MAX_DISTANCE, pg_mbstrlen_with_len(wanted.data, wanted.len) / 2) + 1;
}

/* A name that there is; the first of those that are equally near is kept. */
void
nearest_name_offer(NearestName *nearest, Slice name)
{
	MemoryContext caller;
	char	   *small;
	int			distance;

	if (slice_is_null(nearest->wanted) || name.len > LONGEST_NAME || nearest->too_far == 0)
		return;
	caller = MemoryContextSwitchTo(nearest->context);
	small = small_letters(name);
	distance = varstr_levenshtein_less_equal(nearest->wanted.data, nearest->wanted.len,
											 small, strlen(small), 1, 1, 1,
											 nearest->too_far - 1, true);
	MemoryContextSwitchTo(caller);
	MemoryContextReset(nearest->context);
	if (distance >= nearest->too_far)
		return;
	nearest->too_far = distance;
	if (nearest->name != NULL)
		pfree(nearest->name);
	nearest->name = slice_to_string(name);
}

/* The nearest of the names, in the memory context that offered it, or NULL. */
const char *
nearest_name_end(NearestName *nearest)
{
	MemoryContextDelete(nearest->context);
	return nearest->name;
}
