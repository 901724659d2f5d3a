/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief "zrtp set debug": which channels have each of their ZRTP messages logged, and the lines.
 */
#ifndef RES_ZRTP_TRACE_H
#define RES_ZRTP_TRACE_H

#include <stddef.h>
#include <stdint.h>

#include "asterisk/channel.h"

struct media;
struct net_address;

/*! So begins what became of a packet that was dropped. */
#define TRACE_DROPPED "dropped: "

/*! So many channels at once; all is another matter. */
#define TRACE_CHANNELS 32

/*! \brief Are the messages of this one to be logged? While there is no such channel this costs a load. Any thread. */
int trace_wanted(struct media *media);

/*!
 * \brief Log a datagram that came in, if that is wanted. Any thread.
 * \param what became of it, NULL: nothing that is to be logged
 */
void trace_received(struct media *media, const uint8_t *datagram, size_t len, const struct net_address *source, const char *what);
/*! \brief Log a datagram that goes out. \param to where; not set: nowhere \param what as above */
void trace_sent(struct media *media, const uint8_t *datagram, size_t len, const struct net_address *to, const char *what);
/*! \brief Log a step from one state to another that no message led to. */
void trace_step(struct media *media, const char *from, const char *to);

/*! \brief All channels, from now on; off also forgets the single ones. */
void trace_all(int on);
/*! \brief One channel, until it ends. \retval -1 there are TRACE_CHANNELS already, or it has no debugging that could end */
int trace_channel(const char *name, int on);
/*! \brief Copy the names of the channels. \return how many there are, or -1 for all */
int trace_channels(char names[TRACE_CHANNELS][AST_CHANNEL_NAME]);

#endif
