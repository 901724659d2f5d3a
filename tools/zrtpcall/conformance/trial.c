/* SPDX-License-Identifier: BSD-2-Clause */
/* One call of a conformance test: what is done to the packets, and what was seen. */
#include "trial.h"

static void destroy(void *arg)
{
	struct trial *trial = arg;

	mem_deref(trial->octets);
}

struct trial *trial_new(const struct act *act)
{
	struct trial *trial = mem_zalloc(sizeof(*trial), destroy);

	if (!trial) {
		return NULL;
	}
	trial->act = act;
	trial->octets = mem_alloc(OCTETS_MAX, NULL);
	return trial->octets ? trial : mem_deref(trial);
}

/* ---- what was seen ---- */

static void record(struct trial *trial, enum side side, const uint8_t *datagram, size_t len)
{
	struct seen *seen = &trial->seen[trial->count];

	/* An endpoint may send without end: what is beyond is not judged. */
	if (trial->count == SEEN_MAX || len > OCTETS_MAX - trial->used || len < WIRE_LEAST) {
		return;
	}
	*seen = (struct seen){ clock_us(), side, trial->octets + trial->used, len };
	memcpy(trial->octets + trial->used, datagram, len);
	trial->used += len;
	trial->count++;
}

static bool fits(const struct seen *seen, enum side side, const char *type)
{
	return seen->side == side && (!type || wire_is(seen->octets, seen->len, type));
}

unsigned trial_count(const struct trial *trial, enum side side, const char *type)
{
	unsigned count = 0;

	for (unsigned i = 0; i < trial->count; i++) {
		count += fits(&trial->seen[i], side, type);
	}
	return count;
}

const struct seen *trial_nth(const struct trial *trial, enum side side, const char *type, unsigned number)
{
	for (unsigned i = 0; i < trial->count; i++) {
		if (fits(&trial->seen[i], side, type) && !number--) {
			return &trial->seen[i];
		}
	}
	return NULL;
}

const struct seen *trial_since(const struct trial *trial, enum side side, const char *type, uint64_t at)
{
	for (unsigned i = 0; i < trial->count; i++) {
		if (trial->seen[i].at >= at && fits(&trial->seen[i], side, type)) {
			return &trial->seen[i];
		}
	}
	return NULL;
}

unsigned trial_media(const struct trial *trial, uint64_t from, uint64_t to)
{
	unsigned count = 0;

	for (unsigned i = 0; i < trial->media_count; i++) {
		count += trial->media_at[i] >= from && trial->media_at[i] < to;
	}
	return count;
}

const uint8_t *seen_message(const struct seen *seen)
{
	return seen->octets + WIRE_MESSAGE;
}

size_t seen_message_len(const struct seen *seen)
{
	return seen->len - WIRE_MESSAGE - WIRE_CRC_SIZE;
}

bool seen_same_message(const struct seen *a, const struct seen *b)
{
	return a->len == b->len && !memcmp(seen_message(a), seen_message(b), seen_message_len(a));
}

bool trial_never_begins(const struct trial *trial)
{
	const struct seen *hello = trial_nth(trial, THEIRS, "Hello", 0);

	return hello && seen_message_len(hello) >= HELLO_LISTS &&
	       wire_u32(seen_message(hello) + HELLO_FLAGS) & 0x10000000;
}

/* ---- what is done ---- */

static bool listed(const char *const *types, unsigned count, const uint8_t *datagram, size_t len,
		   unsigned *which)
{
	for (unsigned i = 0; i < count && types[i]; i++) {
		if (!strcmp(types[i], "*") || wire_is(datagram, len, types[i])) {
			*which = i;
			return true;
		}
	}
	return false;
}

static bool is_wrong_now(const struct trial *trial)
{
	return !trial->act->wrong_ms || clock_us() < trial->first_sent_at + trial->act->wrong_ms * 1000ull;
}

