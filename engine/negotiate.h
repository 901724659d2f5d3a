/* SPDX-License-Identifier: BSD-2-Clause */
/* Which algorithms: RFC 6189 section 4.1.2. */
#ifndef ZRTP_NEGOTIATE_H
#define ZRTP_NEGOTIATE_H

#include "algorithms/algorithms.h"
#include "message.h"

struct zrtp_choice {
	const struct zrtp_hash *hash;
	const struct zrtp_cipher *cipher;
	const struct zrtp_tag *tag;
	const struct zrtp_kex *kex;
	const struct zrtp_sas *sas;
};

/* The initiator's choice from its policy and the peer's Hello: of each class
 * what both list, and only where there is no such one what every endpoint has to
 * support without listing it (5.1), preferably as the peer lists it. 0; with
 * policy.only_listed the error code of Table 8 for a class that has nothing in
 * common, *out then unchanged. */
uint32_t zrtp_choose(struct zrtp_choice *out, const struct zrtp_policy *policy,
		     const struct zrtp_hello *peer);

/* The same rows with the context's constants in them. */
void zrtp_choice_adopt(struct zrtp_choice *choice, const struct zrtp_constants *constants);

/* Is what a Commit asks for among what we offered? 0, or the error code of
 * Table 8 to answer with. */
uint32_t zrtp_accept(struct zrtp_choice *out, const struct zrtp_policy *policy,
		     const struct zrtp_commit *commit);

#endif
