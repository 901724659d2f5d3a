/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Behaving like another phone, as far as the other side can tell: what it lists,
 * when it says Hello, what it does not understand. One row for each.
 */
#include "phone.h"

#include <stdio.h>

struct row {
	const char *name, *client_id, *agent;
	const char *lists[ZRTP_CLASS_COUNT]; /* those of its algorithms that we have */
	struct likeness like;
	bool only_listed, parallel, ignore_hash, replaces;
	const char *deaf_to[2]; /* messages it neither sends nor understands */
	enum consent enroll;
};

#define GNU_LISTS                                                                                            \
	{                                                                                                    \
		"S384,S256", "AES3,AES1", "HS32,HS80", "EC25,DH3k,EC38,DH2k", "B32"                          \
	}

static const struct row rows[] = {
	{ .name = "linphone",
	  .client_id = "BZRTPv1.1",
	  .agent = "Linphonec/5.1.65",
	  .like = { .forgets_second = true },
	  .replaces = true,
	  .lists = { "S256", "AES1,AES3", "HS80,HS32", "DH3k", "B32" },
	  .only_listed = true,
	  .deaf_to = { "SASrelay" },
	  .enroll = CONSENT_REFUSE },
	{ .name = "linphone-app", /* since 6.0 */
	  .client_id = "BZRTPv1.1",
	  .like = { .forgets_second = true },
	  .lists = { "S256,S512", "AES1,AES3", "GCM,HS80,HS32", "X1M1,DH3k", "B32" },
	  .only_listed = true,
	  .deaf_to = { "SASrelay" },
	  .enroll = CONSENT_REFUSE },
	{ .name = "baresip",
	  .client_id = "GNU ZRTP 4.6.4",
	  .agent = "baresip v4.10.0",
	  .lists = GNU_LISTS,
	  .like = { .enrolls_anew = true, .rings_on_replaces = true },
	  .parallel = true,
	  .ignore_hash = true,
	  .replaces = true,
	  .deaf_to = { "GoClear" } },
	{ .name = "twinkle",
	  .client_id = "GNU ZRTP 4.6.4",
	  .agent = "Twinkle/1.10.3",
	  .lists = GNU_LISTS,
	  .like = { .enrolls_anew = true, .waits_to_hear = true, .anew_after_hold = true, .has_flag = true },
	  .ignore_hash = true,
	  .deaf_to = { "GoClear" } },
	{ .name = "baresip-libzrtp",
	  .client_id = "baresip/zrtp",
	  .agent = "baresip v2.7.0",
	  .lists = { "S256", "AES3,AES1", "HS32,HS80", "EC25,DH3k,DH2k", "B256,B32" },
	  .like = { .keeps_relayed = true, .rings_on_replaces = true },
	  .replaces = true,
	  .deaf_to = { "GoClear" } },
	{ .name = "libzrtp",
	  .client_id = "libzrtp v1.20",
	  .lists = { "S256", "AES3,AES1", "HS32", "EC25,DH3k,DH2k", "B256,B32" },
	  .like = { .keeps_relayed = true },
	  .only_listed = true,
	  .deaf_to = { "GoClear" } },
};

static void add_message(struct message_list *list, const char *name)
{
	if (list->count < MESSAGES_MAX) {
		(void)snprintf(list->name[list->count++], sizeof(list->name[0]), "%s", name);
	}
}

static bool take(struct options *options, const struct row *row)
{
	for (unsigned c = 0; c < ZRTP_CLASS_COUNT; c++) {
		if (zrtp_policy_set(&options->policy, (enum zrtp_class)c, row->lists[c], NULL) != ZRTP_OK) {
			return false;
		}
	}
	options->client_id = row->client_id;
	options->agent = row->agent ? row->agent : options->agent;
	options->like = row->like;
	options->policy.only_listed = row->only_listed;
	options->parallel = row->parallel;
	options->ignore_hash = row->ignore_hash;
	options->no_hash = row->ignore_hash || row->parallel;
	options->replaces |= row->replaces;
	options->enroll = row->enroll;
	for (unsigned i = 0; i < 2 && row->deaf_to[i]; i++) {
		add_message(&options->drop_sent, row->deaf_to[i]);
		add_message(&options->drop_received, row->deaf_to[i]);
	}
	return true;
}

bool like_set(struct options *options, const char *name)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (!strcmp(rows[i].name, name)) {
			return take(options, &rows[i]);
		}
	}
	return false;
}

void like_forget_enrollment(struct call *call)
{
	struct zrtp_session_info info;

	zrtp_session_get_info(call->zrtp, &info);
	secrets_unenroll(call->phone->secrets, info.peer_zid);
	zrtp_session_forget_enrollment(call->zrtp);
}

void like_shows(struct call *call, struct zrtp_session_info *info)
{
	if (!call->phone->options->like.keeps_relayed) {
		return;
	}
	if (info->relayed) {
		(void)snprintf(call->kept_sas, sizeof(call->kept_sas), "%s", info->sas);
		(void)snprintf(call->kept_type, sizeof(call->kept_type), "%s", info->sas_type);
	} else if (info->relayed_own) {
		call->kept_sas[0] = '\0';
	} else if (call->kept_sas[0]) {
		info->relayed = true;
		(void)snprintf(info->sas, sizeof(info->sas), "%s", call->kept_sas);
		(void)snprintf(info->sas_type, sizeof(info->sas_type), "%s", call->kept_type);
	}
}
