/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief a=zrtp-hash in what we send.
 *
 * The hook is the last one before the transaction layer, since session-timer
 * refreshes and, in old versions, answers pass none of Asterisk's own.
 */

#include "asterisk.h"

#include "res_pjsip_zrtp.h"

#include "asterisk/astobj2.h"
#include "asterisk/channel.h"
#include "asterisk/logger.h"
#include "asterisk/taskprocessor.h"
#include "asterisk/utils.h"

#include "common/channel_by_id.h"

static const pj_str_t attribute = { "zrtp-hash", 9 };

/*! \brief What an m-line should have; empty for nothing. Session's serializer only. */
static void value_for(struct ast_sip_session *session, struct ast_rtp_instance *instance,
	const struct zrtp_signalling *api, char *out)
{
	if (api->hash(instance, session->channel, out)) {
		*out = '\0';
	}
}

/*! \brief The same for an m-line that is about to be sent. */
static void prepare(struct ast_sip_session *session, struct state *state, const pjmedia_sdp_session *sdp,
	unsigned int line, char *out)
{
	struct ast_rtp_instance *instance = state_instance(session, line);
	const struct zrtp_signalling *api = instance ? state_api(instance) : NULL;

	if (api) {
		api->listen(instance, &state->listener, state_medium(sdp, line));
		value_for(session, instance, api, out);
	}
}

/*! \brief Look up what the m-lines should have, and keep it for the threads that may not look. */
static void look_up(struct ast_sip_session *session, struct state *state, const pjmedia_sdp_session *sdp)
{
	char value[ZRTP_SIGNALLING_HASH_SIZE];
	unsigned int i;

	for (i = 0; i < sdp_lines(sdp) && i < LINES_MAX; i++) {
		value[0] = '\0';
		if (state_wanted(sdp_line(sdp, i))) {
			prepare(session, state, sdp, i, value);
		}
		ao2_lock(state);
		ast_copy_string(state->written[i], value, sizeof(state->written[i]));
		ao2_unlock(state);
	}
}

/*! \brief Give an m-line a value, or none when it is empty. */
static void write_line(pj_pool_t *pool, pjmedia_sdp_media *media, const char *value)
{
	pj_str_t text = pj_str((char *) value);

	pjmedia_sdp_media_remove_all_attr(media, attribute.ptr);
	if (!ast_strlen_zero(value) && state_wanted(media) && line_has_room(media)) {
		pjmedia_sdp_media_add_attr(media, pjmedia_sdp_attr_create(pool, attribute.ptr, &text));
	}
}

static void write_all(struct state *state, pj_pool_t *pool, pjmedia_sdp_session *sdp)
{
	char value[ZRTP_SIGNALLING_HASH_SIZE];
	unsigned int i;

	for (i = 0; i < sdp_lines(sdp) && i < LINES_MAX; i++) {
		ao2_lock(state);
		ast_copy_string(value, state->written[i], sizeof(value));
		ao2_unlock(state);
		write_line(pool, sdp_line(sdp, i), value);
	}
}

/*! \brief The session description in a message, or NULL. It is the one that will be printed. */
static pjmedia_sdp_session *description(pjsip_tx_data *tdata)
{
	const pjsip_msg *msg = tx_message(tdata);
	pjsip_sdp_info *info;

	if (!msg || !msg->body) {
		return NULL;
	}
	info = pjsip_get_sdp_info(tx_pool(tdata), msg->body, NULL, &pjsip_media_type_application_sdp);

	return info && info->sdp_err == PJ_SUCCESS ? info->sdp : NULL;
}

