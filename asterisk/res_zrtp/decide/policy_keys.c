/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief The keys that a policy of zrtp.conf may have: one row for each.
 */

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <zrtp/zrtp.h>

#include "decide/conf_key.h"
#include "decide/keypad_code.h"
#include "decide/play_choice.h"
#include "decide/policy_keys.h"
#include "decide/replace_choice.h"
#include "decide/settings.h"
#include "decide/unjoined.h"

/* ---- the words of values ---- */

static const char * const no_yes[] = { "no", "yes", NULL };
/*! For a member that says the opposite of the key. */
static const char * const yes_no_words[] = { "yes", "no", NULL };
static const char * const modes[] = {
	[MODE_ENDPOINT] = "endpoint",
	[MODE_PASSTHROUGH] = "passthrough",
	[MODE_AUTO] = "auto",
	[MODE_OFF] = "off",
	NULL
};
static const char * const no_passthrough_words[] = {
	[NO_PASSTHROUGH_CLEAR] = "clear",
	[NO_PASSTHROUGH_HANGUP] = "hangup",
	[NO_PASSTHROUGH_ENDPOINT] = "endpoint",
	NULL
};
/*! RFC 6189 calls a PBX so that has keys with both phones. */
static const struct conf_former former_modes[] = { { "mitm", MODE_ENDPOINT }, { NULL, 0 } };
static const struct conf_former former_no_passthrough[] = { { "mitm", NO_PASSTHROUGH_ENDPOINT }, { NULL, 0 } };
static const char * const replaces_words[] = {
	[REPLACES_KNOWN] = "known",
	[REPLACES_ALWAYS] = "always",
	[REPLACES_NEVER] = "never",
	NULL
};
static const char * const no_require[] = { "no", "require", NULL };
static const char * const close_clear[] = { "close", "clear", NULL };
static const char * const hangup_silence[] = { "hangup", "silence", NULL };
static const char * const refuse_warn[] = { "refuse", "warn", NULL };
static const char * const info_words[] = {
	[KEYPAD_INFO_TLS] = "tls",
	[KEYPAD_INFO_YES] = "yes",
	[KEYPAD_INFO_NO] = "no",
	NULL
};
static const char * const play_words[] = {
	[PLAY_NONE] = "none",
	[PLAY_TONE] = "tone",
	[PLAY_PROMPT] = "prompt",
	NULL
};
static const char * const clear_words[] = {
	[ALLOW_CLEAR_NO] = "no",
	[ALLOW_CLEAR_CONFIRM] = "confirm",
	[ALLOW_CLEAR_YES] = "yes",
	NULL
};

/* ---- keys of their own kind ---- */

static int parse_list(void *to, const struct conf_key *key, const char *value)
{
	struct settings *settings = to;

	return *value && zrtp_policy_set(&settings->policy, key->which, value, NULL) == ZRTP_OK ? 0 : -1;
}

static void print_list(const void *from, const struct conf_key *key, char *out, size_t size)
{
	const struct settings *settings = from;
	const struct zrtp_algorithm_list *list = &settings->policy.algorithms[key->which];
	unsigned int i;

	*out = '\0';
	for (i = 0; i < list->count; i++) {
		size_t len = strlen(out);

		snprintf(out + len, size - len, "%s%.*s", i ? " " : "", (int) strcspn(list->name[i], " "), list->name[i]);
	}
}

static int parse_code(void *to, const struct conf_key *key, const char *value)
{
	return keypad_code_valid(value) ? conf_put_text(to, key, value) : -1;
}

