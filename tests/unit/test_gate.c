/* SPDX-License-Identifier: BSD-2-Clause */
/* The gate below libre's sockets (libre/gate.c): whose packets it takes, and keys that wait in it. */
#include "media.h"

#include <libre/clock.h>
#include <libre/gate.h>

enum {
	START = 77000000,
	STEP = 20000,                         /* from one packet to the next */
	ENOUGH = ZRTP_LATE_RUN_US / STEP + 1, /* packets */
};

static uint64_t now;
static udp_helper_recv_h *receive; /* what the gate has put below the socket of RTP */
static unsigned told_authentic, told_elsewhere, zrtp_taken;

/* Of libre and of libre/clock.c: no socket and no clock. */
int udp_register_helper(struct udp_helper **helper, struct udp_sock *us, int layer, udp_helper_send_h *sends,
			udp_helper_recv_h *receives, void *arg)
{
	(void)us;
	(void)layer;
	(void)sends;
	(void)arg;
	*helper = NULL;
	receive = receives;
	return 0;
}

uint64_t clock_us(void)
{
	return now;
}

static void on_zrtp(const uint8_t *datagram, size_t len, void *arg)
{
	(void)datagram;
	(void)len;
	(void)arg;
	zrtp_taken++;
}

static void on_authentic(void *arg)
{
	(void)arg;
	told_authentic++;
}

static void on_elsewhere(const struct sa *from, void *arg)
{
	(void)from;
	(void)arg;
	told_elsewhere++;
}

static const struct gate_user user = { .zrtp = on_zrtp,
				       .authentic = on_authentic,
				       .elsewhere = on_elsewhere };

struct stand {
	struct gate gate;
	struct zrtp_srtp *peer;
	uint16_t number;
};

static struct sa at(const char *host, uint16_t port)
{
	struct sa sa;

	assert_int_equal(sa_set_str(&sa, host, port), 0);
	return sa;
}

static void peer_is(struct stand *stand, const char *host)
{
	struct sa peer = at(host, 4000);

	gate_set_peer(&stand->gate, &peer);
}

static void open_stand(struct stand *stand)
{
	const struct zrtp_srtp_keys keys = keys_of(suites[1], 1);

	memset(stand, 0, sizeof(*stand));
	now = START;
	told_authentic = told_elsewhere = zrtp_taken = 0;
	assert_int_equal(gate_open(&stand->gate, NULL, NULL, 0, &user, stand), 0);
	stand->peer = make_end(ZRTP_SEND, &keys);
	peer_is(stand, "192.0.2.7");
	gate_without_keys(&stand->gate, GATE_CLEAR);
}

static void close_stand(struct stand *stand)
{
	gate_close(&stand->gate);
	zrtp_srtp_free(stand->peer);
}

/* True: libre gets it. */
static bool passes(struct stand *stand, const char *host, const struct packet *p)
{
	struct mbuf *mb = mbuf_alloc(p->len);
	struct sa from = at(host, 4444); /* NAT: any port */
	bool passed;

	assert_non_null(mb);
	assert_int_equal(mbuf_write_mem(mb, p->octets, p->len), 0);
	mb->pos = 0;
	passed = !receive(&from, mb, &stand->gate);
	mem_deref(mb);
	return passed;
}

static bool clear_passes(struct stand *stand, const char *host)
{
	struct packet p = rtp(++stand->number);

	return passes(stand, host, &p);
}

static bool srtp_passes(struct stand *stand, const char *host)
{
	struct packet p = rtp(++stand->number);

	assert_int_equal(protect(stand->peer, false, &p), ZRTP_OK);
	return passes(stand, host, &p);
}

/* How many packets of SRTP until one passes, 0: none did. */
static unsigned run(struct stand *stand, const char *host)
{
	for (unsigned i = 1; i <= 3 * ENOUGH; i++) {
		if (srtp_passes(stand, host)) {
			return i;
		}
		now += STEP;
	}
	return 0;
}

static void late_keys(struct stand *stand)
{
	const struct zrtp_srtp_keys keys = keys_of(suites[1], 1);

	assert_int_equal(gate_set_keys(&stand->gate, ZRTP_RECEIVE, &keys, true), ZRTP_OK);
}

