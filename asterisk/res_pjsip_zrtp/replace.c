/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief A call that takes the place of another one at the same phone (RFC 3891).
 *
 * Phones do not change their ZRTP peer within a call. In a new one they begin
 * with any party, and with Replaces it comes up in place of the former one
 * without a person doing anything.
 */

#include "asterisk.h"

#include "res_pjsip_zrtp.h"

#include "asterisk/astobj2.h"
#include "asterisk/channel.h"
#include "asterisk/format_cap.h"
#include "asterisk/logger.h"
#include "asterisk/module.h"
#include "asterisk/sorcery.h"
#include "asterisk/utils.h"

#define REPLACES "replaces"
#define URL_SIZE 512

/*! The former call, held. Kept by the caller of replace_successor(). */
struct former {
	struct ast_sip_session *session;
	struct ast_sip_session *next;
	char dial[URL_SIZE + 128]; /*!< What chan_pjsip dials: endpoint and address */
	char replaces[REPLACES_SIZE];
	char known[ADDRESS_SIZE];            /*!< Who we are to the phone */
};

static int supports_replaces(const pjsip_msg *msg)
{
	const pj_str_t replaces = { REPLACES, sizeof(REPLACES) - 1 };
	const pjsip_supported_hdr *hdr = pjsip_msg_find_hdr(msg, PJSIP_H_SUPPORTED, NULL);
	unsigned int i;

	for (; hdr; hdr = hdr->hdr.next == &msg->hdr ? NULL : pjsip_msg_find_hdr(msg, PJSIP_H_SUPPORTED, hdr->hdr.next)) {
		for (i = 0; i < hdr->count; i++) {
			if (!pj_stricmp(&hdr->values[i], &replaces)) {
				return 1;
			}
		}
	}

	return 0;
}

/*! \brief The header in which the sender of a message says what it is, or NULL. */
static const pjsip_generic_string_hdr *agent_of(const pjsip_msg *msg)
{
	const pj_str_t agent = { "User-Agent", 10 }, server = { "Server", 6 };
	const pjsip_generic_string_hdr *hdr = pjsip_msg_find_hdr_by_name(msg, &agent, NULL);

	return hdr ? hdr : pjsip_msg_find_hdr_by_name(msg, &server, NULL);
}

/*! \brief Its latest word counts. */
static void keep_agent(struct state *state, const pj_str_t *text)
{
	ao2_lock(state);
	copy_printable(state->agent, sizeof(state->agent), text);
	ao2_unlock(state);
}

void replace_learn(struct ast_sip_session *session, pjsip_rx_data *rdata)
{
	int supports = supports_replaces(rx_message(rdata));
	const pjsip_generic_string_hdr *agent = agent_of(rx_message(rdata));
	struct state *state = supports || agent ? state_of(session) : NULL;

	if (!state) {
		return;
	}
	if (supports) {
		__atomic_store_n(&state->replaceable, 1, __ATOMIC_RELEASE);
	}
	if (agent) {
		keep_agent(state, &agent->hvalue);
	}
	ao2_ref(state, -1);
}

void replace_agent(struct zrtp_signalling_listener *listener, char *out)
{
	struct state *state = (struct state *) listener;

	ao2_lock(state);
	ast_copy_string(out, state->agent, ZRTP_SIGNALLING_AGENT_SIZE);
	ao2_unlock(state);
}

int replace_possible(struct zrtp_signalling_listener *listener)
{
	struct state *state = (struct state *) listener;

	return __atomic_load_n(&state->replaceable, __ATOMIC_ACQUIRE);
}

/*! \brief What phones go by when they compare addresses. \retval NULL there is no such */
static pjsip_sip_uri *address_of(const pjsip_fromto_hdr *hdr, char *out, size_t size)
{
	pjsip_sip_uri *uri = hdr ? uri_of_sip(hdr->uri) : NULL;

	*out = '\0';
	if (uri) {
		snprintf(out, size, "%.*s@%.*s", (int) uri->user.slen, uri->user.ptr, (int) uri->host.slen, uri->host.ptr);
	}

	return uri;
}

