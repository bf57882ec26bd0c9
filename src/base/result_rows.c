/*
 * result_rows.c
 *		Rows that a set-returning function returns.
 */
#include "postgres.h"

#include "funcapi.h"

#include "base/result_rows.h"

/*
 * InitMaterializedSRF(), with a tuplestore that does not wait for work_mem to fill
 * before it goes to disk.
 */
void
result_rows_begin(FunctionCallInfo fcinfo, int memory_kb)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	MemoryContext caller;

	InitMaterializedSRF(fcinfo, 0);
	caller = MemoryContextSwitchTo(rsinfo->econtext->ecxt_per_query_memory);
	tuplestore_end(rsinfo->setResult);
	rsinfo->setResult = tuplestore_begin_heap((rsinfo->allowedModes & SFRM_Materialize_Random) != 0,
											  false, memory_kb);
	MemoryContextSwitchTo(caller);
}
