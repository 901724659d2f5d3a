/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief A phone that may be passed through, but has no keys: why, and what to do.
 *
 * Decisions only; nothing here knows of Asterisk.
 */
#ifndef RES_ZRTP_UNJOINED_H
#define RES_ZRTP_UNJOINED_H

#include <stdint.h>

/*! What a policy wants for such a call, if both sides could have ZRTP. */
enum no_passthrough {
	NO_PASSTHROUGH_CLEAR,  /*!< It goes on in clear */
	NO_PASSTHROUGH_HANGUP, /*!< It is refused */
	NO_PASSTHROUGH_ENDPOINT, /*!< The PBX becomes the ZRTP endpoint of the phone */
};

/*! Who is at the other side. */
enum unjoined_partner {
	UNJOINED_NOBODY,   /*!< An application, a conference, or no channel yet */
	UNJOINED_FOREIGN,  /*!< One channel whose RTP engine is not ours, or none */
	UNJOINED_ENDPOINT, /*!< A phone whose ZRTP endpoint is the PBX */
	UNJOINED_WAITING,  /*!< A phone that could be the partner */
	UNJOINED_JOINED,   /*!< It is the partner, but the phones have no keys */
};

struct unjoined_facts {
	unsigned int up:1;             /*!< The channel has answered */
	unsigned int speaks:1;         /*!< The phone said Hello, or its SDP has a zrtp-hash */
	unsigned int partner_speaks:1; /*!< So did that at the other side */
	unsigned int codes:1;          /*!< The bridge waits for feature codes (Dial options such as hHtTkKwWxX) */
	unsigned int wanted:1;         /*!< Something in the PBX records, listens or plays */
	unsigned int differs:1;        /*!< The first codecs, or their payload types, are not the same */
	enum unjoined_partner partner;
	enum no_passthrough wish;
	int64_t ms;                    /*!< Since it has been so */
};

/*! Why there is no ZRTP. */
enum unjoined_reason {
	UNJOINED_UNDECIDED, /*!< It may come yet */
	UNJOINED_PHONE,     /*!< The phone does not speak ZRTP */
	UNJOINED_PARTNER,   /*!< The phone at the other side does not */
	UNJOINED_ALONE,     /*!< There is no other phone */
	UNJOINED_CHANNEL,   /*!< The other channel has no RTP engine of ours */
	UNJOINED_POLICY,    /*!< The policy of the other phone has the PBX as its ZRTP endpoint */
	UNJOINED_CODES,
	UNJOINED_LISTENER,
	UNJOINED_CODECS,
	UNJOINED_BRIDGE,    /*!< The bridge does not join the two, for another reason */
	UNJOINED_KEYS,      /*!< Both speak ZRTP and are passed through, and have no keys */
	UNJOINED_REASONS
};

enum unjoined_step {
	UNJOINED_WAIT,
	UNJOINED_TELL,       /*!< The call is in clear: an event, the state and the log say so */
	UNJOINED_HANG_UP,
	UNJOINED_BECOME_END, /*!< Be the phone's ZRTP endpoint */
};

struct unjoined_choice {
	enum unjoined_step step;
	enum unjoined_reason reason;
	unsigned int warn:1; /*!< Both sides could have ZRTP: a warning, not a notice */
};

struct unjoined_choice unjoined_choose(const struct unjoined_facts *facts);

/*! \brief A word for events: the Reason of ZrtpClear. */
const char *unjoined_reason_text(enum unjoined_reason reason);
/*! \brief For the log: why. */
const char *unjoined_why(enum unjoined_reason reason);
/*! \brief For the log: what to change; empty if nothing helps. */
const char *unjoined_remedy(enum unjoined_reason reason);

#endif
