/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief What a handshake needs to know before it begins.
 *
 * The ZRTP engine asks for the retained secrets of a peer in the middle of a
 * handshake and cannot wait there. So the first Hello of a peer is held here
 * until the store has told what it has, and until the name is known under which
 * the peer sees us, or is not to be had in time: then the store is told so. A peer repeats its Hello, so nothing is lost by keeping only
 * one, and one load at a time, some fifty in a second, is all that strangers can
 * cause in a call. What was loaded for a Hello is used for it, whatever else has
 * come in meanwhile.
 */

#include "asterisk.h"

#include "asterisk/astobj2.h"
#include "asterisk/channel.h"
#include "asterisk/logger.h"
#include "asterisk/pbx.h"
#include "asterisk/strings.h"
#include "asterisk/taskprocessor.h"
#include "asterisk/threadpool.h"
#include "asterisk/utils.h"

#include <zrtp/cache.h>
#include <zrtp/zrtp.h>

#include "decide/settings.h"
#include "base/clock.h"
#include "packet/media.h"
#include "cache/cache.h"
#include "leg/leg_state.h"
#include "leg/leg_stream.h"
#include "leg/leg_tasks.h"
#include "leg/lookup.h"
#include "leg/successor.h"

/*! How long a Hello is held. Peers repeat theirs for about four seconds. */
#define HOLD_USEC 1500000

/*! So much of it for the label. */
#define LABEL_USEC 1000000

/*! Threads that ask for labels, and seconds after which one with nothing to do ends. */
#define ASKERS_MAX 16
#define ASKER_IDLE 20

/*! Between two loads of one call. Strangers cause most of what comes faster. */
#define PAUSE_USEC 20000

/*! What comes back into the serializer. */
struct answer {
	struct media *media;
	unsigned int number;          /*!< Of the load */
	unsigned int current:1;       /*!< The store has answered */
	unsigned int labelled:1;      /*!< The label is known */
	char label[ZRTP_LABEL_SIZE];
};

/*! Ask channels for labels; the SIP session of a call may keep one of them waiting. */
static struct ast_threadpool *askers;

static lookup_receive *known;

void lookup_on_known(lookup_receive *receive)
{
	known = receive;
}

static struct answer *answer_alloc(struct media *media, unsigned int number)
{
	struct answer *answer = ast_calloc(1, sizeof(*answer));

	if (answer) {
		answer->media = ao2_bump(media);
		answer->number = number;
	}

	return answer;
}

static void answer_free(struct answer *answer)
{
	ao2_ref(answer->media, -1);
	ast_free(answer);
}

/*! \brief Bring an answer, or its data, into the serializer. It is consumed. */
static void answer_give(struct answer *answer, int (*task)(void *data))
{
	if (leg_push_data(answer->media, task, answer)) {
		answer_free(answer);
	}
}

static void drop_held(struct lookup *lookup)
{
	ao2_cleanup(lookup->held);
	lookup->held = NULL;
	lookup->held_len = 0;
}

/*!
 * \brief The last moment at which the engine takes it.
 * \retval -1 it cannot, for want of memory: the Hello must not pass, its peer repeats it
 */
static int tell_label(struct media *media, const struct lookup *lookup)
{
	struct zrtp_session *session = zrtp_stream_session(successor_or_own(media));
	enum zrtp_status status = zrtp_session_set_cache_label(session, lookup->used);

	if (status == ZRTP_OK) {
		status = zrtp_session_set_cache_endpoint(session, leg_endpoint(leg_of(media)));
	}
	if (status == ZRTP_OK) {
		status = zrtp_session_set_cache_away(session, lookup->behind);
	}
	if (status != ZRTP_OK && status != ZRTP_WRONG_STATE) {
		ast_log(LOG_WARNING, "%s: the secrets of label %s cannot be looked up: %s\n", media_name(media), lookup->used, zrtp_status_text(status));
	}

	return status == ZRTP_NO_MEMORY ? -1 : 0;
}

/*! \brief All that can be known is known: the Hello takes its way. */
static void settle(struct lookup *lookup)
{
	struct media *media = lookup->held;

	if (lookup->state != LOOKUP_LOADING || lookup->loading) {
		return;
	}
	lookup->state = LOOKUP_DONE;
	lookup->held = NULL;
	if (media && leg_stream(media)->stream) {
		if (tell_label(media, lookup)) {
			lookup_reset(lookup);
		} else {
			known(media, lookup->octets, lookup->held_len, &lookup->source, 1);
		}
	}
	ao2_cleanup(media);
}

