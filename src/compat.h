/*
 * compat.h
 *		What differs between the PostgreSQL versions that trainplan builds with.
 *
 * Everything that asks for PG_VERSION_NUM is here; the other files call the
 * newest version's interface.
 */
#ifndef TRAINPLAN_COMPAT_H
#define TRAINPLAN_COMPAT_H

#if PG_VERSION_NUM < 150000
#error "trainplan needs PostgreSQL 15 or later"
#endif

#if PG_VERSION_NUM >= 160000
#include "varatt.h"
#else

/* PostgreSQL 15: a sorted datum is always the caller's own copy. */
#define tuplesort_getdatum(state, forward, copy, value, isnull, abbrev) \
	tuplesort_getdatum(state, forward, value, isnull, abbrev)

/* PostgreSQL 15: reading less than asked for is for the caller to notice. */
#define BufFileReadExact(file, pointer, size) \
	do { \
		if (BufFileRead(file, pointer, size) != (size)) \
			elog(ERROR, "could not read from temporary file"); \
	} while (0)

/* PostgreSQL 15: not told whether only summarizing indexes are to be updated. */
#define ExecInsertIndexTuples(rel, slot, estate, update, no_dup_error, conflict, arbiters, only_summarizing) \
	ExecInsertIndexTuples(rel, slot, estate, update, no_dup_error, conflict, arbiters)

/* PostgreSQL 15: told only whether indexes are to be updated. */
#define TU_UpdateIndexes	bool
#define TU_None				false

#endif							/* PG_VERSION_NUM < 160000 */

/* Whether only summarizing indexes are to be updated, where there is a difference. */
#if PG_VERSION_NUM >= 160000
#define ONLY_SUMMARIZING(update_indexes) ((update_indexes) == TU_Summarizing)
#else
#define ONLY_SUMMARIZING(update_indexes) false
#endif

/* Since PostgreSQL 18 a scan can be instrumented. */
#if PG_VERSION_NUM < 180000
#define index_beginscan(heap, index, snapshot, instrument, keys, orderbys) \
	index_beginscan(heap, index, snapshot, keys, orderbys)
#endif

/* What the actions of the JSON parser return. */
#if PG_VERSION_NUM >= 160000
#define JsonActionResult JsonParseErrorType
#define JSON_ACTION_DONE return JSON_SUCCESS
#else
#define JsonActionResult void
#define JSON_ACTION_DONE return
#endif

/* PostgreSQL 18 has another word for what does not return, at the beginning of a declaration. */
#ifndef pg_noreturn
#define pg_noreturn pg_attribute_noreturn()
#endif

/* Before PostgreSQL 17, a lexer is always allocated. */
#if PG_VERSION_NUM < 170000
#define makeJsonLexContextCstringLen(lexer, json, length, encoding, need_escapes) \
	makeJsonLexContextCstringLen(json, length, encoding, need_escapes)
#endif

#endif							/* TRAINPLAN_COMPAT_H */
