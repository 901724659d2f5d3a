/* SPDX-License-Identifier: BSD-2-Clause */
/* Lists of algorithms from text. */
#include "internal.h"

static void set_default(struct zrtp_policy *policy, enum zrtp_class which, const char *text)
{
	if (zrtp_policy_set(policy, which, text, NULL)) {
		memset(&policy->algorithms[which], 0,
		       sizeof(policy->algorithms[which])); /* the mandatory ones remain */
	}
}

void zrtp_policy_init(struct zrtp_policy *policy)
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

static bool is_separator(char c)
{
	return c == ',' || c == ' ' || c == '\t';
}

/* Append the name of len characters, padded with blanks to four. */
static bool add(struct zrtp_algorithm_list *list, enum zrtp_class which, const char *name, size_t len)
{
	/* A Hello has room for seven; Mult takes one among the key agreements. */
	unsigned most = which == ZRTP_CLASS_KEX ? ZRTP_ALGORITHMS_MAX - 1 : ZRTP_ALGORITHMS_MAX;
	char padded[5] = "    ";

	if (!len || len > 4 || list->count >= most) {
		return false;
	}
	memcpy(padded, name, len);
	for (unsigned i = 0; i < list->count; i++) {
		if (!memcmp(list->name[i], padded, 4)) {
			return false;
		}
	}
	if (!zrtp_algorithm_known(which, padded)) {
		return false;
	}
	memcpy(list->name[list->count++], padded, sizeof(padded));
	return true;
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
		const char *name = at;

		while (*at && !is_separator(*at)) {
			at++;
		}
		if (at != name && !add(&list, which, name, (size_t)(at - name))) {
			if (bad) {
				*bad = name;
			}
			return ZRTP_INVALID;
		}
		while (is_separator(*at)) {
			at++;
		}
	}
	policy->algorithms[which] = list;
	return ZRTP_OK;
}

bool zrtp_policy_remove(struct zrtp_policy *policy, enum zrtp_class which, const char *name)
{
	struct zrtp_algorithm_list *list = &policy->algorithms[which];
	char padded[5] = "    ";
	unsigned kept = 0, count = list->count;

	memcpy(padded, name, strnlen(name, 4));
	for (unsigned i = 0; i < count; i++) {
		if (memcmp(list->name[i], padded, 4)) {
			memmove(list->name[kept++], list->name[i], sizeof(list->name[i]));
		}
	}
	list->count = kept;
	return kept != count;
}
