/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief What zrtp.conf says of one policy.
 */
#ifndef RES_ZRTP_SETTINGS_H
#define RES_ZRTP_SETTINGS_H

#include <zrtp/zrtp.h>

#include "decide/keypad_code.h"
#include "decide/play_choice.h"
#include "decide/replace_choice.h"
#include "decide/unjoined.h"

/*! The longest name of a section of zrtp.conf. */
#define POLICY_SECTION_MAX 40
/*! "zrtp/" and such a name. */
#define POLICY_NAME_SIZE (sizeof("zrtp/") + POLICY_SECTION_MAX)

/*! What the PBX is to the phones. */
enum mode {
	MODE_ENDPOINT,    /*!< The ZRTP endpoint of every leg */
	MODE_PASSTHROUGH, /*!< Never a ZRTP endpoint: datagrams go from phone to phone as they are */
	MODE_AUTO,        /*!< Pass-through where that can be, ZRTP endpoint elsewhere */
	MODE_OFF,         /*!< As the stock engine: ZRTP is nothing to it */
};

/*! Whether DTMF by SIP INFO gives commands that only the phone's own DTMF gives. */
enum keypad_info {
	KEYPAD_INFO_TLS, /*!< Where the phone's signalling is TLS */
	KEYPAD_INFO_YES,
	KEYPAD_INFO_NO,
};

/*! What a peer that is trusted with GoClear gets (RFC 6189, 4.7.2). */
enum allow_clear {
	ALLOW_CLEAR_NO,      /*!< Its GoClear is refused */
	ALLOW_CLEAR_CONFIRM, /*!< No media passes until a user or operator here confirms it */
	ALLOW_CLEAR_YES,     /*!< The administrator has confirmed beforehand */
};

/*! Room for the name of a SIP header. */
#define LABEL_HEADER_SIZE 64

/*! A policy as configured. An ao2 object that does not change any more. */
struct settings {
	char name[POLICY_NAME_SIZE];   /*!< Of the RTP engine it belongs to */
	struct zrtp_policy policy;
	enum mode mode;
	bool early;                    /*!< Pass-through begins before the answer where it can */
	bool says_require;             /*!< The key of zrtp.conf */
	bool require;                  /*!< No clear media at any time: by that key, or as a post-quantum key agreement is required */
	bool stripped_clear;           /*!< Go on in clear where ZRTP was announced and does not come */
	bool clear_on_error;           /*!< Go on in clear after a failure */
	bool require_partner;          /*!< The other leg of a call has to be encrypted too */
	bool silent_refused;           /*!< A leg on which no media may pass for good stays, and is not hung up */
	enum replaces replaces;        /*!< Which phones may get a call in place of the one they have */
	enum no_passthrough no_passthrough; /*!< What becomes of two phones that cannot be passed through */
	enum allow_clear allow_clear;
	keypad_codes keypad;           /*!< Empty: off */
	enum keypad_info keypad_info;
	struct play_policy play;       /*!< What its phone hears of its encryption */
	bool display_sas;              /*!< The other party's display shows its SAS, or that it is not encrypted */
	char label_header[LABEL_HEADER_SIZE]; /*!< Of an INVITE: under what the phone knows us; empty: To */
};

#endif
