/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief What is reported of a stream: name and value of each item, once for events, CLI, AMI and ZRTP().
 *
 * Nothing here knows of Asterisk. console/items.c has these rows and those that need more than the ZRTP engine knows.
 */
#ifndef RES_ZRTP_STREAM_ITEM_H
#define RES_ZRTP_STREAM_ITEM_H

#include <stddef.h>

#include <zrtp/zrtp.h>

enum stream_item {
	STREAM_SSRC,           /*!< Of the RTP that we send, hexadecimal */
	STREAM_STEP,           /*!< Where in the exchange of messages it is */
	STREAM_ROLE,           /*!< initiator or responder; empty until that is known */
	STREAM_KEY_AGREEMENT,  /*!< This and the next three: by the four letters of their messages */
	STREAM_HASH,
	STREAM_CIPHER,
	STREAM_AUTH_TAG,
	STREAM_KEY_AGREEMENT_NAME, /*!< As people call them, from here on */
	STREAM_HASH_NAME,
	STREAM_SUITE,
	STREAM_HASH_STATUS,    /*!< Does the Hello match the peer's a=zrtp-hash: none, matched, mismatch */
	STREAM_HANDSHAKE_MS,   /*!< From the first Hello to secure; empty until it is */
	STREAM_ITEMS
};

/*! Room for the longest value, with its NUL. */
#define STREAM_ITEM_SIZE 64

/*! \brief Its name, the same everywhere. */
const char *stream_item_name(enum stream_item item);

/*! \brief Write its value; empty: there is none yet. \return out, of STREAM_ITEM_SIZE octets at least */
char *stream_item_value(char *out, enum stream_item item, const struct zrtp_stream_info *info);

/*! \brief none, matched or mismatch. */
const char *stream_hash_text(enum zrtp_hash_status status);

#endif
