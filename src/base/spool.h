/*
 * spool.h
 *		A queue of byte records: written once, then read once, in the same
 *		order.  What is more than some memory holds waits on disk.
 */
#ifndef TRAINPLAN_SPOOL_H
#define TRAINPLAN_SPOOL_H

#include "base/slice.h"

typedef struct Spool Spool;

extern Spool *spool_create(Size memory);
extern void spool_put(Spool *spool, const StringInfo record);
extern void spool_rewind(Spool *spool);
extern bool spool_get(Spool *spool, Slice *record);
extern void spool_close(Spool *spool);

#endif							/* TRAINPLAN_SPOOL_H */
