/* SPDX-License-Identifier: BSD-2-Clause */
/* What the tests of SRTP share: packets, two ends, and libsrtp2 by itself. */
#ifndef MEDIA_H
#define MEDIA_H

#include "unit.h"

#include <zrtp/srtp.h>

#include <srtp2/srtp.h>

enum {
	SSRC = 0x11223344,
	PAYLOAD = 160,
	ROOM = 512, /* of a packet */
	RTP_LEN = 12 + PAYLOAD,
	RTCP_LEN = 28, /* a sender report without blocks */
};

struct packet {
	_Alignas(8) uint8_t octets[ROOM];
	size_t len;
};

static inline void put32(uint8_t *at, uint32_t v)
{
	for (unsigned i = 0; i < 4; i++) {
		at[i] = (uint8_t)(v >> (24 - 8 * i));
	}
}

static inline struct packet rtp(uint16_t sequence)
{
	struct packet p = { .len = RTP_LEN };

	memset(p.octets + 12, sequence & 0xff, PAYLOAD);
	put32(p.octets, 0x80000000 | sequence);
	put32(p.octets + 4, 160U * sequence);
	put32(p.octets + 8, SSRC);
	return p;
}

static inline struct packet rtcp(uint8_t filler)
{
	struct packet p = { .len = RTCP_LEN };

	memset(p.octets, filler, RTCP_LEN);
	put32(p.octets, 0x80c80006);
	put32(p.octets + 4, SSRC);
	return p;
}

static inline struct packet make(bool is_rtcp, uint16_t number)
{
	return is_rtcp ? rtcp((uint8_t)number) : rtp(number);
}

static inline bool same(const struct packet *a, const struct packet *b)
{
	return a->len == b->len && !memcmp(a->octets, b->octets, a->len);
}

/* Every cipher with every tag. */
static const struct suite {
	unsigned key_len, tag_bits;
} suites[] = { { 16, 32 }, { 16, 80 }, { 24, 32 },  { 24, 80 },
	       { 32, 32 }, { 32, 80 }, { 16, 128 }, { 32, 128 } };

enum { HMAC_SUITES = 6 /* then those of AES-GCM */ };

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static inline struct zrtp_srtp_keys keys_of(struct suite suite, uint8_t first)
{
	struct zrtp_srtp_keys keys = { .key_len = suite.key_len,
				       .salt_len = suite.tag_bits == 128 ? 12 : 14,
				       .tag_bits = suite.tag_bits };

	for (unsigned i = 0; i < suite.key_len; i++) {
		keys.key[i] = (uint8_t)(first + i);
	}
	for (unsigned i = 0; i < keys.salt_len; i++) {
		keys.salt[i] = (uint8_t)(first ^ 0xa5 ^ i);
	}
	return keys;
}

/* Two ends: what a sends, b receives. */
struct ends {
	struct zrtp_srtp *a, *b;
	struct zrtp_srtp_keys keys;
	size_t tag; /* octets */
};

static inline struct zrtp_srtp *make_end(enum zrtp_direction direction, const struct zrtp_srtp_keys *keys)
{
	struct zrtp_srtp *srtp = zrtp_srtp_new();

	assert_non_null(srtp);
	assert_int_equal(zrtp_srtp_set_keys(srtp, direction, keys), ZRTP_OK);
	return srtp;
}

static inline struct ends open_ends(struct suite suite)
{
	struct ends ends = { .keys = keys_of(suite, 1), .tag = suite.tag_bits / 8 };

	ends.a = make_end(ZRTP_SEND, &ends.keys);
	ends.b = make_end(ZRTP_RECEIVE, &ends.keys);
	return ends;
}

static inline void close_ends(struct ends *ends)
{
	zrtp_srtp_free(ends->a);
	zrtp_srtp_free(ends->b);
}

static inline enum zrtp_status protect(struct zrtp_srtp *srtp, bool is_rtcp, struct packet *p)
{
	return zrtp_srtp_protect(srtp, is_rtcp, p->octets, &p->len, sizeof(p->octets));
}

static inline enum zrtp_status unprotect(struct zrtp_srtp *srtp, bool is_rtcp, struct packet *p)
{
	return zrtp_srtp_unprotect(srtp, is_rtcp, p->octets, &p->len);
}

