/*
 * interrupts.h
 *		Cancels, for callbacks of libraries that must not be left by a jump.
 */
#ifndef TRAINPLAN_INTERRUPTS_H
#define TRAINPLAN_INTERRUPTS_H

#include "miscadmin.h"

/*
 * Would CHECK_FOR_INTERRUPTS() end the call now?  A callback then fails, and its
 * caller's caller checks.
 */
static inline bool
interrupt_is_due(void)
{
	return INTERRUPTS_PENDING_CONDITION() && INTERRUPTS_CAN_BE_PROCESSED() &&
		(QueryCancelPending || ProcDiePending);
}

#endif							/* TRAINPLAN_INTERRUPTS_H */
