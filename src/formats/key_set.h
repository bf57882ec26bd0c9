/*
 * key_set.h
 *		The keys of a mapping of any size: is one there twice?
 */
#ifndef TRAINPLAN_KEY_SET_H
#define TRAINPLAN_KEY_SET_H

#include "base/slice.h"

typedef struct KeySet KeySet;

extern KeySet *key_set_create(Size memory);
extern bool key_set_add(KeySet *set, Slice key, uint64 place, uint64 *first);
extern bool key_set_repeated(KeySet *set, Slice *key, uint64 *first, uint64 *place);
extern void key_set_free(KeySet *set);

#endif							/* TRAINPLAN_KEY_SET_H */
