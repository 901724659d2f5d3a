/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The engine against libbzrtp, the ZRTP of Linphone: both in this process,
 * over a simulated network in simulated time, and once over UDP.
 *
 * This source is ours, but a program built from it links libbzrtp, which is
 * under the GPL version 3. It is a test: it is built on request, run where it
 * was built, and not distributed with the engine, which knows nothing of it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <bzrtp/bzrtp.h>
#include <sqlite3.h>
#include <zrtp/cache.h>
#include <zrtp/zrtp.h>

#include <arpa/inet.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <poll.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
	MS = 1000,
	SECOND = 1000 * MS,
	STEP = 10 * MS, /* Linphone calls its engine this often */
	DELAY = 15 * MS,
	CHANNELS = 2,
	QUEUE = 128,
	KEPT = 8, /* messages for total_hash */
};

enum side { OURS, BZRTP };

/* Which of the two sends the Commit that counts. */
enum starter { BZRTP_STARTS, ENGINE_STARTS, BOTH_START };

/* What happens to the last messages of an exchange. */
enum mishap {
	NOTHING,
	CONF2ACK_LOST,   /* the responder stores, the initiator does not */
	CONF2ACK_FORGED, /* Confirm2 is lost: the initiator stores, the responder does not */
	CONFIRM1_LOST,   /* neither does */
	MISHAPS
};

struct packet {
	uint64_t at;
	enum side to;
	unsigned channel;
	size_t len;
	uint8_t octets[ZRTP_DATAGRAM_MAX];
};

/* What one side has to say of one channel. */
struct report {
	bool has_keys[2], secure;
	struct zrtp_srtp_keys keys[2]; /* by enum zrtp_direction */
};

struct channel {
	struct call *call;
	unsigned index;
	struct zrtp_stream *stream;
	struct report report[2];
};

/* What outlives a call: identities and caches. */
struct world {
	struct zrtp_context *context;
	struct zrtp_retained stored;
	bool has_stored;
	sqlite3 *db; /* NULL: bzrtp without a cache */
	/* A store of ours, or nothing: then stored is all. */
	struct zrtp_store_link link;
	int64_t clock; /* seconds */
};

struct choice {
	const char *name[ZRTP_CLASS_COUNT]; /* NULL: S256 AES1 HS80 X255 B32 */
	/* What bzrtp offers, where that is not the one above; up to a zero. */
	uint8_t bzrtp_hashes[8], bzrtp_kexes[8];
};

struct call {
	struct world *world;
	struct zrtp_session *session;
	bzrtpContext_t *bzrtp;
	struct channel channel[CHANNELS];
	unsigned channels;
	enum starter starter;
	uint64_t now;
	unsigned loss;    /* per cent */
	uint64_t slow[2]; /* how much later packets to a side come */
	enum mishap mishap;
	uint64_t prng;
	unsigned queued;
	struct packet queue[QUEUE];
	void (*carry)(struct call *call, const struct packet *packet); /* NULL: simulated */
	int socket[2];

	char bzrtp_sas[32];
	int bzrtp_verified;
	bool bzrtp_mismatch;
	unsigned bzrtp_status; /* 1 << message id */
	uint8_t bzrtp_role;
	uint8_t bzrtp_export[48];
	size_t bzrtp_export_len;
	unsigned events, errors;
	/* The last of each message on the wire, by its type's first letters. */
	struct packet kept[KEPT];
	unsigned kept_count;
};

static const char label[] = "a key for something else";

/* ---- algorithms ---- */

static const struct {
	const char *name;
	uint8_t id;
} algorithms[] = {
	{ "S256", ZRTP_HASH_S256 },         { "S384", ZRTP_HASH_S384 },
	{ "AES1", ZRTP_CIPHER_AES1 },       { "AES3", ZRTP_CIPHER_AES3 },
	{ "HS32", ZRTP_AUTHTAG_HS32 },      { "HS80", ZRTP_AUTHTAG_HS80 },
	{ "DH2k", ZRTP_KEYAGREEMENT_DH2k }, { "DH3k", ZRTP_KEYAGREEMENT_DH3k },
	{ "X255", ZRTP_KEYAGREEMENT_X255 }, { "X448", ZRTP_KEYAGREEMENT_X448 },
	{ "Mult", ZRTP_KEYAGREEMENT_Mult }, { "B32", ZRTP_SAS_B32 },
	{ "B256", ZRTP_SAS_B256 },
#ifdef ZRTP_AUTHTAG_GCM /* since SDK 5.3 */
	{ "GCM", ZRTP_AUTHTAG_GCM },
#endif
};

static uint8_t bzrtp_id(const char *name)
{
	for (size_t i = 0; i < sizeof(algorithms) / sizeof(*algorithms); i++) {
		if (!strcmp(algorithms[i].name, name)) {
			return algorithms[i].id;
		}
	}
	fail_msg("bzrtp has no %s", name);
	return 0;
}

static const char *chosen(const struct choice *choice, unsigned which)
{
	static const char *const usual[ZRTP_CLASS_COUNT] = { "S256", "AES1", "HS80", "X255", "B32" };

	return choice && choice->name[which] ? choice->name[which] : usual[which];
}

static const uint8_t *bzrtp_list(const struct choice *choice, unsigned which)
{
	if (!choice) {
		return NULL;
	}
	switch (which) {
	case ZRTP_CLASS_HASH:
		return choice->bzrtp_hashes;
	case ZRTP_CLASS_KEX:
		return choice->bzrtp_kexes;
	default:
		return NULL;
	}
}

static void bzrtp_offer(bzrtpContext_t *context, const struct choice *choice)
{
	static const uint8_t classes[ZRTP_CLASS_COUNT] = { ZRTP_HASH_TYPE, ZRTP_CIPHERBLOCK_TYPE,
							   ZRTP_AUTHTAG_TYPE, ZRTP_KEYAGREEMENT_TYPE,
							   ZRTP_SAS_TYPE };

	for (unsigned c = 0; c < ZRTP_CLASS_COUNT; c++) {
		const uint8_t *own = bzrtp_list(choice, c);
		uint8_t ids[7] = { 0 }, count = 0;

		while (own && own[count]) {
			ids[count] = own[count];
			count++;
		}
		if (!count) {
			ids[count++] = bzrtp_id(chosen(choice, c));
		}
		if (c == ZRTP_CLASS_KEX) {
			ids[count++] = ZRTP_KEYAGREEMENT_Mult;
		}
		bzrtp_setSupportedCryptoTypes(context, classes[c], ids, count);
	}
}

