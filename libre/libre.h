/* SPDX-License-Identifier: BSD-2-Clause */
/* libre's headers, which lean on the C library's. */
#ifndef ZRTP_LIBRE_H
#define ZRTP_LIBRE_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <re.h>

#endif
