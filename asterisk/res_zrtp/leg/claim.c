/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Another ZRTP peer than that of a secure stream, or the same one begun again, asks for its place.
 */

#include "asterisk.h"

#include "asterisk/astobj2.h"
#include "asterisk/channel.h"
#include "asterisk/logger.h"
#include "asterisk/netsock2.h"
#include "asterisk/pbx.h"
#include "asterisk/strings.h"

#include <zrtp/zrtp.h>

#include "common/clock.h"
#include "decide/peer_address.h"
#include "decide/settings.h"
#include "packet/media.h"
#include "leg/claim.h"
#include "leg/leg_state.h"
#include "leg/leg_stream.h"
#include "leg/successor.h"

/*! Any host can ask for one in the name of the signalled host: so many for a description of the media, */
#define TRIES_MAX 8
/*! and so far apart. */
#define TRY_USEC 1000000

static enum peer_hash hash_of(struct media *media)
{
	char hash[ZRTP_HELLO_HASH_TEXT_SIZE];

	ao2_lock(media);
	ast_copy_string(hash, media_signalling(media)->peer_hash, sizeof(hash));
	ao2_unlock(media);
	if (ast_strlen_zero(hash)) {
		return PEER_HASH_NONE;
	}
	if (zrtp_hello_hash_matches(leg_stream(media)->datagram, leg_stream(media)->datagram_len, hash)) {
		return PEER_HASH_MATCHES;
	}

	return media_settings(media)->policy.tolerate_mismatch ? PEER_HASH_NONE : PEER_HASH_DIFFERS;
}

static int has_our_peers_zid(struct media *media)
{
	struct zrtp_session_info info;
	uint8_t zid[ZRTP_ZID_SIZE];

	zrtp_session_get_info(zrtp_stream_session(leg_stream(media)->stream), &info);

	return info.has_peer_zid && zrtp_hello_zid(leg_stream(media)->datagram, leg_stream(media)->datagram_len, zid)
		&& !memcmp(zid, info.peer_zid, sizeof(zid));
}

/*!
 * \brief chan_sip does not report where a message came from; it can be asked for
 * the last one. Once for each description.
 */
static void ask_for_signaller(struct media *media)
{
	struct ast_channel *chan = media_channel(media);
	char host[INET6_ADDRSTRLEN + 2] = "";
	struct ast_sockaddr address;

	if (chan && !strcmp(ast_channel_tech(chan)->type, "SIP")
		&& !ast_func_read(chan, "CHANNEL(recvip)", host, sizeof(host))
		&& ast_sockaddr_parse(&address, host, PARSE_PORT_IGNORE)) {
		ao2_lock(media);
		media_address(&media_peer(media)->signaller, &address);
		ao2_unlock(media);
	}
	ast_channel_cleanup(chan);
}

enum peer_claim claim_of(struct media *media)
{
	enum peer_hash hash = hash_of(media);
	int same_zid = has_our_peers_zid(media);
	enum peer_claim claim;

	ao2_lock(media);
	claim = peer_claims(media_peer(media), hash, same_zid, &leg_stream(media)->source, clock_now());
	ao2_unlock(media);

	return claim;
}

/*! \brief Not too many, and not too fast. */
static int may_try(struct media *media)
{
	struct successor *next = leg_next(leg_of(media));
	uint64_t renewed_at;

	ao2_lock(media);
	renewed_at = media_peer(media)->renewed_at;
	ao2_unlock(media);
	if (next->tried_at < renewed_at) {
		next->tried = 0;
		next->tried_at = renewed_at;
		ask_for_signaller(media);
		return 1;
	}

	return next->tried < TRIES_MAX && clock_now() - next->tried_at >= TRY_USEC;
}

/*! \brief Any host can send one, so that one line has to do. */
static int was_told(struct media *media)
{
	int told;

	ao2_lock(media);
	told = media_life(media)->stranger_told;
	media_life(media)->stranger_told = 1;
	ao2_unlock(media);

	return told;
}

void claim_knock(struct media *media)
{
	struct successor *next = leg_next(leg_of(media));
	enum peer_claim claim = PEER_CLAIM_NONE;

	if (!next->session && may_try(media)) {
		claim = claim_of(media);
	}
	if (claim != PEER_CLAIM_NONE) {
		leg_restart(media, claim);
	} else if (!next->session && !was_told(media)) {
		ast_log(LOG_WARNING, "%s: ZRTP Hello of another peer ignored, the call keeps its secure stream\n", media_name(media));
	}
}