static void write_message(struct ast_sip_session *session, pjsip_tx_data *tdata, pjmedia_sdp_session *sdp)
{
	struct state *state = state_of(session);

	if (state && !sdp) {
		reason_write(tdata, state);
	} else if (state) {
		if (ast_taskprocessor_is_task(session->serializer)) {
			look_up(session, state, sdp);
			numbers_offer(session, tdata, sdp);
		}
		write_all(state, tx_pool(tdata), sdp);
		pjsip_tx_data_invalidate_msg(tdata);
	}
	if (state && ast_taskprocessor_is_task(session->serializer)) {
		offered_keys_answered(session, tx_message(tdata));
	}
	ao2_cleanup(state);
}

/*! \brief Is there anything to write? \param sdp gets the description in it, or NULL */
static int is_ours(pjsip_tx_data *tdata, pjmedia_sdp_session **sdp)
{
	*sdp = description(tdata);

	return *sdp || (tx_message(tdata) && reason_fits(tx_message(tdata)));
}

pj_status_t outgoing_message(pjsip_tx_data *tdata)
{
	pjmedia_sdp_session *sdp;
	pjsip_dialog *dlg = is_ours(tdata, &sdp) ? pjsip_tdata_get_dlg(tdata) : NULL;
	struct ast_sip_session *session = dlg ? ast_sip_dialog_get_session(dlg) : NULL;

	if (session) {
		write_message(session, tdata, sdp);
		ao2_ref(session, -1);
	}

	return PJ_SUCCESS;
}

void outgoing_response(struct ast_sip_session *session, pjsip_tx_data *tdata)
{
	pjmedia_sdp_session *sdp;

	/* The hook finds the others, and those that do not come by here. */
	if (!pjsip_tdata_get_dlg(tdata) && is_ours(tdata, &sdp)) {
		write_message(session, tdata, sdp);
	}
}

/*! \brief Is another value due than the one that was written? Session's serializer only. */
static int outdated(struct ast_sip_session *session, struct state *state)
{
	char before[ZRTP_SIGNALLING_HASH_SIZE], now[ZRTP_SIGNALLING_HASH_SIZE];
	const struct zrtp_signalling *api;
	struct ast_rtp_instance *instance;
	int res = 0;
	unsigned int i;

	for (i = 0; i < LINES_MAX && !res; i++) {
		ao2_lock(state);
		ast_copy_string(before, state->written[i], sizeof(before));
		ao2_unlock(state);
		instance = ast_strlen_zero(before) ? NULL : state_instance(session, i);
		api = instance ? state_api(instance) : NULL;
		now[0] = '\0';
		if (api) {
			value_for(session, instance, api, now);
		}
		res = strcmp(before, now);
	}

	return res;
}

/*! \brief Task of the session: offer again what has changed since. */
static int task_offer(void *data)
{
	struct ast_sip_session *session = data;
	struct state *state = state_of(session);

	if (state && session->inv_session && inv_state(session->inv_session) == PJSIP_INV_STATE_CONFIRMED
		&& outdated(session, state)) {
		ast_sip_session_refresh(session, NULL, NULL, NULL, AST_SIP_SESSION_REFRESH_METHOD_INVITE, 1, NULL);
	}
	ao2_cleanup(state);
	ao2_ref(session, -1);

	return 0;
}

struct ast_sip_session *session_of(struct ast_channel *chan)
{
	struct ast_sip_channel_pvt *pvt;
	struct ast_sip_session *session = NULL;

	ast_channel_lock(chan);
	pvt = strcmp(ast_channel_tech(chan)->type, "PJSIP") ? NULL : ast_channel_tech_pvt(chan);
	if (pvt) {
		session = ao2_bump(pvt->session);
	}
	ast_channel_unlock(chan);

	return session;
}

void outgoing_renewed(attribute_unused struct zrtp_signalling_listener *listener, const char *channel_id)
{
	struct ast_channel *chan = channel_by_id(channel_id);
	struct ast_sip_session *session = chan ? session_of(chan) : NULL;

	ast_channel_cleanup(chan);
	if (session && ast_sip_push_task(session->serializer, task_offer, session)) {
		ao2_ref(session, -1);
	}
}
