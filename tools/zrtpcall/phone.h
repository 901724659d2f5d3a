/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The objects of zrtpcall. One phone has calls, a call has media (audio, perhaps
 * video), a medium has a gate, which alone decides what passes in which form.
 *
 * Everything runs on libre's main loop, on one thread. Objects are libre's
 * reference-counted memory; functions that return int return 0 or an errno.
 */
#ifndef ZRTPCALL_PHONE_H
#define ZRTPCALL_PHONE_H

#include "libre.h"
#include "options.h"
#include "report.h"

#include <zrtp/srtp.h>
#include <zrtp/zrtp.h>

struct call;
struct medium;
struct phone;
struct script;

/* ---- gate.c: what a medium lets through, and in which form ---- */

enum passage {
	GATE_SHUT,  /* nothing passes */
	GATE_CLEAR, /* packets pass as they are */
	GATE_SRTP,  /* only what SRTP protects passes */
};

/* What libre's numbers of RTP are changed to, see source.c. */
struct source {
	bool renumbers;
	uint16_t next;  /* sequence number */
	uint32_t other; /* XOR of the SSRC, 0: as it is */
};

struct gate {
	enum passage passage[2]; /* by enum zrtp_direction */
	struct zrtp_srtp *srtp;
	struct udp_helper *rtp_helper, *rtcp_helper;
	struct source source;
	bool authenticated; /* the first good SRTP packet was told to the engine */
	/* Packets, RTP and RTCP together. */
	unsigned clear_sent, clear_received, srtp_sent, srtp_received;
	unsigned held;    /* not sent: the gate was shut */
	unsigned refused; /* received while shut, or in clear while secure, or forged */
};

int gate_open(struct medium *medium);
void gate_close(struct medium *medium);
/* Both directions: what is allowed when there are no keys. */
void gate_without_keys(struct medium *medium);
/* The same; by_goclear: former SRTP is still known as such. */
void gate_gone_clear(struct medium *medium, bool by_goclear);
/* Send a ZRTP datagram, past the gate. */
void gate_send_zrtp(struct medium *medium, const uint8_t *datagram, size_t len);

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
/* Begin to say Hello, if its time has come. */
void medium_start_zrtp(struct medium *medium);
/* The first format both sides have, but for telephone-event; NULL: none. */
const struct sdp_format *medium_format(const struct medium *medium);
/* Is it part of the session description in force? */
bool medium_active(const struct medium *medium);
/* Send digits by RFC 4733. ENOENT: no such digit, ENOTSUP: the peer takes none. */
int medium_digits(struct medium *medium, const char *digits);
void medium_report(struct medium *medium, struct report *report);

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

/* ---- security.c: the engine's callbacks; wishes.c: what the user says ---- */

int security_begin(struct call *call);
/* Begin with another session in place of the one there is.
 *   other  as another endpoint, which the peer does not know */
int security_begin_again(struct call *call, bool other);
/* The engine may want to be called at another time now. */
void security_rearm(struct call *call);
/* Report the SAS and all that is to be shown with it. */
void security_report(struct call *call);
int security_verify(struct call *call, bool verified);
int security_enroll(struct call *call, bool accept);
int security_go_clear(struct call *call);
int security_acknowledge_clear(struct call *call);
int security_go_secure(struct call *call);
/* As a PBX: show call's peer the SAS of another call. */
int security_relay(struct call *call, const struct call *from);
/* The peer's a=zrtp-hash values. */
void security_take_hash(struct medium *medium);
/* Put ours into the session description. */
int security_put_hash(struct medium *medium);
/* ZRTP_STATE_IDLE where ZRTP is off. */
enum zrtp_state security_state(const struct medium *medium);
/* Is every active medium secure? */
bool security_is_secure(const struct call *call);
uint64_t clock_us(void);

/* ---- faults.c: breaking things on purpose ---- */

/* Shall this ZRTP datagram be lost? */
bool fault_loses(const struct medium *medium, enum zrtp_direction direction, const uint8_t *datagram,
		 size_t len);

/* A number of 0 to 99, the next of the seed. */
unsigned fault_percent(struct phone *phone);

/* ---- parallel.c: the first Hello makes the choice ---- */

/* A ZRTP datagram came. False: not for the engine, or not yet. */
bool parallel_takes(struct medium *medium, const uint8_t *datagram, size_t len);
/* May this one say Hello now? */
bool parallel_may_start(const struct medium *medium);
/* It has keys: those that waited for it begin. */
void parallel_secure(struct medium *medium);

/* ---- like.c: other phones ---- */

/* False: there is no phone of this name. */
bool like_set(struct options *options, const char *name);
/* What the phone shows, which may be another SAS than it should. */
void like_shows(struct call *call, struct zrtp_session_info *info);
/* Its media end, as those of a phone that forgets them at hold. */
void like_stops(struct call *call);
/* The peer holds, or resumes: what becomes of our media. */
int like_held(struct call *call, bool held);
/* Before another enrollment, whose secret is the only one then. */
void like_forget_enrollment(struct call *call);

/* ---- secrets.c: retained secrets ---- */

struct secrets;

/* Open the cache of the options. Prints what is wrong. */
int secrets_open(struct secrets **out, const struct options *options);
/* For the engine, NULL: cacheless. */
const struct zrtp_cache *secrets_cache(const struct secrets *secrets);
/* Forget that we are enrolled with this peer. */
void secrets_unenroll(const struct secrets *secrets, const uint8_t peer_zid[ZRTP_ZID_SIZE]);
/* Our ZID, kept with them. NULL: cacheless. */
const uint8_t *secrets_zid(const struct secrets *secrets);

