/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief ZIDs for who types the first digits of one.
 *
 * The core holds the lock of all commands while it completes one. So a thread asks the cache, one for all consoles,
 * and a console waits for it a second at most.
 */

#include "asterisk.h"

#include "asterisk/lock.h"
#include "asterisk/utils.h"

#include <zrtp/cache.h>

#include "common/clock.h"
#include "base/text.h"
#include "cache/cache.h"
#include "cache/complete.h"
#include "cache/peers_wanted.h"

/*! More are no help. */
#define COMPLETIONS_MAX 100
/*! How long a console waits, milliseconds. */
#define WAIT_MAX 1000

AST_MUTEX_DEFINE_STATIC(lock);
static ast_cond_t answered;
/*! What is asked; guarded by the lock, but while running what is asked is fixed and the answer is the thread's. */
static struct {
	char digits[ZID_TEXT_SIZE];
	struct peers_wanted wanted;
	uint8_t zids[COMPLETIONS_MAX][ZRTP_ZID_SIZE];
	size_t count;
	pthread_t thread;
	unsigned int running:1;
	unsigned int unwanted:1;       /*!< No console waits for it any more */
} ask = { .thread = AST_PTHREADT_NULL };

static int add(const struct zrtp_store_peer *peer, attribute_unused void *arg)
{
	memcpy(ask.zids[ask.count], peer->peer_zid, ZRTP_ZID_SIZE);

	return ++ask.count == COMPLETIONS_MAX;
}

static int is_unwanted(attribute_unused void *arg)
{
	int unwanted;

	ast_mutex_lock(&lock);
	unwanted = ask.unwanted;
	ast_mutex_unlock(&lock);

	return unwanted;
}

static void *run(attribute_unused void *data)
{
	struct zrtp_store_error error;

	cache_admin_each(&ask.wanted, add, is_unwanted, NULL, &error);
	ast_mutex_lock(&lock);
	ask.running = 0;
	ast_cond_signal(&answered);
	ast_mutex_unlock(&lock);

	return NULL;
}

/*! \brief The thread has done its work, or is about to end. */
static void join(void)
{
	if (ask.thread != AST_PTHREADT_NULL) {
		pthread_join(ask.thread, NULL);
		ask.thread = AST_PTHREADT_NULL;
	}
}

/*! \pre lock is held, and none runs. \retval -1 there is no thread for it */
static int begin(const char *digits, int enrolled)
{
	/* It has released the lock for the last time. */
	join();
	ast_copy_string(ask.digits, digits, sizeof(ask.digits));
	ask.wanted = (struct peers_wanted) { .begins = ask.digits, .enrolled = enrolled != 0, .at_once = 1, .bare = 1 };
	ask.count = 0;
	ask.unwanted = 0;
	ask.running = 1;
	if (ast_pthread_create_background(&ask.thread, NULL, run, NULL)) {
		ask.thread = AST_PTHREADT_NULL;
		ask.running = 0;
		return -1;
	}

	return 0;
}

void cache_complete(const char *digits, int enrolled, void (*each)(const uint8_t zid[ZRTP_ZID_SIZE]))
{
	struct timespec until = clock_in(WAIT_MAX);
	struct store_status status;
	size_t i;

	store_get_status(&status);
	if (!status.open || !status.up || strlen(digits) >= ZID_TEXT_SIZE) {
		return;
	}
	ast_mutex_lock(&lock);
	if (!ask.running && !begin(digits, enrolled)) {
		while (ask.running && !ast_cond_timedwait(&answered, &lock, &until)) {
		}
		ask.unwanted = 1;
		for (i = 0; !ask.running && i < ask.count; i++) {
			each(ask.zids[i]);
		}
	}
	ast_mutex_unlock(&lock);
}

int complete_init(void)
{
	clock_cond_init(&answered);

	return 0;
}

void complete_shutdown(void)
{
	ast_mutex_lock(&lock);
	ask.unwanted = 1;
	ast_mutex_unlock(&lock);
	join();
	ast_cond_destroy(&answered);
}
