/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief What is known of a stream whose datagrams are passed through, or may be.
 */
#ifndef RES_ZRTP_PASS_STATE_H
#define RES_ZRTP_PASS_STATE_H

#include "asterisk/channel.h"

#include "decide/mode_choice.h"
#include "decide/net_address.h"
#include "decide/overheard.h"
#include "decide/rtcp_choice.h"
#include "decide/unjoined.h"

struct media;
struct overheard_speaker;

/*! Guarded by the lock of the media object it is part of. */
struct passthrough {
	enum standing standing;       /*!< What the PBX is to the phone, and why */
	enum rekey_state rekey;
	struct media *partner;        /*!< With a reference, NULL without one */
	char partner_name[AST_CHANNEL_NAME];
	int rtcp_fd;                  /*!< The RTCP socket, a duplicate; -1 without one */
	unsigned int mux:1;           /*!< RTCP comes and goes on the RTP socket */
	unsigned int beside:1;        /*!< The rest of its call is passed through as well: ZRTP waits for the first stream's keys */
	unsigned int released:1;      /*!< It need not wait any more */
	unsigned int speaks_zrtp:1;   /*!< A Hello of the phone said so */
	unsigned int sdp_zrtp:1;      /*!< Its SDP does: a=zrtp-hash, or the flag a=zrtp */
	unsigned int keyed:1;         /*!< A whole exchange went through: nothing passes in clear any more */
	unsigned int unfit:1;         /*!< By keys that post_quantum = require does not take */
	unsigned int listed:1;        /*!< The CLI shows it */
	unsigned int told:1;          /*!< The log says why the PBX hears nothing */
	unsigned int elsewhere_told:1; /*!< The log says that RTP from elsewhere is refused */
	unsigned int announced:2;     /*!< What events have told */
	unsigned int had_keys:1;      /*!< Of those: that its phone had keys with another one, at some time */
	unsigned int was_direct:1;    /*!< That they sent to each other */
	unsigned int deciding:1;      /*!< A look at it is due */
	struct rtcp_place rtcp;       /*!< Where RTCP comes from */
	unsigned int keyed_with;      /*!< The number of the partner that it has keys with */
	struct overheard heard;       /*!< What of its ZRTP with a partner went by, and the number of that one */
	unsigned int heard_with;
	uint8_t *hello;               /*!< The phone's last Hello while it waits */
	size_t hello_len;
	struct net_address hello_source;
	uint64_t received, sent;      /*!< Datagrams passed on from here, and to here */
	uint64_t dropped;             /*!< Those that were not */
	int telling;                  /*!< A ZRTP endpoint whose phone has yet to answer an offer with our zrtp-hash */
	uint64_t waiting_since, bridged_at, offered_at;
	uint64_t joined_at, released_at;
	uint64_t handed_at;           /*!< Its Hello went to a phone that could be the partner, ahead of pass-through */
	enum unjoined_reason unjoined; /*!< Why the call is in clear, once that is decided */
	enum unjoined_partner unjoined_partner; /*!< Who is at the other side, and since when */
	uint64_t unjoined_since;
	uint64_t unbridged_at;        /*!< Both are up, and no bridge has them */
	uint64_t committed_at;        /*!< The last Commit went through, 0 without one */
	uint64_t asked_at;            /*!< The bridge was asked to join natively */
	unsigned int left_with, left_asks; /*!< How often a bridge was asked that has left it apart from this other one */
	uint64_t unheard_since;       /*!< No longer a native pair, and not for a hold */
};

/*! \brief What the PBX is to the phone. \pre the media object is locked */
static inline enum role pass_role(const struct passthrough *pass)
{
	return standing_role(pass->standing);
}

/*!
 * \brief Have the phones keys, or are they about to? A Commit alone says little, as
 * any host could have sent it: it counts for as long as an exchange takes. \pre media is locked
 */
int passthrough_agreed(const struct media *media);

/*! \brief For the destructor of the media object. */
void passthrough_destroy(struct passthrough *pass);

#endif
