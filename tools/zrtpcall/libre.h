/* SPDX-License-Identifier: BSD-2-Clause */
/* libre and librem, whose headers lean on the C library's. */
#ifndef ZRTPCALL_LIBRE_H
#define ZRTPCALL_LIBRE_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <re.h>
#include <rem.h>

#endif
