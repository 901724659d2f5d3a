/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief a=zrtp-hash (RFC 6189, 8): what the signalling is told of ours, and words for what is known of the peer's.
 */

#include "asterisk.h"

#include "asterisk/astobj2.h"
#include "asterisk/channel.h"
#include "asterisk/rtp_engine.h"
#include "asterisk/strings.h"

#include <zrtp/zrtp.h>

#include "common/signalling.h"
#include "packet/media.h"
#include "packet/pass_state.h"
#include "leg/hello_hash_told.h"
#include "leg/leg_stream.h"

struct zrtp_signalling_listener *hello_hash_listener(struct media *media)
{
	struct zrtp_signalling_listener *listener;

	ao2_lock(media);
	listener = ao2_bump(media_signalling(media)->listener);
	ao2_unlock(media);

	return listener;
}

void hello_hash_activated(struct media *media, struct ast_rtp_instance *instance)
{
	struct zrtp_signalling_listener *listener = hello_hash_listener(media);

	if (listener) {
		listener->activated(listener, instance);
		ao2_ref(listener, -1);
	}
}

void hello_hash_made(struct media *media)
{
	char hash[ZRTP_HELLO_HASH_TEXT_SIZE];

	zrtp_stream_hello_hash(leg_stream(media)->stream, hash);
	leg_stream(media)->hash_due = 0;
	ao2_lock(media);
	ast_copy_string(media_signalling(media)->own_hash, hash, sizeof(media_signalling(media)->own_hash));
	ao2_unlock(media);
}

int hello_hash_renewed(struct media *media)
{
	struct zrtp_signalling_listener *listener;
	struct media_signalling *signalling;
	char channel_id[AST_MAX_UNIQUEID];
	int told;

	ao2_lock(media);
	signalling = media_signalling(media);
	told = !ast_strlen_zero(signalling->told_hash)
		&& (pass_role(media_pass(media)) != ROLE_END || strcasecmp(signalling->told_hash, signalling->own_hash));
	ast_copy_string(channel_id, media_life(media)->channel_id, sizeof(channel_id));
	ao2_unlock(media);
	listener = told ? hello_hash_listener(media) : NULL;
	if (!listener) {
		return 0;
	}
	listener->renewed(listener, channel_id);
	ao2_ref(listener, -1);

	return 1;
}

const char *hello_hash_peer_text(const struct media_report *report)
{
	if (!report->info.found_at) {
		return report->signalled ? "signalled" : "none";
	}

	return report->signalled ? "both" : "hello";
}
