/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief a=zrtp-hash (RFC 6189, 8): ours for the signalling, the peer's from it.
 *
 * The signalling asks for our hash before there is an answer, so its question
 * makes the stream and the Hello; they start when media does. What it says of
 * the peer is in place before that.
 */

#include "asterisk.h"

#include "asterisk/astobj2.h"
#include "asterisk/channel.h"
#include "asterisk/logger.h"
#include "asterisk/rtp_engine.h"
#include "asterisk/strings.h"
#include "asterisk/utils.h"

#include "branch.h"
#include "closed.h"
#include "dialog.h"
#include "successor.h"

/*! How long the Hello that was signalled may still come after another one did. */
#define PATIENCE_USEC 3000000

/*! \brief The media object of an instance with a reference, NULL when it has no ZRTP. */
static struct media *usable_media(struct ast_rtp_instance *instance)
{
	struct media *media;

	ao2_lock(instance);
	media = gate_media(instance);
	media = media && media_usable(media, instance) ? ao2_bump(media) : NULL;
	ao2_unlock(instance);

	return media;
}

static enum role role_of(struct media *media)
{
	enum role role;

	ao2_lock(media);
	role = media->pass.role;
	ao2_unlock(media);

	return role;
}

/*! \brief Of our own Hello, which is made if need be. \retval -1 there is none */
static int own_hash(struct media *media, struct ast_rtp_instance *instance, struct ast_channel *chan, char *out)
{
	*out = '\0';
	ao2_lock(media);
	if (chan && ast_strlen_zero(media->channel_id)) {
		ast_copy_string(media->channel_id, ast_channel_uniqueid(chan), sizeof(media->channel_id));
	}
	ao2_unlock(media);
	if (leg_join(media, ast_rtp_instance_get_ssrc(instance))) {
		return -1;
	}
	/* Here and now: an offer must not go without because threads are busy. */
	if (leg_hello(media)) {
		return -1;
	}
	ao2_lock(media);
	ast_copy_string(out, media->own_hash, ZRTP_HELLO_HASH_TEXT_SIZE);
	ao2_unlock(media);

	return ast_strlen_zero(out) ? -1 : 0;
}

/*!
 * \brief Which hash the peer is to be told of.
 *
 * Phones hold on to the first one they are told. So where it is open who will
 * be the end they are told none, and where it is ours that they are told the
 * choice is made.
 */
static int hash(struct ast_rtp_instance *instance, struct ast_channel *chan, char *out)
{
	struct media *media = usable_media(instance);
	int res = -1;

	if (!media) {
		return -1;
	}
	*out = '\0';
	if (chan) {
		rekey_adopt(media, chan);
	}
	if (chan && !media->far && role_of(media) != ROLE_END) {
		far_meet(media, chan, 0);
	}
	if (role_of(media) == ROLE_WAITING && media->settings->mode == MODE_AUTO
		&& (!far_waits(media) || (chan && mode_settled(media, chan)))) {
		mode_end(media);
	}
	if (role_of(media) == ROLE_END) {
		res = own_hash(media, instance, chan, out);
	} else if (role_of(media) == ROLE_PASSTHROUGH || (media->settings->mode == MODE_PASSTHROUGH
		&& media->settings->no_passthrough != NO_PASSTHROUGH_MITM)) {
		res = far_hash(media, out) ? 0 : -1;
	}
	ao2_lock(media);
	ast_copy_string(media->told_hash, res ? "" : out, sizeof(media->told_hash));
	ao2_unlock(media);
	ao2_ref(media, -1);

	return res;
}

static void calls(struct ast_rtp_instance *instance, struct ast_channel *chan,
	const struct zrtp_signalling_numbers *numbers)
{
	struct media *media = usable_media(instance);

	if (media && role_of(media) != ROLE_END) {
		far_meet(media, chan, 1);
		far_keep_numbers(media, numbers);
	}
	ao2_cleanup(media);
}

static int numbers(struct ast_rtp_instance *instance, struct zrtp_signalling_numbers *out)
{
	struct media *media = usable_media(instance);
	int res = media ? far_numbers(media, out) : -1;

	ao2_cleanup(media);

	return res;
}

