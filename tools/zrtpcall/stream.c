/* SPDX-License-Identifier: BSD-2-Clause */
/* The ZRTP streams of a call: when they say Hello, when the engine wants to be called
 * next, how far they are, and the hashes of their Hellos in the session description.
 * The engine's callbacks are in security.c. */
#include "phone.h"

/* ---- time ---- */

void stream_rearm(struct call *call)
{
	call->alarm.session = call->zrtp;
	alarm_set(&call->alarm);
}

/* ---- state ---- */

enum zrtp_state stream_state(const struct medium *medium)
{
	return medium->zrtp ? zrtp_stream_state(medium->zrtp) : ZRTP_STATE_IDLE;
}

bool stream_all_secure(const struct call *call)
{
	const struct medium *media[] = { call->audio, call->video };
	bool any = false;

	for (unsigned i = 0; i < 2; i++) {
		if (!media[i] || !medium_active(media[i])) {
			continue;
		}
		if (stream_state(media[i]) != ZRTP_STATE_SECURE) {
			return false;
		}
		any = true;
	}
	return any;
}

/* parallel.c: another stream makes the key agreement, and this one waits until it is secure. */
static bool must_wait(const struct medium *medium)
{
	const struct medium *leader = medium->call->leader;

	return leader && leader != medium && stream_state(leader) != ZRTP_STATE_SECURE;
}

void stream_start(struct medium *medium)
{
	bool waits = medium->call->phone->options->like.waits_to_hear && !medium->heard;

	if (medium->zrtp && !medium->started && !waits && medium_active(medium) && !must_wait(medium)) {
		medium->started = true;
		(void)!zrtp_stream_start(medium->zrtp, clock_us());
		stream_rearm(medium->call);
	}
}

/* ---- zrtp-hash (8) ---- */

int stream_put_hash(struct medium *medium)
{
	const struct options *options = medium->call->phone->options;
	char hash[ZRTP_HELLO_HASH_TEXT_SIZE];

	if (medium->zrtp && options->like.has_flag) {
		return sdp_media_set_lattr(medium->sdp, true, "zrtp", NULL);
	}
	if (!medium->zrtp || options->no_hash) {
		return 0;
	}
	zrtp_stream_hello_hash(medium->zrtp, hash);
	if (options->wrong_hash) {
		char *last = hash + strlen(hash) - 1;

		*last = *last == '0' ? '1' : '0';
	}
	return sdp_media_set_lattr(medium->sdp, true, "zrtp-hash", "%s", hash);
}

static bool take_one(const char *name, const char *value, void *arg)
{
	struct medium *medium = arg;
	enum zrtp_status status = value ? zrtp_stream_set_peer_hello_hash(medium->zrtp, value) : ZRTP_INVALID;

	(void)name;
	if (status == ZRTP_INVALID) {
		report_simple("zrtp", medium->call->id, "what", "a=zrtp-hash is malformed");
	} else if (status != ZRTP_OK) {
		outcome_alarm(medium->call, "zrtp-hash-changed",
			      "the signalling vouches for another Hello now");
	}
	return false; /* one for each version that the peer speaks */
}

void stream_take_hash(struct medium *medium)
{
	if (medium->zrtp && !medium->call->phone->options->ignore_hash) {
		(void)sdp_media_rattr_apply(medium->sdp, "zrtp-hash", take_one, medium);
	}
}
