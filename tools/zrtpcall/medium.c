/* SPDX-License-Identifier: BSD-2-Clause */
/* One RTP stream: its socket, its line in the session description, and the
 * clock that sends. What may pass is the gate's business. */
#include "phone.h"

enum {
	HEADROOM = 4 + RTP_HEADER_SIZE, /* keeps the packet aligned */
	AUDIO_STEP = 8,                 /* timestamp units in a millisecond */
	VIDEO_MS = 100,
	VIDEO_STEP = 9000,
	VIDEO_FRAME = 200,  /* octets of a dummy frame */
	VIDEO_PAYLOAD = 99, /* Asterisk's number for H.264 */
	LATE_MS = 200,      /* after a longer pause the clock starts again */
};

/* A dummy frame: its number, then octets that follow from it. */
static int write_frame(struct mbuf *mb, uint32_t number)
{
	int err = mbuf_write_u32(mb, htonl(number));

	for (uint32_t i = 4; i < VIDEO_FRAME && !err; i++) {
		err = mbuf_write_u8(mb, (uint8_t)(number * 7 + i));
	}
	return err;
}

static bool frame_whole(struct mbuf *mb)
{
	uint32_t number;

	if (mbuf_get_left(mb) != VIDEO_FRAME) {
		return false;
	}
	number = ntohl(mbuf_read_u32(mb));
	for (uint32_t i = 4; i < VIDEO_FRAME; i++) {
		if (mbuf_read_u8(mb) != (uint8_t)(number * 7 + i)) {
			return false;
		}
	}
	return true;
}

static void on_audio(struct medium *medium, const struct rtp_header *header, struct mbuf *payload)
{
	const struct sdp_format *format = sdp_media_lformat(medium->sdp, header->pt);
	char digit;

	if (!format) {
		return;
	}
	if (str_casecmp(format->name, telev_rtpfmt)) {
		sound_heard(medium->sound, format, header, payload);
		return;
	}
	digit = sound_heard_digit(medium->sound, payload);
	if (digit) {
		struct report report = report_begin("digit", medium->call->id);
		char text[2] = { digit, '\0' };

		report_text(&report, "digit", text);
		report_text(&report, "by", "rtp");
		report_end(&report);
	}
}

static void on_rtp(const struct sa *from, const struct rtp_header *header, struct mbuf *payload, void *arg)
{
	struct medium *medium = arg;

	(void)from;
	if (medium->is_audio) {
		on_audio(medium, header, payload);
	} else if (frame_whole(payload)) {
		medium->frames_received++;
	} else {
		medium->frames_bad++;
	}
}

static bool may_send(const struct medium *medium)
{
	return medium_active(medium) && !medium->call->phone->options->muted &&
	       (sdp_media_dir(medium->sdp) & SDP_SENDONLY) && medium->gate.passage[ZRTP_SEND] != GATE_SHUT;
}

/* A digit in place of speech keeps the timestamp of its beginning (RFC 4733). */
static void send_digit(struct medium *medium, struct mbuf *payload, bool first, uint32_t timestamp)
{
	const struct sdp_format *format = sdp_media_rformat(medium->sdp, telev_rtpfmt);

	if (format) {
		payload->pos = HEADROOM;
		(void)rtp_send(medium->rtp, &medium->remote, false, first, (uint8_t)format->pt, timestamp,
			       payload);
		medium->marker = true; /* speech begins again after it */
	}
}

static void send_audio(struct medium *medium, struct mbuf *payload)
{
	const struct sdp_format *format = medium_format(medium);
	uint32_t timestamp;
	bool first;

	if (sound_digit(medium->sound, medium->timestamp, payload, &first, &timestamp)) {
		send_digit(medium, payload, first, timestamp);
	} else if (format && !sound_next(medium->sound, format, payload)) {
		payload->pos = HEADROOM;
		(void)rtp_send(medium->rtp, &medium->remote, false, medium->marker, (uint8_t)format->pt,
			       medium->timestamp, payload);
		medium->marker = false;
	}
}