static void zrtp_and_clear_media_are_of_the_peers_host_only(void **state)
{
	static const uint8_t hello[] = { 0x10, 0, 0,   1,   'Z', 'R', 'T', 'P', 0,   0,   0, 0, 0x50, 0x5a,
					 0,    3, 'H', 'e', 'l', 'l', 'o', ' ', ' ', ' ', 0, 0, 0,    0 };
	struct packet zrtp = { .len = sizeof(hello) };
	struct stand stand;

	(void)state;
	memcpy(zrtp.octets, hello, sizeof(hello));
	open_stand(&stand);
	assert_true(clear_passes(&stand, "192.0.2.7"));
	assert_false(clear_passes(&stand, "192.0.2.8"));
	assert_false(passes(&stand, "192.0.2.8", &zrtp));
	assert_int_equal(zrtp_taken, 0);
	assert_false(passes(&stand, "192.0.2.7", &zrtp));
	assert_int_equal(zrtp_taken, 1);
	close_stand(&stand);
}

static void packets_from_elsewhere_are_told_once_and_not_when_it_is_secure(void **state)
{
	struct stand stand;

	(void)state;
	open_stand(&stand);
	for (unsigned i = 0; i < 100; i++) {
		assert_true(clear_passes(&stand, "192.0.2.7"));
	}
	assert_int_equal(told_elsewhere, 0);
	for (unsigned i = 0; i < 100; i++) {
		assert_false(clear_passes(&stand, "192.0.2.8"));
	}
	assert_int_equal(told_elsewhere, 1);
	/* A few are still on their way from where it was. */
	peer_is(&stand, "192.0.2.8");
	for (unsigned i = 0; i < 10; i++) {
		assert_false(clear_passes(&stand, "192.0.2.7"));
	}
	assert_int_equal(told_elsewhere, 1);
	for (unsigned i = 0; i < 10; i++) {
		assert_false(clear_passes(&stand, "192.0.2.7"));
	}
	assert_int_equal(told_elsewhere, 2);
	peer_is(&stand, "192.0.2.9");
	gate_pass(&stand.gate, ZRTP_RECEIVE, GATE_SRTP);
	for (unsigned i = 0; i < 100; i++) {
		assert_false(clear_passes(&stand, "192.0.2.7"));
	}
	assert_int_equal(told_elsewhere, 2);
	close_stand(&stand);
}

static void late_keys_take_over_from_the_peers_host(void **state)
{
	struct stand stand;

	(void)state;
	open_stand(&stand);
	late_keys(&stand);
	assert_true(clear_passes(&stand, "192.0.2.7"));
	assert_int_equal(run(&stand, "192.0.2.8"), 0);
	assert_int_equal(run(&stand, "192.0.2.7"), ENOUGH);
	assert_int_equal(told_authentic, 1);
	assert_false(clear_passes(&stand, "192.0.2.7"));
	assert_true(srtp_passes(&stand, "192.0.2.8"));
	close_stand(&stand);
}

/* Another medium is secure by now, or a re-INVITE has promised ZRTP. */
static void late_keys_take_over_where_clear_media_was_stopped_meanwhile(void **state)
{
	struct stand stand;

	(void)state;
	open_stand(&stand);
	late_keys(&stand);
	gate_pass(&stand.gate, ZRTP_RECEIVE, GATE_SHUT);
	assert_false(clear_passes(&stand, "192.0.2.7"));
	assert_int_equal(run(&stand, "192.0.2.8"), 0);
	assert_int_equal(run(&stand, "192.0.2.7"), ENOUGH);
	assert_int_equal(told_authentic, 1);
	assert_int_equal(stand.gate.passage[ZRTP_RECEIVE], GATE_SRTP);
	close_stand(&stand);
}

static void no_packet_opens_a_gate_that_is_left_or_has_no_keys(void **state)
{
	struct stand stand;

	(void)state;
	open_stand(&stand);
	gate_without_keys(&stand.gate, GATE_SHUT);
	assert_int_equal(run(&stand, "192.0.2.7"), 0);
	gate_without_keys(&stand.gate, GATE_CLEAR);
	late_keys(&stand);
	gate_orphan(&stand.gate);
	assert_int_equal(run(&stand, "192.0.2.7"), 0);
	assert_int_equal(told_authentic, 0);
	close_stand(&stand);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(zrtp_and_clear_media_are_of_the_peers_host_only),
		cmocka_unit_test(packets_from_elsewhere_are_told_once_and_not_when_it_is_secure),
		cmocka_unit_test(late_keys_take_over_from_the_peers_host),
		cmocka_unit_test(late_keys_take_over_where_clear_media_was_stopped_meanwhile),
		cmocka_unit_test(no_packet_opens_a_gate_that_is_left_or_has_no_keys),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
