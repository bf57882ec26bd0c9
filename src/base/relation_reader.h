/*
 * relation_reader.h
 *		Streams the rows of any relation, with the caller's rights, by the
 *		names of its columns.
 */
#ifndef TRAINPLAN_RELATION_READER_H
#define TRAINPLAN_RELATION_READER_H

#include "base/row_query.h"
#include "base/slice.h"

/* What a column may be, and what its values arrive as. */
typedef enum ColumnKind
{
	COLUMN_TEXT,				/* text, varchar, char, name, domain, enum: text */
	COLUMN_TEXTS,				/* an array of those: text[] */
	COLUMN_PHRASES,				/* text, or an array of text, or jsonb: the same */
	COLUMN_INTEGER,				/* smallint, integer, bigint: bigint */
	COLUMN_NUMBER,				/* those, real, double precision, numeric: double precision */
	COLUMN_COUNT,				/* the same: bigint of the first three, else double precision */
	COLUMN_ORDER,				/* what can be sorted: bigint, double precision, date, timestamps and text as
								 * they are, text by its bytes; of any other type the values' ranks, bigint */
	COLUMN_LABEL				/* of values that arrive as ranks, what they are: text; of others NULL */
} ColumnKind;

typedef struct ColumnSpec
{
	const char *name;
	ColumnKind	kind;
	bool		required;
	const char *other;			/* a column that may be there instead, or NULL */
	const char *other_hint;		/* what a relation with that one is for */
} ColumnSpec;

typedef struct RelationReader RelationReader;

extern RelationReader *relation_reader_open(Oid relid, const char *purpose,
											const ColumnSpec *columns, int count);
extern Oid	relation_reader_relation(const RelationReader *reader);
extern const char *relation_reader_qualified_name(const RelationReader *reader);
extern const char *relation_reader_source(const RelationReader *reader);
extern Oid	relation_reader_column_type(const RelationReader *reader, int column);
extern bool relation_reader_has_column(const RelationReader *reader, int column);
extern void relation_reader_run(RelationReader *reader, bool read_only,
								RowCallback callback, void *arg);
extern void relation_reader_run_for(RelationReader *reader, int column, Slice value, bool read_only,
									RowCallback callback, void *arg);

#endif							/* TRAINPLAN_RELATION_READER_H */
