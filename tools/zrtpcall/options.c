/* SPDX-License-Identifier: BSD-2-Clause */
/* The command line. One table has each option with its help and what it does. */
#include "phone.h"

#include <zrtp/srtp.h>

#include <openssl/crypto.h>

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

struct option_row {
	const char *name;
	const char *argument; /* as the help calls it, NULL: none */
	const char *help;
	/* False: value is wrong. */
	bool (*set)(struct options *options, const char *value);
};

/* ---- values ---- */

static bool parse_unsigned(const char *text, unsigned long most, unsigned long *out)
{
	char *end;

	errno = 0;
	*out = strtoul(text, &end, 10);
	return text[0] >= '0' && text[0] <= '9' && !*end && !errno && *out <= most;
}

static bool parse_ms(const char *text, uint32_t *out)
{
	char *end;
	double seconds = strtod(text, &end);

	if (end == text || *end || !(seconds >= 0 && seconds <= 1000000)) {
		return false;
	}
	*out = (uint32_t)(seconds * 1000);
	return true;
}

static bool parse_number(const char *text, unsigned long most, unsigned *out)
{
	unsigned long value;

	if (!parse_unsigned(text, most, &value)) {
		return false;
	}
	*out = (unsigned)value;
	return true;
}

/* ---- SIP ---- */

static bool set_listen(struct options *options, const char *value)
{
	return !sa_decode(&options->local, value, strlen(value)) ||
	       !sa_set_str(&options->local, value, SIP_PORT);
}

static bool set_tcp(struct options *options, const char *value)
{
	(void)value;
	options->tcp = true;
	return true;
}

static bool set_user(struct options *options, const char *value)
{
	options->user = value;
	return *value;
}

static bool set_display(struct options *options, const char *value)
{
	options->display = value;
	return true;
}

static bool set_auth_user(struct options *options, const char *value)
{
	options->auth_user = value;
	return *value;
}

static bool set_password(struct options *options, const char *value)
{
	options->password = value;
	return true;
}

static bool set_registrar(struct options *options, const char *value)
{
	options->registrar = value;
	return *value;
}

static bool set_expires(struct options *options, const char *value)
{
	return parse_number(value, 86400, &options->expires);
}

static bool set_proxy(struct options *options, const char *value)
{
	options->proxy = value;
	return *value;
}

static bool set_calls(struct options *options, const char *value)
{
	return parse_number(value, 1000, &options->calls) && options->calls;
}

static bool set_answer(struct options *options, const char *value)
{
	uint32_t ms;

	if (!strcmp(value, "manual")) {
		options->answer_after = -1;
		return true;
	}
	if (!parse_ms(value, &ms) || ms > INT32_MAX) {
		return false;
	}
	options->answer_after = (int)ms;
	return true;
}

static bool set_early(struct options *options, const char *value)
{
	(void)value;
	options->early = true;
	return true;
}

static bool set_replaces(struct options *options, const char *value)
{
	(void)value;
	options->replaces = true;
	return true;
}

static bool set_reject(struct options *options, const char *value)
{
	unsigned code;

	if (!parse_number(value, 699, &code) || code < 300) {
		return false;
	}
	options->reject = (uint16_t)code;
	return true;
}

static bool set_duration(struct options *options, const char *value)
{
	return parse_ms(value, &options->duration);
}

static bool set_patience(struct options *options, const char *value)
{
	return parse_ms(value, &options->patience);
}

static bool set_once(struct options *options, const char *value)
{
	(void)value;
	options->once = true;
	return true;
}

static bool set_stay(struct options *options, const char *value)
{
	(void)value;
	options->stay = true;
	return true;
}

static bool set_script(struct options *options, const char *value)
{
	options->script = value;
	return true;
}

/* ---- media ---- */

static bool set_codecs(struct options *options, const char *value)
{
	static const char *const known[CODECS_MAX] = { "PCMU", "PCMA" };

	options->codec_count = 0;
	while (*value) {
		size_t len = strcspn(value, ",");
		unsigned found = CODECS_MAX;

		for (unsigned i = 0; i < CODECS_MAX; i++) {
			if (strlen(known[i]) == len && !strncmp(known[i], value, len)) {
				found = i;
			}
		}
		if (found == CODECS_MAX || options->codec_count == CODECS_MAX) {
			return false;
		}
		options->codecs[options->codec_count++] = known[found];
		value += len + (value[len] ? 1 : 0);
	}
	return options->codec_count;
}

static bool set_play(struct options *options, const char *value)
{
	options->play = value;
	return *value;
}

static bool set_play_once(struct options *options, const char *value)
{
	options->play_once = true;
	return set_play(options, value);
}

