/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief The keys that a policy of zrtp.conf may have: one row for each.
 */

#include "asterisk.h"

#include "asterisk/strings.h"
#include "asterisk/utils.h"

#include "decide/keypad_code.h"
#include "decide/replace_choice.h"
#include "decide/unjoined.h"
#include "base/settings.h"
#include "channel/keypad.h"
#include "front/policy_keys.h"

/* ---- members with a word for each value ---- */

static void put(struct settings *settings, const struct policy_key *key, unsigned int value)
{
	char *member = (char *) settings + key->offset;

	if (key->size == sizeof(bool)) {
		*(bool *) member = value != 0;
	} else {
		*(unsigned int *) member = value;
	}
}

static unsigned int get(const struct settings *settings, const struct policy_key *key)
{
	const char *member = (const char *) settings + key->offset;

	return key->size == sizeof(bool) ? *(const bool *) member : *(const unsigned int *) member;
}

static int parse_word(struct settings *settings, const struct policy_key *key, const char *value)
{
	unsigned int i;

	for (i = 0; key->words[i]; i++) {
		if (!strcasecmp(value, key->words[i])) {
			put(settings, key, i);
			return 0;
		}
	}

	return -1;
}

static void print_word(const struct settings *settings, const struct policy_key *key, char *out, size_t size)
{
	ast_copy_string(out, key->words[get(settings, key)], size);
}

/*! \brief yes or no in any of Asterisk's words for them. */
static int parse_switch(struct settings *settings, const struct policy_key *key, const char *value)
{
	if (ast_true(value)) {
		return parse_word(settings, key, "yes");
	}

	return ast_false(value) ? parse_word(settings, key, "no") : -1;
}

static const char * const no_yes[] = { "no", "yes", NULL };
/*! For a member that says the opposite of the key. */
static const char * const yes_no_words[] = { "yes", "no", NULL };
static const char * const modes[] = {
	[MODE_MITM] = "mitm",
	[MODE_PASSTHROUGH] = "passthrough",
	[MODE_AUTO] = "auto",
	[MODE_OFF] = "off",
	NULL
};
static const char * const no_passthrough_words[] = {
	[NO_PASSTHROUGH_CLEAR] = "clear",
	[NO_PASSTHROUGH_HANGUP] = "hangup",
	[NO_PASSTHROUGH_MITM] = "mitm",
	NULL
};
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
static const char * const clear_words[] = {
	[ALLOW_CLEAR_NO] = "no",
	[ALLOW_CLEAR_CONFIRM] = "confirm",
	[ALLOW_CLEAR_YES] = "yes",
	NULL
};

/* ---- keys of their own kind ---- */

static int parse_list(struct settings *settings, const struct policy_key *key, const char *value)
{
	return !ast_strlen_zero(value) && zrtp_policy_set(&settings->policy, key->which, value, NULL) == ZRTP_OK ? 0 : -1;
}

static void print_list(const struct settings *settings, const struct policy_key *key, char *out, size_t size)
{
	const struct zrtp_algorithm_list *list = &settings->policy.algorithms[key->which];
	unsigned int i;

	*out = '\0';
	for (i = 0; i < list->count; i++) {
		size_t len = strlen(out);

		snprintf(out + len, size - len, "%s%.*s", i ? " " : "", (int) strcspn(list->name[i], " "), list->name[i]);
	}
}

static int parse_code(struct settings *settings, const struct policy_key *key, const char *value)
{
	if (!keypad_code_valid(value)) {
		return -1;
	}
	ast_copy_string(settings->keypad[key->which], value, sizeof(settings->keypad[key->which]));

	return 0;
}

static void print_code(const struct settings *settings, const struct policy_key *key, char *out, size_t size)
{
	ast_copy_string(out, settings->keypad[key->which], size);
}

