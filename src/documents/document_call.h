/*
 * document_call.h
 *		What the functions that read documents have in common.
 */
#ifndef TRAINPLAN_DOCUMENT_CALL_H
#define TRAINPLAN_DOCUMENT_CALL_H

#include "base/arguments.h"

extern Slice document_argument(FunctionCallInfo fcinfo, const char *reader);

#endif							/* TRAINPLAN_DOCUMENT_CALL_H */
