/*
 * row_query.c
 *		Streams the rows of a query.
 *
 * The query runs through SPI, with the caller's rights; its rows go to a
 * callback as the executor makes them and are never collected.
 */
#include "postgres.h"

#include "executor/spi.h"
#include "executor/tuptable.h"
#include "tcop/dest.h"
#include "utils/memutils.h"

#include "row_query.h"

/* The executor's rows go here. */
typedef struct RowReceiver
{
	DestReceiver pub;
	RowCallback callback;
	void	   *arg;
	MemoryContext row_context;
	ErrorContextCallback *error_context;	/* that of the query's caller */
} RowReceiver;

static void
row_startup(DestReceiver *self, int operation, TupleDesc typeinfo)
{
}

static bool
row_receive(TupleTableSlot *slot, DestReceiver *self)
{
	RowReceiver *receiver = (RowReceiver *) self;
	MemoryContext caller = MemoryContextSwitchTo(receiver->row_context);
	ErrorContextCallback *error_context = error_context_stack;

	slot_getallattrs(slot);

	/* an error in a row is not one in the query: don't show that */
	error_context_stack = receiver->error_context;
	receiver->callback(receiver->arg, slot->tts_values, slot->tts_isnull);
	error_context_stack = error_context;

	MemoryContextSwitchTo(caller);
	MemoryContextReset(receiver->row_context);
	return true;
}

static void
row_shutdown(DestReceiver *self)
{
}

static void
row_destroy(DestReceiver *self)
{
}

/*
 * Run a query, which takes no parameters, and hand out its rows.  purpose says
 * in messages what could not be done.  cursor_options are those of
 * SPI_prepare_cursor(); read_only is that of SPI_execute(): true if the query is
 * to see what the active snapshot sees.
 */
void
row_query_run(const char *query, const char *purpose, int cursor_options, bool read_only,
			  RowCallback callback, void *arg)
{
	RowReceiver receiver = {
		.pub = {row_receive, row_startup, row_shutdown, row_destroy, DestNone},
		.callback = callback,
		.arg = arg,
		.error_context = error_context_stack
	};
	SPIExecuteOptions options = {
		.read_only = read_only,
		.dest = (DestReceiver *) &receiver
	};
	SPIPlanPtr	plan;

	receiver.row_context = AllocSetContextCreate(CurrentMemoryContext, "trainplan row",
												 ALLOCSET_DEFAULT_SIZES);

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	plan = SPI_prepare_cursor(query, 0, NULL, cursor_options);
	if (plan == NULL || SPI_execute_plan_extended(plan, &options) < 0)
		elog(ERROR, "could not %s: %s", purpose, SPI_result_code_string(SPI_result));
	SPI_finish();

	MemoryContextDelete(receiver.row_context);
}
