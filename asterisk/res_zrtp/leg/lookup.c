/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief The ZRTP engine's cache: what it asks is asked of the store, which takes its time.
 *
 * The question of an exchange becomes a task of the leg. The store can be asked when the name
 * is known under which the peer sees us, or is not to be had in time: then the store is told
 * so. What it has goes back to the engine, which bounds how long the exchange waits and how
 * often strangers can make it ask.
 */

#include "asterisk.h"

#include <openssl/crypto.h>

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

#include "common/clock.h"
#include "decide/settings.h"
#include "packet/media.h"
#include "cache/cache.h"
#include "leg/leg_state.h"
#include "leg/leg_stream.h"
#include "leg/leg_tasks.h"
#include "leg/lookup.h"
#include "leg/successor.h"

/*! How long a question waits for the label, milliseconds. The engine waits half a second longer. */
#define LABEL_MS 1000
/*! How long after a question more time is asked for, milliseconds: not when the engine would wait no longer. */
#define LATEST_MS 5000

/*! Threads that ask for labels, and seconds after which one with nothing to do ends. */
#define ASKERS_MAX 16
#define ASKER_IDLE 20

/*! What comes back into the serializer. */
struct answer {
	struct media *media;
	unsigned int number;          /*!< Of the question */
	unsigned int current:1;       /*!< The store has answered */
	unsigned int labelled:1;      /*!< The label is known */
	char label[ZRTP_LABEL_SIZE];
};

/*! Ask channels for labels; the SIP session of a call may keep one of them waiting. */
static struct ast_threadpool *askers;

static void (*answered)(struct media *media);

