/*
 * importance_relation.c
 *		Reads a relation of feature importances: rows in, importances out.
 *
 * This is where a row is checked, and the only place that knows the relation's
 * columns.  When a snapshot was may be said by any type that can be sorted; what
 * comes out is bytes that sort as its values do:
 *
 *		text		the text
 *		others		a number, which is the value's own (integers, dates, timestamps; of
 *					floating-point numbers, one that sorts as they do)
 *					or its rank, in ten bytes of seven bits each, the most significant
 *					first, with the high bit set, so that none is zero; behind a rank
 *					the value as text, for messages
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "utils/date.h"
#include "utils/float.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"

#include "planning/decision.h"
#include "planning/pair_row.h"
#include "routing/importance_relation.h"

typedef enum ImportanceColumn
{
	IMPORTANCE_TARGET,
	IMPORTANCE_SYMBOL,
	IMPORTANCE_SNAPSHOT,
	IMPORTANCE_SNAPSHOT_LABEL,
	IMPORTANCE_FEATURE,
	IMPORTANCE_IMPORTANCE
} ImportanceColumn;

static const ColumnSpec importance_columns[] = {
	[IMPORTANCE_TARGET] = {"target", COLUMN_TEXT, true},
	[IMPORTANCE_SYMBOL] = {"symbol", COLUMN_TEXT, true},
	[IMPORTANCE_SNAPSHOT] = {"snapshot", COLUMN_ORDER, true},
	[IMPORTANCE_SNAPSHOT_LABEL] = {"snapshot", COLUMN_LABEL, true},
	[IMPORTANCE_FEATURE] = {"feature", COLUMN_TEXT, true},
	[IMPORTANCE_IMPORTANCE] = {"importance", COLUMN_NUMBER, true}
};

/* The bytes of a number. */
#define NUMBER_BYTES	10
#define NUMBER_BITS		7

struct ImportanceRelation
{
	RelationReader *reader;
	Oid			snapshot_type;	/* of the values */
	bool		has_labels;
	StringInfoData snapshot;	/* of the row at hand */
	int64		number;			/* which the snapshot says, if it is not empty */
	ImportanceCallback callback;
	void	   *callback_arg;
};

/*
 * Look a relation of importances up, in the current memory context.  The errors
 * are those of relation_reader_open().
 */
ImportanceRelation *
importance_relation_open(Oid relid)
{
	ImportanceRelation *importances = palloc0(sizeof(ImportanceRelation));

	importances->reader = relation_reader_open(relid, "relation of importances",
											   importance_columns, lengthof(importance_columns));
	importances->snapshot_type =
		relation_reader_column_type(importances->reader, IMPORTANCE_SNAPSHOT);
	importances->has_labels =
		relation_reader_has_column(importances->reader, IMPORTANCE_SNAPSHOT_LABEL);
	initStringInfo(&importances->snapshot);
	return importances;
}

/* What messages call the relation, in the current memory context. */
const char *
importance_relation_source(const ImportanceRelation *importances)
{
	return relation_reader_source(importances->reader);
}

/* A whole number that sorts as a double does, NaN last; -0 is 0. */
static int64
sortable_double(double value)
{
	int64		bits;

	if (isnan(value))
		return PG_INT64_MAX;
	if (value == 0)
		return 0;
	memcpy(&bits, &value, sizeof(bits));
	return bits < 0 ? PG_INT64_MIN - bits : bits;
}

/* The inverse. */
static double
double_of_sortable(int64 number)
{
	double		value;

	if (number == PG_INT64_MAX)
		return get_float8_nan();
	if (number < 0)
		number = PG_INT64_MIN - number;
	memcpy(&value, &number, sizeof(value));
	return value;
}

static int64
snapshot_number(const ImportanceRelation *importances, Datum value)
{
	if (importances->snapshot_type == FLOAT8OID)
		return sortable_double(DatumGetFloat8(value));
	return importances->snapshot_type == DATEOID ? DatumGetDateADT(value) : DatumGetInt64(value);
}

static Datum
number_snapshot(const ImportanceRelation *importances, int64 number)
{
	if (importances->snapshot_type == FLOAT8OID)
		return Float8GetDatum(double_of_sortable(number));
	return importances->snapshot_type == DATEOID ? DateADTGetDatum((DateADT) number) : Int64GetDatum(number);
}

/* Append a number as the top of this file describes it. */
static void
append_number(StringInfo snapshot, int64 number)
{
	uint64		rest = (uint64) number ^ (UINT64CONST(1) << 63);
	char		bytes[NUMBER_BYTES];

	for (int i = NUMBER_BYTES - 1; i >= 0; i--)
	{
		bytes[i] = (char) (0x80 | (rest & ((1 << NUMBER_BITS) - 1)));
		rest >>= NUMBER_BITS;
	}
	appendBinaryStringInfo(snapshot, bytes, NUMBER_BYTES);
}

/* The inverse. */
static int64
read_number(Slice snapshot)
{
	uint64		number = 0;

	for (int i = 0; i < NUMBER_BYTES; i++)
		number = number << NUMBER_BITS | (snapshot.data[i] & ((1 << NUMBER_BITS) - 1));
	return (int64) (number ^ (UINT64CONST(1) << 63));
}

