/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief a=zrtp-hash and payload types of one phone for the other, where we are no ZRTP endpoint.
 */
#ifndef RES_ZRTP_OTHER_PHONE_H
#define RES_ZRTP_OTHER_PHONE_H

struct ast_channel;
struct media;
struct zrtp_signalling_numbers;

/*!
 * \brief Find the hashes of the call that a channel belongs to.
 * \pre chan is not locked
 * \param calls the channel is one that calls: they begin with it
 */
void other_phone_meet(struct media *media, struct ast_channel *chan, int calls);
/*! \brief The phone's hash is another one, or the role of the stream. */
void other_phone_learn(struct media *media);
/*!
 * \brief The hash of the phone at the other side. No lock may be held.
 * \param out ZRTP_HELLO_HASH_TEXT_SIZE octets
 * \retval 0 when there is none
 */
int other_phone_hash(struct media *media, char *out);
/*! \brief Keep the payload types of the phone that calls. Those of others are passed over. */
void other_phone_keep_numbers(struct media *media, const struct zrtp_signalling_numbers *numbers);
/*!
 * \brief The payload types of the phone that calls, for one that is called.
 * \retval -1 there are none, or one of the two cannot be passed through
 */
int other_phone_numbers(struct media *media, struct zrtp_signalling_numbers *out);
/*! \brief Is there a phone at the other side that may be passed through? */
int other_phone_waits(struct media *media);
/*! \brief The channel at the other side with a reference, if the call has dialled one only; or NULL. No lock may be held. */
struct ast_channel *other_phone_only(struct media *media);
/*! \brief The stream is passed through, or no more: is what the peer was told still true? No lock may be held. */
void other_phone_compare(struct media *media);

#endif
