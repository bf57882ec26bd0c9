/*
 * job_kind.c
 *		A job's kind: its training type and its list of families.
 *		SQL function training_job_kind().
 *
 * A plan has many jobs and few kinds.  A kind is a number that is made of what it
 * stands for, and of nothing else: it is the same in every plan and database, after
 * every dump and restore, and nobody has to keep a list of them.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "fmgr.h"
#include "utils/builtins.h"

#include "base/arguments.h"
#include "planning/job_kind.h"

PG_FUNCTION_INFO_V1(training_job_kind);

/* Add a string, and how long it is, to a hash. */
static uint64
hash_more(uint64 hash, Slice string)
{
	hash = hash_bytes_uint32_extended(slice_is_null(string) ? PG_UINT32_MAX : (uint32) string.len, hash);
	return slice_is_null(string) ? hash :
		hash_bytes_extended((const unsigned char *) string.data, string.len, hash);
}

/* The kind of a job; families is an array of texts. */
int64
job_kind(Slice training_type, ArrayType *families)
{
	uint64		hash = hash_more(0, training_type);
	Datum	   *elements;
	bool	   *nulls;
	int			count;

	deconstruct_array(families, TEXTOID, -1, false, TYPALIGN_INT, &elements, &nulls, &count);
	for (int i = 0; i < count; i++)
		hash = hash_more(hash, nulls[i] ? NULL_SLICE : slice_from_text(DatumGetTextPP(elements[i])));
	pfree(elements);
	pfree(nulls);
	return (int64) hash == KIND_UNKNOWN ? 1 : (int64) hash;
}

/* training_job_kind(training_type text, model_families text[]) */
Datum
training_job_kind(PG_FUNCTION_ARGS)
{
	Slice		training_type = required_slice_argument(fcinfo, 0, "training_type");

	require_argument(fcinfo, 1, "model_families");
	PG_RETURN_INT64(job_kind(training_type, PG_GETARG_ARRAYTYPE_P(1)));
}
