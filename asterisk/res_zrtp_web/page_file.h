/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief The files of page/, which are compiled in.
 */
#ifndef RES_ZRTP_WEB_PAGE_FILE_H
#define RES_ZRTP_WEB_PAGE_FILE_H

#include <stddef.h>

struct page_file {
	const char *name;
	const char *text;
};

extern const struct page_file page_files[];
extern const size_t page_file_count;

#endif
