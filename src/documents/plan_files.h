/*
 * plan_files.h
 *		A stored plan as files: its documents and its views.
 */
#ifndef TRAINPLAN_PLAN_FILES_H
#define TRAINPLAN_PLAN_FILES_H

#include "base/server_file.h"

extern void write_plan_files(Oid schema, int64 plan_id, const char *directory,
							 PublishedCallback callback, void *arg);

#endif							/* TRAINPLAN_PLAN_FILES_H */