static enum zrtp_signalling_value check(const char *value)
{
	switch (zrtp_hello_hash_check(value)) {
	case ZRTP_OK:
		return ZRTP_SIGNALLING_VALID;
	case ZRTP_DROPPED:
		return ZRTP_SIGNALLING_OTHER_VERSION;
	default:
		return ZRTP_SIGNALLING_MALFORMED;
	}
}

/*! \brief Put down what a description says. \retval 1 it is news \pre media is locked */
static int take_hash(struct media *media, const char *tag, const char *value, int announces)
{
	int other = dialog_other_tag(media->peer_tag, tag);
	int other_hash = strcasecmp(media->peer_hash, value) != 0;
	int changed = other || other_hash;

	if (changed && value[0]) {
		peer_announce(&media->peer);
	}
	snprintf(media->peer_hash, sizeof(media->peer_hash), "%s", value);
	media->report.signalled = value[0] != '\0';
	media->pass.sdp_zrtp = !!announces;
	media->other_party |= other;
	media->other_hash |= other && other_hash;

	return changed;
}

static void peer_hash(struct ast_rtp_instance *instance, const char *tag, const char *value, int announces)
{
	struct media *media, *partner = NULL;
	int changed, has_leg;

	ao2_lock(instance);
	media = gate_media(instance);
	if (media) {
		dialog_announce(media, tag, value != NULL);
		ao2_lock(media);
		changed = take_hash(media, tag, S_OR(value, ""), announces);
		partner = ao2_bump(media->pass.partner);
		has_leg = media->leg && !media->ended;
		ao2_unlock(media);
		if (changed && has_leg) {
			leg_push(media, leg_task_signalling);
		}
		far_learn(media);
		if (changed && partner) {
			mode_look(partner, 0); /* the other phone has to know */
		}
	}
	ao2_unlock(instance);
	ao2_cleanup(partner);
}

static void listen_to(struct ast_rtp_instance *instance, struct zrtp_signalling_listener *listener,
	enum zrtp_signalling_medium medium)
{
	struct media *media;

	ao2_lock(instance);
	media = gate_media(instance);
	if (media) {
		ao2_lock(media);
		ao2_replace(media->listener, listener);
		/* Others read it without the lock. */
		__atomic_store_n(&media->medium, medium, __ATOMIC_RELEASE);
		ao2_unlock(media);
		dialog_find(media);
	}
	ao2_unlock(instance);
}

static void came_from(struct ast_rtp_instance *instance, const struct ast_sockaddr *source)
{
	struct media *media = gate_media_get(instance);

	if (media) {
		ao2_lock(media);
		media_address(&media->peer.signaller, source);
		ao2_unlock(media);
		ao2_ref(media, -1);
	}
}

const struct zrtp_signalling signalling_table = {
	.version = ZRTP_SIGNALLING_VERSION,
	.hash = hash,
	.calls = calls,
	.numbers = numbers,
	.check = check,
	.peer_hash = peer_hash,
	.listen = listen_to,
	.came_from = came_from,
};

struct zrtp_signalling_listener *signalling_listener(struct media *media)
{
	struct zrtp_signalling_listener *listener;

	ao2_lock(media);
	listener = ao2_bump(media->listener);
	ao2_unlock(media);

	return listener;
}

void signalling_activated(struct media *media, struct ast_rtp_instance *instance)
{
	struct zrtp_signalling_listener *listener = signalling_listener(media);

	if (listener) {
		listener->activated(listener, instance);
		ao2_ref(listener, -1);
	}
}

void signalling_made(struct media *media)
{
	char hash[ZRTP_HELLO_HASH_TEXT_SIZE];

	zrtp_stream_hello_hash(media->stream, hash);
	media->hash_due = 0;
	ao2_lock(media);
	ast_copy_string(media->own_hash, hash, sizeof(media->own_hash));
	ao2_unlock(media);
}

