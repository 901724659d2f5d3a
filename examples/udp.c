/* SPDX-License-Identifier: BSD-2-Clause */
/* Two endpoints agree on SRTP keys over UDP on this machine, in one process
 * and one poll loop. docs/engine.md walks through it. */
#include <zrtp/zrtp.h>

#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

struct endpoint {
	const char *name;
	int socket; /* connected to the other's */
	struct zrtp_context *context;
	struct zrtp_session *session;
	struct zrtp_stream *stream;
	bool secure;
};

static void check(bool ok, const char *what)
{
	if (!ok) {
		fprintf(stderr, "%s failed\n", what);
		exit(EXIT_FAILURE);
	}
}

/* Microseconds that never go backwards. */
static uint64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

/* ---- what the engine asks of us ---- */

static void on_send(struct zrtp_stream *stream, const uint8_t *datagram, size_t len, void *arg)
{
	(void)stream;
	(void)!send(((struct endpoint *)arg)->socket, datagram, len, 0);
}

static int on_keys(struct zrtp_stream *stream, enum zrtp_direction direction,
		   const struct zrtp_srtp_keys *keys, void *arg)
{
	(void)stream;
	/* Here the keys go to the SRTP stack, as with zrtp_srtp_set_keys(). */
	printf("%s: a key of %u octets to %s\n", ((struct endpoint *)arg)->name, keys->key_len,
	       direction == ZRTP_SEND ? "send" : "receive");
	return 0;
}

static void on_secure(struct zrtp_stream *stream, void *arg)
{
	struct endpoint *self = arg;
	struct zrtp_session_info info;

	zrtp_session_get_info(zrtp_stream_session(stream), &info);
	printf("%s: secure with %s, SAS %s\n", self->name, info.peer_client_id, info.sas);
	self->secure = true;
}

static void on_error(struct zrtp_stream *stream, const struct zrtp_error_info *error, void *arg)
{
	(void)stream;
	printf("%s: %s\n", ((struct endpoint *)arg)->name, error->text);
}

/* ---- life ---- */

static void open_endpoint(struct endpoint *self, const char *name, uint32_t ssrc)
{
	static const struct zrtp_callbacks callbacks = {
		.send = on_send, .keys = on_keys, .secure = on_secure, .error = on_error
	};
	const struct zrtp_context_config config = { .client_id = name };
	struct zrtp_policy policy;

	self->name = name;
	zrtp_policy_init(&policy);
	check(!zrtp_context_new(&self->context, &config), "context");
	check(!zrtp_session_new(&self->session, self->context, &policy, &callbacks), "session");
	check(!zrtp_stream_new(&self->stream, self->session, ssrc, self), "stream");
}

static void open_socket(struct endpoint *self, struct sockaddr_in *address)
{
	socklen_t len = sizeof(*address);

	*address = (struct sockaddr_in){ .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	self->socket = socket(AF_INET, SOCK_DGRAM, 0);
	check(!bind(self->socket, (struct sockaddr *)address, len), "bind");
	check(!getsockname(self->socket, (struct sockaddr *)address, &len), "getsockname");
}

/* A datagram, if there is one, and the timers that are due. */
static void step(struct endpoint *self)
{
	uint8_t datagram[ZRTP_DATAGRAM_MAX];
	ssize_t len = recv(self->socket, datagram, sizeof(datagram), MSG_DONTWAIT);

	if (len > 0 && zrtp_is_zrtp(datagram, (size_t)len)) { /* else: RTP, STUN, DTLS */
		(void)zrtp_stream_receive(self->stream, datagram, (size_t)len, now_us());
	}
	zrtp_session_expire(self->session, now_us());
}

static int until(uint64_t a, uint64_t b)
{
	uint64_t now = now_us(), first = a < b ? a : b;

	return first == ZRTP_NEVER ? 100 : first > now ? (int)((first - now) / 1000) + 1 : 0;
}

int main(void)
{
	struct endpoint alice = { 0 }, bob = { 0 };
	struct sockaddr_in address[2];
	struct zrtp_session_info a, b;
	uint64_t give_up = now_us() + 10000000;

	open_socket(&alice, &address[0]);
	open_socket(&bob, &address[1]);
	check(!connect(alice.socket, (struct sockaddr *)&address[1], sizeof(*address)), "connect");
	check(!connect(bob.socket, (struct sockaddr *)&address[0], sizeof(*address)), "connect");
	open_endpoint(&alice, "alice", 0x11111111);
	open_endpoint(&bob, "bob", 0x22222222);
	check(!zrtp_stream_start(alice.stream, now_us()), "start");
	check(!zrtp_stream_start(bob.stream, now_us()), "start");
	while ((!alice.secure || !bob.secure) && now_us() < give_up) {
		struct pollfd fds[2] = { { alice.socket, POLLIN, 0 }, { bob.socket, POLLIN, 0 } };

		poll(fds, 2, until(zrtp_session_deadline(alice.session), zrtp_session_deadline(bob.session)));
		step(&alice);
		step(&bob);
	}
	zrtp_session_get_info(alice.session, &a);
	zrtp_session_get_info(bob.session, &b);
	zrtp_session_free(alice.session); /* with its stream */
	zrtp_session_free(bob.session);
	zrtp_context_free(alice.context);
	zrtp_context_free(bob.context);
	check(alice.secure && bob.secure && !strcmp(a.sas, b.sas), "key agreement");
	return EXIT_SUCCESS;
}
