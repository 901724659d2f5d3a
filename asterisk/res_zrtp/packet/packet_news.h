/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief What packets of a media object have to tell its leg.
 */
#ifndef RES_ZRTP_PACKET_NEWS_H
#define RES_ZRTP_PACKET_NEWS_H

struct media;

enum packet_news {
	PACKET_NEWS_NONE,
	PACKET_NEWS_AUTHENTICATED, /*!< SRTP that the keys open, the first since they are there */
	PACKET_NEWS_NEXT_KEYS,     /*!< A packet that the keys open which wait for the leg's next session, the first */
	PACKET_NEWS_UNAUTHENTIC,   /*!< For some time, nothing but what they do not open */
	PACKET_NEWS_CLEAR_AGAIN,   /*!< Keys took over late, and clear RTP goes on: they were not the phone's */
};

/*! Who hears of it, and of the end of a media object. */
struct packet_listener {
	/*! \brief No lock of media is held. */
	void (*news)(struct media *media, enum packet_news news);
	/*! \brief Its instance dies, or its keys come from elsewhere: no more ZRTP on it. */
	void (*end)(struct media *media);
};

/*! \brief Tell this one. \param listener stays with the caller; NULL: not any more */
void packet_listen(const struct packet_listener *listener);
void packet_tell(struct media *media, enum packet_news news);
void packet_end(struct media *media);

#endif
