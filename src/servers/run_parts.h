/*
 * run_parts.h
 *		The parts of a run, and what their servers say of them.
 */
#ifndef TRAINPLAN_RUN_PARTS_H
#define TRAINPLAN_RUN_PARTS_H

#include "lib/stringinfo.h"

#include "base/row_query.h"
#include "servers/training_server.h"

/* A run, and which servers have a part of it. */
typedef struct RunParts
{
	Oid			schema;
	const char *run_id;
	const char *run_literal;
	StringInfoData servers;		/* as an array; empty: there is none */
	Oid			parts;			/* their table */
} RunParts;

/*
 * Behind SELECT and columns: the parts of a run, called p, and beside each what a table of
 * servers, called s, has of it.  Nobody is asked but the servers that have a part.  Of a
 * server's table, rows count that are of the server by that name: the same database may be
 * known by another one, too.
 *
 * The text is for psprintf(), with the servers and the run; then its %s stand for the
 * relations of RowQuery.
 */
#define PARTS_WITH(join) \
	" FROM ONLY %%s AS p " join " (%%s AS s " \
	"JOIN %%s AS t ON t.ftrelid OPERATOR(pg_catalog.=) s.tableoid " \
	"JOIN %%s AS f ON f.oid OPERATOR(pg_catalog.=) t.ftserver AND f.srvname OPERATOR(pg_catalog.=) s.server::pg_catalog.name) " \
	"ON s.server OPERATOR(pg_catalog.=) p.server COLLATE pg_catalog.\"default\" " \
	"AND s.run_id OPERATOR(pg_catalog.=) p.run_id COLLATE pg_catalog.\"default\" " \
	"AND s.plan_id OPERATOR(pg_catalog.=) p.plan_id " \
	"AND s.server OPERATOR(pg_catalog.=) ANY (%s) " \
	"WHERE p.run_id COLLATE pg_catalog.\"default\" OPERATOR(pg_catalog.=) %s "

#define run_parts_text(run, text)	psprintf(text, (run)->servers.data, (run)->run_literal)

extern bool run_parts_open(RunParts *run, Oid schema, const char *run_id);
extern RowQuery run_parts_query(const RunParts *run, ServerTableId id, const char *text);

#endif							/* TRAINPLAN_RUN_PARTS_H */
