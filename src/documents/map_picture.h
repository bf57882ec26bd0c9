/*
 * map_picture.h
 *		The map of a plan as a picture in SVG.
 */
#ifndef TRAINPLAN_MAP_PICTURE_H
#define TRAINPLAN_MAP_PICTURE_H

#include "base/slice.h"

typedef struct MapPicture MapPicture;

extern MapPicture *map_picture_create(Size memory);
extern void map_picture_add(MapPicture *picture, Slice target, Slice symbol, Slice route);
extern void map_picture_draw(MapPicture *picture, Slice title, StringInfo svg);
extern void map_picture_close(MapPicture *picture);

#endif							/* TRAINPLAN_MAP_PICTURE_H */
