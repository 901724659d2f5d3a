/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Finding out how the running pjproject keeps things.
 *
 * A pointer found in a structure is followed only if it leads into memory of
 * the pool that the structure is in.
 */

#include "asterisk.h"

#include "layout.h"

#include "asterisk/strings.h"
#include "asterisk/utils.h"

/*! Of our pool: whatever is parsed from our messages is in its first block. */
#define POOL_SIZE (256 * 1024)
#define POOL_NAME "zrtp"
/*! More than pjsip_rx_data has in any version: a packet of 64 KiB and what is around it. */
#define RX_SIZE (256 * 1024)
/*! So far a structure for descriptions may go. */
#define SDP_SIZE (16 * 1024)
/*! So far from their beginnings we look at structures of the library's own making, which are larger. */
#define TX_SIZE 640
#define DLG_SIZE 480
#define INV_SIZE 192

#define ID "zrtp-known-id"
#define TAG "zrtp-known-tag"
#define OTHER_TAG "zrtp-other-tag"
#define USER "zrtp-known-user"
#define HOST "192.0.2.8"

/*! No other text in them is as long. */
#define SDP_NAME "zrtp known session name"
#define SDP_BEGIN "v=0\r\no=- 1 1 IN IP4 " HOST "\r\ns=" SDP_NAME "\r\nc=IN IP4 " HOST "\r\nt=0 0\r\n"
#define SDP_LINES "m=audio 4712 RTP/AVP 0 101\r\na=known-one:1\r\na=known-two:2\r\na=rtpmap:101 telephone-event/8000\r\n" \
	"m=video 4714 RTP/AVP 99\r\na=rtpmap:99 VP8/90000\r\n"
#define SDP_PLAIN SDP_BEGIN SDP_LINES
#define SDP_WITH_ATTR SDP_BEGIN "a=known-session:yes\r\n" SDP_LINES

#define LOCAL "<sip:" USER "@" HOST ">"
#define REMOTE "<sip:zrtp-known-other-user@192.0.2.7;transport=udp>"

/*! A piece of memory of a pool, and the beginning of a pool; checked by check_pool(). */
struct block {
	struct block *prev, *next;
	const char *begin, *free, *end;
};

struct pool {
	void *prev, *next;
	char name[32];
	void *factory, *factory_data;
	size_t capacity, increment;
	struct block blocks;
};

/*! What of it is found so far. */
struct finding {
	struct layout layout;
	pjsip_module *module;
	pj_pool_t *pool;
};

/*! \brief A copy in our pool, with a NUL behind it. */
static char *copy(struct finding *finding, const char *text)
{
	return strcpy(pj_pool_alloc(finding->pool, strlen(text) + 1), text);
}

static int is(const pj_str_t *text, const char *expected)
{
	return text->slen == (pj_ssize_t) strlen(expected) && !memcmp(text->ptr, expected, text->slen);
}

/*! \brief Is this memory of a pool, for so many octets? */
static int in_pool(const pj_pool_t *pool, const void *memory, size_t size)
{
	const struct block *blocks = &((const struct pool *) pool)->blocks, *block;

	for (block = blocks->next; block != blocks; block = block->next) {
		if ((const char *) memory >= block->begin && (const char *) memory + size <= block->end) {
			return 1;
		}
	}

	return 0;
}

/*! \brief Is this the pool that a structure, the first thing in it, is in? */
static int is_pool(const pj_pool_t *pool, const void *structure, size_t size)
{
	/* It is in one piece with its first block. */
	return (const char *) structure > (const char *) pool && (const char *) structure < (const char *) pool + 2 * sizeof(struct pool)
		&& in_pool(pool, structure, size);
}

/*! \brief Our pool, which has one block, right behind its own data. */
static const char *check_pool(const pj_pool_t *ours)
{
	const struct pool *pool = (const struct pool *) ours;
	const char *begin = (const char *) ours, *end = begin + POOL_SIZE;
	const struct block *block = pool->blocks.next;

	return !strncmp(pool->name, POOL_NAME, sizeof(pool->name)) && pool->increment == POOL_SIZE && pool->capacity >= POOL_SIZE
		&& (const char *) block > begin && (const char *) block < begin + 2 * sizeof(*pool)
		&& block->next == &pool->blocks && block->prev == &pool->blocks && pool->blocks.prev == block
		&& block->begin > begin && block->free >= block->begin && block->free < block->end
		&& block->end > begin + POOL_SIZE / 2 && block->end <= end ? NULL : "pools";
}

