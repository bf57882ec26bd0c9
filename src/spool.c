/*
 * spool.c
 *		A queue of byte records that waits on disk.
 *
 * A tuplestore would do the same for tuples; records that are already packed
 * need neither its tuple headers nor its memory.  The file is PostgreSQL's own
 * temporary file: it counts towards temp_file_limit, lies in temp_tablespaces,
 * and goes with the resource owner, whatever ends the call.
 */
#include "postgres.h"

#include "commands/tablespace.h"
#include "storage/buffile.h"

#include "compat.h"
#include "spool.h"

struct Spool
{
	BufFile    *file;
	uint64		unread;			/* records written and not read yet */
	StringInfoData record;		/* the one that was read last */
};

/* In the current memory context. */
Spool *
spool_create(void)
{
	Spool	   *spool = palloc0(sizeof(Spool));

	PrepareTempTablespaces();
	spool->file = BufFileCreateTemp(false);
	initStringInfo(&spool->record);
	return spool;
}

void
spool_put(Spool *spool, const StringInfo record)
{
	BufFileWrite(spool->file, &record->len, sizeof(record->len));
	BufFileWrite(spool->file, record->data, record->len);
	spool->unread++;
}

/* All is written; spool_get() begins at the first record. */
void
spool_rewind(Spool *spool)
{
	if (BufFileSeek(spool->file, 0, 0, SEEK_SET) != 0)
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not rewind temporary file: %m")));
}

/* The next record, which lives until the next call; false after the last. */
bool
spool_get(Spool *spool, Slice *record)
{
	int			length;

	if (spool->unread == 0)
		return false;
	spool->unread--;

	BufFileReadExact(spool->file, &length, sizeof(length));
	resetStringInfo(&spool->record);
	enlargeStringInfo(&spool->record, length);
	BufFileReadExact(spool->file, spool->record.data, length);
	record->data = spool->record.data;
	record->len = length;
	return true;
}

void
spool_close(Spool *spool)
{
	BufFileClose(spool->file);
	pfree(spool->record.data);
	pfree(spool);
}
