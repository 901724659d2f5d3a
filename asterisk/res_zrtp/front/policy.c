/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief zrtp.conf put into force.
 */

#include "asterisk.h"

#include "asterisk/astobj2.h"
#include "asterisk/lock.h"
#include "asterisk/logger.h"
#include "asterisk/strings.h"
#include "asterisk/utils.h"

#include <zrtp/zrtp.h>

#include "decide/general_keys.h"
#include "decide/settings.h"
#include "base/rtp_conf.h"
#include "packet/stats.h"
#include "cache/cache.h"
#include "leg/context.h"
#include "front/conf_draft.h"
#include "front/endpoints.h"
#include "front/policy.h"
#include "front/rtp_engine.h"

#define CONFIG_FILE "zrtp.conf"

/*! What the file had, see draft_read(). */
static struct draft_seen seen;

/*! What became of zrtp.conf. */
AST_MUTEX_DEFINE_STATIC(state_lock);
static struct {
	int in_force;                 /*!< Once at least it had no errors */
	time_t refused_at;            /*!< The last load, if it was not taken over; else 0 */
	int sections;                 /*!< What is in force had some */
	char client_id[ZRTP_CLIENT_ID_SIZE + 1]; /*!< That is in force */
} state;

static void set_state(int taken_over, const struct draft *draft)
{
	ast_mutex_lock(&state_lock);
	state.in_force |= taken_over;
	state.sections = seen.sections;
	if (taken_over) {
		ast_copy_string(state.client_id, draft->general.client_id, sizeof(state.client_id));
	}
	state.refused_at = taken_over ? 0 : time(NULL);
	stats_set_configuration(state.in_force, !taken_over);
	ast_mutex_unlock(&state_lock);
}

int policies_general(struct general_settings *general)
{
	int res;

	memset(general, 0, sizeof(*general));
	ast_mutex_lock(&state_lock);
	ast_copy_string(general->client_id, state.client_id, sizeof(general->client_id));
	res = state.in_force;
	ast_mutex_unlock(&state_lock);

	return res && cache_config_get(&general->cache) ? 0 : -1;
}

int policies_had_sections(void)
{
	int res;

	ast_mutex_lock(&state_lock);
	res = state.sections;
	ast_mutex_unlock(&state_lock);

	return res;
}

int policies_in_force(void)
{
	int res;

	ast_mutex_lock(&state_lock);
	res = state.in_force;
	ast_mutex_unlock(&state_lock);

	return res;
}

/*! \brief There are no former policies to stay in force. */
static void refuse_calls(struct draft *draft)
{
	engines_refuse(draft->settings.elems, draft->sure.elems, AST_VECTOR_SIZE(&draft->settings));
	ast_log(LOG_ERROR, "No ZRTP policy is in force: calls are refused, but for policies with mode = off and no "
		"error. Correct what is named above, then: module reload res_zrtp.so\n");
}

int policies_load(void)
{
	struct draft draft;
	int res;

	rtp_conf_load();
	res = draft_init(&draft) || draft_read(&draft, CONFIG_FILE, &seen) || cache_config_check(CONFIG_FILE, &draft.general.cache)
		|| cache_start(&draft.general.cache)
		|| engines_apply(draft.settings.elems, AST_VECTOR_SIZE(&draft.settings), draft.general.client_id) ? -1 : 0;
	set_state(!res, &draft);
	if (res && policies_in_force()) {
		ast_log(LOG_ERROR, "zrtp.conf was not taken over, for the errors named above: the former configuration "
			"stays in force\n");
	} else if (res) {
		refuse_calls(&draft);
	}
	draft_free(&draft);
	endpoints_look();

	return res;
}

int policies_init(void)
{
	policies_load();

	return 0;
}

void policies_shutdown(void)
{
	ast_mutex_lock(&state_lock);
	memset(&state, 0, sizeof(state));
	ast_mutex_unlock(&state_lock);
	memset(&seen, 0, sizeof(seen));
	context_shutdown();
}

time_t policies_refused(int *in_force)
{
	time_t when;

	ast_mutex_lock(&state_lock);
	when = state.refused_at;
	*in_force = state.in_force;
	ast_mutex_unlock(&state_lock);

	return when;
}