/*! \brief The only place of a pointer in a structure. \retval 0 there is none, or several */
static size_t find_pointer(const void *structure, size_t size, const void *pointer)
{
	size_t i, place = 0, times = 0;

	for (i = sizeof(void *); i < size; i += sizeof(void *)) {
		if (*(void *const *) ((const char *) structure + i) == pointer) {
			place = i;
			times++;
		}
	}

	return times == 1 ? place : 0;
}

/*! \brief The first number that is not zero from here on, if it is the expected one. \retval 0 it is not */
static size_t find_number(const struct finding *finding, const void *structure, size_t from, unsigned int expected)
{
	const unsigned int *words = structure;
	size_t i;

	if (!in_pool(finding->pool, structure, SDP_SIZE)) {
		return 0;
	}
	for (i = from / sizeof(*words); i < SDP_SIZE / sizeof(*words) && !words[i]; i++) {
	}

	return i < SDP_SIZE / sizeof(*words) && words[i] == expected && (i * sizeof(*words)) % sizeof(void *) == 0
		? i * sizeof(*words) : 0;
}

static pjmedia_sdp_session *parse_sdp(struct finding *finding, const char *text)
{
	pjmedia_sdp_session *sdp = NULL;

	return pjmedia_sdp_parse(finding->pool, copy(finding, text), strlen(text), &sdp) == PJ_SUCCESS ? sdp : NULL;
}

/*! So far from its beginning pjmedia_sdp_session has its name; before that is the origin. */
#define SDP_NAME_MAX 160

/*! \brief What is behind the name, and the connection behind that, of which bandwidth and time are zero in ours. \retval 0 unknown */
static size_t behind_connection(const struct finding *finding, const pjmedia_sdp_session *sdp)
{
	const pj_str_t *text;
	size_t i, place = 0, times = 0;

	for (i = 0; in_pool(finding->pool, sdp, SDP_SIZE) && i < SDP_NAME_MAX; i += sizeof(void *)) {
		text = (const pj_str_t *) ((const char *) sdp + i);
		if (text->slen == (pj_ssize_t) strlen(SDP_NAME) && in_pool(finding->pool, text->ptr, text->slen) && is(text, SDP_NAME)
			&& in_pool(finding->pool, *(void *const *) (text + 1), sizeof(pj_str_t))) {
			place = i + sizeof(*text) + sizeof(void *);
			times++;
		}
	}

	return times == 1 ? place : 0;
}

static const char *find_sdp(struct finding *finding)
{
	struct layout *layout = &finding->layout;
	pjmedia_sdp_session *plain = parse_sdp(finding, SDP_PLAIN), *with = parse_sdp(finding, SDP_WITH_ATTR);
	pjmedia_sdp_media *media;
	size_t from = plain && with ? behind_connection(finding, plain) : 0;

	if (!from) {
		return "session descriptions";
	}
	layout->sdp_lines = find_number(finding, plain, from, 2);
	layout->sdp_attrs = find_number(finding, with, from, 1);
	if (!layout->sdp_lines || !layout->sdp_attrs || layout->sdp_attrs >= layout->sdp_lines
		|| !in_pool(finding->pool, *(void *const *) ((const char *) with + layout->sdp_attrs + sizeof(void *)), sizeof(pjmedia_sdp_attr))) {
		return "m-lines and attributes of a session description";
	}
	layout->attr_max = (layout->sdp_lines - layout->sdp_attrs) / sizeof(void *) - 1;
	layout_use(layout);
	media = sdp_line(plain, 0);
	if (!in_pool(finding->pool, media, SDP_SIZE) || media->desc.fmt_count != 2 || media->desc.port != 4712
		|| !is(&media->desc.media, "audio") || !is(&media->desc.fmt[0], "0") || !is(&media->desc.fmt[1], "101")) {
		return "an m-line";
	}
	layout->line_attrs = find_number(finding, media, (const char *) &media->desc.fmt[2] - (const char *) media, 3);
	if (!layout->line_attrs) {
		return "attributes of an m-line";
	}
	layout_use(layout);
	if (line_attr(media, 1) != pjmedia_sdp_media_find_attr2(media, "known-two", NULL)
		|| !is(&line_attr(media, 1)->value, "2") || !sdp_attr(with, "known-session") || sdp_attr(plain, "known-session")
		|| !in_pool(finding->pool, sdp_line(plain, 1), SDP_SIZE) || !is(&sdp_line(plain, 1)->desc.media, "video")) {
		return "values of a session description";
	}

	return NULL;
}

