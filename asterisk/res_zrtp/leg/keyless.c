/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief What may pass on a stream that has no keys.
 *
 * What is known of the phone decides, see evidence.h. The gate has the last
 * word: it stays closed where the dialog of a stream was secure.
 */

#include "asterisk.h"

#include "asterisk/astobj2.h"
#include "asterisk/channel.h"
#include "asterisk/logger.h"

#include <zrtp/zrtp.h>

#include "decide/evidence.h"
#include "decide/settings.h"
#include "packet/dialog.h"
#include "packet/gate.h"
#include "packet/media.h"
#include "packet/pass_state.h"
#include "packet/stats.h"
#include "leg/closed.h"
#include "leg/events.h"
#include "leg/keyless.h"
#include "leg/leg_state.h"
#include "leg/leg_stream.h"
#include "leg/leg_tasks.h"
#include "leg/refuse.h"

/*! How long a call is up before ZRTP that was announced is missed: a phone repeats its Hello for four seconds. */
#define ANSWERED_MIN 4500
/*! Between two looks at one that rings, milliseconds. */
#define LOOK 500

static int task_early(void *data);

/*! \brief What is known of the phone of a stream. \pre media is locked */
static enum evidence judge(const struct media *media, int hello)
{
	struct evidence_facts facts = {
		.hello = hello,
		.signalled = media_report(media)->signalled,
		.leg_signalled = dialog_is_announced(media),
		.proved = media_gate(media)->was_secure,
		.leg_keyed = dialog_is_secure(media),
	};

	return evidence_judge(&facts);
}

enum evidence keyless_evidence(struct media *media)
{
	enum evidence evidence;

	ao2_lock(media);
	evidence = judge(media, 1);
	ao2_unlock(media);

	return evidence;
}

/*! \pre media is locked */
static enum gate_mode first_mode(const struct media *media)
{
	enum evidence evidence = judge(media, 0);
	/* Phones that have ZRTP with each other announce it, and not to us. */
	int ours = pass_role(media_pass(media)) == ROLE_END || evidence == EVIDENCE_KEYED;

	return media_settings(media)->require || (ours && evidence_starts_closed(evidence, media_is_further(media)))
		? GATE_CLOSED : GATE_CLEAR;
}

void keyless_again(struct media *media)
{
	enum gate_mode mode;

	ao2_lock(media);
	mode = first_mode(media);
	ao2_unlock(media);
	gate_set(media, mode, mode);
}

void keyless_begin(struct media *media)
{
	int placed;

	dialog_find(media);
	ao2_lock(media);
	placed = media_life(media)->placed || !media_dialog(media);
	ao2_unlock(media);
	if (!placed) {
		keyless_again(media);
	}
}

/*! What is told of a stream whose ZRTP has not come. */
struct verdict {
	const char *reason;     /*!< Of the event ZrtpClear */
	const char *alert;      /*!< Reason of ZrtpAlert, NULL: none */
	const char *text;       /*!< For a person */
	enum refusal refusal;   /*!< If its leg is let go */
};

/*! \brief A stream in clear, or closed: in which words? */
static struct verdict describe(const struct media *media, enum zrtp_clear_reason reason, enum evidence evidence,
	int equal_zid)
{
	if (evidence == EVIDENCE_KEYED) {
		return (struct verdict) { "WasSecure", media_is_further(media) ? "StreamClosed" : "WasSecure",
			"its call has keys, and this stream gets none", REFUSAL_WAS_SECURE };
	}
	if (reason == ZRTP_CLEAR_PASSIVE) {
		return (struct verdict) { "Passive", NULL, "the peer waits for this PBX to begin, and the policy has "
			"initiate = no", REFUSAL_NO_ZRTP };
	}
	if (equal_zid && evidence != EVIDENCE_ANNOUNCED) {
		return (struct verdict) { "EqualZid", NULL, "a Hello with the ZID of this PBX came, and no other Hello",
			REFUSAL_NO_ZRTP };
	}
	if (evidence == EVIDENCE_ANNOUNCED) {
		return (struct verdict) { "Stripped", "Stripped", "its signalling announced ZRTP by a=zrtp-hash, but no "
			"ZRTP exchange comes about: a firewall, or a man in the middle, may drop its packets", REFUSAL_STRIPPED };
	}

	return (struct verdict) { "NoZrtp", evidence == EVIDENCE_CLAIMED ? "Unproved" : NULL,
		evidence == EVIDENCE_CLAIMED ? "a ZRTP Hello came, which any host can send, and nothing that proves it"
		: "the peer does not speak ZRTP", REFUSAL_NO_ZRTP };
}

/*! \brief Both sides wait: that is how they are configured, and nothing was taken away. */
static int is_agreed(enum zrtp_clear_reason reason, enum evidence evidence)
{
	return reason == ZRTP_CLEAR_PASSIVE && evidence != EVIDENCE_KEYED;
}

