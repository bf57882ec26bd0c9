/*
 * map_page.h
 *		The page that shows jobs as a map: its parts, in the order in which they are
 *		written.
 */
#ifndef TRAINPLAN_MAP_PAGE_H
#define TRAINPLAN_MAP_PAGE_H

#include "documents/job_map.h"
#include "formats/json_value.h"

/* Append what the jobs of a class have in common, by its key, as JSON; NULL: they have nothing. */
typedef void (*MapClassWriter) (StringInfo page, Slice key);

extern void map_page_append_head(StringInfo page, Slice title, Slice facts);
extern void map_page_append_row(StringInfo page, const MapRow *row, bool is_first, bool with_reasons);
extern void map_page_append_columns(StringInfo page, const JobMap *map, bool with_reasons);
extern void map_page_append_classes(StringInfo page, const Dictionary *classes, MapClassWriter writer);
extern void map_page_append_tail(StringInfo page);

/*
 * What a cell looks like is told by a key of the caller's.  There are few, unless somebody
 * has made many by hand: then those that are left share a number, and have nothing in common.
 */
#define OTHER_CLASS		0
#define MAX_CLASSES		1000

extern Dictionary *map_classes_create(void);
extern void map_key_append_job(StringInfo key, int32 priority, Slice route, Slice training_type);
extern void map_page_append_job(StringInfo page, const char **key);
extern uint32 map_class_number(Dictionary *classes, Slice key);

#endif							/* TRAINPLAN_MAP_PAGE_H */
