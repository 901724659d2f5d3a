/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief What an administrator asks of the store, and how long the console waits for it.
 *
 * A database that hangs keeps the thread, never the console. Nothing tells that a database hangs but that it does
 * not answer: the thread of the store is asked to look too, so that calls know it as well.
 */

#include "asterisk.h"

#include "asterisk/astobj2.h"
#include "asterisk/linkedlists.h"
#include "asterisk/lock.h"
#include "asterisk/logger.h"
#include "asterisk/strings.h"
#include "asterisk/utils.h"

#include <zrtp/cache.h>

#include "common/clock.h"
#include "cache/cache.h"
#include "cache/store_ask.h"
#include "cache/store_open.h"
#include "cache/store_shared.h"

/*! How long is waited for something, and for something long, milliseconds. */
#define WAIT_MAX 4000
#define WAIT_LONG 60000
/*! How often is looked whether the store hangs, and when it is asked itself, milliseconds. */
#define LOOK_EVERY 100
#define PROBE_AFTER 1000

struct ask {
	const struct asking *asking;
	void *arg;
	char *what;
	pthread_t thread;
	uint64_t began;
	enum zrtp_store_status status;
	struct zrtp_store_error error;
	unsigned int ended:1;
	unsigned int left:1;           /*!< It is waited for no more */
	AST_LIST_ENTRY(ask) entry;
};

AST_MUTEX_DEFINE_STATIC(lock);
static ast_cond_t answered;
/*! What is waited for no more. */
static AST_LIST_HEAD_NOLOCK_STATIC(left, ask);

static void ask_free(struct ask *ask)
{
	ao2_cleanup(ask->arg);
	ast_free(ask->what);
	ast_free(ask);
}

/*! \brief Since it was asked, milliseconds. */
static uint64_t waited(const struct ask *ask)
{
	return (clock_now() - ask->began) / 1000;
}

/*! \brief No command waits for it any more. */
static void tell_late(const struct ask *ask)
{
	int seconds = waited(ask) / 1000;

	if (!ask->what) {
		return;
	}
	if (ask->status) {
		ast_log(LOG_ERROR, "ZRTP cache: what an administrator asked for %d seconds ago was not done, %s: %s\n", seconds,
			ask->what, ask->error.text);
	} else {
		ast_log(LOG_NOTICE, "ZRTP cache: what an administrator asked for %d seconds ago is done: %s\n", seconds, ask->what);
	}
}

static void *run(void *data)
{
	struct ask *ask = data;
	int late;

	ask->status = ask->asking->work(ask->arg, &ask->error);
	ast_mutex_lock(&lock);
	ask->ended = 1;
	late = ask->left;
	ast_cond_broadcast(&answered);
	ast_mutex_unlock(&lock);
	if (late) {
		tell_late(ask);
	}

	return NULL;
}

/*! \brief Take away one that has ended meanwhile, NULL: none has. \param unanswered gets whether one goes on that is not long */
static struct ask *take_ended(int *unanswered)
{
	struct ask *ask, *ended = NULL;

	*unanswered = 0;
	ast_mutex_lock(&lock);
	AST_LIST_TRAVERSE_SAFE_BEGIN(&left, ask, entry) {
		if (ask->ended) {
			AST_LIST_REMOVE_CURRENT(entry);
			ended = ask;
			break;
		}
		*unanswered |= !ask->asking->is_long;
	}
	AST_LIST_TRAVERSE_SAFE_END;
	ast_mutex_unlock(&lock);

	return ended;
}

/*! \brief Free what has ended. \return does something go on that should have ended? */
static int reap(void)
{
	struct ask *ask;
	int unanswered;

	while ((ask = take_ended(&unanswered))) {
		pthread_join(ask->thread, NULL);
		ask_free(ask);
	}

	return unanswered;
}

static enum zrtp_store_status busy(struct zrtp_store_error *error, const char *text)
{
	error->status = ZRTP_STORE_BUSY;
	ast_copy_string(error->text, text, sizeof(error->text));

	return error->status;
}

static enum zrtp_store_status refuse(int late, struct zrtp_store_error *error)
{
	struct store_status status;

	store_get_status(&status);
	snprintf(error->text, sizeof(error->text), "Not done, as the cache does not answer in time. Try again when zrtp cache status "
		"shows it up (%.250s)", late ? status.reason : "a command before this one has no answer yet");
	error->status = ZRTP_STORE_BUSY;

	return error->status;
}

/*! \brief Wait for it, not long. \retval 0 it has ended */
static int leave(struct ask *ask)
{
	uint64_t most = ask->asking->is_long ? WAIT_LONG : WAIT_MAX;
	int ended = 0, late = 0, probed = !store_is_database();

	while (!ended && !late && waited(ask) < most) {
		struct timespec until = clock_in(LOOK_EVERY);

		if (!probed && waited(ask) >= PROBE_AFTER) {
			probed = 1;
			store_probe();
		}
		late = store_is_late();
		ast_mutex_lock(&lock);
		if (!ask->ended) {
			ast_cond_timedwait(&answered, &lock, &until);
		}
		ended = ask->ended;
		ast_mutex_unlock(&lock);
	}
	ast_mutex_lock(&lock);
	if (!ask->ended) {
		ask->left = 1;
		AST_LIST_INSERT_TAIL(&left, ask, entry);
	}
	ended = !ask->left;
	ast_mutex_unlock(&lock);

	return !ended;
}

static struct ask *begin(const struct asking *asking, void *arg, const char *what)
{
	struct ask *ask = ast_calloc(1, sizeof(*ask));

	if (!ask) {
		return NULL;
	}
	ask->asking = asking;
	ask->arg = ao2_bump(arg);
	ask->what = what ? ast_strdup(what) : NULL;
	ask->began = clock_now();
	if ((what && !ask->what) || ast_pthread_create_background(&ask->thread, NULL, run, ask)) {
		ask_free(ask);
		return NULL;
	}

	return ask;
}

enum zrtp_store_status store_ask(const struct asking *asking, void *arg, const char *what, struct zrtp_store_error *error)
{
	struct ask *ask;
	enum zrtp_store_status status;
	int late = store_is_late();

	if (reap() || late) {
		return refuse(late, error);
	}
	ask = begin(asking, arg, what);
	if (!ask) {
		return busy(error, "There is no memory or no thread for it");
	}
	if (leave(ask)) {
		return busy(error, !what ? "The cache does not answer: its database, disk or a lock in it hangs. Try again when zrtp "
			"cache status shows it up" : asking->is_long ? "It goes on, as it takes long or the cache does not answer; the "
			"log will have its end" : "Not done yet: the cache does not answer. It will be done when the cache answers, and "
			"the log will show it; see zrtp cache status");
	}
	pthread_join(ask->thread, NULL);
	status = ask->status;
	*error = ask->error;
	ask_free(ask);

	return status;
}

int store_is_asked(void)
{
	int res;

	reap();
	ast_mutex_lock(&lock);
	res = !AST_LIST_EMPTY(&left);
	ast_mutex_unlock(&lock);

	return res;
}

int store_ask_init(void)
{
	clock_cond_init(&answered);

	return 0;
}

void store_ask_shutdown(void)
{
	reap();
	ast_cond_destroy(&answered);
}
