/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Two PBXs of our making that call each other many times at once: each has a store, and
 * each asks it and ends the calls in an order of its own (docs/cache.md). The exchange is a model.
 */
#ifndef TRUNKS_H
#define TRUNKS_H

#include "stores.h"

enum { AT_ONCE = 200 };

extern const uint8_t trunks_zid[2][ZRTP_ZID_SIZE];

struct call {
	struct zrtp_retained got[2];
	uint8_t made[ZRTP_SECRET_SIZE];
	uint8_t matched[ZRTP_SECRET_SIZE];
	bool asked[2], has_match, done[2], lost[2];
	const char *label[2]; /* as SIP has it at that end */
	uint64_t endpoint[2];
};

struct trunk {
	struct test_store end[2];
	struct call call[AT_ONCE];
	unsigned calls, made, alarms;
	bool phone;   /* the peer is one to this end */
	bool alone;   /* of other calls nothing is told */
	bool numbers; /* each call under a label of its direction, and of the number that is called */
	bool ways;    /* an endpoint for each direction */
	int64_t clock, lost_until[2];
	uint64_t prng;
};

unsigned trunks_below(struct trunk *t, unsigned limit);
void trunks_open(struct trunk *t, uint64_t seed);
void trunks_close(struct trunk *t);

struct zrtp_cache_key trunks_key_at(const struct call *c, unsigned end);
/* Each end asks its store when its own part of the exchange begins. */
void trunks_ask(struct trunk *t, struct call *c, unsigned end);
/* As the engine does it (engine/secrets.c). */
void trunks_end_call(struct trunk *t, struct call *c, unsigned end);
/* Calls begin one soon after the other, and begin and end at each side when they like. */
void trunks_round(struct trunk *t);

#endif
