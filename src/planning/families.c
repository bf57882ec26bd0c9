/*
 * families.c
 *		Lists of model families.
 *
 * A list is normalized once, where it comes in: blanks around a name go,
 * repeats go and the first place is kept.  A list from which nothing could be
 * trained is an error, not an empty job.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/builtins.h"

#include "base/dictionary.h"
#include "planning/families.h"

static const char *const default_families[] = {"lightgbm", "xgboost"};

/* Up to this many names are compared with one another; of more, a dictionary knows them. */
#define FEW_NAMES	16

/* As the SQL scanner has it, whatever the locale. */
static bool
is_blank(char c)
{
	return strchr(" \t\n\v\f\r", c) != NULL;
}

static Slice
trim(Slice name)
{
	while (name.len > 0 && is_blank(name.data[0]))
	{
		name.data++;
		name.len--;
	}
	while (name.len > 0 && is_blank(name.data[name.len - 1]))
		name.len--;
	return name;
}

/* Is a name among those that are kept?  A dictionary, if there is one, has these and takes it in. */
static bool
is_repeated(Dictionary *names, const Datum *kept, int count, Slice name)
{
	if (names != NULL)
		return dictionary_add(names, name) < count;
	for (int i = 0; i < count; i++)
	{
		if (slice_equal(name, slice_from_text((struct varlena *) DatumGetPointer(kept[i]))))
			return true;
	}
	return false;
}

/*
 * Normalize a text[] of families, in the current memory context.
 *
 * Of a list that can't be used, NULL is returned, *problem says in a phrase
 * what it is ("model families are empty"), and *sqlstate its code; the caller
 * knows where the list came from.
 */
ArrayType *
normalize_families(ArrayType *families, const char **problem, int *sqlstate)
{
	Dictionary *names = NULL;
	Datum	   *elements;
	bool	   *nulls;
	int			count;
	int			kept = 0;

	*sqlstate = ERRCODE_INVALID_PARAMETER_VALUE;
	if (ARR_NDIM(families) > 1)
	{
		*sqlstate = ERRCODE_ARRAY_SUBSCRIPT_ERROR;
		*problem = "model families have more than one dimension";
		return NULL;
	}

	deconstruct_array(families, TEXTOID, -1, false, TYPALIGN_INT, &elements, &nulls, &count);
	if (count == 0)
	{
		*problem = "model families are empty";
		return NULL;
	}

	if (count > FEW_NAMES)
		names = dictionary_create(SIZE_MAX);
	for (int i = 0; i < count; i++)
	{
		Slice		name;

		CHECK_FOR_INTERRUPTS();

		if (nulls[i])
		{
			*sqlstate = ERRCODE_NULL_VALUE_NOT_ALLOWED;
			*problem = "model families have a null name";
			return NULL;
		}

		name = trim(slice_from_text((struct varlena *) DatumGetPointer(elements[i])));
		if (name.len == 0)
		{
			*problem = "model families have a blank name";
			return NULL;
		}

		if (!is_repeated(names, elements, kept, name))
			elements[kept++] = slice_to_text(name);
	}
	if (names != NULL)
		dictionary_free(names);
	return construct_array(elements, kept, TEXTOID, -1, false, TYPALIGN_INT);
}

/* A dictionary of the families of a list, in the current memory context. */
Dictionary *
families_dictionary(ArrayType *families)
{
	Dictionary *names = dictionary_create(SIZE_MAX);
	Datum	   *elements;
	bool	   *nulls;
	int			count;

	deconstruct_array(families, TEXTOID, -1, false, TYPALIGN_INT, &elements, &nulls, &count);
	for (int i = 0; i < count; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (!nulls[i])
			dictionary_add(names, slice_from_text((struct varlena *) DatumGetPointer(elements[i])));
	}
	dictionary_sort(names);
	return names;
}

/* Are all families of a list in such a dictionary?  One that is null is not. */
bool
has_all_families(Dictionary *names, ArrayType *families)
{
	Datum	   *elements;
	bool	   *nulls;
	int			count;
	bool		has_all = true;

	deconstruct_array(families, TEXTOID, -1, false, TYPALIGN_INT, &elements, &nulls, &count);
	for (int i = 0; i < count && has_all; i++)
	{
		CHECK_FOR_INTERRUPTS();
		has_all = !nulls[i] &&
			dictionary_add(names, slice_from_text((struct varlena *) DatumGetPointer(elements[i]))) != NOT_KEPT;
	}
	pfree(elements);
	pfree(nulls);
	return has_all;
}

/*
 * Do two lists have the same families, in whatever order and however often?  A null counts
 * as one, too.  What is needed for it stays in the current memory context.
 */
bool
same_families(ArrayType *a, ArrayType *b)
{
	Dictionary *names = dictionary_create(SIZE_MAX);
	ArrayType  *lists[] = {a, b};
	bool		has_null[] = {false, false};
	uint32		first = 0;		/* how many there are in the first list */
	uint32		common = 0;
	bool	   *seen = NULL;

	for (int list = 0; list < lengthof(lists); list++)
	{
		Datum	   *elements;
		bool	   *nulls;
		int			count;

		deconstruct_array(lists[list], TEXTOID, -1, false, TYPALIGN_INT, &elements, &nulls, &count);
		for (int i = 0; i < count; i++)
		{
			uint32		number;

			CHECK_FOR_INTERRUPTS();
			if (nulls[i])
			{
				has_null[list] = true;
				continue;
			}
			number = dictionary_add(names, slice_from_text((struct varlena *) DatumGetPointer(elements[i])));
			if (list == 0)
				continue;
			if (number >= first)
				return false;
			common += !seen[number];
			seen[number] = true;
		}
		if (list == 0)
		{
			first = dictionary_count(names);
			seen = palloc0(first * sizeof(bool));
		}
	}
	return common == first && has_null[0] == has_null[1];
}

/*
 * The families that a call asks for; NULL asks for the default.
 */
ArrayType *
call_families(ArrayType *families)
{
	const char *problem;
	int			sqlstate;
	ArrayType  *normalized;

	if (families == NULL)
	{
		Datum		elements[lengthof(default_families)];

		for (int i = 0; i < lengthof(default_families); i++)
			elements[i] = CStringGetTextDatum(default_families[i]);
		return construct_array(elements, lengthof(default_families), TEXTOID, -1, false,
							   TYPALIGN_INT);
	}

	normalized = normalize_families(families, &problem, &sqlstate);
	if (normalized == NULL)
		ereport(ERROR,
				(errcode(sqlstate),
				 errmsg("%s", problem),
				 errhint("Give the names of one or more families, or NULL for lightgbm and xgboost.")));
	return normalized;
}
