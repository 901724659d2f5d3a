/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief What is told of a leg, by name.
 */
#ifndef RES_ZRTP_STATUS_H
#define RES_ZRTP_STATUS_H

#include <zrtp/zrtp.h>

struct ast_channel;

/*! The longest value of an item, with its end. */
#define STATUS_VALUE_SIZE 128

/*!
 * \brief Call each for every item of a channel's leg. No lock may be held.
 * \param each gets the name as in AMI and the value, which may be empty
 * \retval -1 the channel has no leg of ours
 */
int status_each(struct ast_channel *chan, void (*each)(const char *name, const char *value, void *arg), void *arg);

/*!
 * \brief The value of one item, by its name in any case. No lock may be held.
 * \param out room for STATUS_VALUE_SIZE; empty when the channel has no leg of ours
 * \retval -1 there is no such item
 */
int status_item(struct ast_channel *chan, const char *name, char *out);

#endif
