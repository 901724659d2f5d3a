/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief The media objects of a channel.
 */
#ifndef RES_ZRTP_CHANNEL_MEDIA_H
#define RES_ZRTP_CHANNEL_MEDIA_H

struct ast_channel;
struct media;

/*!
 * \brief The media object of a channel with a reference, NULL if it has none of ours.
 * No lock but that of the channel may be held. A channel that took the place of
 * another one is known by what it has now.
 */
struct media *channel_media(struct ast_channel *chan);
/*! \brief The media object of a channel's video beside its audio, with a reference, or NULL. No lock may be held. */
struct media *channel_video(struct ast_channel *chan);

/*! \brief The media object of a channel's audio, or of its video, with a reference, or NULL. No lock may be held. */
struct media *channel_medium(struct ast_channel *chan, int video);
/*! \brief Has it audio or video that is none of ours, such as with keys of SDP or DTLS? No lock may be held. */
int channel_has_foreign(struct ast_channel *chan);

#endif
