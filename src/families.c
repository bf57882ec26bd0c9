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
#include "utils/builtins.h"

#include "families.h"
#include "slice.h"

static const char *const default_families[] = {"lightgbm", "xgboost"};

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

	for (int i = 0; i < count; i++)
	{
		Slice		name;
		bool		repeated = false;

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

		for (int j = 0; j < kept && !repeated; j++)
			repeated = slice_equal(name, slice_from_text((struct varlena *) DatumGetPointer(elements[j])));
		if (!repeated)
			elements[kept++] = slice_to_text(name);
	}
	return construct_array(elements, kept, TEXTOID, -1, false, TYPALIGN_INT);
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
