/*
 * PostgreSQL tells Valgrind, where it is compiled for it, which bytes of its memory
 * contexts and of its buffers may be touched.  This header stands in for
 * Valgrind's and tells AddressSanitizer, which else sees only the blocks that
 * contexts take from malloc(): so it knows of every palloc() and pfree(), of the
 * byte behind each chunk, and of pages that nobody holds a pin on.
 */
#ifndef TRAINPLAN_MEMCHECK_H
#define TRAINPLAN_MEMCHECK_H

#include <stddef.h>

/* Only the server itself runs with AddressSanitizer's library. */
extern void __asan_poison_memory_region(const volatile void *addr, size_t size) __attribute__((weak));
extern void __asan_unpoison_memory_region(const volatile void *addr, size_t size) __attribute__((weak));

#define CLOSE_TO_EXTENSION(addr, size) \
	((void) (__asan_poison_memory_region ? __asan_poison_memory_region(addr, size) : (void) 0))
#define OPEN_TO_EXTENSION(addr, size) \
	((void) (__asan_unpoison_memory_region ? __asan_unpoison_memory_region(addr, size) : (void) 0))

#define VALGRIND_MAKE_MEM_NOACCESS(addr, size)				CLOSE_TO_EXTENSION(addr, size)
#define VALGRIND_MAKE_MEM_UNDEFINED(addr, size)				OPEN_TO_EXTENSION(addr, size)
#define VALGRIND_MAKE_MEM_DEFINED(addr, size)				OPEN_TO_EXTENSION(addr, size)
#define VALGRIND_MEMPOOL_ALLOC(context, addr, size)			OPEN_TO_EXTENSION(addr, size)
#define VALGRIND_MEMPOOL_CHANGE(context, old, addr, size)	OPEN_TO_EXTENSION(addr, size)

/* What is freed, the contexts themselves overwrite and close. */
#define VALGRIND_MEMPOOL_FREE(context, addr)				((void) 0)
#define VALGRIND_MEMPOOL_TRIM(context, addr, size)			((void) 0)
#define VALGRIND_MOVE_MEMPOOL(old, context)					((void) 0)
#define VALGRIND_CREATE_MEMPOOL(context, redzones, zeroed)	((void) 0)
#define VALGRIND_DESTROY_MEMPOOL(context)					((void) 0)

/* AddressSanitizer does not know what is defined. */
#define VALGRIND_CHECK_MEM_IS_DEFINED(addr, size)			0
#define VALGRIND_GET_VBITS(addr, bits, size)				0
#define VALGRIND_SET_VBITS(addr, bits, size)				0

#define VALGRIND_COUNT_ERRORS								0
#define VALGRIND_DISABLE_ERROR_REPORTING					((void) 0)
#define VALGRIND_ENABLE_ERROR_REPORTING						((void) 0)
#define VALGRIND_PRINTF(...)								((void) 0)

#endif
