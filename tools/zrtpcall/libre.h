/* SPDX-License-Identifier: BSD-2-Clause */
/* libre and librem. */
#ifndef ZRTPCALL_LIBRE_H
#define ZRTPCALL_LIBRE_H

#include <libre/libre.h>

#include <rem.h>

#endif
