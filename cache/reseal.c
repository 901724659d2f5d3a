/* SPDX-License-Identifier: BSD-2-Clause */
/* All pairs of a peer sealed again: with another V, or with another key. */
#include "admin.h"

/* A word later than those of all calls so far. */
static void set_word(struct line *line, bool verified)
{
	line->verified = verified;
	line->word_generation = line->newest.generation;
	line->word_at = line->newest.at > line->word_at ? line->newest.at : line->word_at;
}

/* A yes is of whom the administrator knows by this ZID; a no is of all that it has. */
static void set_words(const struct peer *peer, struct pair *pair, bool verified)
{
	for (unsigned i = 0; i < LINES; i++) {
		struct line *line = &pair->lines.line[i];

		if (line->id &&
		    (verified ? i == 0 && peer_owns(peer, pair, line) : line->verified || i == 0)) {
			set_word(line, verified);
		}
	}
}

/* The flag is bound to the secrets: each pair is opened and sealed again. Its
 * revision, and with it the order of the pairs, stays. */
static enum zrtp_store_status reseal_pair(struct zrtp_store *store, const struct peer *peer,
					  const struct zrtp_store_pair_row *row, const bool *verified,
					  const struct zrtp_store *as, struct zrtp_store_error *error)
{
	struct zrtp_store_pair_row out = { .label = "" };
	struct pair pair;
	enum zrtp_store_status status = zrtp_store_open_pair(store, peer, row, &pair, error);

	if (!status) {
		if (verified) {
			set_words(peer, &pair, *verified);
			pair_settle(&pair);
		}
		status = zrtp_store_seal_pair(as, peer, &pair, &out, error);
	}
	if (!status) {
		status = store->backend->pair_save(store->be, peer->row.own_zid, peer->row.peer_zid, &out,
						   error);
	}
	OPENSSL_cleanse(&pair, sizeof(pair));
	OPENSSL_cleanse(&out, sizeof(out));
	return status;
}

enum zrtp_store_status zrtp_store_reseal_pairs(struct zrtp_store *store, const struct peer *peer,
					       const bool *verified, const struct zrtp_store *as,
					       size_t *count, struct zrtp_store_error *error)
{
	enum zrtp_store_status status = zrtp_store_all_pairs(store, &peer->row, count, error);

	for (size_t i = 0; !status && i < *count; i++) {
		status = reseal_pair(store, peer, &store->rows[i], verified, as, error);
	}
	return status;
}
