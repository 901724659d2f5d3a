/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief The first opening of the store, by its thread: loading waits for it, not long.
 */

#include "asterisk.h"

#include "asterisk/lock.h"
#include "asterisk/logger.h"
#include "asterisk/strings.h"
#include "asterisk/utils.h"

#include <zrtp/cache.h>

#include "common/clock.h"
#include "decide/store_pace.h"
#include "cache/cache.h"
#include "cache/store_health.h"
#include "cache/store_opening.h"
#include "cache/store_shared.h"

/*! How long loading waits, milliseconds: longer than it takes to find that the store hangs. */
#define OPEN_MAX (PACE_LATE_USEC / 1000 + 500)

static ast_cond_t known;
static struct {
	unsigned int waited:1;
	unsigned int done:1;
	enum zrtp_store_status status;
	struct zrtp_store_error error;
} opening;

void opening_init(void)
{
	clock_cond_init(&known);
}

void opening_shutdown(void)
{
	ast_cond_destroy(&known);
}

/*! Called when the store could be opened late, for a module that does without it. */
static int (*opened_late)(void);

void store_on_late_opening(int (*opened)(void))
{
	__atomic_store_n(&opened_late, opened, __ATOMIC_RELEASE);
}

void opening_is_over(void)
{
	int (*opened)(void);

	health_works();
	opened = __atomic_load_n(&opened_late, __ATOMIC_ACQUIRE);
	if (opened && opened()) {
		ast_log(LOG_ERROR, "ZRTP goes on without its cache, which was opened but cannot be used; see the error "
			"before this line\n");
	}
}

int opening_is_away(enum zrtp_store_status status)
{
	return status == ZRTP_STORE_IO || status == ZRTP_STORE_BUSY;
}

void opening_begin(void)
{
	memset(&opening, 0, sizeof(opening));
	opening.waited = 1;
}

int opening_ended(enum zrtp_store_status status, const struct zrtp_store_error *error)
{
	opening.done = 1;
	opening.status = status;
	opening.error = *error;
	ast_cond_signal(&known);

	return opening.waited;
}

int opening_wait(struct zrtp_store_error *error)
{
	struct timespec until = clock_in(OPEN_MAX);
	int res;

	ast_mutex_lock(&store_shared.lock);
	while (!opening.done && !ast_cond_timedwait(&known, &store_shared.lock, &until)) {
	}
	opening.waited = 0;
	res = opening.done && opening.status && !opening_is_away(opening.status) ? -1 : 0;
	if (res) {
		store_shared.status.up = 0;
		store_shared.status.failures = 1;
		ast_copy_string(store_shared.status.reason, opening.error.text, sizeof(store_shared.status.reason));
		*error = opening.error;
	}
	ast_mutex_unlock(&store_shared.lock);

	return res;
}
