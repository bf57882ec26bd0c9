/*
 * distributed_table.h
 *		Has somebody given a table to a distributed engine?
 */
#ifndef TRAINPLAN_DISTRIBUTED_TABLE_H
#define TRAINPLAN_DISTRIBUTED_TABLE_H

extern const char *distributed_table_kind(Oid relid);

#endif							/* TRAINPLAN_DISTRIBUTED_TABLE_H */
