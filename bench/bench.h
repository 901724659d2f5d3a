/* SPDX-License-Identifier: BSD-2-Clause */
/* The three things the benchmark times. Each runs one complete key agreement,
 * both sides, and leaves nothing behind. */
#ifndef BENCH_H
#define BENCH_H

#include <stdbool.h>
#include <stddef.h>

/* A key agreement by its name in RFC 6189; false: not available. */
bool floor_has(const char *kex);
/* The bare public-key work of one exchange by plain libcrypto: two key
 * generations, two derivations. False: libcrypto failed. */
bool floor_run(const char *kex);

bool bzrtp_has(const char *kex);
bool bzrtp_run(const char *kex);

#endif
