/*
 * execution_call.h
 *		What the functions for workers have in common.
 */
#ifndef TRAINPLAN_EXECUTION_CALL_H
#define TRAINPLAN_EXECUTION_CALL_H

#include "executor/spi.h"
#include "fmgr.h"

#include "job_claim.h"

/* A query that a session prepares once; it is about the tables in one schema. */
typedef struct KeptQuery
{
	const char *text;			/* as SPI takes it, %s for the table */
	const char *table;
	bool		writes;
	int			arguments;
	Oid			types[3];
	Oid			schema;			/* what plan is prepared for, if it is */
	SPIPlanPtr	plan;
} KeptQuery;

extern uint64 kept_query_run(KeptQuery *query, Oid schema, Datum *values, const char *nulls);

extern bool plan_argument(FunctionCallInfo fcinfo, int argument, ClaimedPlan *plan);
extern void require_argument(FunctionCallInfo fcinfo, int argument, const char *name);
extern TimestampTz lease_argument(FunctionCallInfo fcinfo, int argument, TimestampTz now);
extern TimestampTz retry_argument(FunctionCallInfo fcinfo, int argument, TimestampTz now);

#endif							/* TRAINPLAN_EXECUTION_CALL_H */
