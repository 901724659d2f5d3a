/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief The items of a channel: of its leg, or of one of its streams.
 */
#ifndef RES_ZRTP_STATUS_H
#define RES_ZRTP_STATUS_H

#include <zrtp/zrtp.h>

struct ast_channel;
struct item;
struct item_source;
struct media;

/*!
 * \brief Call each for every item of a channel's leg. No lock may be held.
 * \param each gets the name as in AMI and the value, which may be empty
 * \retval -1 the channel has no leg of ours
 */
int status_each(struct ast_channel *chan, void (*each)(const char *name, const char *value, void *arg), void *arg);

/*!
 * \brief The value of one item of a channel's leg. No lock may be held.
 * \param out room for ITEM_VALUE_SIZE; empty when the channel has no leg of ours
 */
void status_item(struct ast_channel *chan, const struct item *item, char *out);

/*!
 * \brief What the items of one stream are written from, see item_value(); those that are of the leg alone are empty.
 * \param media has to stay as long as out is used
 */
void status_stream(struct media *media, struct item_source *out);

#endif
