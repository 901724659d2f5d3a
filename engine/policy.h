/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ZRTP_POLICY_H
#define ZRTP_POLICY_H

#include "internal.h"

/* Is each list as long as its array at most? The application fills them, too. */
bool zrtp_policy_counts(const struct zrtp_policy *policy);

/* Of post_quantum: nothing but such key agreements stays in the list. */
void zrtp_policy_keep_post_quantum(struct zrtp_policy *policy);

#endif
