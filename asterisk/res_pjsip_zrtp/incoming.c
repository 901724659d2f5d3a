/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief a=zrtp-hash in what we receive.
 *
 * An offer is read before it is answered, and every description again when it
 * is applied to the media: only then answers in an ACK, and those of another
 * branch of a forked call, are known for sure.
 */

#include "asterisk.h"

#include "res_pjsip_zrtp.h"

#include "asterisk/astobj2.h"
#include "asterisk/logger.h"
#include "asterisk/netsock2.h"
#include "asterisk/strings.h"
#include "asterisk/taskprocessor.h"
#include "asterisk/utils.h"

#define ATTRIBUTE "zrtp-hash"

/*! A flag of some phones, at an m-line or for all of them: they speak ZRTP. */
#define FLAG "zrtp"

/*! Room for a tag; what is longer is cut off. */
#define TAG_SIZE 256

/*! So much of a wrong value is shown in the log. */
#define SHOWN_MAX 80

/*! What an m-line says of ZRTP. */
struct found {
	char value[ZRTP_SIGNALLING_HASH_SIZE]; /*!< Of our version; empty: none */
	unsigned int malformed;
	unsigned int others;                   /*!< Of other versions */
	unsigned int contradictions;           /*!< Valid ones that are not the first */
	unsigned int flag:1;                   /*!< The flag is there */
	char shown[SHOWN_MAX + 1];             /*!< One of the malformed ones */
};

void copy_printable(char *out, size_t size, const pj_str_t *text)
{
	size_t len = MIN((size_t) MAX(text->slen, 0), size - 1), i;

	for (i = 0; i < len; i++) {
		out[i] = text->ptr[i] >= ' ' && text->ptr[i] <= '~' ? text->ptr[i] : '?';
	}
	out[len] = '\0';
}

static void take(struct found *found, const struct zrtp_signalling *api, const pj_str_t *text)
{
	char value[256];

	/* One that is cut off is not valid either way. */
	copy_printable(value, sizeof(value), text);
	switch (api->check(value)) {
	case ZRTP_SIGNALLING_VALID:
		if (ast_strlen_zero(found->value)) {
			ast_copy_string(found->value, value, sizeof(found->value));
		} else if (strcasecmp(found->value, value)) {
			found->contradictions++;
		}
		break;
	case ZRTP_SIGNALLING_OTHER_VERSION:
		found->others++;
		break;
	default:
		found->malformed++;
		ast_copy_string(found->shown, value, sizeof(found->shown));
		break;
	}
}

static void read_line(struct found *found, const struct zrtp_signalling *api, const pjmedia_sdp_media *media)
{
	unsigned int i;

	memset(found, 0, sizeof(*found));
	for (i = 0; i < line_attrs(media); i++) {
		if (!pj_stricmp2(&line_attr(media, i)->name, ATTRIBUTE)) {
			take(found, api, &line_attr(media, i)->value);
		} else if (!pj_stricmp2(&line_attr(media, i)->name, FLAG)) {
			found->flag = 1;
		}
	}
}

/*! \brief Whose description it is: each branch of a forked call has a tag of its own (RFC 3261, 12.1). */
static const char *remote_tag(struct ast_sip_session *session, char *out, size_t size)
{
	const pj_str_t *tag = &dialog_remote(inv_dialog(session->inv_session))->tag;

	snprintf(out, size, "%.*s", (int) MIN(tag->slen, (pj_ssize_t) size - 1), tag->ptr);

	return out;
}

/*! \brief Give res_zrtp what an m-line says. */
static void give(const struct zrtp_signalling *api, struct ast_rtp_instance *instance, struct ast_sip_session *session,
	const struct found *found, const pjmedia_sdp_session *sdp)
{
	int hash = !ast_strlen_zero(found->value);
	char tag[TAG_SIZE];

	api->peer_hash(instance, remote_tag(session, tag, sizeof(tag)), S_COR(hash, found->value, NULL),
		hash || found->others || found->flag || sdp_attr(sdp, FLAG));
}

