/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief A stream whose policy may pass it through: what is the next step with it, and when is it looked at again?
 *
 * The first stream of a call decides, those beside it follow. Most steps end
 * the look at a stream; after the others it is asked again, with what is so
 * then. Decisions only; nothing here knows of Asterisk.
 */
#ifndef RES_ZRTP_MODE_CHOICE_H
#define RES_ZRTP_MODE_CHOICE_H

#include <stdint.h>

#include "decide/auto_choice.h"
#include "decide/replace_choice.h"
#include "decide/unjoined.h"

/*! What the PBX is to the phone of one stream. */
enum role {
	ROLE_END,         /*!< The PBX is its ZRTP endpoint; once so, it stays so */
	ROLE_WAITING,     /*!< Not its endpoint, and no phone to pass its datagrams to */
	ROLE_PASSTHROUGH, /*!< Its datagrams go to a partner */
};

/*! The same, and what keeps it so. */
enum standing {
	STANDING_END,          /*!< The PBX is its ZRTP endpoint; once so, it stays so */
	STANDING_WAITING,
	STANDING_LEFT_OUT,     /*!< The rest of its call is passed through, this cannot be: nothing passes */
	STANDING_MAYBE_DIRECT, /*!< A native bridge has it, and has not made partners of its two yet */
	STANDING_DIRECT,       /*!< The phones send to each other, and that was told */
	STANDING_EARLY,        /*!< It has a partner that rings, or rings it; no bridge has them yet */
	STANDING_SIMPLE,       /*!< It has a partner; their bridge is no native one */
	STANDING_NATIVE,       /*!< It has a partner; their bridge is a native one, which says when it is over */
	STANDINGS
};

static inline int standing_joined(enum standing standing)
{
	return standing >= STANDING_EARLY;
}

static inline enum role standing_role(enum standing standing)
{
	return standing_joined(standing) ? ROLE_PASSTHROUGH : standing == STANDING_END ? ROLE_END : ROLE_WAITING;
}

/*! How far a call that takes the place of this one is, see rekey.h. */
enum rekey_state {
	REKEY_NOT_TRIED,
	REKEY_UNDER_WAY,
	REKEY_TRIED,
};

enum mode_step {
	MODE_STAY,          /*!< As it is */
	MODE_JOIN,          /*!< Make a partner of the other side; if it cannot be, ask again */
	MODE_HAND_OVER,     /*!< Send the other phone the Hello that this one has said */
	MODE_ASK_BRIDGE,    /*!< Ask the bridge to join them natively */
	MODE_BECOME_END,    /*!< Be the ZRTP endpoint of this phone */
	MODE_PART,          /*!< No more partner; of a stream beside the first one ask again */
	MODE_REKEY,         /*!< Have the phone take a call in which the PBX is the ZRTP endpoint; if it cannot be, ask again */
	MODE_LEAVE_REKEY,   /*!< The partner does that, and this one follows */
	MODE_TELL_LISTENER, /*!< Say that the PBX hears nothing of the call. Ask again */
	MODE_TELL_CLEAR,    /*!< Say that the call is in clear. Ask again */
	MODE_MAYBE_DIRECT,  /*!< Wait whether a native bridge makes partners of its two */
	MODE_TELL_DIRECT,   /*!< Say that the phones send to each other. Ask again */
	MODE_NOT_DIRECT,    /*!< They do not any more. Ask again */
	MODE_LEAVE_OUT,     /*!< Let nothing pass. Ask again */
	MODE_TAKE_IN,       /*!< Let pass what policy and keys allow. Ask again */
	MODE_TELL_LEFT_OUT, /*!< Say that nothing passes. Ask again */
	MODE_RELEASE,       /*!< The ZRTP of a stream beside the first one has waited for that, see to it */
	MODE_HANG_UP,
	MODE_STEPS
};

/*! Why to hang up, or to be the ZRTP endpoint. */
enum mode_reason {
	MODE_NO_REASON,
	MODE_NO_KEYS,        /*!< Hang up: require = yes, and phones that are passed through have no keys */
	MODE_NO_PARTNER,     /*!< Hang up: require = yes, and no other phone */
	MODE_PARTNER_GONE,   /*!< Hang up: the phone that it has keys with is gone */
	MODE_DIRECT_MEDIA,   /*!< Hang up: require = yes, and media goes past the PBX */
	MODE_NO_PASSTHROUGH, /*!< Hang up: on_no_passthrough = hangup */
	MODE_BY_POLICY,      /*!< Endpoint: on_no_passthrough = endpoint */
	MODE_BY_PAIR,        /*!< Endpoint: mode = auto, see auto_choice.h for why */
	MODE_BY_FIRST,       /*!< Endpoint: as the first stream of the call has it */
};

struct mode_facts {
	enum standing standing;
	unsigned int done;             /*!< What was done in this look, a bit for each step */

	/* Of the policies. */
	unsigned int automatic:1;      /*!< mode = auto */
	unsigned int require:1;        /*!< require = yes, */
	unsigned int partner_requires:1; /*!< and the partner's */

	/* Of the phone and its channel. */
	unsigned int channel:1;        /*!< It has one */
	unsigned int up:1;             /*!< That was answered */
	unsigned int held:1;           /*!< And is on hold */
	unsigned int keyed:1;          /*!< The phones have keys */
	unsigned int phones:1;         /*!< They have some in another stream of the same call */
	unsigned int agreed:1;         /*!< They have keys, or are about to */
	unsigned int told:1;           /*!< The log says already why the PBX hears nothing, or nothing passes */

	/* Of the other side. */
	unsigned int other:1;          /*!< There is a channel */
	unsigned int together:1;       /*!< It is the partner's */
	unsigned int partner_joined:1; /*!< The partner has this one as its partner */
	unsigned int idle:1;           /*!< Nothing in the PBX wants their media */
	unsigned int leads:1;          /*!< Of the two, this one acts for both */
	unsigned int near:1;           /*!< A call that takes the place of the other side's is being made */
	unsigned int direct:1;         /*!< A native bridge has the two, though they are no partners */
	enum replace_choice replace;   /*!< May both get keys with us? */
	enum auto_step pair;           /*!< With mode = auto, for want of a partner */
	enum unjoined_step clear;      /*!< For want of keys */

	/* Milliseconds, 0: not so. */
	int64_t joined;                /*!< Since it has this partner */
	int64_t unheard;               /*!< Since something in the PBX wants the media of partners, other than a hold */
	int64_t unbridged;             /*!< Since both were answered, and no bridge has them */
	int64_t parted;                /*!< Since it has no partner */
	int64_t alone;                 /*!< Since it has no partner, nor one that could be */
	int64_t clear_for;             /*!< Since what is at the other side of a call in clear has not changed */

	/* Of a stream beside the first one of its call. */
	unsigned int beside:1;         /*!< It is one */
	unsigned int first_settled:1;  /*!< The first one has keys, or is known to be in clear */
	unsigned int pending:1;        /*!< Its ZRTP has still to be released, or a Hello to be repeated */
	enum role first;               /*!< Of the first one */
};

struct mode_choice {
	enum mode_step step;
	enum mode_reason reason;
	int again;                     /*!< Milliseconds after which to look again if the look ends with this step; 0: when there is news */
};

struct mode_choice mode_choose(const struct mode_facts *facts);

#endif
