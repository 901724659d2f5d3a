/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief a=zrtp-hash (RFC 6189, 8): ours for the signalling, the peer's from it.
 *
 * The signalling asks for our hash before there is an answer, so its question
 * makes the stream and the Hello; they start when media does. What it says of
 * the peer is in place before that.
 */

#include "asterisk.h"

#include "asterisk/astobj2.h"
#include "asterisk/channel.h"
#include "asterisk/logger.h"
#include "asterisk/netsock2.h"
#include "asterisk/rtp_engine.h"
#include "asterisk/strings.h"
#include "asterisk/utils.h"

#include <zrtp/zrtp.h>

#include "common/clock.h"
#include "common/signalling.h"
#include "decide/peer_address.h"
#include "decide/settings.h"
#include "packet/media.h"
#include "packet/pass_state.h"
#include "leg/branch.h"
#include "leg/callbacks.h"
#include "leg/closed.h"
#include "leg/hello_hash.h"
#include "leg/leg_state.h"
#include "leg/leg_stream.h"
#include "leg/refuse.h"
#include "leg/successor.h"

/*! How long the Hello that was signalled may still come after another one did. */
#define PATIENCE_USEC 3000000

void hello_hash_apply(struct media *media)
{
	char hash[ZRTP_HELLO_HASH_TEXT_SIZE];
	enum zrtp_status status;
	int other, other_hash;

	ao2_lock(media);
	ast_copy_string(hash, media_signalling(media)->peer_hash, sizeof(hash));
	other = media_signalling(media)->other_party;
	other_hash = media_signalling(media)->other_hash;
	media_signalling(media)->other_party = media_signalling(media)->other_hash = 0;
	ao2_unlock(media);

	if (other && branch_answers(media, other_hash)) {
		return;
	}

	/* What one party has announced says nothing of another one. */
	if (other) {
		leg_stream(media)->hash_due = 0;
		if (ast_strlen_zero(hash)) {
			zrtp_stream_forget_peer_hello_hash(leg_stream(media)->stream);
		}
	}
	/* A description without one does not take back the one before. */
	if (ast_strlen_zero(hash)) {
		return;
	}
	status = other ? zrtp_stream_set_other_peer_hello_hash(leg_stream(media)->stream, hash)
		: zrtp_stream_set_peer_hello_hash(leg_stream(media)->stream, hash);
	if (status != ZRTP_WRONG_STATE) {
		successor_recall(media);
	} else if (!successor_expects(media, hash)) {
		ast_log(LOG_NOTICE, "%s: the signalling names another ZRTP peer, ZRTP begins again with it\n",
			media_name(media));
		leg_restart(media, PEER_CLAIM_HASH);
	}
}

void hello_hash_mismatch(struct media *media)
{
	int tolerated = media_settings(media)->policy.tolerate_mismatch;

	ast_log(LOG_WARNING, "%s: the ZRTP Hello that came does not match the peer's a=zrtp-hash: %s\n",
		media_name(media), tolerated ? "it is accepted (hash_mismatch = warn), so compare the SAS" :
		"it is refused. Possible man in the middle, or a proxy that changes the SDP");
	if (!tolerated) {
		leg_stream(media)->hash_due = clock_now() + PATIENCE_USEC;
	}
}

void hello_hash_check(struct media *media)
{
	struct zrtp_stream_info info;

	if (!leg_stream(media)->hash_due || !leg_stream(media)->stream) {
		return;
	}
	zrtp_stream_get_info(leg_stream(media)->stream, &info);
	if (info.hello_hash == ZRTP_HASH_MATCHED || info.state == ZRTP_STATE_SECURE) {
		leg_stream(media)->hash_due = 0; /* it has come */
	} else if (clock_now() >= leg_stream(media)->hash_due) {
		leg_stream(media)->hash_due = 0;
		hello_hash_denied(media);
	}
}

int hello_hash_denied(struct media *media)
{
	static const struct zrtp_error_info mismatch = {
		.text = "the peer's Hello is not the one of its a=zrtp-hash",
	};
	struct zrtp_stream_info info;

	zrtp_stream_get_info(leg_stream(media)->stream, &info);
	if (info.hello_hash != ZRTP_HASH_MISMATCH || info.state == ZRTP_STATE_SECURE
		|| media_settings(media)->policy.tolerate_mismatch) {
		return 0;
	}
	if (leg_stream(media)->outcome != OUTCOME_FAILED) {
		callbacks_failed(media, &mismatch);
		if (media_settings(media)->require) {
			/* Not at once: a stranger's Hello must not end a call that rings, or
			 * that the phone's own has yet to come to. */
			closed_watch(media, REFUSAL_HASH);
		}
	}

	return 1;
}
