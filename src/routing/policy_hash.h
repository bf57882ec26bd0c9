/*
 * policy_hash.h
 *		What tells a policy's text from others.
 */
#ifndef TRAINPLAN_POLICY_HASH_H
#define TRAINPLAN_POLICY_HASH_H

#include "base/slice.h"

extern char *policy_hash(Slice text);

#endif							/* TRAINPLAN_POLICY_HASH_H */
