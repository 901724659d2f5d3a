/* SPDX-License-Identifier: BSD-2-Clause */
/* What a policy lists. */
#ifndef TEST_LISTS_H
#define TEST_LISTS_H

#include "pair.h"

/* A list's names, each of four characters, without anything between. */
static inline void list_is(const struct zrtp_policy *policy, enum zrtp_class which, const char *names)
{
	const struct zrtp_algorithm_list *list = &policy->algorithms[which];

	assert_int_equal(list->count, strlen(names) / 4);
	for (unsigned i = 0; i < list->count; i++) {
		assert_memory_equal(list->name[i], names + 4 * i, 4);
		assert_int_equal(list->name[i][4], '\0');
	}
}

/* The text sets a list to these. */
static inline void sets(enum zrtp_class which, const char *text, const char *names)
{
	struct zrtp_policy policy;

	zrtp_policy_init(&policy);
	assert_int_equal(zrtp_policy_set(&policy, which, text, NULL), ZRTP_OK);
	list_is(&policy, which, names);
}

#endif
