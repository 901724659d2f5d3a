/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief T.38 beside ZRTP.
 */
#ifndef RES_ZRTP_FAX_H
#define RES_ZRTP_FAX_H

struct ast_channel;
struct media;

/*! \brief Keep a channel from fax in clear while that must not be, once. */
void fax_attach(struct ast_channel *chan, struct media *media);

#endif
