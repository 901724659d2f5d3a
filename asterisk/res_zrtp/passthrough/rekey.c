/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief A phone that has keys with another phone gets some with us.
 *
 * Within a call a phone may keep the ZRTP session it has, as Linphone does. So
 * its channel gets another call of the same phone, one that replaces the former
 * (RFC 3891) and where we are the end. Nothing passes from the moment the phones
 * are parted until that one is secure, and only then it takes the place.
 */

#include "asterisk.h"

#include "asterisk/astobj2.h"
#include "asterisk/channel.h"
#include "asterisk/datastore.h"
#include "asterisk/logger.h"
#include "asterisk/module.h"
#include "asterisk/pbx.h"
#include "asterisk/utils.h"

#include <zrtp/zrtp.h>

#include "common/clock.h"
#include "common/signalling.h"
#include "decide/replace_choice.h"
#include "packet/channel_media.h"
#include "packet/gate.h"
#include "packet/media.h"
#include "packet/pass_state.h"
#include "leg/hello_hash_told.h"
#include "leg/leg_state.h"
#include "leg/leg_view.h"
#include "channel/bridge.h"
#include "passthrough/mode_look.h"
#include "passthrough/mode_steps.h"
#include "passthrough/rekey.h"
#include "passthrough/rekey_choice.h"

/*! Between two looks at the new call, milliseconds. */
#define STEP 50

/*! Says that a channel is to take the place of another one. */
static const struct ast_datastore_info successor = {
	.type = "zrtp_successor",
};

/*! What the thread of it has. */
struct rekey {
	struct media *media;          /*!< Of the former call */
	struct ast_channel *chan;
	struct zrtp_signalling_listener *listener;
};

static void rekey_free(struct rekey *rekey)
{
	ao2_cleanup(rekey->listener);
	ast_channel_cleanup(rekey->chan);
	ao2_cleanup(rekey->media);
	ast_free(rekey);
	ast_module_unref(AST_MODULE_SELF);
}

static int is_successor(struct ast_channel *chan)
{
	int res;

	ast_channel_lock(chan);
	res = ast_channel_datastore_find(chan, &successor, NULL) != NULL;
	ast_channel_unlock(chan);

	return res;
}

void rekey_adopt(struct media *media, struct ast_channel *chan)
{
	int known;

	ao2_lock(media);
	known = media_pass(media)->keyed;
	ao2_unlock(media);
	if (known || !is_successor(chan)) {
		return;
	}
	/* Its phone had keys in this call: nothing in clear until it has them with us. */
	ao2_lock(media);
	media_pass(media)->keyed = 1;
	ao2_unlock(media);
	gate_set(media, GATE_CLOSED, GATE_CLOSED);
	mode_end(media);
}

static int mark(struct ast_channel *next)
{
	struct ast_datastore *datastore = ast_datastore_alloc(&successor, NULL);

	if (!datastore) {
		return -1;
	}
	ast_channel_lock(next);
	ast_channel_datastore_add(next, datastore);
	ast_channel_unlock(next);

	return 0;
}

/*! \brief Is it secure, and was that told? \param zid gets that of the phone then */
static int is_secure(struct ast_channel *next, uint8_t zid[REPLACE_ZID])
{
	struct media *media = ast_channel_state(next) == AST_STATE_UP ? channel_media(next) : NULL;
	struct leg_view *view = media ? leg_view_of(media) : NULL;
	struct leg_view_report report;
	int res = 0;

	if (view) {
		leg_view_get_report(view, &report);
		res = report.streams && report.outcome == OUTCOME_SECURE;
		memcpy(zid, report.session.peer_zid, REPLACE_ZID);
	}
	ao2_cleanup(view);
	ao2_cleanup(media);

	return res;
}

/*! When things happened, by clock_now(); 0: they have not. */
struct times {
	uint64_t called, rang, answered;
};

/*! \brief Milliseconds from one to the other, negative if one has not happened. */
static int64_t between(uint64_t from, uint64_t to)
{
	return from && to ? (int64_t) (to - from) / 1000 : -1;
}

/*! \brief See how far the phone is. */
static void watch(struct ast_channel *next, struct times *times)
{
	enum ast_channel_state state = ast_channel_state(next);

	if (state == AST_STATE_RINGING && !times->rang) {
		times->rang = clock_now();
	} else if (state == AST_STATE_UP && !times->answered) {
		times->answered = clock_now();
	}
}

/*! \brief Is it still to be waited for? */
static int waits(const struct times *times)
{
	uint64_t now = clock_now();
	struct replace_progress progress = {
		.called = between(times->called, now),
		.rang = between(times->rang, now),
		.answered = between(times->answered, now),
	};

	return replace_waits(&progress);
}

