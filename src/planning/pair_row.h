/*
 * pair_row.h
 *		The target and symbol of a relation's row.
 */
#ifndef TRAINPLAN_PAIR_ROW_H
#define TRAINPLAN_PAIR_ROW_H

#include "base/relation_reader.h"
#include "base/slice.h"

extern void check_row_names(Slice target, Slice symbol, const char *whole,
							const RelationReader *reader);

/* The value of a text column, which lives as long as the row. */
static inline Slice
row_text(const Datum *values, const bool *nulls, int column)
{
	if (nulls[column])
		return NULL_SLICE;
	return slice_from_text(PG_DETOAST_DATUM_PACKED(values[column]));
}

#endif							/* TRAINPLAN_PAIR_ROW_H */
