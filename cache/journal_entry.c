/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An entry of a journal, in a slot of 512 octets; numbers are big-endian:
 *
 *   0    "zrtpjrnl", of a copy "KNOWNbyz", version (1), form (0 in clear, 1 sealed), 2 octets of zero
 *   12   first 8 octets of SHA-256 of the slot with zeros here: damage is no wrong key
 *   20   number of the entry
 *   28   nonce (12), text (456), tag (16): AES-256-GCM, bound to all before but the sum;
 *        in clear nonce and tag are zero
 *
 * The text: kind, own ZID, peer's ZID, time, label, then the change or the endpoint, zeros behind it.
 */
#include "journal.h"

#include <openssl/evp.h>

enum { MAGIC_LEN = 8, VERSION = 1, CLEAR = 0, SEALED = 1, CHANGE = 1, ENDPOINT = 2 };

/* Of a slot. */
enum { AT_VERSION = 8, AT_FORM = 9, AT_SUM = 12, SUM = 8, AT_NUMBER = 20, AT_NONCE = 28, HEAD = 20 };
enum { AT_TEXT = AT_NONCE + CIPHER_NONCE, TEXT = JOURNAL_SLOT - AT_TEXT - CIPHER_TAG };

/* Of the text. */
enum {
	AT_OWN = 1,
	AT_PEER = AT_OWN + ZRTP_ZID_SIZE,
	AT_NOW = AT_PEER + ZRTP_ZID_SIZE,
	AT_LABEL = AT_NOW + 8
};
enum { AT_BODY = AT_LABEL + ZRTP_LABEL_SIZE };

/* So unlike that neither is taken for the other one, damaged. */
static const uint8_t magics[][MAGIC_LEN] = {
	[JOURNAL_OF_CHANGES] = { 'z', 'r', 't', 'p', 'j', 'r', 'n', 'l' },
	[JOURNAL_OF_COPIES] = { 'K', 'N', 'O', 'W', 'N', 'b', 'y', 'z' },
};

/* ---- the change, member by member ---- */

enum kind { FLAG, OCTETS, NUMBER };

struct member {
	enum kind kind;
	size_t at, size;
};

#define MEMBER(kind, name)                                                                                   \
	{                                                                                                    \
		kind, offsetof(struct zrtp_retained, name), sizeof(((struct zrtp_retained *)0)->name)        \
	}

/* All of it; their order is that of version 1. */
static const struct member members[] = {
	MEMBER(FLAG, has_rs1),         MEMBER(FLAG, has_rs2),
	MEMBER(FLAG, has_pbx),         MEMBER(FLAG, has_pbx_alternate),
	MEMBER(FLAG, verified),        MEMBER(FLAG, new_label),
	MEMBER(FLAG, files_by_label),  MEMBER(FLAG, rs2_other),
	MEMBER(FLAG, other_verified),  MEMBER(FLAG, first_calls),
	MEMBER(FLAG, unavailable),     MEMBER(FLAG, unproved),
	MEMBER(FLAG, line_unproved),   MEMBER(FLAG, line_later),
	MEMBER(FLAG, other_later),     MEMBER(FLAG, has_spare),
	MEMBER(FLAG, spare_other),     MEMBER(FLAG, again),
	MEMBER(FLAG, had_pbx),         MEMBER(FLAG, peer_mitm),
	MEMBER(FLAG, peers_rs2),       MEMBER(OCTETS, rs1),
	MEMBER(OCTETS, rs2),           MEMBER(OCTETS, pbxsecret),
	MEMBER(OCTETS, pbx_alternate), MEMBER(OCTETS, spare),
	MEMBER(OCTETS, auxsecret),     MEMBER(NUMBER, auxsecret_len),
	MEMBER(NUMBER, expiry),        MEMBER(NUMBER, preshared_count),
	MEMBER(NUMBER, line),          MEMBER(NUMBER, other_line),
	MEMBER(NUMBER, generation),    MEMBER(NUMBER, other_generation),
	MEMBER(NUMBER, made_by),       MEMBER(NUMBER, known_since),
	MEMBER(NUMBER, endpoint),      MEMBER(NUMBER, changed),
	MEMBER(NUMBER, match),
};

enum { MEMBERS = sizeof(members) / sizeof(members[0]), FLAG_OCTETS = 4 };

/* Flags, secrets, auxsecret, numbers of one, four and eight octets. */
_Static_assert(AT_BODY + FLAG_OCTETS + 5 * ZRTP_SECRET_SIZE + ZRTP_AUX_SECRET_MAX + 1 + 6 * 4 + 5 * 8 <= TEXT,
	       "a change fits a slot");
