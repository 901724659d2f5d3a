/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief The payload types of one phone in the offer to the other one.
 *
 * Payload types are authenticated, so a call can be passed through only where
 * both phones have the same. A phone that is called answers with those it is
 * offered (RFC 3264, 6.1), so it is offered those of the phone that calls. Our
 * end expects them from then on, and later descriptions have them by that.
 */

#include "asterisk.h"

#include "res_pjsip_zrtp.h"

#include "asterisk/astobj2.h"
#include "asterisk/strings.h"
#include "asterisk/utils.h"
#include "asterisk/vector.h"

/*! \brief The number a text begins with. \retval -1 none \param len digits it has */
static int number_of(const pj_str_t *text, int *len)
{
	int number = 0, i;

	for (i = 0; i < text->slen && text->ptr[i] >= '0' && text->ptr[i] <= '9' && number < ZRTP_SIGNALLING_NUMBERS; i++) {
		number = 10 * number + text->ptr[i] - '0';
	}
	*len = i;

	return i && number < ZRTP_SIGNALLING_NUMBERS && (i == text->slen || text->ptr[i] == ' ') ? number : -1;
}

/*! \brief May it be given to any encoding? Those of RTCP (RFC 5761, 4) are spared. */
static int is_dynamic(int number)
{
	return (number > AST_RTP_PT_LAST_STATIC && number <= AST_RTP_PT_LAST_REASSIGN)
		|| (number >= AST_RTP_PT_FIRST_DYNAMIC && number < ZRTP_SIGNALLING_NUMBERS);
}

/*! \brief What a format of an m-line is, empty if it is not told or too long. */
static void encoding_of(const pjmedia_sdp_media *media, const pj_str_t *format, char *out, size_t size)
{
	const pjmedia_sdp_attr *attr = pjmedia_sdp_media_find_attr2(media, "rtpmap", format);
	pj_ssize_t at = format->slen + 1;
	size_t len;

	*out = '\0';
	if (!attr || attr->value.slen <= at || attr->value.slen - at >= (pj_ssize_t) size) {
		return;
	}
	snprintf(out, size, "%.*s", (int) (attr->value.slen - at), attr->value.ptr + at);
	ast_trim_blanks(out);
	/* One channel need not be said (RFC 8866, 6.6). */
	len = strlen(out);
	if (ast_ends_with(out, "/1")) {
		out[len - 2] = '\0';
	}
}

static int has(const struct zrtp_signalling_numbers *numbers, const char *encoding)
{
	unsigned int i;

	for (i = 0; i < ZRTP_SIGNALLING_NUMBERS; i++) {
		if (!strcasecmp(numbers->encoding[i], encoding)) {
			return 1;
		}
	}

	return 0;
}

void numbers_read(const pjmedia_sdp_media *media, struct zrtp_signalling_numbers *out)
{
	char encoding[ZRTP_SIGNALLING_ENCODING_SIZE];
	unsigned int i;
	int number, len;

	memset(out, 0, sizeof(*out));
	for (i = 0; i < media->desc.fmt_count; i++) {
		number = number_of(&media->desc.fmt[i], &len);
		if (!is_dynamic(number)) {
			continue;
		}
		encoding_of(media, &media->desc.fmt[i], encoding, sizeof(encoding));
		/* Of several with one name the first counts, as it does for the core. */
		if (!ast_strlen_zero(encoding) && !has(out, encoding)) {
			ast_copy_string(out->encoding[number], encoding, sizeof(out->encoding[number]));
		}
	}
}

/*! \brief Which number is to become which: a permutation, so what is in the way takes the free one. */
static int plan(const pjmedia_sdp_media *media, const struct zrtp_signalling_numbers *wanted, uint8_t *to)
{
	struct zrtp_signalling_numbers ours;
	unsigned int i, j, k;
	int changed = 0;

	numbers_read(media, &ours);
	for (i = 0; i < ZRTP_SIGNALLING_NUMBERS; i++) {
		to[i] = i;
	}
	for (i = 0; i < ZRTP_SIGNALLING_NUMBERS; i++) {
		for (j = 0; j < ZRTP_SIGNALLING_NUMBERS; j++) {
			if (ast_strlen_zero(ours.encoding[i]) || strcasecmp(ours.encoding[i], wanted->encoding[j])) {
				continue;
			}
			for (k = 0; to[k] != j; k++) {
			}
			to[k] = to[i];
			to[i] = j;
			changed |= i != j;
		}
	}

	return changed;
}

/*! \brief Replace the number that a text begins with. */
static void replace_number(pj_pool_t *pool, pj_str_t *text, const uint8_t *to)
{
	int len, number = number_of(text, &len);
	size_t size = text->slen + sizeof("127");
	char *out;

	if (number >= 0 && to[number] != number) {
		out = pj_pool_alloc(pool, size);
		snprintf(out, size, "%u%.*s", to[number], (int) text->slen - len, text->ptr + len);
		*text = pj_str(out);
	}
}

