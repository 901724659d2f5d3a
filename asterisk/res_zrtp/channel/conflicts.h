/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Why a stream has no ZRTP.
 */
#ifndef RES_ZRTP_CONFLICTS_H
#define RES_ZRTP_CONFLICTS_H

struct ast_channel;
struct ast_rtp_instance;
struct settings;

int conflicts_init(void);
void conflicts_shutdown(void);
/*! \brief Media of an instance begins. \pre instance is locked */
void conflicts_activated(struct ast_rtp_instance *instance, const struct settings *settings);
/*! \brief We are the ZRTP endpoint of this channel: what of its endpoint has no effect? */
void conflicts_end(struct ast_channel *chan);
/*! \brief Whose keys encrypt a channel's audio in place of ZRTP's, in words, or NULL. No lock may be held. */
const char *conflicts_keys(struct ast_channel *chan);

#endif