static void engine_offer(struct zrtp_policy *policy, const struct choice *choice)
{
	zrtp_policy_init(policy);
	for (unsigned c = 0; c < ZRTP_CLASS_COUNT; c++) {
		assert_int_equal(zrtp_policy_set(policy, (enum zrtp_class)c, chosen(choice, c), NULL),
				 ZRTP_OK);
	}
}

/* ---- network ---- */

static uint64_t next_random(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * 2685821657736338717ULL;
}

static bool is(const struct packet *packet, const char *type)
{
	return packet->len >= 28 && !memcmp(packet->octets + 16, type, 8);
}

/* The side that shall start is the only one that hears of its own Hello. */
static bool withheld(const struct call *call, const struct packet *packet)
{
	return call->starter == ENGINE_STARTS && packet->to == BZRTP && is(packet, "HelloACK");
}

static void keep(struct call *call, const struct packet *packet)
{
	for (unsigned i = 0; i < call->kept_count; i++) {
		struct packet *old = &call->kept[i];

		if (old->to == packet->to && !memcmp(old->octets + 16, packet->octets + 16, 8)) {
			*old = *packet;
			return;
		}
	}
	if (call->kept_count < KEPT && packet->len >= 28 &&
	    (is(packet, "Hello   ") || is(packet, "Commit  ") || is(packet, "DHPart1 ") ||
	     is(packet, "DHPart2 "))) {
		call->kept[call->kept_count++] = *packet;
	}
}

static uint32_t ssrc_of(enum side side, unsigned channel)
{
	return 0x1000 * (side + 1) + channel;
}

static void write_u32(uint8_t *out, uint32_t value)
{
	for (unsigned i = 0; i < 4; i++) {
		out[i] = (uint8_t)(value >> (24 - 8 * i));
	}
}

/* RFC 3309, in the order of RFC 6189, 5. */
static uint32_t crc32c(const uint8_t *octets, size_t len)
{
	uint32_t crc = 0xffffffff;

	while (len--) {
		crc ^= *octets++;
		for (unsigned bit = 0; bit < 8; bit++) {
			crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78 : 0);
		}
	}
	return ~crc;
}

/* Any host can send it: it has no MAC. */
static void forge_conf2ack(struct packet *packet)
{
	static const uint8_t message[12] = { 0x50, 0x5a, 0x00, 0x03, 'C', 'o', 'n', 'f', '2', 'A', 'C', 'K' };
	uint32_t crc;

	packet->to = packet->to == OURS ? BZRTP : OURS;
	write_u32(packet->octets, 0x1000ff00); /* a late sequence number */
	write_u32(packet->octets + 4, 0x5a525450);
	write_u32(packet->octets + 8, ssrc_of(packet->to == OURS ? BZRTP : OURS, packet->channel));
	memcpy(packet->octets + 12, message, sizeof(message));
	crc = crc32c(packet->octets, 24);
	for (unsigned i = 0; i < 4; i++) {
		packet->octets[24 + i] = (uint8_t)(crc >> 8 * i);
	}
	packet->len = 28;
}

/* False: it does not arrive. */
static bool goes_on(const struct call *call, struct packet *packet)
{
	switch (call->mishap) {
	case CONF2ACK_LOST:
		return !is(packet, "Conf2ACK");
	case CONFIRM1_LOST:
		return !is(packet, "Confirm1");
	case CONF2ACK_FORGED:
		if (is(packet, "Confirm2")) {
			forge_conf2ack(packet);
		}
		return true;
	case NOTHING:
	case MISHAPS:
		break;
	}
	return true;
}

static void simulate(struct call *call, const struct packet *packet)
{
	if (next_random(&call->prng) % 100 < call->loss) {
		return;
	}
	assert_true(call->queued < QUEUE);
	call->queue[call->queued++] = *packet;
}

static void put_on_wire(struct channel *channel, enum side to, const uint8_t *octets, size_t len)
{
	struct call *call = channel->call;
	struct packet packet = {
		.at = call->now + DELAY + call->slow[to], .to = to, .channel = channel->index, .len = len
	};

	assert_true(len <= sizeof(packet.octets));
	memcpy(packet.octets, octets, len);
	if (withheld(call, &packet) || !goes_on(call, &packet)) {
		return;
	}
	if (!channel->index) {
		keep(call, &packet);
	}
	(call->carry ? call->carry : simulate)(call, &packet);
}

static void hand_over(struct call *call, struct packet *packet)
{
	if (packet->to == OURS) {
		(void)zrtp_stream_receive(call->channel[packet->channel].stream, packet->octets, packet->len,
					  call->now);
	} else {
		bzrtp_processMessage(call->bzrtp, ssrc_of(BZRTP, packet->channel), packet->octets,
				     (uint16_t)packet->len);
	}
}

static void deliver_due(struct call *call)
{
	for (unsigned i = 0; i < call->queued;) {
		struct packet packet = call->queue[i];

		if (packet.at > call->now) {
			i++;
			continue;
		}
		call->queued--;
		memmove(&call->queue[i], &call->queue[i + 1], (call->queued - i) * sizeof(packet));
		hand_over(call, &packet);
	}
}

/* ---- the engine's side ---- */

static void on_send(struct zrtp_stream *stream, const uint8_t *datagram, size_t len, void *arg)
{
	(void)stream;
	put_on_wire(arg, BZRTP, datagram, len);
}

static int on_keys(struct zrtp_stream *stream, enum zrtp_direction direction,
		   const struct zrtp_srtp_keys *keys, void *arg)
{
	struct report *report = &((struct channel *)arg)->report[OURS];

	(void)stream;
	report->keys[direction] = *keys;
	report->has_keys[direction] = true;
	return 0;
}

static void on_secure(struct zrtp_stream *stream, void *arg)
{
	(void)stream;
	((struct channel *)arg)->report[OURS].secure = true;
}

static void on_error(struct zrtp_stream *stream, const struct zrtp_error_info *info, void *arg)
{
	(void)stream;
	(void)info;
	((struct channel *)arg)->call->errors++;
}

static void on_event(struct zrtp_stream *stream, enum zrtp_event event, void *arg)
{
	(void)stream;
	((struct channel *)arg)->call->events |= 1U << event;
}

static int cache_get(const struct zrtp_cache_key *key, struct zrtp_retained *out, void *arg)
{
	struct world *world = arg;

	(void)key;
	*out = world->stored;
	return world->has_stored ? 0 : -1;
}

static void cache_put(const struct zrtp_cache_key *key, const struct zrtp_retained *in, void *arg)
{
	struct world *world = arg;

	(void)key;
	world->stored = *in;
	world->has_stored = true;
}

/* ---- bzrtp's side ---- */

static int bzrtp_on_send(void *arg, const uint8_t *octets, uint16_t len)
{
	put_on_wire(arg, OURS, octets, len);
	return 0;
}

