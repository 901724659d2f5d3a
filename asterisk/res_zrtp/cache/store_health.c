/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Whether the store of the cache works: what the log and events say of it.
 */

#include "asterisk.h"

#include "asterisk/cli.h"
#include "asterisk/lock.h"
#include "asterisk/logger.h"
#include "asterisk/manager.h"
#include "asterisk/strings.h"
#include "asterisk/utils.h"

#include <zrtp/cache.h>

#include "common/clock.h"
#include "cache/cache.h"
#include "cache/known_copy.h"
#include "cache/store_health.h"
#include "cache/store_journal.h"
#include "cache/store_shared.h"

static void say_down(const char *reason, const char *advice)
{
	ast_log(LOG_WARNING, "The ZRTP cache is down, calls go on with the secrets in memory: %s%s\n", reason, advice);
	manager_event(EVENT_FLAG_SYSTEM, "ZrtpCacheDown", "BackEnd: %s\r\nReason: %s\r\n", store_kind(), reason);
}

/*! \brief Why calls do not wait for it, as the log has it at that moment. */
static const char *late_text(enum pace late)
{
	return late == PACE_HANGS ? "no answer for two seconds: the database, its disk or a lock in it hangs, or a long "
		"command keeps it busy" : "it is slow: what calls ask waits for more than two seconds";
}

/*! \brief It is down, if it was up. \pre the lock is held \retval 1 it was */
static int goes_down(const char *reason)
{
	int was_up = store_shared.status.up;

	store_shared.status.up = 0;
	store_shared.status.failures++;
	ast_copy_string(store_shared.status.reason, reason, sizeof(store_shared.status.reason));

	return was_up;
}

/*! \brief It is up, if nothing speaks against it. */
static void rise(void)
{
	int was_up;
	size_t waiting;

	ast_mutex_lock(&store_shared.lock);
	was_up = store_shared.status.up;
	store_shared.status.up = !store_shared.failing && store_shared.pace.late == PACE_GOOD;
	was_up |= !store_shared.status.up;
	waiting = store_shared.status.waiting;
	ast_mutex_unlock(&store_shared.lock);
	if (!was_up) {
		ast_log(LOG_NOTICE, "The ZRTP cache is up, %zu change%s to store\n", waiting, ESS(waiting));
		manager_event(EVENT_FLAG_SYSTEM, "ZrtpCacheUp", "BackEnd: %s\r\nWaiting: %zu\r\n",
			store_kind(), waiting);
	}
}

/*! \brief Called by the thread only. */
void health_failed(const struct zrtp_store_error *error)
{
	int was_up;

	ast_mutex_lock(&store_shared.lock);
	store_shared.failing = 1;
	was_up = goes_down(error->text);
	ast_mutex_unlock(&store_shared.lock);
	if (was_up) {
		say_down(error->text, error->status == ZRTP_STORE_KEY ? ". If it got another key (zrtp-cache rekey): give "
			"zrtp.conf the new key, then unload and load res_zrtp.so" : "");
	}
}

void health_works(void)
{
	ast_mutex_lock(&store_shared.lock);
	store_shared.failing = 0;
	ast_mutex_unlock(&store_shared.lock);
	rise();
}

void health_begins(void)
{
	pace_begins(&store_shared.pace, clock_now());
}

void health_ends(void)
{
	int late;

	ast_mutex_lock(&store_shared.lock);
	late = store_shared.pace.late != PACE_GOOD;
	pace_ends(&store_shared.pace, clock_now(), !store_shared.failing);
	ast_mutex_unlock(&store_shared.lock);
	if (late) {
		rise();
	}
}

int health_is_late(uint64_t asked)
{
	enum pace late;
	int was_late, was_up = 0;

	ast_mutex_lock(&store_shared.lock);
	was_late = store_shared.pace.late != PACE_GOOD;
	late = pace_look(&store_shared.pace, clock_now(), asked);
	if (late != PACE_GOOD && !was_late) {
		was_up = goes_down(late_text(late));
	}
	ast_mutex_unlock(&store_shared.lock);
	if (was_up) {
		say_down(late_text(late), "");
	}

	return late != PACE_GOOD;
}

void health_counts(int load)
{
	store_shared.worked_at = clock_now();
	if (load) {
		store_shared.status.loads++;
	} else {
		store_shared.status.puts++;
		store_shared.status.waiting--;
	}
}

/*! \brief A load succeeded; that says little while changes fail. */
void health_reads(void)
{
	size_t waiting;

	ast_mutex_lock(&store_shared.lock);
	waiting = store_shared.status.waiting;
	ast_mutex_unlock(&store_shared.lock);
	if (!waiting) {
		health_works();
	}
}

/*! \brief The file cannot be written, but all of it is in memory. */
void health_file_failed(const struct zrtp_store_error *error)
{
	int was_written;

	ast_mutex_lock(&store_shared.lock);
	was_written = !store_shared.status.unwritten;
	store_shared.status.unwritten = 1;
	store_shared.status.failures++;
	ast_copy_string(store_shared.status.reason, error->text, sizeof(store_shared.status.reason));
	ast_mutex_unlock(&store_shared.lock);
	if (was_written) {
		ast_log(LOG_WARNING, "The ZRTP cache cannot be written, it is in memory only: %s\n", error->text);
		manager_event(EVENT_FLAG_SYSTEM, "ZrtpCacheDown", "BackEnd: %s\r\nReason: %s\r\n",
			store_kind(), error->text);
	}
}

void health_file_works(void)
{
	int was_written;

	ast_mutex_lock(&store_shared.lock);
	was_written = !store_shared.status.unwritten;
	store_shared.status.unwritten = 0;
	ast_mutex_unlock(&store_shared.lock);
	if (!was_written) {
		ast_log(LOG_NOTICE, "The ZRTP cache is written again\n");
		manager_event(EVENT_FLAG_SYSTEM, "ZrtpCacheUp", "BackEnd: %s\r\nWaiting: 0\r\n", store_kind());
	}
}

/*! \brief Will the same thing succeed another time? */
int health_is_outage(enum zrtp_store_status result)
{
	switch (result) {
	case ZRTP_STORE_IO:
	case ZRTP_STORE_BUSY:
	case ZRTP_STORE_KEY:
	case ZRTP_STORE_NO_MEMORY:
	case ZRTP_STORE_CRYPTO:
	case ZRTP_STORE_CONFLICT:
		return 1;
	default:
		return 0;
	}
}

void store_get_status(struct store_status *out)
{
	ast_mutex_lock(&store_shared.lock);
	*out = store_shared.status;
	out->up = store_shared.status.up && !store_shared.status.unwritten;
	journal_get_status(out);
	known_copy_get_status(out);
	if (store_shared.pace.late == PACE_HANGS && store_shared.pace.since) {
		snprintf(out->reason, sizeof(out->reason), "no answer for %d seconds: the database, its disk or a lock in it hangs, or a "
			"long command keeps it busy", (int) ((clock_now() - store_shared.pace.since) / 1000000));
	}
	ast_mutex_unlock(&store_shared.lock);
}
