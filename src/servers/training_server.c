/*
 * training_server.c
 *		The tables by which other servers are reached.
 *
 * Each is partitioned by server, and the partitions are foreign tables, which
 * add_training_server() makes.  A query over the partitioned table is asked of all
 * servers at the same time, and needs rights on that table alone.
 */
#include "postgres.h"

#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "foreign/foreign.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "servers/part_calls.h"
#include "servers/training_server.h"

const ServerTable server_tables[SERVER_TABLES] = {
	[SERVER_CALLS] = {"training_server_calls", "calls", PART_CALLS_VIEW},
	[SERVER_PLANS] = {"training_server_plans", "plans", "training_part_plans"},
	[SERVER_JOBS] = {"training_server_jobs", "jobs", "training_part_jobs"},
	[SERVER_STATUS] = {"training_server_status", "status", "training_part_status"}
};

/* One of the tables; schema is the extension's. */
Oid
server_table(Oid schema, ServerTableId id)
{
	Oid			relid = get_relname_relid(server_tables[id].name, schema);

	if (!OidIsValid(relid) || get_rel_relkind(relid) != RELKIND_PARTITIONED_TABLE)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("table \"%s.%s\" does not exist", get_namespace_name(schema), server_tables[id].name),
				 errhint("It is part of the extension trainplan.")));
	return relid;
}

/* What a table has of a server: OIDs of foreign tables, of which there is one, or none. */
List *
server_partitions(Oid parent, Oid server)
{
	List	   *found = NIL;
	ListCell   *cell;

	foreach(cell, find_inheritance_children(parent, AccessShareLock))
	{
		Oid			partition = lfirst_oid(cell);

		if (get_rel_relkind(partition) == RELKIND_FOREIGN_TABLE &&
			GetForeignTable(partition)->serverid == server)
			found = lappend_oid(found, partition);
	}
	return found;
}

/* Can a server be asked for a part?  If not, it is an error. */
void
check_server_is_added(Oid schema, const ForeignServer *server)
{
	if (server_partitions(server_table(schema, SERVER_CALLS), server->serverid) == NIL)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("server \"%s\" has not been added", server->servername),
				 errhint("SELECT %s(%s);",
						 quote_qualified_identifier(get_namespace_name(schema), "add_training_server"),
						 quote_literal_cstr(server->servername))));
}