/*! \brief It becomes the argument of a dialplan function. */
static int parse_header(void *to, const struct conf_key *key, const char *value)
{
	static const char name[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";

	return value[strspn(value, name)] ? -1 : conf_put_text(to, key, value);
}

static int parse_allow_clear(void *to, const struct conf_key *key, const char *value)
{
	struct settings *settings = to;

	if (conf_parse_word(settings, key, value) && conf_parse_switch(settings, key, value)) {
		return -1;
	}
	settings->policy.allow_clear = settings->allow_clear != ALLOW_CLEAR_NO;

	return 0;
}

/*! \brief Seconds, or never. The largest number means never to ZRTP (RFC 6189, 4.9). */
static int parse_expiry(void *to, const struct conf_key *key, const char *value)
{
	struct settings *settings = to;
	unsigned int seconds = UINT32_MAX;

	if (strcasecmp(value, "never") && conf_number(value, 0, key->most, &seconds)) {
		return -1;
	}
	settings->policy.cache_expiry = seconds;

	return 0;
}

static void print_expiry(const void *from, const struct conf_key *key, char *out, size_t size)
{
	const struct settings *settings = from;

	(void) key;
	if (settings->policy.cache_expiry == UINT32_MAX) {
		snprintf(out, size, "never");
	} else {
		snprintf(out, size, "%u", settings->policy.cache_expiry);
	}
}

/* ---- the table ---- */

#define MEMBER(member) CONF_MEMBER(struct settings, member)
#define LIST(key, class, text) \
	{ .name = key, .help = text, .parse = parse_list, .print = print_list, .which = class }
#define SWITCH(key, member, by_value, text) \
	{ .name = key, .help = text, .allowed = "yes or no", .parse = conf_parse_switch, .print = conf_print_word, \
		.words = by_value, MEMBER(member) }
#define CHOICE(key, member, by_value, all, text) \
	{ .name = key, .help = text, .allowed = all, .parse = conf_parse_word, .print = conf_print_word, .words = by_value, \
		MEMBER(member) }
/*! Takes the words of before, too. */
#define RENAMED(key, member, by_value, before, all, text) \
	{ .name = key, .help = text, .allowed = all, .parse = conf_parse_word, .print = conf_print_word, .words = by_value, \
		.former = before, MEMBER(member) }
#define CODE(key, command, text) \
	{ .name = key, .help = text, .allowed = "nothing, or up to 8 of the digits 0-9 * # A-D", \
		.parse = parse_code, .print = conf_print_text, .which = command, MEMBER(keypad[command]) }

static const struct conf_key rows[] = {
	LIST("hash", ZRTP_CLASS_HASH, "Hash algorithms, in order of preference"),
	LIST("cipher", ZRTP_CLASS_CIPHER, "Ciphers of ZRTP and SRTP, in order of preference"),
	LIST("auth_tag", ZRTP_CLASS_TAG, "SRTP authentication tags, in order of preference; GCM is AES-GCM in their place"),
	LIST("key_agreement", ZRTP_CLASS_KEX, "Key agreements, in order of preference; X1M1 and X3M3 are post-quantum"),
	LIST("sas", ZRTP_CLASS_SAS, "How the short authentication string is shown: letters (B32) or words (B256)"),
	SWITCH("only_listed", policy.only_listed, no_yes,
		"Use no algorithm that both sides do not list, mandatory in ZRTP or not"),
	RENAMED("mode", mode, modes, former_modes, "endpoint, passthrough, auto or off", "What the PBX is to the phones"),
	SWITCH("early", early, no_yes, "Pass two phones through while one still rings"),
	SWITCH("require", says_require, no_yes, "No media pass in clear at any time"),
	CHOICE("post_quantum", policy.post_quantum, no_require, "no or require",
		"Whether calls without a post-quantum key agreement are refused; require implies require = yes"),
	SWITCH("require_partner", require_partner, no_yes, "The other leg of a call must be encrypted too"),
	CHOICE("on_refused", silent_refused, hangup_silence, "hangup or silence",
		"What happens to a call on which no media may pass for good"),
	CHOICE("on_stripped", stripped_clear, close_clear, "close or clear",
		"What happens to the media of a phone whose SDP announced ZRTP, if its ZRTP does not come"),
	CHOICE("on_error", clear_on_error, close_clear, "close or clear",
		"What happens to the media after a failed exchange with a peer that speaks ZRTP"),
	RENAMED("on_no_passthrough", no_passthrough, no_passthrough_words, former_no_passthrough, "clear, hangup or endpoint",
		"With mode = passthrough, what becomes of two phones with ZRTP that cannot be passed through"),
	CHOICE("replaces", replaces, replaces_words, "known, always or never",
		"With mode = auto, which phones may get an INVITE with Replaces in place of their call"),
	SWITCH("initiate", policy.passive, yes_no_words, "Begin the key agreement, or wait for the peer to do so"),
	/* The M flag of our Hello says that we relay (RFC 6189, 5.2). */
	SWITCH("sas_relay", policy.mitm, no_yes, "Relay the short authentication string between two legs"),
	SWITCH("disclose", policy.disclose, no_yes, "Notify phones that their calls may be disclosed (D flag)"),
	{ .name = "allow_clear", .help = "Whether encryption may be ended in mid-call (GoClear)",
		.allowed = "no, confirm or yes", .parse = parse_allow_clear, .print = conf_print_word, .words = clear_words,
		MEMBER(allow_clear) },
	CODE("keypad_sas", KEYPAD_SAS, "Keypad code that speaks the short authentication string"),
	CODE("keypad_verify", KEYPAD_VERIFY, "Keypad code that marks the short authentication string as verified: compared, and the same"),
	CODE("keypad_unverify", KEYPAD_UNVERIFY, "Keypad code that takes the mark of the short authentication string back: it is not the same"),
	CODE("keypad_clear", KEYPAD_CLEAR, "Keypad code that ends encryption"),
	CODE("keypad_secure", KEYPAD_SECURE, "Keypad code that begins encryption again"),
	CHOICE("keypad_info", keypad_info, info_words, "tls, yes or no",
		"Whether DTMF by SIP INFO gives the commands that otherwise only the phone's own DTMF gives"),
	CHOICE("play_secure", play.secure, play_words, "none, tone or prompt", "What the phone hears when its call is encrypted"),
	CHOICE("play_clear", play.clear, play_words, "none, tone or prompt",
		"What the phone hears when its call goes on without encryption, as no ZRTP came"),
	CHOICE("play_change", play.change, play_words, "none, tone or prompt",
		"What the phone hears when encryption ends in mid-call, and when it begins again"),
	SWITCH("display_sas", display_sas, no_yes,
		"The display of the other party shows the short authentication string, or that the leg is not encrypted"),
	CHOICE("hash_mismatch", policy.tolerate_mismatch, refuse_warn, "refuse or warn",
		"What happens when the Hello that comes is not that of the peer's a=zrtp-hash"),
	{ .name = "label_header", .help = "SIP header with the URI that a phone dialled, where an SBC rewrites To",
		.allowed = "nothing, or the name of a SIP header", .parse = parse_header, .print = conf_print_text,
		MEMBER(label_header) },
	{ .name = "cache_expiry", .help = "How many seconds the secrets of a call are kept without another call",
		.allowed = "never, or a number of seconds up to 999999999", .parse = parse_expiry, .print = print_expiry,
		.most = 999999999 },
};

const struct conf_keys policy_keys = { rows, sizeof(rows) / sizeof(rows[0]) };

void policy_key_names(const struct settings *settings, const struct conf_key *key, char *out, size_t size)
{
	const struct zrtp_algorithm_list *list = &settings->policy.algorithms[key->which];
	unsigned int i;

	*out = '\0';
	if (key->parse != parse_list) {
		return;
	}
	for (i = 0; i < list->count; i++) {
		const char *name = zrtp_algorithm_name(key->which, list->name[i]);
		size_t len = strlen(out);

		snprintf(out + len, size - len, "%s%s", i ? ", " : "", name ? name : "");
	}
}

const char *policy_keypad_key(enum keypad_command which)
{
	size_t i;

	for (i = 0; i < policy_keys.count; i++) {
		if (rows[i].parse == parse_code && rows[i].which == (int) which) {
			return rows[i].name;
		}
	}

	return "";
}

int policy_defaults(struct settings *settings, bool gcm)
{
	memset(settings, 0, sizeof(*settings));
	zrtp_policy_init_best(&settings->policy, gcm);
	settings->policy.resync = true; /* no user here compares the SAS */
	settings->policy.mitm = true;
	settings->play.change = PLAY_PROMPT;

	/* A phone that prefers words would have them when it begins, and letters when we do. */
	return zrtp_policy_set(&settings->policy, ZRTP_CLASS_SAS, "B32", NULL) == ZRTP_OK ? 0 : -1;
}
