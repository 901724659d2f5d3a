/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Streams as GNU ZRTP has them by default: all say Hello at once, the one that
 * reads the peer's Hello first makes the key agreement of the call, and the
 * others fall silent until it is secure. Then each begins again, with another
 * Hello, so that no a=zrtp-hash is offered. GNU ZRTP has a thread for each
 * stream: of Hellos that arrive together it is chance which one is read first.
 */
#include "phone.h"

/* Hellos that arrive within it have arrived together. */
enum { TOGETHER_MS = 5 };

static bool is_hello(const uint8_t *datagram, size_t len)
{
	uint8_t zid[ZRTP_ZID_SIZE];

	return zrtp_hello_zid(datagram, len, zid);
}

static void feed(struct medium *medium)
{
	struct mbuf *hello = medium->hello;

	if (hello) {
		(void)!zrtp_stream_receive(medium->zrtp, mbuf_buf(hello), mbuf_get_left(hello), clock_us());
	}
}

/* Fall silent, and forget the Hello that was said. */
static void silence(struct medium *medium)
{
	zrtp_stream_free(medium->zrtp);
	medium->zrtp = NULL;
	medium->started = false;
	if (zrtp_stream_new(&medium->zrtp, medium->call->zrtp, rtp_sess_ssrc(medium->rtp), medium) !=
	    ZRTP_OK) {
		report_simple("error", medium->call->id, "text", "no memory for a stream");
	}
}

static struct medium *draw(struct call *call)
{
	struct medium *media[3], *heard[3];
	unsigned count = 0;

	for (struct medium **m = call_media(call, media); *m; m++) {
		if ((*m)->hello) {
			heard[count++] = *m;
		}
	}
	/* The timer runs once a Hello came. NOLINTNEXTLINE(clang-analyzer-core.uninitialized.UndefReturn) */
	return heard[fault_percent(call->phone) * count / 100];
}

static void on_choice(void *arg)
{
	struct call *call = arg;
	struct medium *media[3];

	call->leader = draw(call);
	report_simple("zrtp", call->id, "leader", call->leader->name);
	for (struct medium **m = call_media(call, media); *m; m++) {
		if (*m == call->leader) {
			feed(*m);
		} else if ((*m)->zrtp) {
			silence(*m);
		}
		(*m)->hello = mem_deref((*m)->hello);
	}
	stream_rearm(call);
}

bool parallel_takes(struct medium *medium, const uint8_t *datagram, size_t len)
{
	struct call *call = medium->call;

	if (!call->phone->options->parallel || call->leader) {
		return true;
	}
	if (is_hello(datagram, len) && !medium->hello) {
		medium->hello = mbuf_alloc(len);
		if (!medium->hello || mbuf_write_mem(medium->hello, datagram, len)) {
			medium->hello = mem_deref(medium->hello);
			return true;
		}
		medium->hello->pos = 0;
		if (!tmr_isrunning(&call->parallel_timer)) {
			tmr_start(&call->parallel_timer, TOGETHER_MS, on_choice, call);
		}
	}
	return false;
}

void parallel_secure(struct medium *medium)
{
	struct call *call = medium->call;
	struct medium *media[3];

	if (call->leader != medium) {
		return;
	}
	for (struct medium **m = call_media(call, media); *m; m++) {
		stream_start(*m);
	}
}