_Static_assert(AT_BODY + ZRTP_STORE_NAME_SIZE <= TEXT, "an endpoint fits a slot");

static void put_number(uint8_t *out, uint64_t number, size_t len)
{
	while (len--) {
		*out++ = (uint8_t)(number >> 8 * len);
	}
}

static uint64_t take_number(const uint8_t *in, size_t len)
{
	uint64_t number = 0;

	while (len--) {
		number = number << 8 | *in++;
	}
	return number;
}

static uint64_t value_of(const void *at, size_t size)
{
	uint64_t eight;
	uint32_t four;

	if (size == sizeof(eight)) {
		memcpy(&eight, at, sizeof(eight));
		return eight;
	}
	if (size == sizeof(four)) {
		memcpy(&four, at, sizeof(four));
		return four;
	}
	return *(const uint8_t *)at;
}

static void set_value(void *at, uint64_t value, size_t size)
{
	const uint32_t four = (uint32_t)value;

	if (size == sizeof(value)) {
		memcpy(at, &value, sizeof(value));
	} else if (size == sizeof(four)) {
		memcpy(at, &four, sizeof(four));
	} else {
		*(uint8_t *)at = (uint8_t)value;
	}
}

static void write_change(uint8_t *out, const struct zrtp_retained *change)
{
	uint32_t flags = 0;
	size_t used = FLAG_OCTETS;

	for (unsigned i = 0; i < MEMBERS; i++) {
		const struct member *member = &members[i];
		const uint8_t *at = (const uint8_t *)change + member->at;

		if (member->kind == FLAG) {
			flags |= (uint32_t) * (const bool *)at << i;
		} else if (member->kind == OCTETS) {
			memcpy(out + used, at, member->size);
			used += member->size;
		} else {
			put_number(out + used, value_of(at, member->size), member->size);
			used += member->size;
		}
	}
	put_number(out, flags, FLAG_OCTETS);
}

static bool read_change(const uint8_t *in, struct zrtp_retained *change)
{
	uint32_t flags = (uint32_t)take_number(in, FLAG_OCTETS);
	size_t used = FLAG_OCTETS;

	memset(change, 0, sizeof(*change));
	for (unsigned i = 0; i < MEMBERS; i++) {
		const struct member *member = &members[i];
		uint8_t *at = (uint8_t *)change + member->at;

		if (member->kind == FLAG) {
			*(bool *)at = flags >> i & 1;
		} else if (member->kind == OCTETS) {
			memcpy(at, in + used, member->size);
			used += member->size;
		} else {
			set_value(at, take_number(in + used, member->size), member->size);
			used += member->size;
		}
	}
	return change->auxsecret_len <= ZRTP_AUX_SECRET_MAX && change->match <= ZRTP_MATCH_FAILED;
}

/* ---- the text ---- */

static void write_text(uint8_t text[TEXT], const struct journal_content *content)
{
	bool is_change = !content->endpoint[0];

	memset(text, 0, TEXT);
	text[0] = is_change ? CHANGE : ENDPOINT;
	memcpy(text + AT_OWN, content->own_zid, ZRTP_ZID_SIZE);
	memcpy(text + AT_PEER, content->peer_zid, ZRTP_ZID_SIZE);
	put_number(text + AT_NOW, (uint64_t)content->now, 8);
	memcpy(text + AT_LABEL, content->label, strnlen(content->label, ZRTP_LABEL_SIZE - 1));
	if (is_change) {
		write_change(text + AT_BODY, &content->change);
	} else {
		memcpy(text + AT_BODY, content->endpoint,
		       strnlen(content->endpoint, ZRTP_STORE_NAME_SIZE - 1));
	}
}

static bool read_text(const uint8_t text[TEXT], struct journal_content *out)
{
	memcpy(out->own_zid, text + AT_OWN, ZRTP_ZID_SIZE);
	memcpy(out->peer_zid, text + AT_PEER, ZRTP_ZID_SIZE);
	out->now = (int64_t)take_number(text + AT_NOW, 8);
	memcpy(out->label, text + AT_LABEL, ZRTP_LABEL_SIZE);
	if (out->label[ZRTP_LABEL_SIZE - 1]) {
		return false;
	}
	if (text[0] == CHANGE) {
		return read_change(text + AT_BODY, &out->change);
	}
	memcpy(out->endpoint, text + AT_BODY, ZRTP_STORE_NAME_SIZE);
	return text[0] == ENDPOINT && out->endpoint[0] && !out->endpoint[ZRTP_STORE_NAME_SIZE - 1];
}

/* ---- the slot ---- */

