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

#include "base/compat.h"
#include "base/spool.h"

/* Records in memory are in blocks of at least this size, one behind the other. */
#define BLOCK_SIZE (32 * 1024)

typedef struct Block
{
	struct Block *next;
	Size		size;			/* of its bytes */
	Size		used;
	char		bytes[FLEXIBLE_ARRAY_MEMBER];
} Block;

struct Spool
{
	MemoryContext context;
	Size		memory_left;	/* that may still be used */
	Block	   *first;			/* of those that are not in the file; NULL: there is none */
	Block	   *last;
	Size		read;			/* how far the first has been read */
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
	spool->memory_left = memory;
	initStringInfo(&spool->record);
	return spool;
}

/* Write what is in memory, and keep the last block for what comes. */
static void
write_blocks(Spool *spool)
{
	if (spool->file == NULL)
	{
		MemoryContext caller = MemoryContextSwitchTo(spool->context);

		PrepareTempTablespaces();
		spool->file = BufFileCreateTemp(false);
		MemoryContextSwitchTo(caller);
	}
	while (spool->first != NULL)
	{
		Block	   *block = spool->first;

		BufFileWrite(spool->file, block->bytes, block->used);
		block->used = 0;
		if (block == spool->last)
			break;
		spool->first = block->next;
		pfree(block);
	}
}

/* Make room for a record in the last block. */
static void
make_room(Spool *spool, Size needed)
{
	Size		size = Max(needed, BLOCK_SIZE);
	Block	   *block;

	if (spool->file != NULL || (spool->first != NULL && size > spool->memory_left))
	{
		write_blocks(spool);
		if (spool->last != NULL && spool->last->size >= needed)
			return;
	}

	block = MemoryContextAllocHuge(spool->context, offsetof(Block, bytes) + size);
	block->next = NULL;
	block->size = size;
	block->used = 0;
	spool->memory_left -= Min(size, spool->memory_left);
	if (spool->first == NULL)
		spool->first = block;
	else
		spool->last->next = block;
	spool->last = block;
}

static void
put_bytes(Block *block, const void *bytes, Size size)
{
	memcpy(block->bytes + block->used, bytes, size);
	block->used += size;
}

void
spool_put(Spool *spool, const StringInfo record)
{
	Size		needed = sizeof(record->len) + record->len;

	if (spool->last == NULL || spool->last->size - spool->last->used < needed)
		make_room(spool, needed);
	put_bytes(spool->last, &record->len, sizeof(record->len));
	put_bytes(spool->last, record->data, record->len);
	spool->unread++;
}

/* All is written; spool_get() begins at the first record. */
void
spool_rewind(Spool *spool)
{
	if (spool->file == NULL)
		return;
	write_blocks(spool);
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

	if (spool->read == spool->first->used)
	{
		Block	   *block = spool->first;

		spool->first = block->next;
		spool->read = 0;
		pfree(block);
	}
	memcpy(&length, spool->first->bytes + spool->read, sizeof(length));
	record->data = spool->first->bytes + spool->read + sizeof(length);
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
	while (spool->first != NULL)
	{
		Block	   *block = spool->first;

		spool->first = block->next;
		pfree(block);
	}
	pfree(spool->record.data);
	pfree(spool);
}
