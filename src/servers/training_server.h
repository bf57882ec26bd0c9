/*
 * training_server.h
 *		The tables by which other servers are reached.
 */
#ifndef TRAINPLAN_TRAINING_SERVER_H
#define TRAINPLAN_TRAINING_SERVER_H

#include "foreign/foreign.h"

/* What is asked of a server, or read of it. */
typedef enum ServerTableId
{
	SERVER_CALLS,
	SERVER_PLANS,
	SERVER_JOBS,
	SERVER_STATUS,
	SERVER_TABLES
} ServerTableId;

/* A table of all servers, and what it has of each. */
typedef struct ServerTable
{
	const char *name;			/* partitioned by server */
	const char *label;			/* the end of a partition's name */
	const char *remote_name;	/* what is on the server */
} ServerTable;

extern const ServerTable server_tables[SERVER_TABLES];

extern Oid	server_table(Oid schema, ServerTableId id);
extern List *server_partitions(Oid parent, Oid server);
extern void check_user_mapping(const ForeignServer *server);
extern void check_server_is_added(Oid schema, const ForeignServer *server);

#endif							/* TRAINPLAN_TRAINING_SERVER_H */
