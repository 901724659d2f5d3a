/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SRTP and SRTCP on libsrtp2 with the keys of one ZRTP stream. One libsrtp
 * session per direction, so that a packet can never be protected with the
 * peer's key.
 */
#include <zrtp/srtp.h>

#include <openssl/crypto.h>
#include <srtp2/srtp.h>
#include <stdlib.h>
#include <string.h>

enum {
	RTP_HEADER_MIN = 12,
	RTCP_HEADER_MIN = 8,
	SRTCP_INDEX_SIZE = 4,
	GCM_TAG_BITS = 128,
	GCM_SALT_SIZE = 12,
	PACKET_MAX = 8192 + ZRTP_SRTP_TRAILER_MAX
};

struct zrtp_srtp {
	srtp_t session[2]; /* by enum zrtp_direction */
	/* With HS32 the RFC leaves the length of the SRTCP tag open: phones in
	 * use send 32 bits, RFC 3711 wants 80. We send 32, and this session
	 * receives 80. Only one session ever sends: two would use one keystream
	 * twice. */
	srtp_t receive_rtcp_80;
	bool rtcp_80, rtcp_settled; /* what the peer sends, once seen */
	size_t tag_size[2];         /* octets */
	bool gcm;                   /* the receiving key is of AES-GCM */
	bool retired;               /* the receiving key serves to know former SRTP only */
	uint64_t heard_at;          /* SRTP under it came last */
	uint64_t clear_since;       /* nothing but clear RTP since then; 0: none yet */
	bool late;                  /* the receiving key waits beside clear media */
	struct run {
		uint64_t since, last; /* the first and the last SRTP under it in a row */
		unsigned packets;
	} run;
};

struct copy {
	_Alignas(uint32_t) uint8_t octets[PACKET_MAX];
	size_t len;
};

struct zrtp_srtp *zrtp_srtp_new(void)
{
	return calloc(1, sizeof(struct zrtp_srtp));
}

static void drop(srtp_t *session)
{
	if (*session) {
		srtp_dealloc(*session); /* wipes its keys */
		*session = NULL;
	}
}

static void drop_direction(struct zrtp_srtp *srtp, enum zrtp_direction direction)
{
	drop(&srtp->session[direction]);
	if (direction == ZRTP_RECEIVE) {
		drop(&srtp->receive_rtcp_80);
		srtp->rtcp_settled = srtp->rtcp_80 = false;
		srtp->late = false;
	}
}

void zrtp_srtp_free(struct zrtp_srtp *srtp)
{
	if (srtp) {
		drop_direction(srtp, ZRTP_RECEIVE);
		drop_direction(srtp, ZRTP_SEND);
		free(srtp);
	}
}

/* AES-GCM (RFC 7714); there is none with 192 bits. */
static bool set_gcm(srtp_crypto_policy_t *suite, unsigned key_len)
{
	switch (key_len) {
	case 16:
		srtp_crypto_policy_set_aes_gcm_128_16_auth(suite);
		return true;
	case 32:
		srtp_crypto_policy_set_aes_gcm_256_16_auth(suite);
		return true;
	default:
		return false;
	}
}

/* AES-CM with HMAC-SHA1, or AES-GCM; false for a size that is none of ours. */
static bool set_suite(srtp_crypto_policy_t *suite, unsigned key_len, unsigned tag_bits)
{
	if (tag_bits == GCM_TAG_BITS) {
		return set_gcm(suite, key_len);
	}
	if (tag_bits != 32 && tag_bits != 80) {
		return false;
	}
	switch (key_len) {
	case 16:
		srtp_crypto_policy_set_rtp_default(suite);
		break;
	case 24:
		srtp_crypto_policy_set_aes_cm_192_hmac_sha1_80(suite);
		break;
	case 32:
		srtp_crypto_policy_set_aes_cm_256_hmac_sha1_80(suite);
		break;
	default:
		return false;
	}
	suite->auth_tag_len = (int)tag_bits / 8;
	return true;
}

static srtp_t make(enum zrtp_direction direction, const struct zrtp_srtp_keys *keys, unsigned rtcp_tag_bits)
{
	uint8_t master[ZRTP_SRTP_KEY_MAX + ZRTP_SRTP_SALT_SIZE];
	srtp_policy_t policy;
	srtp_t session = NULL;

	memset(&policy, 0, sizeof(policy));
	if (keys->salt_len != (keys->tag_bits == GCM_TAG_BITS ? GCM_SALT_SIZE : ZRTP_SRTP_SALT_SIZE) ||
	    !set_suite(&policy.rtp, keys->key_len, keys->tag_bits) ||
	    !set_suite(&policy.rtcp, keys->key_len, rtcp_tag_bits)) {
		return NULL;
	}
	memcpy(master, keys->key, keys->key_len);
	memcpy(master + keys->key_len, keys->salt, keys->salt_len);
	policy.ssrc.type = direction == ZRTP_SEND ? ssrc_any_outbound : ssrc_any_inbound;
	policy.key = master;
	policy.window_size = 128;
	if (srtp_create(&session, &policy) != srtp_err_status_ok) {
		session = NULL;
	}
	OPENSSL_cleanse(master, sizeof(master));
	return session;
}