/*! \brief A request of the dialog, which is not sent: it has what is known of that. */
static pjsip_tx_data *request_of(pjsip_dialog *dlg)
{
	static const pjsip_method options = { PJSIP_OPTIONS_METHOD, { "OPTIONS", 7 } };
	pjsip_tx_data *tdata;

	return pjsip_dlg_create_request(dlg, &options, -1, &tdata) == PJ_SUCCESS ? tdata : NULL;
}

/*! \brief What chan_pjsip dials to reach the phone. \retval -1 it is too long */
static int write_dial(struct former *former, const pjsip_uri *target)
{
	char uri[URL_SIZE];
	int len = target->vptr->print(PJSIP_URI_IN_REQ_URI, target, uri, sizeof(uri) - 1);

	if (len < 1) {
		return -1;
	}
	uri[len] = '\0';

	return snprintf(former->dial, sizeof(former->dial), "%s/%s", ast_sorcery_object_get_id(former->session->endpoint), uri)
		< (int) sizeof(former->dial) ? 0 : -1;
}

/*! \brief Write down how to reach the phone, and which call is meant. \retval -1 something is too long */
static int describe(struct former *former, pjsip_dialog *dlg)
{
	pjsip_tx_data *tdata = request_of(dlg);
	const pjsip_msg *msg = tdata ? tx_message(tdata) : NULL;
	const pjsip_cid_hdr *id = msg ? pjsip_msg_find_hdr(msg, PJSIP_H_CALL_ID, NULL) : NULL;
	const pj_str_t *remote = &dialog_remote(dlg)->tag, *local = &dialog_local(dlg)->tag;
	int res = id ? write_dial(former, msg->line.req.uri) : -1;

	if (!res && snprintf(former->replaces, sizeof(former->replaces), "%.*s;to-tag=%.*s;from-tag=%.*s",
		(int) id->id.slen, id->id.ptr, (int) remote->slen, remote->ptr, (int) local->slen, local->ptr)
		>= (int) sizeof(former->replaces)) {
		res = -1;
	}
	address_of(dialog_local(dlg), former->known, sizeof(former->known));
	if (tdata) {
		pjsip_tx_data_dec_ref(tdata);
	}

	return res;
}

/*! \brief Task of the former session: its end at the phone is no longer that of its channel. */
static int task_hold(void *data)
{
	struct former *former = data;
	struct ast_sip_session *session = former->session;

	if (!session->channel || !session->endpoint || !session->inv_session || session->defer_end
		|| inv_state(session->inv_session) != PJSIP_INV_STATE_CONFIRMED
		|| describe(former, inv_dialog(session->inv_session))) {
		return -1;
	}
	session->defer_end = 1;
	session->ended_while_deferred = 0;

	return 0;
}

/*! \brief The next call goes the same way through proxies. */
static void copy_route(pjsip_dialog *from, pjsip_dialog *to)
{
	pjsip_tx_data *tdata = request_of(from);
	const pjsip_msg *msg = tdata ? tx_message(tdata) : NULL;
	pjsip_hdr head = { .prev = &head, .next = &head };
	const pjsip_hdr *route = msg ? pjsip_msg_find_hdr(msg, PJSIP_H_ROUTE, NULL) : NULL;

	for (; route; route = route->next == &msg->hdr ? NULL : pjsip_msg_find_hdr(msg, PJSIP_H_ROUTE, route->next)) {
		pj_list_insert_before(&head, pjsip_hdr_clone(tx_pool(tdata), route));
	}
	if (head.next != &head) {
		pjsip_dlg_set_route_set(to, &head);
	}
	if (tdata) {
		pjsip_tx_data_dec_ref(tdata);
	}
}

/*! \brief Task of the former session. */
static int task_route(void *data)
{
	struct former *former = data;
	pjsip_inv_session *inv = former->session->inv_session;
	struct state *state;

	if (inv && former->next->inv_session) {
		copy_route(inv_dialog(inv), inv_dialog(former->next->inv_session));
	}
	state = state_of(former->next);
	if (!state) {
		return -1;
	}
	ast_copy_string(state->replaces, former->replaces, sizeof(state->replaces));
	ast_copy_string(state->known, former->known, sizeof(state->known));
	ao2_ref(state, -1);

	return 0;
}

static int task_release(void *data)
{
	ast_sip_session_end_if_deferred(data);

	return 0;
}

static void former_free(struct former *former)
{
	ao2_cleanup(former->next);
	ao2_cleanup(former->session);
	ast_free(former);
	ast_module_unref(AST_MODULE_SELF);
}

