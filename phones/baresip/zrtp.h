/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file zrtp.h  Media encryption by ZRTP (RFC 6189) -- internal interface
 *
 * A call of baresip is one ZRTP session (struct menc_sess), each of its media
 * one stream of it (struct menc_media) with a gate below RTP and RTCP, which
 * alone decides what passes.  All runs on the thread of the main loop, but
 * for packets that sound and video sources send, see libre/gate.h.
 *
 * Functions that return int return 0 or an errno.
 */
#ifndef BARESIP_ZRTP_H
#define BARESIP_ZRTP_H

#include <stdlib.h>

#include <libre/libre.h>
#include <baresip.h>

#include <libre/clock.h>
#include <libre/gate.h>
#include <zrtp/cache.h>
#include <zrtp/zrtp.h>

#include "show.h"


/* ---- config.c: baresip's config ---- */

enum { PATH_SIZE = 512 };

struct zrtp_config {
	struct zrtp_policy policy;
	char cache[PATH_SIZE];      /**< File with the retained secrets */
	char cache_key[PATH_SIZE];  /**< File with their key, "": none  */
};

/* EINVAL: a value is none; it was said which */
int config_read(struct zrtp_config *config, const struct conf *conf);


/* ---- secrets.c: retained secrets ---- */

struct secrets;

/* ZIDs are those of peers; names are UTF-8 without control characters */
typedef void (secrets_peer_h)(const struct zrtp_store_peer *peer, void *arg);

int  secrets_open(struct secrets **secretsp, const struct zrtp_config *config);
const struct zrtp_cache *secrets_cache(const struct secrets *secrets);
const uint8_t *secrets_zid(const struct secrets *secrets);
/* ENOENT: there is no such peer */
int  secrets_find(const struct secrets *secrets,
		  const uint8_t zid[ZRTP_ZID_SIZE],
		  struct zrtp_store_peer *peer);
int  secrets_apply(const struct secrets *secrets, secrets_peer_h *h,
		   void *arg);
int  secrets_name(const struct secrets *secrets,
		  const uint8_t zid[ZRTP_ZID_SIZE], const char *name);
int  secrets_unenroll(const struct secrets *secrets,
		      const uint8_t zid[ZRTP_ZID_SIZE]);
int  secrets_remove(const struct secrets *secrets,
		    const uint8_t zid[ZRTP_ZID_SIZE]);


/* ---- endpoint.c: this phone, as the engine sees it ---- */

struct endpoint {
	struct zrtp_config config;
	struct secrets *secrets;
	struct zrtp_context *context;
	struct list sessl;            /**< Calls (struct menc_sess)       */
};

int endpoint_open(struct endpoint **epp, const struct conf *conf);


/* ---- session.c: a call ---- */

struct menc_sess {
	struct le le;
	struct endpoint *ep;
	struct zrtp_session *zrtp;
	struct alarm alarm;           /**< Of the streams                 */
	struct list medial;           /**< Its media (struct menc_media)  */
	struct tmr end;               /**< It ends without having failed  */
	bool require;                 /**< Nothing passes without keys    */
	bool was_secure;
	bool asked;                   /**< A PBX offers enrollment        */
	bool answered;                /**< and the user has answered      */
	struct told told;             /**< What the user said and was told*/
	char *shown;                  /**< What is on the screen, or NULL */
	menc_event_h *eventh;
	menc_error_h *errorh;
	void *arg;
};

int  session_alloc(struct menc_sess **sessp, struct endpoint *ep,
		   const struct zrtp_callbacks *callbacks, bool require,
		   menc_event_h *eventh, menc_error_h *errorh, void *arg);
/* What may pass in a call without keys */
enum passage session_allowed(const struct menc_sess *sess, bool announced);
/* The call of baresip's that it belongs to, NULL: not yet or no more */
struct call *session_call(const struct menc_sess *sess);
/* End the call, on the main loop */
void session_end(struct menc_sess *sess);


/* ---- media.c: a medium of it ---- */

/* Outlives its stream by one turn of the main loop, since libre says goodbye
   by RTCP when baresip has done with the stream */
struct fence {
	struct gate gate;
	struct udp_sock *rtp, *rtcp;
	struct tmr tmr;
};

struct menc_media {
	struct le le;
	struct menc_sess *sess;
	struct fence *fence;
	struct zrtp_stream *zrtp;
	struct sdp_media *sdp;
	const struct stream *strm;
	bool started;
	bool announced;               /**< By a=zrtp-hash of the peer     */
	bool failed;
	bool gone_clear;              /**< By the peer, not acknowledged  */
};

bool media_is_audio(const struct menc_media *media);


/* ---- stream.c: its gate and its ZRTP ---- */

int  stream_put(struct menc_media **mp, struct menc_sess *sess,
		struct rtp_sock *rtp, struct udp_sock *rtpsock,
		struct udp_sock *rtcpsock, const struct sa *raddr,
		struct sdp_media *sdp, const struct stream *strm);
/* No longer in clear, if the call may not be so by now */
void stream_restrict(struct menc_media *media);
/* Anew, after each use of the engine */
void stream_rearm(struct menc_media *media);


/* ---- facts.c ---- */

/* All that is to be shown of a call, but the name of the peer */
void session_facts(const struct menc_sess *sess, struct facts *facts);
/* That too: the cache is asked for it */
void session_name(const struct menc_sess *sess, struct facts *facts);


/* ---- signalling.c: which dialogs are protected by TLS ---- */

void signalling_watch(bool on);
bool signalling_is_protected(const char *call_id);


/* ---- events.c: what the engine tells ---- */

extern const struct zrtp_callbacks zrtp_callbacks;


/* ---- screen.c: what a person sees, and programs hear ---- */

/* Show a call as it is now, if that is not what is shown */
void screen_update(struct menc_sess *sess);
/* Print it, whatever was shown */
int  screen_print(struct re_printf *pf, const struct menc_sess *sess);
/* Something alarming happened */
void screen_alarm(struct menc_sess *sess, enum alert alert);


/* ---- wishes.c: what the user wants of a call ---- */

/* A sentence that says why not, NULL: done */
const char *wish_verify(struct menc_sess *sess);
const char *wish_unverify(struct menc_sess *sess);
const char *wish_enroll(struct menc_sess *sess, bool accept);
const char *wish_clear(struct menc_sess *sess);
const char *wish_secure(struct menc_sess *sess);


/* ---- commands.c ---- */

int  commands_register(struct endpoint *ep);
void commands_unregister(void);

#endif
