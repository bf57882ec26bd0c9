/*
 * distributed_table.c
 *		Has somebody given a table to Citus?
 *
 * Such a table still is an ordinary one for PostgreSQL: it keeps its OID, its
 * columns and indexes, and whatever is in its own storage.  But SQL reads and
 * writes other rows, on other nodes, and who goes straight to the storage writes
 * rows that nobody sees.
 *
 * Citus keeps what it knows of tables in a catalog of its own, which is looked into
 * as into any table; nothing of Citus is needed to build this, and where there is no
 * such catalog, or another one under its name, no table is distributed.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/relation.h"
#include "access/stratnum.h"
#include "catalog/pg_class.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_type.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "plans/distributed_table.h"

/* The catalog: a row for each table that is known. */
#define CATALOG_NAME		"pg_dist_partition"

/* Its columns that are looked at. */
typedef struct CitusColumns
{
	AttrNumber	relation;
	AttrNumber	method;			/* how rows are spread over shards; 'n': there is one shard */
	AttrNumber	replication;	/* 't': that one is on all nodes */
	AttrNumber	colocation;		/* 0: with no other table */
} CitusColumns;

/* A column of the catalog, if it has this type; else InvalidAttrNumber. */
static AttrNumber
find_column(Relation catalog, const char *name, Oid type)
{
	AttrNumber	number = get_attnum(RelationGetRelid(catalog), name);

	if (number <= 0 || get_atttype(RelationGetRelid(catalog), number) != type)
		return InvalidAttrNumber;
	return number;
}

static char
char_value(HeapTuple row, AttrNumber column, TupleDesc descriptor)
{
	bool		isnull = true;
	Datum		value = (Datum) 0;

	if (column != InvalidAttrNumber)
		value = heap_getattr(row, column, descriptor, &isnull);
	return isnull ? '\0' : DatumGetChar(value);
}

/* What a row of the catalog says. */
static const char *
kind_of_row(const CitusColumns *columns, HeapTuple row, TupleDesc descriptor)
{
	bool		isnull = true;
	Datum		colocation = (Datum) 0;

	if (char_value(row, columns->method, descriptor) != 'n')
		return "a distributed table of Citus";
	if (char_value(row, columns->replication, descriptor) == 't')
		return "a reference table of Citus";
	if (columns->colocation != InvalidAttrNumber)
		colocation = heap_getattr(row, columns->colocation, descriptor, &isnull);
	if (!isnull && DatumGetInt32(colocation) != 0)
		return "a distributed table of Citus, with one shard";
	return "a local table that Citus manages";
}

/* What a table is that Citus knows; NULL: it knows no such table. */
const char *
distributed_table_kind(Oid relid)
{
	Oid			catalog_oid = get_relname_relid(CATALOG_NAME, PG_CATALOG_NAMESPACE);
	Relation	catalog;
	CitusColumns columns;
	const char *kind = NULL;

	if (!OidIsValid(catalog_oid))
		return NULL;
	catalog = try_relation_open(catalog_oid, AccessShareLock);
	if (catalog == NULL)
		return NULL;
	columns.relation = find_column(catalog, "logicalrelid", REGCLASSOID);
	columns.method = find_column(catalog, "partmethod", CHAROID);
	columns.replication = find_column(catalog, "repmodel", CHAROID);
	columns.colocation = find_column(catalog, "colocationid", INT4OID);
	if (catalog->rd_rel->relkind == RELKIND_RELATION && columns.relation != InvalidAttrNumber)
	{
		ScanKeyData key;
		SysScanDesc scan;
		HeapTuple	row;

		ScanKeyInit(&key, columns.relation, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(relid));
		scan = systable_beginscan(catalog, InvalidOid, false, NULL, 1, &key);
		row = systable_getnext(scan);
		if (HeapTupleIsValid(row))
			kind = kind_of_row(&columns, row, RelationGetDescr(catalog));
		systable_endscan(scan);
	}
	relation_close(catalog, AccessShareLock);
	return kind;
}
