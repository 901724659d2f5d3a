/* SPDX-License-Identifier: BSD-2-Clause */
/* SRTP authentication tag types (5.1.4). */
#include "algorithms.h"

#include <string.h>

static const struct zrtp_tag table[] = {
	{ "HS32", 32 },
	{ "HS80", 80 },
};

const struct zrtp_tag *zrtp_tag_find(const void *name)
{
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		if (!memcmp(table[i].name, name, 4)) {
			return &table[i];
		}
	}
	return NULL;
}
