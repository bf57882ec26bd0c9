/*
 * relation_reader.c
 *		Streams the rows of any relation, by the names of its columns.
 *
 * The relation is read by a plain SELECT, so that views, foreign tables,
 * partitions, privileges and row-level security are PostgreSQL's own business and
 * the caller's rights decide.  The SELECT names the columns that
 * there are, so that their order, dropped columns and others do not matter, and
 * casts each to one type of its kind.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/relation.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_enum.h"
#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "nodes/parsenodes.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"
#include "utils/typcache.h"

#include "base/relation_reader.h"

/* What a kind's column arrives as, and what the user is told that it may be. */
static const struct
{
	const char *expected;
	Oid			types[6];		/* what values arrive as; the first is that of a missing column */
}			column_kinds[] =
{
	[COLUMN_TEXT] = {"text, varchar, char, name, a domain over one of them, or an enum", {TEXTOID}},
	[COLUMN_TEXTS] = {"text[]", {TEXTARRAYOID}},
	[COLUMN_PHRASES] = {"text, text[], or jsonb", {TEXTOID, TEXTARRAYOID, JSONBOID}},
	[COLUMN_INTEGER] = {"smallint, integer, or bigint", {INT8OID}},
	[COLUMN_NUMBER] = {"a number: smallint, integer, bigint, real, double precision, or numeric", {FLOAT8OID}},
	[COLUMN_COUNT] = {"a number: smallint, integer, bigint, real, double precision, or numeric", {INT8OID, FLOAT8OID}},
	[COLUMN_ORDER] = {"of a type that can be sorted", {INT8OID, FLOAT8OID, DATEOID, TIMESTAMPOID, TIMESTAMPTZOID, TEXTOID}},
	[COLUMN_LABEL] = {"of a type that can be sorted", {TEXTOID}}
};

struct RelationReader
{
	Oid			relid;
	char	   *name;			/* schema.relation, for messages */
	char	   *qualified_name; /* the same, quoted as SQL needs it */
	char	   *query;			/* as row_query_run() takes it */
	int			selected;		/* its columns */
	Oid		   *selected_types;
	const ColumnSpec *asked;	/* the columns that were asked for */
	int			count;
	int		   *positions;		/* by column, in the query's rows; -1: there is no such column */
	int		   *columns;		/* the reverse */
	Oid		   *types;			/* of the values, by column */
	Oid		   *column_types;	/* of the columns themselves; InvalidOid: there is none */
};

/* Is this type's output a name or phrase, so that a cast to text loses nothing? */
static bool
holds_text(Oid type)
{
	char		category;
	bool		preferred;

	get_type_category_preferred(type, &category, &preferred);
	return category == TYPCATEGORY_STRING || category == TYPCATEGORY_ENUM;
}

static bool
is_integer(Oid type)
{
	return type == INT2OID || type == INT4OID || type == INT8OID;
}

static bool
is_number(Oid type)
{
	return is_integer(type) || type == FLOAT4OID || type == FLOAT8OID || type == NUMERICOID;
}

/* Can values of a type be cast to another one without loss? */
static bool
arrives_as(Oid type, Oid arriving)
{
	Oid			element = get_element_type(type);

	switch (arriving)
	{
		case INT8OID:
			return is_integer(type);
		case FLOAT8OID:
			return is_number(type);
		case DATEOID:
		case TIMESTAMPOID:
		case TIMESTAMPTZOID:
			return type == arriving;
		case JSONBOID:
			return type == JSONBOID || type == JSONOID;
		case TEXTARRAYOID:
			return OidIsValid(element) && holds_text(getBaseType(element));
		case TEXTOID:
			return !OidIsValid(element) && holds_text(type);
		default:
			return false;
	}
}

/* The type that a column's values are cast to, or InvalidOid if its type can't hold them. */
static Oid
cast_type(ColumnKind kind, Oid column_type)
{
	Oid			type = getBaseType(column_type);

	/* the words of an enum do not sort as it does, and two numerics may be the same double */
	if (kind == COLUMN_ORDER && (type_is_enum(type) || type == NUMERICOID))
		return InvalidOid;
	for (int i = 0; i < lengthof(column_kinds[kind].types); i++)
	{
		if (arrives_as(type, column_kinds[kind].types[i]))
			return column_kinds[kind].types[i];
	}
	return InvalidOid;
}

/* Do a column's values arrive as their ranks? */
static bool
is_ranked(Oid column_type)
{
	return !OidIsValid(cast_type(COLUMN_ORDER, column_type)) &&
		OidIsValid(lookup_type_cache(getBaseType(column_type), TYPECACHE_LT_OPR)->lt_opr);
}

/* The type that a column's values arrive as, or InvalidOid if its type can't hold them. */
static Oid
arriving_type(ColumnKind kind, Oid column_type)
{
	Oid			type = kind == COLUMN_LABEL ? TEXTOID : cast_type(kind, column_type);

	if (kind == COLUMN_ORDER && !OidIsValid(type) && is_ranked(column_type))
		type = INT8OID;
	return type;
}

