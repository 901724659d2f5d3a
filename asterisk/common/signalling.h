/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief What a module that sees the signalling may ask of res_zrtp.
 *
 * No symbol is linked: the table comes from
 * ast_rtp_instance_get_extended_prop(instance, ZRTP_SIGNALLING_PROPERTY), and
 * is NULL for an instance without ZRTP. The instance keeps res_zrtp loaded.
 */
#ifndef RES_ZRTP_SIGNALLING_H
#define RES_ZRTP_SIGNALLING_H

#include "asterisk/rtp_engine.h"

/*! RTP engines of ours are called this, or this, a slash and a policy. */
#define ZRTP_ENGINE_NAME "zrtp"

/*! "ZRTP": no property of Asterisk has such a number. */
#define ZRTP_SIGNALLING_PROPERTY 0x5a525450

/*! Of the table below; another one is another layout. */
#define ZRTP_SIGNALLING_VERSION 8

/*! Room for the value of a=zrtp-hash with its NUL: "1.10 " and 64 digits. */
#define ZRTP_SIGNALLING_HASH_SIZE 70

/*! Payload types that RTP has. */
#define ZRTP_SIGNALLING_NUMBERS 128

/*! Room for the name of an encoding with its NUL. */
#define ZRTP_SIGNALLING_ENCODING_SIZE 40

/*! Room for what a phone calls itself, with its NUL. */
#define ZRTP_SIGNALLING_AGENT_SIZE 80

/*! How digits come that do not come by RTP. */
enum zrtp_signalling_digits {
	ZRTP_SIGNALLING_NO_DIGITS,    /*!< Not in the signalling: the core listens for their tones */
	ZRTP_SIGNALLING_PLAIN_DIGITS, /*!< In messages that any host could have sent */
	ZRTP_SIGNALLING_TLS_DIGITS,   /*!< In messages from the other end of the TLS connection */
};

/*! What the signalling wants to hear of an instance. An ao2 object. */
struct zrtp_signalling_listener {
	void *dialog; /*!< Of res_zrtp: NULL at first, a reference to be released with the listener */
	/*!
	 * \brief A session description is being applied to the instance: say what
	 * it tells of ZRTP with peer_hash(), before ZRTP begins.
	 * \pre instance is locked, its channel is not
	 */
	void (*activated)(struct zrtp_signalling_listener *listener, struct ast_rtp_instance *instance);
	/*!
	 * \brief Another Hello has taken the place of the one that was signalled:
	 * the peer should be told.
	 * No lock is held; runs in a thread that must not wait.
	 *
	 * \param channel_id uniqueid of the channel
	 */
	void (*renewed)(struct zrtp_signalling_listener *listener, const char *channel_id);
	/*!
	 * \brief The call is about to be hung up: the messages that end it say why
	 * (RFC 3326). Any thread; no lock may be held.
	 *
	 * \param cause of Q.850
	 * \param text ASCII without quotation marks; constant
	 */
	void (*refused)(struct zrtp_signalling_listener *listener, int cause, const char *text);
	/*! \brief How do digits come that do not come by RTP? Any lock may be held. */
	enum zrtp_signalling_digits (*digits)(struct zrtp_signalling_listener *listener);
	/*!
	 * \brief The phone of this channel has keys with the one at the other side, or has none any more: a hold of that
	 * one is passed on to it in SIP, in place of music that it could not hear.
	 * No lock may be held; does not wait.
	 */
	void (*pass_hold)(struct ast_channel *chan, int on);
	/*! \brief Does the phone take a call in place of the one it has (RFC 3891)? */
	int (*replaceable)(struct zrtp_signalling_listener *listener);
	/*!
	 * \brief What the phone calls itself (User-Agent, or Server), printable; empty: it does not.
	 * Any lock but that of the listener may be held.
	 *
	 * \param out ZRTP_SIGNALLING_AGENT_SIZE octets
	 */
	void (*agent)(struct zrtp_signalling_listener *listener, char *out);
	/*!
	 * \brief A channel to the phone of another one, whose call, once it is made,
	 * takes the place of the one there is. That the phone ends the latter does
	 * not end its channel until settled() is called.
	 * No lock is held; waits.
	 *
	 * \param former for settled()
	 * \retval NULL it cannot be: nothing is held
	 */
	struct ast_channel *(*successor)(struct zrtp_signalling_listener *listener, struct ast_channel *chan, void **former);
	/*! \brief The successor has taken the place of the channel, or never will. Waits. */
	void (*settled)(void *former);
};

