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
	listens = listener;
}

void packet_tell(struct media *media, enum packet_news news)
{
	if (news != PACKET_NEWS_NONE && listens) {
		listens->news(media, news);
	}
}

void packet_end(struct media *media)
{
	if (listens) {
		listens->end(media);
	}
}
