/*
 * backend.h
 *		As much of a PostgreSQL backend as the readers of documents need.
 */
#ifndef TRAINPLAN_FUZZ_BACKEND_H
#define TRAINPLAN_FUZZ_BACKEND_H

#include "base/slice.h"

/* Run a function as a backend would: an error ends it, and all memory is given back. */
extern void backend_run(void (*function) (Slice), Slice argument);

#endif							/* TRAINPLAN_FUZZ_BACKEND_H */
