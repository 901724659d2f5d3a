/* SPDX-License-Identifier: BSD-2-Clause */
/* How much is computed for hosts that ask, who may be strangers. */
#include "internal.h"

#include "work.h"

enum {
	WORK_BURST = 16,   /* key pairs made and key agreements computed, at once */
	WORK_USEC = 500000 /* us: and one more in so many */
};

bool zrtp_work_allowed(struct zrtp_stream *stream)
{
	struct zrtp_session *session = stream->session;
	uint64_t earned = (stream->now - session->work_at) / WORK_USEC;

	if (!session->work_at || earned >= WORK_BURST) {
		session->work_left = WORK_BURST;
		session->work_at = stream->now;
	} else {
		session->work_left += (unsigned)earned;
		session->work_at += earned * WORK_USEC;
	}
	if (session->work_left > WORK_BURST) {
		session->work_left = WORK_BURST;
	}
	return session->work_left > 0;
}

void zrtp_work_done(struct zrtp_stream *stream)
{
	if (stream->session->work_left) {
		stream->session->work_left--;
	}
}

uint64_t zrtp_work_due(const struct zrtp_stream *stream)
{
	return stream->session->work_at + WORK_USEC;
}