static void take_keys(struct zrtp_srtp_keys *out, const uint8_t *key, size_t key_len, const uint8_t *salt,
		      size_t salt_len, uint8_t tag)
{
	assert_true(key_len <= sizeof(out->key));
	assert_true(salt_len <= sizeof(out->salt));
	memcpy(out->key, key, key_len);
	memcpy(out->salt, salt, salt_len);
	out->key_len = (unsigned)key_len;
	out->salt_len = (unsigned)salt_len;
	out->tag_bits = tag == ZRTP_AUTHTAG_HS32 ? 32 : 80;
#ifdef ZRTP_AUTHTAG_GCM
	out->tag_bits = tag == ZRTP_AUTHTAG_GCM ? 128 : out->tag_bits;
#endif
}

static int bzrtp_on_secrets(void *arg, const bzrtpSrtpSecrets_t *s, uint8_t part)
{
	struct report *report = &((struct channel *)arg)->report[BZRTP];

	if (part & ZRTP_SRTP_SECRETS_FOR_SENDER) {
		take_keys(&report->keys[ZRTP_SEND], s->selfSrtpKey, s->selfSrtpKeyLength, s->selfSrtpSalt,
			  s->selfSrtpSaltLength, s->authTagAlgo);
		report->has_keys[ZRTP_SEND] = true;
	}
	if (part & ZRTP_SRTP_SECRETS_FOR_RECEIVER) {
		take_keys(&report->keys[ZRTP_RECEIVE], s->peerSrtpKey, s->peerSrtpKeyLength, s->peerSrtpSalt,
			  s->peerSrtpSaltLength, s->authTagAlgo);
		report->has_keys[ZRTP_RECEIVE] = true;
	}
	return 0;
}

static int bzrtp_on_secure(void *arg, const bzrtpSrtpSecrets_t *s, int32_t verified)
{
	struct channel *channel = arg;

	channel->report[BZRTP].secure = true;
	if (!channel->index) {
		assert_non_null(s->sas);
		snprintf(channel->call->bzrtp_sas, sizeof(channel->call->bzrtp_sas), "%s", s->sas);
		channel->call->bzrtp_verified = verified;
		channel->call->bzrtp_mismatch = s->cacheMismatch;
	}
	return 0;
}

static int bzrtp_on_status(void *arg, const uint8_t level, const uint8_t id, const char *text)
{
	(void)level;
	(void)text;
	((struct channel *)arg)->call->bzrtp_status |= 1U << id;
	return 0;
}

/* The only moment at which bzrtp gives away exported keys. */
static int bzrtp_on_export(void *arg, int zuid, uint8_t role)
{
	struct call *call = ((struct channel *)arg)->call;
	char text[sizeof(label)];

	(void)zuid;
	memcpy(text, label, sizeof(label));
	call->bzrtp_role = role;
	call->bzrtp_export_len = sizeof(call->bzrtp_export);
	assert_int_equal(bzrtp_exportKey(call->bzrtp, text, sizeof(label) - 1, call->bzrtp_export,
					 &call->bzrtp_export_len),
			 0);
	return 0;
}

/* ---- life ---- */

static void world_open(struct world *world, bool with_cache)
{
	const struct zrtp_cache cache = { cache_get, cache_put, world };
	const struct zrtp_context_config config = { .client_id = "interop", .cache = &cache };

	memset(world, 0, sizeof(*world));
	assert_int_equal(zrtp_context_new(&world->context, &config), ZRTP_OK);
	if (with_cache) {
		assert_int_equal(sqlite3_open(":memory:", &world->db), SQLITE_OK);
		assert_int_equal(bzrtp_initCache_lock(world->db, NULL), BZRTP_CACHE_SETUP);
	}
}

static int64_t world_clock(void *arg)
{
	return ((struct world *)arg)->clock;
}

/* Both with a cache that keeps what calls at once need, as PBXs have it. */
static void world_open_store(struct world *world)
{
	struct zrtp_context_config config = { .client_id = "interop" };
	struct zrtp_store_config none = { .existing = false };
	struct zrtp_store_error error;
	struct zrtp_cache cache;

	world_open(world, true);
	zrtp_context_free(world->context);
	world->clock = 1000000;
	world->link = (struct zrtp_store_link){ .clock = world_clock, .arg = world };
	assert_int_equal(zrtp_store_open_memory(&world->link.store, &none, &error), ZRTP_STORE_OK);
	cache = zrtp_store_cache(&world->link);
	config.cache = &cache;
	assert_int_equal(zrtp_context_new(&world->context, &config), ZRTP_OK);
}

static void world_close(struct world *world)
{
	zrtp_context_free(world->context);
	sqlite3_close(world->db);
	if (world->link.store) {
		(void)zrtp_store_close(world->link.store, NULL);
	}
}

static void open_engine(struct call *call, const struct choice *choice)
{
	static const struct zrtp_callbacks callbacks = {
		.send = on_send, .keys = on_keys, .secure = on_secure, .error = on_error, .event = on_event
	};
	struct zrtp_policy policy;

	engine_offer(&policy, choice);
	policy.passive = call->starter == BZRTP_STARTS;
	assert_int_equal(zrtp_session_new(&call->session, call->world->context, &policy, &callbacks),
			 ZRTP_OK);
}

static void open_bzrtp(struct call *call, const struct choice *choice)
{
	static const bzrtpCallbacks_t callbacks = { .bzrtp_statusMessage = bzrtp_on_status,
						    .bzrtp_messageLevel = BZRTP_MESSAGE_DEBUG,
						    .bzrtp_sendData = bzrtp_on_send,
						    .bzrtp_srtpSecretsAvailable = bzrtp_on_secrets,
						    .bzrtp_startSrtpSession = bzrtp_on_secure,
						    .bzrtp_contextReadyForExportedKeys = bzrtp_on_export };

	call->bzrtp = bzrtp_createBzrtpContext();
	assert_non_null(call->bzrtp);
	assert_int_equal(bzrtp_setCallbacks(call->bzrtp, &callbacks), 0);
	if (call->world->db) {
		bzrtp_setZIDCache_lock(call->bzrtp, call->world->db, "sip:bzrtp@example.org",
				       "sip:engine@example.org", NULL);
	}
	bzrtp_offer(call->bzrtp, choice);
	assert_int_equal(bzrtp_initBzrtpContext(call->bzrtp, ssrc_of(BZRTP, 0)), 0);
}

