/* SPDX-License-Identifier: BSD-2-Clause */
/* The file back end's two parts: the format, and the file. */
#ifndef ZRTP_FILE_H
#define ZRTP_FILE_H

#include "memory.h"

/* file_format.c
 *
 * All numbers are big-endian. A header of 32 octets: "ZRTP cache file\n",
 * version (4 octets), 4 octets of 0, number of records (8). Then records: "ZREC",
 * length of the body (4), body, the first 8 octets of SHA-256 over length and
 * body. Last, SHA-256 over everything before. */
enum {
	FILE_VERSION = 2, /* 1: pairs without lines */
	FILE_HEADER = 32,
	FILE_DIGEST = 32,
	FILE_RECORD_MAX = 1536,
};

/* Where the octets go: 0, or -1 with errno set. */
typedef int (*file_sink)(const uint8_t *octets, size_t len, void *arg);

/* The whole of memory. ZRTP_STORE_IO: the sink failed, see errno. */
ZRTP_CHECK enum zrtp_store_status file_write(const struct memory *memory, file_sink sink, void *arg,
					     struct zrtp_store_error *error);

struct file_damage {
	uint64_t taken, lost; /* records; lost: as far as it can be known */
	bool whole;           /* nothing is wrong with the file */
	bool later;           /* whole, but of a later version */
	bool alien;           /* not such a file at all */
};

/* Every intact record into memory. */
ZRTP_CHECK enum zrtp_store_status file_read(struct memory *memory, const uint8_t *octets, size_t len,
					    struct file_damage *out, struct zrtp_store_error *error);

#endif
