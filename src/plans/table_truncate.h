/*
 * table_truncate.h
 *		Empties tables of what belongs to something that was emptied.
 */
#ifndef TRAINPLAN_TABLE_TRUNCATE_H
#define TRAINPLAN_TABLE_TRUNCATE_H

#include "plans/plan_tables.h"

extern void lock_tables(Oid schema, const PlanTableId *tables, int count, LOCKMODE lock);
extern void truncate_tables(Oid schema, const PlanTableId *parts, int count);

#endif							/* TRAINPLAN_TABLE_TRUNCATE_H */