void lookup_on_answer(void (*call)(struct media *media))
{
	answered = call;
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

/*! \brief Bring an answer, or its data, into the serializer. It is consumed. \retval -1 out of memory */
static int answer_give(struct answer *answer, int (*task)(void *data))
{
	if (leg_push_data(answer->media, task, answer)) {
		answer_free(answer);
		return -1;
	}

	return 0;
}

/*! \brief What is in memory, while the store cannot be asked. */
static enum zrtp_cache_answer at_hand(const struct zrtp_cache_key *key, struct zrtp_retained *out)
{
	cache_begins(key->peer_zid);

	return cache_table.get(key, out, NULL) ? ZRTP_CACHE_AWAY : ZRTP_CACHE_FOUND;
}

/*! \brief The session that asks: no other one of the leg is still without a key. */
static struct zrtp_session *asking_session(struct leg *leg)
{
	return leg_next(leg)->session ? leg_next(leg)->session : leg_session(leg);
}

/*! \brief What the store has said is in memory now. \param current it has answered */
static void hand_over(struct media *media, int current)
{
	struct lookup *lookup = leg_lookup(leg_of(media));
	struct zrtp_session *session = asking_session(leg_of(media));
	struct zrtp_cache_key key = { .peer_zid = lookup->zid, .label = lookup->used };
	struct zrtp_retained found = { .has_rs1 = false };
	enum zrtp_cache_answer answer;

	/* The thread of the store has counted the call when it answered. */
	if (!current) {
		answer = at_hand(&key, &found);
	} else {
		answer = cache_table.get(&key, &found, NULL) ? ZRTP_CACHE_UNKNOWN : ZRTP_CACHE_FOUND;
	}
	lookup->open = 0;
	lookup->answered = !!current;
	memcpy(lookup->answered_zid, lookup->zid, sizeof(lookup->answered_zid));
	/* What the phone is answered goes where its message came from. */
	leg_stream(media)->source = lookup->source;
	if (session && zrtp_session_cache_ready(session, lookup->zid, answer, &found, clock_now()) == ZRTP_OK) {
		answered(media);
	}
	memset(&leg_stream(media)->source, 0, sizeof(leg_stream(media)->source));
	OPENSSL_cleanse(&found, sizeof(found));
}

static int task_loaded(void *data)
{
	struct answer *answer = data;

	if (answer->number == leg_lookup(leg_of(answer->media))->number) {
		hand_over(answer->media, answer->current);
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

/*! \retval -1 the session cannot have its label */
static int name_session(struct media *media, const struct lookup *lookup)
{
	struct zrtp_session *session = asking_session(leg_of(media));
	enum zrtp_status status = session ? zrtp_session_set_cache_label(session, lookup->used) : ZRTP_OK;

	if (session && status == ZRTP_OK) {
		status = zrtp_session_set_cache_endpoint(session, leg_endpoint(leg_of(media)));
	}
	/* In the wrong state it has asked for another peer before, and has it. */
	if (status != ZRTP_OK && status != ZRTP_WRONG_STATE) {
		ast_log(LOG_WARNING, "%s: the secrets of label %s cannot be looked up: %s\n", media_name(media), lookup->used, zrtp_status_text(status));
		return -1;
	}

	return 0;
}

static void stop_waiting(struct lookup *lookup)
{
	lookup->waiting = 0;
	ao2_cleanup(lookup->asker);
	lookup->asker = NULL;
}

/*! \brief Ask the store, now that the label is known or will not be. \param media whose exchange asked */
static void load(struct media *media)
{
	struct lookup *lookup = leg_lookup(leg_of(media));
	struct answer *answer = answer_alloc(media, lookup->number);

	ast_copy_string(lookup->used, lookup->labelled ? lookup->label : ZRTP_STORE_LABEL_UNKNOWN, sizeof(lookup->used));
	/* The caller has a reference of its own. */
	stop_waiting(lookup);
	if (!name_session(media, lookup) && answer && !cache_load(lookup->zid, lookup->used, on_loaded, answer)) {
		return;
	}
	if (answer) {
		answer_free(answer);
	}
	hand_over(media, 0);
}

/*! \brief Task: a question may have waited for the label long enough. */
static int task_unlabelled(void *data)
{
	struct media *media = data;
	struct lookup *lookup = leg_lookup(leg_of(media));

	if (lookup->waiting && clock_now() - lookup->since >= LABEL_MS * 1000 - 1000) {
		load(media);
	}
	ao2_ref(media, -1);

	return 0;
}

static void ask_label(struct media *media);

/*! \brief The engine has asked. */
static int task_asked(void *data)
{
	struct answer *answer = data;
	struct media *media = answer->media;
	struct lookup *lookup = leg_lookup(leg_of(media));

	if (answer->number == lookup->number) {
		/* Most calls have it from their SIP session by now. */
		ask_label(media);
		stop_waiting(lookup);
		lookup->waiting = 1;
		lookup->asker = ao2_bump(media);
		lookup->since = clock_now();
		if (!lookup->asking || leg_push_later(media, LABEL_MS, task_unlabelled)) {
			load(media);
		}
	}
	answer_free(answer);

	return 0;
}

/*!
 * \brief Is what was asked about this peer about to be answered, on a PBX that has much to do?
 *
 * The engine waits for six seconds, and takes no such answer then: what is at hand is better.
 */
static int is_soon(const struct lookup *lookup, const struct zrtp_cache_key *key)
{
	return lookup->open && !memcmp(lookup->zid, key->peer_zid, sizeof(lookup->zid))
		&& clock_now() - lookup->asked_at < LATEST_MS * 1000 && store_is_working();
}

static int on_get(const struct zrtp_cache_key *key, struct zrtp_retained *out, attribute_unused void *arg)
{
	struct media *media = key->stream_arg;
	struct lookup *lookup = leg_lookup(leg_of(media));
	struct answer *answer;

	if (key->at_once && is_soon(lookup, key)) {
		return ZRTP_CACHE_PENDING;
	}
	lookup->number++; /* what was asked before is too late, or of another peer */
	lookup->open = 0;
	stop_waiting(lookup);
	if (!memcmp(lookup->answered_zid, key->peer_zid, sizeof(lookup->answered_zid))) {
		lookup->answered = 0;
	}
	if (key->at_once) {
		ast_log(LOG_WARNING, "%s: the ZRTP cache did not answer in time, the call goes on with the secrets in "
			"memory; see zrtp cache status\n",
			media_name(media));
		return at_hand(key, out);
	}
	memcpy(lookup->zid, key->peer_zid, sizeof(lookup->zid));
	lookup->source = leg_stream(media)->source;
	answer = answer_alloc(media, lookup->number);
	if (!answer || answer_give(answer, task_asked)) {
		return at_hand(key, out);
	}
	lookup->open = 1;
	lookup->asked_at = clock_now();

	return ZRTP_CACHE_PENDING;
}

static void on_put(const struct zrtp_cache_key *key, const struct zrtp_retained *in, attribute_unused void *arg)
{
	cache_table.put(key, in, NULL);
}

const struct zrtp_cache lookup_cache = {
	.get = on_get,
	.put = on_put,
};

static int task_labelled(void *data)
{
	struct answer *answer = data;
	struct lookup *lookup = leg_lookup(leg_of(answer->media));

	lookup->asking = 0;
	lookup->labelled = answer->labelled;
	ast_copy_string(lookup->label, answer->label, sizeof(lookup->label));
	if (lookup->waiting) {
		struct media *asker = ao2_bump(lookup->asker);

		load(asker);
		ao2_ref(asker, -1);
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

	answer->labelled = chan && !channel_label(chan, media_settings(answer->media)->label_header, answer->label, sizeof(answer->label));
	ast_channel_cleanup(chan);
	answer_give(answer, task_labelled);

	return 0;
}

int lookup_ask(struct media *media, struct ast_channel *chan, char label[ZRTP_LABEL_SIZE])
{
	*label = '\0';

	return channel_label(chan, media_settings(media)->label_header, label, ZRTP_LABEL_SIZE);
}

void lookup_learn(struct media *media, const char *label)
{
	struct lookup *lookup = leg_lookup(leg_of(media));

	if (!lookup->asking && !lookup->labelled) {
		lookup->labelled = 1;
		ast_copy_string(lookup->label, label, sizeof(lookup->label));
	}
}

/*! \brief See that the label is known: a thread asks for it, which the SIP session may keep waiting. */
static void ask_label(struct media *media)
{
	struct lookup *lookup = leg_lookup(leg_of(media));
	struct answer *answer;

	if (lookup->asked || lookup->labelled || !(answer = answer_alloc(media, 0))) {
		return;
	}
	lookup->asked = lookup->asking = 1;
	if (ast_threadpool_push(askers, task_ask, answer)) {
		lookup->asked = lookup->asking = 0;
		answer_free(answer);
	}
}

void lookup_reset(struct lookup *lookup)
{
	lookup->number++;
	lookup->open = 0;
	stop_waiting(lookup);
}

int lookup_is_current(const struct lookup *lookup, const uint8_t *zid)
{
	return lookup->answered && !memcmp(lookup->answered_zid, zid, sizeof(lookup->answered_zid));
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
