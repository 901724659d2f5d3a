/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Does what is seen of a channel record or listen?
 *
 * Decisions only, from the list of ways that Asterisk has: what is not on it is
 * not known to be harmless. Nothing here knows of Asterisk.
 */
#ifndef RES_ZRTP_LISTEN_CHOICE_H
#define RES_ZRTP_LISTEN_CHOICE_H

#include <stdint.h>

/*! Is a call recorded or listened to? The worst last. */
enum listening {
	LISTEN_NO,
	LISTEN_UNKNOWN, /*!< Something is there that may do so */
	LISTEN_YES,
};

/*! What is seen of one channel: that of the phone, or any that its bridge reaches. */
struct listen_facts {
	const char *technology;   /*!< Of its driver: "PJSIP", "Local" */
	const char *application;  /*!< That runs on it, "" for none */
	uint8_t in_bridge;        /*!< Then the application has nothing of it */
	uint8_t spies;            /*!< Audiohooks that hear it: MixMonitor, ChanSpy, ARI snoop and others on the list */
	uint8_t harmless_hooks;   /*!< Audiohooks known to keep it here: volume */
	uint8_t any_audiohook;
	uint8_t other_framehook;  /*!< One that wants its audio, and is neither ours nor known to keep it here */
	uint8_t monitored;        /*!< Monitor() of old releases */
};

enum listening listen_choose(const struct listen_facts *facts);
/*! \brief Of two channels. */
enum listening listen_worst(enum listening a, enum listening b);
/*! \brief By what a channel's technology is; LISTEN_NO for phones. */
enum listening listen_technology(const char *technology);
/*! \brief By the application that runs on a channel. */
enum listening listen_application(const char *application);
/*! \brief yes, no or unknown, for AMI, CLI and the dialplan. */
const char *listen_text(enum listening listening);

#endif
