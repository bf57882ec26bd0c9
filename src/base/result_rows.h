/*
 * result_rows.h
 *		Rows that a set-returning function returns.
 */
#ifndef TRAINPLAN_RESULT_ROWS_H
#define TRAINPLAN_RESULT_ROWS_H

#include "fmgr.h"

extern void result_rows_begin(FunctionCallInfo fcinfo, int memory_kb);

#endif							/* TRAINPLAN_RESULT_ROWS_H */
