/* SPDX-License-Identifier: BSD-2-Clause */
/* What the tests of an attacker on the way share. */
#ifndef ATTACKER_H
#define ATTACKER_H

#include "pair.h"
#include "internal.h"
#include "packet.h"

static inline struct pair_config initiator_alice(void)
{
	struct pair_config config;

	pair_config_init(&config);
	config.policy[1].passive = true;
	return config;
}

/* A genuine exchange, packet by packet. */
static struct {
	unsigned count;
	struct pair_packet packet[64];
} record;

static inline bool record_packet(struct pair *pair, struct pair_packet *packet)
{
	(void)pair;
	assert_true(record.count < 64);
	record.packet[record.count++] = *packet;
	return true;
}

static inline struct pair *record_exchange(void)
{
	struct pair_config config = initiator_alice();
	struct pair *pair = pair_new(&config);

	record.count = 0;
	pair->filter = record_packet;
	pair_add_stream(pair, 0);
	pair_start(pair, 0);
	assert_true(pair_run_until_secure(pair, 0, pair->now + 5000000));
	pair_run(pair, pair->now + 1000000);
	pair->filter = NULL;
	return pair;
}

/* Hand a datagram to one side in a block of its very size, so that a read
 * past its end is seen. */
static inline enum zrtp_status inject(struct pair *pair, unsigned side, const uint8_t *octets, size_t len)
{
	uint8_t *exact = malloc(len ? len : 1);
	enum zrtp_status status;

	assert_non_null(exact);
	memcpy(exact, octets, len);
	status = zrtp_stream_receive(pair->side[side].log[0].stream, exact, len, pair->now);
	free(exact);
	return status;
}

static inline enum zrtp_status inject_message(struct pair *pair, unsigned side, uint32_t ssrc,
					      const uint8_t *message, size_t len)
{
	uint8_t datagram[ZRTP_DATAGRAM_MAX];

	return inject(pair, side, datagram, pair_wrap(datagram, ssrc, 4000, message, len));
}

/* Change one packet of a type on its way; the CRC is made right again. */
struct change {
	const char *type;
	size_t offset; /* into the message */
	uint8_t flip;
	const uint8_t *octets; /* or: replace by these */
	size_t len;
	bool once, done;
	unsigned seen_after; /* packets of type `watch` sent afterwards */
	const char *watch;
};

static inline bool change_packet(struct pair *pair, struct pair_packet *packet)
{
	struct change *change = pair->filter_arg;

	if (change->done && change->watch && pair_is(packet, change->watch)) {
		change->seen_after++;
	}
	if (!pair_is(packet, change->type) || (change->once && change->done)) {
		return true;
	}
	change->done = true;
	if (change->octets) {
		memcpy(packet->octets + 12 + change->offset, change->octets, change->len);
	} else {
		packet->octets[12 + change->offset] ^= change->flip;
	}
	pair_repair(packet->octets, packet->len);
	return true;
}

static inline struct pair *run_changed(const struct pair_config *config, struct change *change)
{
	struct pair *pair = pair_new(config);

	pair->filter = change_packet;
	pair->filter_arg = change;
	pair_add_stream(pair, 0);
	pair_start(pair, 0);
	pair_run(pair, pair->now + 40000000);
	assert_true(change->done);
	return pair;
}

static inline void assert_ended(const struct pair *pair, unsigned side, uint32_t code)
{
	const struct pair_log *log = &pair->side[side].log[0];

	assert_int_equal(log->secure, 0);
	assert_int_equal(log->error, 1);
	assert_int_equal(log->error_code, code);
}

#endif
