/*
 * executor_compat.h
 *		What differs between the PostgreSQL versions in the executor and what it
 *		works with; compat.h has the rest.
 *
 * The files call the newest version's interface.
 */
#ifndef TRAINPLAN_EXECUTOR_COMPAT_H
#define TRAINPLAN_EXECUTOR_COMPAT_H

/* What is redefined below is declared here. */
#include "access/genam.h"
#include "catalog/dependency.h"
#include "commands/copy.h"
#include "commands/tablecmds.h"
#include "commands/trigger.h"
#include "executor/executor.h"
#include "nodes/parsenodes.h"
#include "storage/lock.h"
#include "utils/tuplesort.h"

#if PG_VERSION_NUM < 160000

/* PostgreSQL 15: a sorted datum is always the caller's own copy. */
#define tuplesort_getdatum(state, forward, copy, value, isnull, abbrev) \
	tuplesort_getdatum(state, forward, value, isnull, abbrev)

/* PostgreSQL 15: not told whether only summarizing indexes are to be updated. */
#define ExecInsertIndexTuples(rel, slot, estate, update, no_dup_error, conflict, arbiters, only_summarizing) \
	ExecInsertIndexTuples(rel, slot, estate, update, no_dup_error, conflict, arbiters)

/* PostgreSQL 15: told only whether indexes are to be updated. */
#define TU_UpdateIndexes	bool
#define TU_None				false

/* PostgreSQL 15: not told which relations a check of a changed row is about. */
#define EvalPlanQualInit(epq_state, estate, plan, marks, param, relations) \
	EvalPlanQualInit(epq_state, estate, plan, marks, param)

/* PostgreSQL 15: not told whose rights tables are emptied with. */
#define ExecuteTruncateGuts(rels, relids, logged, behavior, restart, as_owner) \
	ExecuteTruncateGuts(rels, relids, logged, behavior, restart)

/* PostgreSQL 15: the rows of COPY can't go to a callback. */
#define BeginCopyTo(state, rel, query, relid, filename, is_program, callback, columns, options) \
	BeginCopyTo(state, rel, query, relid, filename, is_program, columns, options)

#endif							/* PG_VERSION_NUM < 160000 */

/*
 * Have nobody's rights checked when a query runs, which has been rewritten and has no
 * subqueries.  Since PostgreSQL 16, what is needed is in a list beside the relations.
 */
static inline void
require_no_rights(Query *query)
{
	ListCell   *cell;

#if PG_VERSION_NUM >= 160000
	foreach(cell, query->rteperminfos)
		((RTEPermissionInfo *) lfirst(cell))->requiredPerms = 0;
#else
	foreach(cell, query->rtable)
		((RangeTblEntry *) lfirst(cell))->requiredPerms = 0;
#endif
}

/*
 * Have the right to read any column of its relations be enough for a query, which has not
 * been rewritten; what a view reads is its owner's business as ever.
 */
static inline void
require_any_column(Query *query)
{
	ListCell   *cell;

#if PG_VERSION_NUM >= 160000
	foreach(cell, query->rteperminfos)
		((RTEPermissionInfo *) lfirst(cell))->selectedCols = NULL;
#else
	foreach(cell, query->rtable)
		((RangeTblEntry *) lfirst(cell))->selectedCols = NULL;
#endif
}

/* Does the caller have all rights that a query needs, views and all? */
#if PG_VERSION_NUM >= 160000
#define has_rights_for(planned) ExecCheckPermissions((planned)->rtable, (planned)->permInfos, false)
#else
#define has_rights_for(planned) ExecCheckRTPerms((planned)->rtable, false)
#endif

/* Whether only summarizing indexes are to be updated, where there is a difference. */
#if PG_VERSION_NUM >= 160000
#define ONLY_SUMMARIZING(update_indexes) ((update_indexes) == TU_Summarizing)
#else
#define ONLY_SUMMARIZING(update_indexes) false
#endif

/* What triggers before a deletion are told, and tell, became more from version to version. */
#if PG_VERSION_NUM < 160000
#define ExecBRDeleteTriggers(estate, epq_state, rel, tid, tuple, slot, result, failure, merge) \
	ExecBRDeleteTriggers(estate, epq_state, rel, tid, tuple, slot)
#elif PG_VERSION_NUM < 180000
#define ExecBRDeleteTriggers(estate, epq_state, rel, tid, tuple, slot, result, failure, merge) \
	ExecBRDeleteTriggers(estate, epq_state, rel, tid, tuple, slot, result, failure)
#endif

/* Before PostgreSQL 17, the sequence of a column is asked for by the table's OID. */
#if PG_VERSION_NUM < 170000
#define getIdentitySequence(relation, column, missing_ok) \
	getIdentitySequence(RelationGetRelid(relation), column, missing_ok)
#endif

/* Before PostgreSQL 17, a lock is not asked whether it is at least so strong. */
#if PG_VERSION_NUM < 170000
#define LockHeldByMe(tag, mode, or_stronger) LockHeldByMe(tag, mode)
#endif

#if PG_VERSION_NUM < 180000

/* Before PostgreSQL 18, a scan can't be instrumented. */
#define index_beginscan(heap, index, snapshot, instrument, keys, orderbys) \
	index_beginscan(heap, index, snapshot, keys, orderbys)

/* Before PostgreSQL 18, the executor is told that it runs a query once. */
#define ExecutorRun(query, direction, count) ExecutorRun(query, direction, count, true)

#endif							/* PG_VERSION_NUM < 180000 */

#endif							/* TRAINPLAN_EXECUTOR_COMPAT_H */
