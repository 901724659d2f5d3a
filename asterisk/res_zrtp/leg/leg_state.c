/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief What a leg knows, and what the files of its subjects ask it to do.
 *
 * Nothing here goes further than the leg itself: what takes the whole of it,
 * leg.c does, which those files know as a table of functions.
 */

#include "asterisk.h"

#include "asterisk/astobj2.h"
#include "asterisk/linkedlists.h"
#include "asterisk/strings.h"

#include <zrtp/zrtp.h>

#include "decide/settings.h"
#include "packet/gate.h"
#include "packet/media.h"
#include "leg/context.h"
#include "leg/leg_object.h"
#include "leg/leg_state.h"
#include "leg/leg_stream.h"

static const struct leg_listener *listens;
static const struct leg_acts *acts;

void legs_act(const struct leg_acts *table)
{
	acts = table;
}

void leg_settle(struct leg *leg)
{
	acts->settle(leg);
}

void leg_begin_with_another(struct leg *leg)
{
	acts->begin_with_another(leg);
}

void leg_make_stream(struct media *media)
{
	acts->make_stream(media);
}

struct leg_view *leg_view_of(struct media *media)
{
	struct leg_view *view;

	ao2_lock(media);
	view = leg_of(media) ? ao2_bump(leg_of(media)->view) : NULL;
	ao2_unlock(media);

	return view;
}

struct leg_view *leg_own_view(const struct leg *leg)
{
	return leg->view;
}

struct ast_taskprocessor *leg_serializer(const struct leg *leg)
{
	return leg->serializer;
}

struct zrtp_session *leg_session(const struct leg *leg)
{
	return leg_alone(leg)->session;
}

struct lookup *leg_lookup(struct leg *leg)
{
	return &leg_alone(leg)->lookup;
}

struct successor *leg_next(struct leg *leg)
{
	return &leg_alone(leg)->next;
}

const char *leg_endpoint(const struct leg *leg)
{
	return leg_alone(leg)->endpoint;
}

int leg_enrolling(const struct leg *leg)
{
	return leg_alone(leg)->enrolling;
}

int leg_wants_enrollment(const struct leg *leg)
{
	return leg_alone(leg)->enroll;
}

void leg_refuse_enrollment(struct leg *leg)
{
	leg_alone(leg)->enroll = leg_alone(leg)->enrolling = 0;
}

void leg_each_stream(struct leg *leg, void (*each)(struct media *media, void *arg), void *arg)
{
	struct media *media;

	LEG_TRAVERSE(leg, media) {
		each(media, arg);
	}
}

enum outcome leg_outcome(const struct leg *leg)
{
	enum outcome audio = OUTCOME_SECURE, others = OUTCOME_SECURE;
	int audios = 0, all = 0, clear = 0;
	struct media *media;

	LEG_TRAVERSE(leg, media) {
		if (!leg_stream(media)->begun) {
			continue;
		}
		all++;
		if (media_is_further(media)) {
			others = MAX(others, leg_stream(media)->outcome);
			clear |= leg_stream(media)->outcome == OUTCOME_CLEAR;
		} else {
			audio = MAX(audio, leg_stream(media)->outcome);
			audios++;
		}
	}
	if (!all) {
		return OUTCOME_PENDING;
	}

	/* A stream that nothing passes on takes nothing from the call, one in clear does. */
	return !audios ? others : clear ? MAX(audio, OUTCOME_CLEAR) : audio;
}

enum coverage leg_coverage(const struct leg *leg)
{
	unsigned int had = leg_alone(leg)->outcomes;

	if (leg_first_stream(leg)) {
		had |= 1U << leg_outcome(leg);
	}
	if (!(had & 1U << OUTCOME_SECURE)) {
		return COVERAGE_NONE;
	}

	return had & (1U << OUTCOME_CLEAR | 1U << OUTCOME_FAILED) ? COVERAGE_PART : COVERAGE_WHOLE;
}

int leg_has_other_keys(const struct media *media)
{
	struct media *other;
	int res = 0;

	LEG_TRAVERSE(leg_of(media), other) {
		if (other != media) {
			ao2_lock(other);
			res |= media_gate(other)->was_secure;
			ao2_unlock(other);
		}
	}

	return res;
}

void leg_restart(struct media *media, enum peer_claim claim)
{
	leg_alone(leg_of(media))->restart = media;
	leg_alone(leg_of(media))->claim = claim;
}

enum zrtp_status leg_new_session(struct leg *leg, struct zrtp_session **out, const struct zrtp_callbacks *callbacks,
	int resync)
{
	struct zrtp_policy policy = leg->settings->policy;

	enum zrtp_status status;

	policy.resync = policy.resync && resync;
	status = zrtp_session_new(out, leg->context->zrtp, &policy, callbacks);
	if (status == ZRTP_OK && !leg->context->cached) {
		status = zrtp_session_set_cache_away(*out, true);
	}

	return status;
}

struct zrtp_session *leg_replace_session(struct leg *leg, struct zrtp_session *session, int enrolling)
{
	struct zrtp_session *former = leg_alone(leg)->session;

	leg_alone(leg)->session = session;
	leg_alone(leg)->enrolling = enrolling;

	return former;
}

void leg_report(struct media *media)
{
	struct zrtp_session_info session;
	struct zrtp_stream_info info;

	if (!leg_stream(media)->stream) {
		return;
	}
	zrtp_stream_get_info(leg_stream(media)->stream, &info);
	zrtp_session_get_info(zrtp_stream_session(leg_stream(media)->stream), &session);

	ao2_lock(media);
	media_report(media)->info = info;
	media_report(media)->session = session;
	media_report(media)->closed = leg_stream(media)->outcome == OUTCOME_CLOSED && info.state == ZRTP_STATE_NO_ZRTP;
	if (session.has_sas) {
		ast_copy_string(media_report(media)->sas, session.sas, sizeof(media_report(media)->sas));
		ast_copy_string(media_report(media)->sas_type, session.sas_type, sizeof(media_report(media)->sas_type));
	}
	ao2_unlock(media);
}

void legs_listen(const struct leg_listener *listener)
{
	__atomic_store_n(&listens, listener, __ATOMIC_RELEASE);
}

void leg_starts(struct ast_channel *chan, struct media *media)
{
	const struct leg_listener *listener = __atomic_load_n(&listens, __ATOMIC_ACQUIRE);

	if (listener) {
		listener->starts(chan, media);
	}
}

void leg_met(struct ast_channel *chan)
{
	const struct leg_listener *listener = __atomic_load_n(&listens, __ATOMIC_ACQUIRE);

	if (listener) {
		listener->met(chan);
	}
}

void leg_prompt(struct media *media, const char *sound, int secure)
{
	const struct leg_listener *listener = __atomic_load_n(&listens, __ATOMIC_ACQUIRE);

	if (listener) {
		listener->prompt(media, sound, secure);
	}
}

void leg_changed(struct media *media)
{
	const struct leg_listener *listener = __atomic_load_n(&listens, __ATOMIC_ACQUIRE);

	if (listener) {
		listener->changed(media);
	}
}

static void resume_stream(struct media *media, attribute_unused void *arg)
{
	gate_resume(media);
}

void leg_resume(struct leg *leg)
{
	leg_each_stream(leg, resume_stream, NULL);
}