bool zrtp_srtp_has_gcm(void)
{
	static const unsigned key_len[] = { 16, 32 };
	bool has = true;

	for (unsigned i = 0; i < 2; i++) {
		const struct zrtp_srtp_keys keys = { .key_len = key_len[i],
						     .salt_len = GCM_SALT_SIZE,
						     .tag_bits = GCM_TAG_BITS };
		srtp_t session = make(ZRTP_SEND, &keys, GCM_TAG_BITS);

		has = has && session;
		drop(&session);
	}
	return has;
}

enum zrtp_status zrtp_srtp_set_keys(struct zrtp_srtp *srtp, enum zrtp_direction direction,
				    const struct zrtp_srtp_keys *keys)
{
	if (srtp->retired) {
		drop_direction(srtp, ZRTP_RECEIVE);
		srtp->retired = false;
	}
	drop_direction(srtp, direction);
	if (!keys) {
		return ZRTP_OK;
	}
	srtp->session[direction] = make(direction, keys, keys->tag_bits);
	if (!srtp->session[direction]) {
		return ZRTP_CRYPTO;
	}
	srtp->tag_size[direction] = keys->tag_bits / 8;
	srtp->gcm = direction == ZRTP_RECEIVE ? keys->tag_bits == GCM_TAG_BITS : srtp->gcm;
	if (direction == ZRTP_RECEIVE && keys->tag_bits == 32) {
		srtp->receive_rtcp_80 = make(direction, keys, 80);
		if (!srtp->receive_rtcp_80) {
			drop_direction(srtp, direction);
			return ZRTP_CRYPTO;
		}
	}
	return ZRTP_OK;
}

static bool shorter(size_t len, bool rtcp, size_t trailer)
{
	return len < (rtcp ? RTCP_HEADER_MIN : RTP_HEADER_MIN) + trailer;
}

enum zrtp_status zrtp_srtp_protect(struct zrtp_srtp *srtp, bool rtcp, uint8_t *packet, size_t *len,
				   size_t size)
{
	int n = (int)*len;
	srtp_err_status_t status;

	if (!srtp->session[ZRTP_SEND]) {
		return ZRTP_WRONG_STATE;
	}
	if (shorter(*len, rtcp, 0) || *len > INT32_MAX - ZRTP_SRTP_TRAILER_MAX ||
	    size < *len + ZRTP_SRTP_TRAILER_MAX) {
		return ZRTP_INVALID;
	}
	status = rtcp ? srtp_protect_rtcp(srtp->session[ZRTP_SEND], packet, &n)
		      : srtp_protect(srtp->session[ZRTP_SEND], packet, &n);
	if (status != srtp_err_status_ok) {
		return ZRTP_CRYPTO;
	}
	*len = (size_t)n;
	return ZRTP_OK;
}

static bool open_with(srtp_t session, bool rtcp, uint8_t *packet, size_t *len)
{
	int n = (int)*len;
	srtp_err_status_t status =
		rtcp ? srtp_unprotect_rtcp(session, packet, &n) : srtp_unprotect(session, packet, &n);

	if (status != srtp_err_status_ok) {
		return false;
	}
	*len = (size_t)n;
	return true;
}

/* SRTCP with HS32: the longer tag first, and after the first good packet the
 * one length only. A packet with 80 bits cut to 32 would pass the other
 * session too, which does not know that it was seen. libsrtp2 leaves a packet
 * that fails authentication as it was: with HMAC, not with AES-GCM, which has one
 * length and one session. */
static enum zrtp_status open_rtcp(struct zrtp_srtp *srtp, uint8_t *packet, size_t *len)
{
	bool long_enough = !shorter(*len, true, SRTCP_INDEX_SIZE + 10);

	if ((!srtp->rtcp_settled || srtp->rtcp_80) && long_enough &&
	    open_with(srtp->receive_rtcp_80, true, packet, len)) {
		srtp->rtcp_settled = srtp->rtcp_80 = true;
		return ZRTP_OK;
	}
	if ((!srtp->rtcp_settled || !srtp->rtcp_80) &&
	    open_with(srtp->session[ZRTP_RECEIVE], true, packet, len)) {
		srtp->rtcp_settled = true;
		return ZRTP_OK;
	}
	return ZRTP_DROPPED;
}

static enum zrtp_status unprotect(struct zrtp_srtp *srtp, bool rtcp, uint8_t *packet, size_t *len)
{
	size_t index = rtcp ? SRTCP_INDEX_SIZE : 0, header = rtcp ? RTCP_HEADER_MIN : RTP_HEADER_MIN;

