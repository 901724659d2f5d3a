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

#include "res_zrtp.h"

/*! How long the phone may take to be secure in the new call, milliseconds. */
#define REKEY_MAX 6000
/*! Between two looks at it. */
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

int rekey_possible(struct media *media)
{
	struct zrtp_signalling_listener *listener;
	int res;

	if (media->settings->mode != MODE_AUTO) {
		return 0;
	}
	listener = signalling_listener(media);
	res = listener && listener->replaceable(listener);
	ao2_cleanup(listener);

	return res;
}

int rekey_near(struct ast_channel *chan)
{
	struct ast_channel *other = ast_channel_bridge_peer(chan);
	struct media *media = other ? bridge_media(other) : NULL;
	int res = 0;

	if (media) {
		ao2_lock(media);
		res = media->pass.rekeying;
		ao2_unlock(media);
		ao2_ref(media, -1);
	}
	ast_channel_cleanup(other);

	return res;
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
	known = media->pass.keyed;
	ao2_unlock(media);
	if (known || !is_successor(chan)) {
		return;
	}
	/* Its phone had keys in this call: nothing in clear until it has them with us. */
	ao2_lock(media);
	media->pass.keyed = 1;
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

/*! \brief Is it secure, and was that told? */
static int is_secure(struct ast_channel *next)
{
	struct media *media = ast_channel_state(next) == AST_STATE_UP ? bridge_media(next) : NULL;
	struct party *party = media ? leg_party(media) : NULL;
	struct party_report report;
	int res = 0;

	if (party) {
		party_get_report(party, &report);
		res = report.streams && report.outcome == OUTCOME_SECURE;
	}
	ao2_cleanup(party);
	ao2_cleanup(media);

	return res;
}

/*! \brief Call the phone, and wait until that call is secure. What it says meanwhile nobody hears. */
static int call(struct ast_channel *next, struct ast_channel *chan)
{
	uint64_t end = context_now() + REKEY_MAX * 1000ULL;
	struct ast_frame *frame;
	int ready;

	if (mark(next) || ast_call(next, "", 0)) {
		return -1;
	}
	while (context_now() < end && !ast_check_hangup(chan)) {
		ready = ast_waitfor(next, STEP);
		frame = ready > 0 ? ast_read(next) : NULL;
		if (ready < 0 || (ready > 0 && !frame)) {
			return -1;
		}
		if (frame) {
			ast_frfree(frame);
		}
		if (is_secure(next)) {
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
		ast_verb(3, "%s: its ZRTP was with another phone and is with the PBX now\n", ast_channel_name(chan));
		bridge_look(chan);
		return;
	}
	ast_log(LOG_WARNING, "%s: its phone, which has keys with another one, did not get any with the PBX\n",
		ast_channel_name(chan));
	ao2_lock(media);
	media->pass.rekeying = 0;
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

/*! \retval 1 nobody else has begun, and nobody will */
static int take(struct media *media, int *under_way)
{
	int res;

	ao2_lock(media);
	*under_way = media->pass.rekeying;
	res = !media->pass.rekeyed && !media->ended && media->pass.role != ROLE_END;
	media->pass.rekeying |= res;
	media->pass.rekeyed |= res;
	ao2_unlock(media);

	return res;
}

/*! \brief Of several media of a channel the first one acts for all. \retval 1 that one does */
static int is_led(struct media *media, struct ast_channel *chan, int *under_way)
{
	struct media *first = bridge_media(chan);
	int led = first && first != media;

	if (led) {
		ao2_lock(first);
		*under_way = first->pass.rekeying;
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
	if (!rekey_possible(media) || ast_channel_state(chan) != AST_STATE_UP || ast_check_hangup(chan)) {
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
	rekey->listener = signalling_listener(media);
	if (ast_pthread_create_detached_background(&thread, NULL, run, rekey)) {
		rekey_free(rekey);
		finish(media, chan, 0);
		return 0;
	}

	return 1;
}
