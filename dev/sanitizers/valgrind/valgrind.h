#include <valgrind/memcheck.h>
