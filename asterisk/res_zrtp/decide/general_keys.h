/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief The keys that only [general] of zrtp.conf may have: one row for each.
 *
 * Nothing here knows of Asterisk; that files exist is for others to look at.
 */
#ifndef RES_ZRTP_GENERAL_KEYS_H
#define RES_ZRTP_GENERAL_KEYS_H

#include <limits.h>

#include <zrtp/zrtp.h>

#include "decide/conf_key.h"

/*! What keeps retained secrets. */
enum cache_kind { CACHE_SQLITE, CACHE_FILE, CACHE_MEMORY, CACHE_REALTIME };

/*! Where retained secrets are kept, as configured. Compared octet by octet. */
struct cache_config {
	enum cache_kind kind;
	unsigned int sealed;           /*!< Encrypted: key_file or key_env is set */
	unsigned int flush;            /*!< File: seconds until a change is written */
	unsigned int peers;            /*!< Memory and file: how many */
	char path[PATH_MAX];
	char key_file[PATH_MAX];
	char journal[PATH_MAX];        /*!< "no": there is none */
	char key_env[64];
};

/*! What [general] says for the whole module. */
struct general_settings {
	char client_id[ZRTP_CLIENT_ID_SIZE + 1];
	struct cache_config cache;
};

/*! The table; its settings are a struct general_settings. */
extern const struct conf_keys general_keys;

void general_defaults(struct general_settings *general);

#endif