static void add_channel(struct call *call)
{
	struct channel *channel = &call->channel[call->channels];

	channel->call = call;
	channel->index = call->channels;
	assert_int_equal(
		zrtp_stream_new(&channel->stream, call->session, ssrc_of(OURS, channel->index), channel),
		ZRTP_OK);
	if (channel->index) {
		assert_int_equal(bzrtp_addChannel(call->bzrtp, ssrc_of(BZRTP, channel->index)), 0);
	}
	bzrtp_setClientData(call->bzrtp, ssrc_of(BZRTP, channel->index), channel);
	call->channels++;
}

static void start_channel(struct call *call, unsigned index)
{
	assert_int_equal(zrtp_stream_start(call->channel[index].stream, call->now), ZRTP_OK);
	assert_int_equal(bzrtp_startChannelEngine(call->bzrtp, ssrc_of(BZRTP, index)), 0);
}

static struct call *call_open(struct world *world, enum starter starter, const struct choice *choice)
{
	struct call *call = calloc(1, sizeof(*call));

	assert_non_null(call);
	call->world = world;
	call->starter = starter;
	call->now = SECOND;
	call->prng = 88172645463325252ULL;
	open_engine(call, choice);
	open_bzrtp(call, choice);
	add_channel(call);
	return call;
}

static void call_close(struct call *call)
{
	zrtp_session_free(call->session);
	for (unsigned i = call->channels; i--;) {
		bzrtp_destroyBzrtpContext(call->bzrtp, ssrc_of(BZRTP, i));
	}
	free(call);
}

/* ---- time ---- */

static void tick(struct call *call)
{
	for (unsigned i = 0; i < call->channels; i++) {
		zrtp_stream_expire(call->channel[i].stream, call->now);
		bzrtp_iterate(call->bzrtp, ssrc_of(BZRTP, i), call->now / MS);
	}
}

static bool is_secure(const struct call *call, unsigned index)
{
	const struct report *report = call->channel[index].report;

	return report[OURS].secure && report[BZRTP].secure;
}

static bool run(struct call *call, unsigned index, uint64_t duration)
{
	uint64_t until = call->now + duration;

	while (call->now < until && !is_secure(call, index)) {
		call->now += STEP;
		deliver_due(call);
		tick(call);
	}
	return is_secure(call, index);
}

static struct call *call_secured(struct world *world, enum starter starter, const struct choice *choice)
{
	struct call *call = call_open(world, starter, choice);

	start_channel(call, 0);
	if (!run(call, 0, 20 * SECOND)) {
		fail_msg("not secure");
	}
	return call;
}

/* ---- looking ---- */

static void same_keys(const struct report *a, enum zrtp_direction of_a, const struct report *b,
		      enum zrtp_direction of_b)
{
	const struct zrtp_srtp_keys *x = &a->keys[of_a], *y = &b->keys[of_b];

	assert_true(a->has_keys[of_a] && b->has_keys[of_b]);
	assert_int_equal(x->key_len, y->key_len);
	assert_int_equal(x->salt_len, y->salt_len);
	assert_int_equal(x->tag_bits, y->tag_bits);
	assert_memory_equal(x->key, y->key, x->key_len);
	assert_memory_equal(x->salt, y->salt, sizeof(x->salt));
}

static struct zrtp_session_info session_info(const struct call *call)
{
	struct zrtp_session_info info;

	zrtp_session_get_info(call->session, &info);
	return info;
}

static struct zrtp_stream_info stream_info(const struct call *call, unsigned index)
{
	struct zrtp_stream_info info;

	zrtp_stream_get_info(call->channel[index].stream, &info);
	return info;
}

static void assert_agree(const struct call *call, unsigned index)
{
	const struct report *report = call->channel[index].report;

	same_keys(&report[OURS], ZRTP_SEND, &report[BZRTP], ZRTP_RECEIVE);
	same_keys(&report[OURS], ZRTP_RECEIVE, &report[BZRTP], ZRTP_SEND);
	assert_memory_not_equal(report[OURS].keys[0].key, report[OURS].keys[1].key, 16);
	/* Some words of the list are names: bzrtp writes them with a capital. */
	assert_int_equal(strcasecmp(session_info(call).sas, call->bzrtp_sas), 0);
	assert_int_equal(call->errors, 0);
}

static void assert_algorithms(const struct call *call, const struct choice *choice)
{
	struct zrtp_stream_info info = stream_info(call, 0);

	for (unsigned c = 0; c < ZRTP_CLASS_COUNT; c++) {
		assert_memory_equal(info.algorithm[c], chosen(choice, c), strlen(chosen(choice, c)));
	}
}

static void assert_roles(const struct call *call)
{
	bool initiator = stream_info(call, 0).initiator;

	assert_int_equal(call->bzrtp_role, initiator ? BZRTP_ROLE_RESPONDER : BZRTP_ROLE_INITIATOR);
	if (call->starter != BOTH_START) {
		assert_int_equal(initiator, call->starter == ENGINE_STARTS);
	}
}

static void one_call(enum starter starter, const struct choice *choice)
{
	struct world world;
	struct call *call;

	world_open(&world, false);
	call = call_secured(&world, starter, choice);
	assert_agree(call, 0);
	assert_algorithms(call, choice);
	assert_roles(call);
	call_close(call);
	world_close(&world);
}

/* ---- tests: the exchange ---- */

static void each_key_agreement_in_each_role(void **state)
{
	static const char *const names[] = { "DH2k", "DH3k", "X255", "X448" };

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		const struct choice choice = { .name = { [ZRTP_CLASS_KEX] = names[i] } };

		one_call(BZRTP_STARTS, &choice);
		one_call(ENGINE_STARTS, &choice);
		one_call(BOTH_START, &choice);
	}
}

static void each_hash_cipher_tag_and_sas(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 32; i++) {
		const struct choice choice = { .name = {
						       [ZRTP_CLASS_HASH] = i & 1 ? "S384" : "S256",
						       [ZRTP_CLASS_CIPHER] = i & 2 ? "AES3" : "AES1",
						       [ZRTP_CLASS_TAG] = i & 4 ? "HS32" : "HS80",
						       [ZRTP_CLASS_SAS] = i & 8 ? "B256" : "B32",
					       } };

		one_call(i & 16 ? BZRTP_STARTS : ENGINE_STARTS, &choice);
	}
}