static int has_number(const pjmedia_sdp_attr *attr)
{
	return !pj_stricmp2(&attr->name, "rtpmap") || !pj_stricmp2(&attr->name, "fmtp") || !pj_stricmp2(&attr->name, "rtcp-fb");
}

static void replace_numbers(pj_pool_t *pool, pjmedia_sdp_media *media, const uint8_t *to)
{
	unsigned int i;

	for (i = 0; i < media->desc.fmt_count; i++) {
		replace_number(pool, &media->desc.fmt[i], to);
	}
	for (i = 0; i < line_attrs(media); i++) {
		if (has_number(line_attr(media, i))) {
			replace_number(pool, &line_attr(media, i)->value, to);
		}
	}
}

/*! \brief Takes the reference. \pre codecs is locked */
static void expect(struct ast_rtp_codecs *codecs, size_t number, struct ast_rtp_payload_type *type)
{
	struct ast_rtp_payload_type *former = NULL;

	if (number < AST_VECTOR_SIZE(&codecs->payload_mapping_rx)) {
		former = AST_VECTOR_GET(&codecs->payload_mapping_rx, number);
	} else if (!type) {
		return;
	}
	if (AST_VECTOR_REPLACE(&codecs->payload_mapping_rx, number, type)) {
		ao2_cleanup(type);
	} else {
		ao2_cleanup(former);
	}
}

/*! \brief Expect the numbers that are offered. Formats stay those of the core, so that it finds them in later offers. */
static void expect_numbers(struct ast_rtp_codecs *codecs, const uint8_t *to)
{
	struct ast_rtp_payload_type *types[ZRTP_SIGNALLING_NUMBERS] = { NULL };
	unsigned int i;

	for (i = 0; i < ZRTP_SIGNALLING_NUMBERS; i++) {
		if (to[i] != i) {
			types[to[i]] = ast_rtp_codecs_get_payload(codecs, i);
		}
	}
	ast_rwlock_wrlock(&codecs->codecs_lock);
	for (i = 0; i < ZRTP_SIGNALLING_NUMBERS; i++) {
		if (to[i] != i) {
			expect(codecs, i, types[i]);
		}
	}
	ast_rwlock_unlock(&codecs->codecs_lock);
}

/*! \brief An INVITE that begins a call. Later ones have the numbers already. */
static int is_first(const pjsip_tx_data *tdata)
{
	const pjsip_msg *msg = tx_message(tdata);
	const pjsip_fromto_hdr *to = pjsip_msg_find_hdr(msg, PJSIP_H_TO, NULL);

	return msg->type == PJSIP_REQUEST_MSG && msg->line.req.method.id == PJSIP_INVITE_METHOD && to && !to->tag.slen;
}

/*! \brief Streams that share a transport share their numbers too. */
static int is_bundled(const pjmedia_sdp_session *sdp)
{
	return sdp_attr(sdp, "group") != NULL;
}

/*! \brief What the answer will be compared with, which session timers offer again; NULL if there is none. */
static pjmedia_sdp_session *kept_offer(struct ast_sip_session *session, const pjmedia_sdp_session *sdp)
{
	pjmedia_sdp_neg *neg = session->inv_session ? inv_negotiator(session->inv_session) : NULL;
	const pjmedia_sdp_session *kept;

	if (!neg || pjmedia_sdp_neg_get_state(neg) != PJMEDIA_SDP_NEG_STATE_LOCAL_OFFER
		|| pjmedia_sdp_neg_get_neg_local(neg, &kept) != PJ_SUCCESS || sdp_lines(kept) != sdp_lines(sdp)) {
		return NULL;
	}

	/* It is a copy of the negotiator's own, which has no other way to change an offer before its answer. */
	return (pjmedia_sdp_session *) kept;
}

void numbers_offer(struct ast_sip_session *session, pjsip_tx_data *tdata, pjmedia_sdp_session *sdp)
{
	pjmedia_sdp_session *kept = is_first(tdata) && !is_bundled(sdp) ? kept_offer(session, sdp) : NULL;
	struct zrtp_signalling_numbers wanted;
	const struct zrtp_signalling *api;
	struct ast_rtp_instance *instance;
	uint8_t to[ZRTP_SIGNALLING_NUMBERS];
	unsigned int i;

	for (i = 0; kept && i < sdp_lines(sdp); i++) {
		instance = state_wanted(sdp_line(sdp, i)) ? state_instance(session, i) : NULL;
		api = instance ? state_api(instance) : NULL;
		if (!api || api->numbers(instance, &wanted)) {
			continue;
		}
		if (plan(sdp_line(kept, i), &wanted, to)) {
			expect_numbers(ast_rtp_instance_get_codecs(instance), to);
			replace_numbers(dialog_pool(inv_dialog(session->inv_session)), sdp_line(kept, i), to);
		}
		if (plan(sdp_line(sdp, i), &wanted, to)) {
			replace_numbers(tx_pool(tdata), sdp_line(sdp, i), to);
		}
	}
}
