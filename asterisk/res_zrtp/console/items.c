/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief The one table of what is reported of a leg and of a stream.
 *
 * A new item is a row of the table and a function that writes its value; CLI, AMI and
 * dialplan have it from there.
 */

#include "asterisk.h"

#include "asterisk/channel.h"
#include "asterisk/pbx.h"
#include "asterisk/strings.h"
#include "asterisk/utils.h"

#include <zrtp/cache.h>
#include <zrtp/zrtp.h>

#include "decide/listen_choice.h"
#include "decide/relay_choice.h"
#include "decide/state_word.h"
#include "decide/stream_item.h"
#include "decide/unjoined.h"
#include "base/text.h"
#include "leg/events.h"
#include "leg/hello_hash_told.h"
#include "leg/leg_view.h"
#include "leg/words.h"
#include "console/items.h"

static void put(char *out, const char *value)
{
	ast_copy_string(out, value, ITEM_VALUE_SIZE);
}

static void put_yes(char *out, int yes)
{
	put(out, yes_no(yes));
}

/*! \brief A flag of the peer's Confirm or of the exchange: empty before there was one. */
static void put_flag(char *out, const struct item_source *s, int yes)
{
	put(out, s->report.session.has_sas ? yes_no(yes) : "");
}

static void put_name(char *out, const char name[5])
{
	words_name(out, ITEM_VALUE_SIZE, name);
}

static void put_state(char *out, const struct item_source *s)
{
	put(out, S_OR(s->unjoined, state_word_text(state_word(s->report.stream.state, s->closed))));
}

static void put_outcome(char *out, const struct item_source *s)
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
static void put_security(char *out, const struct item_source *s)
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

static void put_error(char *out, const struct item_source *s)
{
	if (s->report.stream.error_code) {
		snprintf(out, ITEM_VALUE_SIZE, "0x%x", s->report.stream.error_code);
	}
}

/*! \brief Of phones that have their ZRTP with each other it is not known. */
static void put_coverage(char *out, const struct item_source *s)
{
	put(out, s->unjoined ? "" : events_coverage_text(s->report.coverage));
}

static void put_streams(char *out, const struct item_source *s)
{
	snprintf(out, ITEM_VALUE_SIZE, "%u", s->report.streams);
}

/*! \brief Of what there is beside the audio: it does not count for the call where nothing passes on it. */
static void put_video(char *out, const struct item_source *s)
{
	if (s->report.videos) {
		put(out, events_outcome_text(s->report.video));
	}
}

static void put_secure_streams(char *out, const struct item_source *s)
{
	snprintf(out, ITEM_VALUE_SIZE, "%u", s->report.secure);
}

static void put_sas_type(char *out, const struct item_source *s)
{
	put_name(out, s->of_stream ? s->report.session.sas_type : s->report.stream.algorithm[ZRTP_CLASS_SAS]);
}

static void put_sas_text(char *out, const char *type, const uint8_t *sashash)
{
	char sas[ZRTP_SAS_TEXT_SIZE];

	if (zrtp_sas_text(type, sashash, sas) == ZRTP_OK) {
		put(out, sas);
	}
}

/*! \brief Of a stream only while that is secure. */
static void put_sas(char *out, const struct item_source *s)
{
	const struct zrtp_session_info *session = &s->report.session;

	if (s->of_stream) {
		put(out, s->report.stream.state == ZRTP_STATE_SECURE ? session->sas : "");
	} else if (session->has_sas) {
		put_sas_text(out, s->report.stream.algorithm[ZRTP_CLASS_SAS], session->sashash);
	}
}

/*! \brief What the phone was told last; empty: it shows what SAS says. */
static void put_shown_type(char *out, const struct item_source *s)
{
	put_name(out, s->report.relay.sas_type);
}

static void put_shown(char *out, const struct item_source *s)
{
	const struct relay *relay = &s->report.relay;

	if (relay->sas_type[0]) {
		put_sas_text(out, relay->sas_type, relay->full ? relay->sashash : s->report.session.sashash);
	}
}

static void put_far(char *out, const struct item_source *s)
{
	if (s->report.far.secure) {
		put_sas_text(out, s->report.far.sas_type, s->report.far.sashash);
	}
}

static void put_far_type(char *out, const struct item_source *s)
{
	put_name(out, s->report.far.sas_type);
}