#ifdef ZRTP_AUTHTAG_GCM
static void aes_gcm_in_each_role_and_for_a_further_stream(void **state)
{
	static const char *const kexes[] = { "DH3k", "X255", "X448" };

	(void)state;
	for (unsigned i = 0; i < 18; i++) {
		/* It uses no other cipher than this with X448. */
		const char *cipher = i & 1 || i / 6 == 2 ? "AES3" : "AES1";
		const struct choice choice = { .name = { [ZRTP_CLASS_CIPHER] = cipher,
							 [ZRTP_CLASS_TAG] = "GCM",
							 [ZRTP_CLASS_KEX] = kexes[i / 6] } };
		struct world world;
		struct call *call;

		world_open(&world, false);
		call = call_secured(&world, (enum starter)(i % 6 / 2), &choice);
		add_channel(call);
		start_channel(call, 1);
		assert_true(run(call, 1, 20 * SECOND));
		for (unsigned n = 0; n < 2; n++) {
			assert_agree(call, n);
			assert_int_equal(call->channel[n].report[OURS].keys[0].salt_len, 12);
			assert_int_equal(call->channel[n].report[OURS].keys[0].tag_bits, 128);
		}
		assert_algorithms(call, &choice);
		assert_roles(call);
		assert_true(stream_info(call, 1).multistream);
		call_close(call);
		world_close(&world);
	}
}
#endif

/* Some of the key agreements in some order: names for the engine, numbers for
 * bzrtp. */
static void draw_list(uint64_t *prng, char *names, uint8_t *ids)
{
	static const char *const all[] = { "DH2k", "X255", "X448", "DH3k" };
	unsigned left = 15, count = 1 + (unsigned)(next_random(prng) >> 33) % 4;

	for (unsigned n = 0; n < count;) {
		unsigned i = (unsigned)(next_random(prng) >> 33) % 4;

		if (left & 1U << i) {
			left &= ~(1U << i);
			strcat(names, all[i]);
			strcat(names, ",");
			ids[n++] = bzrtp_id(all[i]);
		}
	}
}

/* Both must come to the same choice by themselves (RFC 6189, 4.1.2): bzrtp has
 * its key pair before any Commit, and two Commits that differ block it. */
static void any_two_lists_of_key_agreements_lead_to_one(void **state) /* F24 */
{
	uint64_t prng = 1;

	(void)state;
	for (unsigned i = 0; i < 90; i++) {
		char names[32] = "", ignored[32] = "";
		struct choice choice = { .name = { [ZRTP_CLASS_KEX] = names } };
		uint8_t unused[8] = { 0 };
		struct world world;
		struct call *call;

		draw_list(&prng, names, unused);
		draw_list(&prng, ignored, choice.bzrtp_kexes);
		world_open(&world, false);
		call = call_open(&world, (enum starter)(i % 3), &choice);
		start_channel(call, 0);
		if (!run(call, 0, 20 * SECOND)) {
			fail_msg("engine %s bzrtp %s: not secure", names, ignored);
		}
		assert_agree(call, 0);
		call_close(call);
		world_close(&world);
	}
}

static void either_side_wins_a_contention(void **state)
{
	unsigned initiator = 0, calls = 0;

	(void)state;
	/* hvi decides: one side wins thirty times with probability 2^-29. */
	for (; calls < 30 && (!initiator || initiator == calls); calls++) {
		struct world world;
		struct call *call;

		world_open(&world, false);
		call = call_secured(&world, BOTH_START, NULL);
		assert_agree(call, 0);
		initiator += stream_info(call, 0).initiator;
		call_close(call);
		world_close(&world);
	}
	assert_true(initiator && initiator < calls);
}

static void the_second_channel_is_multistream(void **state)
{
	(void)state;
	for (unsigned starter = BZRTP_STARTS; starter <= BOTH_START; starter++) {
		struct world world;
		struct call *call;

		world_open(&world, false);
		call = call_secured(&world, (enum starter)starter, NULL);
		add_channel(call);
		start_channel(call, 1);
		assert_true(run(call, 1, 20 * SECOND));
		assert_agree(call, 0);
		assert_agree(call, 1);
		assert_true(stream_info(call, 1).multistream);
		assert_memory_not_equal(call->channel[0].report[OURS].keys[0].key,
					call->channel[1].report[OURS].keys[0].key, 16);
		call_close(call);
		world_close(&world);
	}
}

/* ---- tests: the cache ---- */

static void no_mismatch(const struct call *call, bool known)
{
	assert_int_equal(call->bzrtp_status & 1U << BZRTP_MESSAGE_CACHEMISMATCH, 0);
	assert_false(call->bzrtp_mismatch);
	assert_int_equal(call->events & 1U << ZRTP_EVENT_CACHE_MISMATCH, 0);
	assert_int_equal(session_info(call).rs_matched, known);
}

static void retained_secrets_match_over_three_calls(void **state)
{
	static const char *const hashes[] = { "S256", "S384" };

	(void)state;
	for (unsigned i = 0; i < 6; i++) {
		const struct choice choice = { .name = { [ZRTP_CLASS_HASH] = hashes[i % 2] } };
		struct world world;

		world_open(&world, true);
		for (unsigned n = 0; n < 3; n++) {
			struct call *call = call_secured(&world, (enum starter)(i / 2), &choice);

			assert_agree(call, 0);
			no_mismatch(call, n > 0);
			call_close(call);
		}
		world_close(&world);
	}
}

/* Headers name hashes that the library may not have. */
static bool bzrtp_has_all(const uint8_t *hashes)
{
	bzrtpContext_t *context = bzrtp_createBzrtpContext();
	uint8_t list[7] = { 0 };
	uint8_t count = 0, found;
	bool all = true;

	assert_non_null(context);
	assert_int_equal(bzrtp_initBzrtpContext(context, 1), 0);
	for (; hashes[count]; count++) {
		list[count] = hashes[count];
	}
	bzrtp_setSupportedCryptoTypes(context, ZRTP_HASH_TYPE, list, count);
	found = bzrtp_getSupportedCryptoTypes(context, ZRTP_HASH_TYPE, list);
	for (; *hashes; hashes++) {
		all = all && memchr(list, *hashes, found);
	}
	bzrtp_destroyBzrtpContext(context, 1);
	return all;
}

/* bzrtp computes the IDs of its retained secrets before any Commit, with the
 * hash it would choose itself: an initiator must choose that one. */
