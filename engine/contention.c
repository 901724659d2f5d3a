/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which of two Commits counts (4.2), on one stream or on two of a session.
 *
 * Two exchanges for a shared secret may run beside each other although no side wants
 * it: a Commit that was lost is answered when its turn is over (turns.c). If each
 * side is the initiator of one, each has a Confirm2 on its way to the other, and
 * a side that gets one is complete at once. Where both did so, each side would take the
 * exchange that the other one gives up: two session keys, and no further stream
 * would ever be secure. So the order of 4.2 counts once more: a side that has sent
 * its Confirm2 completes no other exchange that loses against that one, as long as
 * it waits for the answer. Both sides know both Commits, so both come to the same.
 *
 * A side that has not sent its Confirm2 does not wait: the peer cannot complete that
 * exchange. Nor does it wait long, since that stream may be cut off, nor for an
 * exchange that may be a stranger's: with another ZID, without the Hello that the
 * signalling named where this one has it, or in a call told to be clear, where media
 * has to show first who is there. (A stranger who gets as far as our Confirm2 could
 * complete his exchange as well: waiting for it gives him nothing more.) A host that runs
 * one exchange at a time, as the RFC has it, never meets this rule.
 */
#include "internal.h"

#include "contention.h"
#include "exchange.h"
#include "peerhello.h"
#include "timers.h"

/* So often our Confirm2 is sent, in 4.65 s, before another exchange may be completed. */
enum { CONFIRM2_TRIES = 6 };

/* A Commit, and whether its sender has the M flag. */
struct side {
	const struct zrtp_commit *commit;
	bool mitm;
};

/* DH trumps Preshared; of two Preshared ones that of a device with the M flag is
 * discarded, if the other has none; otherwise the lower hvi or nonce is, as an
 * unsigned number in network order. */
static bool wins(const struct side *a, const struct side *b)
{
	if (a->commit->mode != b->commit->mode) {
		return a->commit->mode == ZRTP_MODE_DH;
	}
	if (a->commit->mode == ZRTP_MODE_DH) {
		return memcmp(a->commit->hvi, b->commit->hvi, ZRTP_HVI_SIZE) > 0;
	}
	if (a->commit->mode == ZRTP_MODE_PRESHARED && a->mitm != b->mitm) {
		return b->mitm;
	}
	return memcmp(a->commit->nonce, b->commit->nonce, ZRTP_NONCE_SIZE) > 0;
}

static bool peer_mitm(const struct zrtp_stream *stream)
{
	return zrtp_peer_hello(stream).flags & ZRTP_HELLO_MITM;
}

bool zrtp_own_commit_wins(const struct zrtp_stream *stream, const struct zrtp_commit *own,
			  const struct zrtp_commit *peer)
{
	const struct side ours = { own, stream->session->policy.mitm };
	const struct side theirs = { peer, peer_mitm(stream) };

	return wins(&ours, &theirs);
}

/* We wait for the answer to our Confirm2, and who gives it is no less known than
 * the peer of the other stream. */
static bool awaits_conf2ack(const struct zrtp_stream *s, const struct zrtp_stream *stream)
{
	const struct zrtp_hello hello = zrtp_peer_hello(s), other = zrtp_peer_hello(stream);
	uint64_t last;

	return s != stream && s->state == ZRTP_STATE_CONFIRM2_SENT && !s->late &&
	       zrtp_timer_t2_sent(s, &last) <= CONFIRM2_TRIES &&
	       !memcmp(hello.zid, other.zid, ZRTP_ZID_SIZE) &&
	       (s->hash_status == ZRTP_HASH_MATCHED || stream->hash_status != ZRTP_HASH_MATCHED);
}

bool zrtp_confirm2_must_wait(const struct zrtp_stream *stream)
{
	const struct zrtp_commit theirs = zrtp_commit_view(&stream->exchange->commit);

	if (stream->late || theirs.mode == ZRTP_MODE_MULTISTREAM) {
		return false; /* as many as there are streams may run at once (4.4.3) */
	}
	for (const struct zrtp_stream *s = stream->session->streams; s; s = s->next) {
		if (awaits_conf2ack(s, stream)) {
			const struct zrtp_commit own = zrtp_commit_view(&s->exchange->commit);

			if (zrtp_own_commit_wins(stream, &own, &theirs)) {
				return true;
			}
		}
	}
	return false;
}