static bool set_tone(struct options *options, const char *value)
{
	return parse_number(value, 3999, &options->tone);
}

static bool set_muted(struct options *options, const char *value)
{
	(void)value;
	options->muted = true;
	return true;
}

static bool set_record(struct options *options, const char *value)
{
	options->record = value;
	return *value;
}

static bool set_rtp_ports(struct options *options, const char *value)
{
	unsigned min, max;
	char tail;

	/* NOLINTNEXTLINE(cert-err34-c): a number too large wraps into one that the check below looks at. */
	if (sscanf(value, "%u-%u%c", &min, &max, &tail) != 2 || !min || max > 65534 || min + 2 > max) {
		return false;
	}
	options->rtp_min = (uint16_t)min;
	options->rtp_max = (uint16_t)max;
	return true;
}

static bool set_video(struct options *options, const char *value)
{
	if (value && !strcmp(value, "offer")) {
		options->video = true;
	} else if (value && strcmp(value, "accept")) {
		return false;
	}
	options->accept_video = true;
	return true;
}

static bool set_video_payload(struct options *options, const char *value)
{
	return parse_number(value, 127, &options->video_payload) && options->video_payload >= 96;
}

/* ---- ZRTP ---- */

static bool set_no_zrtp(struct options *options, const char *value)
{
	(void)value;
	options->no_zrtp = true;
	return true;
}

static bool set_require(struct options *options, const char *value)
{
	(void)value;
	options->require = true;
	return true;
}

static bool set_secure_within(struct options *options, const char *value)
{
	return parse_ms(value, &options->secure_within);
}

static bool set_list(struct options *options, enum zrtp_class which, const char *value)
{
	return zrtp_policy_set(&options->policy, which, value, NULL) == ZRTP_OK;
}

static void say_missing(const struct zrtp_missing *missing, void *arg)
{
	static const char *const option[ZRTP_CLASS_COUNT] = { "hash", "cipher", "tag", "kex", "sas" };

	(void)arg;
	(void)fprintf(stderr, "zrtpcall: %s is left out of --%s, %s has no %s\n", missing->name,
		      option[missing->which],
		      missing->of_srtp ? "this libsrtp2" : OpenSSL_version(OPENSSL_VERSION), missing->lacks);
}

/* What this machine cannot do is not offered. */
static bool fit(struct options *options)
{
	return zrtp_policy_fit(&options->policy, zrtp_srtp_has_gcm(), say_missing, NULL) == ZRTP_OK;
}

static bool set_kex(struct options *options, const char *value)
{
	return set_list(options, ZRTP_CLASS_KEX, value) && fit(options);
}

static bool set_post_quantum(struct options *options, const char *value)
{
	(void)value;
	options->require = options->policy.post_quantum = true;
	return true;
}

static bool set_hash(struct options *options, const char *value)
{
	return set_list(options, ZRTP_CLASS_HASH, value);
}

static bool set_cipher(struct options *options, const char *value)
{
	return set_list(options, ZRTP_CLASS_CIPHER, value);
}

static bool set_tag(struct options *options, const char *value)
{
	return set_list(options, ZRTP_CLASS_TAG, value) && fit(options);
}

static bool set_sas(struct options *options, const char *value)
{
	return set_list(options, ZRTP_CLASS_SAS, value);
}

static bool set_passive(struct options *options, const char *value)
{
	(void)value;
	options->policy.passive = true;
	return true;
}

static bool set_allow_clear(struct options *options, const char *value)
{
	(void)value;
	options->policy.allow_clear = true;
	return true;
}

static bool set_preshared(struct options *options, const char *value)
{
	(void)value;
	options->policy.preshared = true;
	options->policy.preshared_limit = 16;
	return true;
}

static bool set_disclose(struct options *options, const char *value)
{
	(void)value;
	options->policy.disclose = true;
	return true;
}

static bool set_trust(struct options *options, const char *value)
{
	(void)value;
	options->policy.protected_signalling = true;
	return true;
}

static bool set_client_id(struct options *options, const char *value)
{
	options->client_id = value;
	return strlen(value) <= ZRTP_CLIENT_ID_SIZE;
}

static bool set_zid(struct options *options, const char *value)
{
	options->has_zid = true;
	return strlen(value) == 2 * ZRTP_ZID_SIZE && !str_hex(options->zid, ZRTP_ZID_SIZE, value);
}

static bool set_enroll(struct options *options, const char *value)
{
	static const char *const names[] = { "ask", "accept", "refuse" };

	for (int i = 0; i < 3; i++) {
		if (!strcmp(value, names[i])) {
			options->enroll = (enum consent)i;
			return true;
		}
	}
	return false;
}