static void retained_secrets_match_when_hash_lists_differ(void **state) /* F25 */
{
	static const struct choice choices[] = {
		{ { [ZRTP_CLASS_HASH] = "S256,S384" }, { ZRTP_HASH_S384, ZRTP_HASH_S256 }, { 0 } },
		{ { [ZRTP_CLASS_HASH] = "S384,S256" }, { ZRTP_HASH_S256, ZRTP_HASH_S384 }, { 0 } },
#ifdef ZRTP_AUTHTAG_GCM
		/* With this key agreement it takes the best hash of both. */
		{ { [ZRTP_CLASS_HASH] = "S256,S384", [ZRTP_CLASS_TAG] = "GCM", [ZRTP_CLASS_KEX] = "X448" },
		  { ZRTP_HASH_S256, ZRTP_HASH_S384 },
		  { 0 } },
		{ { [ZRTP_CLASS_HASH] = "S256,S384,S512",
		    [ZRTP_CLASS_TAG] = "GCM",
		    [ZRTP_CLASS_KEX] = "X448" },
		  { ZRTP_HASH_S256, ZRTP_HASH_S512, ZRTP_HASH_S384 },
		  { 0 } },
		{ { [ZRTP_CLASS_HASH] = "S256,S512", [ZRTP_CLASS_TAG] = "GCM", [ZRTP_CLASS_KEX] = "DH3k" },
		  { ZRTP_HASH_S512, ZRTP_HASH_S256 },
		  { 0 } },
#endif
	};
	enum { CHOICES = sizeof(choices) / sizeof(*choices) };

	(void)state;
	for (unsigned i = 0; i < 3 * CHOICES; i++) {
		struct world world;

		if (!bzrtp_has_all(choices[i % CHOICES].bzrtp_hashes)) {
			continue;
		}
		world_open(&world, true);
		for (unsigned n = 0; n < 3; n++) {
			struct call *call =
				call_secured(&world, (enum starter)(i / CHOICES), &choices[i % CHOICES]);

			no_mismatch(call, n > 0);
			call_close(call);
		}
		world_close(&world);
	}
}

static void the_verified_flag_travels_both_ways(void **state)
{
	struct world world;
	struct call *call;

	(void)state;
	world_open(&world, true);
	call = call_secured(&world, BOTH_START, NULL);
	assert_false(session_info(call).peer_verified);
	assert_int_equal(call->bzrtp_verified, 0);
	bzrtp_SASVerified(call->bzrtp);
	call_close(call);

	call = call_secured(&world, BOTH_START, NULL);
	no_mismatch(call, true);
	assert_true(session_info(call).peer_verified);
	assert_int_equal(call->bzrtp_verified, 0); /* both flags or none */
	assert_int_equal(zrtp_session_set_verified(call->session, true), ZRTP_OK);
	call_close(call);

	call = call_secured(&world, BOTH_START, NULL);
	no_mismatch(call, true);
	assert_true(session_info(call).verified && session_info(call).peer_verified);
	assert_int_equal(call->bzrtp_verified, 1);
	bzrtp_resetSASVerified(call->bzrtp);
	call_close(call);

	call = call_secured(&world, BOTH_START, NULL);
	assert_false(session_info(call).peer_verified);
	call_close(call);
	world_close(&world);
}

static void both_report_a_mismatch(void **state)
{
	struct world world;
	struct call *call;

	(void)state;
	world_open(&world, true);
	call_close(call_secured(&world, BOTH_START, NULL));
	world.stored.rs1[0] ^= 1;
	world.stored.has_rs2 = false;
	call = call_secured(&world, BOTH_START, NULL);
	assert_agree(call, 0);
	assert_true(call->bzrtp_mismatch);
	assert_true(session_info(call).cache_mismatch);
	assert_true(call->events & 1U << ZRTP_EVENT_CACHE_MISMATCH);
	/* Both users say the SAS is right: the next call matches again. */
	bzrtp_SASVerified(call->bzrtp);
	assert_int_equal(zrtp_session_set_verified(call->session, true), ZRTP_OK);
	call_close(call);
	call = call_secured(&world, BOTH_START, NULL);
	no_mismatch(call, true);
	call_close(call);
	world_close(&world);
}

/* ---- messages that are lost or forged ---- */

static int take_pair(void *arg, int columns, char **values, char **names)
{
	char(*out)[65] = arg;

	(void)names;
	for (int i = 0; i < columns && i < 2; i++) {
		snprintf(out[i], sizeof(out[i]), "%s", values[i] ? values[i] : "");
	}
	return 0;
}

static bool is_same(const char *theirs, bool has, const uint8_t *ours)
{
	char text[65] = "";

	for (unsigned i = 0; has && i < ZRTP_SECRET_SIZE; i++) {
		snprintf(text + 2 * i, 3, "%02X", ours[i]);
	}
	return *theirs && !strcmp(theirs, text);
}

/* Which secrets of bzrtp's have we: bit 0 its rs1, bit 1 its rs2. */
static unsigned common(const struct world *world)
{
	char theirs[2][65] = { "", "" };
	const struct zrtp_retained *r = &world->stored;
	unsigned out = 0;

	assert_int_equal(
		sqlite3_exec(world->db, "SELECT hex(rs1), hex(rs2) FROM zrtp", take_pair, theirs, NULL),
		SQLITE_OK);
	for (unsigned i = 0; i < 2; i++) {
		if (is_same(theirs[i], r->has_rs1, r->rs1) || is_same(theirs[i], r->has_rs2, r->rs2)) {
			out |= 1U << i;
		}
	}
	return out;
}

/* One call; did we store what it made? */
static bool call_with(struct world *world, enum starter starter, enum mishap mishap, bool no_alarm)
{
	struct zrtp_retained before = world->stored;
	struct call *call = call_open(world, starter, NULL);

	call->mishap = mishap;
	start_channel(call, 0);
	run(call, 0, 20 * SECOND);
	if (no_alarm) {
		assert_false(call->bzrtp_mismatch || session_info(call).cache_mismatch);
	}
	call_close(call);
	return memcmp(before.rs1, world->stored.rs1, ZRTP_SECRET_SIZE) != 0;
}

/* All combinations over three calls. There is no alarm while both share a secret. They
 * do until bzrtp, which forgets rs2 when that is what matched, has stored and we have not. */
static void lost_and_forged_messages_make_no_alarm_but_where_bzrtp_forgets(void **state)
{
	enum { KINDS = MISHAPS * 2 };
	unsigned forgot = 0;

	(void)state;
	for (unsigned c = 0; c < KINDS * KINDS * KINDS; c++) {
		const unsigned kinds[] = { c % KINDS, c / KINDS % KINDS, c / KINDS / KINDS, 0 };
		struct world world;
		unsigned shared;

		if (kinds[1] / 2 == CONFIRM1_LOST || kinds[2] / 2 == CONFIRM1_LOST) {
			continue; /* leaves all as it was */
		}
		world_open(&world, true);
		call_with(&world, BZRTP_STARTS, NOTHING, true);
		shared = common(&world);
		for (unsigned i = 0; i < 4 && shared; i++) {
			bool stored = call_with(&world, (enum starter)(kinds[i] % 2),
						(enum mishap)(kinds[i] / 2), true);
			unsigned now = common(&world);

			assert_true(now || (shared & 2 && !stored));
			forgot += !now;
			shared = now;
		}
		world_close(&world);
	}
	assert_true(forgot > 0);
}

/* ---- a phone with two lines ---- */

