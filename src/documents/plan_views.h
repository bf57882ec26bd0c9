/*
 * plan_views.h
 *		The jobs of a plan by target, by symbol, by training type and by route:
 *		a JSON file for each value.
 */
#ifndef TRAINPLAN_PLAN_VIEWS_H
#define TRAINPLAN_PLAN_VIEWS_H

#include "base/server_file.h"
#include "documents/plan_document.h"

typedef struct PlanViews PlanViews;

extern PlanViews *plan_views_create(void);
extern void plan_views_add(PlanViews *views, const Slice *keys, uint64 offset, uint32 length,
						   uint32 separator);
extern void plan_views_write(PlanViews *views, int document, FileSet *set);

#endif							/* TRAINPLAN_PLAN_VIEWS_H */
