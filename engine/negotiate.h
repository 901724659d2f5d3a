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
ZRTP_CHECK uint32_t zrtp_choose(struct zrtp_choice *out, const struct zrtp_policy *policy,
				const struct zrtp_hello *peer);

/* The same rows with the context's constants in them. */
void zrtp_choice_adopt(struct zrtp_choice *choice, const struct zrtp_constants *constants);

/* Is the hash of the choice, or are cipher and tag, what both sides offer? For a further stream,
 * which has those of the first one (4.4.3.1). */
bool zrtp_hash_offered(const struct zrtp_choice *choice, const struct zrtp_policy *policy,
		       const struct zrtp_hello *peer);
bool zrtp_suite_offered(const struct zrtp_choice *choice, const struct zrtp_policy *policy,
			const struct zrtp_hello *peer);

/* Is what a Commit asks for among what we offered, and what its sender did? 0, or the
 * error code of Table 8 to answer with. */
ZRTP_CHECK uint32_t zrtp_accept(struct zrtp_choice *out, const struct zrtp_policy *policy,
				const struct zrtp_hello *peer, const struct zrtp_commit *commit);

#endif
