/*
 * job_texts.c
 *		Texts of jobs wait for their place in a document.
 *
 * They come by target and symbol, and leave by priority, highest first, and
 * within a priority as they came.  There are few priorities, those of the rules;
 * the texts of each wait in a spool.  Any other priority, which somebody must
 * have set by hand, is sorted.
 */
#include "postgres.h"

#include "port/pg_bswap.h"

#include "base/byte_sort.h"
#include "base/spool.h"
#include "documents/job_texts.h"
#include "planning/job_rules.h"

struct JobTexts
{
	MemoryContext context;
	Size		memory;			/* of all together; more goes to disk */
	Spool	   *spools[HIGHEST_PRIORITY + 1];	/* by priority; NULL: there is none */
	int			priority;		/* of the spool that is read */

	ByteSort   *others;			/* NULL: there is none */
	uint32		others_put;
	bool		has_other;		/* is one read? */
	bool		other_is_out;	/* was it handed out? */
	Slice		other;			/* its record */
};

/* What an other's record begins with; its bytes sort as the texts are to be. */
typedef struct OtherKey
{
	uint32		descending_priority;
	uint32		position;
} OtherKey;

/* In the current memory context.  More than about memory bytes go to disk. */
JobTexts *
job_texts_create(Size memory)
{
	JobTexts   *texts = palloc0(sizeof(JobTexts));

	texts->memory = memory;
	texts->context = CurrentMemoryContext;
	texts->priority = HIGHEST_PRIORITY;
	return texts;
}

static uint32
descending(int priority)
{
	/* flip all bits but the sign's: a higher priority is a lower number */
	return (uint32) priority ^ 0x7FFFFFFF;
}

static void
put_other(JobTexts *texts, int priority, const StringInfo text)
{
	OtherKey	key = {pg_hton32(descending(priority)), pg_hton32(texts->others_put++)};
	StringInfo	record;

	if (texts->others == NULL)
		texts->others = byte_sort_create(Max(texts->memory / 1024 / (HIGHEST_PRIORITY + 2), 64));
	record = byte_sort_begin_record(texts->others);
	appendBinaryStringInfo(record, (const char *) &key, sizeof(key));
	appendBinaryStringInfo(record, text->data, text->len);
	byte_sort_put(texts->others);
}

/* Take a text, which is copied. */
void
job_texts_put(JobTexts *texts, int priority, const StringInfo text)
{
	MemoryContext caller = MemoryContextSwitchTo(texts->context);

	if (priority < 0 || priority > HIGHEST_PRIORITY)
		put_other(texts, priority, text);
	else
	{
		if (texts->spools[priority] == NULL)
			texts->spools[priority] = spool_create(texts->memory / (HIGHEST_PRIORITY + 2));
		spool_put(texts->spools[priority], text);
	}
	MemoryContextSwitchTo(caller);
}

/* All texts are put; job_texts_next() begins with the first. */
void
job_texts_finish(JobTexts *texts)
{
	for (int i = 0; i <= HIGHEST_PRIORITY; i++)
	{
		if (texts->spools[i] != NULL)
			spool_rewind(texts->spools[i]);
	}
	if (texts->others != NULL)
	{
		byte_sort_perform(texts->others);
		texts->has_other = byte_sort_next(texts->others, &texts->other);
	}
}

/* Does the next of the others come before the texts that wait in the spool that is read? */
static bool
other_is_next(const JobTexts *texts)
{
	OtherKey	key;

	if (!texts->has_other)
		return false;
	memcpy(&key, texts->other.data, sizeof(key));
	return texts->priority < 0 ||
		pg_ntoh32(key.descending_priority) < descending(texts->priority);
}

/* The next text, which lives until the next call; false after the last. */
bool
job_texts_next(JobTexts *texts, Slice *text)
{
	if (texts->other_is_out)
	{
		texts->has_other = byte_sort_next(texts->others, &texts->other);
		texts->other_is_out = false;
	}

	for (;;)
	{
		if (other_is_next(texts))
		{
			text->data = texts->other.data + sizeof(OtherKey);
			text->len = texts->other.len - sizeof(OtherKey);
			texts->other_is_out = true;
			return true;
		}
		if (texts->priority < 0)
			return false;
		if (texts->spools[texts->priority] != NULL &&
			spool_get(texts->spools[texts->priority], text))
			return true;
		texts->priority--;
	}
}

/* Give memory and files back. */
void
job_texts_close(JobTexts *texts)
{
	for (int i = 0; i <= HIGHEST_PRIORITY; i++)
	{
		if (texts->spools[i] != NULL)
			spool_close(texts->spools[i]);
	}
	if (texts->others != NULL)
		byte_sort_end(texts->others);
}
