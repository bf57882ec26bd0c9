/*
 * pair_lists.c
 *		Rows in memory, in a list for each target.
 *
 * A row is the number of its symbol and a payload of a fixed size, and takes
 * little more: a list is a chain of blocks, each larger than the one before it up
 * to a limit, so that growing neither copies rows nor leaves memory behind.
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "sorting/pair_lists.h"

typedef struct ListBlock
{
	struct ListBlock *previous;
	uint32		count;
	uint32		capacity;
	char		rows[FLEXIBLE_ARRAY_MEMBER];
} ListBlock;

/* In bytes; powers of two waste nothing of what is allocated. */
#define SMALLEST_BLOCK		128
#define LARGEST_BLOCK		4096

typedef struct TargetList
{
	ListBlock  *last;
	uint32		count;			/* of rows in all blocks */
	uint32		block_size;		/* of the last block, in bytes */
} TargetList;

#define FEWEST_LISTS		64

struct PairLists
{
	MemoryContext context;
	Size		payload_size;
	Size		row_size;
	TargetList *lists;			/* by the target's number */
	uint32		capacity;
	Size		size;			/* bytes */
	char	   *taken;			/* the list that was taken last */
	uint32		taken_capacity;
};

/* In a new child of the current memory context. */
PairLists *
pair_lists_create(Size payload_size)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "trainplan pairs",
												  ALLOCSET_DEFAULT_SIZES);
	PairLists  *lists = MemoryContextAllocZero(context, sizeof(PairLists));

	lists->context = context;
	lists->payload_size = payload_size;
	lists->row_size = sizeof(uint32) + payload_size;
	lists->capacity = FEWEST_LISTS;
	lists->lists = MemoryContextAllocZero(context, lists->capacity * sizeof(TargetList));
	lists->size = GetMemoryChunkSpace(lists->lists);
	return lists;
}

static void
make_room_for_target(PairLists *lists, uint32 target)
{
	uint32		capacity = lists->capacity;

	while (capacity <= target)
		capacity *= 2;
	lists->size -= GetMemoryChunkSpace(lists->lists);
	lists->lists = repalloc_huge(lists->lists, capacity * sizeof(TargetList));
	lists->size += GetMemoryChunkSpace(lists->lists);
	memset(lists->lists + lists->capacity, 0, (capacity - lists->capacity) * sizeof(TargetList));
	lists->capacity = capacity;
}

static void
add_block(PairLists *lists, TargetList *list)
{
	Size		header = offsetof(ListBlock, rows);
	ListBlock  *block;

	list->block_size = list->last == NULL ? SMALLEST_BLOCK :
		Min(2 * list->block_size, LARGEST_BLOCK);
	block = MemoryContextAlloc(lists->context, list->block_size);
	lists->size += GetMemoryChunkSpace(block);
	block->previous = list->last;
	block->count = 0;
	block->capacity = (list->block_size - header) / lists->row_size;
	list->last = block;
}

/* Append a row to its target's list; neither of the pair's numbers is NOT_KEPT. */
void
pair_lists_add(PairLists *lists, const Pair *pair, const void *payload)
{
	TargetList *list;
	char	   *row;

	if (pair->target_number >= lists->capacity)
		make_room_for_target(lists, pair->target_number);
	list = &lists->lists[pair->target_number];
	if (list->last == NULL || list->last->count == list->last->capacity)
		add_block(lists, list);

	row = list->last->rows + list->last->count++ * lists->row_size;
	memcpy(row, &pair->symbol_number, sizeof(uint32));
	/* a number is copied without a call */
	if (lists->payload_size == sizeof(uint64))
		memcpy(row + sizeof(uint32), payload, sizeof(uint64));
	else
		memcpy(row + sizeof(uint32), payload, lists->payload_size);
	list->count++;
}

/* The memory that all lists take, in bytes. */
Size
pair_lists_size(const PairLists *lists)
{
	return lists->size;
}

/* Targets with this number and higher ones have no list. */
uint32
pair_lists_targets(const PairLists *lists)
{
	return lists->capacity;
}

/* Take a target's list, which is empty then; what is returned lives until the next call. */
TakenList
pair_lists_take(PairLists *lists, uint32 target)
{
	TargetList *list = &lists->lists[target];
	TakenList	taken = {list->count, lists->row_size};
	uint32		end = list->count;

	if (lists->taken == NULL || list->count > lists->taken_capacity)
	{
		if (lists->taken != NULL)
			pfree(lists->taken);
		lists->taken_capacity = Max(list->count, 1);
		lists->taken = MemoryContextAllocHuge(lists->context,
											  lists->taken_capacity * lists->row_size);
	}

	while (list->last != NULL)
	{
		ListBlock  *block = list->last;

		end -= block->count;
		memcpy(lists->taken + end * lists->row_size, block->rows, block->count * lists->row_size);
		list->last = block->previous;
		pfree(block);
	}
	Assert(end == 0);
	list->count = 0;
	taken.rows = lists->taken;
	return taken;
}

void
pair_lists_free(PairLists *lists)
{
	MemoryContextDelete(lists->context);
}