/*
 * Append what is selected of a column: its values, cast to the type that they
 * arrive as.  Ranks are those of the type's own order; where equal values look
 * different (1.0 and 1.00), their label is that of one of them.
 */
static void
append_column(StringInfo query, const ColumnSpec *column, Oid type, Oid arriving)
{
	const char *name = quote_identifier(column->name);
	bool		is_rank = column->kind == COLUMN_ORDER && is_ranked(type);

	if (is_rank || column->kind == COLUMN_LABEL)
	{
		if (is_rank)
			appendStringInfoString(query, "pg_catalog.dense_rank()");
		else
			appendStringInfo(query, "pg_catalog.last_value(%s)", name);
		appendStringInfo(query, " OVER (ORDER BY %s%s)", name,
						 OidIsValid(get_typcollation(type)) ? " COLLATE pg_catalog.\"C\"" : "");
		if (is_rank)
			return;
	}
	else
	{
		appendStringInfoString(query, name);
		/* a real is the number that it prints as: 0.58 is not below 0.58 */
		if (getBaseType(type) == FLOAT4OID)
			appendStringInfoString(query, "::pg_catalog.text");
	}
	if (type != arriving)
		appendStringInfo(query, "::%s", format_type_be_qualified(arriving));
}

/* Look a column up; returns the type that it has, or InvalidOid if there is none. */
static Oid
find_column(RelationReader *reader, Relation relation, const char *purpose,
			const ColumnSpec *column, Oid *arriving)
{
	AttrNumber	number = get_attnum(RelationGetRelid(relation), column->name);
	Oid			type;

	if (number == InvalidAttrNumber)
	{
		if (column->required)
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_COLUMN),
					 errmsg("relation \"%s\" has no column \"%s\", which a %s needs",
							reader->name, column->name, purpose),
					 column->other != NULL &&
					 get_attnum(RelationGetRelid(relation), column->other) != InvalidAttrNumber ?
					 errhint("%s", column->other_hint) : 0));
		*arriving = column_kinds[column->kind].types[0];
		return InvalidOid;
	}

	type = TupleDescAttr(RelationGetDescr(relation), number - 1)->atttypid;
	*arriving = arriving_type(column->kind, type);
	if (!OidIsValid(*arriving))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("column \"%s\" of relation \"%s\" has type %s",
						column->name, reader->name, format_type_be(type)),
				 errhint("Column \"%s\" of a %s must be %s.",
						 column->name, purpose, column_kinds[column->kind].expected)));
	return type;
}

/* Make the SELECT, and remember where it has the columns. */
static void
make_query(RelationReader *reader, Relation relation, const char *purpose,
		   const ColumnSpec *columns)
{
	StringInfoData query;

	initStringInfo(&query);
	appendStringInfoString(&query, "SELECT ");
	reader->selected = 0;
	for (int i = 0; i < reader->count; i++)
	{
		Oid			type = find_column(reader, relation, purpose, &columns[i], &reader->types[i]);

		reader->positions[i] = -1;
		reader->column_types[i] = type;
		if (!OidIsValid(type) || (columns[i].kind == COLUMN_LABEL && !is_ranked(type)))
			continue;

		if (reader->selected > 0)
			appendStringInfoString(&query, ", ");
		append_column(&query, &columns[i], type, reader->types[i]);
		reader->selected_types[reader->selected] = reader->types[i];
		reader->columns[reader->selected] = i;
		reader->positions[i] = reader->selected++;
	}
	appendStringInfoString(&query, " FROM %s");
	reader->query = query.data;
}

/*
 * Look a relation up and check that it has the columns.  purpose says in
 * messages what it is for ("routing relation").  The reader is made in the
 * current memory context, and the columns live as long; the relation stays locked
 * until the transaction ends, so that it is still the same when it is run.
 *
 * Errors: no such relation (undefined_table), not something that has rows
 * (wrong_object_type), a column that is missing (undefined_column) or of a type
 * that can't hold its values (datatype_mismatch).
 */
RelationReader *
relation_reader_open(Oid relid, const char *purpose, const ColumnSpec *columns, int count)
{
	RelationReader *reader = palloc0(sizeof(RelationReader));
	Relation	relation = try_relation_open(relid, AccessShareLock);
	char		kind;

	if (relation == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("relation with OID %u does not exist", relid)));

	reader->relid = relid;
	reader->name = psprintf("%s.%s", get_namespace_name_or_temp(RelationGetNamespace(relation)),
							RelationGetRelationName(relation));
	reader->qualified_name = relation_sql_name(relid);
	kind = relation->rd_rel->relkind;
	if (kind != RELKIND_RELATION && kind != RELKIND_PARTITIONED_TABLE &&
		kind != RELKIND_FOREIGN_TABLE && kind != RELKIND_VIEW && kind != RELKIND_MATVIEW)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("\"%s\" cannot be a %s", reader->name, purpose),
				 errdetail_relkind_not_supported(kind)));

	reader->asked = columns;
	reader->count = count;
	reader->positions = palloc(count * sizeof(int));
	reader->columns = palloc(count * sizeof(int));
	reader->types = palloc(count * sizeof(Oid));
	reader->column_types = palloc(count * sizeof(Oid));
	reader->selected_types = palloc(count * sizeof(Oid));
	make_query(reader, relation, purpose, columns);

	relation_close(relation, NoLock);
	return reader;
}