static int task_loaded(void *data)
{
	struct answer *answer = data;
	struct lookup *lookup = leg_lookup(leg_of(answer->media));

	if (lookup->state == LOOKUP_LOADING && answer->number == lookup->number) {
		lookup->loading = 0;
		lookup->behind = !answer->current;
		settle(lookup);
	}
	answer_free(answer);

	return 0;
}

/*! \brief Called by the thread of the store. */
static void on_loaded(void *data, int current)
{
	struct answer *answer = data;

	answer->current = !!current;
	answer_give(answer, task_loaded);
}

/*! \brief Ask the store, now that the label is known or will not be. */
static void load(struct lookup *lookup, struct media *media)
{
	struct answer *answer = answer_alloc(media, ++lookup->number);
	int res;

	ast_copy_string(lookup->used, lookup->labelled ? lookup->label : ZRTP_STORE_LABEL_UNKNOWN, sizeof(lookup->used));
	res = answer ? cache_load(lookup->zid, lookup->used, on_loaded, answer) : -1;
	lookup->loading = !res;
	lookup->behind = !!res;
	if (res && answer) {
		answer_free(answer);
	}
}

static int task_labelled(void *data)
{
	struct answer *answer = data;
	struct lookup *lookup = leg_lookup(leg_of(answer->media));

	lookup->asking = 0;
	lookup->labelled = answer->labelled;
	ast_copy_string(lookup->label, answer->label, sizeof(lookup->label));
	if (lookup->state == LOOKUP_LOADING && lookup->held) {
		load(lookup, lookup->held);
		settle(lookup);
	}
	answer_free(answer);

	return 0;
}

/*! \brief Without SIP: the number that was dialled, or called from. */
static void number_label(struct ast_channel *chan, char *out, size_t size)
{
	const char *number;

	ast_channel_lock(chan);
	if (ast_test_flag(ast_channel_flags(chan), AST_FLAG_OUTGOING)) {
		number = S_COR(ast_channel_connected(chan)->id.number.valid, ast_channel_connected(chan)->id.number.str, "");
	} else {
		number = S_OR(ast_channel_dialed(chan)->number.str, ast_channel_exten(chan));
	}
	ast_copy_string(out, number, size);
	ast_channel_unlock(chan);
}

/*!
 * \brief What a box on the way has noted as the number that was dialled, in a header of the phone's INVITE.
 * \param header its name, may be empty; out stays empty if it is not there
 */
static void header_label(struct ast_channel *chan, const char *header, char *out)
{
	char function[LABEL_HEADER_SIZE + 32], value[512] = "";
	int called;

	ast_channel_lock(chan);
	called = ast_test_flag(ast_channel_flags(chan), AST_FLAG_OUTGOING);
	ast_channel_unlock(chan);
	if (called || ast_strlen_zero(header) || !ast_custom_function_find("PJSIP_HEADER")) {
		return;
	}
	snprintf(function, sizeof(function), "PJSIP_HEADER(read,%s)", header);
	if (!ast_func_read(chan, function, value, sizeof(value))) {
		zrtp_store_uri_label(out, value);
	}
}

/*! \retval -1 there is one, but it cannot be had */
static int channel_label(struct ast_channel *chan, const char *header, char *out, size_t size)
{
	char uri[512] = "";

	if (!strcmp(ast_channel_tech(chan)->type, "PJSIP")) {
		header_label(chan, header, out);
	}
	if (ast_strlen_zero(out) && !strcmp(ast_channel_tech(chan)->type, "PJSIP")) {
		if (ast_func_read(chan, "CHANNEL(pjsip,local_uri)", uri, sizeof(uri))) {
			return -1;
		}
		zrtp_store_uri_label(out, uri);
	}
	if (ast_strlen_zero(out)) {
		number_label(chan, out, size);
	}
	zrtp_store_printable(out);

	return 0;
}

static int task_ask(void *data)
{
	struct answer *answer = data;
	struct ast_channel *chan = media_channel(answer->media);

	answer->labelled = chan && !channel_label(chan, media_settings(answer->media)->label_header, answer->label,
		sizeof(answer->label));
	ast_channel_cleanup(chan);
	answer_give(answer, task_labelled);

	return 0;
}