	if (!srtp->session[ZRTP_RECEIVE]) {
		return ZRTP_WRONG_STATE;
	}
	if (*len > INT32_MAX || shorter(*len, rtcp, index + srtp->tag_size[ZRTP_RECEIVE])) {
		return ZRTP_INVALID;
	}
	if (rtcp && srtp->receive_rtcp_80) {
		return open_rtcp(srtp, packet, len);
	}
	if (open_with(srtp->session[ZRTP_RECEIVE], rtcp, packet, len)) {
		return ZRTP_OK;
	}
	if (srtp->gcm) {
		/* Some builds of libsrtp2 leave the text there, authentic or not. */
		memset(packet + header, 0, *len - header);
	}
	return ZRTP_DROPPED;
}

enum zrtp_status zrtp_srtp_unprotect(struct zrtp_srtp *srtp, bool rtcp, uint8_t *packet, size_t *len)
{
	return srtp->retired || srtp->late ? ZRTP_WRONG_STATE : unprotect(srtp, rtcp, packet, len);
}

void zrtp_srtp_retire(struct zrtp_srtp *srtp, uint64_t now)
{
	drop_direction(srtp, ZRTP_SEND);
	if (srtp->late) { /* they never counted */
		drop_direction(srtp, ZRTP_RECEIVE);
	}
	if (srtp->session[ZRTP_RECEIVE] && !srtp->retired) {
		srtp->retired = true;
		srtp->heard_at = now;
		srtp->clear_since = 0;
	}
}

/* On a copy: a suite may spoil what it does not open. */
static bool opens(struct zrtp_srtp *srtp, bool rtcp, const uint8_t *packet, size_t len, struct copy *copy)
{
	copy->len = len;
	if (len > sizeof(copy->octets)) {
		return false;
	}
	memcpy(copy->octets, packet, len);
	return unprotect(srtp, rtcp, copy->octets, &copy->len) == ZRTP_OK;
}

static void take(const struct copy *copy, uint8_t *packet, size_t *len)
{
	memcpy(packet, copy->octets, copy->len);
	*len = copy->len;
}

enum zrtp_srtp_former zrtp_srtp_receive_former(struct zrtp_srtp *srtp, bool rtcp, uint8_t *packet,
					       size_t *len, uint64_t now)
{
	struct copy copy;

	if (!srtp->retired) {
		return ZRTP_FORMER_NONE;
	}
	if (opens(srtp, rtcp, packet, *len, &copy)) {
		take(&copy, packet, len);
		srtp->heard_at = now;
		srtp->clear_since = 0;
		return ZRTP_FORMER_OPENED;
	}
	if (now - srtp->heard_at < ZRTP_FORMER_QUIET_US) {
		return ZRTP_FORMER_DROP;
	}
	if (!rtcp && !srtp->clear_since) {
		srtp->clear_since = now;
	} else if (!rtcp && now - srtp->clear_since >= ZRTP_FORMER_KEEP_US) {
		drop_direction(srtp, ZRTP_RECEIVE);
		srtp->retired = false;
	}
	return ZRTP_FORMER_NONE;
}

enum zrtp_status zrtp_srtp_set_late_keys(struct zrtp_srtp *srtp, const struct zrtp_srtp_keys *keys)
{
	enum zrtp_status status = zrtp_srtp_set_keys(srtp, ZRTP_RECEIVE, keys);

	srtp->late = keys && status == ZRTP_OK;
	srtp->run = (struct run){ 0 };
	return status;
}

/* One more packet of SRTP. True: they are enough. */
static bool runs(struct run *run, uint64_t now)
{
	if (!run->packets || now - run->last > ZRTP_LATE_PAUSE_US) {
		*run = (struct run){ .since = now };
	}
	run->last = now;
	run->packets++;
	return run->packets >= ZRTP_LATE_RUN_PACKETS && now - run->since >= ZRTP_LATE_RUN_US;
}

/* Keep-alives, STUN and the like on the same port are no media. */
static bool is_rtp(const uint8_t *packet, size_t len)
{
	return len >= RTP_HEADER_MIN && packet[0] >> 6 == 2;
}

enum zrtp_srtp_late zrtp_srtp_receive_late(struct zrtp_srtp *srtp, bool rtcp, uint8_t *packet, size_t *len,
					   uint64_t now)
{
	struct copy copy;

	if (!srtp->late) {
		return ZRTP_LATE_CLEAR;
	}
	if (!opens(srtp, rtcp, packet, *len, &copy)) {
		if (!rtcp && is_rtp(packet, *len)) {
			srtp->run = (struct run){ 0 };
		}
		return ZRTP_LATE_CLEAR;
	}
	if (rtcp || !runs(&srtp->run, now)) {
		return ZRTP_LATE_WAITS;
	}
	take(&copy, packet, len);
	srtp->late = false;
	return ZRTP_LATE_TAKEN;
}
