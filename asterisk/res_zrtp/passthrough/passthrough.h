/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Datagrams from phone to phone, as they are.
 */
#ifndef RES_ZRTP_PASSTHROUGH_H
#define RES_ZRTP_PASSTHROUGH_H

#include "asterisk/rtp_engine.h"

#include "decide/mode_choice.h"

struct ast_channel;
struct ast_rtp_instance;
struct media;
struct net_address;

/*!
 * \brief Pass on what waits at a socket. \pre instance is locked
 * \retval 0 when the next datagram is for the stock engine: not passed through, or STUN
 */
int passthrough_read(struct media *media, struct ast_rtp_instance *instance, int fd, int rtcp);

/*! \brief A number for one that may be passed through, never 0. */
unsigned int passthrough_number(void);
/*! \brief A ZRTP datagram of a phone while it has no partner. */
void passthrough_keep(struct media *media, const uint8_t *octets, size_t len, const struct net_address *source);

/*! \brief Sockets of an instance may be others than before. \pre instance is locked */
void passthrough_sockets(struct media *media, int rtp_fd, int rtcp_fd);

/*!
 * \brief May a bridge join these two natively? \pre both channels are locked, the instances are not
 * \param media each with a reference of the caller's
 */
int passthrough_possible(struct ast_channel *chan[2], struct ast_rtp_instance *instance[2], struct media *media[2]);

/*! \brief Has the bridge prompts to play, and could the PBX be the end of both? \pre both channels are locked */
int passthrough_would_silence(struct ast_channel *chan[2], struct media *media[2]);

/*! \brief Have both phones the same codec first, with the same number? \pre both channels are locked */
int passthrough_payloads(struct ast_channel *chan[2], struct ast_rtp_instance *instance[2], enum ast_media_type type);

/*!
 * \brief Pass on to a partner what comes from here. \retval -1 when the PBX is the ZRTP endpoint of one
 * \param joined what holds the two together: STANDING_EARLY, STANDING_SIMPLE or STANDING_NATIVE
 */
int passthrough_join(struct media *media, struct media *partner, enum standing joined);
/*!
 * \brief To be called before passthrough_join() of a stream beside the first one
 * of a call: its Hello is not passed on before that has keys.
 *
 * Some phones make the stream whose Hello they read first the one for the key
 * agreement. If two of them choose differently there are no keys at all.
 */
void passthrough_beside(struct media *media);
/*!
 * \brief Let the ZRTP of such a stream pass when its time has come, and repeat a
 * Hello that its phone does not repeat any more.
 * \param keyed the first stream of the call has keys
 */
void passthrough_release(struct media *media, int keyed);
/*!
 * \brief No partner while the rest of its call has one: nothing passes, since
 * the phones take their call for one between them.
 */
void passthrough_leave_out(struct media *media, int leave_out);
/*! \brief The native bridge has ended; that of the channels may go on. */
void passthrough_native_ended(struct media *media);
/*! \brief No more partner. */
void passthrough_part(struct media *media);
/*!
 * \brief The same, unless a native bridge has it: that says itself when it is over, and may have begun since
 * its stream was looked at.
 */
void passthrough_part_simple(struct media *media);
/*! \brief The instance dies. */
void passthrough_end(struct media *media);
/*!
 * \brief Send the Hello that a phone has said to one that may be its partner, and says none before it
 * hears something. Its own is kept. At most a few times a second.
 */
void passthrough_hand_over(struct media *media, struct media *partner);

#endif
