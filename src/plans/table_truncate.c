/*
 * table_truncate.c
 *		Empties tables of what belongs to something that was emptied.
 */
#include "postgres.h"

#include "access/table.h"
#include "catalog/catalog.h"
#include "commands/tablecmds.h"
#include "storage/bufmgr.h"
#include "utils/rel.h"

#include "base/executor_compat.h"
#include "plans/table_truncate.h"

/* Lock tables of the extension, which are in the order of PlanTableId; one may be missing. */
void
lock_tables(Oid schema, const PlanTableId *tables, int count, LOCKMODE lock)
{
	for (int i = 0; i < count; i++)
	{
		PlanTable	table;

		if (!plan_table_exists(schema, tables[i]))
			continue;
		plan_table_open(&table, schema, tables[i], lock);
		plan_table_close(&table);
	}
}

/*
 * Empty tables, as TRUNCATE of another table does whose rows all of theirs belong to.
 * The caller needs the right to, as for TRUNCATE ... CASCADE; but the tally is
 * nobody's.
 */
void
truncate_tables(Oid schema, const PlanTableId *parts, int count)
{
	List	   *relations = NIL;
	List	   *relids = NIL;
	List	   *logged = NIL;
	ListCell   *cell;

	lock_tables(schema, parts, count, AccessExclusiveLock);
	for (int i = 0; i < count; i++)
	{
		PlanTable	table;

		if (!plan_table_exists(schema, parts[i]))
			continue;
		plan_table_open(&table, schema, parts[i], NoLock);
		if (parts[i] != TALLY_TABLE)
			plan_table_check_rights(&table, ACL_TRUNCATE);
		/* another trigger of ours may have been faster */
		if (RelationGetNumberOfBlocks(table.relation) == 0)
		{
			plan_table_close(&table);
			continue;
		}
		CheckTableNotInUse(table.relation, "TRUNCATE");
		relations = lappend(relations, table.relation);
		relids = lappend_oid(relids, table.relid);
		if (RelationIsLogicallyLogged(table.relation))
			logged = lappend_oid(logged, table.relid);
	}
	if (relations == NIL)
		return;
	ExecuteTruncateGuts(relations, relids, logged, DROP_RESTRICT, false, false);
	foreach(cell, relations)
		table_close(lfirst(cell), NoLock);
}