/* The packet as it goes over the wire. */
static inline struct packet sent(const struct ends *ends, bool is_rtcp, uint16_t number)
{
	struct packet p = make(is_rtcp, number);

	assert_int_equal(protect(ends->a, is_rtcp, &p), ZRTP_OK);
	return p;
}

static inline void arrives(const struct ends *ends, bool is_rtcp, struct packet wire, uint16_t number)
{
	struct packet expected = make(is_rtcp, number);

	assert_int_equal(unprotect(ends->b, is_rtcp, &wire), ZRTP_OK);
	assert_true(same(&wire, &expected));
}

/* With AES-GCM only the fixed header is left of a forgery. */
static inline bool is_spoilt(const struct packet *p, const struct packet *before, bool is_rtcp)
{
	size_t header = is_rtcp ? 8 : 12;
	bool zero = p->len == before->len && !memcmp(p->octets, before->octets, header);

	for (size_t i = header; i < p->len; i++) {
		zero = zero && !p->octets[i];
	}
	return zero;
}

static inline void is_refused(struct zrtp_srtp *srtp, bool is_rtcp, struct packet wire,
			      enum zrtp_status status)
{
	struct packet before = wire;

	assert_int_equal(unprotect(srtp, is_rtcp, &wire), status);
	assert_true(same(&wire, &before) || (status == ZRTP_DROPPED && is_spoilt(&wire, &before, is_rtcp)));
}

/* ---- libsrtp2 by itself ---- */

static inline void set_policy(srtp_crypto_policy_t *policy, unsigned key_len, unsigned tag_bits)
{
	if (tag_bits == 128 && key_len == 16) {
		srtp_crypto_policy_set_aes_gcm_128_16_auth(policy);
	} else if (tag_bits == 128) {
		srtp_crypto_policy_set_aes_gcm_256_16_auth(policy);
	} else if (key_len == 16) {
		srtp_crypto_policy_set_aes_cm_128_hmac_sha1_80(policy);
	} else if (key_len == 24) {
		srtp_crypto_policy_set_aes_cm_192_hmac_sha1_80(policy);
	} else {
		srtp_crypto_policy_set_aes_cm_256_hmac_sha1_80(policy);
	}
	policy->auth_tag_len = (int)tag_bits / 8;
}

static inline srtp_t plain_session(const struct zrtp_srtp_keys *keys, unsigned rtcp_tag_bits)
{
	uint8_t master[ZRTP_SRTP_KEY_MAX + ZRTP_SRTP_SALT_SIZE];
	srtp_policy_t policy;
	srtp_t session;

	memset(&policy, 0, sizeof(policy));
	set_policy(&policy.rtp, keys->key_len, keys->tag_bits);
	set_policy(&policy.rtcp, keys->key_len, rtcp_tag_bits);
	memcpy(master, keys->key, keys->key_len);
	memcpy(master + keys->key_len, keys->salt, keys->salt_len);
	policy.key = master;
	policy.ssrc.type = ssrc_specific;
	policy.ssrc.value = SSRC;
	assert_int_equal(srtp_create(&session, &policy), srtp_err_status_ok);
	return session;
}

static inline struct packet sent_plainly(srtp_t session, bool is_rtcp, uint16_t number)
{
	struct packet p = make(is_rtcp, number);
	int len = (int)p.len;

	assert_int_equal(is_rtcp ? srtp_protect_rtcp(session, p.octets, &len)
				 : srtp_protect(session, p.octets, &len),
			 srtp_err_status_ok);
	p.len = (size_t)len;
	return p;
}

static inline void arrives_plainly(srtp_t session, bool is_rtcp, struct packet wire, uint16_t number)
{
	struct packet expected = make(is_rtcp, number);
	int len = (int)wire.len;

	assert_int_equal(is_rtcp ? srtp_unprotect_rtcp(session, wire.octets, &len)
				 : srtp_unprotect(session, wire.octets, &len),
			 srtp_err_status_ok);
	wire.len = (size_t)len;
	assert_true(same(&wire, &expected));
}

static inline int set_up(void **state)
{
	(void)state;
	return srtp_init() == srtp_err_status_ok ? 0 : -1;
}

static inline int tear_down(void **state)
{
	(void)state;
	return srtp_shutdown() == srtp_err_status_ok ? 0 : -1;
}

#endif
