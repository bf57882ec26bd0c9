/*
 * routing_file.h
 *		A routing plan's file on the server.
 */
#ifndef TRAINPLAN_ROUTING_FILE_H
#define TRAINPLAN_ROUTING_FILE_H

#include "base/slice.h"

extern Slice read_routing_file(const char *path, const char **file, const char **name);

#endif							/* TRAINPLAN_ROUTING_FILE_H */
