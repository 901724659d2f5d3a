/* SPDX-License-Identifier: BSD-2-Clause */
/* zrtp-cache: tables for people. Secrets are not in them. */
#include "tool.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { PAGE = 256 };

static const char *moment(int64_t seconds, char out[32])
{
	time_t t = (time_t)seconds;
	struct tm tm;

	if (seconds == ZRTP_STORE_NEVER || !seconds || !localtime_r(&t, &tm) ||
	    !strftime(out, 32, "%Y-%m-%d %H:%M:%S", &tm)) {
		snprintf(out, 32, "never");
	}
	return out;
}

static const char *yes(bool value)
{
	return value ? "yes" : "no";
}

static const char *enrolled(const struct zrtp_store_peer *peer)
{
	return peer->has_pbx_alternate ? "unproved" : yes(peer->has_pbx);
}

static void print_row(const struct zrtp_store_peer *peer)
{
	char hex[2 * ZRTP_ZID_SIZE + 1], last[32];

	zrtp_store_hex(hex, peer->peer_zid, ZRTP_ZID_SIZE);
	printf("%-24s %-8s %-8s %6u  %-19s %s\n", hex, yes(peer->verified), enrolled(peer), peer->labels,
	       moment(peer->last_use, last), peer->name);
}

int tool_show(struct zrtp_store *store, const char *like)
{
	struct zrtp_store_peer *page = calloc(PAGE, sizeof(*page)), last;
	struct zrtp_store_error error;
	unsigned long total = 0;
	size_t count;

	if (!page) {
		fputs("zrtp-cache: out of memory\n", stderr);
		return EXIT_FAULT;
	}
	printf("%-24s %-8s %-8s %6s  %-19s %s\n", "ZID", "verified", "enrolled", "labels", "last use",
	       "name");
	do {
		if (zrtp_store_list(store, like, total ? &last : NULL, page, PAGE, &count, &error)) {
			free(page);
			return tool_fault(&error);
		}
		for (size_t i = 0; i < count; i++) {
			print_row(&page[i]);
		}
		if (count) {
			last = page[count - 1];
		}
		total += count;
	} while (count == PAGE);
	free(page);
	printf("%lu peers\n", total);
	return total || !like ? EXIT_DONE : EXIT_NONE;
}

int tool_show_peer(struct zrtp_store *store, const struct zrtp_store_peer *peer)
{
	static const char *const scopes[] = { "not known yet", "by label", "by ZID" };
	struct zrtp_store_label *labels = calloc(ZRTP_STORE_LABELS_MAX, sizeof(*labels));
	char own[2 * ZRTP_ZID_SIZE + 1], hex[2 * ZRTP_ZID_SIZE + 1], first[32], last[32];
	struct zrtp_store_error error;
	size_t count = 0;

	if (!labels || zrtp_store_labels(store, peer->own_zid, peer->peer_zid, labels, ZRTP_STORE_LABELS_MAX,
					 &count, &error)) {
		free(labels);
		return labels ? tool_fault(&error) : EXIT_FAULT;
	}
	zrtp_store_hex(own, peer->own_zid, ZRTP_ZID_SIZE);
	zrtp_store_hex(hex, peer->peer_zid, ZRTP_ZID_SIZE);
	printf("ZID:          %s\nName:         %s\nOwn ZID:      %s\n", hex, peer->name, own);
	printf("First use:    %s\nLast use:     %s\n", moment(peer->first_use, first),
	       moment(peer->last_use, last));
	printf("Enrolled:     %s\nEndpoints:    %s\nAuxsecret:    %s\nFiles:        %s\n", enrolled(peer),
	       peer->endpoints, yes(peer->has_aux), scopes[peer->scope]);
	for (size_t i = 0; i < count; i++) {
		const struct zrtp_store_label *l = &labels[i];

		printf("Label \"%s\": verified %s, secrets %s, Preshared %u, last use %s, expires %s\n",
		       l->label, yes(l->verified), l->has_rs2 ? "rs1 rs2" : "rs1",
		       (unsigned)l->preshared_count, moment(l->last_use, first), moment(l->expires, last));
	}
	free(labels);
	return EXIT_DONE;
}
