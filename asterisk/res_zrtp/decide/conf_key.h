/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief A key of zrtp.conf as one row: its name, its values, what it means, how it is read and printed.
 *
 * The tables are in policy_keys.c and general_keys.c. The sample, the guide and what
 * "config show help" prints are compared with them by a test. Nothing here knows of Asterisk.
 */
#ifndef RES_ZRTP_CONF_KEY_H
#define RES_ZRTP_CONF_KEY_H

#include <stddef.h>

/*! Room for the longest value that conf_key_print() writes, with its NUL: a path. */
#define CONF_VALUE_SIZE 4096
/*! Room for conf_keys_names(), and for what a value may be. */
#define CONF_NAMES_SIZE 512
#define CONF_ALLOWED_SIZE 320

struct conf_key;

/*!
 * \brief Put a value into the settings that the table is of.
 * \retval -1 it is not valid, and the settings are unchanged
 */
typedef int conf_key_parse(void *settings, const struct conf_key *key, const char *value);
/*! \brief Write the value that settings have, as conf_key_parse accepts it. Empty: none is set. */
typedef void conf_key_print(const void *settings, const struct conf_key *key, char *out, size_t size);

/*! A word that a value had before. It is still taken, and neither printed nor documented. */
struct conf_former {
	const char *word;          /*!< NULL at the end of a list */
	unsigned int value;
};

/*! A key. All fixed. */
struct conf_key {
	const char *name;
	const char *help;          /*!< What it is for, in one sentence */
	const char *allowed;       /*!< Its values in words; NULL: the algorithms of the class, see conf_key_allowed() */
	conf_key_parse *parse;
	conf_key_print *print;

	/* What functions for several keys need to know. */
	size_t offset;             /*!< Of the member in the settings */
	size_t size;               /*!< Of that member, octets */
	const char * const *words; /*!< The words for its values 0, 1 ..., NULL at the end */
	const struct conf_former *former; /*!< Further words, which are taken only; NULL: none */
	unsigned int most;         /*!< Of a number */
	int which;                 /*!< Class of algorithms, or command of the keypad */
};

/*! A table of keys, and how many it has. */
struct conf_keys {
	const struct conf_key *key;
	size_t count;
};

/*! \brief The row of a key, NULL when the table has no such key. Letter case does not matter. */
const struct conf_key *conf_key_find(const struct conf_keys *keys, const char *name);

/*! \brief The names of all keys, separated by commas. Written to out, cut to size octets. \return out */
const char *conf_keys_names(const struct conf_keys *keys, char *out, size_t size);

/*! \brief What a key's values may be, in words. Written to out, cut to size octets, or fixed. */
const char *conf_key_allowed(const struct conf_key *key, char *out, size_t size);

/* ---- for the tables ---- */

#define CONF_MEMBER(type, member) .offset = offsetof(type, member), .size = sizeof(((type *) NULL)->member)

/*! \brief One of key->words, for a member that is a bool, an unsigned int or an enum. */
conf_key_parse conf_parse_word;
conf_key_print conf_print_word;
/*! \brief The same with words yes and no, in any of Asterisk's words for them. */
conf_key_parse conf_parse_switch;
/*! \brief For a member that is an array of characters. */
conf_key_print conf_print_text;
/*! \brief Copy a text into a member. \retval -1 it has no room, and the member is unchanged */
int conf_put_text(void *settings, const struct conf_key *key, const char *value);
/*! \brief A decimal number from least to most. \retval -1 it is none */
int conf_number(const char *value, unsigned int least, unsigned int most, unsigned int *out);

#endif
