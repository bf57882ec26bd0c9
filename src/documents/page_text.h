/*
 * page_text.h
 *		Names and phrases in the markup of pages and pictures, as they are, and in
 *		the JSON that a page has in it.
 */
#ifndef TRAINPLAN_PAGE_TEXT_H
#define TRAINPLAN_PAGE_TEXT_H

#include "lib/stringinfo.h"

#include "base/slice.h"

extern void page_append(StringInfo page, Slice string);
extern void page_append_json(StringInfo page, Slice string);

#endif							/* TRAINPLAN_PAGE_TEXT_H */
