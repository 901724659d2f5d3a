/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Parties: what a leg lets others know of it.
 *
 * A leg's ZRTP session is touched in its serializer only. What its partner,
 * the CLI and the dialplan want to know is copied here, under a lock of its
 * own. A party refers to its partner until one of their legs is over.
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
#include "leg/party.h"
#include "leg/party_tasks.h"
#include "leg/relay.h"

static void party_destructor(void *obj)
{
	struct party *party = obj;

	ao2_cleanup(party->partner);
	ast_mutex_destroy(&party->work);
	media_count(-1);
}

struct party *party_alloc(struct ast_taskprocessor *serializer)
{
	struct party *party = ao2_alloc(sizeof(*party), party_destructor);

	if (!party) {
		return NULL;
	}
	media_count(1);
	ast_mutex_init(&party->work);
	party->serializer = serializer;
	party->report.outcome = OUTCOME_PENDING;

	return party;
}

/*! \brief Events of what has changed. Serializer only. */
static void tell(struct party *party)
{
	const char *state;
	enum outcome outcome;
	enum listening listening;
	int closed;

	if (!party->media) {
		return;
	}
	ao2_lock(party->media);
	closed = party->media->report.closed;
	ao2_unlock(party->media);
	ao2_lock(party);
	state = state_word_text(state_word(party->report.stream.state, closed));
	outcome = party->report.outcome;
	listening = party->report.listening;
	ao2_unlock(party);

	if (listening != party->told_listening) {
		party->told_listening = listening;
		events_listening(party->media, listening);
	}
	if (state != party->told_state || outcome != party->told_outcome) {
		party->told_state = state;
		party->told_outcome = outcome;
		events_state(party->media, state, outcome);
	}
}

static int task_look(void *data)
{
	struct party *party = data;

	tell(party);
	relay_look(party);
	ao2_ref(party, -1);

	return 0;
}

/*! \brief Have a leg look at what it should relay. Any thread. */
static void push_look(struct party *party)
{
	ao2_lock(party);
	if (party->serializer && party_push(party, party->serializer, task_look, ao2_bump(party))) {
		ast_log(LOG_ERROR, "ZRTP: out of memory, a SAS was not relayed\n");
		ao2_ref(party, -1);
	}
	ao2_unlock(party);
}

static struct party *get_partner(struct party *party)
{
	struct party *partner;

	ao2_lock(party);
	partner = ao2_bump(party->partner);
	ao2_unlock(party);

	return partner;
}

int party_push_partner(struct party *party, const uint8_t sashash[ZRTP_SECRET_SIZE], int (*task)(void *data))
{
	struct party *partner = get_partner(party);
	int res = -1;

	if (!partner) {
		return -1;
	}
	ao2_lock(partner);
	/* Another one may have come in its place, or its exchange have begun again. */
	if (partner->serializer && partner->report.facts.secure
		&& !memcmp(partner->report.facts.sashash, sashash, ZRTP_SECRET_SIZE)) {
		res = party_push(partner, partner->serializer, task, ao2_bump(partner));
		if (res) {
			ao2_ref(partner, -1);
		}
	}
	ao2_unlock(partner);
	ao2_ref(partner, -1);

	return res;
}

int party_shown_sas(struct party *party, char sas[ZRTP_SAS_TEXT_SIZE], char sas_type[5])
{
	struct party_report report;
	const struct relay *relay = &report.relay;
	int told, far;

	party_get_report(party, &report);
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
static void put_exchange(struct party_report *report, const struct leg_state *state)
{
	struct media *media = state->media;

	memset(&report->session, 0, sizeof(report->session));
	memset(&report->stream, 0, sizeof(report->stream));
	report->hash_offered = report->hash_received = 0;
	if (state->session && media && media->stream) {
		zrtp_session_get_info(state->session, &report->session);
		zrtp_stream_get_info(media->stream, &report->stream);
		ao2_lock(media);
		report->hash_offered = !ast_strlen_zero(media->told_hash);
		report->hash_received = media->report.signalled;
		ao2_unlock(media);
	}
}

static void put_facts(struct party_facts *out, const struct party_report *report, const struct leg_state *state)
{
	const struct zrtp_session_info *info = &report->session;

	memset(out, 0, sizeof(*out));
	if (!info->has_sas || report->stream.state != ZRTP_STATE_SECURE || !is_whole(report->outcome)) {
		return;
	}
	out->secure = 1;
	out->relays = state->media->settings->policy.mitm;
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
static void tell_unbound(struct party *party, const struct leg_state *state)
{
	struct zrtp_session_info info;
	struct zrtp_store_about about;
	char zid[ZID_TEXT_SIZE];

	if (party->told_unbound || !state->media) {
		return;
	}
	party->told_unbound = 1;
	zrtp_session_get_info(state->session, &info);
	cache_about(info.peer_zid, &about);
	zid_text(zid, info.peer_zid);
	ast_log(LOG_NOTICE, "%s: phone %s is enrolled for endpoint %s, not for %s: no SAS is relayed to it; see zrtp "
		"enrollment bind\n",
		media_name(state->media), zid, S_OR(about.endpoints, "(none)"), S_OR(state->endpoint, "(unknown)"));
}

void party_update(struct party *party, const struct leg_state *state)
{
	struct party_report *report = &party->report;
	struct party_facts former;
	struct party *partner;
	int changed, unbound;

	party->media = state->media;
	ao2_lock(party);
	former = report->facts;
	report->outcome = state->outcome;
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
	ao2_unlock(party);

	if (unbound) {
		tell_unbound(party, state);
	}
	tell(party);
	if (!changed) {
		return;
	}
	relay_look(party);
	partner = get_partner(party);
	if (partner) {
		push_look(partner);
		ao2_ref(partner, -1);
	}
}

void party_close(struct party *party)
{
	struct party *partner;

	ao2_lock(party);
	party->serializer = NULL;
	party->media = NULL;
	memset(&party->report.facts, 0, sizeof(party->report.facts));
	partner = party->partner;
	party->partner = NULL;
	ao2_unlock(party);

	if (partner) {
		push_look(partner);
		ao2_ref(partner, -1);
	}
}

void party_meet(struct party *party, enum partner_kind kind, struct party *partner, enum listening listening,
	uint64_t look)
{
	struct party *former = NULL;
	int changed;

	ao2_lock(party);
	changed = party->serializer && look >= party->look && (party->report.partner != kind || party->partner != partner
		|| party->report.listening != listening);
	party->look = MAX(party->look, look);
	if (changed) {
		former = party->partner;
		party->partner = ao2_bump(partner);
		party->report.partner = kind;
		party->report.listening = listening;
	}
	ao2_unlock(party);

	ao2_cleanup(former);
	if (changed) {
		push_look(party);
	}
}

void party_set_verified_by(struct party *party, enum verified_by by)
{
	ao2_lock(party);
	party->report.verified_by = by;
	ao2_unlock(party);
}

void party_get_report(struct party *party, struct party_report *out)
{
	struct party *partner;

	ao2_lock(party);
	*out = party->report;
	partner = ao2_bump(party->partner);
	ao2_unlock(party);

	memset(&out->far, 0, sizeof(out->far));
	if (partner) {
		ao2_lock(partner);
		out->far = partner->report.facts;
		ao2_unlock(partner);
		ao2_ref(partner, -1);
	}
}
