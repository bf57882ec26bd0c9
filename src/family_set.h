/*
 * family_set.h
 *		A set of model families, to look lists of them up in.
 */
#ifndef TRAINPLAN_FAMILY_SET_H
#define TRAINPLAN_FAMILY_SET_H

#include "utils/array.h"

#include "slice.h"

typedef struct FamilySet FamilySet;

extern FamilySet *family_set_create(ArrayType *families);
extern bool family_set_add(FamilySet *set, Slice family);
extern bool family_set_contains(const FamilySet *set, ArrayType *families);

#endif							/* TRAINPLAN_FAMILY_SET_H */
