/* SPDX-License-Identifier: BSD-2-Clause */
/* Enrollment with a PBX (7.3.1): the pbxsecret that phone and PBX share from then on. */
#include "internal.h"

#include "enroll.h"
#include "secrets.h"

bool zrtp_enrollment_offered(const struct zrtp_session *session)
{
	return session->peer_hello_flags & ZRTP_HELLO_MITM &&
	       session->peer_confirm_flags & ZRTP_CONFIRM_ENROLL;
}

enum zrtp_status zrtp_session_enroll(struct zrtp_session *session)
{
	if (!zrtp_session_unstarted(session) || !session->policy.mitm) {
		return ZRTP_WRONG_STATE;
	}
	session->enroll = true;
	return ZRTP_OK;
}

static bool is_kept(bool has, const uint8_t *kept, const uint8_t *secret)
{
	return has && zrtp_equal(kept, secret, ZRTP_SECRET_SIZE);
}

/* Some phones take the secret of each enrollment, some keep the first, and a
 * user may decline: so the PBX has two, until one has matched. After the first
 * enrollment both are the same: that there are two says that the phone has not
 * shown yet that it has one. False: nothing new. */
static bool keep_pbxsecret(struct zrtp_session *session, const uint8_t secret[ZRTP_SECRET_SIZE])
{
	struct zrtp_retained *r = &session->retained;

	if (is_kept(r->has_pbx, r->pbxsecret, secret) ||
	    is_kept(r->has_pbx_alternate, r->pbx_alternate, secret)) {
		return false;
	}
	if (session->pbx_matched) {
		memcpy(r->pbx_alternate, secret, sizeof(r->pbx_alternate));
		r->has_pbx_alternate = true;
		return true;
	}
	if (r->has_pbx) {
		memcpy(r->pbx_alternate, r->pbxsecret, sizeof(r->pbx_alternate));
		r->has_pbx_alternate = true;
	}
	memcpy(r->pbxsecret, secret, sizeof(r->pbxsecret));
	if (!r->has_pbx && session->enroll) {
		memcpy(r->pbx_alternate, secret, sizeof(r->pbx_alternate));
		r->has_pbx_alternate = true;
	}
	r->has_pbx = true;
	return true;
}

/* A line that a later call began may be of a host that has seen the phone's ZID, under
 * whatever number he calls and however often its secrets match since. */
bool zrtp_enrollment_needs_word(const struct zrtp_session *session)
{
	if (session->retained.unavailable) {
		return true; /* and the word does not help: it is not known whose ZID this is */
	}
	if (session->pbx_matched || (session->rs_matched && !session->retained.line_later)) {
		return false;
	}
	if (session->match == ZRTP_MATCH_NONE && !session->was_enrolled) {
		return false; /* the peer's first call */
	}
	return !session->verified || session->foreign;
}

enum zrtp_status zrtp_session_accept_enrollment(struct zrtp_session *session)
{
	const uint8_t *own = session->zid, *peer = session->peer_zid;
	uint8_t secret[ZRTP_SECRET_SIZE];

	if (!session->keyed || session->destroyed || session->own_zid || !session->context->cache.put ||
	    !(session->enroll || zrtp_enrollment_offered(session))) {
		return ZRTP_WRONG_STATE;
	}
	if (zrtp_enrollment_needs_word(session)) {
		return ZRTP_WRONG_STATE;
	}
	if (session->pbx_matched && !session->enroll) {
		return ZRTP_OK; /* a new one on one side only would break the trust */
	}
	if (zrtp_pbxsecret(session->hash, session->keys.zrtpsess, session->was_initiator ? own : peer,
			   session->was_initiator ? peer : own, secret)) {
		return ZRTP_CRYPTO;
	}
	if (keep_pbxsecret(session, secret)) {
		zrtp_secrets_put(session, ZRTP_CHANGED_PBX);
	}
	zrtp_wipe(secret, sizeof(secret));
	return ZRTP_OK;
}

void zrtp_session_forget_enrollment(struct zrtp_session *session)
{
	struct zrtp_retained *r = &session->retained;

	r->has_pbx = r->has_pbx_alternate = false;
	zrtp_wipe(r->pbxsecret, sizeof(r->pbxsecret));
	zrtp_wipe(r->pbx_alternate, sizeof(r->pbx_alternate));
	session->pbx_matched = session->pbx_alternate = session->had_pbx = false;
	session->relayed = false;
}
