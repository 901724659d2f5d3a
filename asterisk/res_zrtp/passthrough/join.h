/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Pass-through of two phones that no native bridge has: those with video, and those of
 * which one rings. No lock may be held.
 */
#ifndef RES_ZRTP_JOIN_H
#define RES_ZRTP_JOIN_H

struct ast_channel;

/*! \brief Is a channel in a bridge of two that is simple, and wants the media of neither? */
int join_idle(struct ast_channel *chan);
/*! What keeps two channels in a bridge from being joined. */
enum {
	JOIN_CODES = 1 << 0,   /*!< The bridge waits for feature codes */
	JOIN_WANTED = 1 << 1,  /*!< Something in the PBX wants the media */
	JOIN_DIFFERS = 1 << 2, /*!< Codecs, payload types or packet times differ */
	JOIN_PROMPTS = 1 << 3, /*!< The bridge has prompts of a time limit to play */
};
/*! \brief Of the two of a channel's bridge. */
unsigned int join_obstacles(struct ast_channel *chan);
/*! \brief Join all media of such two, if both phones speak ZRTP and wait. \retval 1 they are joined */
int join_phones(struct ast_channel *chan);
/*! \brief Could the bridge join such two natively, and has not thought of it since their video ended? */
int join_left(struct ast_channel *chan);
/*! \brief Join the video of two whose audio is. \retval 1 it is joined */
int join_videos(struct ast_channel *chan, struct ast_channel *other);
/*! \brief True if nothing in the core wants the media of these two channels without a bridge. */
int join_early_idle(struct ast_channel *chan, struct ast_channel *other);
/*! \brief Join all media of a phone and of the one that it rings. \retval 1 they are joined */
int join_early(struct ast_channel *chan, struct ast_channel *other);

#endif
