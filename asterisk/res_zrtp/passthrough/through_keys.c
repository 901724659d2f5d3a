/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Whether two phones that are passed through have keys with each other: what their ZRTP says as it goes by.
 */

#include "asterisk.h"

#include "asterisk/astobj2.h"
#include "asterisk/logger.h"

#include <zrtp/zrtp.h>

#include "common/clock.h"
#include "decide/overheard.h"
#include "decide/settings.h"
#include "decide/unjoined.h"
#include "packet/dialog.h"
#include "packet/media.h"
#include "packet/pass_state.h"
#include "leg/refuse.h"
#include "passthrough/mode_look.h"
#include "passthrough/through_keys.h"

int through_wants_post_quantum(const struct media *media, const struct media *partner)
{
	return media_settings(media)->policy.post_quantum || media_settings(partner)->policy.post_quantum;
}

static void mark(struct media *media, struct media *partner, int keyed)
{
	ao2_lock(media);
	media_pass(media)->committed_at = clock_now();
	if (keyed) {
		media_pass(media)->keyed = 1;
		media_pass(media)->unjoined = UNJOINED_UNDECIDED;
		media_pass(media)->keyed_with = media_number(partner);
		dialog_secured(media, DIALOG_PHONES);
	}
	ao2_unlock(media);
}

/*! \brief The a=zrtp-hash that the phone's Hello is held to, or NULL. \pre media is locked */
static const char *binding_hash(const struct media *media)
{
	int binds = !media_settings(media)->policy.tolerate_mismatch
		&& zrtp_hello_hash_check(media_signalling(media)->peer_hash) == ZRTP_OK;

	return binds ? media_signalling(media)->peer_hash : NULL;
}

/*! \brief What the phone has said of the exchange. \pre media is locked */
static unsigned int sum(const struct media *media)
{
	return overheard_sum(&media_pass(media)->heard, binding_hash(media));
}

const struct overheard_speaker *through_speaker(const struct media *media)
{
	return overheard_speaker(&media_pass(media)->heard, binding_hash(media));
}

static int is_bound(struct media *media)
{
	int res;

	ao2_lock(media);
	res = !!binding_hash(media);
	ao2_unlock(media);

	return res;
}

static unsigned int sum_of(struct media *media)
{
	unsigned int res;

	ao2_lock(media);
	res = sum(media);
	ao2_unlock(media);

	return res;
}

/*! \brief The phones have keys that a policy does not take: nothing passes, and whose policy it is ends its call. */
static void not_post_quantum(struct media *media)
{
	ao2_lock(media);
	media_pass(media)->unfit = 1;
	ao2_unlock(media);
	if (media_settings(media)->policy.post_quantum && !media_is_further(media)) {
		refuse_leg(media, NULL, REFUSAL_NOT_POST_QUANTUM);
	} else if (media_settings(media)->policy.post_quantum) {
		ast_log(LOG_NOTICE, "%s: a further stream is not carried: policy %s has post_quantum = require, and the phones "
			"have another key agreement for it\n", media_name(media), media_settings(media)->name);
	}
}

/*!
 * \brief Do the keys that the phones have by now contradict a policy?
 *
 * Those that they got first are looked at always. Later exchanges only where zrtp-hash says
 * whose they are: else any host could end a call by sending one.
 */
static int is_unfit(struct media *media, struct media *partner, unsigned int mine, unsigned int theirs, int known, int beside)
{
	return through_wants_post_quantum(media, partner) && (!known || (is_bound(media) && is_bound(partner)))
		&& !overheard_post_quantum(mine, theirs, beside);
}

void through_overhear(struct media *media, struct media *partner, const uint8_t *octets, size_t len)
{
	struct overheard_message message;
	unsigned int mine, theirs = sum_of(partner);
	int known, unfit, taken, beside;

	if (overheard_read(octets, len, &message)) {
		return;
	}
	ao2_lock(media);
	media_pass(media)->speaks_zrtp |= message.what == OVERHEARD_HELLO;
	taken = overheard_hear(&media_pass(media)->heard, &message, binding_hash(media), theirs, &mine);
	known = media_pass(media)->keyed;
	unfit = media_pass(media)->unfit;
	/* Multistream is as good as the exchange of another stream that was taken for keys. */
	beside = dialog_is_phones(media);
	ao2_unlock(media);

	if (taken && (message.what == OVERHEARD_COMMIT || message.what == OVERHEARD_COMMIT_SHORT)) {
		mark(media, partner, 0);
		mark(partner, media, 0);
	}
	if (!overheard_keyed(mine, theirs)) {
		return;
	}
	if (!unfit && is_unfit(media, partner, mine, theirs, known, beside)) {
		not_post_quantum(media);
		not_post_quantum(partner);
	}
	if (!known) {
		mark(media, partner, 1);
		mark(partner, media, 1);
		/* Not later, even if a look is due soon: a transfer may be next. */
		mode_look_now(media);
		mode_look_now(partner);
	}
}