static void send_video(struct medium *medium, struct mbuf *payload)
{
	const struct sdp_format *format = medium_format(medium);

	if (format && !write_frame(payload, medium->frames_sent)) {
		payload->pos = HEADROOM;
		(void)rtp_send(medium->rtp, &medium->remote, false, true, (uint8_t)format->pt,
			       medium->timestamp, payload);
		medium->frames_sent++;
	}
}

/* From one packet to the next. */
static unsigned tick_ms(const struct medium *medium)
{
	return medium->is_audio ? 1000 / medium->call->phone->options->packets : VIDEO_MS;
}

static void on_tick(void *arg)
{
	struct medium *medium = arg;
	uint64_t now = tmr_jiffies();
	struct mbuf *payload;

	medium->next_tick += tick_ms(medium);
	if (medium->next_tick + LATE_MS < now) {
		medium->next_tick = now;
	}
	tmr_start(&medium->tick, medium->next_tick > now ? medium->next_tick - now : 0, on_tick, medium);
	payload = may_send(medium) ? mbuf_alloc(HEADROOM + 512) : NULL;
	if (payload) {
		payload->pos = payload->end = HEADROOM;
		(medium->is_audio ? send_audio : send_video)(medium, payload);
		mem_deref(payload);
	}
	medium->timestamp += medium->is_audio ? AUDIO_STEP * tick_ms(medium) : VIDEO_STEP;
}

/* libre says goodbye by RTCP when this ends: through the gate, which has to be
 * gone before the sockets. */
static void end_rtp(struct medium *medium)
{
	void *rtp = medium->rtp ? mem_ref(rtp_sock(medium->rtp)) : NULL;
	void *rtcp = medium->rtp ? mem_ref(rtcp_sock(medium->rtp)) : NULL;

	medium->rtp = mem_deref(medium->rtp);
	gate_close(&medium->gate);
	mem_deref(rtp);
	mem_deref(rtcp);
}

static void destroy(void *arg)
{
	struct medium *medium = arg;

	tmr_cancel(&medium->tick);
	mem_deref(medium->hello);
	zrtp_stream_free(medium->zrtp);
	end_rtp(medium);
	mem_deref(medium->sound);
}

static int listen_rtp(struct medium *medium, const struct options *options)
{
	struct sa address = medium->call->phone->local;

	return rtp_listen(&medium->rtp, IPPROTO_UDP, &address, options->rtp_min, options->rtp_max, true,
			  on_rtp, NULL, medium);
}

static int describe(struct medium *medium, const struct options *options)
{
	uint16_t port = sa_port(rtp_local(medium->rtp));
	char number[4];
	int err = sdp_media_add(&medium->sdp, medium->call->sdp, medium->name, port, sdp_proto_rtpavp);

	if (err) {
		return err;
	}
	(void)sdp_media_set_alt_protos(medium->sdp, 1, "RTP/AVPF");
	if (medium->is_audio) {
		return sound_formats(options, medium->sdp);
	}
	(void)re_snprintf(number, sizeof(number), "%u",
			  options->video_payload ? options->video_payload : (unsigned)VIDEO_PAYLOAD);
	return sdp_format_add(NULL, medium->sdp, false, number, "H264", 90000, 1, NULL, NULL, NULL, false,
			      "profile-level-id=42801F;packetization-mode=1");
}

int medium_new(struct medium **out, struct call *call, bool is_audio)
{
	const struct options *options = call->phone->options;
	struct medium *medium = mem_zalloc(sizeof(*medium), destroy);
	int err;

	if (!medium) {
		return ENOMEM;
	}
	medium->call = call;
	medium->is_audio = medium->marker = is_audio;
	medium->name = is_audio ? sdp_media_audio : sdp_media_video;
	medium->timestamp = rand_u32();
	err = listen_rtp(medium, options);
	if (!err && is_audio) {
		err = sound_new(&medium->sound, options, call->id);
	}
	if (!err) {
		err = medium_open_gate(medium);
	}
	if (!err && call->zrtp &&
	    zrtp_stream_new(&medium->zrtp, call->zrtp, rtp_sess_ssrc(medium->rtp), medium) != ZRTP_OK) {
		err = ENOMEM;
	}
	if (!err) {
		err = describe(medium, options);
	}
	if (!err) {
		err = stream_put_hash(medium);
	}
	if (err) {
		mem_deref(medium);
		return err;
	}
	*out = medium;
	return 0;
}