/*! \brief The headers that we read, of messages that we know. */
static const char *check_headers(const pjsip_msg *msg)
{
	static const pj_str_t reason = { "Reason", 6 };
	const pjsip_fromto_hdr *from = pjsip_msg_find_hdr(msg, PJSIP_H_FROM, NULL), *to = pjsip_msg_find_hdr(msg, PJSIP_H_TO, NULL);
	const pjsip_cid_hdr *id = pjsip_msg_find_hdr(msg, PJSIP_H_CALL_ID, NULL);
	const pjsip_supported_hdr *supported = pjsip_msg_find_hdr(msg, PJSIP_H_SUPPORTED, NULL);
	const pjsip_generic_string_hdr *text = pjsip_msg_find_hdr_by_name(msg, &reason, NULL);
	const pjsip_sip_uri *uri;

	if (!from || !to || !id || !supported || !text || !is(&from->tag, TAG) || !is(&to->tag, OTHER_TAG) || !is(&id->id, ID)) {
		return "From, To and Call-ID";
	}
	uri = uri_of_sip(from->uri);
	if (!uri || !is(&uri->user, USER) || !is(&uri->host, HOST)) {
		return "the address in From";
	}
	if (supported->count != 2 || !is(&supported->values[1], "replaces") || !is(&text->hvalue, "Q.850;cause=16")
		|| !pjsip_msg_find_hdr(msg, PJSIP_H_ROUTE, NULL)) {
		return "Supported, Reason and Route";
	}

	return NULL;
}

#define HEADERS "Via: SIP/2.0/UDP " HOST ";branch=z9hG4bKknown\r\nFrom: " LOCAL ";tag=" TAG "\r\nTo: " REMOTE ";tag=" OTHER_TAG "\r\n" \
	"Call-ID: " ID "\r\nCSeq: 7 INVITE\r\nSupported: timer, replaces\r\nReason: Q.850;cause=16\r\nRoute: <sip:192.0.2.9;lr>\r\n"

static const char *check_request(struct finding *finding, pjsip_rx_data *rdata)
{
	const pjsip_msg *msg = rx_message(rdata);
	const pjsip_sip_uri *uri;
	const pjsip_sdp_info *info;

	if (!in_pool(finding->pool, msg, sizeof(*msg)) || msg->type != PJSIP_REQUEST_MSG
		|| msg->line.req.method.id != PJSIP_INVITE_METHOD || !is(&msg->line.req.method.name, "INVITE")) {
		return "a request line";
	}
	uri = uri_of_sip(msg->line.req.uri);
	if (!uri || !is(&uri->user, "called") || !in_pool(finding->pool, msg->body, sizeof(*msg->body))
		|| !is(&msg->body->content_type.subtype, "sdp")) {
		return "the address or the body of a request";
	}
	info = pjsip_rdata_get_sdp_info(rdata);
	if (!info || info->sdp_err != PJ_SUCCESS || !info->sdp || sdp_lines(info->sdp) != 2
		|| line_attrs(sdp_line(info->sdp, 0)) != 3) {
		return "the session description of a request";
	}

	return check_headers(msg);
}

static const char *find_message(struct finding *finding)
{
	static const char response[] = "SIP/2.0 488 Not Acceptable Here\r\n" HEADERS "Content-Length: 0\r\n\r\n";
	char request[2048], *text;
	pjsip_rx_data *rdata = ast_calloc(1, RX_SIZE);
	const char *wrong = "a message cannot be parsed";
	pjsip_msg *msg;

	if (!rdata) {
		return "out of memory";
	}
	snprintf(request, sizeof(request), "INVITE sip:called@192.0.2.7 SIP/2.0\r\n" HEADERS
		"Content-Type: application/sdp\r\nContent-Length: %zu\r\n\r\n%s", strlen(SDP_PLAIN), SDP_PLAIN);
	/* It begins so. */
	*(pj_pool_t **) rdata = finding->pool;
	text = copy(finding, request);
	msg = pjsip_parse_rdata(text, strlen(text), rdata);
	if (msg) {
		finding->layout.rx_msg = find_pointer(rdata, RX_SIZE, msg);
		layout_use(&finding->layout);
		wrong = finding->layout.rx_msg ? check_request(finding, rdata) : "the message in what was received";
	}
	if (!wrong) {
		text = copy(finding, response);
		msg = pjsip_parse_msg(finding->pool, text, strlen(text), NULL);
		wrong = !msg || msg->type != PJSIP_RESPONSE_MSG || msg->line.status.code != 488 || msg->body
			? "a status line" : check_headers(msg);
	}
	ast_free(rdata);

	return wrong;
}

