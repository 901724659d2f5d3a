/* SPDX-License-Identifier: GPL-2.0-only */
#include "asterisk.h"

#include "asterisk/logger.h"

#include "common/clock.h"
#include "decide/net_address.h"
#include "decide/peer_address.h"
#include "decide/rtcp_choice.h"
#include "decide/rtp_source.h"
#include "decide/wire.h"
#include "base/rtp_conf.h"
#include "packet/media.h"
#include "passthrough/through_source.h"

/*! \brief The phone is where it was, or where was it? \pre media is locked */
static enum source_news source_news(struct media *media, const struct net_address *before, enum peer_kind kind, int admitted)
{
	if (!net_address_is_set(before)) {
		return SOURCE_NO_NEWS;
	}
	if (!net_address_equal(before, &media_peer(media)->latched)) {
		media_pass(media)->elsewhere_told = 0;
		return SOURCE_MOVED;
	}
	if (admitted || kind != PEER_RTP || media_pass(media)->elsewhere_told || rtp_conf_follows()
		|| peer_is_learning(media_peer(media), clock_now())
		|| rtp_source_is_here(&media_peer(media)->rtp, clock_now(), RTP_SOURCE_GONE_USEC)) {
		return SOURCE_NO_NEWS;
	}
	media_pass(media)->elsewhere_told = 1;

	return SOURCE_REFUSED;
}

int through_admits(struct media *media, enum peer_kind kind, const uint8_t *octets, const struct net_address *source,
	enum source_news *news)
{
	struct peer_through through = { .keyed = media_pass(media)->keyed, .follow = rtp_conf_follows() };
	struct net_address before = media_peer(media)->latched;
	struct rtp_mark mark = { 0 };
	int res;

	if (kind == PEER_RTP) {
		wire_mark(&mark, octets);
	}
	res = peer_admits(media_peer(media), kind, source, &mark, through, clock_now());
	*news = source_news(media, &before, kind, res);

	return res;
}

int through_admits_rtcp(struct media *media, const struct net_address *source)
{
	return rtcp_admits(&media_pass(media)->rtcp, peer_media_from(media_peer(media)), source, clock_now());
}

void through_tell(struct media *media, enum source_news news, const struct net_address *source)
{
	char text[MEDIA_ADDRESS_TEXT];

	if (news == SOURCE_MOVED) {
		ast_log(LOG_NOTICE, "%s: passed through, the phone's media comes from another address now: %s\n", media_name(media),
			media_address_text(text, sizeof(text), source));
	} else if (news == SOURCE_REFUSED) {
		ast_log(LOG_WARNING, "%s: passed through and silent, RTP from %s is refused. If its NAT gave it another "
			"address: a re-INVITE corrects that, or strictrtp = no in rtp.conf\n", media_name(media), media_address_text(text, sizeof(text), source));
	}
}

void through_rtcp_at(const struct media *media, struct net_address *to)
{
	*to = *peer_media_at(media_peer(media));
	/* A phone whose media comes from elsewhere than it goes to wants RTCP beside the latter. */
	if (net_address_same_host(&media_pass(media)->rtcp.at, to) && net_address_equal(to, peer_media_from(media_peer(media)))) {
		*to = media_pass(media)->rtcp.at;
	} else {
		to->port++;
	}
}