/* ---- call.c: one call ---- */

enum call_state { CALL_RINGING, CALL_CALLING, CALL_UP, CALL_ENDED };

struct call {
	struct le le; /* in phone.calls */
	struct phone *phone;
	unsigned id;
	enum call_state state;
	bool outgoing, described;               /* described: a session description was taken */
	bool held;                              /* by us */
	char *peer;                             /* its URI */
	char *call_id, *local_tag, *remote_tag; /* for Replaces */
	struct sipsess *session;
	struct sdp_session *sdp;
	struct mbuf *agreed; /* the peer's description in force, and whether it was an offer */
	bool agreed_offer;
	struct medium *audio, *video;
	struct medium *leader; /* parallel.c: makes the key agreement; NULL: not chosen */
	struct zrtp_session *zrtp;
	char kept_sas[ZRTP_SAS_TEXT_SIZE], kept_type[5]; /* like.c: a relayed one, "": none */
	struct tmr parallel_timer, zrtp_timer, timer, end_timer,
		secure_timer;  /* timer: answer, patience, duration */
	struct sipsub *refer;  /* our transfer, as its subscriber */
	struct sipnot *notify; /* whom to tell how a transfer to us went */
	/* What happened, for the exit status. */
	bool was_up, was_secure, hung_up; /* hung_up: by us, as asked */
};

/* Call a URI. replaces: value of a Replaces header, or NULL. */
int call_dial(struct call **out, struct phone *phone, const char *uri, const char *replaces);
void call_incoming(struct phone *phone, const struct sip_msg *msg);
int call_answer(struct call *call);
int call_reject(struct call *call, uint16_t code);
/* End it, from whatever state. Safe in callbacks: done on the main loop. */
void call_hang_up(struct call *call);
int call_hold(struct call *call, bool hold);
int call_info(struct call *call, char digit);
/* Offer again what is to be offered. */
int call_modify(struct call *call);
int call_add_video(struct call *call);
/* Begin RTP and ZRTP again, as a phone that forgets both at hold, and offer that.
 *   other  as another phone at another port to which the call was passed on */
int call_renew(struct call *call, bool other);
/* The same for an offer that was taken, and is answered by the caller. */
int call_begin_anew(struct call *call, bool other);
/* Something alarming happened: tell, and remember for the exit status. */
void call_alarm(struct call *call, const char *what, const char *text);
/* The media of a call, with NULL at the end. */
struct medium **call_media(struct call *call, struct medium *media[3]);

/* The dialog is established. */
void call_established(struct call *call);
/* Report the end. code: SIP status of it, 0: none. */
void call_finish(struct call *call, uint16_t code, const struct pl *reason);
/* Destroy it, on the main loop. */
void call_forget(struct call *call);

/* ---- dialog.c: its SIP dialog ---- */

/* Our session description. */
int dialog_describe(struct call *call, struct mbuf **out, bool offer);
/* Headers that say what we can do; "" for nothing. */
const char *dialog_abilities(const struct call *call);
int dialog_connect(struct call *call, struct mbuf *offer, const char *replaces);
/* Take an INVITE and ring. */
int dialog_accept(struct call *call, const struct sip_msg *msg);

/* ---- transfer.c: REFER ---- */

int transfer_blind(struct call *call, const char *uri);
/* Have call's peer call other's peer in our place. */
int transfer_attended(struct call *call, struct call *other);
void transfer_incoming(struct sip *sip, const struct sip_msg *msg, void *call);
/* A call that a transfer made got an answer: tell who asked for it. */
void transfer_progress(struct call *call, uint16_t code, const char *reason);
/* The call that an INVITE means to take the place of.
 *   *out  NULL if it names none. ENOENT: there is no such call */
int transfer_replaced(struct phone *phone, const struct sip_msg *msg, struct call **out);

/* ---- phone.c: SIP, registration, all calls ---- */

struct phone {
	const struct options *options;
	struct dnsc *dns;
	struct sip *sip;
	struct sipsess_sock *sessions;
	struct sipevent_sock *events;
	struct sipreg *registration;
	struct sa local;
	char *aor;        /* our address of record */
	struct tmr guard; /* our BYE need not be answered for ever */
	struct zrtp_context *zrtp;
	struct zrtp_context *other; /* another endpoint, made when one is wanted */
	struct secrets *secrets;
	struct list calls;
	unsigned last_id;
	unsigned random; /* state of the faults' generator */
	struct script *script;
	enum exit_status status;
	bool dialled, closing; /* dialled: the call of the command line was begun */
};

int phone_new(struct phone **out, const struct options *options);
/* Calls and registration end, then the main loop does. */
void phone_quit(struct phone *phone);
/* The part of our address that others call us by. */
const char *phone_user(const struct phone *phone);
/* A call has ended and is about to go. */
void phone_call_ended(struct phone *phone, struct call *call);
/* A call by its number, 0: the newest. NULL: none. */
struct call *phone_call(struct phone *phone, unsigned id);
/* Remember the worst that happened. */
void phone_worsen(struct phone *phone, enum exit_status status);
int phone_auth(char **user, char **password, const char *realm, void *phone);

/* ---- commands.c: what can be said ---- */

struct command {
	const char *name;
	bool needs_call, needs_argument;
	/* argument: the rest of the line, "" if there is none */
	int (*run)(struct phone *phone, struct call *call, const char *argument);
};

/* NULL: there is no such command. */
const struct command *command_find(const char *name, size_t len);

/* ---- script.c: commands from stdin and the command line ---- */

int script_new(struct script **out, struct phone *phone);

#endif
