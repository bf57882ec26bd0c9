/*
 * yaml_scalar.h
 *		What YAML takes a plain scalar for: one without quotes.
 */
#ifndef TRAINPLAN_YAML_SCALAR_H
#define TRAINPLAN_YAML_SCALAR_H

#include "base/slice.h"

typedef enum PlainScalar
{
	PLAIN_STRING,				/* a string to every reader */
	PLAIN_NULL,					/* what every reader takes for it */
	PLAIN_TRUE,
	PLAIN_FALSE,
	PLAIN_INTEGER,				/* decimal */
	PLAIN_FLOAT,				/* decimal, finite */
	PLAIN_AMBIGUOUS				/* a string to some, something else to others; or a number in
								 * another notation */
} PlainScalar;

extern PlainScalar plain_scalar(Slice text);

#endif							/* TRAINPLAN_YAML_SCALAR_H */