/*! \brief It becomes the argument of a dialplan function. */
static int parse_header(struct settings *settings, attribute_unused const struct policy_key *key, const char *value)
{
	static const char name[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";

	if (value[strspn(value, name)] || strlen(value) >= sizeof(settings->label_header)) {
		return -1;
	}
	ast_copy_string(settings->label_header, value, sizeof(settings->label_header));

	return 0;
}

static void print_header(const struct settings *settings, attribute_unused const struct policy_key *key, char *out,
	size_t size)
{
	ast_copy_string(out, settings->label_header, size);
}

static int parse_allow_clear(struct settings *settings, const struct policy_key *key, const char *value)
{
	if (parse_word(settings, key, value) && parse_switch(settings, key, value)) {
		return -1;
	}
	settings->policy.allow_clear = settings->allow_clear != ALLOW_CLEAR_NO;

	return 0;
}

/*! \brief Seconds, or never. The largest number means never to ZRTP (RFC 6189, 4.9). */
static int parse_expiry(struct settings *settings, attribute_unused const struct policy_key *key, const char *value)
{
	unsigned int seconds;

	if (!strcasecmp(value, "never")) {
		settings->policy.cache_expiry = UINT32_MAX;
		return 0;
	}
	if (strlen(value) != strspn(value, "0123456789") || strlen(value) > 9 || sscanf(value, "%30u", &seconds) != 1) {
		return -1;
	}
	settings->policy.cache_expiry = seconds;

	return 0;
}

static void print_expiry(const struct settings *settings, attribute_unused const struct policy_key *key, char *out,
	size_t size)
{
	if (settings->policy.cache_expiry == UINT32_MAX) {
		ast_copy_string(out, "never", size);
	} else {
		snprintf(out, size, "%u", settings->policy.cache_expiry);
	}
}

/* ---- the table ---- */

#define MEMBER(member) .offset = offsetof(struct settings, member), .size = sizeof(((struct settings *) NULL)->member)
#define LIST(key, class) \
	{ .name = key, .parse = parse_list, .print = print_list, .which = class }
#define SWITCH(key, member, by_value) \
	{ .name = key, .allowed = "yes or no", .parse = parse_switch, .print = print_word, .words = by_value, MEMBER(member) }
#define CHOICE(key, member, by_value, all) \
	{ .name = key, .allowed = all, .parse = parse_word, .print = print_word, .words = by_value, MEMBER(member) }
#define CODE(key, command) \
	{ .name = key, .allowed = "nothing, or up to 8 of the digits 0-9 * # A-D", .parse = parse_code, .print = print_code, \
		.which = command }

static const struct policy_key keys[] = {
	LIST("hash", ZRTP_CLASS_HASH),
	LIST("cipher", ZRTP_CLASS_CIPHER),
	LIST("auth_tag", ZRTP_CLASS_TAG),
	LIST("key_agreement", ZRTP_CLASS_KEX),
	LIST("sas", ZRTP_CLASS_SAS),
	SWITCH("only_listed", policy.only_listed, no_yes),
	CHOICE("mode", mode, modes, "mitm, passthrough, auto or off"),
	SWITCH("early", early, no_yes),
	SWITCH("require", says_require, no_yes),
	CHOICE("post_quantum", policy.post_quantum, no_require, "no or require"),
	SWITCH("require_partner", require_partner, no_yes),
	CHOICE("on_refused", silent_refused, hangup_silence, "hangup or silence"),
	CHOICE("on_stripped", stripped_clear, close_clear, "close or clear"),
	CHOICE("on_error", clear_on_error, close_clear, "close or clear"),
	CHOICE("on_no_passthrough", no_passthrough, no_passthrough_words, "clear, hangup or mitm"),
	CHOICE("replaces", replaces, replaces_words, "known, always or never"),
	SWITCH("initiate", policy.passive, yes_no_words),
	/* The M flag of our Hello says that we relay (RFC 6189, 5.2). */
	SWITCH("sas_relay", policy.mitm, no_yes),
	SWITCH("disclose", policy.disclose, no_yes),
	{ .name = "allow_clear", .allowed = "no, confirm or yes", .parse = parse_allow_clear, .print = print_word,
		.words = clear_words, MEMBER(allow_clear) },
	CODE("keypad_sas", KEYPAD_SAS),
	CODE("keypad_verify", KEYPAD_VERIFY),
	CODE("keypad_unverify", KEYPAD_UNVERIFY),
	CODE("keypad_clear", KEYPAD_CLEAR),
	CODE("keypad_secure", KEYPAD_SECURE),
	CHOICE("keypad_info", keypad_info, info_words, "tls, yes or no"),
	CHOICE("hash_mismatch", policy.tolerate_mismatch, refuse_warn, "refuse or warn"),
	{ .name = "label_header", .allowed = "nothing, or the name of a SIP header", .parse = parse_header, .print = print_header },
	{ .name = "cache_expiry", .allowed = "never, or a number of seconds up to 999999999", .parse = parse_expiry,
		.print = print_expiry },
};

const struct policy_key *policy_key_find(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(keys); i++) {
		if (!strcasecmp(name, keys[i].name)) {
			return &keys[i];
		}
	}

	return NULL;
}

void policy_keys_each(void (*each)(const struct policy_key *key, void *arg), void *arg)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(keys); i++) {
		each(&keys[i], arg);
	}
}

const char *policy_key_allowed(const struct policy_key *key, char *out, size_t size)
{
	char names[POLICY_NAMES_SIZE];

	if (key->allowed) {
		return key->allowed;
	}
	snprintf(out, size, "a list of different ones of %s", zrtp_algorithm_names(key->which, names, sizeof(names)));

	return out;
}

void policy_key_names(const struct settings *settings, const struct policy_key *key, char *out, size_t size)
{
	unsigned int i;

	*out = '\0';
	if (key->parse != parse_list) {
		return;
	}
	for (i = 0; i < settings->policy.algorithms[key->which].count; i++) {
		size_t len = strlen(out);

		snprintf(out + len, size - len, "%s%s", i ? ", " : "",
			S_OR(zrtp_algorithm_name(key->which, settings->policy.algorithms[key->which].name[i]), ""));
	}
}

const char *policy_keys_names(char *out, size_t size)
{
	size_t i;

	*out = '\0';
	for (i = 0; i < ARRAY_LEN(keys); i++) {
		size_t len = strlen(out);

		snprintf(out + len, size - len, "%s%s", i ? ", " : "", keys[i].name);
	}

	return out;
}
