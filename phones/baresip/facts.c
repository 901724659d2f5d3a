/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file phones/baresip/facts.c  All that is to be shown of a call, collected
 */
#include "zrtp.h"


static void call_facts(struct facts *facts, const struct call *call)
{
	if (!call)
		return;

	str_ncpy(facts->peer, call_peeruri(call), sizeof(facts->peer));
	zrtp_store_printable(facts->peer);
	facts->line = call_linenum(call);
	facts->trusted_signalling = signalling_is_protected(call_id(call));
}


void session_name(const struct menc_sess *sess, struct facts *facts)
{
	struct zrtp_store_peer peer;

	if (facts->info.has_peer_zid &&
	    !secrets_find(sess->ep->secrets, facts->info.peer_zid, &peer))
		str_ncpy(facts->name, peer.name, sizeof(facts->name));
}


static void audio_facts(struct facts *facts, const struct menc_media *media)
{
	struct zrtp_stream_info info;

	zrtp_stream_get_info(media->zrtp, &info);
	facts->state = info.state;
	facts->failed = media->failed;
	facts->hash_missing = info.hello_hash == ZRTP_HASH_NONE;
	zrtp_suite_text(info.algorithm[ZRTP_CLASS_CIPHER],
			info.algorithm[ZRTP_CLASS_TAG], facts->suite);
	facts->kex = zrtp_algorithm_name(ZRTP_CLASS_KEX,
					 info.algorithm[ZRTP_CLASS_KEX]);
}


void session_facts(const struct menc_sess *sess, struct facts *facts)
{
	struct le *le;

	memset(facts, 0, sizeof(*facts));
	facts->told = &sess->told;
	zrtp_session_get_info(sess->zrtp, &facts->info);
	zrtp_store_printable(facts->info.peer_client_id);
	call_facts(facts, session_call(sess));
	for (le = list_head(&sess->medial); le; le = le->next) {
		const struct menc_media *media = le->data;
		enum passage passage = media->fence->gate.passage[ZRTP_SEND];

		if (media_is_audio(media))
			audio_facts(facts, media);
		facts->media_clear |= media->started && passage == GATE_CLEAR;
		facts->gone_clear |= media->gone_clear;
	}
	facts->enrolling = sess->asked && !sess->answered;
}