static bool set_mitm(struct options *options, const char *value)
{
	(void)value;
	options->policy.mitm = true;
	return true;
}

static bool set_offer_enrollment(struct options *options, const char *value)
{
	(void)value;
	options->policy.mitm = options->offer_enrollment = true;
	return true;
}

static bool set_expect_sas(struct options *options, const char *value)
{
	options->expect_sas = value;
	return *value;
}

static bool set_secret(struct options *options, const char *value)
{
	options->secret = value;
	return *value && strlen(value) <= ZRTP_AUX_SECRET_MAX;
}

static bool set_cache(struct options *options, const char *value)
{
	options->cache = value;
	return *value;
}

static bool set_cache_key(struct options *options, const char *value)
{
	options->cache_key = value;
	return *value;
}

static bool set_no_cache(struct options *options, const char *value)
{
	(void)value;
	options->no_cache = true;
	return true;
}

static bool set_ignore_hash(struct options *options, const char *value)
{
	(void)value;
	options->ignore_hash = options->no_hash = true;
	return true;
}

static bool set_no_hash(struct options *options, const char *value)
{
	(void)value;
	options->no_hash = true;
	return true;
}

/* What a stream says Hello with may change, so that no hash of it is offered. */
static bool set_parallel(struct options *options, const char *value)
{
	(void)value;
	options->parallel = options->no_hash = true;
	return true;
}

static bool set_like(struct options *options, const char *value)
{
	return like_set(options, value) && fit(options);
}

static bool set_only_listed(struct options *options, const char *value)
{
	(void)value;
	options->policy.only_listed = true;
	return true;
}

/* ---- faults ---- */

static bool set_wrong_hash(struct options *options, const char *value)
{
	(void)value;
	options->wrong_hash = true;
	return true;
}

static bool set_drop(struct options *options, const char *value)
{
	return parse_number(value, 100, &options->drop_percent);
}

static bool set_seed(struct options *options, const char *value)
{
	return parse_number(value, UINT32_MAX, &options->seed);
}

static bool set_first_sequence(struct options *options, const char *value)
{
	options->has_sequence = true;
	return parse_number(value, UINT16_MAX, &options->first_sequence);
}

static bool set_sequence_step(struct options *options, const char *value)
{
	return parse_number(value, UINT8_MAX, &options->sequence_step) && options->sequence_step;
}

static bool add_message(struct message_list *list, const char *value)
{
	size_t len = strlen(value);

	if (!len || len > 8 || list->count == MESSAGES_MAX) {
		return false;
	}
	memcpy(list->name[list->count++], value, len + 1);
	return true;
}

static bool set_drop_sent(struct options *options, const char *value)
{
	return add_message(&options->drop_sent, value);
}

static bool set_drop_received(struct options *options, const char *value)
{
	return add_message(&options->drop_received, value);
}

static bool set_drop_medium(struct options *options, const char *value)
{
	options->drop_medium = value;
	return !strcmp(value, "audio") || !strcmp(value, "video");
}

/* ---- the table ---- */

