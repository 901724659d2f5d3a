/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief The policies that the dialplan has chosen for calls, in place of those of their endpoints.
 *
 * Of a channel, for all the streams that it gets, and of who takes the place of that channel. A channel driver
 * may make its RTP instances later than the choice, and tells them their channel later still: so choices are
 * found by its uniqueid, without its lock.
 */
#ifndef RES_ZRTP_CHOICE_H
#define RES_ZRTP_CHOICE_H

struct ast_channel;
struct settings;

/*! \brief Choose. A former choice of the channel no longer counts. \retval -1 out of memory */
int choice_set(struct ast_channel *chan, struct settings *settings);
/*! \brief What was chosen for the channel with this uniqueid, with a reference; NULL: nothing. Any thread. */
struct settings *choice_get(const char *uniqueid);

/*! \brief Channels with a choice, which call code of ours when they end. */
int choice_alive(void);

/*! \brief Settings like these, with which nothing passes in clear, with a reference; NULL: out of memory. */
struct settings *choice_closed(const struct settings *settings);

#endif
