/* SPDX-License-Identifier: BSD-2-Clause */
/* One call: its SIP dialog, its media, its ZRTP session. */
#ifndef ZRTPCALL_CALL_H
#define ZRTPCALL_CALL_H

#include "medium.h"

/* ---- record.c: what happened in it, for a mode ---- */

struct call_record {
	uint64_t begun_at, up_at; /* clock_us(), 0: not yet */
	uint64_t secure_in;       /* microseconds from our first Hello */
	bool secure, clear, failed;
	enum zrtp_clear_reason clear_reason;
	uint32_t error; /* of RFC 6189, Table 8 */
	bool error_from_peer;
	const char *alarm; /* the first one, fixed text, NULL: none */
	uint16_t code;     /* SIP status that ended it, 0: none */
	char reason[64];   /* its text, a stranger's octets */
};

enum call_news {
	CALL_NEWS_UP,
	CALL_NEWS_SECURE,
	CALL_NEWS_CLEAR,
	CALL_NEWS_FAILED,
	CALL_NEWS_ALARM,
	CALL_NEWS_ENDED
};

/* News of a call, with mode as the phone has it. ZRTP's is of the audio. */
typedef void(call_news_h)(struct call *call, enum call_news news, void *mode);

void record_up(struct call *call);
void record_secure(struct call *call);
void record_clear(struct call *call, enum zrtp_clear_reason reason);
void record_failed(struct call *call, const struct zrtp_error_info *info);
void record_alarm(struct call *call, const char *what);
/* code: SIP status, 0: none. reason: its text. */
void record_ended(struct call *call, uint16_t code, const struct pl *reason);

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
	char kept_sas[ZRTP_SAS_TEXT_SIZE], kept_type[5];           /* like.c: a relayed one, "": none */
	struct alarm alarm;                                        /* of the streams */
	struct tmr parallel_timer, timer, end_timer, secure_timer; /* timer: answer, patience, duration */
	struct sipsub *refer;                                      /* our transfer, as its subscriber */
	struct sipnot *notify; /* whom to tell how a transfer to us went */
	/* What happened, for the exit status. */
	bool was_up, was_secure, hung_up; /* hung_up: by us, as asked */
	struct call_record record;
};

/* Call a URI. replaces: value of a Replaces header, or NULL. */
int call_dial(struct call **out, struct phone *phone, const char *uri, const char *replaces);
void call_incoming(struct phone *phone, const struct sip_msg *msg);
int call_answer(struct call *call);
int call_reject(struct call *call, uint16_t code);
int call_hold(struct call *call, bool hold);
int call_info(struct call *call, char digit);
int call_add_video(struct call *call);
/* Begin RTP and ZRTP again, as a phone that forgets both at hold, and offer that.
 *   other  as another phone at another port to which the call was passed on */
int call_renew(struct call *call, bool other);

/* ---- life.c: it is up, and its end ---- */

/* The dialog is established. */
void call_established(struct call *call);
/* Report the end. code: SIP status of it, 0: none. */
void call_finish(struct call *call, uint16_t code, const struct pl *reason);
/* Destroy it, on the main loop. */
void call_forget(struct call *call);
/* End it, from whatever state. Safe in callbacks: done on the main loop. */
void call_hang_up(struct call *call);

/* ---- dialog.c: its SIP dialog ---- */

/* Our session description. */
int dialog_describe(struct call *call, struct mbuf **out, bool offer);
/* Headers that say what we can do; "" for nothing. */
const char *dialog_abilities(const struct call *call);
int dialog_connect(struct call *call, struct mbuf *offer, const char *replaces);
/* Take an INVITE and ring. */
int dialog_accept(struct call *call, const struct sip_msg *msg);
/* Offer again what is to be offered. */
int dialog_modify(struct call *call);

/* ---- media that begin again ---- */

/* Begin RTP and ZRTP again; the caller offers that, or answers with it.
 *   other  as another phone at another port to which the call was passed on */
int again_begin(struct call *call, bool other);
/* Its media end, as those of a phone that forgets them at hold. */
void again_stop(struct call *call);
/* The peer holds, or resumes: what becomes of our media. */
int again_held(struct call *call, bool held);

/* ---- transfer.c: REFER ---- */

int transfer_blind(struct call *call, const char *uri);
/* Have call's peer call other's peer in our place. */
int transfer_attended(struct call *call, struct call *other);
void transfer_incoming(struct sip *sip, const struct sip_msg *msg, void *call);

/* ---- notify.c: how a transfer to us goes ---- */

/* Take a REFER, and notify the peer of call, who asks for it, of how next goes, the call that it makes. */
void notify_begin(struct call *next, struct call *call, const struct sip_msg *msg);
/* A call that a transfer made got an answer; does nothing for others. */
void notify_progress(struct call *call, uint16_t code, const char *reason);

/* ---- replaces.c: a call in place of another ---- */

/* The call that an INVITE means to take the place of.
 *   *out  NULL if it names none. ENOENT: there is no such call */
int replaces_call(struct phone *phone, const struct sip_msg *msg, struct call **out);

/* ---- security.c: the engine's callbacks ---- */

int security_begin(struct call *call);
/* Begin with another session in place of the one there is.
 *   other  as another endpoint, which the peer does not know */
int security_begin_again(struct call *call, bool other);

/* ---- wishes.c: what the user says ---- */

int security_verify(struct call *call, bool verified);
int security_enroll(struct call *call, bool accept);
int security_go_clear(struct call *call);
int security_acknowledge_clear(struct call *call);
int security_go_secure(struct call *call);
/* As a PBX: show call's peer the SAS of another call. */
int security_relay(struct call *call, const struct call *from);

/* ---- sas.c: what is shown ---- */

/* Report the SAS and all that is to be shown with it. */
void sas_report(struct call *call);
/* Compare it with the one that --expect-sas names; letter case does not count. */
void sas_check(struct call *call);

/* ---- like.c: other phones ---- */

/* False: there is no phone of this name. */
bool like_set(struct options *options, const char *name);
/* What the phone shows, which may be another SAS than it should. */
void like_shows(struct call *call, struct zrtp_session_info *info);
/* Before another enrollment, whose secret is the only one then. */
void like_forget_enrollment(struct call *call);

/* ---- outcome.c: for the exit status ---- */

/* Remember the worst that happened. */
void outcome_worsen(struct phone *phone, enum exit_status status);
/* Something alarming happened: tell, and remember for the exit status. */
void outcome_alarm(struct call *call, const char *what, const char *text);

#endif
