/* SPDX-License-Identifier: BSD-2-Clause */
/* Phones as the tests of retained secrets have them, and what the engine makes of a call
 * with one. The exchange is a model: which secrets match, and who stores what. */
#ifndef HABITS_H
#define HABITS_H

#include "stores.h"

/* How a phone stores what a call has made. */
enum habit {
	AS_RFC,      /* rs2 is the old rs1 */
	AS_OURS,     /* rs2 is what matched */
	AS_LINPHONE, /* as the RFC, but after a match by rs2 there is none */
	ONE_ONLY,    /* never has rs2 */
	HABITS
};

struct phone {
	enum habit habit;
	unsigned rs1, rs2; /* numbers of secrets, 0: none */
};

/* began: what the phone had when the call began. */
void phone_store(struct phone *phone, const struct phone *began, unsigned made, unsigned matched);

/* The number of a secret that stores_secret() made, up to last. 0: none, or another one. */
unsigned habits_number(bool has, const uint8_t *secret, unsigned last);

/* What the engine makes of a call (engine/secrets.c). */
struct zrtp_retained habits_update(const struct zrtp_retained *got, unsigned made, unsigned matched,
				   unsigned rs2);

/* The initiator's rs1 against both of the responder's, then its rs2 (4.3). 0: none matches. */
unsigned habits_match(const unsigned initiator[2], const unsigned responder[2]);

/* A store in memory, and the secrets of the one peer there by label. */
void habits_begin(struct test_store *t);
struct zrtp_retained habits_get(struct test_store *t, const char *label, int64_t now);
void habits_put(struct test_store *t, const char *label, int64_t now, const struct zrtp_retained *in);
void habits_forget(struct test_store *t);

unsigned habits_below(uint64_t *prng, unsigned limit);

#endif
