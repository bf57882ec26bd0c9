/*
 * backend.c
 *		As much of a PostgreSQL backend as the readers of documents need.
 *
 * Memory contexts, errors and a few functions of the backend, so that a fuzzer
 * can run the readers a thousand times a second.  Every chunk is one malloc(), so
 * that the address sanitizer sees its ends.  What waits on disk or is sorted there
 * does so in memory.  All else is in libpgcommon.
 */
#include "postgres.h"

#include <setjmp.h>

#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "nodes/pg_list.h"
#include "utils/builtins.h"
#include "utils/json.h"
#include "utils/memutils.h"
#include "utils/varlena.h"

#include "backend.h"
#include "base/byte_sort.h"
#include "base/spool.h"

/* Little, so that it is used up. */
int			work_mem = 64;

/* ---- memory contexts ---------------------------------------------------- */

typedef struct Context
{
	struct Chunk *chunks;
	MemoryContextCallback *callbacks;
	struct Context *children;
	struct Context *sibling;
} Context;

typedef struct Chunk
{
	Context    *context;
	struct Chunk *previous;
	struct Chunk *next;
	max_align_t data[];
} Chunk;

static Context top_context;

MemoryContext CurrentMemoryContext = (MemoryContext) &top_context;
volatile sig_atomic_t InterruptPending = false;
volatile sig_atomic_t QueryCancelPending = false;
volatile sig_atomic_t ProcDiePending = false;
volatile uint32 InterruptHoldoffCount = 0;
volatile uint32 QueryCancelHoldoffCount = 0;
volatile uint32 CritSectionCount = 0;

static void
link_chunk(Chunk *chunk)
{
	chunk->previous = NULL;
	chunk->next = chunk->context->chunks;
	if (chunk->next != NULL)
		chunk->next->previous = chunk;
	chunk->context->chunks = chunk;
}

static void
unlink_chunk(Chunk *chunk)
{
	if (chunk->next != NULL)
		chunk->next->previous = chunk->previous;
	if (chunk->previous != NULL)
		chunk->previous->next = chunk->next;
	else
		chunk->context->chunks = chunk->next;
}

void *
MemoryContextAlloc(MemoryContext context, Size size)
{
	Chunk	   *chunk = malloc(sizeof(Chunk) + size);

	if (chunk == NULL)
		abort();
	chunk->context = (Context *) context;
	link_chunk(chunk);
	return chunk->data;
}

void *
MemoryContextAllocExtended(MemoryContext context, Size size, int flags)
{
	void	   *chunk = MemoryContextAlloc(context, size);

	return (flags & MCXT_ALLOC_ZERO) ? memset(chunk, 0, size) : chunk;
}

void *
MemoryContextAllocZero(MemoryContext context, Size size)
{
	return memset(MemoryContextAlloc(context, size), 0, size);
}

void *
MemoryContextAllocHuge(MemoryContext context, Size size)
{
	return MemoryContextAlloc(context, size);
}

char *
MemoryContextStrdup(MemoryContext context, const char *string)
{
	return strcpy(MemoryContextAlloc(context, strlen(string) + 1), string);
}

void *
palloc(Size size)
{
	return MemoryContextAlloc(CurrentMemoryContext, size);
}

void *
palloc0(Size size)
{
	return memset(palloc(size), 0, size);
}

void *
palloc_extended(Size size, int flags)
{
	return (flags & MCXT_ALLOC_ZERO) ? palloc0(size) : palloc(size);
}

void *
repalloc(void *pointer, Size size)
{
	Chunk	   *chunk = (Chunk *) ((char *) pointer - offsetof(Chunk, data));

	unlink_chunk(chunk);
	chunk = realloc(chunk, sizeof(Chunk) + size);
	if (chunk == NULL)
		abort();
	link_chunk(chunk);
	return chunk->data;
}

void *
repalloc_huge(void *pointer, Size size)
{
	return repalloc(pointer, size);
}

void
pfree(void *pointer)
{
	Chunk	   *chunk = (Chunk *) ((char *) pointer - offsetof(Chunk, data));

	unlink_chunk(chunk);
	free(chunk);
}

char *
pstrdup(const char *string)
{
	return MemoryContextStrdup(CurrentMemoryContext, string);
}