static void put_relay(char *out, const struct item_source *s)
{
	put(out, words_relay(s->report.relay_status));
}

static void put_relayed(char *out, const struct item_source *s)
{
	put_yes(out, s->report.relay.full);
}

/*! \brief A PBX at the other end may relay to us as well. */
static void put_relayed_to_us(char *out, const struct item_source *s)
{
	if (s->report.session.relayed) {
		put(out, s->report.session.sas);
	}
}

static void put_zid(char *out, const struct item_source *s)
{
	if (s->report.session.has_peer_zid) {
		zid_text(out, s->report.session.peer_zid);
	}
}

static void put_client(char *out, const struct item_source *s)
{
	put(out, s->report.session.peer_client_id);
}

static void put_verified(char *out, const struct item_source *s)
{
	put_flag(out, s, s->report.session.verified);
}

static void put_verified_by(char *out, const struct item_source *s)
{
	if (s->report.session.verified) {
		put(out, words_verified_by(s->report.verified_by));
	}
}

static void put_peer_verified(char *out, const struct item_source *s)
{
	put_flag(out, s, s->report.session.peer_verified);
}

static void put_cache(char *out, const struct item_source *s)
{
	const struct zrtp_session_info *session = &s->report.session;

	if (session->has_sas) {
		put(out, session->cache_mismatch ? "mismatch" : session->rs_matched ? "match"
			: session->cache_unavailable ? "unavailable" : "first");
	}
}

static void put_enrolled(char *out, const struct item_source *s)
{
	put_flag(out, s, s->report.bound);
}

/*! \brief Only a phone that has proved to be enrolled. */
static void put_enrolled_as(char *out, const struct item_source *s)
{
	if (s->report.session.pbx_matched) {
		put(out, s->about.endpoints);
	}
}

static void put_peer_name(char *out, const struct item_source *s)
{
	put(out, s->about.name);
}

static void put_enrolling(char *out, const struct item_source *s)
{
	put_yes(out, s->report.enrolling);
}

static void put_discloses(char *out, const struct item_source *s)
{
	put_flag(out, s, s->report.session.peer_disclosed);
}

static void put_allows_clear(char *out, const struct item_source *s)
{
	put_flag(out, s, s->report.session.peer_allows_clear);
}

static void put_mitm(char *out, const struct item_source *s)
{
	put_flag(out, s, s->report.session.peer_mitm);
}

static void put_hash_offered(char *out, const struct item_source *s)
{
	put_yes(out, s->report.hash_offered);
}

static void put_hash_received(char *out, const struct item_source *s)
{
	put_yes(out, s->report.hash_received);
}

static void put_peer(char *out, const struct item_source *s)
{
	put(out, s->peer);
}

static void put_capable(char *out, const struct item_source *s)
{
	put_yes(out, s->capable);
}

/*! \brief Only the channel driver knows how its signalling goes. */
static void put_signalling(char *out, const struct item_source *s)
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

static void put_partner(char *out, const struct item_source *s)
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
static void put_recorded(char *out, const struct item_source *s)
{
	put(out, s->unjoined ? "" : listen_text(s->report.listening));
}

static void put_phone_keys(char *out, const struct item_source *s)
{
	put(out, s->unjoined ? yes_no(s->keyed) : "");
}

static void put_clear_reason(char *out, const struct item_source *s)
{
	put(out, unjoined_reason_text(s->reason));
}

/*! \brief The audio is secure, and nothing comes that its keys open. */
static void put_deaf(char *out, const struct item_source *s)
{
	put_yes(out, s->unauthentic.deaf);
}

static void put_unauthentic(char *out, const struct item_source *s)
{
	snprintf(out, ITEM_VALUE_SIZE, "%u", s->unauthentic.packets);
}

/*! \brief Packets of SRTP and SRTCP, those of a pass-through too. */
static void put_number(char *out, uint64_t number)
{
	snprintf(out, ITEM_VALUE_SIZE, "%" PRIu64, number);
}

static void put_received(char *out, const struct item_source *s)
{
	put_number(out, s->received);
}

static void put_sent(char *out, const struct item_source *s)
{
	put_number(out, s->sent);
}

static void put_dropped(char *out, const struct item_source *s)
{
	put_number(out, s->dropped);
}

