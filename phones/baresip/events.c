/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file phones/baresip/events.c  What the engine tells: it sets the gates
 */
#include "zrtp.h"


static void on_send(struct zrtp_stream *stream, const uint8_t *datagram,
		    size_t len, void *arg)
{
	struct menc_media *media = arg;
	(void)stream;

	gate_send_zrtp(&media->fence->gate, datagram, len);
}


static int on_keys(struct zrtp_stream *stream, enum zrtp_direction direction,
		   const struct zrtp_srtp_keys *keys, void *arg)
{
	struct menc_media *media = arg;

	return gate_set_keys(&media->fence->gate, direction, keys,
			     zrtp_stream_is_late(stream));
}


/* baresip looks for the medium in the text, and starts it */
static void tell_secure(struct menc_media *media)
{
	struct menc_sess *sess = media->sess;
	struct zrtp_stream_info info;
	char suite[ZRTP_SUITE_TEXT_SIZE], text[128];

	if (!sess->eventh)
		return;

	zrtp_stream_get_info(media->zrtp, &info);
	zrtp_suite_text(info.algorithm[ZRTP_CLASS_CIPHER],
			info.algorithm[ZRTP_CLASS_TAG], suite);
	if (re_snprintf(text, sizeof(text), "%s,%s",
			sdp_media_name(media->sdp), suite) > 0)
		sess->eventh(MENC_EVENT_SECURE, text,
			     NULL, sess->arg);
}


static void tell_sas(struct menc_sess *sess)
{
	struct facts facts;
	char text[128];

	if (!sess->eventh)
		return;

	session_facts(sess, &facts);
	if (show_level(&facts) != LEVEL_VERIFIED &&
	    re_snprintf(text, sizeof(text), "%s,%w", facts.info.sas,
			facts.info.peer_zid, sizeof(facts.info.peer_zid)) > 0)
		sess->eventh(MENC_EVENT_VERIFY_REQUEST, text, NULL,
			     sess->arg);
}


/* With keys for one medium no other one goes on in clear */
static void restrict_all(struct menc_sess *sess)
{
	struct le *le;

	for (le = list_head(&sess->medial); le; le = le->next)
		stream_restrict(le->data);
}


static void on_secure(struct zrtp_stream *stream, void *arg)
{
	struct menc_media *media = arg;
	struct menc_sess *sess = media->sess;
	bool audio = media_is_audio(media);
	(void)stream;

	media->fence->gate.authenticated = false;
	media->failed = media->gone_clear = false;
	sess->was_secure = true;
	restrict_all(sess);
	tell_secure(media);
	if (audio)
		tell_sas(sess);
	screen_update(sess);
}


static void on_clear(struct zrtp_stream *stream,
		     enum zrtp_clear_reason reason, void *arg)
{
	struct menc_media *media = arg;
	struct menc_sess *sess = media->sess;
	struct gate *gate = &media->fence->gate;
	bool by_goclear = reason == ZRTP_CLEAR_REQUESTED ||
		reason == ZRTP_CLEAR_BY_PEER;
	enum passage allowed;
	(void)stream;

	if (by_goclear) {
		/* The user's word, or not before he has taken notice */
		media->gone_clear = true;
		gate_retire(gate, sess->require ||
			    reason == ZRTP_CLEAR_BY_PEER ? GATE_SHUT :
			    GATE_CLEAR);
		screen_update(sess);
		return;
	}

	allowed = session_allowed(sess, media->announced);
	gate_without_keys(gate, allowed);
	if (media->announced)
		screen_alarm(sess, ALERT_STRIPPED);
	if (sess->require && media_is_audio(media)) {
		warning("zrtp: the call is ended: the other side has no ZRTP,"
			" and mediaenc says zrtp-require\n");
		session_end(sess);
	}
	screen_update(sess);
}


static void on_error(struct zrtp_stream *stream,
		     const struct zrtp_error_info *error, void *arg)
{
	struct menc_media *media = arg;
	struct menc_sess *sess = media->sess;
	(void)stream;

	media->failed = true;
	gate_without_keys(&media->fence->gate, GATE_SHUT);
	warning("zrtp: %s: failed, nothing passes: %s (0x%x%s)\n",
		sdp_media_name(media->sdp), error->text, error->code,
		error->from_peer ? ", says the other side" : "");
	if (sess->require && media_is_audio(media))
		session_end(sess);
	screen_update(sess);
}


/* Of all media: as secure as before */
static void reopen(struct menc_sess *sess)
{
	struct le *le;

	for (le = list_head(&sess->medial); le; le = le->next) {
		struct menc_media *media = le->data;

		if (zrtp_stream_state(media->zrtp) == ZRTP_STATE_SECURE)
			gate_pass(&media->fence->gate, ZRTP_SEND, GATE_SRTP);
	}
}


static enum alert alert_of(enum zrtp_event event)
{
	switch (event) {

	case ZRTP_EVENT_CACHE_MISMATCH:
		return ALERT_MISMATCH;

	case ZRTP_EVENT_AUX_MISMATCH:
		return ALERT_AUX;

	case ZRTP_EVENT_HELLO_HASH_MISMATCH:
		return ALERT_HASH;

	case ZRTP_EVENT_MAC_ALARM:
		return ALERT_FORGED;

	case ZRTP_EVENT_SAS_RELAY_REFUSED:
		return ALERT_RELAY;

	case ZRTP_EVENT_PEER_CHANGED:
		return ALERT_CHANGED;

	case ZRTP_EVENT_CLEAR_UNANSWERED:
		return ALERT_CLEAR_LOST;

	default:
		return ALERT_COUNT;
	}
}


static void on_event(struct zrtp_stream *stream, enum zrtp_event event,
		     void *arg)
{
	struct menc_media *media = arg;
	struct menc_sess *sess = media->sess;
	struct gate *gate = &media->fence->gate;
	enum alert alert = alert_of(event);
	(void)stream;

	if (alert != ALERT_COUNT)
		screen_alarm(sess, alert);

	switch (event) {

	case ZRTP_EVENT_HOLD_MEDIA:
		gate_pass(gate, ZRTP_SEND, GATE_SHUT);
		break;

	case ZRTP_EVENT_ENROLLMENT:
		sess->asked = true;
		break;

	case ZRTP_EVENT_SAS_RELAYED:
		tell_sas(sess);
		break;

	case ZRTP_EVENT_CLEAR_REFUSED:
	case ZRTP_EVENT_CLEAR_UNANSWERED:
		reopen(sess);
		break;

	case ZRTP_EVENT_LATE_FAILED:
		gate_drop_late_keys(gate);
		break;

	default:
		break;
	}
	screen_update(sess);
}


const struct zrtp_callbacks zrtp_callbacks = {
	.send   = on_send,
	.keys   = on_keys,
	.secure = on_secure,
	.clear  = on_clear,
	.error  = on_error,
	.event  = on_event,
};
