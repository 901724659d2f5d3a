/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief A key of zrtp.conf as one row.
 */

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <zrtp/zrtp.h>

#include "decide/conf_key.h"

const struct conf_key *conf_key_find(const struct conf_keys *keys, const char *name)
{
	size_t i;

	for (i = 0; i < keys->count; i++) {
		if (!strcasecmp(name, keys->key[i].name)) {
			return &keys->key[i];
		}
	}

	return NULL;
}

const char *conf_keys_names(const struct conf_keys *keys, char *out, size_t size)
{
	size_t i;

	*out = '\0';
	for (i = 0; i < keys->count; i++) {
		size_t len = strlen(out);

		snprintf(out + len, size - len, "%s%s", i ? ", " : "", keys->key[i].name);
	}

	return out;
}

const char *conf_key_allowed(const struct conf_key *key, char *out, size_t size)
{
	char names[CONF_ALLOWED_SIZE - 64];

	if (key->allowed) {
		return key->allowed;
	}
	snprintf(out, size, "a list without duplicates of %s", zrtp_algorithm_names(key->which, names, sizeof(names)));

	return out;
}

static void put(void *settings, const struct conf_key *key, unsigned int value)
{
	char *member = (char *) settings + key->offset;

	if (key->size == sizeof(bool)) {
		*(bool *) member = value != 0;
	} else {
		*(unsigned int *) member = value;
	}
}

static unsigned int get(const void *settings, const struct conf_key *key)
{
	const char *member = (const char *) settings + key->offset;

	return key->size == sizeof(bool) ? *(const bool *) member : *(const unsigned int *) member;
}

int conf_parse_word(void *settings, const struct conf_key *key, const char *value)
{
	const struct conf_former *former;
	unsigned int i;

	for (i = 0; key->words[i]; i++) {
		if (!strcasecmp(value, key->words[i])) {
			put(settings, key, i);
			return 0;
		}
	}
	for (former = key->former; former && former->word; former++) {
		if (!strcasecmp(value, former->word)) {
			put(settings, key, former->value);
			return 0;
		}
	}

	return -1;
}

void conf_print_word(const void *settings, const struct conf_key *key, char *out, size_t size)
{
	snprintf(out, size, "%s", key->words[get(settings, key)]);
}

static int is_one_of(const char *value, const char * const *words)
{
	for (; *words && strcasecmp(value, *words); words++) {
	}

	return *words != NULL;
}

int conf_parse_switch(void *settings, const struct conf_key *key, const char *value)
{
	/* As ast_true() and ast_false() have them. */
	static const char * const yes[] = { "yes", "true", "y", "t", "1", "on", NULL };
	static const char * const no[] = { "no", "false", "n", "f", "0", "off", NULL };

	if (is_one_of(value, yes)) {
		return conf_parse_word(settings, key, "yes");
	}

	return is_one_of(value, no) ? conf_parse_word(settings, key, "no") : -1;
}

int conf_put_text(void *settings, const struct conf_key *key, const char *value)
{
	size_t len = strlen(value);

	if (len >= key->size) {
		return -1;
	}
	memcpy((char *) settings + key->offset, value, len + 1);

	return 0;
}

void conf_print_text(const void *settings, const struct conf_key *key, char *out, size_t size)
{
	snprintf(out, size, "%s", (const char *) settings + key->offset);
}

int conf_number(const char *value, unsigned int least, unsigned int most, unsigned int *out)
{
	size_t digits = strspn(value, "0123456789");
	unsigned int number;

	if (!digits || value[digits] || digits > 9 || sscanf(value, "%9u", &number) != 1 || number < least || number > most) {
		return -1;
	}
	*out = number;

	return 0;
}
