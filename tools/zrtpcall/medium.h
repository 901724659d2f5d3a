/* SPDX-License-Identifier: BSD-2-Clause */
/* One RTP stream of a call: its line in the session description, its gate, what it
 * plays and its ZRTP. */
#ifndef ZRTPCALL_MEDIUM_H
#define ZRTPCALL_MEDIUM_H

#include "libre.h"
#include "options.h"
#include "report.h"

#include <libre/clock.h>
#include <libre/gate.h>
#include <zrtp/srtp.h>
#include <zrtp/zrtp.h>

struct call;
struct medium;
struct phone;

/* What libre's numbers of RTP are changed to, see source.c. */
struct source {
	bool renumbers;
	uint16_t next;  /* sequence number */
	uint32_t other; /* XOR of the SSRC, 0: as it is */
};

/* ---- gate.c: what a medium lets through, and in which form ---- */

int medium_open_gate(struct medium *medium);
/* Both directions: what is allowed when there are no keys. */
void medium_without_keys(struct medium *medium);
/* The same; by_goclear: former SRTP is still known as such. */
void medium_gone_clear(struct medium *medium, bool by_goclear);
/* Send a ZRTP datagram, past the gate. */
void medium_send_zrtp(struct medium *medium, const uint8_t *datagram, size_t len);
/* The same past the tap and the faults, too. */
void medium_send_raw(struct medium *medium, const uint8_t *datagram, size_t len);

/* Between the sockets and all else, for who has to see or change what goes through. */
struct tap {
	/* A ZRTP datagram of ours, which may be changed in place. False: it is not sent. */
	bool (*sending)(struct medium *medium, uint8_t *datagram, size_t len, void *arg);
	/* A datagram came to the port of RTP, from any host. False: it goes no further. */
	bool (*received)(struct medium *medium, const uint8_t *datagram, size_t len, void *arg);
	void *arg;
};

/* ---- source.c: SSRC and sequence numbers of what is sent ---- */

/* As the options have it. */
void source_begin(struct source *source, const struct options *options);
/* Go on as another source, as a phone whose stream begins again while its call goes on. */
void source_change(struct source *source);
/* A packet is about to be sent, not protected yet: give it our numbers.
 *   step  from one sequence number to the next */
void source_number(struct source *source, bool rtcp, unsigned step, uint8_t *octets, size_t len);

/* ---- medium.c: one RTP stream ---- */

struct sound;

struct medium {
	struct call *call;
	const char *name; /* "audio" or "video" */
	bool is_audio;
	struct rtp_sock *rtp;
	struct sdp_media *sdp;
	struct zrtp_stream *zrtp; /* NULL: ZRTP is off */
	struct gate gate;
	struct source source;
	bool started;       /* ZRTP runs */
	bool heard;         /* anything: RTP or ZRTP */
	struct mbuf *hello; /* parallel.c: the peer's first, until the choice; or NULL */
	struct sa remote;
	struct tmr tick;
	uint64_t next_tick; /* libre's milliseconds */
	uint32_t timestamp;
	bool marker;
	struct sound *sound; /* audio only */
	/* video: dummy frames sent, and those that came whole */
	unsigned frames_sent, frames_received, frames_bad;
};

int medium_new(struct medium **out, struct call *call, bool is_audio);
/* Begin again with another SSRC, its ZRTP stream gone with the session before.
 *   elsewhere  at another port */
int medium_renew(struct medium *medium, bool elsewhere);
/* An offer or answer was decoded: take over the address, begin to send. */
void medium_update(struct medium *medium);
/* Send digits by RFC 4733. ENOENT: no such digit, ENOTSUP: the peer takes none. */
int medium_digits(struct medium *medium, const char *digits);
void medium_report(struct medium *medium, struct report *report);

/* ---- media.c: the media of a call ---- */

/* The media of a call, with NULL at the end. */
struct medium **call_media(struct call *call, struct medium *media[3]);
/* The first format both sides have, but for telephone-event; NULL: none. */
const struct sdp_format *medium_format(const struct medium *medium);
/* Is it part of the session description in force? */
bool medium_active(const struct medium *medium);

/* ---- stream.c: the ZRTP streams ---- */

/* Begin to say Hello, if its time has come. */
void stream_start(struct medium *medium);
/* The engine may want to be called at another time now. */
void stream_rearm(struct call *call);
/* The peer's a=zrtp-hash values. */
void stream_take_hash(struct medium *medium);
/* Put ours into the session description. */
int stream_put_hash(struct medium *medium);
/* ZRTP_STATE_IDLE where ZRTP is off. */
enum zrtp_state stream_state(const struct medium *medium);
/* Is every active medium secure? */
bool stream_all_secure(const struct call *call);

/* ---- sound.c: samples from and to files, and digits ---- */

int sound_new(struct sound **out, const struct options *options, unsigned call);
/* Add formats to the audio line. */
int sound_formats(const struct options *options, struct sdp_media *media);
/* 20 ms of payload for the format, appended to payload. */
int sound_next(struct sound *sound, const struct sdp_format *format, struct mbuf *payload);
/* Payload that came. */
void sound_heard(struct sound *sound, const struct sdp_format *format, const struct rtp_header *header,
		 struct mbuf *payload);
/* What was heard so far says nothing of where the next payload belongs: it may have been any host's.
 * NULL: does nothing. */
void sound_begin_anew(struct sound *sound);
/* Queue digits. ENOENT: not a digit. */
int sound_queue_digits(struct sound *sound, const char *digits);
/* What to send of them now: true and the payload in place of speech.
 *   now        timestamp of the present 20 ms
 *   first      a new digit begins with this packet
 *   timestamp  the one to send, that of the digit's beginning */
bool sound_digit(struct sound *sound, uint32_t now, struct mbuf *payload, bool *first, uint32_t *timestamp);
/* telephone-event that came: the digit, or 0. */
char sound_heard_digit(struct sound *sound, struct mbuf *payload);
bool sound_played(const struct sound *sound);
/* Speak another file from now on. */
int sound_play(struct sound *sound, const char *path, bool once);

/* ---- faults.c: breaking things on purpose ---- */

/* Shall this ZRTP datagram be lost? */
bool fault_loses(const struct medium *medium, enum zrtp_direction direction, const uint8_t *datagram,
		 size_t len);

/* A number of 0 to 99, the next of the seed. */
unsigned fault_percent(struct phone *phone);

/* ---- parallel.c: the first Hello makes the choice ---- */

/* A ZRTP datagram came. False: not for the engine, or not yet. */
bool parallel_takes(struct medium *medium, const uint8_t *datagram, size_t len);
/* It has keys: those that waited for it begin. */
void parallel_secure(struct medium *medium);

#endif
