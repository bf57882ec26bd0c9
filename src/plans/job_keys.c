/*
 * job_keys.c
 *		The keys of plans and jobs, sorted as rows are locked: by the plan's number,
 *		then the job's id.
 */
#include "postgres.h"

#include "executor/tuptable.h"

#include "plans/job_keys.h"

/* Put the key of a row of training_plans or training_jobs to others. */
void
put_key(ByteSort *keys, const PlanTable *table, TupleTableSlot *slot)
{
	bool		isnull;
	int64		plan_id = DatumGetInt64(slot_getattr(slot, table->columns[0], &isnull));
	StringInfo	record = byte_sort_begin_record(keys);

	append_sortable_number(record, plan_id);
	if (table->id == JOBS_TABLE)
		append_slice(record, slice_from_text(PG_DETOAST_DATUM_PACKED(
			slot_getattr(slot, table->columns[JOB_TABLE_COLUMN(JOB_ID)], &isnull))));
	byte_sort_put(keys);
}

/* The values of a key; returns how many. */
int
read_key(Slice record, Datum *key)
{
	key[0] = Int64GetDatum(read_sortable_number(&record));
	if (record.len == 0)
		return 1;
	key[1] = slice_to_text(record);
	return 2;
}