/* Two calls at once, the second one begun so much later; each packet of the second takes that much longer. */
static void two_calls(struct world *world, const enum starter starters[2], uint64_t later,
		      const uint64_t slow[2])
{
	struct call *call[2];
	uint64_t now = SECOND, end;

	for (unsigned i = 0; i < 2; i++) {
		call[i] = call_open(world, starters[i], NULL);
	}
	memcpy(call[1]->slow, slow, sizeof(call[1]->slow));
	end = now + 20 * SECOND;
	for (; now < end && !(is_secure(call[0], 0) && is_secure(call[1], 0)); now += STEP) {
		for (unsigned i = 0; i < 2; i++) {
			call[i]->now = now;
			if (now == SECOND + (i ? later : 0)) {
				start_channel(call[i], 0);
			} else if (now > SECOND + (i ? later : 0)) {
				deliver_due(call[i]);
				tick(call[i]);
			}
		}
	}
	for (unsigned i = 0; i < 2; i++) {
		assert_true(is_secure(call[i], 0));
		no_mismatch(call[i], true);
	}
	world->clock += 30;
	call_close(call[later / STEP % 2]);
	call_close(call[!(later / STEP % 2)]);
}

/* Begin and end in each order at both sides. Then calls one after the other. */
static void two_calls_at_once_make_no_alarm(void **state)
{
	static const uint64_t slow[][2] = {
		{ 0, 0 }, { 50 * MS, 0 }, { 0, 50 * MS }, { 110 * MS, 110 * MS }
	};

	(void)state;
	for (unsigned run = 0; run < 9 * 4; run++) {
		const enum starter starters[2] = { (enum starter)(run % 3), (enum starter)(run / 3 % 3) };

		for (uint64_t later = 0; later < 300 * MS; later += 2 * STEP) {
			struct world world;

			world_open_store(&world);
			for (unsigned n = 0; n < 2; n++) {
				struct call *call = call_secured(&world, BOTH_START, NULL);

				no_mismatch(call, n > 0);
				call_close(call);
				world.clock += 30;
				two_calls(&world, starters, later, slow[run / 9]);
			}
			for (unsigned n = 0; n < 2; n++) {
				struct call *call = call_secured(&world, (enum starter)n, NULL);

				no_mismatch(call, true);
				call_close(call);
				world.clock += 30;
			}
			world_close(&world);
		}
	}
}

static void an_auxiliary_secret_is_shared(void **state)
{
	static const uint8_t secret[] = "from another channel", other[] = "from somewhere";
	struct world world;

	(void)state;
	world_open(&world, false);
	for (unsigned same = 0; same < 2; same++) {
		struct call *call = call_open(&world, BOTH_START, NULL);

		assert_int_equal(zrtp_session_set_auxsecret(call->session, same ? secret : other,
							    same ? sizeof(secret) : sizeof(other)),
				 ZRTP_OK);
		assert_int_equal(bzrtp_setAuxiliarySharedSecret(call->bzrtp, secret, sizeof(secret)), 0);
		start_channel(call, 0);
		assert_true(run(call, 0, 20 * SECOND));
		assert_agree(call, 0);
		assert_int_equal(session_info(call).aux_matched, same);
		assert_int_equal(bzrtp_getAuxiliarySharedSecretMismatch(call->bzrtp),
				 same ? BZRTP_AUXSECRET_MATCH : BZRTP_AUXSECRET_MISMATCH);
		call_close(call);
	}
	world_close(&world);
}

/* ---- tests: zrtp-hash ---- */

static void exchange_hashes(struct call *call, bool right_for_engine, bool right_for_bzrtp)
{
	char engine[ZRTP_HELLO_HASH_TEXT_SIZE], bzrtp[ZRTP_HELLO_HASH_TEXT_SIZE];

	zrtp_stream_hello_hash(call->channel[0].stream, engine);
	assert_int_equal(
		bzrtp_getSelfHelloHash(call->bzrtp, ssrc_of(BZRTP, 0), (uint8_t *)bzrtp, sizeof(bzrtp)), 0);
	engine[40] = right_for_bzrtp ? engine[40] : engine[40] == '0' ? '1' : '0';
	bzrtp[40] = right_for_engine ? bzrtp[40] : bzrtp[40] == '0' ? '1' : '0';
	assert_int_equal(zrtp_stream_set_peer_hello_hash(call->channel[0].stream, bzrtp), ZRTP_OK);
	assert_int_equal(
		bzrtp_setPeerHelloHash(call->bzrtp, ssrc_of(BZRTP, 0), (uint8_t *)engine, strlen(engine)), 0);
}

static void a_right_zrtp_hash_is_accepted(void **state)
{
	struct world world;
	struct call *call;

	(void)state;
	world_open(&world, false);
	call = call_open(&world, BOTH_START, NULL);
	exchange_hashes(call, true, true);
	start_channel(call, 0);
	assert_true(run(call, 0, 20 * SECOND));
	assert_agree(call, 0);
	assert_int_equal(stream_info(call, 0).hello_hash, ZRTP_HASH_MATCHED);
	call_close(call);
	world_close(&world);
}

static void a_wrong_zrtp_hash_is_never_secure(void **state) /* F14 */
{
	(void)state;
	for (unsigned right = 0; right < 3; right++) {
		struct world world;
		struct call *call;

		world_open(&world, false);
		call = call_open(&world, BOTH_START, NULL);
		exchange_hashes(call, right & 1, right & 2);
		start_channel(call, 0);
		assert_false(run(call, 0, 40 * SECOND));
		assert_false(call->channel[0].report[OURS].secure);
		assert_false(call->channel[0].report[BZRTP].secure);
		if (!(right & 1)) {
			assert_int_equal(stream_info(call, 0).hello_hash, ZRTP_HASH_MISMATCH);
		}
		call_close(call);
		world_close(&world);
	}
}

/* ---- tests: loss ---- */

static void nearly_a_third_of_all_packets_may_be_lost(void **state)
{
	(void)state;
	/* The starter is fixed so that a seed is one sequence of packets. */
	for (unsigned seed = 1; seed <= 20; seed++) {
		struct world world;
		struct call *call;

		world_open(&world, false);
		call = call_open(&world, seed & 1 ? BZRTP_STARTS : ENGINE_STARTS, NULL);
		call->prng *= seed;
		call->loss = 30;
		start_channel(call, 0);
		if (!run(call, 0, 60 * SECOND)) {
			fail_msg("seed %u: not secure", seed);
		}
		assert_agree(call, 0);
		call_close(call);
		world_close(&world);
	}
}

/* ---- tests: exported keys ---- */