/*! \brief Call the phone, and wait until that call is secure. What it says meanwhile is not heard. */
static int call(struct ast_channel *next, struct ast_channel *chan)
{
	struct times times = { .called = clock_now() };
	uint8_t zid[REPLACE_ZID];
	struct ast_frame *frame;
	int ready;

	if (mark(next) || ast_call(next, "", 0)) {
		return -1;
	}
	while (waits(&times) && !ast_check_hangup(chan)) {
		ready = ast_waitfor(next, STEP);
		frame = ready > 0 ? ast_read(next) : NULL;
		if (ready < 0 || (ready > 0 && !frame)) {
			return -1;
		}
		if (frame) {
			ast_frfree(frame);
		}
		watch(next, &times);
		if (is_secure(next, zid)) {
			rekey_choice_learn(zid, between(times.called, times.rang), between(times.called, times.answered));
			return 0;
		}
	}

	return -1;
}

static int take_place(struct rekey *rekey, struct ast_channel *next)
{
	/* Those of the successor come with it, behind these. */
	static const char * const variables[] = { "ZRTP_STATE", "ZRTP_SAS" };
	size_t i;

	mode_part(rekey->media, rekey->chan);
	for (i = 0; i < ARRAY_LEN(variables); i++) {
		pbx_builtin_setvar_helper(rekey->chan, variables[i], NULL);
	}

	return ast_channel_move(rekey->chan, next);
}

/*! \brief Tell how it went. */
static void finish(struct media *media, struct ast_channel *chan, int done)
{
	if (done) {
		ast_verb(3, "%s: re-keyed, its ZRTP moved from the other phone to this PBX\n", ast_channel_name(chan));
		bridge_look(chan);
		return;
	}
	ast_log(LOG_WARNING, "%s: not re-keyed, the phone keeps its keys with the other phone and got none with this PBX\n",
		ast_channel_name(chan));
	ao2_lock(media);
	media_pass(media)->rekey = REKEY_TRIED;
	media_pass(media)->told = 0; /* a recorder or listener does not get its audio */
	ao2_unlock(media);
	mode_look(media, 0);
}

static void *run(void *data)
{
	struct rekey *rekey = data;
	void *former = NULL;
	struct ast_channel *next = rekey->listener->successor(rekey->listener, rekey->chan, &former);
	int done = next && !call(next, rekey->chan) && !take_place(rekey, next);

	if (former) {
		rekey->listener->settled(former);
	}
	/* It has the former call now, or is of no use. */
	if (next) {
		ast_hangup(next);
	}
	finish(rekey->media, rekey->chan, done);
	rekey_free(rekey);

	return NULL;
}

/*! \retval 1 no other task has begun, and none will */
static int take(struct media *media, int *under_way)
{
	int res;

	ao2_lock(media);
	*under_way = media_pass(media)->rekey == REKEY_UNDER_WAY;
	res = media_pass(media)->rekey == REKEY_NOT_TRIED && !media_life(media)->ended && pass_role(media_pass(media)) != ROLE_END;
	if (res) {
		media_pass(media)->rekey = REKEY_UNDER_WAY;
	}
	ao2_unlock(media);

	return res;
}

/*! \brief Of several media of a channel the first one acts for all. \retval 1 that one does */
static int is_led(struct media *media, struct ast_channel *chan, int *under_way)
{
	struct media *first = channel_media(chan);
	int led = first && first != media;

	if (led) {
		ao2_lock(first);
		*under_way = media_pass(first)->rekey == REKEY_UNDER_WAY;
		ao2_unlock(first);
	}
	ao2_cleanup(first);

	return led;
}

int rekey_begin(struct media *media, struct ast_channel *chan)
{
	struct rekey *rekey;
	pthread_t thread;
	int under_way;

	if (is_led(media, chan, &under_way)) {
		return under_way;
	}
	if (rekey_choice(media) != REPLACE_MAY || ast_channel_state(chan) != AST_STATE_UP || ast_check_hangup(chan)) {
		return 0;
	}
	if (!take(media, &under_way)) {
		return under_way;
	}
	rekey = ast_calloc(1, sizeof(*rekey));
	if (!rekey) {
		finish(media, chan, 0);
		return 0;
	}
	ast_module_ref(AST_MODULE_SELF);
	rekey->media = ao2_bump(media);
	rekey->chan = ast_channel_ref(chan);
	rekey->listener = hello_hash_listener(media);
	if (ast_pthread_create_detached_background(&thread, NULL, run, rekey)) {
		rekey_free(rekey);
		finish(media, chan, 0);
		return 0;
	}

	return 1;
}
