/*
 * json_texts.c
 *		Lists of strings in documents, as SQL's text[].
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "miscadmin.h"

#include "formats/json_texts.h"

/* A text[] of a list of strings, in the current memory context. */
ArrayType *
json_to_texts(JsonValue *list)
{
	int			count = json_object_array_length(list);
	Datum	   *elements = palloc(Max(count, 1) * sizeof(Datum));

	for (int i = 0; i < count; i++)
	{
		CHECK_FOR_INTERRUPTS();
		elements[i] = slice_to_text(json_string_slice(json_object_array_get_idx(list, i)));
	}
	return construct_array(elements, count, TEXTOID, -1, false, TYPALIGN_INT);
}

/* Append the elements of a text[] to a list. */
void
json_append_texts(JsonValue *list, ArrayType *texts)
{
	Datum	   *elements;
	bool	   *nulls;
	int			count;

	deconstruct_array(texts, TEXTOID, -1, false, TYPALIGN_INT, &elements, &nulls, &count);
	for (int i = 0; i < count; i++)
	{
		CHECK_FOR_INTERRUPTS();
		json_append(list, nulls[i] ? NULL :
					json_from_slice(slice_from_text(PG_DETOAST_DATUM_PACKED(elements[i]))));
	}
}
