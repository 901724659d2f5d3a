/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Protect and unprotect per packet: the engine's SRTP beside bare libsrtp2, for each suite.
 *
 *   bench-srtp [packets per round]
 *
 * Nanoseconds of CPU time for an RTP packet of 172 octets, medians of alternating rounds.
 */
#include "row.h"

#include <zrtp/srtp.h>

#include <srtp2/srtp.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ROUNDS = 101, PACKET = 172, ROOM = 200 };

static const struct suite {
	const char *name;
	unsigned tag_bits;
	unsigned key_len, salt_len;
	void (*set)(srtp_crypto_policy_t *policy);
} suites[] = {
	{ "AES-128 + HMAC-SHA1-80", 80, 16, 14, srtp_crypto_policy_set_rtp_default },
	{ "AES-256 + HMAC-SHA1-80", 80, 32, 14, srtp_crypto_policy_set_aes_cm_256_hmac_sha1_80 },
	{ "AES-128 + HMAC-SHA1-32", 32, 16, 14, srtp_crypto_policy_set_aes_cm_128_hmac_sha1_32 },
	{ "AES-256 + HMAC-SHA1-32", 32, 32, 14, srtp_crypto_policy_set_aes_cm_256_hmac_sha1_32 },
	{ "AES-128-GCM", 128, 16, 12, srtp_crypto_policy_set_aes_gcm_128_16_auth },
	{ "AES-256-GCM", 128, 32, 12, srtp_crypto_policy_set_aes_gcm_256_16_auth },
};

/* One direction: what protects and what opens. */
struct pipe {
	struct zrtp_srtp *ours[2];
	srtp_t bare[2];
};

static void die(const char *what)
{
	fprintf(stderr, "bench-srtp: %s\n", what);
	exit(1);
}

static void open_pipe(struct pipe *pipe, const struct suite *suite)
{
	uint8_t key[46];
	struct zrtp_srtp_keys keys = { .key_len = suite->key_len,
				       .salt_len = suite->salt_len,
				       .tag_bits = suite->tag_bits };
	srtp_policy_t policy = { .window_size = 1024, .key = key };

	for (size_t i = 0; i < sizeof(key); i++) {
		key[i] = (uint8_t)(i * 7 + 1);
	}
	memcpy(keys.key, key, suite->key_len);
	memcpy(keys.salt, key + suite->key_len, suite->salt_len);
	suite->set(&policy.rtp);
	suite->set(&policy.rtcp);
	for (unsigned i = 0; i < 2; i++) {
		policy.ssrc.type = i ? ssrc_any_inbound : ssrc_any_outbound;
		pipe->ours[i] = zrtp_srtp_new();
		if (!pipe->ours[i] ||
		    zrtp_srtp_set_keys(pipe->ours[i], i ? ZRTP_RECEIVE : ZRTP_SEND, &keys) ||
		    srtp_create(&pipe->bare[i], &policy)) {
			die("no session");
		}
	}
}

static void close_pipe(struct pipe *pipe)
{
	for (unsigned i = 0; i < 2; i++) {
		zrtp_srtp_free(pipe->ours[i]);
		srtp_dealloc(pipe->bare[i]);
	}
}

static double cpu(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* Protects or opens count packets, which lie one behind the other. */
static void turn(struct pipe *pipe, bool ours, bool opens, uint8_t *packets, size_t *len, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		uint8_t *packet = packets + (size_t)i * ROOM;
		int octets = (int)len[i];
		bool failed;

		if (ours) {
			failed = opens ? zrtp_srtp_unprotect(pipe->ours[1], false, packet, &len[i])
				       : zrtp_srtp_protect(pipe->ours[0], false, packet, &len[i], ROOM);
		} else {
			failed = opens ? srtp_unprotect(pipe->bare[1], packet, &octets)
				       : srtp_protect(pipe->bare[0], packet, &octets);
			len[i] = (size_t)octets;
		}
		if (failed) {
			die("a packet was refused");
		}
	}
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double values[ROUNDS])
{
	qsort(values, ROUNDS, sizeof(*values), by_value);
	return values[ROUNDS / 2];
}

static void compare(const struct suite *suite, unsigned count, uint8_t *packets, size_t *len)
{
	static double ns[2][2][ROUNDS]; /* bare or ours, protect or unprotect */
	struct pipe pipe;
	uint16_t number[2] = { 1, 1 };

	open_pipe(&pipe, suite);
	for (unsigned round = 0; round < 2 * ROUNDS; round++) {
		unsigned ours = round % 2;

		for (unsigned i = 0; i < count; i++, number[ours]++) {
			uint8_t *packet = packets + (size_t)i * ROOM;

			memset(packet, 0x55, PACKET);
			packet[0] = 0x80;
			packet[1] = 0;
			packet[2] = (uint8_t)(number[ours] >> 8);
			packet[3] = (uint8_t)number[ours];
			len[i] = PACKET;
		}
		for (unsigned opens = 0; opens < 2; opens++) {
			double begin = cpu();

			turn(&pipe, ours, opens, packets, len, count);
			ns[ours][opens][round / 2] = (cpu() - begin) / count;
		}
	}
	for (unsigned opens = 0; opens < 2; opens++) {
		double ours = median(ns[1][opens]), bare = median(ns[0][opens]);
		char what[120];

		snprintf(what, sizeof(what), "%s %d octets of RTP, %s, %s", opens ? "unprotect" : "protect",
			 PACKET, suite->name, srtp_get_version_string());
		row_print(&(struct row){ .what = what,
					 .unit = "ns of CPU",
					 .ours = ours,
					 .bare = bare,
					 .of_bare = ours / bare });
	}
	close_pipe(&pipe);
}

int main(int argc, char **argv)
{
	unsigned count = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 100;
	uint8_t *packets;
	size_t *len;

	if (!count || count > 500 || srtp_init()) {
		die("1 to 500 packets");
	}
	packets = aligned_alloc(8, (size_t)count * ROOM);
	len = calloc(count, sizeof(*len));
	if (!packets || !len) {
		die("no memory");
	}
	for (unsigned i = 0; i < sizeof(suites) / sizeof(*suites); i++) {
		if (suites[i].tag_bits != 128 || zrtp_srtp_has_gcm()) {
			compare(&suites[i], count, packets, len);
		}
	}
	free(packets);
	free(len);
	srtp_shutdown();
	return 0;
}
