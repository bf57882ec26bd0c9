/*
 * job_keys.c
 *		The keys of plans and jobs, sorted as rows are locked: by the plan's number,
 *		then the job's id.
 */
#include "postgres.h"

#include "executor/tuptable.h"
#include "port/pg_bswap.h"

#include "plans/job_keys.h"

/* Put the key of a row of training_plans or training_jobs to others. */
void
put_key(ByteSort *keys, const PlanTable *table, TupleTableSlot *slot)
{
	bool		isnull;
	int64		plan_id = DatumGetInt64(slot_getattr(slot, table->columns[0], &isnull));
	StringInfo	record = byte_sort_begin_record(keys);

	/* bytes that sort as the number does */
	plan_id = pg_hton64((uint64) plan_id ^ (UINT64CONST(1) << 63));
	appendBinaryStringInfo(record, (const char *) &plan_id, sizeof(plan_id));
	if (table->id == JOBS_TABLE)
		append_slice(record, slice_from_text(PG_DETOAST_DATUM_PACKED(
			slot_getattr(slot, table->columns[JOB_TABLE_COLUMN(JOB_ID)], &isnull))));
	byte_sort_put(keys);
}

/* The values of a key; returns how many. */
int
read_key(Slice record, Datum *key)
{
	int64		plan_id;
	Slice		job_id = {record.data + sizeof(plan_id), record.len - sizeof(plan_id)};

	memcpy(&plan_id, record.data, sizeof(plan_id));
	key[0] = Int64GetDatum((int64) (pg_ntoh64(plan_id) ^ (UINT64CONST(1) << 63)));
	if (job_id.len == 0)
		return 1;
	key[1] = slice_to_text(job_id);
	return 2;
}
