/* SPDX-License-Identifier: BSD-2-Clause */
/* Secrets that the application gives before the exchange. */
#include "internal.h"

#include "given.h"
#include "system.h"

static struct zrtp_given *given(struct zrtp_session *session)
{
	if (!session->given) {
		session->given = zrtp_alloc(session->context, sizeof(*session->given));
	}
	return session->given;
}

void zrtp_given_drop(struct zrtp_session *session)
{
	zrtp_release(session->context, session->given, sizeof(*session->given));
	session->given = NULL;
}

enum zrtp_status zrtp_session_set_auxsecret(struct zrtp_session *session, const uint8_t *secret, size_t len)
{
	if (!len || len > sizeof(session->given->auxsecret)) {
		return ZRTP_INVALID;
	}
	if (!zrtp_session_unstarted(session)) {
		return ZRTP_WRONG_STATE;
	}
	if (!given(session)) {
		return ZRTP_NO_MEMORY;
	}
	zrtp_wipe(session->given->auxsecret, sizeof(session->given->auxsecret));
	memcpy(session->given->auxsecret, secret, len);
	session->given->auxsecret_len = len;
	return ZRTP_OK;
}

enum zrtp_status zrtp_session_set_sdes_key(struct zrtp_session *session, const uint8_t *key, size_t key_len,
					   const uint8_t *salt, size_t salt_len)
{
	if (!key_len || key_len > sizeof(session->given->sdes_key) || !salt_len ||
	    salt_len > sizeof(session->given->sdes_salt)) {
		return ZRTP_INVALID;
	}
	if (!zrtp_session_unstarted(session)) {
		return ZRTP_WRONG_STATE;
	}
	if (!given(session)) {
		return ZRTP_NO_MEMORY;
	}
	memcpy(session->given->sdes_key, key, key_len);
	memcpy(session->given->sdes_salt, salt, salt_len);
	session->given->sdes_key_len = key_len;
	session->given->sdes_salt_len = salt_len;
	return ZRTP_OK;
}