char *
pnstrdup(const char *string, Size size)
{
	char	   *copy = palloc(strnlen(string, size) + 1);

	size = strnlen(string, size);
	memcpy(copy, string, size);
	copy[size] = '\0';
	return copy;
}

MemoryContext
AllocSetContextCreateInternal(MemoryContext parent, const char *name, Size minContextSize,
							  Size initBlockSize, Size maxBlockSize)
{
	Context    *context = calloc(1, sizeof(Context));

	context->sibling = ((Context *) parent)->children;
	((Context *) parent)->children = context;
	return (MemoryContext) context;
}

void
MemoryContextRegisterResetCallback(MemoryContext context, MemoryContextCallback *callback)
{
	callback->next = ((Context *) context)->callbacks;
	((Context *) context)->callbacks = callback;
}

void
MemoryContextReset(MemoryContext target)
{
	Context    *context = (Context *) target;

	while (context->children != NULL)
	{
		Context    *child = context->children;

		context->children = child->sibling;
		MemoryContextReset((MemoryContext) child);
		free(child);
	}
	while (context->callbacks != NULL)
	{
		MemoryContextCallback *callback = context->callbacks;

		context->callbacks = callback->next;
		callback->func(callback->arg);
	}
	while (context->chunks != NULL)
		pfree(context->chunks->data);
}

/* The context itself stays until its parent is reset. */
void
MemoryContextDelete(MemoryContext context)
{
	MemoryContextReset(context);
}

/* ---- lists ---------------------------------------------------------------- */

static List *
list_with_room(List *list)
{
	if (list == NIL)
	{
		list = palloc0(sizeof(List));
		list->type = T_List;
	}
	if (list->length == list->max_length)
	{
		list->max_length = 2 * list->max_length + 1;
		list->elements = list->elements == NULL ?
			palloc(list->max_length * sizeof(ListCell)) :
			repalloc(list->elements, list->max_length * sizeof(ListCell));
	}
	list->length++;
	return list;
}

List *
lappend(List *list, void *datum)
{
	list = list_with_room(list);
	list->elements[list->length - 1].ptr_value = datum;
	return list;
}

List *
lcons(void *datum, List *list)
{
	list = list_with_room(list);
	memmove(list->elements + 1, list->elements, (list->length - 1) * sizeof(ListCell));
	list->elements[0].ptr_value = datum;
	return list;
}

/* ---- records that are sorted, or wait ------------------------------------- */

typedef struct Records
{
	StringInfoData bytes;		/* each is its length, and what it holds */
	int			count;
	int			position;		/* of the next that is read */
	Slice	   *sorted;			/* NULL: they are not */
	StringInfoData record;		/* the one that is being made */
} Records;

static Records *
records_create(void)
{
	Records    *records = palloc0(sizeof(Records));

	initStringInfo(&records->bytes);
	initStringInfo(&records->record);
	return records;
}

static void
records_put(Records *records, const StringInfoData *record)
{
	appendBinaryStringInfo(&records->bytes, (const char *) &record->len, sizeof(record->len));
	appendBinaryStringInfo(&records->bytes, record->data, record->len);
	records->count++;
}

/* The record at a position, which moves behind it. */
static Slice
records_at(const Records *records, int *position)
{
	int			length;
	Slice		record;

	memcpy(&length, records->bytes.data + *position, sizeof(length));
	record.data = records->bytes.data + *position + sizeof(length);
	record.len = length;
	*position += sizeof(length) + length;
	return record;
}

struct ByteSort
{
	Records    *records;
};

ByteSort *
byte_sort_create(int memory_kb)
{
	ByteSort   *sort = palloc(sizeof(ByteSort));

	sort->records = records_create();
	return sort;
}

StringInfo
byte_sort_begin_record(ByteSort *sort)
{
	resetStringInfo(&sort->records->record);
	return &sort->records->record;
}

void
byte_sort_put(ByteSort *sort)
{
	records_put(sort->records, &sort->records->record);
}

static int
compare_records(const void *a, const void *b)
{
	return slice_compare(*(const Slice *) a, *(const Slice *) b);
}