/*! \brief The exchange of messages is that of the phones then. */
static void put_step(char *out, const struct item_source *s)
{
	if (!s->unjoined) {
		stream_item_value(out, STREAM_STEP, &s->report.stream);
	}
}

static void put_policy(char *out, const struct item_source *s)
{
	put(out, s->policy);
}

#define LEG(item, how) { .name = item, .put = how }
#define STREAM(item, how) { .name = item, .put = how, .of_stream = 1 }
/*! Only of a stream. */
#define ONLY_STREAM(item, how) { .name = item, .put = how, .of_stream = 1, .only_stream = 1 }
/*! What the ZRTP engine knows of a stream, see decide/stream_item.h. */
#define ENGINE(item, another) { .engine_item = item, .short_name = another, .of_stream = 1, .of_engine = 1 }
#define ONLY_ENGINE(item) { .engine_item = item, .of_stream = 1, .of_engine = 1, .only_stream = 1 }

const struct item items[] = {
	STREAM("State", put_state),
	LEG("Outcome", put_outcome),
	LEG("Coverage", put_coverage),
	LEG("Security", put_security),
	LEG("Error", put_error),
	LEG("Policy", put_policy),
	LEG("Streams", put_streams),
	LEG("SecureStreams", put_secure_streams),
	LEG("Video", put_video),
	ENGINE(STREAM_ROLE, NULL),
	ENGINE(STREAM_KEY_AGREEMENT, "Kex"),
	ENGINE(STREAM_HASH, NULL),
	ENGINE(STREAM_CIPHER, NULL),
	ENGINE(STREAM_AUTH_TAG, "Tag"),
	ENGINE(STREAM_KEY_AGREEMENT_NAME, NULL),
	ENGINE(STREAM_HASH_NAME, NULL),
	ENGINE(STREAM_SUITE, NULL),
	STREAM("SASType", put_sas_type),
	STREAM("SAS", put_sas),
	LEG("FarSASType", put_far_type),
	LEG("FarSAS", put_far),
	LEG("RelayStatus", put_relay),
	LEG("Relayed", put_relayed),
	LEG("ShownSASType", put_shown_type),
	LEG("ShownSAS", put_shown),
	LEG("RelayedToUs", put_relayed_to_us),
	LEG("PeerZID", put_zid),
	LEG("PeerName", put_peer_name),
	LEG("PeerClient", put_client),
	LEG("Verified", put_verified),
	LEG("VerifiedBy", put_verified_by),
	LEG("PeerVerified", put_peer_verified),
	LEG("Cache", put_cache),
	LEG("Enrolled", put_enrolled),
	LEG("EnrolledAs", put_enrolled_as),
	LEG("Enrolling", put_enrolling),
	LEG("PeerDiscloses", put_discloses),
	LEG("PeerAllowsClear", put_allows_clear),
	LEG("PeerMiTM", put_mitm),
	LEG("HashOffered", put_hash_offered),
	LEG("HashReceived", put_hash_received),
	ENGINE(STREAM_HASH_STATUS, NULL),
	STREAM("Peer", put_peer),
	STREAM("Capable", put_capable),
	LEG("Signalling", put_signalling),
	LEG("Partner", put_partner),
	LEG("Recorded", put_recorded),
	LEG("PhoneKeys", put_phone_keys),
	LEG("ClearReason", put_clear_reason),
	LEG("Deaf", put_deaf),
	LEG("Unauthentic", put_unauthentic),
	ONLY_ENGINE(STREAM_SSRC),
	ONLY_STREAM("Step", put_step),
	ONLY_ENGINE(STREAM_HANDSHAKE_MS),
	ONLY_STREAM("Rx", put_received),
	ONLY_STREAM("Tx", put_sent),
	ONLY_STREAM("Dropped", put_dropped),
};
const size_t item_count = ARRAY_LEN(items);

const char *item_name(const struct item *item)
{
	return item->of_engine ? stream_item_name(item->engine_item) : item->name;
}

void item_value(const struct item *item, char *out, const struct item_source *source)
{
	*out = '\0';
	if (item->of_engine) {
		stream_item_value(out, item->engine_item, &source->report.stream);
	} else {
		item->put(out, source);
	}
}

const struct item *item_find(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(items); i++) {
		if (!strcasecmp(name, item_name(&items[i])) || (items[i].short_name && !strcasecmp(name, items[i].short_name))) {
			return &items[i];
		}
	}

	return NULL;
}