/*! \brief Look at the list of what the library calls: ours is to be in it. */
static const char *check_module(void)
{
	const pjsip_module *ua = pjsip_ua_instance();

	return ua && is(&ua->name, "mod-ua") && ua->id >= 0 && ua->priority == PJSIP_MOD_PRIORITY_UA_PROXY_LAYER && ua->load
		&& ua->unload && ua->on_rx_request && ua->on_rx_response && !ua->on_tx_request
		&& !ua->on_tx_response && ua->on_tsx_state ? NULL : "modules";
}

/*! What a dialog has of each side: the header, its text, hash of the tag, Contact, two numbers of CSeq. */
struct leg_view {
	pjsip_fromto_hdr *hdr;
	pj_str_t text;
	uint32_t hash;
	void *contact;
	int32_t first, last;
};

static const char *find_parties(struct finding *finding, const pjsip_dialog *dlg)
{
	const size_t view = sizeof(struct leg_view);
	struct layout *layout = &finding->layout;
	const pj_str_t *text;
	size_t i, times = 0;

	if (!is_pool(dialog_pool(dlg), dlg, DLG_SIZE)) {
		return "the pool of a dialog";
	}
	for (i = sizeof(void *); i < DLG_SIZE; i += sizeof(void *)) {
		text = (const pj_str_t *) ((const char *) dlg + i);
		if (text->slen == (pj_ssize_t) strlen(LOCAL)
			&& ((const pj_str_t *) ((const char *) dlg + i + view))->slen == (pj_ssize_t) strlen(REMOTE)) {
			layout->dlg_local = i - sizeof(void *);
			layout->dlg_remote = layout->dlg_local + view;
			times++;
		}
	}
	if (times != 1) {
		return "the parties of a dialog";
	}
	layout_use(layout);

	return is((const pj_str_t *) ((const char *) dlg + layout->dlg_local + sizeof(void *)), LOCAL)
		&& dialog_local(dlg)->tag.slen > 0 && !dialog_remote(dlg)->tag.slen
		&& uri_of_sip(dialog_local(dlg)->uri) && is(&uri_of_sip(dialog_local(dlg)->uri)->user, USER)
		&& uri_of_sip(dialog_remote(dlg)->uri) ? NULL : "who the parties of a dialog are";
}

/*! \brief A request of the dialog, which is not sent. */
static const char *find_sent(struct finding *finding, pjsip_dialog *dlg)
{
	static const pjsip_method method = { PJSIP_OPTIONS_METHOD, { "OPTIONS", 7 } };
	pjsip_tx_data *tdata;
	const pjsip_msg *msg;
	const pjsip_fromto_hdr *from;
	size_t i, times = 0;

	if (pjsip_dlg_create_request(dlg, &method, -1, &tdata) != PJ_SUCCESS) {
		return "a request cannot be made";
	}
	for (i = is_pool(tx_pool(tdata), tdata, TX_SIZE) ? TX_SIZE - sizeof(void *) : 0; i > 0; i -= sizeof(void *)) {
		msg = *(const pjsip_msg *const *) ((const char *) tdata + i);
		if (!((uintptr_t) msg % sizeof(void *)) && in_pool(tx_pool(tdata), msg, sizeof(*msg)) && msg->type == PJSIP_REQUEST_MSG
			&& msg->line.req.method.id == method.id && msg->line.req.method.name.slen == method.name.slen) {
			finding->layout.tx_msg = i;
			times++;
		}
	}
	layout_use(&finding->layout);
	from = times == 1 ? pjsip_msg_find_hdr(tx_message(tdata), PJSIP_H_FROM, NULL) : NULL;
	times = from && from->tag.slen == dialog_local(dlg)->tag.slen
		&& !memcmp(from->tag.ptr, dialog_local(dlg)->tag.ptr, from->tag.slen);
	pjsip_tx_data_dec_ref(tdata);

	return times ? NULL : "the message in what is sent";
}

/*! \brief Where is the state, which is another one when the call has ended? Ends it. */
static const char *find_state(struct finding *finding, pjsip_inv_session *inv)
{
	enum { CODE = 487, WORDS = INV_SIZE / sizeof(unsigned int) };
	unsigned int before[WORDS], after[WORDS];
	size_t i, codes = 0, states = 0;

	memcpy(before, inv, sizeof(before));
	pjsip_inv_add_ref(inv);
	pjsip_inv_terminate(inv, CODE, 0);
	memcpy(after, inv, sizeof(after));
	pjsip_inv_dec_ref(inv);
	for (i = 0; i < WORDS; i++) {
		codes += before[i] != CODE && after[i] == CODE;
		if (before[i] == PJSIP_INV_STATE_NULL && after[i] == PJSIP_INV_STATE_DISCONNECTED) {
			finding->layout.inv_state = i * sizeof(before[0]);
			states++;
		}
	}

	return codes == 1 && states == 1 ? NULL : "the state of a call";
}