/* A message of the given type as it was on the wire to that side. */
static struct packet *wire(struct call *call, const char *type, enum side to)
{
	for (unsigned i = 0; i < call->kept_count; i++) {
		if (call->kept[i].to == to && is(&call->kept[i], type)) {
			return &call->kept[i];
		}
	}
	fail_msg("no %s seen", type);
	return NULL;
}

static void hash_message(EVP_MD_CTX *md, const struct packet *packet)
{
	assert_true(EVP_DigestUpdate(md, packet->octets + 12, packet->len - 16));
}

/* KDF_Context = ZIDi || ZIDr || total_hash (RFC 6189, 4.4.1.4), made from what
 * an observer sees. */
static void observe_context(struct call *call, uint8_t out[24 + 32])
{
	bool initiator = stream_info(call, 0).initiator;
	enum side i = initiator ? OURS : BZRTP, r = initiator ? BZRTP : OURS;
	EVP_MD_CTX *md = EVP_MD_CTX_new();

	assert_true(md && EVP_DigestInit_ex(md, EVP_sha256(), NULL));
	hash_message(md, wire(call, "Hello   ", i)); /* the responder's, which went to i */
	hash_message(md, wire(call, "Commit  ", r));
	hash_message(md, wire(call, "DHPart1 ", i));
	hash_message(md, wire(call, "DHPart2 ", r));
	assert_true(EVP_DigestFinal_ex(md, out + 24, NULL));
	EVP_MD_CTX_free(md);
	memcpy(out, wire(call, "Hello   ", r)->octets + 12 + 64, 12);
	memcpy(out + 12, wire(call, "Hello   ", i)->octets + 12 + 64, 12);
}

/* bzrtp derives from ExportedKey with a label of the application (4.5.2); the
 * engine gives out ExportedKey itself. */
static void the_exported_key_is_the_same(void **state)
{
	for (unsigned starter = BZRTP_STARTS; starter <= ENGINE_STARTS; starter++) {
		uint8_t exported[ZRTP_EXPORTED_KEY_MAX], context[24 + 32],
			data[4 + sizeof(label) + sizeof(context) + 4];
		uint8_t derived[EVP_MAX_MD_SIZE];
		unsigned size;
		struct world world;
		struct call *call;
		size_t len;

		(void)state;
		world_open(&world, true);
		call = call_secured(&world, (enum starter)starter, NULL);
		assert_int_equal(zrtp_session_exported_key(call->session, exported, &len), ZRTP_OK);
		observe_context(call, context);
		memcpy(data, "\0\0\0\1", 4);
		memcpy(data + 4, label, sizeof(label));
		memcpy(data + 4 + sizeof(label), context, sizeof(context));
		memcpy(data + sizeof(data) - 4, "\0\0\1\0", 4);
		assert_non_null(HMAC(EVP_sha256(), exported, (int)len, data, sizeof(data), derived, &size));
		assert_int_equal(call->bzrtp_export_len, size);
		assert_memory_equal(call->bzrtp_export, derived, size);
		call_close(call);
		world_close(&world);
	}
}

/* ---- tests: UDP ---- */

static void carry_by_udp(struct call *call, const struct packet *packet)
{
	assert_int_equal(send(call->socket[!packet->to], packet->octets, packet->len, 0),
			 (ssize_t)packet->len);
}

static void open_sockets(int out[2])
{
	struct sockaddr_in address[2];
	socklen_t len = sizeof(*address);

	for (unsigned i = 0; i < 2; i++) {
		address[i] = (struct sockaddr_in){ .sin_family = AF_INET,
						   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
		out[i] = socket(AF_INET, SOCK_DGRAM, 0);
		assert_true(out[i] >= 0);
		assert_int_equal(bind(out[i], (struct sockaddr *)&address[i], len), 0);
		assert_int_equal(getsockname(out[i], (struct sockaddr *)&address[i], &len), 0);
	}
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(connect(out[i], (struct sockaddr *)&address[!i], len), 0);
	}
}

static uint64_t monotonic(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * SECOND + (uint64_t)t.tv_nsec / 1000;
}

static void poll_once(struct call *call)
{
	struct pollfd fds[2] = { { call->socket[OURS], POLLIN, 0 }, { call->socket[BZRTP], POLLIN, 0 } };
	struct packet packet = { .channel = 0 };

	poll(fds, 2, STEP / MS);
	call->now = monotonic();
	for (unsigned i = 0; i < 2; i++) {
		ssize_t len = recv(call->socket[i], packet.octets, sizeof(packet.octets), MSG_DONTWAIT);

		if (len > 0) {
			packet.to = (enum side)i;
			packet.len = (size_t)len;
			hand_over(call, &packet);
		}
	}
	tick(call);
}

static void secure_over_udp_in_real_time(void **state)
{
	(void)state;
	for (unsigned starter = BZRTP_STARTS; starter <= BOTH_START; starter++) {
		struct world world;
		struct call *call;
		uint64_t until = monotonic() + 10 * SECOND;

		world_open(&world, true);
		call = call_open(&world, (enum starter)starter, NULL);
		open_sockets(call->socket);
		call->carry = carry_by_udp;
		call->now = monotonic();
		start_channel(call, 0);
		while (!is_secure(call, 0) && call->now < until) {
			poll_once(call);
		}
		assert_true(is_secure(call, 0));
		assert_agree(call, 0);
		close(call->socket[0]);
		close(call->socket[1]);
		call_close(call);
		world_close(&world);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_key_agreement_in_each_role),
		cmocka_unit_test(each_hash_cipher_tag_and_sas),
#ifdef ZRTP_AUTHTAG_GCM
		cmocka_unit_test(aes_gcm_in_each_role_and_for_a_further_stream),
#endif
		cmocka_unit_test(any_two_lists_of_key_agreements_lead_to_one),
		cmocka_unit_test(either_side_wins_a_contention),
		cmocka_unit_test(the_second_channel_is_multistream),
		cmocka_unit_test(retained_secrets_match_over_three_calls),
		cmocka_unit_test(retained_secrets_match_when_hash_lists_differ),
		cmocka_unit_test(the_verified_flag_travels_both_ways),
		cmocka_unit_test(both_report_a_mismatch),
		cmocka_unit_test(lost_and_forged_messages_make_no_alarm_but_where_bzrtp_forgets),
		cmocka_unit_test(two_calls_at_once_make_no_alarm),
		cmocka_unit_test(an_auxiliary_secret_is_shared),
		cmocka_unit_test(a_right_zrtp_hash_is_accepted),
		cmocka_unit_test(a_wrong_zrtp_hash_is_never_secure),
		cmocka_unit_test(nearly_a_third_of_all_packets_may_be_lost),
		cmocka_unit_test(the_exported_key_is_the_same),
		cmocka_unit_test(secure_over_udp_in_real_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
