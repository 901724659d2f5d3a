/* SPDX-License-Identifier: BSD-2-Clause */
/* A libsrtp2 that was built without AES-GCM: its srtp_create() refuses such a policy, and so
 * does the one here, which stands in for the library's. */
#include "media.h"

#include <dlfcn.h>
#include <srtp2/crypto_types.h>

static bool without_128, without_256;

srtp_err_status_t srtp_create(srtp_t *session, const srtp_policy_t *policy)
{
	static srtp_err_status_t (*real)(srtp_t *, const srtp_policy_t *);

	if ((without_128 && policy->rtp.cipher_type == SRTP_AES_GCM_128) ||
	    (without_256 && policy->rtp.cipher_type == SRTP_AES_GCM_256)) {
		return srtp_err_status_fail;
	}
	if (!real) {
		void *symbol = dlsym(RTLD_NEXT, "srtp_create");

		memcpy(&real, &symbol, sizeof(real));
	}
	return real(session, policy);
}

/* Either key length missing is enough: the cipher is negotiated apart from the tag. */
static void it_is_seen_before_any_call(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		without_128 = i & 1;
		without_256 = i & 2;
		assert_int_equal(zrtp_srtp_has_gcm(), i == 0);
	}
	without_128 = without_256 = false;
}

static void keys_for_it_are_refused_and_others_are_not(void **state)
{
	(void)state;
	without_128 = without_256 = true;
	for (size_t i = 0; i < COUNT(suites); i++) {
		const struct zrtp_srtp_keys keys = keys_of(suites[i], 1);
		struct zrtp_srtp *srtp = zrtp_srtp_new();
		struct packet p = rtp(1);
		bool gcm = i >= HMAC_SUITES;

		assert_int_equal(zrtp_srtp_set_keys(srtp, ZRTP_SEND, &keys), gcm ? ZRTP_CRYPTO : ZRTP_OK);
		assert_int_equal(protect(srtp, false, &p), gcm ? ZRTP_WRONG_STATE : ZRTP_OK);
		zrtp_srtp_free(srtp);
	}
	without_128 = without_256 = false;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_seen_before_any_call),
		cmocka_unit_test(keys_for_it_are_refused_and_others_are_not),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
