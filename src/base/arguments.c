/*
 * arguments.c
 *		Arguments of SQL functions.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "base/arguments.h"

/* Complain of an argument that must not be NULL; name is for the message. */
void
require_argument(FunctionCallInfo fcinfo, int argument, const char *name)
{
	if (PG_ARGISNULL(argument))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("%s must not be null", name)));
}

/* A flag; NULL means the default, false. */
bool
flag_argument(FunctionCallInfo fcinfo, int argument)
{
	return !PG_ARGISNULL(argument) && PG_GETARG_BOOL(argument);
}

/* A flag that a function did not have in the version before: false there. */
bool
added_flag_argument(FunctionCallInfo fcinfo, int argument)
{
	return PG_NARGS() > argument && flag_argument(fcinfo, argument);
}

/* A text, in the current memory context; NULL if it is. */
const char *
text_argument(FunctionCallInfo fcinfo, int argument)
{
	return PG_ARGISNULL(argument) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(argument));
}

/* A text that a function did not have in the version before: NULL there. */
const char *
added_text_argument(FunctionCallInfo fcinfo, int argument)
{
	return PG_NARGS() > argument ? text_argument(fcinfo, argument) : NULL;
}

/* A text that must not be NULL. */
const char *
required_text_argument(FunctionCallInfo fcinfo, int argument, const char *name)
{
	require_argument(fcinfo, argument, name);
	return text_argument(fcinfo, argument);
}

/* A text's bytes, which live as long as the call; it must not be NULL. */
Slice
required_slice_argument(FunctionCallInfo fcinfo, int argument, const char *name)
{
	require_argument(fcinfo, argument, name);
	return slice_from_text(PG_GETARG_TEXT_PP(argument));
}

/* The elements of an array; unless nulls is asked for, none may be null.  name is for messages. */
Datum *
array_argument(FunctionCallInfo fcinfo, int argument, Oid type, const char *name,
			   int *count, bool **nulls)
{
	int16		length = type == INT4OID ? sizeof(int32) : -1;
	ArrayType  *array;
	Datum	   *elements;
	bool	   *are_null;

	require_argument(fcinfo, argument, name);
	array = PG_GETARG_ARRAYTYPE_P(argument);
	if (ARR_NDIM(array) > 1)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("%s have more than one dimension", name)));
	deconstruct_array(array, type, length, type == INT4OID, TYPALIGN_INT, &elements, &are_null, count);
	if (nulls != NULL)
		*nulls = are_null;
	for (int i = 0; i < *count && nulls == NULL; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (are_null[i])
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("%s have a null", name)));
	}
	return elements;
}
