/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief What is told of a leg, by name: for CLI, AMI and dialplan alike.
 *
 * A new item is a row of the table and a function that writes its value.
 */

#include "asterisk.h"

#include "asterisk/astobj2.h"
#include "asterisk/channel.h"
#include "asterisk/pbx.h"
#include "asterisk/strings.h"
#include "asterisk/utils.h"

#include <zrtp/cache.h>
#include <zrtp/zrtp.h>

#include "decide/listen_choice.h"
#include "decide/relay_choice.h"
#include "decide/settings.h"
#include "decide/unauthentic.h"
#include "decide/unjoined.h"
#include "base/text.h"
#include "packet/channel_media.h"
#include "packet/media.h"
#include "cache/cache.h"
#include "leg/events.h"
#include "leg/hello_hash.h"
#include "leg/leg.h"
#include "leg/party.h"
#include "leg/relay.h"
#include "leg/words.h"
#include "channel/bridge.h"
#include "passthrough/unjoined_call.h"
#include "console/status.h"

/*! What the rows read; copies. */
struct source {
	struct ast_channel *chan;
	struct party_report report;
	struct zrtp_store_about about;
	const char *policy;
	const char *unjoined;          /*!< The state of one that may be passed through, else NULL */
	enum unjoined_reason reason;
	int keyed;                     /*!< Its phones have keys with each other */
	struct unauthentic unauthentic;
};

static void put(char *out, const char *value)
{
	ast_copy_string(out, value, STATUS_VALUE_SIZE);
}

static void put_yes(char *out, int yes)
{
	put(out, yes ? "yes" : "no");
}

/*! \brief A flag of the peer's Confirm or of the exchange: empty before there was one. */
static void put_flag(char *out, const struct source *s, int yes)
{
	put(out, !s->report.session.has_sas ? "" : yes ? "yes" : "no");
}

static void put_name(char *out, const char name[5])
{
	words_name(out, STATUS_VALUE_SIZE, name);
}

static void put_state(char *out, const struct source *s)
{
	put(out, S_OR(s->unjoined, words_state(s->report.stream.state)));
}

static void put_outcome(char *out, const struct source *s)
{
	put(out, s->keyed ? "passthrough" : events_outcome_text(s->report.outcome));
}

/*! \brief Who says that the SAS was compared. That it was is known for sure if both sides do. */
static const char *verified_text(const struct zrtp_session_info *session)
{
	if (session->verified && (session->peer_verified || !session->rs_matched)) {
		return "verified";
	}
	if (session->verified) {
		return "verified here";
	}

	return session->peer_verified ? "verified by the phone" : "unverified";
}

/*! \brief In few words for a person. Without a comparison of the SAS nothing is more than unverified. */
static void put_security(char *out, const struct source *s)
{
	const struct zrtp_session_info *session = &s->report.session;

	if (s->report.outcome != OUTCOME_SECURE) {
		put_outcome(out, s);
	} else if (session->cache_mismatch && !session->verified) {
		put(out, "cache mismatch");
	} else if (s->report.stream.hello_hash == ZRTP_HASH_MISMATCH) {
		put(out, "zrtp-hash mismatch");
	} else {
		put(out, verified_text(session));
	}
}

static void put_error(char *out, const struct source *s)
{
	if (s->report.stream.error_code) {
		snprintf(out, STATUS_VALUE_SIZE, "0x%x", s->report.stream.error_code);
	}
}

static void put_streams(char *out, const struct source *s)
{
	snprintf(out, STATUS_VALUE_SIZE, "%u", s->report.streams);
}

/*! \brief Of what there is beside the audio: it does not count for the call where nothing passes on it. */
static void put_video(char *out, const struct source *s)
{
	if (s->report.videos) {
		put(out, events_outcome_text(s->report.video));
	}
}

static void put_secure_streams(char *out, const struct source *s)
{
	snprintf(out, STATUS_VALUE_SIZE, "%u", s->report.secure);
}

static void put_role(char *out, const struct source *s)
{
	if (s->report.stream.algorithm[ZRTP_CLASS_KEX][0]) {
		put(out, s->report.stream.initiator ? "initiator" : "responder");
	}
}

