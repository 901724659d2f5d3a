/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ZRTP_WORDS_H
#define ZRTP_WORDS_H

extern const char *const zrtp_words_even[256];
extern const char *const zrtp_words_odd[256];

#endif
