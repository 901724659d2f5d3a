/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief What we keep of a session, and the way from m-lines to RTP instances.
 */

#include "asterisk.h"

#include "res_pjsip_zrtp.h"

#include "asterisk/astobj2.h"
#include "asterisk/channel.h"
#include "asterisk/datastore.h"
#include "asterisk/sorcery.h"
#include "asterisk/utils.h"
#include "asterisk/vector.h"

#define DATASTORE "zrtp_signalling"

/*! \brief The session is going: its instances may live on, and with them the state. */
static void forget_session(void *data)
{
	struct state *state = data;

	ao2_lock(state);
	state->session = NULL;
	ao2_unlock(state);
	ao2_ref(state, -1);
}

static const struct ast_datastore_info info = {
	.type = DATASTORE,
	.destroy = forget_session,
};

/*! States that exist. */
static int alive;

/*! What res_zrtp calls; set before there is a state. */
static const struct zrtp_signalling_listener *calls;

void states_listen(const struct zrtp_signalling_listener *listener)
{
	calls = listener;
}

int states_alive(void)
{
	return __atomic_load_n(&alive, __ATOMIC_ACQUIRE);
}

static void state_destructor(void *obj)
{
	struct state *state = obj;

	ao2_cleanup(state->listener.dialog);
	__atomic_sub_fetch(&alive, 1, __ATOMIC_ACQ_REL);
}

static struct state *state_alloc(struct ast_sip_session *session)
{
	struct state *state = ao2_alloc(sizeof(*state), state_destructor);

	if (state) {
		__atomic_add_fetch(&alive, 1, __ATOMIC_ACQ_REL);
		state->listener = *calls;
		state->session = session;
	}

	return state;
}

/*! \brief Add one; two threads may do so at once, and then the first one counts. */
static void add_state(struct ast_sip_session *session)
{
	struct ast_datastore *datastore = ast_sip_session_alloc_datastore(&info, DATASTORE);

	if (!datastore) {
		return;
	}
	datastore->data = state_alloc(session);
	if (datastore->data) {
		ast_sip_session_add_datastore(session, datastore);
	}
	ao2_ref(datastore, -1);
}

struct state *state_of(struct ast_sip_session *session)
{
	struct ast_datastore *datastore = ast_sip_session_get_datastore(session, DATASTORE);
	struct state *state = NULL;

	if (!datastore) {
		add_state(session);
		datastore = ast_sip_session_get_datastore(session, DATASTORE);
	}
	if (datastore) {
		state = ao2_bump(datastore->data);
		ao2_ref(datastore, -1);
	}

	return state;
}

const char *state_name(struct ast_sip_session *session, char *buf, size_t len)
{
	if (session->channel) {
		ast_copy_string(buf, ast_channel_name(session->channel), len);
	} else {
		snprintf(buf, len, "Endpoint %s", session->endpoint ? ast_sorcery_object_get_id(session->endpoint) : "unknown");
	}

	return buf;
}

static struct ast_rtp_instance *instance_in(struct ast_sip_session_media_state *media, unsigned int line)
{
	struct ast_sip_session_media *session_media;

	if (!media || line >= AST_VECTOR_SIZE(&media->sessions)) {
		return NULL;
	}
	session_media = AST_VECTOR_GET(&media->sessions, line);

	return session_media ? session_media->rtp : NULL;
}

struct ast_rtp_instance *state_instance(struct ast_sip_session *session, unsigned int line)
{
	struct ast_rtp_instance *instance = instance_in(session->pending_media_state, line);

	return instance ? instance : instance_in(session->active_media_state, line);
}

int state_line(struct ast_sip_session *session, const struct ast_rtp_instance *instance)
{
	unsigned int i;

	for (i = 0; i < LINES_MAX; i++) {
		if (state_instance(session, i) == instance) {
			return i;
		}
	}

	return -1;
}

const struct zrtp_signalling *state_api(struct ast_rtp_instance *instance)
{
	const char *name = ast_rtp_instance_get_engine(instance)->name;
	const struct zrtp_signalling *api = NULL;

	/* Another engine may mean something else by the same property. */
	if (!strcmp(name, ZRTP_ENGINE_NAME) || ast_begins_with(name, ZRTP_ENGINE_NAME "/")) {
		api = ast_rtp_instance_get_extended_prop(instance, ZRTP_SIGNALLING_PROPERTY);
	}

	return api && api->version == ZRTP_SIGNALLING_VERSION ? api : NULL;
}

enum zrtp_signalling_medium state_medium(const pjmedia_sdp_session *sdp, unsigned int line)
{
	const pj_str_t *type = &sdp_line(sdp, line)->desc.media;
	unsigned int i;

	for (i = 0; i < line; i++) {
		if (sdp_line(sdp, i)->desc.port && !pj_stricmp(&sdp_line(sdp, i)->desc.media, type)) {
			return ZRTP_SIGNALLING_FURTHER;
		}
	}

	return pj_stricmp2(type, "video") ? ZRTP_SIGNALLING_AUDIO : ZRTP_SIGNALLING_VIDEO;
}

int state_wanted(const pjmedia_sdp_media *media)
{
	return media->desc.port && (!pj_stricmp2(&media->desc.media, "audio") || !pj_stricmp2(&media->desc.media, "video"));
}
