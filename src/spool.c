/*
 * spool.c
 *		A queue of byte records, in memory or on disk.
 *
 * A tuplestore would do the same for tuples; records that are already packed
 * need neither its tuple headers nor its memory.  The file is PostgreSQL's own
 * temporary file: it counts towards temp_file_limit, lies in temp_tablespaces,
 * and goes with the resource owner, whatever ends the call.
 */
#include "postgres.h"

#include "commands/tablespace.h"
#include "storage/buffile.h"
#include "utils/memutils.h"

#include "compat.h"
#include "spool.h"

struct Spool
{
	MemoryContext context;
	Size		memory;			/* how much of it may be used */
	StringInfoData records;		/* length and bytes of those that are not in the file */
	int			read;			/* how far records has been read */
	BufFile    *file;			/* NULL: there is none */
	uint64		unread;			/* records written and not read yet */
	StringInfoData record;		/* the one that was read from the file last */
};

/*
 * In the current memory context.  Up to about memory bytes are kept in it, for
 * as long as nothing has to go to disk.
 */
Spool *
spool_create(Size memory)
{
	Spool	   *spool = palloc0(sizeof(Spool));

	spool->context = CurrentMemoryContext;
	spool->memory = Min(memory, MaxAllocSize / 2);
	initStringInfo(&spool->records);
	initStringInfo(&spool->record);
	return spool;
}

static void
write_records(Spool *spool)
{
	if (spool->file == NULL)
	{
		MemoryContext caller = MemoryContextSwitchTo(spool->context);

		PrepareTempTablespaces();
		spool->file = BufFileCreateTemp(false);
		MemoryContextSwitchTo(caller);
	}
	BufFileWrite(spool->file, spool->records.data, spool->records.len);
	resetStringInfo(&spool->records);
}

void
spool_put(Spool *spool, const StringInfo record)
{
	if (spool->records.len > 0 && spool->records.len + (Size) record->len > spool->memory)
		write_records(spool);
	appendBinaryStringInfo(&spool->records, (const char *) &record->len, sizeof(record->len));
	appendBinaryStringInfo(&spool->records, record->data, record->len);
	spool->unread++;
}

/* All is written; spool_get() begins at the first record. */
void
spool_rewind(Spool *spool)
{
	if (spool->file == NULL)
		return;
	write_records(spool);
	if (BufFileSeek(spool->file, 0, 0, SEEK_SET) != 0)
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not rewind temporary file: %m")));
}

static void
get_from_file(Spool *spool, Slice *record)
{
	int			length;

	BufFileReadExact(spool->file, &length, sizeof(length));
	resetStringInfo(&spool->record);
	enlargeStringInfo(&spool->record, length);
	BufFileReadExact(spool->file, spool->record.data, length);
	record->data = spool->record.data;
	record->len = length;
}

static void
get_from_memory(Spool *spool, Slice *record)
{
	int			length;

	memcpy(&length, spool->records.data + spool->read, sizeof(length));
	record->data = spool->records.data + spool->read + sizeof(length);
	record->len = length;
	spool->read += sizeof(length) + length;
}

/* The next record, which lives until the next call; false after the last. */
bool
spool_get(Spool *spool, Slice *record)
{
	if (spool->unread == 0)
		return false;
	spool->unread--;
	if (spool->file != NULL)
		get_from_file(spool, record);
	else
		get_from_memory(spool, record);
	return true;
}

void
spool_close(Spool *spool)
{
	if (spool->file != NULL)
		BufFileClose(spool->file);
	pfree(spool->records.data);
	pfree(spool->record.data);
	pfree(spool);
}
