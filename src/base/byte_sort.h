/*
 * byte_sort.h
 *		Byte records in any order in; in the order of their bytes, out.
 */
#ifndef TRAINPLAN_BYTE_SORT_H
#define TRAINPLAN_BYTE_SORT_H

#include "base/slice.h"

typedef struct ByteSort ByteSort;

extern ByteSort *byte_sort_create(int memory_kb);
extern ByteSort *byte_sort_create_rewindable(int memory_kb);
extern StringInfo byte_sort_begin_record(ByteSort *sort);
extern void byte_sort_put(ByteSort *sort);
extern void byte_sort_perform(ByteSort *sort);
extern bool byte_sort_next(ByteSort *sort, Slice *record);
extern void byte_sort_rewind(ByteSort *sort);
extern void byte_sort_end(ByteSort *sort);

extern void append_sortable_number(StringInfo record, int64 number);
extern int64 read_sortable_number(Slice *record);

#endif							/* TRAINPLAN_BYTE_SORT_H */
