/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief What is reported of a stream: name and value of each item.
 */

#include <stdio.h>
#include <string.h>

#include "decide/stream_item.h"

const char *stream_hash_text(enum zrtp_hash_status status)
{
	switch (status) {
	case ZRTP_HASH_MATCHED:
		return "matched";
	case ZRTP_HASH_MISMATCH:
		return "mismatch";
	default:
		return "none";
	}
}

static void put(char *out, const char *text)
{
	snprintf(out, STREAM_ITEM_SIZE, "%s", text ? text : "");
}

/*! \brief Four letters, without the blanks that fill them up. */
static void put_letters(char *out, const struct zrtp_stream_info *info, enum zrtp_class class)
{
	snprintf(out, STREAM_ITEM_SIZE, "%.*s", (int) strcspn(info->algorithm[class], " "), info->algorithm[class]);
}

static void put_ssrc(char *out, const struct zrtp_stream_info *info)
{
	snprintf(out, STREAM_ITEM_SIZE, "%08x", (unsigned int) info->ssrc);
}

static void put_step(char *out, const struct zrtp_stream_info *info)
{
	put(out, zrtp_state_text(info->state));
}

/*! \brief Who began is known once the key agreement is. */
static void put_role(char *out, const struct zrtp_stream_info *info)
{
	put(out, !info->algorithm[ZRTP_CLASS_KEX][0] ? "" : info->initiator ? "initiator" : "responder");
}

static void put_kex(char *out, const struct zrtp_stream_info *info)
{
	put_letters(out, info, ZRTP_CLASS_KEX);
}

static void put_hash(char *out, const struct zrtp_stream_info *info)
{
	put_letters(out, info, ZRTP_CLASS_HASH);
}

static void put_cipher(char *out, const struct zrtp_stream_info *info)
{
	put_letters(out, info, ZRTP_CLASS_CIPHER);
}

static void put_tag(char *out, const struct zrtp_stream_info *info)
{
	put_letters(out, info, ZRTP_CLASS_TAG);
}

static void put_kex_name(char *out, const struct zrtp_stream_info *info)
{
	put(out, zrtp_algorithm_name(ZRTP_CLASS_KEX, info->algorithm[ZRTP_CLASS_KEX]));
}

static void put_hash_name(char *out, const struct zrtp_stream_info *info)
{
	put(out, zrtp_algorithm_name(ZRTP_CLASS_HASH, info->algorithm[ZRTP_CLASS_HASH]));
}

static void put_suite(char *out, const struct zrtp_stream_info *info)
{
	char suite[ZRTP_SUITE_TEXT_SIZE];

	put(out, zrtp_suite_text(info->algorithm[ZRTP_CLASS_CIPHER], info->algorithm[ZRTP_CLASS_TAG], suite));
}

static void put_hash_status(char *out, const struct zrtp_stream_info *info)
{
	put(out, stream_hash_text(info->hello_hash));
}

static void put_ms(char *out, const struct zrtp_stream_info *info)
{
	if (info->secure_at) {
		snprintf(out, STREAM_ITEM_SIZE, "%.1f", (double) (info->secure_at - info->started_at) / 1000);
	}
}

static const struct {
	const char *name;
	void (*put)(char *out, const struct zrtp_stream_info *info);
} rows[STREAM_ITEMS] = {
	[STREAM_SSRC] = { "SSRC", put_ssrc },
	[STREAM_STEP] = { "Step", put_step },
	[STREAM_ROLE] = { "Role", put_role },
	[STREAM_KEY_AGREEMENT] = { "KeyAgreement", put_kex },
	[STREAM_HASH] = { "Hash", put_hash },
	[STREAM_CIPHER] = { "Cipher", put_cipher },
	[STREAM_AUTH_TAG] = { "AuthTag", put_tag },
	[STREAM_KEY_AGREEMENT_NAME] = { "KeyAgreementName", put_kex_name },
	[STREAM_HASH_NAME] = { "HashName", put_hash_name },
	[STREAM_SUITE] = { "Suite", put_suite },
	[STREAM_HASH_STATUS] = { "HashStatus", put_hash_status },
	[STREAM_HANDSHAKE_MS] = { "HandshakeMs", put_ms },
};

const char *stream_item_name(enum stream_item item)
{
	return rows[item].name;
}

char *stream_item_value(char *out, enum stream_item item, const struct zrtp_stream_info *info)
{
	*out = '\0';
	rows[item].put(out, info);

	return out;
}
