/* SPDX-License-Identifier: BSD-2-Clause */
/* What every unit test includes, in the order cmocka wants it. */
#ifndef UNIT_H
#define UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <zrtp/zrtp.h>

#endif