static struct former *former_alloc(struct ast_channel *chan)
{
	struct former *former = ast_calloc(1, sizeof(*former));

	if (!former) {
		return NULL;
	}
	ast_module_ref(AST_MODULE_SELF);
	former->session = session_of(chan);
	if (!former->session || ast_sip_push_task_wait_serializer(former->session->serializer, task_hold, former)) {
		former_free(former);
		return NULL;
	}

	return former;
}

/*! \brief A channel to the same phone, with what is known of the other side. */
static struct ast_channel *request(struct former *former, struct ast_channel *chan)
{
	struct ast_format_cap *formats;
	struct ast_channel *next;
	int cause;

	ast_channel_lock(chan);
	formats = ao2_bump(ast_channel_nativeformats(chan));
	ast_channel_unlock(chan);
	next = ast_request("PJSIP", formats, NULL, chan, former->dial, &cause);
	ao2_cleanup(formats);
	if (!next) {
		return NULL;
	}

	ast_channel_lock_both(chan, next);
	ast_party_caller_copy(ast_channel_caller(next), ast_channel_caller(chan));
	ast_party_connected_line_copy(ast_channel_connected(next), ast_channel_connected(chan));
	ast_party_redirecting_copy(ast_channel_redirecting(next), ast_channel_redirecting(chan));
	ast_channel_language_set(next, ast_channel_language(chan));
	ast_channel_musicclass_set(next, ast_channel_musicclass(chan));
	ast_channel_accountcode_set(next, ast_channel_accountcode(chan));
	ast_channel_unlock(next);
	ast_channel_unlock(chan);

	return next;
}

struct ast_channel *replace_successor(attribute_unused struct zrtp_signalling_listener *listener, struct ast_channel *chan,
	void **out)
{
	struct former *former = former_alloc(chan);
	struct ast_channel *next = former ? request(former, chan) : NULL;

	*out = NULL;
	if (!former) {
		return NULL;
	}
	former->next = next ? session_of(next) : NULL;
	if (!former->next || ast_sip_push_task_wait_serializer(former->session->serializer, task_route, former)) {
		replace_settled(former);
		if (next) {
			ast_hangup(next);
		}
		return NULL;
	}
	*out = former;

	return next;
}

void replace_settled(void *data)
{
	struct former *former = data;

	ast_sip_push_task_wait_serializer(former->session->serializer, task_release, former->session);
	former_free(former);
}

/*! \brief Be called as the PBX itself is. \param known not to be called so */
static void rename_user(pjsip_fromto_hdr *hdr, pj_pool_t *pool, const char *known)
{
	char user[128], address[ADDRESS_SIZE];
	pjsip_sip_uri *uri = address_of(hdr, address, sizeof(address));

	if (!uri) {
		return;
	}
	ast_sip_get_default_from_user(user, sizeof(user));
	pj_strdup2(pool, &uri->user, user);
	if (address_of(hdr, address, sizeof(address)) && !strcasecmp(address, known)) {
		uri->user = pj_str("zrtp");
	}
}

/*! \brief Linphone takes no call from a party it has a call with, not even one that replaces that. */
static void vary_from(const struct state *state, pjsip_tx_data *tdata, pjsip_dialog *dlg)
{
	pjsip_fromto_hdr *from = pjsip_msg_find_hdr(tx_message(tdata), PJSIP_H_FROM, NULL);
	char address[ADDRESS_SIZE];

	if (address_of(from, address, sizeof(address)) && !strcasecmp(address, state->known)) {
		rename_user(from, tx_pool(tdata), state->known);
		rename_user(dialog_local(dlg), dialog_pool(dlg), state->known);
	}
}

void replace_write(struct ast_sip_session *session, pjsip_tx_data *tdata)
{
	struct state *state;

	if (!session->inv_session || inv_state(session->inv_session) != PJSIP_INV_STATE_NULL) {
		return;
	}
	state = state_of(session);
	if (state && !ast_strlen_zero(state->replaces)) {
		ast_sip_add_header(tdata, "Replaces", state->replaces);
		/* A phone that cannot do it shall not ring. */
		ast_sip_add_header(tdata, "Require", REPLACES);
		vary_from(state, tdata, inv_dialog(session->inv_session));
	}
	ao2_cleanup(state);
}