void lookup_start(struct media *media)
{
	struct lookup *lookup = leg_lookup(leg_of(media));
	struct answer *answer;

	if (lookup->asking || lookup->labelled || !(answer = answer_alloc(media, 0))) {
		return;
	}
	lookup->asking = 1;
	if (ast_threadpool_push(askers, task_ask, answer)) {
		lookup->asking = 0;
		answer_free(answer);
	}
}

void lookup_reset(struct lookup *lookup)
{
	lookup->state = LOOKUP_NONE;
	lookup->loading = 0;
	lookup->behind = 0;
	drop_held(lookup);
}

void lookup_end(struct media *media)
{
	struct lookup *lookup = leg_lookup(leg_of(media));

	if (lookup->held == media) {
		/* The next Hello, of another stream, begins again. */
		lookup_reset(lookup);
	}
}

/*! \brief Who comes has not been decided yet. */
static int undecided(struct media *media)
{
	struct zrtp_stream_info info;

	zrtp_stream_get_info(successor_or_own(media), &info);

	return info.state == ZRTP_STATE_IDLE || info.state == ZRTP_STATE_DISCOVERY
		|| info.state == ZRTP_STATE_FOUND || info.state == ZRTP_STATE_NO_ZRTP;
}

static void hold(struct lookup *lookup, struct media *media, const uint8_t *octets, size_t len)
{
	drop_held(lookup);
	lookup->held = ao2_bump(media);
	lookup->held_len = len;
	memcpy(lookup->octets, octets, len);
	lookup->source = leg_stream(media)->source;
}

/*! \retval 1 when there is something to wait for */
static int begin(struct lookup *lookup, struct media *media, const uint8_t zid[ZRTP_ZID_SIZE])
{
	memcpy(lookup->zid, zid, sizeof(lookup->zid));
	lookup->since = clock_now();
	ast_copy_string(lookup->used, ZRTP_STORE_LABEL_UNKNOWN, sizeof(lookup->used));
	if (lookup->asking) {
		lookup->number++; /* what was asked before is of another peer */
	} else {
		load(lookup, media);
	}
	lookup->state = lookup->asking || lookup->loading ? LOOKUP_LOADING : LOOKUP_DONE;

	return lookup->state == LOOKUP_LOADING;
}

/*! \brief One is held: wait, but for the label only so long that the store can still be asked. */
static void wait_on(struct lookup *lookup)
{
	if (lookup->asking && !lookup->loading && clock_now() - lookup->since >= LABEL_USEC) {
		load(lookup, lookup->held);
		settle(lookup);
	}
}

int lookup_hold(struct media *media, const uint8_t *octets, size_t len)
{
	struct lookup *lookup = leg_lookup(leg_of(media));
	uint8_t zid[ZRTP_ZID_SIZE];

	if (len > sizeof(lookup->octets) || !undecided(media) || !zrtp_hello_zid(octets, len, zid)) {
		return 0;
	}
	if (lookup->state == LOOKUP_LOADING) {
		if (clock_now() - lookup->since < HOLD_USEC) {
			wait_on(lookup);
			return 1;
		}
		ast_log(LOG_WARNING, "%s: the ZRTP cache did not answer in time, the call goes on with the secrets in "
			"memory; see zrtp cache status\n",
			media_name(media));
		lookup->behind = 1;
		lookup->loading = 0;
		lookup->state = LOOKUP_DONE;
		drop_held(lookup);
	}
	if (lookup->state == LOOKUP_NONE || memcmp(zid, lookup->zid, sizeof(zid))) {
		if (lookup->state == LOOKUP_DONE && clock_now() - lookup->since < PAUSE_USEC) {
			return 1;
		}
		if (begin(lookup, media, zid)) {
			hold(lookup, media, octets, len);
			return 1;
		}
	}

	return tell_label(media, lookup) ? 1 : 0;
}

int lookup_init(void)
{
	struct ast_threadpool_options options = {
		.version = AST_THREADPOOL_OPTIONS_VERSION,
		.idle_timeout = ASKER_IDLE,
		.auto_increment = 1,
		.max_size = ASKERS_MAX,
	};

	askers = ast_threadpool_create("zrtp-label", NULL, &options);

	return askers ? 0 : -1;
}

void lookup_shutdown(void)
{
	if (askers) {
		ast_threadpool_shutdown(askers);
		askers = NULL;
	}
}
