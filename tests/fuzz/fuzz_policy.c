/* SPDX-License-Identifier: BSD-2-Clause */
/* Texts of a person or of the signalling: lists of algorithms, a=zrtp-hash.
 * The first octet chooses which. */
#include "ends.h"

static void check_list(const struct zrtp_policy *policy, enum zrtp_class which)
{
	const struct zrtp_algorithm_list *list = &policy->algorithms[which];
	struct zrtp_policy again = *policy;
	char text[ZRTP_ALGORITHMS_MAX * 5 + 1] = "";

	HOLDS(list->count <= ZRTP_ALGORITHMS_MAX);
	for (unsigned i = 0; i < list->count; i++) {
		HOLDS(strlen(list->name[i]) == 4);
		for (unsigned j = 0; j < i; j++) {
			HOLDS(strcmp(list->name[i], list->name[j]));
		}
		strcat(text, list->name[i]);
		strcat(text, ",");
	}
	/* What was understood is understood again as the same. */
	if (list->count) {
		HOLDS(!zrtp_policy_set(&again, which, text, NULL));
		HOLDS(again.algorithms[which].count == list->count);
		for (unsigned i = 0; i < list->count; i++) {
			HOLDS(!strcmp(again.algorithms[which].name[i], list->name[i]));
		}
	}
}

static void try_list(enum zrtp_class which, const char *text)
{
	struct zrtp_policy policy, before;
	const char *bad = NULL;

	memset(&policy, 0, sizeof(policy));
	zrtp_policy_init(&policy);
	before = policy;
	if (zrtp_policy_set(&policy, which, text, &bad)) {
		HOLDS(!memcmp(&policy, &before, sizeof(policy)));
		HOLDS(!bad || (bad >= text && bad <= text + strlen(text)));
	} else {
		check_list(&policy, which);
	}
}

static void try_hash(const char *text)
{
	static const bool cacheless[2] = { true, true };
	struct zrtp_policy policy[2];
	struct zrtp_stream *stream;
	struct ends *ends;

	zrtp_policy_init(&policy[0]);
	zrtp_policy_init(&policy[1]);
	ends = ends_new(policy, cacheless);
	stream = ends->end[0].line[0].stream;
	if (!zrtp_stream_set_peer_hello_hash(stream, text)) {
		size_t digits = strspn(text + 5, "0123456789abcdefABCDEF");

		HOLDS(text[4] == ' ' && strlen(text) == 5 + digits);
		HOLDS(digits == 64 || (digits && memcmp(text, "1.1", 3)));
	}
	ends_free(ends);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text;

	if (!size || size > 512) {
		return 0;
	}
	text = malloc(size); /* exactly, so that reading on shows */
	HOLDS(text);
	memcpy(text, data + 1, size - 1);
	text[size - 1] = '\0';
	if (data[0] % (ZRTP_CLASS_COUNT + 1) < ZRTP_CLASS_COUNT) {
		try_list((enum zrtp_class)(data[0] % (ZRTP_CLASS_COUNT + 1)), text);
	} else {
		try_hash(text);
	}
	free(text);
	return 0;
}