static void put_kex(char *out, const struct source *s)
{
	put_name(out, s->report.stream.algorithm[ZRTP_CLASS_KEX]);
}

static void put_hash(char *out, const struct source *s)
{
	put_name(out, s->report.stream.algorithm[ZRTP_CLASS_HASH]);
}

static void put_cipher(char *out, const struct source *s)
{
	put_name(out, s->report.stream.algorithm[ZRTP_CLASS_CIPHER]);
}

static void put_tag(char *out, const struct source *s)
{
	put_name(out, s->report.stream.algorithm[ZRTP_CLASS_TAG]);
}

/*! \brief As people call it. */
static void put_kex_name(char *out, const struct source *s)
{
	put(out, S_OR(zrtp_algorithm_name(ZRTP_CLASS_KEX, s->report.stream.algorithm[ZRTP_CLASS_KEX]), ""));
}

static void put_hash_name(char *out, const struct source *s)
{
	put(out, S_OR(zrtp_algorithm_name(ZRTP_CLASS_HASH, s->report.stream.algorithm[ZRTP_CLASS_HASH]), ""));
}

static void put_suite(char *out, const struct source *s)
{
	char suite[ZRTP_SUITE_TEXT_SIZE];

	put(out, zrtp_suite_text(s->report.stream.algorithm[ZRTP_CLASS_CIPHER], s->report.stream.algorithm[ZRTP_CLASS_TAG],
		suite));
}

static void put_sas_type(char *out, const struct source *s)
{
	put_name(out, s->report.stream.algorithm[ZRTP_CLASS_SAS]);
}

static void put_sas_text(char *out, const char *type, const uint8_t *sashash)
{
	char sas[ZRTP_SAS_TEXT_SIZE];

	if (zrtp_sas_text(type, sashash, sas) == ZRTP_OK) {
		put(out, sas);
	}
}

static void put_sas(char *out, const struct source *s)
{
	if (s->report.session.has_sas) {
		put_sas_text(out, s->report.stream.algorithm[ZRTP_CLASS_SAS], s->report.session.sashash);
	}
}

/*! \brief What the phone was told last; empty: it shows what SAS says. */
static void put_shown_type(char *out, const struct source *s)
{
	put_name(out, s->report.relay.sas_type);
}

static void put_shown(char *out, const struct source *s)
{
	const struct relay *relay = &s->report.relay;

	if (relay->sas_type[0]) {
		put_sas_text(out, relay->sas_type, relay->full ? relay->sashash : s->report.session.sashash);
	}
}

static void put_far(char *out, const struct source *s)
{
	if (s->report.far.secure) {
		put_sas_text(out, s->report.far.sas_type, s->report.far.sashash);
	}
}

static void put_far_type(char *out, const struct source *s)
{
	put_name(out, s->report.far.sas_type);
}

static void put_relay(char *out, const struct source *s)
{
	put(out, relay_status_text(s->report.relay_status));
}

static void put_relayed(char *out, const struct source *s)
{
	put_yes(out, s->report.relay.full);
}

/*! \brief A PBX at the other end may relay to us as well. */
static void put_relayed_to_us(char *out, const struct source *s)
{
	if (s->report.session.relayed) {
		put(out, s->report.session.sas);
	}
}

static void put_zid(char *out, const struct source *s)
{
	if (s->report.session.has_peer_zid) {
		zid_text(out, s->report.session.peer_zid);
	}
}

static void put_client(char *out, const struct source *s)
{
	put(out, s->report.session.peer_client_id);
}

static void put_verified(char *out, const struct source *s)
{
	put_flag(out, s, s->report.session.verified);
}

static void put_verified_by(char *out, const struct source *s)
{
	if (s->report.session.verified) {
		put(out, words_verified_by(s->report.verified_by));
	}
}

static void put_peer_verified(char *out, const struct source *s)
{
	put_flag(out, s, s->report.session.peer_verified);
}

