/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief The keys that a policy of zrtp.conf may have: one row for each.
 *
 * A new key is a row of the table in policy_keys.c, and a member of struct settings.
 */
#ifndef RES_ZRTP_POLICY_KEYS_H
#define RES_ZRTP_POLICY_KEYS_H

#include <stddef.h>

struct settings;

/*! Room for the longest value that policy_key_print() writes, with its NUL. */
#define POLICY_VALUE_SIZE 128
/*! Room for policy_key_names() and policy_key_allowed(), the same. */
#define POLICY_NAMES_SIZE 256
#define POLICY_ALLOWED_SIZE 320

/*! A key of a policy. All fixed. */
struct policy_key {
	const char *name;
	const char *allowed;      /*!< In words, for the error message; NULL: see policy_key_allowed() */
	/*! \brief Put a value into settings. \retval -1 it is not valid, and settings are unchanged */
	int (*parse)(struct settings *settings, const struct policy_key *key, const char *value);
	/*! \brief Write the value that settings have, as parse() accepts it. Empty: it is not shown. */
	void (*print)(const struct settings *settings, const struct policy_key *key, char *out, size_t size);

	/* What the functions for several keys need to know. */
	size_t offset;            /*!< Of the member in struct settings */
	size_t size;              /*!< Of that member: a bool, or an unsigned int or enum */
	const char * const *words; /*!< The words for its values 0, 1 ..., NULL at the end */
	int which;                /*!< Class of algorithms, or command of the keypad */
};

/*! \brief The row of a key, NULL when a policy has no such key. Letter case does not matter. */
const struct policy_key *policy_key_find(const char *name);

/*! \brief What a key's values may be, in words. Written to out, cut to size octets, or fixed. */
const char *policy_key_allowed(const struct policy_key *key, char *out, size_t size);

/*!
 * \brief What people call the algorithms of a list, whose value print() writes with four letters
 * each. Empty for other keys. Written to out, cut to size octets.
 */
void policy_key_names(const struct settings *settings, const struct policy_key *key, char *out, size_t size);

/*! \brief Call each for every key, in the order of the table. */
void policy_keys_each(void (*each)(const struct policy_key *key, void *arg), void *arg);

/*! \brief The names of all keys separated by commas. Written to out, cut to size octets. \return out */
const char *policy_keys_names(char *out, size_t size);

#endif
