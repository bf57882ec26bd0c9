/*
 * families.h
 *		Lists of model families: lightgbm, xgboost and the like.
 */
#ifndef TRAINPLAN_FAMILIES_H
#define TRAINPLAN_FAMILIES_H

#include "utils/array.h"

#include "base/dictionary.h"

extern ArrayType *normalize_families(ArrayType *families, const char **problem, int *sqlstate);
extern ArrayType *call_families(ArrayType *families);
extern Dictionary *families_dictionary(ArrayType *families);
extern bool has_all_families(Dictionary *names, ArrayType *families);
extern bool same_families(ArrayType *a, ArrayType *b);

#endif							/* TRAINPLAN_FAMILIES_H */
