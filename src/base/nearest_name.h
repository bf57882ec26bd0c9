/*
 * nearest_name.h
 *		The name that somebody may have meant who wrote another one.
 */
#ifndef TRAINPLAN_NEAREST_NAME_H
#define TRAINPLAN_NEAREST_NAME_H

#include "base/slice.h"

typedef struct NearestName
{
	MemoryContext context;		/* of the name at hand; reset behind it */
	Slice		wanted;			/* in small letters; NULL: no name is near it */
	int			too_far;		/* the distance of a name that is not as near as the nearest */
	char	   *name;			/* the nearest so far, or NULL */
} NearestName;

extern void nearest_name_begin(NearestName *nearest, Slice wanted);
extern void nearest_name_offer(NearestName *nearest, Slice name);
extern const char *nearest_name_end(NearestName *nearest);

#endif							/* TRAINPLAN_NEAREST_NAME_H */