void signalling_apply(struct media *media)
{
	char hash[ZRTP_HELLO_HASH_TEXT_SIZE];
	enum zrtp_status status;
	int other, other_hash;

	ao2_lock(media);
	ast_copy_string(hash, media->peer_hash, sizeof(hash));
	other = media->other_party;
	other_hash = media->other_hash;
	media->other_party = media->other_hash = 0;
	ao2_unlock(media);

	if (other && branch_answers(media, other_hash)) {
		return;
	}

	/* What one party has announced says nothing of another one. */
	if (other) {
		media->hash_due = 0;
		if (ast_strlen_zero(hash)) {
			zrtp_stream_forget_peer_hello_hash(media->stream);
		}
	}
	/* A description without one does not take back the one before. */
	if (ast_strlen_zero(hash)) {
		return;
	}
	status = other ? zrtp_stream_set_other_peer_hello_hash(media->stream, hash)
		: zrtp_stream_set_peer_hello_hash(media->stream, hash);
	if (status != ZRTP_WRONG_STATE) {
		successor_recall(media);
	} else if (!successor_expects(media, hash)) {
		ast_log(LOG_NOTICE, "%s: the signalling names another ZRTP peer, ZRTP begins again with it\n",
			media_name(media));
		leg_restart(media, PEER_CLAIM_HASH);
	}
}

int signalling_renewed(struct media *media)
{
	struct zrtp_signalling_listener *listener;
	char channel_id[AST_MAX_UNIQUEID];
	int told;

	ao2_lock(media);
	told = !ast_strlen_zero(media->told_hash)
		&& (media->pass.role != ROLE_END || strcasecmp(media->told_hash, media->own_hash));
	ast_copy_string(channel_id, media->channel_id, sizeof(channel_id));
	ao2_unlock(media);
	listener = told ? signalling_listener(media) : NULL;
	if (!listener) {
		return 0;
	}
	listener->renewed(listener, channel_id);
	ao2_ref(listener, -1);

	return 1;
}

void signalling_compare(struct media *media)
{
	char now[ZRTP_HELLO_HASH_TEXT_SIZE];
	int differs;

	if (role_of(media) == ROLE_PASSTHROUGH) {
		far_hash(media, now);
		ao2_lock(media);
		differs = strcasecmp(media->told_hash, now);
		ao2_unlock(media);
		if (differs) {
			signalling_renewed(media);
		}
	}
}

void signalling_mismatch(struct media *media)
{
	int tolerated = media->settings->policy.tolerate_mismatch;

	ast_log(LOG_WARNING, "%s: a ZRTP Hello came that is not the one of the peer's a=zrtp-hash: %s\n",
		media_name(media), tolerated ? "it is accepted, as policy has it, so compare the SAS" :
		"it is refused. Somebody is in between, or changes the signalling");
	if (!tolerated) {
		media->hash_due = context_now() + PATIENCE_USEC;
	}
}

void signalling_check(struct media *media)
{
	struct zrtp_stream_info info;

	if (!media->hash_due || !media->stream) {
		return;
	}
	zrtp_stream_get_info(media->stream, &info);
	if (info.hello_hash == ZRTP_HASH_MATCHED || info.state == ZRTP_STATE_SECURE) {
		media->hash_due = 0; /* it has come */
	} else if (context_now() >= media->hash_due) {
		media->hash_due = 0;
		signalling_denied(media);
	}
}

int signalling_denied(struct media *media)
{
	static const struct zrtp_error_info mismatch = {
		.text = "the peer's Hello is not the one of its a=zrtp-hash",
	};
	struct zrtp_stream_info info;

	zrtp_stream_get_info(media->stream, &info);
	if (info.hello_hash != ZRTP_HASH_MISMATCH || info.state == ZRTP_STATE_SECURE
		|| media->settings->policy.tolerate_mismatch) {
		return 0;
	}
	if (media->outcome != OUTCOME_FAILED) {
		callbacks_failed(media, &mismatch);
		if (media->settings->require) {
			/* Not at once: a stranger's Hello must not end a call that rings, or
			 * that the phone's own has yet to come to. */
			closed_watch(media, REFUSAL_HASH);
		}
	}

	return 1;
}

const char *signalling_status_text(enum zrtp_hash_status status)
{
	switch (status) {
	case ZRTP_HASH_MATCHED:
		return "matched";
	case ZRTP_HASH_MISMATCH:
		return "mismatch";
	default:
		return "none";
	}
}

const char *signalling_peer_text(const struct media_report *report)
{
	if (!report->info.found_at) {
		return report->signalled ? "signalled" : "none";
	}

	return report->signalled ? "both" : "hello";
}
