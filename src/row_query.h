/*
 * row_query.h
 *		Streams the rows of a query.
 */
#ifndef TRAINPLAN_ROW_QUERY_H
#define TRAINPLAN_ROW_QUERY_H

/*
 * Called for each row with the values of its columns.  Runs in a memory
 * context that is reset behind each row.
 */
typedef void (*RowCallback) (void *arg, const Datum *values, const bool *nulls);

extern void row_query_run(const char *query, const char *purpose, int cursor_options,
						  bool read_only, RowCallback callback, void *arg);

#endif							/* TRAINPLAN_ROW_QUERY_H */
