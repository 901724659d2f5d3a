/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Legs that are let go since no media may pass on them for good.
 *
 * All refusals go through refuse_leg(), so that each has the same event, cause and
 * Reason header, and the same prompt for the other leg.
 */
#ifndef RES_ZRTP_REFUSE_H
#define RES_ZRTP_REFUSE_H

struct ast_channel;
struct media;

/*! Why. The rows of refusals[] in refuse.c. */
enum refusal {
	REFUSAL_NO_ZRTP,        /*!< require = yes, and the phone has no ZRTP */
	REFUSAL_FAILED,         /*!< The exchange with it failed */
	REFUSAL_HASH,           /*!< Its Hello is not the one of its SDP */
	REFUSAL_STRIPPED,       /*!< Its SDP announced ZRTP, which never came */
	REFUSAL_WAS_SECURE,     /*!< Its call was secure, and goes on without ZRTP */
	REFUSAL_PARTNER_CLEAR,  /*!< require_partner = yes, and the other leg is not encrypted */
	REFUSAL_NO_PARTNER,     /*!< require = yes, and no other phone to have ZRTP with */
	REFUSAL_PARTNER_GONE,   /*!< It has keys with a phone that is no longer there */
	REFUSAL_DIRECT_MEDIA,   /*!< require = yes, and its media goes past the PBX */
	REFUSAL_NO_PASSTHROUGH, /*!< on_no_passthrough = hangup, and two phones that cannot be passed through */
	REFUSAL_NOT_POST_QUANTUM, /*!< post_quantum = require, and the phones have no such key agreement */
	REFUSAL_COUNT
};

int refuse_init(void);
void refuse_shutdown(void);

/*! \brief The value of Reason in the event ZrtpRefused and of the variable ZRTP_REFUSED. */
const char *refuse_name(enum refusal why);

/*!
 * \brief Let a leg go, once: what its policy wants cannot be had.
 *
 * Logs, sets ZRTP_REFUSED, raises ZrtpRefused and hangs up with cause 65
 * (bearer capability not implemented), after a prompt for the other leg if that
 * one may hear it, unless the channel has other media by then, or these are secure
 * and why is no reason to hang up in any case. Nothing is played on the leg itself. With on_refused =
 * silence the leg stays, unless why is a reason to hang up in any case. Any
 * thread; locks may be held, as all is done by a task.
 *
 * \param media of the leg; gets a reference for as long as it takes
 * \param chan its channel, NULL: the one that media names
 */
void refuse_leg(struct media *media, struct ast_channel *chan, enum refusal why);

#endif
