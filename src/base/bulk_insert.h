/*
 * bulk_insert.h
 *		Rows into a table as COPY would put them there.
 */
#ifndef TRAINPLAN_BULK_INSERT_H
#define TRAINPLAN_BULK_INSERT_H

#include "utils/relcache.h"

typedef struct BulkInsert BulkInsert;

extern BulkInsert *bulk_insert_begin(Relation table);
extern MemoryContext bulk_insert_context(BulkInsert *insert);
extern void bulk_insert_row(BulkInsert *insert, Datum **values, bool **nulls);
extern void bulk_insert_keep(BulkInsert *insert);
extern void bulk_insert_leave_out(BulkInsert *insert, Oid index);
extern void bulk_insert_have_all(BulkInsert *insert, Oid index);
extern void bulk_insert_end(BulkInsert *insert);

#endif							/* TRAINPLAN_BULK_INSERT_H */
