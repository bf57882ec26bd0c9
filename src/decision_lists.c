/*
 * decision_lists.c
 *		Encoded decisions in memory, in a list for each target.
 *
 * Twelve bytes a decision, and little more: a list is a chain of blocks, each
 * larger than the one before it up to a limit, so that growing neither copies
 * decisions nor leaves memory behind.
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "decision_lists.h"

typedef struct ListBlock
{
	struct ListBlock *previous;
	uint32		count;
	uint32		capacity;
	ListedDecision decisions[FLEXIBLE_ARRAY_MEMBER];
} ListBlock;

/* In bytes; powers of two waste nothing of what is allocated. */
#define SMALLEST_BLOCK		128
#define LARGEST_BLOCK		4096

typedef struct TargetList
{
	ListBlock  *last;
	uint32		count;			/* of decisions in all blocks */
	uint32		block_size;		/* of the last block, in bytes */
} TargetList;

#define FEWEST_LISTS		64

struct DecisionLists
{
	MemoryContext context;
	TargetList *lists;			/* by the target's number */
	uint32		capacity;
	Size		size;			/* bytes */
	ListedDecision *taken;		/* the list that was taken last */
	uint32		taken_capacity;
};

/* In a new child of the current memory context. */
DecisionLists *
decision_lists_create(void)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "trainplan decisions",
												  ALLOCSET_DEFAULT_SIZES);
	DecisionLists *lists = MemoryContextAllocZero(context, sizeof(DecisionLists));

	lists->context = context;
	lists->capacity = FEWEST_LISTS;
	lists->lists = MemoryContextAllocZero(context, lists->capacity * sizeof(TargetList));
	lists->size = GetMemoryChunkSpace(lists->lists);
	return lists;
}

static void
make_room_for_target(DecisionLists *lists, uint32 target)
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
add_block(DecisionLists *lists, TargetList *list)
{
	Size		header = offsetof(ListBlock, decisions);
	ListBlock  *block;

	list->block_size = list->last == NULL ? SMALLEST_BLOCK :
		Min(2 * list->block_size, LARGEST_BLOCK);
	block = MemoryContextAlloc(lists->context, list->block_size);
	lists->size += GetMemoryChunkSpace(block);
	block->previous = list->last;
	block->count = 0;
	block->capacity = (list->block_size - header) / sizeof(ListedDecision);
	list->last = block;
}

/* Append a decision of numbers, none of which is NOT_KEPT, to its target's list. */
void
decision_lists_add(DecisionLists *lists, const DecisionNumbers *numbers)
{
	TargetList *list;
	ListedDecision *listed;

	if (numbers->target >= lists->capacity)
		make_room_for_target(lists, numbers->target);
	list = &lists->lists[numbers->target];
	if (list->last == NULL || list->last->count == list->last->capacity)
		add_block(lists, list);

	listed = &list->last->decisions[list->last->count++];
	listed->symbol = numbers->symbol;
	listed->body = numbers->body;
	listed->sample = numbers->sample;
	list->count++;
}

/* The memory that all lists take, in bytes. */
Size
decision_lists_size(const DecisionLists *lists)
{
	return lists->size;
}

/* Targets with this number and higher ones have no list. */
uint32
decision_lists_targets(const DecisionLists *lists)
{
	return lists->capacity;
}

/*
 * Take a target's list, which is empty then: returns how many decisions it had,
 * and in *decisions, until the next call, themselves in the order in which they
 * were added, which the caller may change.
 */
uint32
decision_lists_take(DecisionLists *lists, uint32 target, ListedDecision **decisions)
{
	TargetList *list = &lists->lists[target];
	uint32		count = list->count;
	uint32		end = count;

	if (lists->taken == NULL || count > lists->taken_capacity)
	{
		if (lists->taken != NULL)
			pfree(lists->taken);
		lists->taken_capacity = Max(count, 1);
		lists->taken = MemoryContextAllocHuge(lists->context,
											  lists->taken_capacity * sizeof(ListedDecision));
	}

	while (list->last != NULL)
	{
		ListBlock  *block = list->last;

		end -= block->count;
		memcpy(lists->taken + end, block->decisions, block->count * sizeof(ListedDecision));
		list->last = block->previous;
		pfree(block);
	}
	Assert(end == 0);
	list->count = 0;
	*decisions = lists->taken;
	return count;
}

void
decision_lists_free(DecisionLists *lists)
{
	MemoryContextDelete(lists->context);
}
