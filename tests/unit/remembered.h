/* SPDX-License-Identifier: BSD-2-Clause */
/* Secrets that were at work, to be looked for in memory that is dead. _GNU_SOURCE for
 * memmem(). */
#ifndef REMEMBERED_H
#define REMEMBERED_H

#include "unit.h"

#include <openssl/crypto.h>

enum { REMEMBERED_MAX = 1024, REMEMBERED_PART = 16 /* octets that are no chance */ };

static struct {
	unsigned count;
	struct {
		const char *what;
		uint8_t octets[REMEMBERED_PART];
	} of[REMEMBERED_MAX];
} remembered;

/* Its first and last octets; what is null, or known already, is none. */
__attribute__((unused)) static void remember(const char *what, const void *octets, size_t len)
{
	static const uint8_t zero[REMEMBERED_PART];

	for (unsigned end = 0; octets && end < 2; end++) {
		const uint8_t *part = (const uint8_t *)octets + (end ? len - REMEMBERED_PART : 0);
		bool known = len < REMEMBERED_PART || !memcmp(part, zero, REMEMBERED_PART);

		for (unsigned i = 0; i < remembered.count && !known; i++) {
			known = !memcmp(remembered.of[i].octets, part, REMEMBERED_PART);
		}
		if (!known) {
			assert_true(remembered.count < REMEMBERED_MAX);
			remembered.of[remembered.count].what = what;
			memcpy(remembered.of[remembered.count++].octets, part, REMEMBERED_PART);
		}
	}
}

__attribute__((unused)) static void remember_nothing(void)
{
	OPENSSL_cleanse(&remembered, sizeof(remembered));
}

/* What of it those octets have, or NULL. */
__attribute__((unused)) static const char *remembered_in(const uint8_t *octets, size_t len)
{
	for (unsigned i = 0; i < remembered.count; i++) {
		if (memmem(octets, len, remembered.of[i].octets, REMEMBERED_PART)) {
			return remembered.of[i].what;
		}
	}
	return NULL;
}

#endif
