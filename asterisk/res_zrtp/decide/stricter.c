/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Is one policy at least as strict as another one in all that it says?
 */

#include <string.h>

#include <zrtp/zrtp.h>

#include "decide/conf_key.h"
#include "decide/policy_keys.h"
#include "decide/settings.h"
#include "decide/stricter.h"

/*! \brief Of values by their strictness, the laxest first. */
#define AS_STRICT(member, endpoint, wanted) ((wanted)->member >= (endpoint)->member)
#define AS_LAX(member, endpoint, wanted) ((wanted)->member <= (endpoint)->member)

static int lists_only(const struct settings *endpoint, const struct settings *wanted, const struct conf_key *key)
{
	const struct zrtp_algorithm_list *all = &endpoint->policy.algorithms[key->which];
	const struct zrtp_algorithm_list *some = &wanted->policy.algorithms[key->which];
	unsigned int i, j;

	for (i = 0; i < some->count; i++) {
		for (j = 0; j < all->count && memcmp(some->name[i], all->name[j], sizeof(all->name[j])); j++) {
		}
		if (j == all->count) {
			return 0;
		}
	}

	return 1;
}

/*! \brief What it prints is the same. */
static int is_same(const struct settings *endpoint, const struct settings *wanted, const struct conf_key *key)
{
	char one[CONF_ALLOWED_SIZE], other[CONF_ALLOWED_SIZE];

	key->print(endpoint, key, one, sizeof(one));
	key->print(wanted, key, other, sizeof(other));

	return !strcmp(one, other);
}

/*! \brief The same command, or none. */
static int has_no_other_code(const struct settings *endpoint, const struct settings *wanted, const struct conf_key *key)
{
	return !wanted->keypad[key->which][0] || is_same(endpoint, wanted, key);
}

/*! \brief How much DTMF by SIP INFO may do. */
static int info_rank(const struct settings *settings)
{
	return settings->keypad_info == KEYPAD_INFO_NO ? 0 : settings->keypad_info == KEYPAD_INFO_TLS ? 1 : 2;
}

static int is_free(const struct settings *endpoint, const struct settings *wanted, const struct conf_key *key)
{
	(void) endpoint;
	(void) wanted;
	(void) key;

	return 1;
}

#define RULE(rule_name, condition) \
	static int rule_name(const struct settings *endpoint, const struct settings *wanted, const struct conf_key *key) \
	{ \
		(void) key; \
		return condition; \
	}

RULE(as_only_listed, AS_STRICT(policy.only_listed, endpoint, wanted))
/* What it requires, by whichever key. */
RULE(as_require, AS_STRICT(require, endpoint, wanted))
RULE(as_post_quantum, AS_STRICT(policy.post_quantum, endpoint, wanted))
RULE(as_require_partner, AS_STRICT(require_partner, endpoint, wanted))
RULE(as_on_stripped, AS_LAX(stripped_clear, endpoint, wanted))
RULE(as_on_error, AS_LAX(clear_on_error, endpoint, wanted))
RULE(as_on_no_passthrough, wanted->no_passthrough == endpoint->no_passthrough || wanted->no_passthrough == NO_PASSTHROUGH_HANGUP)
/* Some phones have no ZRTP with a PBX that waits. */
RULE(as_initiate, AS_LAX(policy.passive, endpoint, wanted))
RULE(as_sas_relay, AS_LAX(policy.mitm, endpoint, wanted))
/* Who records by rule notifies. */
RULE(as_disclose, AS_STRICT(policy.disclose, endpoint, wanted))
RULE(as_allow_clear, AS_LAX(allow_clear, endpoint, wanted))
RULE(as_keypad_info, info_rank(wanted) <= info_rank(endpoint))
RULE(as_hash_mismatch, AS_LAX(policy.tolerate_mismatch, endpoint, wanted))

/*! One for each key. */
static const struct {
	const char *key;
	int (*fits)(const struct settings *endpoint, const struct settings *wanted, const struct conf_key *key);
} rules[] = {
	{ "mode", is_same },
	{ "early", is_same },
	{ "replaces", is_same },
	{ "require", as_require },
	{ "post_quantum", as_post_quantum },
	{ "require_partner", as_require_partner },
	{ "on_stripped", as_on_stripped },
	{ "on_error", as_on_error },
	{ "on_no_passthrough", as_on_no_passthrough },
	/* No media passes in either case. */
	{ "on_refused", is_free },
	{ "hash_mismatch", as_hash_mismatch },
	{ "allow_clear", as_allow_clear },
	{ "initiate", as_initiate },
	{ "only_listed", as_only_listed },
	{ "hash", lists_only },
	{ "cipher", lists_only },
	{ "auth_tag", lists_only },
	{ "key_agreement", lists_only },
	{ "sas", is_free },
	/* What people hear and see of it. */
	{ "play_secure", is_free },
	{ "play_clear", is_free },
	{ "play_change", is_free },
	{ "display_sas", is_free },
	{ "sas_relay", as_sas_relay },
	{ "disclose", as_disclose },
	{ "keypad_sas", has_no_other_code },
	{ "keypad_verify", has_no_other_code },
	{ "keypad_unverify", has_no_other_code },
	{ "keypad_clear", has_no_other_code },
	{ "keypad_secure", has_no_other_code },
	{ "keypad_info", as_keypad_info },
	{ "label_header", is_same },
	{ "cache_expiry", is_same },
};

const char *stricter_fault(const struct settings *endpoint, const struct settings *wanted)
{
	size_t i, j;

	for (i = 0; i < policy_keys.count; i++) {
		const struct conf_key *key = &policy_keys.key[i];

		for (j = 0; j < sizeof(rules) / sizeof(rules[0]) && strcmp(rules[j].key, key->name); j++) {
		}
		/* Of a key without a rule nothing is known. */
		if (j == sizeof(rules) / sizeof(rules[0]) ? !is_same(endpoint, wanted, key) : !rules[j].fits(endpoint, wanted, key)) {
			return key->name;
		}
	}

	return NULL;
}
