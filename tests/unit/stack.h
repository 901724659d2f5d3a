/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What functions that have returned left on the stack. Whatever is looked at runs below a
 * gap, so that looking overwrites nothing of what it left: stack_fill(), stack_call(), then
 * stack_found(), all from one function.
 */
#ifndef STACK_H
#define STACK_H

#include "remembered.h"

#include <unistd.h>

enum { STACK_SEEN = 96 * 1024, STACK_GAP = 4096 };

#define STACK_LOOKS __attribute__((unused, noinline, no_sanitize("address", "undefined")))

/* Before all else, in main(): the dynamic linker's first look for a function would leave its
 * caller's registers there, with what they had. */
__attribute__((unused)) static void stack_bind_now(char **argv)
{
	if (!getenv("LD_BIND_NOW")) {
		setenv("LD_BIND_NOW", "1", 1);
		execv("/proc/self/exe", argv);
	}
}

/* Each octet below becomes this one. */
STACK_LOOKS static void stack_fill(uint8_t octet)
{
	volatile uint8_t all[STACK_SEEN + 2 * STACK_GAP];

	for (size_t i = 0; i < sizeof(all); i++) {
		all[i] = octet;
	}
	(void)all[0];
}

STACK_LOOKS static void stack_call(void (*call)(void *arg), void *arg)
{
	volatile uint8_t gap[STACK_GAP];

	gap[0] = 1;
	call(arg);
	gap[STACK_GAP - 1] = gap[0]; /* so the frame is there until then */
}

/* What of the secrets that were remembered is there, or NULL. */
STACK_LOOKS static const char *stack_found(void)
{
	static uint8_t seen[STACK_SEEN];
	const volatile uint8_t *top = __builtin_frame_address(0);

	for (size_t i = 0; i < STACK_SEEN; i++) {
		seen[i] = (top - STACK_SEEN)[i];
	}
	return remembered_in(seen, sizeof(seen));
}

/* Nothing of them is. */
__attribute__((unused)) static void stack_assert_clean(const char *where, void (*call)(void *arg), void *arg)
{
	const char *what;

	stack_fill(0);
	stack_call(call, arg);
	what = stack_found();
	if (what) {
		fail_msg("%s leaves %s on the stack", where, what);
	}
}

#endif
