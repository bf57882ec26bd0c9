/*
 * training_server.c
 *		The tables by which other servers are reached.
 *
 * Each is partitioned by server, and the partitions are foreign tables, which
 * add_training_server() makes.  A query over the partitioned table is asked of all
 * servers at the same time, and needs rights on that table alone.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "foreign/foreign.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "nodes/primnodes.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "servers/part_call.h"
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

/* Is a partition made for this name?  A server may have been renamed since. */
static bool
is_partition_of(Oid partition, const char *server)
{
	HeapTuple	row = SearchSysCache1(RELOID, ObjectIdGetDatum(partition));
	bool		isnull = true;
	Datum		bound = (Datum) 0;
	PartitionBoundSpec *spec = NULL;
	Const	   *value = NULL;

	if (HeapTupleIsValid(row))
		bound = SysCacheGetAttr(RELOID, row, Anum_pg_class_relpartbound, &isnull);
	if (!isnull)
		spec = stringToNode(TextDatumGetCString(bound));
	if (HeapTupleIsValid(row))
		ReleaseSysCache(row);
	if (spec != NULL && list_length(spec->listdatums) == 1)
		value = linitial_node(Const, spec->listdatums);
	return value != NULL && !value->constisnull &&
		strcmp(TextDatumGetCString(value->constvalue), server) == 0;
}

/* The caller is somebody there, or it is an error. */
void
check_user_mapping(const ForeignServer *server)
{
	if (!SearchSysCacheExists2(USERMAPPINGUSERSERVER, ObjectIdGetDatum(GetUserId()), ObjectIdGetDatum(server->serverid)) &&
		!SearchSysCacheExists2(USERMAPPINGUSERSERVER, ObjectIdGetDatum(InvalidOid), ObjectIdGetDatum(server->serverid)))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("user \"%s\" has no user mapping for server \"%s\"", GetUserNameFromId(GetUserId(), false),
						server->servername),
				 errhint("CREATE USER MAPPING FOR %s SERVER %s OPTIONS (...);",
						 quote_identifier(GetUserNameFromId(GetUserId(), false)),
						 quote_identifier(server->servername))));
}

/* Can a server be asked for a part, by the caller?  If not, it is an error. */
void
check_server_is_added(Oid schema, const ForeignServer *server)
{
	List	   *partitions = server_partitions(server_table(schema, SERVER_CALLS), server->serverid);

	if (partitions == NIL || !is_partition_of(linitial_oid(partitions), server->servername))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg(partitions == NIL ? "server \"%s\" has not been added" :
						"server \"%s\" has been renamed since it was added", server->servername),
				 errhint("SELECT %s(%s);",
						 quote_qualified_identifier(get_namespace_name(schema), "add_training_server"),
						 quote_literal_cstr(server->servername))));
	check_user_mapping(server);
}
