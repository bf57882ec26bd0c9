/*
 * ordered_places.h
 *		The places of a plan's jobs in the queue, as the jobs come.
 */
#ifndef TRAINPLAN_ORDERED_PLACES_H
#define TRAINPLAN_ORDERED_PLACES_H

#include "executor/tuptable.h"

#include "base/slice.h"
#include "plans/plan_tables.h"

typedef struct OrderedPlaces OrderedPlaces;

extern OrderedPlaces *ordered_places_open(const PlanTable *queue, Snapshot snapshot, int64 plan_id);
extern TupleTableSlot *ordered_places_find(OrderedPlaces *places, Slice job_id, bool is_pooled);
extern void ordered_places_close(OrderedPlaces *places);

#endif							/* TRAINPLAN_ORDERED_PLACES_H */
