/* SPDX-License-Identifier: GPL-2.0-only */
#include "asterisk.h"

#include <sys/socket.h>

#include "asterisk/astobj2.h"
#include "asterisk/netsock2.h"
#include "asterisk/rtp_engine.h"

#include "decide/net_address.h"
#include "decide/stun_choice.h"
#include "packet/gate.h"
#include "packet/media.h"
#include "packet/media_object.h"
#include "packet/stats.h"
#include "packet/stun.h"

static const struct ast_rtp_engine_ice *stock_ice;
static struct ast_rtp_engine_ice ours;

int stun_refuse(struct media *media, int fd, int rtcp)
{
	uint8_t first;
	struct ast_sockaddr address;
	struct net_address source;
	int accepted;

	if (ast_recvfrom(fd, &first, sizeof(first), MSG_PEEK | MSG_DONTWAIT, &address) <= 0 || !stun_is(first)) {
		return 0;
	}
	media_address(&source, &address);
	ao2_lock(media);
	accepted = stun_accepts(&media_shared(media)->peer, &source, media_of_instance(media)->ice, rtcp);
	ao2_unlock(media);
	if (accepted) {
		return 0;
	}
	stats_count(STATS_STUN);

	return recv(fd, &first, sizeof(first), MSG_DONTWAIT) >= 0;
}

/*! \brief The peer's session description has what ICE needs. \pre instance is locked */
static void set_authentication(struct ast_rtp_instance *instance, const char *ufrag, const char *password)
{
	struct media *media = gate_media(instance);

	if (media) {
		media_of_instance(media)->ice = 1;
	}
	stock_ice->set_authentication(instance, ufrag, password);
}

/*! \brief No ICE on this stream. \pre instance is locked */
static void stop(struct ast_rtp_instance *instance)
{
	struct media *media = gate_media(instance);

	if (media) {
		media_of_instance(media)->ice = 0;
	}
	stock_ice->stop(instance);
}

struct ast_rtp_engine_ice *stun_ice(const struct ast_rtp_engine *stock)
{
	if (!stock->ice) {
		return NULL;
	}
	stock_ice = stock->ice;
	ours = *stock_ice;
	ours.set_authentication = set_authentication;
	ours.stop = stop;

	return &ours;
}