static void put_cache(char *out, const struct source *s)
{
	const struct zrtp_session_info *session = &s->report.session;

	if (session->has_sas) {
		put(out, session->cache_mismatch ? "mismatch" : session->rs_matched ? "match"
			: session->cache_unavailable ? "unavailable" : "first");
	}
}

static void put_enrolled(char *out, const struct source *s)
{
	put_flag(out, s, s->report.bound);
}

/*! \brief Only a phone that has proved to be enrolled. */
static void put_enrolled_as(char *out, const struct source *s)
{
	if (s->report.session.pbx_matched) {
		put(out, s->about.endpoints);
	}
}

static void put_peer_name(char *out, const struct source *s)
{
	put(out, s->about.name);
}

static void put_enrolling(char *out, const struct source *s)
{
	put_yes(out, s->report.enrolling);
}

static void put_discloses(char *out, const struct source *s)
{
	put_flag(out, s, s->report.session.peer_disclosed);
}

static void put_allows_clear(char *out, const struct source *s)
{
	put_flag(out, s, s->report.session.peer_allows_clear);
}

static void put_mitm(char *out, const struct source *s)
{
	put_flag(out, s, s->report.session.peer_mitm);
}

static void put_hash_offered(char *out, const struct source *s)
{
	put_yes(out, s->report.hash_offered);
}

static void put_hash_received(char *out, const struct source *s)
{
	put_yes(out, s->report.hash_received);
}

static void put_hash_status(char *out, const struct source *s)
{
	put(out, hello_hash_status_text(s->report.stream.hello_hash));
}

/*! \brief Only the channel driver knows how its signalling goes. */
static void put_signalling(char *out, const struct source *s)
{
	const char *type = ast_channel_tech(s->chan)->type;
	char value[8] = "";

	if (!strcmp(type, "PJSIP")) {
		ast_func_read(s->chan, "CHANNEL(pjsip,secure)", value, sizeof(value));
	} else if (!strcmp(type, "SIP")) {
		ast_func_read(s->chan, "CHANNEL(secure_signaling)", value, sizeof(value));
	} else {
		put(out, "unknown");
		return;
	}
	put(out, value[0] == '1' ? "TLS" : "open");
}

static void put_partner(char *out, const struct source *s)
{
	static const char * const texts[] = {
		[PARTNER_NONE] = "none",
		[PARTNER_OTHER] = "other",
		[PARTNER_LEG] = "leg",
		[PARTNER_MANY] = "conference",
	};

	put(out, texts[s->report.partner]);
}

/*! \brief Of a leg that may be passed through it is not known. */
static void put_recorded(char *out, const struct source *s)
{
	put(out, s->unjoined ? "" : listen_text(s->report.listening));
}

static void put_phone_keys(char *out, const struct source *s)
{
	put(out, s->unjoined ? yes_no(s->keyed) : "");
}

static void put_clear_reason(char *out, const struct source *s)
{
	put(out, unjoined_reason_text(s->reason));
}

/*! \brief The audio is secure, and nothing comes that its keys open. */
static void put_deaf(char *out, const struct source *s)
{
	put_yes(out, s->unauthentic.deaf);
}

static void put_unauthentic(char *out, const struct source *s)
{
	snprintf(out, STATUS_VALUE_SIZE, "%u", s->unauthentic.packets);
}

static void put_policy(char *out, const struct source *s)
{
	put(out, s->policy);
}

