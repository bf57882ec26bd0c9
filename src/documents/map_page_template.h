/*
 * map_page_template.h
 *		What of the page with the map is always the same: map_page.html, which make
 *		turns into C (map_page.awk).
 */
#ifndef TRAINPLAN_MAP_PAGE_TEMPLATE_H
#define TRAINPLAN_MAP_PAGE_TEMPLATE_H

/* What has its place in the page, between "begin" and "end" in the template, in this order. */
typedef enum MapPagePlace
{
	PLACE_POLICY,
	PLACE_TITLE,
	PLACE_FACTS,
	PLACE_DATA,
	PLACE_NONE					/* the page ends */
} MapPagePlace;

typedef struct MapPagePart
{
	const char *markup;
	MapPagePlace place;			/* what comes behind it */
} MapPagePart;

/* The last has no place behind it. */
extern const MapPagePart map_page_parts[];

#endif							/* TRAINPLAN_MAP_PAGE_TEMPLATE_H */