/*! Which of a call's m-lines an instance has; each of the first two has one like it at the other side. */
enum zrtp_signalling_medium {
	ZRTP_SIGNALLING_AUDIO,   /*!< The first of audio */
	ZRTP_SIGNALLING_VIDEO,   /*!< The first of video */
	ZRTP_SIGNALLING_FURTHER, /*!< Any other */
};

/*! What a value of a=zrtp-hash is. */
enum zrtp_signalling_value {
	ZRTP_SIGNALLING_VALID,
	ZRTP_SIGNALLING_OTHER_VERSION,
	ZRTP_SIGNALLING_MALFORMED,
};

/*! The dynamic payload types of an m-line. */
struct zrtp_signalling_numbers {
	/*! What each one stands for, as in a=rtpmap: "opus/48000/2"; empty: nothing. None is there twice. */
	char encoding[ZRTP_SIGNALLING_NUMBERS][ZRTP_SIGNALLING_ENCODING_SIZE];
};

struct zrtp_signalling {
	unsigned int version; /*!< ZRTP_SIGNALLING_VERSION */
	/*!
	 * \brief The value of a=zrtp-hash for what goes out by this instance: that
	 * of our Hello, or of the phone's at the other side where the two have
	 * ZRTP with each other. It stays the same for as long as that does.
	 *
	 * Waits shortly for the Hello to be made, so no lock may be held. Only a thread of the channel's SIP session
	 * calls it: it asks the channel for what another thread would have to wait for.
	 *
	 * \param chan the channel, NULL when there is none (any more)
	 * \param out ZRTP_SIGNALLING_HASH_SIZE octets
	 * \retval -1 if there is none: no ZRTP on this instance
	 */
	int (*hash)(struct ast_rtp_instance *instance, struct ast_channel *chan, char *out);
	/*!
	 * \brief The channel of this instance calls, with what peer_hash() told.
	 * Before it dials others. No lock may be held.
	 *
	 * \param numbers those of its offer
	 */
	void (*calls)(struct ast_rtp_instance *instance, struct ast_channel *chan,
		const struct zrtp_signalling_numbers *numbers);
	/*!
	 * \brief The payload types of the phone that calls, where the one to be
	 * called with this instance may have its ZRTP with it. After hash().
	 * No lock may be held.
	 *
	 * \retval -1 there are none
	 */
	int (*numbers)(struct ast_rtp_instance *instance, struct zrtp_signalling_numbers *out);
	/*! \brief Classify a value. */
	enum zrtp_signalling_value (*check)(const char *value);
	/*!
	 * \brief What the peer's latest session description has for this instance.
	 * \param tag of the remote party in From or To: of whom this is known; empty: of the same party as before
	 * \param value NULL: none. Otherwise one that check() calls valid; it is copied.
	 * \param announces the description says that the phone speaks ZRTP: with that, or in another way
	 */
	void (*peer_hash)(struct ast_rtp_instance *instance, const char *tag, const char *value, int announces);
	/*!
	 * \brief Listen; the listener before is released. Takes a reference.
	 * The first thing to call for an instance.
	 */
	void (*listen)(struct ast_rtp_instance *instance, struct zrtp_signalling_listener *listener,
		enum zrtp_signalling_medium medium);
	/*!
	 * \brief A message with a session description came from this host. In a
	 * call that gets another ZRTP peer, that one may be there.
	 * \param source its port does not count
	 */
	void (*came_from)(struct ast_rtp_instance *instance, const struct ast_sockaddr *source);
};

#endif
