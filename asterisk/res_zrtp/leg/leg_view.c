/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Parties: what a leg lets others know of it.
 *
 * A leg's ZRTP session is touched in its serializer only. What its partner,
 * the CLI and the dialplan want to know is copied here, under a lock of its
 * own. A view refers to its partner until one of their legs is over.
 */

#include "asterisk.h"

#include "asterisk/astobj2.h"
#include "asterisk/lock.h"
#include "asterisk/logger.h"
#include "asterisk/strings.h"
#include "asterisk/taskprocessor.h"
#include "asterisk/utils.h"

#include <zrtp/cache.h>
#include <zrtp/zrtp.h>

#include "decide/listen_choice.h"
#include "decide/relay_choice.h"
#include "decide/settings.h"
#include "decide/state_word.h"
#include "base/text.h"
#include "packet/media.h"
#include "cache/cache.h"
#include "leg/enroll.h"
#include "leg/events.h"
#include "leg/leg_state.h"
#include "leg/leg_stream.h"
#include "leg/leg_view.h"
#include "leg/leg_view_tasks.h"
#include "leg/play.h"
#include "leg/relay.h"

static void leg_view_destructor(void *obj)
{
	struct leg_view *view = obj;

	ao2_cleanup(view->shared.partner);
	ast_mutex_destroy(&view->work);
	media_count(-1);
}

struct leg_view *leg_view_alloc(struct ast_taskprocessor *serializer)
{
	struct leg_view *view = ao2_alloc(sizeof(*view), leg_view_destructor);

	if (!view) {
		return NULL;
	}
	media_count(1);
	ast_mutex_init(&view->work);
	view->shared.serializer = serializer;
	view->shared.report.outcome = OUTCOME_PENDING;

	return view;
}

/*! \brief Events of what has changed. Serializer only. */
static void tell(struct leg_view *view)
{
	struct leg_view_alone *alone = leg_view_alone(view);
	struct leg_view_report *report;
	const char *state;
	enum outcome outcome;
	enum listening listening;
	int closed;

	if (!alone->media) {
		return;
	}
	ao2_lock(alone->media);
	closed = media_report(alone->media)->closed;
	ao2_unlock(alone->media);
	ao2_lock(view);
	report = &leg_view_shared(view)->report;
	state = state_word_text(state_word(report->stream.state, closed));
	outcome = report->outcome;
	listening = report->listening;
	ao2_unlock(view);

	if (listening != alone->told_listening) {
		alone->told_listening = listening;
		events_listening(alone->media, listening);
	}
	if (state != alone->told_state || outcome != alone->told_outcome) {
		alone->told_state = state;
		alone->told_outcome = outcome;
		events_state(alone->media, state, outcome);
		leg_changed(alone->media);
		play_look(view);
	}
}

static int task_look(void *data)
{
	struct leg_view *view = data;

	tell(view);
	relay_look(view);
	ao2_ref(view, -1);

	return 0;
}

/*! \brief Have a leg look at what it should relay. Any thread. */
static void push_look(struct leg_view *view)
{
	struct ast_taskprocessor *serializer;

	ao2_lock(view);
	serializer = leg_view_shared(view)->serializer;
	if (serializer && leg_view_push(view, serializer, task_look, ao2_bump(view))) {
		ast_log(LOG_ERROR, "ZRTP: out of memory, a SAS was not relayed\n");
		ao2_ref(view, -1);
	}
	ao2_unlock(view);
}

static struct leg_view *get_partner(struct leg_view *view)
{
	struct leg_view *partner;

	ao2_lock(view);
	partner = ao2_bump(leg_view_shared(view)->partner);
	ao2_unlock(view);

	return partner;
}

