/*
 * compat.h
 *		What differs between the PostgreSQL versions that trainplan builds with.
 *
 * Everything that asks for PG_VERSION_NUM is here and in executor_compat.h; the
 * other files call the newest version's interface.
 */
#ifndef TRAINPLAN_COMPAT_H
#define TRAINPLAN_COMPAT_H

#if PG_VERSION_NUM < 150000
#error "trainplan needs PostgreSQL 15 or later"
#endif

#if PG_VERSION_NUM >= 160000
#include "varatt.h"
#else

/* PostgreSQL 15: reading less than asked for is for the caller to notice. */
#define BufFileReadExact(file, pointer, size) \
	do { \
		if (BufFileRead(file, pointer, size) != (size)) \
			elog(ERROR, "could not read from temporary file"); \
	} while (0)

#endif							/* PG_VERSION_NUM < 160000 */

/* Since PostgreSQL 18, a column that is NOT NULL may have nulls from before. */
#if PG_VERSION_NUM >= 180000
#define is_not_null(descriptor, i) \
	(TupleDescCompactAttr(descriptor, i)->attnullability == ATTNULLABLE_VALID)
#else
#define is_not_null(descriptor, i)	(TupleDescAttr(descriptor, i)->attnotnull)
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

/* Before PostgreSQL 16, each class of objects had a function that asks for their owner. */
#if PG_VERSION_NUM >= 160000
#define relation_ownercheck(relid, role)	object_ownercheck(RelationRelationId, relid, role)
#else
#define relation_ownercheck(relid, role)	pg_class_ownercheck(relid, role)
#endif

/* Before PostgreSQL 17, an interval is always finite. */
#if PG_VERSION_NUM < 170000
#define INTERVAL_NOT_FINITE(interval)	false
#endif

/* Before PostgreSQL 17, a lexer is always allocated. */
#if PG_VERSION_NUM < 170000
#define makeJsonLexContextCstringLen(lexer, json, length, encoding, need_escapes) \
	makeJsonLexContextCstringLen(json, length, encoding, need_escapes)
#endif

#endif							/* TRAINPLAN_COMPAT_H */