static const struct {
	const char *name;
	void (*put)(char *out, const struct source *source);
} items[] = {
	{ "State", put_state },
	{ "Outcome", put_outcome },
	{ "Security", put_security },
	{ "Error", put_error },
	{ "Policy", put_policy },
	{ "Streams", put_streams },
	{ "SecureStreams", put_secure_streams },
	{ "Video", put_video },
	{ "Role", put_role },
	{ "KeyAgreement", put_kex },
	{ "Hash", put_hash },
	{ "Cipher", put_cipher },
	{ "AuthTag", put_tag },
	{ "KeyAgreementName", put_kex_name },
	{ "HashName", put_hash_name },
	{ "Suite", put_suite },
	{ "SASType", put_sas_type },
	{ "SAS", put_sas },
	{ "FarSASType", put_far_type },
	{ "FarSAS", put_far },
	{ "RelayStatus", put_relay },
	{ "Relayed", put_relayed },
	{ "ShownSASType", put_shown_type },
	{ "ShownSAS", put_shown },
	{ "RelayedToUs", put_relayed_to_us },
	{ "PeerZID", put_zid },
	{ "PeerName", put_peer_name },
	{ "PeerClient", put_client },
	{ "Verified", put_verified },
	{ "VerifiedBy", put_verified_by },
	{ "PeerVerified", put_peer_verified },
	{ "Cache", put_cache },
	{ "Enrolled", put_enrolled },
	{ "EnrolledAs", put_enrolled_as },
	{ "Enrolling", put_enrolling },
	{ "PeerDiscloses", put_discloses },
	{ "PeerAllowsClear", put_allows_clear },
	{ "PeerMiTM", put_mitm },
	{ "HashOffered", put_hash_offered },
	{ "HashReceived", put_hash_received },
	{ "HashStatus", put_hash_status },
	{ "Signalling", put_signalling },
	{ "Partner", put_partner },
	{ "Recorded", put_recorded },
	{ "PhoneKeys", put_phone_keys },
	{ "ClearReason", put_clear_reason },
	{ "Deaf", put_deaf },
	{ "Unauthentic", put_unauthentic },
};

/*! \brief A leg that may be passed through has no session of ours. \retval -1 it is none */
static int load_unjoined(struct source *out, struct media *media)
{
	ao2_lock(media);
	out->unjoined = unjoined_state_text(media);
	out->reason = media->pass.unjoined;
	out->keyed = media->pass.keyed;
	out->report.outcome = out->reason == UNJOINED_UNDECIDED ? OUTCOME_PENDING : OUTCOME_CLEAR;
	out->report.partner = media->pass.partner ? PARTNER_LEG : PARTNER_NONE;
	out->report.hash_offered = !ast_strlen_zero(media->told_hash);
	out->report.hash_received = media->report.signalled;
	ao2_unlock(media);

	return out->unjoined ? 0 : -1;
}

/*!
 * \brief What the rows read of a channel.
 * \param media receives the reference that keeps the policy's name
 * \retval -1 no leg of ours
 */
static int load(struct source *out, struct media **media, struct ast_channel *chan)
{
	struct party *party;

	memset(out, 0, sizeof(*out));
	*media = channel_media(chan);
	party = *media ? leg_party(*media) : NULL;
	if (!*media || (!party && load_unjoined(out, *media))) {
		ao2_cleanup(*media);
		return -1;
	}
	out->chan = chan;
	out->policy = (*media)->settings->name;
	if (!party) {
		return 0;
	}
	ao2_lock(*media);
	out->unauthentic = (*media)->gate.unauthentic;
	ao2_unlock(*media);
	party_get_report(party, &out->report);
	if (out->report.session.has_peer_zid) {
		cache_about(out->report.session.peer_zid, &out->about);
	}
	ao2_ref(party, -1);

	return 0;
}

int status_each(struct ast_channel *chan, void (*each)(const char *name, const char *value, void *arg), void *arg)
{
	struct source source;
	struct media *media;
	size_t i;

	/* Not all that listens says so when it begins. The dialplan has what was seen
	 * last: its functions may be called with the channel locked. */
	bridge_listen(chan);
	if (load(&source, &media, chan)) {
		return -1;
	}
	for (i = 0; i < ARRAY_LEN(items); i++) {
		char value[STATUS_VALUE_SIZE] = "";

		items[i].put(value, &source);
		each(items[i].name, value, arg);
	}
	ao2_ref(media, -1);

	return 0;
}

int status_item(struct ast_channel *chan, const char *name, char *out)
{
	struct source source;
	struct media *media;
	size_t i;

	for (i = 0; i < ARRAY_LEN(items) && strcasecmp(items[i].name, name); i++) {
	}
	if (i == ARRAY_LEN(items)) {
		return -1;
	}
	*out = '\0';
	if (!load(&source, &media, chan)) {
		items[i].put(out, &source);
		ao2_ref(media, -1);
	}

	return 0;
}