static const struct option_row rows[] = {
	{ "listen", "ADDRESS[:PORT]", "SIP address to listen on; port 0 is any (default: this machine, 5060)",
	  set_listen },
	{ "tcp", NULL, "listen on TCP too", set_tcp },
	{ "user", "NAME", "who we are (default: zrtpcall)", set_user },
	{ "display", "TEXT", "name to show to the other side", set_display },
	{ "register", "URI", "register there, sip:HOST[:PORT]", set_registrar },
	{ "expires", "SECONDS", "of the registration (default: 600)", set_expires },
	{ "auth-user", "NAME", "for digest authentication (default: that of --user)", set_auth_user },
	{ "password", "TEXT", "for digest authentication; also from $ZRTPCALL_PASSWORD", set_password },
	{ "proxy", "URI", "send all calls by way of this proxy", set_proxy },
	{ "calls", "N", "call the URI N times at once (default: 1)", set_calls },
	{ "answer", "SECONDS|manual", "when to answer a call (default: 0)", set_answer },
	{ "early", NULL, "media while it rings (183), before the answer", set_early },
	{ "replaces", NULL, "announce that another call may take the place of one (RFC 3891)", set_replaces },
	{ "reject", "CODE", "refuse every call with this SIP status", set_reject },
	{ "duration", "SECONDS", "hang up a call that lasted so long", set_duration },
	{ "patience", "SECONDS", "give up a call that is not answered (default: 60)", set_patience },
	{ "once", NULL, "end after the first call taken", set_once },
	{ "stay", NULL, "do not end with the last call", set_stay },
	{ "do", "COMMANDS", "commands to run, separated by ';'", set_script },
	{ "codecs", "LIST", "of PCMU,PCMA (default: both)", set_codecs },
	{ "play", "FILE", "speak a wav file (8000 Hz) again and again", set_play },
	{ "play-once", "FILE", "speak a wav file once, then silence", set_play_once },
	{ "tone", "HZ", "speak a tone", set_tone },
	{ "muted", NULL, "send no RTP", set_muted },
	{ "record", "FILE", "write what is heard; %u in the name is the call's number", set_record },
	{ "rtp-ports", "MIN-MAX", "for RTP and RTCP (default: 16384-32766)", set_rtp_ports },
	{ "video", "offer|accept", "a video stream with dummy frames", set_video },
	{ "video-payload", "NUMBER", "offer it with this payload type (default: 99, Asterisk's)",
	  set_video_payload },
	{ "no-zrtp", NULL, "be a phone without ZRTP", set_no_zrtp },
	{ "require", NULL, "no clear media at any time; hang up what does not get secure", set_require },
	{ "secure-within", "SECONDS", "patience of --require (default: 10)", set_secure_within },
	{ "post-quantum", NULL, "no key agreement but a post-quantum one of --kex; implies --require",
	  set_post_quantum },
	{ "kex", "LIST", "key agreements: X1M1 X3M3 X255 X448 EC25 EC38 EC52 DH3k DH2k, or their names",
	  set_kex },
	{ "hash", "LIST", "S256 S384 S512, or SHA-256 ...", set_hash },
	{ "cipher", "LIST", "AES1 AES2 AES3, or AES-128 ...", set_cipher },
	{ "tag", "LIST", "HS32 HS80 GCM, or HMAC-SHA1-32 ...", set_tag },
	{ "sas", "LIST", "B32 B256", set_sas },
	{ "passive", NULL, "never begin an exchange", set_passive },
	{ "allow-clear", NULL, "the peer may end encryption (GoClear)", set_allow_clear },
	{ "preshared", NULL, "use Preshared mode where it is possible", set_preshared },
	{ "disclose", NULL, "set the Disclosure flag", set_disclose },
	{ "trust-signalling", NULL, "a matching a=zrtp-hash authenticates the exchange", set_trust },
	{ "client-id", "TEXT", "our name in the Hello (default: zrtpcall)", set_client_id },
	{ "zid", "HEX", "our ZID, 24 hexadecimal digits (default: random)", set_zid },
	{ "secret", "TEXT", "auxsecret that both sides know", set_secret },
	{ "cache", "FILE", "keep our ZID and the retained secrets there (default: in memory)", set_cache },
	{ "cache-key", "FILE", "encrypt them with this key; also from $ZRTPCALL_CACHE_KEY", set_cache_key },
	{ "no-cache", NULL, "retain no secrets and say so", set_no_cache },
	{ "enroll", "ask|accept|refuse", "when a PBX offers enrollment (default: ask)", set_enroll },
	{ "mitm", NULL, "be a PBX: set the M flag, relay a SAS on command", set_mitm },
	{ "offer-enrollment", NULL, "be a PBX: offer enrollment; --enroll is our own consent",
	  set_offer_enrollment },
	{ "expect-sas", "SAS", "any other SAS is an alarm", set_expect_sas },
	{ "no-hash", NULL, "offer no a=zrtp-hash", set_no_hash },
	{ "ignore-hash", NULL, "know nothing of a=zrtp-hash, as many phones do: neither offer nor check it",
	  set_ignore_hash },
	{ "parallel", NULL,
	  "like GNU ZRTP: the stream whose Hello comes first makes the keys; implies --no-hash",
	  set_parallel },
	{ "only-listed", NULL, "agree on nothing that both sides do not list, mandatory or not",
	  set_only_listed },
	{ "like", "PHONE",
	  "behave like linphone, linphone-app, baresip, baresip-libzrtp, libzrtp or twinkle; options behind "
	  "it change that",
	  set_like },
	{ "wrong-hash", NULL, "for tests: offer a false a=zrtp-hash", set_wrong_hash },
	{ "drop", "PERCENT", "for tests: lose so many ZRTP packets, both ways", set_drop },
	{ "seed", "N", "for tests: which ones --drop loses, which streams --parallel takes", set_seed },
	{ "first-sequence", "N", "for tests: sequence number of the first RTP packet sent",
	  set_first_sequence },
	{ "sequence-step", "N",
	  "for tests: from one of these to the next, with --first-sequence (default: 1)", set_sequence_step },
	{ "drop-sent", "MESSAGE", "for tests: never send it, e.g. RelayACK", set_drop_sent },
	{ "drop-received", "MESSAGE", "for tests: never receive it", set_drop_received },
	{ "drop-medium", "audio|video", "for tests: lose all ZRTP packets of it", set_drop_medium },
};

enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

static const char help_head[] = "usage: zrtpcall [OPTIONS] [URI]\n\n"
				"A SIP phone with ZRTP for the command line: calls URI, or waits for calls.\n"
				"Events come as one JSON object a line on stdout, commands go to stdin.\n\n";

static const char help_tail[] =
	"\ncommands, each for the newest call or, with \"N: \" before it, for call N:\n"
	"  dial URI       answer          reject [CODE]    hangup         quit\n"
	"  dtmf DIGITS    info DIGITS     hold             resume         play FILE\n"
	"  verify         unverify        sas              stats          video\n"
	"  clear          acknowledge     secure           enroll yes|no  source\n"
	"  transfer URI   attend N        relay N          wait SECONDS   renew [other]\n"
	"  wait up|secure|clear|incoming|played|ended [SECONDS]\n"
	"\nexit status: 0 as asked, 1 usage or start, 2 a call or the registration failed,\n"
	"3 not secure though required, 4 the SAS or the keys give cause for alarm\n";

static void print_help(void)
{
	(void)fputs(help_head, stdout);
	for (int i = 0; i < ROWS; i++) {
		char left[48];

		(void)snprintf(left, sizeof(left), "--%s%s%s", rows[i].name, rows[i].argument ? " " : "",
			       rows[i].argument ? rows[i].argument : "");
		(void)printf("  %-26s %s\n", left, rows[i].help);
	}
	(void)fputs(help_tail, stdout);
}

static void set_defaults(struct options *options)
{
	memset(options, 0, sizeof(*options));
	zrtp_policy_init_best(&options->policy, zrtp_srtp_has_gcm());
	options->sequence_step = 1;
	options->calls = 1;
	options->user = "zrtpcall";
	options->client_id = "zrtpcall";
	options->password = getenv("ZRTPCALL_PASSWORD");
	options->expires = 600;
	options->patience = 60000;
	options->secure_within = 10000;
	options->rtp_min = 16384;
	options->rtp_max = 32766;
	options->seed = 1;
	(void)set_codecs(options, "PCMU,PCMA");
	if (net_default_source_addr_get(AF_INET, &options->local)) {
		(void)sa_set_str(&options->local, "127.0.0.1", 0);
	}
	sa_set_port(&options->local, SIP_PORT);
}

/* getopt's own table, with the help as the last row. */
static void make_table(struct option table[ROWS + 2])
{
	for (int i = 0; i < ROWS; i++) {
		table[i] = (struct option){ rows[i].name, rows[i].argument ? required_argument : no_argument,
					    NULL, i + 1 };
	}
	table[ROWS] = (struct option){ "help", no_argument, NULL, 'h' + ROWS };
	table[ROWS + 1] = (struct option){ NULL, 0, NULL, 0 };
}

static int complain(const char *what, const char *value)
{
	(void)fprintf(stderr, "zrtpcall: %s%s%s; see zrtpcall --help\n", what, value ? ": " : "",
		      value ? value : "");
	return EXIT_USAGE;
}

static int check(const struct options *options)
{
	if (options->require && options->no_zrtp) {
		return complain("--require and --no-zrtp exclude each other", NULL);
	}
	if (options->require && options->policy.allow_clear) {
		return complain("--require and --allow-clear exclude each other", NULL);
	}
	if (options->policy.post_quantum && !zrtp_policy_has_post_quantum(&options->policy)) {
		return complain("--post-quantum: there is none in --kex that this machine can do", NULL);
	}
	return -1;
}

int options_parse(struct options *options, int argc, char *argv[])
{
	struct option table[ROWS + 2];
	int found;

	set_defaults(options);
	make_table(table);
	while ((found = getopt_long(argc, argv, "", table, NULL)) != -1) {
		if (found == 'h' + ROWS) {
			print_help();
			return EXIT_AS_ASKED;
		}
		if (found < 1 || found > ROWS) {
			return EXIT_USAGE; /* getopt has told */
		}
		if (!rows[found - 1].set(options, optarg)) {
			(void)fprintf(stderr, "zrtpcall: --%s cannot be: %s\n", rows[found - 1].name, optarg);
			return EXIT_USAGE;
		}
	}
	if (argc - optind > 1) {
		return complain("one URI at most", argv[optind + 1]);
	}
	options->target = argv[optind];
	return check(options);
}
