/*
 * known_kinds.c
 *		What kinds of jobs stand for, as the session has seen them.
 *
 * A kind is made of nothing but the training type and the families that it stands
 * for (job_kind.c), so what was learnt from one job is true of every other with that
 * kind, whatever becomes of plans and tables meanwhile.
 */
#include "postgres.h"

#include "utils/hsearch.h"
#include "utils/memutils.h"

#include "execution/known_kinds.h"
#include "planning/job_kind.h"

/* Few are known, as a rule; when these are too many, all are learnt again. */
#define MAX_KINDS	1000

static MemoryContext context = NULL;
static HTAB *kinds = NULL;

/* What a kind stands for; NULL if no job of it was seen. */
const KnownKind *
known_kind(int64 kind)
{
	return kinds == NULL ? NULL : hash_search(kinds, &kind, HASH_FIND, NULL);
}

static void
forget_kinds(void)
{
	HASHCTL		control = {.keysize = sizeof(int64), .entrysize = sizeof(KnownKind)};

	kinds = NULL;
	if (context == NULL)
		context = AllocSetContextCreate(TopMemoryContext, "trainplan kinds", ALLOCSET_SMALL_SIZES);
	else
		MemoryContextReset(context);
	control.hcxt = context;
	kinds = hash_create("trainplan kinds", 64, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
}

/* The kind of the job that was read last. */
const KnownKind *
learn_kind(const JobReader *job)
{
	Slice		training_type = slice_from_text(DatumGetTextPP(job->values[JOB_TRAINING_TYPE]));
	ArrayType  *families = DatumGetArrayTypeP(job->values[JOB_MODEL_FAMILIES]);
	int64		kind = job_kind(training_type, families);
	const KnownKind *known = known_kind(kind);

	if (known == NULL)
	{
		char	   *name;
		ArrayType  *copy;
		KnownKind  *entry;

		if (kinds == NULL || hash_get_num_entries(kinds) >= MAX_KINDS)
			forget_kinds();
		name = MemoryContextAlloc(context, training_type.len + 1);
		memcpy(name, training_type.data, training_type.len);
		copy = MemoryContextAlloc(context, VARSIZE(families));
		memcpy(copy, families, VARSIZE(families));
		entry = hash_search(kinds, &kind, HASH_ENTER, NULL);
		entry->training_type.data = name;
		entry->training_type.len = training_type.len;
		entry->families = copy;
		known = entry;
	}
	if ((Pointer) families != DatumGetPointer(job->values[JOB_MODEL_FAMILIES]))
		pfree(families);
	return known;
}
