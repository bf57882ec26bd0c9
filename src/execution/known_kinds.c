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

/* No more than these are remembered; a plan has few. */
#define MAX_KINDS	1000
#define MAX_BYTES	(1024 * 1024)

static MemoryContext context = NULL;
static HTAB *kinds = NULL;

/* The last one that there was no room for. */
static KnownKind other;

/* What a kind stands for; NULL if it is not remembered. */
const KnownKind *
known_kind(int64 kind)
{
	return kinds == NULL ? NULL : hash_search(kinds, &kind, HASH_FIND, NULL);
}

static void
begin(void)
{
	HASHCTL		control = {.keysize = sizeof(int64), .entrysize = sizeof(KnownKind)};

	if (context == NULL)
		context = AllocSetContextCreate(TopMemoryContext, "trainplan kinds", ALLOCSET_SMALL_SIZES);
	control.hcxt = context;
	kinds = hash_create("trainplan kinds", 64, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
}

static bool
is_room(void)
{
	return hash_get_num_entries(kinds) < MAX_KINDS &&
		MemoryContextMemAllocated(context, true) <= MAX_BYTES;
}

/* Have what a kind stands for in memory that lasts. */
static void
fill(KnownKind *entry, Slice training_type, ArrayType *families)
{
	char	   *copy = MemoryContextAlloc(context, MAXALIGN(VARSIZE(families)) + training_type.len + 1);

	entry->families = memcpy(copy, families, VARSIZE(families));
	entry->training_type.data = memcpy(copy + MAXALIGN(VARSIZE(families)), training_type.data, training_type.len);
	entry->training_type.len = training_type.len;
}

/* The kind of the job that was read last; it is good until another one is learnt. */
const KnownKind *
learn_kind(const JobReader *job)
{
	Slice		training_type = slice_from_text(DatumGetTextPP(job->values[JOB_TRAINING_TYPE]));
	ArrayType  *families = DatumGetArrayTypeP(job->values[JOB_MODEL_FAMILIES]);
	int64		kind = job_kind(training_type, families);
	const KnownKind *known = known_kind(kind);

	if (known == NULL)
	{
		KnownKind	learnt = {.kind = kind};

		if (kinds == NULL)
			begin();
		fill(&learnt, training_type, families);
		if (is_room())
		{
			KnownKind  *entry = hash_search(kinds, &kind, HASH_ENTER, NULL);

			*entry = learnt;
			known = entry;
		}
		else
		{
			if (other.families != NULL)
				pfree(other.families);
			other = learnt;
			known = &other;
		}
	}
	if ((Pointer) families != DatumGetPointer(job->values[JOB_MODEL_FAMILIES]))
		pfree(families);
	return known;
}