/*! A part of pjsip_inv_session. */
struct inv_part {
	pjsip_dialog *dlg;
	int role;
	unsigned int options;
	pjmedia_sdp_neg *neg;
};

/*! \brief A call, with a description of ours or without. */
static const char *find_call(struct finding *finding, pjsip_dialog *dlg, const pjmedia_sdp_session *sdp)
{
	struct layout *layout = &finding->layout;
	const pjmedia_sdp_session *local = NULL;
	pjsip_inv_session *inv;
	pjmedia_sdp_neg *neg;
	const char *wrong;

	if (pjsip_inv_create_uac(dlg, sdp, 0, &inv) != PJ_SUCCESS) {
		return "a call cannot be made";
	}
	layout->inv_dlg = find_pointer(inv, INV_SIZE, dlg);
	layout->inv_neg = layout->inv_dlg + offsetof(struct inv_part, neg);
	layout_use(layout);
	neg = inv_negotiator(inv);
	if (!layout->inv_dlg || !neg != !sdp || (neg && (pjmedia_sdp_neg_get_state(neg) != PJMEDIA_SDP_NEG_STATE_LOCAL_OFFER
		|| pjmedia_sdp_neg_get_neg_local(neg, &local) != PJ_SUCCESS || sdp_lines(local) != sdp_lines(sdp)))) {
		wrong = "the dialog and the descriptions of a call";
		pjsip_inv_terminate(inv, 487, 0);
	} else {
		wrong = find_state(finding, inv);
	}

	return wrong;
}

static const char *find_dialog(struct finding *finding, const pjmedia_sdp_session *sdp)
{
	const pj_str_t local = { LOCAL, sizeof(LOCAL) - 1 }, remote = { REMOTE, sizeof(REMOTE) - 1 };
	pjsip_dialog *dlg;
	const char *wrong;

	if (pjsip_dlg_create_uac(pjsip_ua_instance(), &local, NULL, &remote, NULL, &dlg) != PJ_SUCCESS) {
		return "a dialog cannot be made";
	}
	/* So it stays when the call has ended. */
	pjsip_dlg_inc_session(dlg, finding->module);
	wrong = find_parties(finding, dlg);
	if (!wrong) {
		wrong = find_sent(finding, dlg);
	}
	if (!wrong) {
		wrong = find_call(finding, dlg, sdp);
	}
	pjsip_dlg_dec_session(dlg, finding->module);

	return wrong;
}

static void never(attribute_unused void *heap, attribute_unused pj_timer_entry *entry)
{
}

/*! \brief Is that which is within Asterisk's structures as long as we have it? */
static const char *check_timer(void)
{
	union {
		pj_timer_entry entry;
		unsigned char octets[256];
	} room;
	size_t i;

	memset(&room, 0xaa, sizeof(room));
	pj_timer_entry_init(&room.entry, 7, &room, never);
	for (i = sizeof(room.entry); i < sizeof(room) && room.octets[i] == 0xaa; i++) {
	}

	return room.entry.user_data == &room && room.entry.id == 7 && room.entry.timer_id == -1 && i == sizeof(room)
		? NULL : "timers";
}

const char *layout_find(pjsip_endpoint *endpoint, pjsip_module *module)
{
	struct finding finding = { .module = module };
	const char *wrong = check_timer();

	if (!wrong) {
		wrong = check_module();
	}
	finding.pool = wrong ? NULL : pjsip_endpt_create_pool(endpoint, POOL_NAME, POOL_SIZE, POOL_SIZE);
	if (!finding.pool) {
		return wrong ? wrong : "out of memory";
	}
	wrong = check_pool(finding.pool);
	if (!wrong) {
		wrong = find_sdp(&finding);
	}
	if (!wrong) {
		wrong = find_message(&finding);
	}
	if (!wrong) {
		wrong = find_dialog(&finding, parse_sdp(&finding, SDP_PLAIN));
	}
	if (!wrong) {
		wrong = find_dialog(&finding, NULL);
	}
	pjsip_endpt_release_pool(endpoint, finding.pool);

	return wrong;
}
