/* SPDX-License-Identifier: GPL-2.0-only */
/*! \file */

#include "asterisk.h"

#include <openssl/crypto.h>
#include <srtp2/srtp.h>

#include "asterisk/logger.h"
#include "asterisk/utils.h"

#include "available.h"
#include "res_zrtp.h"

/*! What may be missing. */
static const struct {
	enum zrtp_class which;
	const char *name;
	const char *key;              /*!< Of zrtp.conf */
	const char *lacks;            /*!< What is missing then */
} optional[] = {
	{ ZRTP_CLASS_TAG, "GCM", "auth_tag", "AES-GCM" },
	{ ZRTP_CLASS_KEX, "X1M1", "key_agreement", "ML-KEM, which OpenSSL has since 3.5" },
	{ ZRTP_CLASS_KEX, "X3M3", "key_agreement", "ML-KEM, which OpenSSL has since 3.5" },
};

static int there(size_t i)
{
	return optional[i].which == ZRTP_CLASS_TAG ? zrtp_srtp_has_gcm()
		: zrtp_algorithm_available(optional[i].which, optional[i].name);
}

static const char *library(size_t i)
{
	return optional[i].which == ZRTP_CLASS_TAG ? srtp_get_version_string() : OpenSSL_version(OPENSSL_VERSION);
}

void available_defaults(struct settings *settings)
{
	size_t i;

	/* The engine's own has no GCM, since it does not know what SRTP it is used with. */
	if (zrtp_policy_set(&settings->policy, ZRTP_CLASS_TAG, "GCM,HS80,HS32", NULL) != ZRTP_OK) {
		return;
	}
	for (i = 0; i < ARRAY_LEN(optional); i++) {
		if (!there(i)) {
			zrtp_policy_remove(&settings->policy, optional[i].which, optional[i].name);
		}
	}
}

int available_check(struct settings *settings, const char *where, unsigned int *warned)
{
	size_t i;
	int res = 0;

	for (i = 0; i < ARRAY_LEN(optional); i++) {
		struct zrtp_algorithm_list *list = &settings->policy.algorithms[optional[i].which];
		struct zrtp_algorithm_list before = *list;

		if (there(i) || !zrtp_policy_remove(&settings->policy, optional[i].which, optional[i].name)) {
			continue;
		}
		if (!list->count) {
			*list = before;
			ast_log(LOG_ERROR, "%s: policy %s: nothing of %s can be used here, %s has no %s\n", where, settings->name,
				optional[i].key, library(i), optional[i].lacks);
			res = -1;
		} else if (!(*warned & 1U << i)) {
			*warned |= 1U << i;
			ast_log(LOG_WARNING, "%s: policy %s: %s is left out of %s, %s has no %s\n", where, settings->name,
				optional[i].name, optional[i].key, library(i), optional[i].lacks);
		}
	}

	return res;
}
