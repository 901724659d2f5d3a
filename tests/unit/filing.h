/* SPDX-License-Identifier: BSD-2-Clause */
/* A PBX with a store, side 1, and a phone that files its secrets by label or by ZID, side 0: call after call
 * (docs/cache.md). */
#ifndef FILING_H
#define FILING_H

#include "internal.h"
#include "stores.h"

#include <stdlib.h>

enum { PHONE, PBX, LABELS = 4 };

static const char *const labels[LABELS] = { "100", "200", "300", "400" };

struct world {
	struct pair *pair;
	struct pair_config config;
	struct test_store t;
	struct zrtp_store_link link;
	bool by_label, phone_misses, pbx_misses;
	unsigned label; /* of the call */
	bool blind;     /* the PBX does not learn it */
	int64_t clock;
	struct zrtp_retained kept[LABELS]; /* the phone's; by ZID: the first */
	bool has[LABELS];
	unsigned phone_alarms, pbx_alarms, new_labels;
};

static inline unsigned place(const struct world *w)
{
	return w->by_label ? w->label : 0;
}

static inline int phone_get(const struct zrtp_cache_key *key, struct zrtp_retained *out, void *arg)
{
	const struct world *w = arg;

	(void)key;
	*out = w->kept[place(w)];
	return w->has[place(w)] ? 0 : -1;
}

static inline void phone_put(const struct zrtp_cache_key *key, const struct zrtp_retained *in, void *arg)
{
	struct world *w = arg;

	(void)key;
	if (!w->phone_misses) {
		w->kept[place(w)] = *in;
		w->has[place(w)] = true;
	}
}

static inline const char *name_of(const struct world *w)
{
	return w->blind ? ZRTP_STORE_LABEL_UNKNOWN : labels[w->label];
}

static inline int pbx_get(const struct zrtp_cache_key *key, struct zrtp_retained *out, void *arg)
{
	struct world *w = arg;
	struct zrtp_cache cache = zrtp_store_cache(&w->link);

	assert_string_equal(key->label, name_of(w));
	return cache.get(key, out, cache.arg);
}

static inline void pbx_put(const struct zrtp_cache_key *key, const struct zrtp_retained *in, void *arg)
{
	struct world *w = arg;
	struct zrtp_cache cache = zrtp_store_cache(&w->link);

	if (!w->pbx_misses) {
		cache.put(key, in, cache.arg);
	}
}

static inline int64_t ticks(void *arg)
{
	return ((struct world *)arg)->clock;
}

static inline void failed(const struct zrtp_store_error *error, void *arg)
{
	(void)arg;
	fail_msg("%s", error->text);
}

static inline struct world *world_new(bool by_label)
{
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	w->by_label = by_label;
	w->clock = 1000;
	stores_prepare(&w->t, STORE_MEMORY);
	assert_int_equal(stores_open(&w->t), ZRTP_STORE_OK);
	w->link = (struct zrtp_store_link){ w->t.store, ticks, failed, w };
	pair_config_init(&w->config);
	w->config.policy[PBX].resync = true;
	w->config.policy[PBX].mitm = true;
	w->pair = pair_new(&w->config);
	w->pair->side[PHONE].context->cache = (struct zrtp_cache){ phone_get, phone_put, w };
	w->pair->side[PBX].context->cache = (struct zrtp_cache){ pbx_get, pbx_put, w };
	return w;
}

static inline void world_free(struct world *w)
{
	pair_free(w->pair);
	stores_end(&w->t);
	free(w);
}

static inline bool told(const struct world *w, unsigned side, enum zrtp_event event)
{
	return w->pair->side[side].log[0].events & 1U << event;
}

static inline void prepare(struct world *w, unsigned label)
{
	w->label = label;
	w->clock += 60;
	pair_new_call(w->pair, &w->config);
	assert_int_equal(zrtp_session_set_cache_label(w->pair->side[PBX].session, name_of(w)), ZRTP_OK);
}

static inline void run(struct world *w)
{
	pair_add_stream(w->pair, 0);
	pair_start(w->pair, 0);
	assert_true(pair_run_until_secure(w->pair, 0, w->pair->now + 30000000));
	pair_run(w->pair, w->pair->now + 1000000);
	pair_assert_secure(w->pair, 0);
	w->phone_alarms += told(w, PHONE, ZRTP_EVENT_CACHE_MISMATCH);
	w->pbx_alarms += told(w, PBX, ZRTP_EVENT_CACHE_MISMATCH);
	w->new_labels += told(w, PBX, ZRTP_EVENT_NEW_LABEL);
}

static inline void call(struct world *w, unsigned label)
{
	prepare(w, label);
	run(w);
}

static inline bool matched(const struct world *w)
{
	return pair_session_info(w->pair, PBX).rs_matched;
}

#endif
