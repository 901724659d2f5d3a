/* SPDX-License-Identifier: BSD-2-Clause */
/* Lists of algorithms from text. */
#include "internal.h"

#include "policy.h"
#include "sized.h"

static void set_default(struct zrtp_policy *policy, enum zrtp_class which, const char *text)
{
	if (zrtp_policy_set(policy, which, text, NULL)) {
		memset(&policy->algorithms[which], 0,
		       sizeof(policy->algorithms[which])); /* the mandatory ones remain */
	}
}

static void init(struct zrtp_policy *policy)
{
	memset(policy, 0, sizeof(*policy));
	policy->cache_expiry = UINT32_MAX;
	policy->preshared_limit = 20;
	set_default(policy, ZRTP_CLASS_HASH, "S256,S384");
	set_default(policy, ZRTP_CLASS_CIPHER, "AES3,AES1");
	set_default(policy, ZRTP_CLASS_TAG, "HS80,HS32");
	set_default(policy, ZRTP_CLASS_KEX, "X255,EC25,DH3k");
	set_default(policy, ZRTP_CLASS_SAS, "B32,B256");
}

void zrtp_policy_init_sized(struct zrtp_policy *policy, size_t size)
{
	struct zrtp_policy own;

	init(&own);
	zrtp_sized_give(policy, size, &own, sizeof(own));
}

void zrtp_policy_init_best_sized(struct zrtp_policy *policy, size_t size, bool gcm)
{
	struct zrtp_policy own;

	init(&own);
	set_default(&own, ZRTP_CLASS_HASH, "S256,S384,S512");
	set_default(&own, ZRTP_CLASS_TAG, "GCM,HS80,HS32");
	set_default(&own, ZRTP_CLASS_KEX, "X1M1,X255,EC25,DH3k");
	(void)zrtp_policy_fit(&own, gcm, NULL, NULL);
	zrtp_sized_give(policy, size, &own, sizeof(own));
}

static bool is_separator(char c)
{
	return c == ',' || c == ' ' || c == '\t';
}

/* Append what is called so in len characters. */
static bool add(struct zrtp_algorithm_list *list, enum zrtp_class which, const char *name, size_t len)
{
	/* A Hello has room for seven; Mult takes one among the key agreements. */
	unsigned most = which == ZRTP_CLASS_KEX ? ZRTP_ALGORITHMS_MAX - 1 : ZRTP_ALGORITHMS_MAX;
	const char *code = zrtp_algorithm_code(which, name, len);

	if (!code || list->count >= most || !zrtp_algorithm_known(which, code)) {
		return false;
	}
	for (unsigned i = 0; i < list->count; i++) {
		if (!memcmp(list->name[i], code, 4)) {
			return false;
		}
	}
	memcpy(list->name[list->count++], code, sizeof(list->name[0]));
	return true;
}

/* A name ends at a separator, but blanks around a "+" are part of it: "X25519 + ML-KEM-512". */
static size_t name_length(const char *at)
{
	size_t len = 0, next;

	for (;;) {
		while (at[len] && !is_separator(at[len])) {
			len++;
		}
		next = len + strspn(at + len, " \t");
		if (next == len || (at[next] != '+' && (!len || at[len - 1] != '+'))) {
			return len;
		}
		len = next;
	}
}

enum zrtp_status zrtp_policy_set(struct zrtp_policy *policy, enum zrtp_class which, const char *text,
				 const char **bad)
{
	struct zrtp_algorithm_list list = { .count = 0 };
	const char *at = text;

	if ((unsigned)which >= ZRTP_CLASS_COUNT) {
		return ZRTP_INVALID;
	}
	while (*at) {
		size_t len = name_length(at);

		if (len && !add(&list, which, at, len)) {
			if (bad) {
				*bad = at;
			}
			return ZRTP_INVALID;
		}
		at += len;
		while (is_separator(*at)) {
			at++;
		}
	}
	policy->algorithms[which] = list;
	return ZRTP_OK;
}

bool zrtp_policy_counts(const struct zrtp_policy *policy)
{
	bool fit = true;

	for (unsigned c = 0; c < ZRTP_CLASS_COUNT; c++) {
		fit &= policy->algorithms[c].count <= ZRTP_ALGORITHMS_MAX;
	}
	return fit;
}

bool zrtp_policy_remove(struct zrtp_policy *policy, enum zrtp_class which, const char *name)
{
	struct zrtp_algorithm_list *list;
	unsigned kept = 0, count;
	char padded[5];

	if ((unsigned)which >= ZRTP_CLASS_COUNT || policy->algorithms[which].count > ZRTP_ALGORITHMS_MAX) {
		return false;
	}
	list = &policy->algorithms[which];
	count = list->count;
	zrtp_name_pad(padded, name);
	for (unsigned i = 0; i < count; i++) {
		if (memcmp(list->name[i], padded, 4)) {
			memmove(list->name[kept++], list->name[i], sizeof(list->name[i]));
		}
	}
	list->count = kept;
	return kept != count;
}

/* What not every libcrypto and libsrtp2 has. */
static const struct {
	enum zrtp_class which;
	const char *name;
	const char *lacks;
} optional[] = {
	{ ZRTP_CLASS_TAG, "GCM", "AES-GCM" },
	{ ZRTP_CLASS_KEX, "X1M1", "ML-KEM, which OpenSSL has since 3.5" },
	{ ZRTP_CLASS_KEX, "X3M3", "ML-KEM, which OpenSSL has since 3.5" },
};

enum zrtp_status zrtp_policy_fit(struct zrtp_policy *policy, bool gcm,
				 void (*each)(const struct zrtp_missing *missing, void *arg), void *arg)
{
	enum zrtp_status status = ZRTP_OK;

	if (!zrtp_policy_counts(policy)) {
		return ZRTP_INVALID;
	}
	for (unsigned i = 0; i < sizeof(optional) / sizeof(*optional); i++) {
		enum zrtp_class which = optional[i].which;
		struct zrtp_algorithm_list *list = &policy->algorithms[which];
		struct zrtp_algorithm_list before = *list;
		bool of_srtp = which == ZRTP_CLASS_TAG;
		struct zrtp_missing missing = { .which = which,
						.name = optional[i].name,
						.lacks = optional[i].lacks,
						.index = i,
						.of_srtp = of_srtp };

		if ((of_srtp ? gcm : zrtp_algorithm_available(which, optional[i].name)) ||
		    !zrtp_policy_remove(policy, which, optional[i].name)) {
			continue;
		}
		missing.last = !list->count;
		if (missing.last) { /* an empty one would be one of the mandatory ones */
			*list = before;
			status = ZRTP_INVALID;
		}
		if (each) {
			each(&missing, arg);
		}
	}
	return status;
}

bool zrtp_policy_has_post_quantum(const struct zrtp_policy *policy)
{
	const struct zrtp_algorithm_list *list = &policy->algorithms[ZRTP_CLASS_KEX];

	for (unsigned i = 0; i < list->count && list->count <= ZRTP_ALGORITHMS_MAX; i++) {
		if (zrtp_algorithm_post_quantum(list->name[i])) {
			return true;
		}
	}
	return false;
}

void zrtp_policy_keep_post_quantum(struct zrtp_policy *policy)
{
	struct zrtp_algorithm_list before = policy->algorithms[ZRTP_CLASS_KEX];

	for (unsigned i = 0; i < before.count; i++) {
		if (!zrtp_algorithm_post_quantum(before.name[i])) {
			(void)zrtp_policy_remove(policy, ZRTP_CLASS_KEX, before.name[i]);
		}
	}
	policy->preshared = false;
}
