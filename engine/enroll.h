/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ZRTP_ENROLL_H
#define ZRTP_ENROLL_H

#include "internal.h"

/* E of a device that is no PBX means nothing; and with E no GoClear (7.3.1). */
bool zrtp_enrollment_offered(const struct zrtp_session *session);
bool zrtp_enrollment_needs_word(const struct zrtp_session *session);

#endif
