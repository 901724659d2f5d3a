/* SPDX-License-Identifier: BSD-2-Clause */
/* The command line. One table has each option with its help and what it does. */
#include "phone.h"

#include "mode.h"
#include "option_row.h"

#include <zrtp/srtp.h>

#include <openssl/crypto.h>

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- SIP ---- */

static bool set_listen(struct options *options, const struct option_row *row, const char *value)
{
	(void)row;
	return !sa_decode(&options->local, value, strlen(value)) ||
	       !sa_set_str(&options->local, value, SIP_PORT);
}

static bool set_answer(struct options *options, const struct option_row *row, const char *value)
{
	uint32_t ms;

	(void)row;
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

static bool set_reject(struct options *options, const struct option_row *row, const char *value)
{
	unsigned long code;

	(void)row;
	if (!parse_unsigned(value, 699, &code) || code < 300) {
		return false;
	}
	options->reject = (uint16_t)code;
	return true;
}

/* ---- media ---- */

static bool set_codecs(struct options *options, const struct option_row *row, const char *value)
{
	static const char *const known[CODECS_MAX] = { "PCMU", "PCMA" };

	(void)row;
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

static bool set_play_once(struct options *options, const struct option_row *row, const char *value)
{
	options->play_once = true;
	return set_text(options, row, value);
}

static bool set_rtp_ports(struct options *options, const struct option_row *row, const char *value)
{
	unsigned min, max;
	char tail;

	(void)row;
	/* NOLINTNEXTLINE(cert-err34-c): a number too large wraps into one that the check below looks at. */
	if (sscanf(value, "%u-%u%c", &min, &max, &tail) != 2 || !min || max > 65534 || min + 2 > max) {
		return false;
	}
	options->rtp_min = (uint16_t)min;
	options->rtp_max = (uint16_t)max;
	return true;
}

static bool set_video(struct options *options, const struct option_row *row, const char *value)
{
	(void)row;
	if (value && !strcmp(value, "offer")) {
		options->video = true;
	} else if (value && strcmp(value, "accept")) {
		return false;
	}
	options->accept_video = true;
	return true;
}

/* ---- ZRTP ---- */

static bool set_list(struct options *options, const struct option_row *row, const char *value)
{
	return zrtp_policy_set(&options->policy, row->which, value, NULL) == ZRTP_OK;
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

/* Of a class that has algorithms which not every machine has. */
static bool set_fitting_list(struct options *options, const struct option_row *row, const char *value)
{
	return set_list(options, row, value) && fit(options);
}

static bool set_post_quantum(struct options *options, const struct option_row *row, const char *value)
{
	(void)row;
	(void)value;
	options->require = options->policy.post_quantum = true;
	return true;
}

static bool set_preshared(struct options *options, const struct option_row *row, const char *value)
{
	(void)row;
	(void)value;
	options->policy.preshared = true;
	options->policy.preshared_limit = 16;
	return true;
}

static bool set_zid(struct options *options, const struct option_row *row, const char *value)
{
	(void)row;
	options->has_zid = true;
	return strlen(value) == 2 * ZRTP_ZID_SIZE && !str_hex(options->zid, ZRTP_ZID_SIZE, value);
}

static bool set_enroll(struct options *options, const struct option_row *row, const char *value)
{
	static const char *const names[] = { "ask", "accept", "refuse" };

	(void)row;
	for (int i = 0; i < 3; i++) {
		if (!strcmp(value, names[i])) {
			options->enroll = (enum consent)i;
			return true;
		}
	}
	return false;
}

static bool set_offer_enrollment(struct options *options, const struct option_row *row, const char *value)
{
	(void)row;
	(void)value;
	options->policy.mitm = options->offer_enrollment = true;
	return true;
}

/* The keys leave the endpoint (11.1). */
static bool set_keylog(struct options *options, const struct option_row *row, const char *value)
{
	options->policy.disclose = true;
	return set_text(options, row, value);
}

static bool set_ignore_hash(struct options *options, const struct option_row *row, const char *value)
{
	(void)row;
	(void)value;
	options->ignore_hash = options->no_hash = true;
	return true;
}

/* What a stream says Hello with may change, so that no hash of it is offered. */
static bool set_parallel(struct options *options, const struct option_row *row, const char *value)
{
	(void)row;
	(void)value;
	options->parallel = options->no_hash = true;
	return true;
}

static bool set_like(struct options *options, const struct option_row *row, const char *value)
{
	(void)row;
	return like_set(options, value) && fit(options);
}

/* ---- faults ---- */

static bool set_first_sequence(struct options *options, const struct option_row *row, const char *value)
{
	options->has_sequence = true;
	return set_number(options, row, value);
}

static bool set_drop_medium(struct options *options, const struct option_row *row, const char *value)
{
	(void)row;
	options->drop_medium = value;
	return !strcmp(value, "audio") || !strcmp(value, "video");
}

/* ---- the table ---- */

static const struct option_row rows[] = {
	{ "listen", "ADDRESS[:PORT]", "SIP address to listen on; port 0 is any (default: this machine, 5060)",
	  .set = set_listen },
	{ "tcp", NULL, "listen on TCP too", FLAG(tcp) },
	{ "user", "NAME", "who we are (default: zrtpcall)", TEXT(user, 1, TEXT_MAX) },
	{ "display", "TEXT", "name to show to the other side", TEXT(display, 0, TEXT_MAX) },
	{ "register", "URI", "register there, sip:HOST[:PORT]", TEXT(registrar, 1, TEXT_MAX) },
	{ "expires", "SECONDS", "of the registration (default: 600)", NUMBER(expires, 0, 86400) },
	{ "auth-user", "NAME", "for digest authentication (default: that of --user)",
	  TEXT(auth_user, 1, TEXT_MAX) },
	{ "password", "TEXT", "for digest authentication; also from $ZRTPCALL_PASSWORD",
	  TEXT(password, 0, TEXT_MAX) },
	{ "proxy", "URI", "send all calls by way of this proxy", TEXT(proxy, 1, TEXT_MAX) },
	{ "calls", "N", "call the URI N times at once (default: 1)", NUMBER(calls, 1, 1000),
	  .phone_only = true },
	{ "answer", "SECONDS|manual", "when to answer a call (default: 0)", .set = set_answer,
	  .phone_only = true },
	{ "early", NULL, "media while it rings (183), before the answer", FLAG(early), .phone_only = true },
	{ "replaces", NULL, "announce that another call may take the place of one (RFC 3891)", FLAG(replaces),
	  .phone_only = true },
	{ "reject", "CODE", "refuse every call with this SIP status", .set = set_reject, .phone_only = true },
	{ "duration", "SECONDS", "hang up a call that lasted so long", SECONDS(duration),
	  .phone_only = true },
	{ "patience", "SECONDS", "give up a call that is not answered (default: 60)", SECONDS(patience),
	  .phone_only = true },
	{ "once", NULL, "end after the first call taken", FLAG(once), .phone_only = true },
	{ "stay", NULL, "do not end with the last call", FLAG(stay), .phone_only = true },
	{ "do", "COMMANDS", "commands to run, separated by ';'", TEXT(script, 0, TEXT_MAX),
	  .phone_only = true },
	{ "codecs", "LIST", "of PCMU,PCMA (default: both)", .set = set_codecs },
	{ "play", "FILE", "speak a wav file (8000 Hz) again and again", TEXT(play, 1, TEXT_MAX),
	  .phone_only = true },
	{ "play-once", "FILE", "speak a wav file once, then silence", .set = set_play_once,
	  MEMBER(play, const char *), .least = 1, .most = TEXT_MAX, .phone_only = true },
	{ "tone", "HZ", "speak a tone", NUMBER(tone, 0, 3999) },
	{ "muted", NULL, "send no RTP", FLAG(muted), .phone_only = true },
	{ "record", "FILE", "write what is heard; %u in the name is the call's number",
	  TEXT(record, 1, TEXT_MAX), .phone_only = true },
	{ "rtp-ports", "MIN-MAX", "for RTP and RTCP (default: 16384-32766)", .set = set_rtp_ports },
	{ "video", "offer|accept", "a video stream with dummy frames", .set = set_video, .phone_only = true },
	{ "video-payload", "NUMBER", "offer it with this payload type (default: 99, Asterisk's)",
	  NUMBER(video_payload, 96, 127), .phone_only = true },
	{ "no-zrtp", NULL, "be a phone without ZRTP", FLAG(no_zrtp), .phone_only = true },
	{ "require", NULL, "no clear media at any time; hang up what does not get secure", FLAG(require) },
	{ "secure-within", "SECONDS", "patience of --require (default: 10)", SECONDS(secure_within) },
	{ "post-quantum", NULL, "no key agreement but a post-quantum one of --kex; implies --require",
	  .set = set_post_quantum },
	{ "kex", "LIST", "key agreements: X1M1 X3M3 X255 X448 EC25 EC38 EC52 DH3k DH2k, or their names",
	  LIST(set_fitting_list, KEX) },
	{ "hash", "LIST", "S256 S384 S512, or SHA-256 ...", LIST(set_list, HASH) },
	{ "cipher", "LIST", "AES1 AES2 AES3, or AES-128 ...", LIST(set_list, CIPHER) },
	{ "tag", "LIST", "HS32 HS80 GCM, or HMAC-SHA1-32 ...", LIST(set_fitting_list, TAG) },
	{ "sas", "LIST", "B32 B256", LIST(set_list, SAS) },
	{ "passive", NULL, "never begin an exchange", FLAG(policy.passive) },
	{ "allow-clear", NULL, "the peer may end encryption (GoClear)", FLAG(policy.allow_clear) },
	{ "preshared", NULL, "use Preshared mode where it is possible", .set = set_preshared },
	{ "disclose", NULL, "set the Disclosure flag", FLAG(policy.disclose) },
	{ "trust-signalling", NULL, "a matching a=zrtp-hash authenticates the exchange",
	  FLAG(policy.protected_signalling) },
	{ "client-id", "TEXT", "our name in the Hello (default: zrtpcall)",
	  TEXT(client_id, 0, ZRTP_CLIENT_ID_SIZE) },
	{ "zid", "HEX", "our ZID, 24 hexadecimal digits (default: random)", .set = set_zid },
	{ "secret", "TEXT", "auxsecret that both sides know", TEXT(secret, 1, ZRTP_AUX_SECRET_MAX) },
	{ "cache", "FILE", "keep our ZID and the retained secrets there (default: in memory)",
	  TEXT(cache, 1, TEXT_MAX) },
	{ "cache-key", "FILE", "encrypt them with this key; also from $ZRTPCALL_CACHE_KEY",
	  TEXT(cache_key, 1, TEXT_MAX) },
	{ "no-cache", NULL, "retain no secrets and say so", FLAG(no_cache), .phone_only = true },
	{ "keylog", "FILE",
	  "append the SRTP keys of all calls to it, to decrypt what was captured; sets the Disclosure flag",
	  .set = set_keylog, MEMBER(keylog, const char *), .least = 1, .most = TEXT_MAX },
	{ "enroll", "ask|accept|refuse", "when a PBX offers enrollment (default: ask)", .set = set_enroll,
	  .phone_only = true },
	{ "mitm", NULL, "be a PBX: set the M flag, relay a SAS on command", FLAG(policy.mitm),
	  .phone_only = true },
	{ "offer-enrollment", NULL, "be a PBX: offer enrollment; --enroll is our own consent",
	  .set = set_offer_enrollment, .phone_only = true },
	{ "expect-sas", "SAS", "any other SAS is an alarm", TEXT(expect_sas, 1, TEXT_MAX),
	  .phone_only = true },
	{ "no-hash", NULL, "offer no a=zrtp-hash", FLAG(no_hash) },
	{ "ignore-hash", NULL, "know nothing of a=zrtp-hash, as many phones do: neither offer nor check it",
	  .set = set_ignore_hash },
	{ "parallel", NULL,
	  "like GNU ZRTP: the stream whose Hello comes first makes the keys; implies --no-hash",
	  .set = set_parallel },
	{ "only-listed", NULL, "agree on nothing that both sides do not list, mandatory or not",
	  FLAG(policy.only_listed) },
	{ "like", "PHONE",
	  "behave like linphone, linphone-app, baresip, baresip-libzrtp, libzrtp or twinkle; options behind "
	  "it change that",
	  .set = set_like },
	{ "wrong-hash", NULL, "for tests: offer a false a=zrtp-hash", FLAG(wrong_hash) },
	{ "drop", "PERCENT", "for tests: lose so many ZRTP packets, both ways",
	  NUMBER(drop_percent, 0, 100) },
	{ "seed", "N", "for tests: which ones --drop loses, which streams --parallel takes",
	  NUMBER(seed, 0, UINT32_MAX) },
	{ "first-sequence", "N", "for tests: sequence number of the first RTP packet sent",
	  .set = set_first_sequence, MEMBER(first_sequence, unsigned), .most = UINT16_MAX },
	{ "sequence-step", "N",
	  "for tests: from one of these to the next, with --first-sequence (default: 1)",
	  NUMBER(sequence_step, 1, UINT8_MAX) },
	{ "drop-sent", "MESSAGE", "for tests: never send it, e.g. RelayACK", MESSAGES(drop_sent) },
	{ "drop-received", "MESSAGE", "for tests: never receive it", MESSAGES(drop_received) },
	{ "drop-medium", "audio|video", "for tests: lose all ZRTP packets of it", .set = set_drop_medium },
};

enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

static const char help_head[] =
	"usage: zrtpcall [OPTIONS] [URI]\n"
	"       zrtpcall check|load|conformance [OPTIONS] URI (zrtpcall check --help ...)\n\n"
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

static void print_row(const struct option_row *row)
{
	char left[48], letter[8] = "";

	if (row->letter) {
		(void)snprintf(letter, sizeof(letter), "-%c, ", row->letter);
	}
	(void)snprintf(left, sizeof(left), "%s--%s%s%s", letter, row->name, row->argument ? " " : "",
		       row->argument ? row->argument : "");
	(void)printf("  %-26s %s\n", left, row->help);
}

static void print_help(const struct mode *mode)
{
	(void)fputs(mode ? mode->head : help_head, stdout);
	for (unsigned i = 0; mode && i < mode->count; i++) {
		print_row(&mode->rows[i]);
	}
	for (int i = 0; i < ROWS; i++) {
		if (!mode || !rows[i].phone_only) {
			print_row(&rows[i]);
		}
	}
	(void)printf("  %-26s %s\n  %-26s %s\n", "--help", "this text", "--version", "the version");
	(void)fputs(mode ? mode->tail : help_tail, stdout);
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
	options->packets = 50;
	options->patience = 60000;
	options->secure_within = 10000;
	options->rtp_min = 16384;
	options->rtp_max = 32766;
	options->seed = 1;
	(void)set_codecs(options, NULL, "PCMU,PCMA");
	if (net_default_source_addr_get(AF_INET, &options->local)) {
		(void)sa_set_str(&options->local, "127.0.0.1", 0);
	}
	sa_set_port(&options->local, SIP_PORT);
}

/* What getopt returns: for a row, and for these behind the rows. Its own '?' and ':' are characters. */
enum {
	MODE_ROWS_MAX = 16,
	FOUND_ROW = UCHAR_MAX + 1,
	FOUND_HELP = FOUND_ROW + ROWS + MODE_ROWS_MAX,
	FOUND_VERSION,
};

/* getopt's own tables. */
struct known {
	struct option table[ROWS + MODE_ROWS_MAX + 3];
	char letters[2 * MODE_ROWS_MAX + 1];
};

static const struct option_row *row_of(const struct mode *mode, int found)
{
	int index = found - FOUND_ROW;

	return index < ROWS ? &rows[index] : &mode->rows[index - ROWS];
}

static void know(struct known *known, const struct mode *mode)
{
	struct option *next = known->table;
	char *letter = known->letters;
	int count = ROWS + (mode ? (int)mode->count : 0);

	for (int found = FOUND_ROW; found < FOUND_ROW + count; found++) {
		const struct option_row *row = row_of(mode, found);

		if (mode && row->phone_only) {
			continue;
		}
		*next++ = (struct option){ row->name, row->argument ? required_argument : no_argument, NULL,
					   found };
		if (row->letter) {
			*letter++ = row->letter;
			*letter++ = ':';
		}
	}
	*letter = '\0';
	*next++ = (struct option){ "help", no_argument, NULL, FOUND_HELP };
	*next++ = (struct option){ "version", no_argument, NULL, FOUND_VERSION };
	*next = (struct option){ NULL, 0, NULL, 0 };
}

/* The row that getopt has found, by its long name or its letter. */
static const struct option_row *found_row(const struct mode *mode, int found)
{
	for (unsigned i = 0; found < FOUND_ROW && mode && i < mode->count; i++) {
		if (mode->rows[i].letter == found) {
			return &mode->rows[i];
		}
	}
	return found < FOUND_ROW ? NULL : row_of(mode, found);
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

/* What a mode asks for besides. */
static int check_mode_options(struct options *options, const struct mode *mode)
{
	const char *wrong;

	if (!options->target) {
		return complain("the URI is missing", NULL);
	}
	/* Calls at once would change the secrets of one another. */
	options->no_cache = !options->cache;
	wrong = mode->check(options);
	return wrong ? complain(wrong, NULL) : -1;
}

int options_parse(struct options *options, const struct mode *mode, int argc, char *argv[])
{
	struct known known;
	int found, status;

	set_defaults(options);
	if (mode) {
		sa_set_port(&options->local, 0); /* it may run beside a PBX */
		mode->set_defaults(options);
	}
	know(&known, mode);
	while ((found = getopt_long(argc, argv, known.letters, known.table, NULL)) != -1) {
		const struct option_row *row;

		if (found == FOUND_HELP) {
			print_help(mode);
			return EXIT_AS_ASKED;
		}
		if (found == FOUND_VERSION) {
			puts("zrtpcall " ZRTP_ENGINE_VERSION);
			return EXIT_AS_ASKED;
		}
		row = found_row(mode, found);
		if (!row) {
			return EXIT_USAGE; /* getopt has told */
		}
		if (!row->set(options, row, optarg)) {
			(void)fprintf(stderr, "zrtpcall: %s is no value for --%s; see zrtpcall --help\n",
				      optarg, row->name);
			return EXIT_USAGE;
		}
	}
	if (argc - optind > 1) {
		return complain("one URI at most", argv[optind + 1]);
	}
	options->target = argv[optind];
	status = check(options);
	return status < 0 && mode ? check_mode_options(options, mode) : status;
}