void
byte_sort_perform(ByteSort *sort)
{
	Records    *records = sort->records;
	int			position = 0;

	records->sorted = palloc(Max(records->count, 1) * sizeof(Slice));
	for (int i = 0; i < records->count; i++)
		records->sorted[i] = records_at(records, &position);
	qsort(records->sorted, records->count, sizeof(Slice), compare_records);
}

bool
byte_sort_next(ByteSort *sort, Slice *record)
{
	if (sort->records->position == sort->records->count)
		return false;
	*record = sort->records->sorted[sort->records->position++];
	return true;
}

void
byte_sort_end(ByteSort *sort)
{
}

struct Spool
{
	Records    *records;
};

Spool *
spool_create(Size memory)
{
	Spool	   *spool = palloc(sizeof(Spool));

	spool->records = records_create();
	return spool;
}

void
spool_put(Spool *spool, const StringInfo record)
{
	records_put(spool->records, record);
}

void
spool_rewind(Spool *spool)
{
}

bool
spool_get(Spool *spool, Slice *record)
{
	if (spool->records->count == 0)
		return false;
	spool->records->count--;
	*record = records_at(spool->records, &spool->records->position);
	return true;
}

void
spool_close(Spool *spool)
{
}

/* ---- errors ------------------------------------------------------------- */

static sigjmp_buf error_exit;

bool
errstart(int elevel, const char *domain)
{
	return elevel >= ERROR;
}

bool
errstart_cold(int elevel, const char *domain)
{
	return errstart(elevel, domain);
}

void
errfinish(const char *filename, int lineno, const char *funcname)
{
	siglongjmp(error_exit, 1);
}

int
errcode(int sqlerrcode)
{
	return 0;
}

/* Messages are made, so that their arguments are looked at. */
static int
make_message(const char *format, va_list arguments)
{
	char		message[256];

	vsnprintf(message, sizeof(message), format, arguments);
	return 0;
}

#define MESSAGE_FUNCTION(name) \
	int \
	name(const char *format,...) \
	{ \
		va_list		arguments; \
\
		va_start(arguments, format); \
		make_message(format, arguments); \
		va_end(arguments); \
		return 0; \
	}

MESSAGE_FUNCTION(errmsg)
MESSAGE_FUNCTION(errmsg_internal)
MESSAGE_FUNCTION(errdetail)
MESSAGE_FUNCTION(errdetail_internal)
MESSAGE_FUNCTION(errhint)

int
errmsg_plural(const char *singular, const char *plural, unsigned long n,...)
{
	return 0;
}

void
ProcessInterrupts(void)
{
}

/* ---- texts: the database is UTF-8 --------------------------------------- */

int
GetDatabaseEncoding(void)
{
	return PG_UTF8;
}

char *
pg_any_to_server(const char *string, int length, int encoding)
{
	return unconstify(char *, string);
}

char *
pg_server_to_any(const char *string, int length, int encoding)
{
	return unconstify(char *, string);
}

bool
pg_verify_mbstr(int encoding, const char *string, int length, bool no_error)
{
	return pg_encoding_verifymbstr(encoding, string, length) == length;
}

int
pg_mbcliplen(const char *string, int length, int limit)
{
	while (limit > 0 && ((unsigned char) string[limit] & 0xc0) == 0x80)
		limit--;
	return limit;
}

int
varstr_levenshtein_less_equal(const char *source, int source_length, const char *target, int target_length,
							  int insert, int delete, int substitute, int most, bool trusted)
{
	return abs(source_length - target_length);
}

void
escape_json(StringInfo buffer, const char *string)
{
	appendStringInfo(buffer, "\"%s\"", string);
}

int
pg_ltoa(int32 value, char *text)
{
	return sprintf(text, "%d", value);
}

int
pg_lltoa(int64 value, char *text)
{
	return sprintf(text, INT64_FORMAT, value);
}

/* libpgcommon has it from PostgreSQL 17 on */
extern char *json_errdetail(int error, void *lexer) __attribute__((weak));

char *
json_errdetail(int error, void *lexer)
{
	return "";
}

/* ---- one input ---------------------------------------------------------- */

void
backend_run(void (*function) (Slice), Slice argument)
{
	if (sigsetjmp(error_exit, 0) == 0)
		function(argument);
	CurrentMemoryContext = (MemoryContext) &top_context;
	MemoryContextReset(CurrentMemoryContext);
}