static void tell(struct media *media, const struct verdict *verdict, int closed, unsigned int sent)
{
	const char *name = media_name(media);

	if (closed) {
		ast_log(LOG_WARNING, "%s: %s%s (%u ZRTP packets sent): no media passes%s (policy %s)\n", name,
			media_is_further(media) ? "a further stream: " : "", verdict->text, sent,
			media_settings(media)->require ? ", as ZRTP is required" : "", media_settings(media)->name);
	} else if (verdict->alert) {
		ast_log(LOG_WARNING, "%s: %s (%u ZRTP packets sent), the call is NOT ENCRYPTED (policy %s)\n", name,
			verdict->text, sent, media_settings(media)->name);
	} else {
		ast_log(LOG_NOTICE, "%s: %s (%u Hello sent), the call is not encrypted\n", name, verdict->text, sent);
	}
	if (verdict->alert) {
		events_warn(media, verdict->alert, verdict->text);
	}
	events_clear(media, verdict->reason, closed);
}

/*! \brief For how long has the call been up, milliseconds? -1: it is not. */
static int64_t answered_ms(struct media *media)
{
	struct ast_channel *chan = media_channel(media);
	int64_t res = -1;

	if (chan) {
		ast_channel_lock(chan);
		res = ast_channel_state(chan) == AST_STATE_UP ? ast_channel_get_up_time_ms(chan) : -1;
		ast_channel_unlock(chan);
		ast_channel_unref(chan);
	}

	return res;
}

/*!
 * \brief A phone that announced ZRTP may begin it with the answer, and another one
 * may answer: what rings is judged later. \retval 1 that is so
 */
static int is_too_early(struct media *media, enum evidence evidence)
{
	int64_t up = evidence == EVIDENCE_ANNOUNCED && !media_settings(media)->require ? answered_ms(media) : ANSWERED_MIN;

	if (up >= ANSWERED_MIN) {
		return 0;
	}

	return !leg_push_later(media, LOOK, task_early);
}

static int task_started(void *data);

void keyless_started(struct media *media)
{
	if (!media_settings(media)->require && !media_is_further(media)) {
		leg_push_later(media, LOOK, task_started);
	}
}

/*! \brief Close the gate of a phone that announced ZRTP and is late, and open it if another party has answered. */
static void hold_late(struct media *media)
{
	enum evidence evidence;
	int late;

	ao2_lock(media);
	evidence = judge(media, 0);
	late = leg_stream(media)->late;
	ao2_unlock(media);
	if (!late && evidence == EVIDENCE_ANNOUNCED && !media_settings(media)->stripped_clear
		&& answered_ms(media) >= ANSWERED_MIN) {
		ast_log(LOG_NOTICE, "%s: its signalling announced ZRTP, but no ZRTP exchange has come about yet: no media "
			"passes meanwhile (on_stripped = close)\n",
			media_name(media));
		leg_stream(media)->late = 1;
		gate_set(media, GATE_CLOSED, GATE_CLOSED);
	} else if (late && evidence != EVIDENCE_ANNOUNCED) {
		leg_stream(media)->late = 0;
		keyless_again(media);
	}
}

static int task_started(void *data)
{
	struct media *media = data;
	struct zrtp_stream_info info;

	if (leg_stream(media)->stream && !media_is_over(media)) {
		zrtp_stream_get_info(leg_stream(media)->stream, &info);
		if (info.state == ZRTP_STATE_DISCOVERY) {
			hold_late(media);
			keyless_started(media);
		}
	}
	ao2_ref(media, -1);

	return 0;
}

/*! \brief Look again at a stream that rang. */
static int task_early(void *data)
{
	struct media *media = data;
	struct zrtp_stream_info info;

	if (leg_stream(media)->stream && !media_is_over(media)) {
		zrtp_stream_get_info(leg_stream(media)->stream, &info);
		if (info.state == ZRTP_STATE_NO_ZRTP) {
			keyless_missing(media, ZRTP_CLEAR_NO_ZRTP);
			leg_settle(leg_of(media));
		}
	}
	ao2_ref(media, -1);

	return 0;
}

void keyless_missing(struct media *media, enum zrtp_clear_reason reason)
{
	struct zrtp_stream_info info;
	enum evidence evidence;
	struct verdict verdict;
	enum evidence_end end;
	enum gate_mode mode;
	int closed;

	zrtp_stream_get_info(leg_stream(media)->stream, &info);
	ao2_lock(media);
	evidence = judge(media, info.found_at != 0);
	ao2_unlock(media);
	if (is_too_early(media, evidence)) {
		return;
	}
	end = is_agreed(reason, evidence) && !media_settings(media)->require ? EVIDENCE_END_CLEAR
		: evidence_end(evidence, media_settings(media)->stripped_clear, media_settings(media)->require);
	verdict = describe(media, reason, evidence, info.equal_zid);
	mode = end == EVIDENCE_END_CLOSED ? GATE_CLOSED : GATE_CLEAR;

	stats_count(STATS_CLEAR);
	media_settle(media);
	gate_set(media, mode, mode);
	closed = !gate_is_clear(media);
	tell(media, &verdict, closed, info.sent);
	if (closed) {
		closed_watch(media, verdict.refusal);
	}
}
