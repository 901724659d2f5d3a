/* SPDX-License-Identifier: GPL-2.0-only */
/*! \file */

#include "asterisk.h"

#include <openssl/crypto.h>
#include <srtp2/srtp.h>

#include "asterisk/logger.h"
#include "asterisk/utils.h"

#include <zrtp/srtp.h>

#include "decide/policy_keys.h"
#include "decide/settings.h"
#include "base/available.h"
#include "base/conf_log.h"

/*! What say_missing() needs. */
struct saying {
	const struct settings *settings;
	const char *where;
	unsigned int *warned;
};

int available_defaults(struct settings *settings)
{
	return policy_defaults(settings, zrtp_srtp_has_gcm());
}

static void say_missing(const struct zrtp_missing *missing, void *arg)
{
	const struct saying *saying = arg;
	const char *key = missing->which == ZRTP_CLASS_TAG ? "auth_tag" : "key_agreement";
	const char *library = missing->of_srtp ? srtp_get_version_string() : OpenSSL_version(OPENSSL_VERSION);

	if (missing->last) {
		conf_log(LOG_ERROR, "%s: policy %s: no algorithm of %s can be used here, %s has no %s\n", saying->where,
			saying->settings->name, key, library, missing->lacks);
	} else if (!(*saying->warned & 1U << missing->index)) {
		*saying->warned |= 1U << missing->index;
		conf_log(LOG_WARNING, "%s: policy %s: %s (%s) is left out of %s, %s has no %s\n", saying->where,
			saying->settings->name, missing->name, zrtp_algorithm_name(missing->which, missing->name), key, library,
			missing->lacks);
	}
}

int available_check(struct settings *settings, const char *where, unsigned int *warned)
{
	struct saying saying = { .settings = settings, .where = where, .warned = warned };

	if (zrtp_policy_fit(&settings->policy, zrtp_srtp_has_gcm(), say_missing, &saying) != ZRTP_OK) {
		return -1;
	}
	if (!settings->policy.post_quantum || zrtp_policy_has_post_quantum(&settings->policy)) {
		return 0;
	}
	conf_log(LOG_ERROR, "%s: policy %s: post_quantum = require, and key_agreement has none that this machine can do. "
		"There are X25519 + ML-KEM-512 (X1M1) and X448 + ML-KEM-1024 (X3M3), with OpenSSL 3.5 or later; this is %s\n",
		where, settings->name, OpenSSL_version(OPENSSL_VERSION));

	return -1;
}
