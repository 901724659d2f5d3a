/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief AMI actions of the cache. They wait for the store, and show no secret.
 */

#include "asterisk.h"

#include "asterisk/logger.h"
#include "asterisk/manager.h"
#include "asterisk/module.h"
#include "asterisk/strings.h"
#include "asterisk/utils.h"

#include <zrtp/cache.h>
#include <zrtp/zrtp.h>

#include "base/text.h"
#include "cache/cache.h"
#include "cache/peers_wanted.h"
#include "console/cache_cli.h"

#define ID_SIZE 256

/*! \brief The peer that the action names. \retval -1 none, and told so */
static int zid_header(struct mansession *s, const struct message *m, uint8_t zid[ZRTP_ZID_SIZE])
{
	if (zid_from_text(astman_get_header(m, "ZID"), zid)) {
		astman_send_error(s, m, "ZID must be 24 hexadecimal digits");
		return -1;
	}

	return 0;
}

static int result(struct mansession *s, const struct message *m, enum zrtp_store_status status,
	const struct zrtp_store_error *error, const char *done)
{
	if (status) {
		astman_send_error_va(s, m, "%s", error->text);
	} else {
		astman_send_ack(s, m, (char *) done);
	}

	return 0;
}

/*! \brief The header that tells whose answer this is, or nothing. */
static const char *id_header(const struct message *m, char *out, size_t size)
{
	const char *id = astman_get_header(m, "ActionID");

	*out = '\0';
	if (!ast_strlen_zero(id)) {
		snprintf(out, size, "ActionID: %.200s\r\n", id);
	}

	return out;
}

/*! A list on its way. */
struct listing {
	struct mansession *s;
	const struct message *m;
	char id[ID_SIZE];
	int count;
};

static int send_peer(const struct zrtp_store_peer *peer, void *arg)
{
	struct listing *listing = arg;
	char zid[ZID_TEXT_SIZE];

	if (!listing->count++) {
		astman_send_listack(listing->s, listing->m, "Peers of the cache will follow", "start");
	}
	zid_text(zid, peer->peer_zid);
	astman_append(listing->s,
		"Event: ZrtpCachePeer\r\n"
		"%s"
		"ZID: %s\r\n"
		"Name: %s\r\n"
		"Verified: %s\r\n"
		"Enrolled: %s\r\n"
		"Endpoints: %s\r\n"
		"Labels: %u\r\n"
		"FirstUse: %" PRId64 "\r\n"
		"LastUse: %" PRId64 "\r\n"
		"Expires: %" PRId64 "\r\n"
		"\r\n",
		listing->id, zid, peer->name, yes_no(peer->verified), yes_no(peer->has_pbx), peer->endpoints, peer->labels, peer->first_use,
		peer->last_use, peer->expires == ZRTP_STORE_NEVER ? -1 : peer->expires);

	return 0;
}

static int action_list(struct mansession *s, const struct message *m)
{
	struct peers_wanted wanted = { NULL, };
	struct listing listing = { .s = s, .m = m };
	struct zrtp_store_error error;
	enum zrtp_store_status status;

	id_header(m, listing.id, sizeof(listing.id));
	wanted.like = S_OR(astman_get_header(m, "Like"), NULL);
	status = cache_admin_each(&wanted, send_peer, NULL, &listing, &error);
	if (status && !listing.count) {
		return result(s, m, status, &error, "");
	}
	if (!listing.count) {
		astman_send_listack(s, m, "There is no such peer", "start");
	}
	astman_send_list_complete_start(s, m, "ZrtpCacheListComplete", listing.count);
	if (status) {
		astman_append(s, "Error: %s\r\n", error.text);
	}
	astman_send_list_complete_end(s);

	return 0;
}

static int action_set(struct mansession *s, const struct message *m)
{
	const char *name = astman_get_header(m, "Name"), *verified = astman_get_header(m, "Verified");
	struct zrtp_store_error error;
	uint8_t zid[ZRTP_ZID_SIZE];
	enum zrtp_store_status status = ZRTP_STORE_OK;

	if (ast_strlen_zero(name) && ast_strlen_zero(verified)) {
		astman_send_error(s, m, "Name or Verified must be given");
		return 0;
	}
	if (!ast_strlen_zero(verified) && strcasecmp(verified, "yes") && strcasecmp(verified, "no")) {
		astman_send_error(s, m, "Verified must be yes or no");
		return 0;
	}
	if (zid_header(s, m, zid)) {
		return 0;
	}
	if (!ast_strlen_zero(name)) {
		status = cache_admin_rename(zid, name, &error);
	}
	if (!status && !ast_strlen_zero(verified)) {
		status = cache_admin_verify(zid, !strcasecmp(verified, "yes"), &error);
	}

	return result(s, m, status, &error, "Changed");
}

static int action_delete(struct mansession *s, const struct message *m)
{
	struct zrtp_store_error error;
	uint8_t zid[ZRTP_ZID_SIZE];
	enum zrtp_store_status status;

	if (zid_header(s, m, zid)) {
		return 0;
	}
	status = cache_admin_delete(zid, &error);

	return result(s, m, status, &error, "Deleted");
}

static int action_status(struct mansession *s, const struct message *m)
{
	struct store_status status;
	uint8_t own[ZRTP_ZID_SIZE];
	char zid[ZID_TEXT_SIZE] = "", id[ID_SIZE];

	store_get_status(&status);
	if (!store_own_zid(own)) {
		zid_text(zid, own);
	}
	astman_append(s,
		"Response: Success\r\n"
		"%s"
		"BackEnd: %s\r\n"
		"Place: %s\r\n"
		"Encrypted: %s\r\n"
		"State: %s\r\n"
		"OwnZID: %s\r\n"
		"Waiting: %zu\r\n"
		"Journal: %s\r\n"
		"InJournal: %zu\r\n"
		"JournalReason: %s\r\n"
		"Copy: %s\r\n"
		"InCopy: %zu\r\n"
		"CopyReason: %s\r\n"
		"Loads: %" PRIu64 "\r\n"
		"Changes: %" PRIu64 "\r\n"
		"Failures: %" PRIu64 "\r\n"
		"Reason: %s\r\n"
		"\r\n",
		id_header(m, id, sizeof(id)), S_OR(status.kind, ""), status.place, yes_no(status.sealed), store_state_text(&status),
		zid, status.waiting, status.journal, status.journaled, status.journal_reason, status.copy,
		status.copied, status.copy_reason, status.loads, status.puts, status.failures, status.up ? "" : status.reason);

	return 0;
}

int cache_ami_init(void)
{
	return ast_manager_register_xml("ZrtpCacheList", EVENT_FLAG_SYSTEM | EVENT_FLAG_REPORTING, action_list)
		|| ast_manager_register_xml("ZrtpCacheStatus", EVENT_FLAG_SYSTEM | EVENT_FLAG_REPORTING, action_status)
		|| ast_manager_register_xml("ZrtpCacheSet", EVENT_FLAG_SYSTEM, action_set)
		|| ast_manager_register_xml("ZrtpCacheDelete", EVENT_FLAG_SYSTEM, action_delete) ? -1 : 0;
}

void cache_ami_shutdown(void)
{
	ast_manager_unregister("ZrtpCacheList");
	ast_manager_unregister("ZrtpCacheStatus");
	ast_manager_unregister("ZrtpCacheSet");
	ast_manager_unregister("ZrtpCacheDelete");
}
