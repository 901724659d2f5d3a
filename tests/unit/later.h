/* SPDX-License-Identifier: BSD-2-Clause */
/* Calls of which the caches answer when the test says so. */
#ifndef LATER_H
#define LATER_H

#include "pair.h"

#include "internal.h"

enum { ALICE, BOB, MS = 1000, WAIT = 1500 * MS, PAUSE = 20 * MS };

/* The cache of one side: what it is asked, and what it has. */
struct later {
	struct pair *pair;
	struct pair_side *side;
	bool open;                        /* a question waits for its answer */
	unsigned asked, at_once;          /* how often */
	uint64_t asked_at;                /* the last time, simulated */
	uint8_t peer_zid[ZRTP_ZID_SIZE];  /* of the last question */
	char label[ZRTP_LABEL_SIZE];      /* the same */
	void *stream_arg;                 /* the same */
	enum zrtp_cache_answer has, hand; /* what it knows; what is at hand when there is no time left */
	struct zrtp_retained found;       /* with ZRTP_CACHE_FOUND */
	unsigned puts;
	char put_label[ZRTP_LABEL_SIZE];
	struct zrtp_retained put;
};

static inline int later_get(const struct zrtp_cache_key *key, struct zrtp_retained *out, void *arg)
{
	static const struct zrtp_retained zero;
	struct later *later = arg;

	assert_memory_equal(out, &zero, sizeof(zero));
	assert_ptr_equal(key->session, later->side->session);
	assert_memory_equal(key->own_zid, zrtp_context_zid(later->side->context), ZRTP_ZID_SIZE);
	memcpy(later->peer_zid, key->peer_zid, ZRTP_ZID_SIZE);
	strcpy(later->label, key->label);
	later->stream_arg = key->stream_arg;
	if (key->at_once) {
		later->at_once++;
		later->open = later->hand == ZRTP_CACHE_PENDING; /* it asks for more time */
		if (later->hand == ZRTP_CACHE_FOUND) {
			*out = later->found;
		}
		return later->hand;
	}
	assert_false(later->open);
	later->open = true;
	later->asked++;
	later->asked_at = later->pair->now;
	/* What is written beside another answer than ZRTP_CACHE_FOUND must not count. */
	memset(out, 0x5a, sizeof(*out));
	return ZRTP_CACHE_PENDING;
}

static inline void later_put(const struct zrtp_cache_key *key, const struct zrtp_retained *in, void *arg)
{
	struct later *later = arg;

	assert_ptr_equal(key->session, later->side->session);
	assert_false(key->at_once);
	strcpy(later->put_label, key->label);
	later->put = *in;
	later->puts++;
	later->side->stored = *in;
	later->side->has_stored = true;
}

/* From now on the side's cache answers later, what it has stored so far. */
static inline void later_begin(struct later *later, struct pair *pair, unsigned side)
{
	*later = (struct later){ .pair = pair, .side = &pair->side[side], .hand = ZRTP_CACHE_AWAY };
	later->has = later->side->has_stored ? ZRTP_CACHE_FOUND : ZRTP_CACHE_UNKNOWN;
	later->found = later->side->stored;
	later->side->context->cache = (struct zrtp_cache){ later_get, later_put, later };
}

static inline enum zrtp_status later_tell(struct later *later, enum zrtp_cache_answer answer)
{
	return zrtp_session_cache_ready(later->side->session, later->peer_zid, answer,
					answer == ZRTP_CACHE_FOUND ? &later->found : NULL, later->pair->now);
}

static inline void later_answer(struct later *later)
{
	assert_true(later->open);
	later->open = false;
	assert_int_equal(later_tell(later, later->has), ZRTP_OK);
}

/* Until it is asked, or then. */
static inline bool later_run_until_asked(struct later *later, uint64_t until)
{
	while (!later->open && later->pair->now < until) {
		pair_run(later->pair, later->pair->now + 100);
	}
	return later->open;
}

/* Who commits: the others are passive. */
static inline void later_roles(struct pair_config *config, unsigned initiator)
{
	pair_config_init(config);
	config->policy[!initiator].passive = true;
	config->policy[ALICE].resync = config->policy[BOB].resync = true;
}

static inline struct zrtp_stream *later_stream(struct pair *pair, unsigned side, unsigned index)
{
	return pair->side[side].log[index].stream;
}

static inline void later_call(struct pair *pair, const struct pair_config *config)
{
	pair_new_call(pair, config);
	pair_add_stream(pair, 0);
	pair_start(pair, 0);
}

#endif
