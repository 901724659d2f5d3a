/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file phones/baresip/session.c  A call: its session of the engine
 */
#include "zrtp.h"


static void destructor(void *arg)
{
	struct menc_sess *sess = arg;

	list_unlink(&sess->le);
	tmr_cancel(&sess->end);
	alarm_stop(&sess->alarm);
	zrtp_session_free(sess->zrtp);
	mem_deref(sess->shown);
	mem_deref(sess->ep);
}


int session_alloc(struct menc_sess **sessp, struct endpoint *ep,
		  const struct zrtp_callbacks *callbacks, bool require,
		  menc_event_h *eventh, menc_error_h *errorh, void *arg)
{
	struct menc_sess *sess;

	if (!sessp || !ep)
		return EINVAL;

	sess = mem_zalloc(sizeof(*sess), destructor);
	if (!sess)
		return ENOMEM;

	sess->ep      = mem_ref(ep);
	sess->require = require;
	sess->eventh  = eventh;
	sess->errorh  = errorh;
	sess->arg     = arg;
	if (zrtp_session_new(&sess->zrtp, ep->context, &ep->config.policy,
			     callbacks)) {
		mem_deref(sess);
		return ENOMEM;
	}
	sess->alarm.session = sess->zrtp;
	sess->alarm.owner = sess;
	list_append(&ep->sessl, &sess->le, sess);
	*sessp = sess;

	return 0;
}


/* What was encrypted, or was promised to be, is never clear in silence */
enum passage session_allowed(const struct menc_sess *sess, bool announced)
{
	return sess->require || sess->was_secure || announced ? GATE_SHUT :
		GATE_CLEAR;
}


static bool has_stream(const struct call *call, const struct menc_sess *sess)
{
	struct le *le, *own;

	for (le = list_head(call_streaml(call)); le; le = le->next) {
		for (own = list_head(&sess->medial); own; own = own->next) {
			const struct menc_media *media = own->data;

			if (media->strm == le->data)
				return true;
		}
	}

	return false;
}


struct call *session_call(const struct menc_sess *sess)
{
	struct le *ua, *le;

	for (ua = list_head(uag_list()); ua; ua = ua->next) {
		for (le = list_head(ua_calls(ua->data)); le; le = le->next) {
			if (has_stream(le->data, sess))
				return le->data;
		}
	}

	return NULL;
}


static void on_end(void *arg)
{
	struct menc_sess *sess = arg;
	menc_error_h *errorh = sess->errorh;

	/* baresip destroys the call in it */
	if (errorh)
		errorh(EPROTO, sess->arg);
}


void session_end(struct menc_sess *sess)
{
	tmr_start(&sess->end, 0, on_end, sess);
}
