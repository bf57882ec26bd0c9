/*
 * arguments.h
 *		Arguments of SQL functions.
 *
 * Also those of functions that are declared STRICT are asked whether they are
 * NULL: who owns a function can declare it otherwise.
 */
#ifndef TRAINPLAN_ARGUMENTS_H
#define TRAINPLAN_ARGUMENTS_H

#include "fmgr.h"

#include "base/slice.h"

extern void require_argument(FunctionCallInfo fcinfo, int argument, const char *name);
extern bool flag_argument(FunctionCallInfo fcinfo, int argument);
extern bool added_flag_argument(FunctionCallInfo fcinfo, int argument);
extern const char *text_argument(FunctionCallInfo fcinfo, int argument);
extern const char *added_text_argument(FunctionCallInfo fcinfo, int argument);
extern const char *required_text_argument(FunctionCallInfo fcinfo, int argument, const char *name);
extern Slice required_slice_argument(FunctionCallInfo fcinfo, int argument, const char *name);
extern Datum *array_argument(FunctionCallInfo fcinfo, int argument, Oid type, const char *name,
							 int *count, bool **nulls);

#endif							/* TRAINPLAN_ARGUMENTS_H */
