/*
 * pair_row.c
 *		The target and symbol of a relation's row.
 */
#include "postgres.h"

#include "planning/decision.h"
#include "planning/pair_row.h"

/*
 * A row must have a target; its symbol may be NULL, but not empty.  whole is what
 * a row without a symbol is: "The target's own decision".
 */
void
check_row_names(Slice target, Slice symbol, const char *whole, const RelationReader *reader)
{
	if (slice_is_null(target) || target.len == 0)
	{
		const char *what = slice_is_null(target) ? "null" : "empty";
		int			sqlstate = slice_is_null(target) ?
			ERRCODE_NULL_VALUE_NOT_ALLOWED : ERRCODE_INVALID_PARAMETER_VALUE;

		if (slice_is_null(symbol))
			ereport(ERROR,
					(errcode(sqlstate),
					 errmsg("target is %s in %s", what, relation_reader_source(reader))));
		ereport(ERROR,
				(errcode(sqlstate),
				 errmsg("target is %s for symbol \"%s\" in %s", what,
						slice_to_string(symbol), relation_reader_source(reader))));
	}
	if (!slice_is_null(symbol) && symbol.len == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("symbol is empty for %s in %s",
						decision_name(target, NULL_SLICE), relation_reader_source(reader)),
				 errhint("%s has a null symbol.", whole)));
}
