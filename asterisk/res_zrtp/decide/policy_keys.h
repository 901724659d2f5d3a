/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief The keys that a policy of zrtp.conf may have: one row for each.
 *
 * A new key is a row of the table in policy_keys.c, and a member of struct settings; a
 * test then asks for its place in the sample, the guide and the help.
 */
#ifndef RES_ZRTP_POLICY_KEYS_H
#define RES_ZRTP_POLICY_KEYS_H

#include <stdbool.h>
#include <stddef.h>

#include "decide/conf_key.h"
#include "decide/keypad_code.h"

struct settings;

/*! Room for policy_key_names(). */
#define POLICY_NAMES_SIZE 256
/*! Room for the value of any key of a policy. */
#define POLICY_VALUE_SIZE 128

/*! The table; its settings are a struct settings. */
extern const struct conf_keys policy_keys;

/*!
 * \brief What a policy has where zrtp.conf says nothing.
 * \param gcm as zrtp_policy_init_best() wants it
 * \retval -1 not possible, which no machine has shown
 */
int policy_defaults(struct settings *settings, bool gcm);

/*!
 * \brief What people call the algorithms of a list, whose value the row prints with four letters
 * each. Empty for other keys. Written to out, cut to size octets.
 */
void policy_key_names(const struct settings *settings, const struct conf_key *key, char *out, size_t size);

/*! \brief The name of the key that has the code of a keypad command. */
const char *policy_keypad_key(enum keypad_command which);

#endif
