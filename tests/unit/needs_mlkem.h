/* SPDX-License-Identifier: BSD-2-Clause */
/* For tests of post-quantum key agreements: this libcrypto may have no ML-KEM. */
#ifndef NEEDS_MLKEM_H
#define NEEDS_MLKEM_H

#include "unit.h"

#include <openssl/crypto.h>

/* Skips the test, and says why, unless ZRTP_NEED_MLKEM is set: then it fails. */
static inline void needs_mlkem(void)
{
	if (zrtp_algorithm_available(ZRTP_CLASS_KEX, "X1M1")) {
		return;
	}
	if (getenv("ZRTP_NEED_MLKEM")) {
		fail_msg("%s has no ML-KEM", OpenSSL_version(OPENSSL_VERSION));
	}
	print_message("skipped: %s has no ML-KEM\n", OpenSSL_version(OPENSSL_VERSION));
	skip();
}

#endif
