/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief What is known of a stream whose datagrams are passed through, or may be.
 */

#include "asterisk.h"

#include <unistd.h>

#include "asterisk/astobj2.h"

#include "common/clock.h"
#include "packet/media.h"
#include "packet/media_object.h"
#include "packet/pass_state.h"

/*! An exchange that was begun is over by then, microseconds. */
#define EXCHANGE_MAX 5000000

int passthrough_agreed(const struct media *media)
{
	return media_shared(media)->pass.keyed
		|| (media_shared(media)->pass.committed_at && clock_now() - media_shared(media)->pass.committed_at < EXCHANGE_MAX);
}

void passthrough_destroy(struct passthrough *pass)
{
	ao2_cleanup(pass->partner);
	ast_free(pass->hello);
	if (pass->rtcp_fd >= 0) {
		close(pass->rtcp_fd);
	}
}
