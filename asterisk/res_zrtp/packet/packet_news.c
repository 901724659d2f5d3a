/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief What packets of a media object have to tell its leg.
 */

#include "asterisk.h"

#include "packet/media.h"
#include "packet/packet_news.h"

static const struct packet_listener *listens;

void packet_listen(const struct packet_listener *listener)
{
	__atomic_store_n(&listens, listener, __ATOMIC_RELEASE);
}

void packet_tell(struct media *media, enum packet_news news)
{
	const struct packet_listener *listener = __atomic_load_n(&listens, __ATOMIC_ACQUIRE);

	if (news != PACKET_NEWS_NONE && listener) {
		listener->news(media, news);
	}
}

void packet_end(struct media *media)
{
	const struct packet_listener *listener = __atomic_load_n(&listens, __ATOMIC_ACQUIRE);

	if (listener) {
		listener->end(media);
	}
}
