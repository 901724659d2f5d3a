/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libbzrtp against itself. The library is GPL-3.0: a program built from this
 * file is for measuring on one's own machine and is not distributed.
 */
#include "bench.h"

#include <bzrtp/bzrtp.h>
#include <stdlib.h>
#include <string.h>

enum { QUEUE = 16, SIZE = 1500 };

struct end {
	bzrtpContext_t *context;
	struct end *peer;
	uint32_t ssrc;
	bool secure;
	unsigned queued;
	uint16_t len[QUEUE];
	uint8_t packet[QUEUE][SIZE]; /* to this end */
};

static const struct {
	const char *name;
	uint8_t id;
} agreements[] = {
	{ "DH2k", ZRTP_KEYAGREEMENT_DH2k },
	{ "DH3k", ZRTP_KEYAGREEMENT_DH3k },
	{ "X255", ZRTP_KEYAGREEMENT_X255 },
	{ "X448", ZRTP_KEYAGREEMENT_X448 },
};

static int on_send(void *arg, const uint8_t *packet, uint16_t len)
{
	struct end *to = ((struct end *)arg)->peer;

	if (to->queued < QUEUE && len <= SIZE) {
		memcpy(to->packet[to->queued], packet, len);
		to->len[to->queued++] = len;
	}
	return 0;
}

static int on_secrets(void *arg, const bzrtpSrtpSecrets_t *secrets, uint8_t part)
{
	(void)arg;
	(void)secrets;
	(void)part;
	return 0;
}

static int on_secure(void *arg, const bzrtpSrtpSecrets_t *secrets, int32_t verified)
{
	(void)secrets;
	(void)verified;
	((struct end *)arg)->secure = true;
	return 0;
}

static uint8_t id_of(const char *kex)
{
	for (size_t i = 0; i < sizeof(agreements) / sizeof(*agreements); i++) {
		if (!strcmp(agreements[i].name, kex)) {
			return agreements[i].id;
		}
	}
	return 0;
}

static void open_end(struct end *end, struct end *peer, uint32_t ssrc, uint8_t kex)
{
	static const bzrtpCallbacks_t callbacks = { .bzrtp_sendData = on_send,
						    .bzrtp_srtpSecretsAvailable = on_secrets,
						    .bzrtp_startSrtpSession = on_secure };
	uint8_t kexes[7] = { kex }, ciphers[7] = { ZRTP_CIPHER_AES1 };

	end->peer = peer;
	end->ssrc = ssrc;
	end->secure = false;
	end->queued = 0;
	end->context = bzrtp_createBzrtpContext();
	bzrtp_setCallbacks(end->context, &callbacks);
	bzrtp_setSupportedCryptoTypes(end->context, ZRTP_KEYAGREEMENT_TYPE, kexes, 1);
	bzrtp_setSupportedCryptoTypes(end->context, ZRTP_CIPHERBLOCK_TYPE, ciphers, 1);
	bzrtp_initBzrtpContext(end->context, ssrc);
	bzrtp_setClientData(end->context, ssrc, end);
	bzrtp_startChannelEngine(end->context, ssrc);
}

static bool deliver(struct end *end)
{
	uint8_t packet[SIZE];
	uint16_t len;

	if (!end->queued) {
		return false;
	}
	len = end->len[0];
	memcpy(packet, end->packet[0], len);
	end->queued--;
	memmove(end->packet[0], end->packet[1], end->queued * sizeof(end->packet[0]));
	memmove(&end->len[0], &end->len[1], end->queued * sizeof(end->len[0]));
	bzrtp_processMessage(end->context, end->ssrc, packet, len);
	return true;
}

bool bzrtp_has(const char *kex)
{
	return id_of(kex);
}

bool bzrtp_run(const char *kex)
{
	static struct end a, b;

	open_end(&a, &b, 1, id_of(kex));
	open_end(&b, &a, 2, id_of(kex));
	/* Packets travel in no time; a tick only when nothing moves. */
	for (uint64_t now = 0; now < 5000 && (!a.secure || !b.secure); now += 10) {
		bzrtp_iterate(a.context, 1, now);
		bzrtp_iterate(b.context, 2, now);
		while (deliver(&a) | deliver(&b)) {
		}
	}
	bzrtp_destroyBzrtpContext(a.context, 1);
	bzrtp_destroyBzrtpContext(b.context, 2);
	return a.secure && b.secure;
}