int leg_view_push_partner(struct leg_view *view, const uint8_t sashash[ZRTP_SECRET_SIZE], int (*task)(void *data))
{
	struct leg_view *partner = get_partner(view);
	struct leg_view_shared *shared;
	int res = -1;

	if (!partner) {
		return -1;
	}
	ao2_lock(partner);
	shared = leg_view_shared(partner);
	/* Another one may have come in its place, or its exchange have begun again. */
	if (shared->serializer && shared->report.facts.secure
		&& !memcmp(shared->report.facts.sashash, sashash, ZRTP_SECRET_SIZE)) {
		res = leg_view_push(partner, shared->serializer, task, ao2_bump(partner));
		if (res) {
			ao2_ref(partner, -1);
		}
	}
	ao2_unlock(partner);
	ao2_ref(partner, -1);

	return res;
}

int leg_view_shown_sas(struct leg_view *view, char sas[ZRTP_SAS_TEXT_SIZE], char sas_type[5])
{
	struct leg_view_report report;
	const struct relay *relay = &report.relay;
	int told, far;

	leg_view_get_report(view, &report);
	told = relay->sas_type[0] && report.relay_status == RELAY_ACKNOWLEDGED;
	far = told && relay->full;
	if (!report.session.has_sas || report.outcome != OUTCOME_SECURE) {
		return -1;
	}
	ast_copy_string(sas_type, told ? relay->sas_type : report.session.sas_type, 5);

	return zrtp_sas_text(sas_type, far ? relay->sashash : report.session.sashash, sas) == ZRTP_OK ? far : -1;
}

/*! \brief Is a leg with this outcome one whose SAS may stand for the call? */
static int is_whole(enum outcome outcome)
{
	return outcome == OUTCOME_SECURE || outcome == OUTCOME_PENDING;
}

/*! \brief What the ZRTP engine and the signalling know. */
static void put_exchange(struct leg_view_report *report, const struct leg_state *state)
{
	struct media *media = state->media;

	memset(&report->session, 0, sizeof(report->session));
	memset(&report->stream, 0, sizeof(report->stream));
	report->hash_offered = report->hash_received = 0;
	if (state->session && media && leg_stream(media)->stream) {
		zrtp_session_get_info(state->session, &report->session);
		zrtp_stream_get_info(leg_stream(media)->stream, &report->stream);
		ao2_lock(media);
		report->hash_offered = !ast_strlen_zero(media_signalling(media)->told_hash);
		report->hash_received = media_report(media)->signalled;
		ao2_unlock(media);
	}
}

static void put_facts(struct leg_facts *out, const struct leg_view_report *report, const struct leg_state *state)
{
	const struct zrtp_session_info *info = &report->session;

	memset(out, 0, sizeof(*out));
	if (!info->has_sas || report->stream.state != ZRTP_STATE_SECURE || !is_whole(report->outcome)) {
		return;
	}
	out->secure = 1;
	out->relays = media_settings(state->media)->policy.mitm;
	out->enrolled = report->bound;
	out->mitm = info->peer_mitm;
	out->verified = info->peer_verified;
	out->disclosed = info->peer_disclosed;
	out->words = zrtp_session_peer_shows(state->session, "B256");
	memcpy(out->sashash, info->sashash, sizeof(out->sashash));
	memcpy(out->zid, info->peer_zid, sizeof(out->zid));
	ast_copy_string(out->sas_type, report->stream.algorithm[ZRTP_CLASS_SAS], sizeof(out->sas_type));
	ast_copy_string(out->announced, info->sas_type, sizeof(out->announced));
}

/*! \brief The operator should know why such a phone is relayed nothing. */
static void tell_unbound(struct leg_view *view, const struct leg_state *state)
{
	struct zrtp_session_info info;
	struct zrtp_store_about about;
	char zid[ZID_TEXT_SIZE];

	if (leg_view_alone(view)->told_unbound || !state->media) {
		return;
	}
	leg_view_alone(view)->told_unbound = 1;
	zrtp_session_get_info(state->session, &info);
	cache_about(info.peer_zid, &about);
	zid_text(zid, info.peer_zid);
	ast_log(LOG_NOTICE, "%s: phone %s is enrolled for endpoint %s, not for %s: no SAS is relayed to it; see zrtp "
		"enrollment bind\n",
		media_name(state->media), zid, S_OR(about.endpoints, "(none)"), S_OR(state->endpoint, "(unknown)"));
}

