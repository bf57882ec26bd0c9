/*
 * file_name.h
 *		Names of targets, symbols and so on as names of files.
 */
#ifndef TRAINPLAN_FILE_NAME_H
#define TRAINPLAN_FILE_NAME_H

#include "base/slice.h"

extern char *file_name_from(Slice name, const char *extension);
extern bool names_file(Slice text);

#endif							/* TRAINPLAN_FILE_NAME_H */