/* What messages call a snapshot, in the current memory context. */
static const char *
snapshot_name(const ImportanceRelation *importances, Slice snapshot)
{
	Oid			output;
	bool		is_varlena;

	if (importances->snapshot_type == TEXTOID)
		return slice_to_string(snapshot);
	if (importances->has_labels)
		return pnstrdup(snapshot.data + NUMBER_BYTES, snapshot.len - NUMBER_BYTES);
	getTypeOutputInfo(importances->snapshot_type, &output, &is_varlena);
	return OidOutputFunctionCall(output, number_snapshot(importances, read_number(snapshot)));
}

/* What messages call an importance, as far as it is known, in the current memory context. */
const char *
importance_name(const ImportanceRelation *importances, const Importance *importance)
{
	StringInfoData name;

	initStringInfo(&name);
	appendStringInfoString(&name, decision_name(importance->target, importance->symbol));
	if (importance->snapshot.len > 0)
		appendStringInfo(&name, ", snapshot \"%s\"", snapshot_name(importances, importance->snapshot));
	if (importance->feature.len > 0)
		appendStringInfo(&name, ", feature \"%s\"", slice_to_string(importance->feature));
	return name.data;
}

pg_noreturn static void
report_wrong(const ImportanceRelation *importances, const Importance *importance,
			 ImportanceColumn column, const char *what, int sqlstate)
{
	ereport(ERROR,
			(errcode(sqlstate),
			 errmsg("%s is %s for %s in %s", importance_columns[column].name, what,
					importance_name(importances, importance),
					importance_relation_source(importances))));
}

/* When the snapshot was, in the row's buffer; NULL if that is. */
static Slice
read_snapshot(ImportanceRelation *importances, const Datum *values, const bool *nulls)
{
	StringInfo	snapshot = &importances->snapshot;
	int64		number;

	if (nulls[IMPORTANCE_SNAPSHOT] ||
		(importances->has_labels && nulls[IMPORTANCE_SNAPSHOT_LABEL]))
		return NULL_SLICE;
	if (importances->snapshot_type == TEXTOID)
		return row_text(values, nulls, IMPORTANCE_SNAPSHOT);

	/* rows mostly come by the snapshot */
	number = snapshot_number(importances, values[IMPORTANCE_SNAPSHOT]);
	if (snapshot->len > 0 && importances->number == number)
		return slice_from_buffer(snapshot);
	resetStringInfo(snapshot);
	append_number(snapshot, number);
	importances->number = number;
	if (importances->has_labels)
		append_slice(snapshot, row_text(values, nulls, IMPORTANCE_SNAPSHOT_LABEL));
	return slice_from_buffer(snapshot);
}

/* A name that a row needs. */
static void
check_name(const ImportanceRelation *importances, const Importance *importance,
		   ImportanceColumn column, Slice name)
{
	if (slice_is_null(name))
		report_wrong(importances, importance, column, "null", ERRCODE_NULL_VALUE_NOT_ALLOWED);
	if (name.len == 0)
		report_wrong(importances, importance, column, "empty", ERRCODE_INVALID_PARAMETER_VALUE);
}

static void
read_row(void *arg, const Datum *values, const bool *nulls)
{
	ImportanceRelation *importances = arg;
	Importance	importance;

	importance.target = row_text(values, nulls, IMPORTANCE_TARGET);
	importance.symbol = row_text(values, nulls, IMPORTANCE_SYMBOL);
	importance.snapshot = read_snapshot(importances, values, nulls);
	importance.feature = row_text(values, nulls, IMPORTANCE_FEATURE);

	check_row_names(importance.target, importance.symbol, "A target's pooled model",
					importances->reader);
	check_name(importances, &importance, IMPORTANCE_SNAPSHOT, importance.snapshot);
	check_name(importances, &importance, IMPORTANCE_FEATURE, importance.feature);
	if (nulls[IMPORTANCE_IMPORTANCE])
		report_wrong(importances, &importance, IMPORTANCE_IMPORTANCE, "null",
					 ERRCODE_NULL_VALUE_NOT_ALLOWED);
	importance.importance = DatumGetFloat8(values[IMPORTANCE_IMPORTANCE]);
	if (isnan(importance.importance))
		report_wrong(importances, &importance, IMPORTANCE_IMPORTANCE, "NaN",
					 ERRCODE_INVALID_PARAMETER_VALUE);

	importances->callback(importances->callback_arg, &importance);
}

/*
 * Read all importances.  read_only is that of relation_reader_run().
 *
 * Errors, each of which names relation, target, symbol, snapshot and feature as
 * far as they are known: a target, snapshot, feature or importance that is null
 * (null_value_not_allowed); a target, symbol, snapshot or feature that is empty,
 * an importance that is NaN (invalid_parameter_value).
 */
void
importance_relation_read(ImportanceRelation *importances, bool read_only,
						 ImportanceCallback callback, void *arg)
{
	importances->callback = callback;
	importances->callback_arg = arg;
	relation_reader_run(importances->reader, read_only, read_row, importances);
}
