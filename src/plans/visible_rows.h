/*
 * visible_rows.h
 *		Does SQL see what was put straight into a table?
 */
#ifndef TRAINPLAN_VISIBLE_ROWS_H
#define TRAINPLAN_VISIBLE_ROWS_H

#include "plans/plan_tables.h"

extern void check_row_is_visible(const PlanTable *table, const Datum *key);
extern void check_row_is_visible_once(const PlanTable *table, const Datum *key);

#endif							/* TRAINPLAN_VISIBLE_ROWS_H */