/* The field of a message, as the act has it. */
static bool change_field(struct trial *trial, uint8_t *datagram, size_t len)
{
	const struct act *act = trial->act;
	uint8_t *field = datagram + WIRE_MESSAGE + act->change.at;

	if (act->change.how == CHANGE_NONE || !wire_is(datagram, len, act->change.type) ||
	    WIRE_MESSAGE + act->change.at + act->change.len + WIRE_CRC_SIZE > len) {
		return false;
	}
	for (size_t i = 0; i < act->change.len; i++) {
		switch (act->change.how) {
		case CHANGE_TEXT:
			field[i] = (uint8_t)act->change.text[i];
			break;
		case CHANGE_FLIP:
			field[i] ^= 0x55;
			break;
		case CHANGE_ONE: /* the number 1 */
		default:
			field[i] = i + 1 == act->change.len;
			break;
		}
	}
	return true;
}

static void do_wrong(struct trial *trial, uint8_t *datagram, size_t len)
{
	const struct act *act = trial->act;
	const struct seen *theirs = trial_nth(trial, THEIRS, NULL, 0);
	bool changed = change_field(trial, datagram, len);

	if (act->header_bits) {
		datagram[0] |= 0x0f;
		datagram[1] = 0xff;
		changed = true;
	}
	if (act->their_ssrc && theirs) {
		memcpy(datagram + WIRE_SSRC, theirs->octets + WIRE_SSRC, 4);
		changed = true;
	}
	if (changed || act->wrong_crc) {
		wire_seal(datagram, len, !act->wrong_crc);
		trial->changed++;
	}
}

bool trial_sending(struct medium *medium, uint8_t *datagram, size_t len, void *arg)
{
	struct trial *trial = arg;
	const struct act *act = trial->act;
	unsigned which;

	if (!medium->is_audio || len < WIRE_LEAST) {
		return true;
	}
	if (listed(act->unsent, OMITTED_MAX, datagram, len, &which) ||
	    (act->only && !wire_is(datagram, len, act->only)) ||
	    (act->role == ROLE_INITIATOR && wire_is(datagram, len, "HelloACK")) ||
	    (act->their_ssrc && !trial_nth(trial, THEIRS, NULL, 0))) {
		return false;
	}
	if (!trial->first_sent_at) {
		trial->first_sent_at = clock_us();
	}
	if (is_wrong_now(trial)) {
		do_wrong(trial, datagram, len);
	}
	record(trial, OURS, datagram, len);
	return true;
}

bool trial_received(struct medium *medium, const uint8_t *datagram, size_t len, void *arg)
{
	struct trial *trial = arg;
	const struct act *act = trial->act;
	unsigned which;

	if (!medium->is_audio) {
		return true;
	}
	if (!zrtp_is_zrtp(datagram, len)) {
		if (trial->media_count < MEDIA_MAX && len && datagram[0] >> 6 == 2) {
			trial->media_at[trial->media_count++] = clock_us();
		}
		return true;
	}
	record(trial, THEIRS, datagram, len);
	if (!listed(act->unheard, OMITTED_MAX, datagram, len, &which) ||
	    (act->once && trial->heard_once & 1u << which)) {
		return true;
	}
	trial->heard_once |= 1u << which;
	return false;
}

void trial_send(struct trial *trial, const char *type, const uint8_t *body, size_t len)
{
	enum { FAR = 1000 }; /* from the engine's own sequence numbers */
	uint8_t datagram[256];
	struct medium *medium = trial->call ? trial->call->audio : NULL;
	size_t size;

	if (!medium) {
		return;
	}
	size = wire_make(datagram, sizeof(datagram), (uint16_t)(FAR + trial->count),
			 rtp_sess_ssrc(medium->rtp), type, body, len);
	record(trial, OURS, datagram, size);
	medium_send_raw(medium, datagram, size);
}

void trial_close(struct trial *trial)
{
	const struct call *call = trial->call;
	const struct medium *video;

	if (!call) {
		return;
	}
	video = call->video;
	trial->record = call->record;
	trial->srtp_received = call->audio->gate.srtp_received;
	trial->has_hash = sdp_media_rattr(call->audio->sdp, "zrtp-hash");
	if (call->zrtp && call->audio->zrtp) {
		zrtp_stream_get_info(call->audio->zrtp, &trial->info);
		zrtp_session_get_info(call->zrtp, &trial->session);
	}
	if (video && video->zrtp) {
		struct zrtp_stream_info info;

		zrtp_stream_get_info(video->zrtp, &info);
		trial->video_active = medium_active(video);
		trial->video_secure = info.state == ZRTP_STATE_SECURE;
		trial->video_multistream = info.multistream;
	}
	trial->call = NULL;
}