void leg_view_update(struct leg_view *view, const struct leg_state *state)
{
	struct leg_view_report *report;
	struct leg_facts former;
	struct leg_view *partner;
	int changed, unbound;

	leg_view_alone(view)->media = state->media;
	ao2_lock(view);
	report = &leg_view_shared(view)->report;
	former = report->facts;
	report->outcome = state->outcome;
	report->coverage = state->coverage;
	report->video = state->video;
	report->videos = state->videos;
	report->streams = state->streams;
	report->secure = state->secure;
	report->enrolling = state->enrolling;
	put_exchange(report, state);
	report->bound = enroll_is_bound(&report->session, state->endpoint);
	if (!state->session) {
		/* With the session went whatever its phone was shown. */
		memset(&report->relay, 0, sizeof(report->relay));
		report->relay_status = RELAY_NONE;
		report->verified_by = VERIFIED_EARLIER;
	}
	put_facts(&report->facts, report, state);
	changed = memcmp(&former, &report->facts, sizeof(former));
	unbound = report->session.pbx_matched && !report->bound;
	ao2_unlock(view);

	if (unbound) {
		tell_unbound(view, state);
	}
	if (!state->session) {
		play_forget(view);
	}
	tell(view);
	if (!changed) {
		return;
	}
	if (state->media) {
		leg_changed(state->media);
	}
	relay_look(view);
	partner = get_partner(view);
	if (partner) {
		push_look(partner);
		ao2_ref(partner, -1);
	}
}

void leg_view_close(struct leg_view *view)
{
	struct leg_view_shared *shared;
	struct leg_view *partner;

	leg_view_alone(view)->media = NULL;
	ao2_lock(view);
	shared = leg_view_shared(view);
	shared->serializer = NULL;
	memset(&shared->report.facts, 0, sizeof(shared->report.facts));
	partner = shared->partner;
	shared->partner = NULL;
	ao2_unlock(view);

	if (partner) {
		push_look(partner);
		ao2_ref(partner, -1);
	}
}

void leg_view_meet(struct leg_view *view, enum partner_kind kind, struct leg_view *partner, enum listening listening,
	uint64_t look)
{
	struct leg_view_shared *shared;
	struct leg_view *former = NULL;
	int changed;

	ao2_lock(view);
	shared = leg_view_shared(view);
	changed = shared->serializer && look >= shared->look && (shared->report.partner != kind || shared->partner != partner
		|| shared->report.listening != listening);
	shared->look = MAX(shared->look, look);
	if (changed) {
		former = shared->partner;
		shared->partner = ao2_bump(partner);
		shared->report.partner = kind;
		shared->report.listening = listening;
	}
	ao2_unlock(view);

	ao2_cleanup(former);
	if (changed) {
		push_look(view);
	}
}

void leg_view_set_verified_by(struct leg_view *view, enum verified_by by)
{
	ao2_lock(view);
	leg_view_shared(view)->report.verified_by = by;
	ao2_unlock(view);
}

void leg_view_get_report(struct leg_view *view, struct leg_view_report *out)
{
	struct leg_view *partner;

	ao2_lock(view);
	*out = leg_view_shared(view)->report;
	partner = ao2_bump(leg_view_shared(view)->partner);
	ao2_unlock(view);

	memset(&out->far, 0, sizeof(out->far));
	if (partner) {
		ao2_lock(partner);
		out->far = leg_view_shared(partner)->report.facts;
		ao2_unlock(partner);
		ao2_ref(partner, -1);
	}
}
