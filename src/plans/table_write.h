/*
 * table_write.h
 *		Rows into a table by SQL, so that whatever somebody has added to the table
 *		holds for them.
 */
#ifndef TRAINPLAN_TABLE_WRITE_H
#define TRAINPLAN_TABLE_WRITE_H

#include "executor/spi.h"

#include "plans/plan_tables.h"

/* An INSERT or UPDATE that is prepared for the calls of one function. */
typedef struct TableWrite
{
	Oid			relid;
	int			results;		/* columns that it returns */
	const Oid  *result_types;
	SPIPlanPtr	plan;
} TableWrite;

extern void table_write_prepare(TableWrite *write, const PlanTable *table, const char *text,
								int arguments, const Oid *types,
								int results, const Oid *result_types);
extern void table_write_prepare_insert(TableWrite *write, const PlanTable *table);
extern uint64 table_write_insert(TableWrite *write, const PlanTable *table, const Datum *values,
								 const bool *nulls, bool as_of_now);
extern uint64 table_write_run(TableWrite *write, Datum *values, const bool *nulls, bool as_of_now);
extern Datum table_write_result(int column, bool *isnull);

#endif							/* TRAINPLAN_TABLE_WRITE_H */
