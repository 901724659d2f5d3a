/* SPDX-License-Identifier: BSD-2-Clause */
/* The key pair of an exchange, and one of an exchange that came to nothing, for the next (4.2). */
#include "internal.h"

#include "draw.h"
#include "exchange.h"
#include "private.h"
#include "system.h"
#include "work.h"

void zrtp_private_drop(struct zrtp_exchange *exchange)
{
	if (exchange->private_key) {
		exchange->private_kex->ops->release(exchange->private_key);
		exchange->private_key = NULL;
	}
}

static void drop_spare_pv(struct zrtp_session *session)
{
	zrtp_release(session->context, session->spare_pv, session->spare_kex->pv_size);
	session->spare_pv = NULL;
}

void zrtp_spare_drop(struct zrtp_session *session)
{
	if (session->spare_key) {
		session->spare_kex->ops->release(session->spare_key);
		session->spare_key = NULL;
		drop_spare_pv(session);
	}
}

/* Only a public value that was not sent: a host that knows one before the other
 * side commits could look for a fitting SAS. */
void zrtp_private_spare(struct zrtp_stream *stream)
{
	struct zrtp_session *session = stream->session;
	struct zrtp_exchange *exchange = stream->exchange;

	if (!exchange->private_key || exchange->pv_sent || session->keyed || session->spare_key) {
		zrtp_private_drop(exchange);
		return;
	}
	session->spare_pv = zrtp_alloc(session->context, exchange->private_kex->pv_size);
	if (!session->spare_pv) {
		zrtp_private_drop(exchange);
		return;
	}
	session->spare_key = exchange->private_key;
	session->spare_kex = exchange->private_kex;
	memcpy(session->spare_pv, exchange->private_pv, session->spare_kex->pv_size);
	exchange->private_key = NULL;
}

static bool take_spare(struct zrtp_stream *stream, const struct zrtp_kex *kex)
{
	struct zrtp_session *session = stream->session;
	struct zrtp_exchange *exchange = stream->exchange;

	if (!session->spare_key || session->spare_kex != kex) {
		return false;
	}
	exchange->private_key = session->spare_key;
	memcpy(exchange->private_pv, session->spare_pv, kex->pv_size);
	session->spare_key = NULL;
	drop_spare_pv(session);
	return true;
}

/* A fresh key pair, or that of an exchange that came to nothing, if it fits (4.2)
 * and was not shown: a peer that begins again has committed to nothing before. */
int zrtp_private_make(struct zrtp_stream *stream)
{
	struct zrtp_exchange *exchange = stream->exchange;
	const struct zrtp_kex *kex = exchange->choice.kex;
	const struct zrtp_random random = { zrtp_draw_private, stream };
	unsigned strength = 2 * exchange->choice.cipher->key_size; /* 5.1.5 */

	if (exchange->private_key && exchange->private_kex == kex && !exchange->pv_sent) {
		return 0;
	}
	zrtp_private_drop(exchange);
	exchange->private_kex = kex;
	exchange->pv_sent = false;
	if (take_spare(stream, kex)) {
		return 0;
	}
	zrtp_work_done(stream);
	return kex->ops->generate(kex, &random, strength, &exchange->private_key, exchange->private_pv);
}
