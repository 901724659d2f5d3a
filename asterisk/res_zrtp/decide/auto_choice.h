/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief mode = auto, before two phones have keys: are they passed through, or is the PBX the end of their ZRTP?
 *
 * Only a Hello of both is a reason to pass them through, since nothing is
 * encrypted if one does not come. But some phones say theirs only once they
 * have heard something, so one whose SDP announces ZRTP (a=zrtp-hash, or the
 * flag a=zrtp) is waited for longer, and after a while is sent the Hello that the other one
 * has said. Phones hold on to the first Hello they hear, so that is done only
 * where nothing keeps the two apart. Decisions only; nothing here knows of Asterisk.
 */
#ifndef RES_ZRTP_AUTO_CHOICE_H
#define RES_ZRTP_AUTO_CHOICE_H

#include <stdint.h>

/*! What is known of a phone. */
struct auto_phone {
	unsigned int hello:1;     /*!< It has said Hello */
	unsigned int announced:1; /*!< Its SDP announces ZRTP */
};

struct auto_facts {
	struct auto_phone own, far;
	unsigned int there:1;     /*!< Another channel is in a bridge of two with this one */
	unsigned int rings:1;     /*!< Or rings, or is rung by it */
	unsigned int waits:1;     /*!< Its phone could be the partner */
	unsigned int apart:1;     /*!< Something keeps the bridge from joining them natively */
	unsigned int passes:1;    /*!< Its policy passes phones without ZRTP through as well */
	int64_t alone;            /*!< Milliseconds since the phone waits, */
	int64_t together;         /*!< since it has such a partner, */
	int64_t asked;            /*!< and since the bridge was asked to join them natively; negative: it was not */
};

enum auto_step {
	AUTO_WAIT,
	AUTO_HAND_OVER, /*!< Send the other phone the Hello that this one has said, and wait */
	AUTO_ASK,       /*!< Ask the bridge to join them natively, and wait */
	AUTO_END,       /*!< Be the end of this phone's ZRTP */
};

/*! Why the PBX is the end. */
enum auto_reason {
	AUTO_UNDECIDED,
	AUTO_ALONE,      /*!< No bridge with another phone: an application, a conference, no channel yet */
	AUTO_NO_PARTNER, /*!< The other channel cannot be a partner */
	AUTO_NO_BRIDGE,  /*!< The bridge does not join the phones natively */
	AUTO_OWN_SILENT, /*!< This phone has said no Hello */
	AUTO_FAR_SILENT, /*!< The other one has not */
	AUTO_REASONS
};

struct auto_choice {
	enum auto_step step;
	enum auto_reason reason; /*!< Of AUTO_END */
};

struct auto_choice auto_choose(const struct auto_facts *facts);
/*! \brief For the log: why. */
const char *auto_why(enum auto_reason reason);
/*! \brief Could the call have been passed through, so that the log is to say why it is not? */
int auto_is_told(enum auto_reason reason);

#endif
