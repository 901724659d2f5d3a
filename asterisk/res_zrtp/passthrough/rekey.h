/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief A phone that has keys with another one gets some with us.
 */
#ifndef RES_ZRTP_REKEY_H
#define RES_ZRTP_REKEY_H

struct ast_channel;
struct media;

/*!
 * \brief Begin with it, once. Its channel then has another media object in
 * place of this one, or is looked at again. No lock may be held.
 * \retval 1 it is under way, 0 it cannot be, or has failed
 */
int rekey_begin(struct media *media, struct ast_channel *chan);
/*! \brief Called before a phone gets a zrtp-hash: of a channel that takes the place of another the PBX is the ZRTP endpoint. */
void rekey_adopt(struct media *media, struct ast_channel *chan);

#endif