/*! \brief Tell what is wrong with an m-line; the channel and the line are named. */
static void tell(struct ast_sip_session *session, const struct found *found, const pjmedia_sdp_session *sdp, unsigned int line)
{
	const pj_str_t *media = &sdp_line(sdp, line)->desc.media;
	char name[AST_CHANNEL_NAME], where[AST_CHANNEL_NAME + 40], type[17];

	if (!found->malformed && !found->contradictions && !found->others && !sdp_attr(sdp, ATTRIBUTE)) {
		return;
	}
	copy_printable(type, sizeof(type), media);
	snprintf(where, sizeof(where), "%s: m-line %u (%s)", state_name(session, name, sizeof(name)), line + 1, type);
	if (found->malformed) {
		ast_log(LOG_WARNING, "%s: %u malformed a=zrtp-hash ignored, the last one is '%s'\n", where, found->malformed,
			found->shown);
	}
	if (found->contradictions) {
		ast_log(LOG_WARNING, "%s: several a=zrtp-hash contradict each other, only the first one is accepted\n", where);
	}
	if (found->others && ast_strlen_zero(found->value)) {
		ast_log(LOG_NOTICE, "%s: a=zrtp-hash ignored, it is of other ZRTP versions than 1.10 only\n", where);
	}
	if (sdp_attr(sdp, ATTRIBUTE)) {
		ast_log(LOG_NOTICE, "%s: a=zrtp-hash at session level ignored, it has to stand below an m-line\n", where);
	}
}

void incoming_activated(struct zrtp_signalling_listener *listener, struct ast_rtp_instance *instance)
{
	struct state *state = (struct state *) listener;
	/* Only the session itself applies descriptions, so it is there. */
	struct ast_sip_session *session = state->session;
	const struct zrtp_signalling *api = state_api(instance);
	const pjmedia_sdp_session *remote;
	struct found found;
	int line;

	if (!api || !session || !session->inv_session || !ast_taskprocessor_is_task(session->serializer)
		|| !inv_negotiator(session->inv_session)
		|| pjmedia_sdp_neg_get_active_remote(inv_negotiator(session->inv_session), &remote) != PJ_SUCCESS) {
		return;
	}
	line = state_line(session, instance);
	if (line < 0 || line >= (int) sdp_lines(remote)) {
		return;
	}
	read_line(&found, api, sdp_line(remote, line));
	tell(session, &found, remote, line);
	give(api, instance, session, &found, remote);
}

/*! \brief The host that a message came from is the phone's, or that of a proxy before it. */
static void tell_source(struct ast_sip_session *session, pjsip_rx_data *rdata)
{
	const struct zrtp_signalling *api;
	struct ast_rtp_instance *instance;
	struct ast_sockaddr source;
	unsigned int i;

	if (!ast_sockaddr_parse(&source, rx_source(rdata), PARSE_PORT_FORBID)) {
		return;
	}
	for (i = 0; i < LINES_MAX; i++) {
		instance = state_instance(session, i);
		api = instance ? state_api(instance) : NULL;
		if (api) {
			api->came_from(instance, &source);
		}
	}
}

void incoming_response(struct ast_sip_session *session, pjsip_rx_data *rdata)
{
	replace_learn(session, rdata);
	digits_learn(session, rdata);
	if (rx_message(rdata)->body) {
		tell_source(session, rdata);
	}
}

int incoming_request(struct ast_sip_session *session, pjsip_rx_data *rdata)
{
	pjsip_sdp_info *info = pjsip_rdata_get_sdp_info(rdata);
	struct state *state = info && info->sdp ? state_of(session) : NULL;
	struct ast_rtp_instance *instance;
	const struct zrtp_signalling *api;
	struct zrtp_signalling_numbers numbers;
	struct found found;
	unsigned int i;

	replace_learn(session, rdata);
	if (rx_message(rdata)->body) {
		tell_source(session, rdata);
	}
	digits_learn(session, rdata);
	for (i = 0; state && i < sdp_lines(info->sdp); i++) {
		instance = state_wanted(sdp_line(info->sdp, i)) ? state_instance(session, i) : NULL;
		api = instance ? state_api(instance) : NULL;
		if (!api) {
			continue;
		}
		api->listen(instance, &state->listener, state_medium(info->sdp, i));
		/* Later offers count when they are applied, since they may be refused. */
		if (inv_state(session->inv_session) != PJSIP_INV_STATE_CONFIRMED && session->channel) {
			read_line(&found, api, sdp_line(info->sdp, i));
			give(api, instance, session, &found, info->sdp);
			numbers_read(sdp_line(info->sdp, i), &numbers);
			api->calls(instance, session->channel, &numbers);
		}
	}
	ao2_cleanup(state);

	return 0;
}
