/* SPDX-License-Identifier: BSD-2-Clause */
/* SRTP authentication tag types (5.1.4). "GCM " is Linphone's name of AEAD SRTP
 * (RFC 7714): the cipher type says with which key. No RFC has it. */
#include "algorithms.h"

#include <string.h>

static const struct zrtp_tag table[] = {
	{ "HS32", 32, 14 },
	{ "HS80", 80, 14 },
	{ "GCM ", 128, 12 },
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

bool zrtp_tag_fits(const struct zrtp_tag *tag, const struct zrtp_cipher *cipher)
{
	return memcmp(tag->name, "GCM ", 4) || cipher->key_size != 24;
}
