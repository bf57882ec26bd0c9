/*
 * family_set.c
 *		A set of model families, to look lists of them up in.
 *
 * What it costs to add a name, or to look one up, does not depend on how many
 * there are: lists come from users.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "miscadmin.h"

#include "family_set.h"

typedef struct FamilyEntry
{
	Slice		name;
	char		status;			/* simplehash's own */
} FamilyEntry;

#define SH_PREFIX			families
#define SH_ELEMENT_TYPE		FamilyEntry
#define SH_KEY_TYPE			Slice
#define SH_KEY				name
#define SH_HASH_KEY(table, key)	hash_bytes((const unsigned char *) (key).data, (key).len)
#define SH_EQUAL(table, a, b)	slice_equal(a, b)
#define SH_SCOPE			static inline
#define SH_DEFINE
#define SH_DECLARE
#include "lib/simplehash.h"

struct FamilySet
{
	families_hash *names;
};

/* The families of a list, which must live as long, in the current memory context. */
FamilySet *
family_set_create(ArrayType *families)
{
	FamilySet  *set = palloc(sizeof(FamilySet));
	Datum	   *elements;
	bool	   *nulls;
	int			count;

	deconstruct_array(families, TEXTOID, -1, false, TYPALIGN_INT, &elements, &nulls, &count);
	set->names = families_create(CurrentMemoryContext, Max(count, 1), NULL);
	for (int i = 0; i < count; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (!nulls[i])
			family_set_add(set, slice_from_text((struct varlena *) DatumGetPointer(elements[i])));
	}
	return set;
}

/* Add a name, which must live as long as the set; returns whether it was not there yet. */
bool
family_set_add(FamilySet *set, Slice family)
{
	bool		found;

	families_insert(set->names, family, &found);
	return !found;
}

/* Are all families of a list in the set?  One that is null is not. */
bool
family_set_contains(const FamilySet *set, ArrayType *families)
{
	Datum	   *elements;
	bool	   *nulls;
	int			count;
	bool		contained = true;

	deconstruct_array(families, TEXTOID, -1, false, TYPALIGN_INT, &elements, &nulls, &count);
	for (int i = 0; i < count && contained; i++)
	{
		CHECK_FOR_INTERRUPTS();
		contained = !nulls[i] &&
			families_lookup(set->names, slice_from_text((struct varlena *) DatumGetPointer(elements[i]))) != NULL;
	}
	pfree(elements);
	pfree(nulls);
	return contained;
}