/* At the port where it was; 0: at any. */
static int listen_again(struct rtp_sock **out, struct medium *medium, uint16_t port)
{
	const struct options *options = medium->call->phone->options;
	struct sa address = medium->call->phone->local;

	return rtp_listen(out, IPPROTO_UDP, &address, port ? port : options->rtp_min,
			  port ? (uint16_t)(port + 2) : options->rtp_max, true, on_rtp, NULL, medium);
}

int medium_renew(struct medium *medium, bool elsewhere)
{
	struct call *call = medium->call;
	uint16_t port = sa_port(rtp_local(medium->rtp));
	struct rtp_sock *rtp = NULL;
	int err = elsewhere ? listen_again(&rtp, medium, 0) : 0;

	end_rtp(medium);
	if (!elsewhere) {
		err = listen_again(&rtp, medium, port);
	}
	medium->rtp = rtp;
	medium->started = medium->heard = false;
	if (!err) {
		err = medium_open_gate(medium);
	}
	if (err) {
		return err;
	}
	sdp_media_set_lport(medium->sdp, sa_port(rtp_local(medium->rtp)));
	sdp_media_del_lattr(medium->sdp, "zrtp-hash");
	if (call->zrtp &&
	    zrtp_stream_new(&medium->zrtp, call->zrtp, rtp_sess_ssrc(medium->rtp), medium) != ZRTP_OK) {
		return ENOMEM;
	}
	return stream_put_hash(medium);
}

void medium_update(struct medium *medium)
{
	struct sa rtcp;

	if (!sdp_media_rport(medium->sdp) || sdp_media_disabled(medium->sdp)) {
		return;
	}
	/* 0.0.0.0 is an old way to say hold: nowhere to send to. */
	sa_cpy(&medium->remote, sdp_media_raddr(medium->sdp));
	gate_set_peer(&medium->gate, &medium->remote);
	stream_take_hash(medium);
	sdp_media_raddr_rtcp(medium->sdp, &rtcp);
	rtcp_start(medium->rtp, "zrtpcall", &rtcp);
	stream_start(medium);
	if (!tmr_isrunning(&medium->tick) && (!medium->is_audio || medium->call->phone->options->packets)) {
		medium->next_tick = tmr_jiffies();
		tmr_start(&medium->tick, 0, on_tick, medium);
	}
}

int medium_digits(struct medium *medium, const char *digits)
{
	if (!sdp_media_rformat(medium->sdp, telev_rtpfmt)) {
		return ENOTSUP;
	}
	return sound_queue_digits(medium->sound, digits);
}

static void report_zrtp(const struct medium *medium, struct report *report)
{
	struct zrtp_stream_info info;

	zrtp_stream_get_info(medium->zrtp, &info);
	report_text(report, "zrtp_state", zrtp_state_text(info.state));
	report_number(report, "zrtp_sent", info.sent);
	report_number(report, "zrtp_received", info.received);
	report_number(report, "zrtp_repeated", info.repeated);
	report_open(report, "zrtp_dropped");
	for (int reason = 0; reason < ZRTP_DROP_COUNT; reason++) {
		if (info.dropped[reason]) {
			report_number(report, zrtp_drop_text((enum zrtp_drop)reason), info.dropped[reason]);
		}
	}
	report_close(report);
}

void medium_report(struct medium *medium, struct report *report)
{
	const struct gate *gate = &medium->gate;

	report_open(report, medium->name);
	report_number(report, "srtp_sent", gate->srtp_sent);
	report_number(report, "srtp_received", gate->srtp_received);
	report_number(report, "clear_sent", gate->clear_sent);
	report_number(report, "clear_received", gate->clear_received);
	report_number(report, "held", gate->held);
	report_number(report, "refused", gate->refused);
	if (!medium->is_audio) {
		report_number(report, "frames_sent", medium->frames_sent);
		report_number(report, "frames_received", medium->frames_received);
		report_number(report, "frames_bad", medium->frames_bad);
	}
	if (medium->zrtp) {
		report_zrtp(medium, report);
	}
	report_close(report);
}