Oid
relation_reader_relation(const RelationReader *reader)
{
	return reader->relid;
}

/* schema.relation, quoted as SQL needs it; lives as long as the reader. */
const char *
relation_reader_qualified_name(const RelationReader *reader)
{
	return reader->qualified_name;
}

/* What messages call the relation, in the current memory context. */
const char *
relation_reader_source(const RelationReader *reader)
{
	return psprintf("relation \"%s\"", reader->name);
}

/* The type that values of a column arrive as, of those that its kind has. */
Oid
relation_reader_column_type(const RelationReader *reader, int column)
{
	return reader->types[column];
}

/* Does the relation have a column, or if that is a label, values that have one? */
bool
relation_reader_has_column(const RelationReader *reader, int column)
{
	return reader->positions[column] >= 0;
}

/* A reader that is running. */
typedef struct RelationRun
{
	const RelationReader *reader;
	RowCallback callback;
	void	   *arg;
	Datum	   *values;			/* of the row at hand, by column */
	bool	   *nulls;
} RelationRun;

/* Put the query's columns into the order that was asked for. */
static void
read_row(void *arg, const Datum *values, const bool *nulls)
{
	RelationRun *run = arg;
	const RelationReader *reader = run->reader;

	for (int i = 0; i < reader->selected; i++)
	{
		run->values[reader->columns[i]] = values[i];
		run->nulls[reader->columns[i]] = nulls[i];
	}
	run->callback(run->arg, run->values, run->nulls);
}

/* Read the rows that a condition is true of, behind WHERE with $1 for a value; NULL: all rows. */
static void
run_query(RelationReader *reader, const char *condition, const Oid *type, const Datum *value,
		  bool read_only, RowCallback callback, void *arg)
{
	RelationRun run = {
		.reader = reader,
		.callback = callback,
		.arg = arg,
		.values = palloc(reader->count * sizeof(Datum)),
		.nulls = palloc(reader->count * sizeof(bool))
	};

	RowQuery	query = {
		.text = condition == NULL ? reader->query : psprintf("%s WHERE %s", reader->query, condition),
		.relation_count = 1,
		.relations = &reader->relid,
		.columns = reader->selected,
		.types = reader->selected_types,
		.arguments = condition == NULL ? 0 : 1,
		.argument_types = type,
		.argument_values = value,
		.cursor_options = CURSOR_OPT_PARALLEL_OK,
		.read_only = read_only
	};

	for (int i = 0; i < reader->count; i++)
		run.nulls[i] = true;
	row_query_run(&query, read_row, &run);
}

/*
 * Read all rows: the callback gets a value for each column that was asked for,
 * NULL where the relation has no such column.  read_only is for functions that
 * are STABLE: they see what the calling query sees.
 */
void
relation_reader_run(RelationReader *reader, bool read_only, RowCallback callback, void *arg)
{
	run_query(reader, NULL, NULL, NULL, read_only, callback, arg);
}

/* A value of an enum is known by its OID; false: no value is written like this. */
static bool
find_enum_value(Oid type, Slice word, Datum *value)
{
	HeapTuple	row;

	if (word.len >= NAMEDATALEN)
		return false;
	row = SearchSysCache2(ENUMTYPOIDNAME, ObjectIdGetDatum(type), CStringGetDatum(slice_to_string(word)));
	if (!HeapTupleIsValid(row))
		return false;
	*value = ObjectIdGetDatum(((Form_pg_enum) GETSTRUCT(row))->oid);
	ReleaseSysCache(row);
	return true;
}

/* The type of a value that a text column can be compared with as it is; InvalidOid: only as text. */
static Oid
comparable_type(Oid column_type)
{
	switch (getBaseType(column_type))
	{
		case TEXTOID:
		case VARCHAROID:
		case NAMEOID:
			return TEXTOID;
		case BPCHAROID:
			return BPCHAROID;
		default:
			return type_is_enum(column_type) ? column_type : InvalidOid;
	}
}

/*
 * Read the rows in which a text column may have a value; where it has another one, the
 * callback passes over it.  They are asked for as the column's own type and collation
 * compare, so that indexes, partitions and foreign servers know what is wanted.  That may
 * be more rows than have the very bytes (a collation that ignores case, blanks behind a
 * char), and never fewer.
 */
void
relation_reader_run_for(RelationReader *reader, int column, Slice value, bool read_only,
						RowCallback callback, void *arg)
{
	Oid			type = comparable_type(reader->column_types[column]);
	Datum		argument = (Datum) 0;
	char	   *condition = psprintf("%s%s OPERATOR(pg_catalog.=) $1", quote_identifier(reader->asked[column].name),
									 OidIsValid(type) ? "" : "::pg_catalog.text");

	if (!OidIsValid(type))
		type = TEXTOID;
	if (type == TEXTOID || type == BPCHAROID)
		argument = slice_to_text(value);
	else if (!find_enum_value(type, value, &argument))
		return;
	run_query(reader, condition, &type, &argument, read_only, callback, arg);
}
