/*
 * add_training_server.c
 *		SQL function add_training_server(): makes the foreign tables by which a
 *		server is asked for parts of plans, and shows them.
 */
#include "postgres.h"

#include "catalog/pg_class.h"
#include "commands/defrem.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "base/arguments.h"
#include "base/compat.h"
#include "base/row_query.h"
#include "servers/part_call.h"
#include "servers/training_server.h"

PG_FUNCTION_INFO_V1(add_training_server);

/* Arguments, as the SQL declaration has them. */
#define ARG_SERVER		0
#define ARG_SCHEMA		1

/* What is looked up on a server before anything of it is used. */
typedef enum CatalogColumn
{
	REMOTE_VERSION = 1,
	REMOTE_SCHEMA
} CatalogColumn;

static void
run_command(const char *command)
{
	int			result = SPI_execute(command, false, 0);

	if (result < 0)
		elog(ERROR, "could not run \"%s\": %s", command, SPI_result_code_string(result));
}

/* A name for a new table of a server, schema and all, as SQL needs it. */
static char *
new_table_name(Oid schema, const ForeignServer *server, const char *label)
{
	return quote_qualified_identifier(get_namespace_name(schema),
									  ChooseRelationName("training_server", server->servername, label, schema, false));
}

/* The server is one that the foreign tables can be of. */
static void
check_wrapper(const ForeignServer *server)
{
	if (strcmp(GetForeignDataWrapper(server->fdwid)->fdwname, "postgres_fdw") != 0)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("server \"%s\" is not one of postgres_fdw", server->servername)));
}

/*
 * The server has this extension, in this schema, and in the version that is here.
 * Its catalogs say so, which foreign tables show that are gone when this returns.
 */
static void
check_extension(Oid schema, const ForeignServer *server, const char *remote_schema)
{
	char	   *extensions = new_table_name(schema, server, "extensions");
	char	   *schemas = new_table_name(schema, server, "schemas");
	const char *name = quote_identifier(server->servername);
	const char *version = NULL;
	const char *found_in = NULL;
	const char *own_version = extension_version();

	run_command(psprintf("CREATE FOREIGN TABLE %s (extname pg_catalog.name, extversion pg_catalog.text, "
						 "extnamespace pg_catalog.oid) SERVER %s "
						 "OPTIONS (schema_name 'pg_catalog', table_name 'pg_extension')", extensions, name));
	run_command(psprintf("CREATE FOREIGN TABLE %s (oid pg_catalog.oid, nspname pg_catalog.name) SERVER %s "
						 "OPTIONS (schema_name 'pg_catalog', table_name 'pg_namespace')", schemas, name));
	run_command(psprintf("SELECT e.extversion, n.nspname FROM %s AS e "
						 "JOIN %s AS n ON n.oid OPERATOR(pg_catalog.=) e.extnamespace "
						 "WHERE e.extname OPERATOR(pg_catalog.=) 'trainplan'", extensions, schemas));
	if (SPI_processed == 1)
	{
		version = SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, REMOTE_VERSION);
		found_in = SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, REMOTE_SCHEMA);
	}
	run_command(psprintf("DROP FOREIGN TABLE %s, %s", extensions, schemas));

	if (version == NULL || found_in == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("server \"%s\" does not have the extension trainplan", server->servername),
				 errhint("In the database that the server names: CREATE EXTENSION trainplan;")));
	if (strcmp(version, own_version) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("server \"%s\" has version %s of the extension trainplan, and this database has %s",
						server->servername, version, own_version),
				 errhint("Where it is older: ALTER EXTENSION trainplan UPDATE;")));
	if (strcmp(found_in, remote_schema) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_SCHEMA),
				 errmsg("server \"%s\" has the extension trainplan in schema \"%s\", not in \"%s\"",
						server->servername, found_in, remote_schema),
				 errhint("SELECT %s(%s, %s);",
						 quote_qualified_identifier(get_namespace_name(schema), "add_training_server"),
						 quote_literal_cstr(server->servername), quote_literal_cstr(found_in))));
}

/* Make anew what a table has of a server. */
static void
make_partition(Oid schema, ServerTableId id, const ForeignServer *server, const char *remote_schema)
{
	Oid			parent = server_table(schema, id);
	ListCell   *cell;

	foreach(cell, server_partitions(parent, server->serverid))
		run_command(psprintf("DROP FOREIGN TABLE %s", relation_sql_name(lfirst_oid(cell))));
	/* asked at the same time as others, also where the server's options say otherwise */
	run_command(psprintf("CREATE FOREIGN TABLE %s PARTITION OF %s FOR VALUES IN (%s) SERVER %s "
						 "OPTIONS (schema_name %s, table_name %s, async_capable 'true', updatable '%s', "
						 "fetch_size '1000')",
						 new_table_name(schema, server, server_tables[id].label),
						 relation_sql_name(parent),
						 quote_literal_cstr(server->servername), quote_identifier(server->servername),
						 quote_literal_cstr(remote_schema), quote_literal_cstr(server_tables[id].remote_name),
						 id == SERVER_CALLS ? "true" : "false"));
}

/*
 * add_training_server(server name, schema name)
 *
 * Errors: no such server (undefined_object), one of another wrapper
 * (wrong_object_type), a caller who does not own the tables of servers
 * (insufficient_privilege), a server without the extension, or with it in another
 * schema or version, and whatever connecting to it may raise.
 */
Datum
add_training_server(PG_FUNCTION_ARGS)
{
	Oid			schema = get_func_namespace(fcinfo->flinfo->fn_oid);
	ForeignServer *server;
	const char *remote_schema;

	require_argument(fcinfo, ARG_SERVER, "server");
	require_argument(fcinfo, ARG_SCHEMA, "schema");
	server = GetForeignServerByName(NameStr(*PG_GETARG_NAME(ARG_SERVER)), false);
	remote_schema = NameStr(*PG_GETARG_NAME(ARG_SCHEMA));
	PreventCommandIfReadOnly("add_training_server()");

	for (int id = 0; id < SERVER_TABLES; id++)
	{
		if (!relation_ownercheck(server_table(schema, id), GetUserId()))
			ereport(ERROR,
					(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
					 errmsg("must be owner of table %s", server_tables[id].name),
					 errhint("What is added is read by everybody who may read runs: a superuser adds servers.")));
	}
	check_wrapper(server);
	check_user_mapping(server);
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	check_extension(schema, server, remote_schema);
	for (int id = 0; id < SERVER_TABLES; id++)
		make_partition(schema, id, server, remote_schema);
	SPI_finish();

	PG_RETURN_VOID();
}
