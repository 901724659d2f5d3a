/* SPDX-License-Identifier: BSD-2-Clause */
/* Two engines that agree with X1M1 and X3M3. */
#ifndef KEMS_H
#define KEMS_H

#include "needs_mlkem.h"
#include "pair.h"
#include "internal.h"

enum { ALICE, BOB, SECOND = 1000000, HEADER = 12, CRC = 4, COMMIT_PK = 108, DHPART_PV = 76 };

static const char *const kems[] = { "X1M1", "X3M3" };

static inline void list(struct zrtp_policy *policy, enum zrtp_class which, const char *names)
{
	assert_int_equal(zrtp_policy_set(policy, which, names, NULL), ZRTP_OK);
}

static inline struct pair_config with(const char *kex, unsigned mtu)
{
	struct pair_config config;

	pair_config_init(&config);
	for (unsigned i = 0; i < 2; i++) {
		list(&config.policy[i], ZRTP_CLASS_KEX, kex);
		list(&config.policy[i], ZRTP_CLASS_HASH, "S256,S384,S512");
		config.policy[i].mtu = mtu;
	}
	return config;
}

#endif