static int sum(const uint8_t slot[JOURNAL_SLOT], uint8_t out[SUM])
{
	uint8_t copy[JOURNAL_SLOT], digest[EVP_MAX_MD_SIZE];
	int good;

	memcpy(copy, slot, sizeof(copy));
	memset(copy + AT_SUM, 0, SUM);
	good = EVP_Digest(copy, sizeof(copy), digest, NULL, EVP_sha256(), NULL);
	memcpy(out, digest, SUM);
	OPENSSL_cleanse(copy, sizeof(copy));
	OPENSSL_cleanse(digest, sizeof(digest));
	return good == 1 ? 0 : -1;
}

/* What is in clear beside it. */
static void bound_to(const uint8_t slot[JOURNAL_SLOT], uint8_t out[HEAD])
{
	memcpy(out, slot, AT_SUM);
	memcpy(out + AT_SUM, slot + AT_NUMBER, HEAD - AT_SUM);
}

int journal_entry_write(enum journal_of of, const struct zrtp_store_key *key,
			const struct journal_content *content, uint8_t slot[JOURNAL_SLOT])
{
	uint8_t text[TEXT], head[HEAD];
	int failed = 0;

	memset(slot, 0, JOURNAL_SLOT);
	memcpy(slot, magics[of], MAGIC_LEN);
	slot[AT_VERSION] = VERSION;
	slot[AT_FORM] = key ? SEALED : CLEAR;
	put_number(slot + AT_NUMBER, content->number, 8);
	write_text(text, content);
	if (key) {
		bound_to(slot, head);
		failed = zrtp_store_encrypt(key, head, sizeof(head), text, sizeof(text), slot + AT_NONCE);
	} else {
		memcpy(slot + AT_TEXT, text, sizeof(text));
	}
	OPENSSL_cleanse(text, sizeof(text));
	return failed || sum(slot, slot + AT_SUM) ? -1 : 0;
}

static enum journal_found open_text(const struct zrtp_store_key *key, const uint8_t slot[JOURNAL_SLOT],
				    uint8_t text[TEXT])
{
	uint8_t head[HEAD];
	int res;

	if (!key) {
		memcpy(text, slot + AT_TEXT, TEXT);
		return JOURNAL_ENTRY;
	}
	bound_to(slot, head);
	res = zrtp_store_decrypt(key, head, sizeof(head), slot + AT_NONCE, TEXT, text);
	return res < 0 ? JOURNAL_FAILED : res ? JOURNAL_ENTRY : JOURNAL_OTHER_KEY;
}

static bool is_zero(const uint8_t *octets, size_t len)
{
	return !octets[0] && !memcmp(octets, octets + 1, len - 1);
}

enum journal_found journal_entry_cut(enum journal_of of, const uint8_t *octets, size_t len)
{
	if (is_zero(octets, len)) {
		return JOURNAL_FREE;
	}
	return zrtp_store_resembles(octets, len, magics[of], MAGIC_LEN) ? JOURNAL_DAMAGED : JOURNAL_FOREIGN;
}

/* Before what it says is looked at. */
static enum journal_found look_at(enum journal_of of, const struct zrtp_store_key *key,
				  const uint8_t slot[JOURNAL_SLOT])
{
	uint8_t expected[SUM];

	if (is_zero(slot, JOURNAL_SLOT)) {
		return JOURNAL_FREE;
	}
	if (sum(slot, expected)) {
		return JOURNAL_FAILED;
	}
	if (memcmp(expected, slot + AT_SUM, SUM) || memcmp(slot, magics[of], MAGIC_LEN)) {
		return journal_entry_cut(of, slot, JOURNAL_SLOT);
	}
	if (slot[AT_VERSION] != VERSION) {
		return JOURNAL_LATER;
	}
	if (slot[AT_FORM] != (key ? SEALED : CLEAR)) {
		return key ? JOURNAL_CLEAR : JOURNAL_SEALED;
	}
	return JOURNAL_ENTRY;
}

enum journal_found journal_entry_read(enum journal_of of, const struct zrtp_store_key *key,
				      const uint8_t slot[JOURNAL_SLOT], struct journal_content *out)
{
	enum journal_found found = look_at(of, key, slot);
	uint8_t text[TEXT];

	memset(out, 0, sizeof(*out));
	if (found != JOURNAL_ENTRY) {
		return found;
	}
	out->number = take_number(slot + AT_NUMBER, 8);
	found = open_text(key, slot, text);
	if (found == JOURNAL_ENTRY && !read_text(text, out)) {
		found = JOURNAL_DAMAGED;
	}
	OPENSSL_cleanse(text, sizeof(text));
	return found;
}
