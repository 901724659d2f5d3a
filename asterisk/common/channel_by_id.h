/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief A channel by its uniqueid. Compiled into each of our modules that looks for one.
 */
#ifndef ZRTP_CHANNEL_BY_ID_H
#define ZRTP_CHANNEL_BY_ID_H

struct ast_channel;

/*!
 * \brief The channel with this uniqueid, with a reference; NULL where there is none, or where it is hanging up.
 *
 * The core finds a name in a table, but for a uniqueid it walks through all channels and locks
 * each of them, which costs a busy PBX more with each call. So the name is asked for first.
 * No lock may be held.
 */
struct ast_channel *channel_by_id(const char *id);
/*!
 * \brief The same, where what is to be done with the channel would be lost without it.
 *
 * While one channel takes the place of another (a masquerade: call pickup, AMI Redirect), the core's
 * table has neither. This waits for the end of that, for half a second at most, unless over() says that there
 * is no need of the channel any more. One that hangs up is not waited for but in the moment in which
 * the core destroys it. Not for a thread that others wait for, nor with a lock.
 */
struct ast_channel *channel_by_id_settled(const char *id, int (*over)(const void *arg), const void *arg);

#endif
