/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file phones/baresip/commands.c  The user's commands
 *
 * Each begins with /zrtp, so that TAB behind that shows all of them.  Which
 * call is meant: the only one there is, or the one whose SAS or number of
 * line is given.  No command guesses.
 */
#include "zrtp.h"


enum { ZID_DIGITS = 2 * ZRTP_ZID_SIZE };


static struct endpoint *endpoint;


/* ---- which call ---- */

static bool is_meant(const struct menc_sess *sess, const char *which)
{
	struct facts facts;

	session_facts(sess, &facts);

	return show_is_meant(&facts, which);
}


/* NULL: it was said why not */
static struct menc_sess *find(struct re_printf *pf, const char *which)
{
	struct menc_sess *found = NULL;
	unsigned count = 0;
	struct le *le;

	for (le = list_head(&endpoint->sessl); le; le = le->next) {

		if (!session_call(le->data))
			continue;
		if (str_isset(which) && !is_meant(le->data, which))
			continue;
		found = le->data;
		++count;
	}
	if (count == 1)
		return found;

	(void)re_hprintf(pf, count ? "There are several calls: give the SAS"
			 " that is shown, or the number of the line\n" :
			 str_isset(which) ? "No call has this SAS or line: it"
			 " may be another one by now, see /zrtp\n" :
			 "There is no call with ZRTP\n");

	return NULL;
}


static int done(struct re_printf *pf, const char *fault)
{
	return fault ? re_hprintf(pf, "Not done: %s\n", fault) : 0;
}


/* ---- of a call ---- */

static int cmd_show(struct re_printf *pf, void *arg)
{
	unsigned count = 0;
	struct le *le;
	int err = 0;
	(void)arg;

	for (le = list_head(&endpoint->sessl); le; le = le->next) {
		if (session_call(le->data)) {
			err |= screen_print(pf, le->data);
			++count;
		}
	}

	return count ? err : re_hprintf(pf, "There is no call with ZRTP\n");
}


static int act(struct re_printf *pf, const struct cmd_arg *carg,
	       const char *(*wish)(struct menc_sess *sess))
{
	struct menc_sess *sess = find(pf, carg->prm);

	return sess ? done(pf, wish(sess)) : 0;
}


static int cmd_verify(struct re_printf *pf, void *arg)
{
	return act(pf, arg, wish_verify);
}


static int cmd_unverify(struct re_printf *pf, void *arg)
{
	return act(pf, arg, wish_unverify);
}


static int cmd_clear(struct re_printf *pf, void *arg)
{
	return act(pf, arg, wish_clear);
}


static int cmd_secure(struct re_printf *pf, void *arg)
{
	return act(pf, arg, wish_secure);
}


static int enroll(struct re_printf *pf, const char *which, bool accept)
{
	struct menc_sess *sess = find(pf, which);
	const char *fault;

	if (!sess)
		return 0;

	fault = wish_enroll(sess, accept);

	return fault ? done(pf, fault) : re_hprintf(pf, accept ?
		"You are enrolled: in calls through this PBX you will see the"
		" SAS of who is behind it\n" : "Not enrolled\n");
}


static int cmd_enroll(struct re_printf *pf, void *arg)
{
	return enroll(pf, ((const struct cmd_arg *)arg)->prm, true);
}


static int cmd_refuse(struct re_printf *pf, void *arg)
{
	return enroll(pf, ((const struct cmd_arg *)arg)->prm, false);
}


/* ---- of a peer ---- */

struct search {
	const char *which;
	uint8_t zid[ZRTP_ZID_SIZE];
	unsigned count;
};


static bool begins(const struct zrtp_store_peer *peer, const char *which)
{
	char zid[ZID_DIGITS + 1];
	size_t len = strlen(which);

	(void)re_snprintf(zid, sizeof(zid), "%w", peer->peer_zid,
			  sizeof(peer->peer_zid));

	return len >= 4 && len <= ZID_DIGITS && !strncasecmp(zid, which, len);
}


static void match(const struct zrtp_store_peer *peer, void *arg)
{
	struct search *search = arg;

	if (begins(peer, search->which) ||
	    !str_casecmp(peer->name, search->which)) {
		memcpy(search->zid, peer->peer_zid, sizeof(search->zid));
		++search->count;
	}
}


/* By its name, or the first digits of its ZID */
static int find_peer(struct re_printf *pf, uint8_t zid[ZRTP_ZID_SIZE],
		     const char *which)
{
	struct search search = {which, {0}, 0};
	int err;

	if (!str_isset(which)) {
		(void)re_hprintf(pf, "Give a name, or the first digits of a"
				 " ZID: /zrtp_peers has both\n");
		return EINVAL;
	}
	err = secrets_apply(endpoint->secrets, match, &search);
	if (err)
		return err;
	if (search.count != 1) {
		(void)re_hprintf(pf, search.count ? "%u peers are called so:"
				 " give more digits of the ZID\n" :
				 "%u peers are called so\n", search.count);
		return ENOENT;
	}
	memcpy(zid, search.zid, ZRTP_ZID_SIZE);

	return 0;
}


struct list_of {
	struct re_printf *pf;
	bool enrolled;           /**< Only those */
	unsigned count;
};


static void print_peer(const struct zrtp_store_peer *peer, void *arg)
{
	struct list_of *of = arg;

	if (of->enrolled && !peer->has_pbx)
		return;

	++of->count;
	(void)re_hprintf(of->pf, "%w  %-9s %-9s %s\n", peer->peer_zid,
			 sizeof(peer->peer_zid),
			 peer->verified ? "compared" : "-",
			 peer->has_pbx ? "enrolled" : "-",
			 str_isset(peer->name) ? peer->name : "(no name)");
}


static int list_peers(struct re_printf *pf, bool enrolled)
{
	struct list_of of = {pf, enrolled, 0};
	int err = secrets_apply(endpoint->secrets, print_peer, &of);

	return err ? err : re_hprintf(pf, enrolled ?
				      "enrolled with %u PBX%s\n" :
				      "%u peer%s\n", of.count,
				      of.count == 1 ? "" : "s");
}


static int cmd_peers(struct re_printf *pf, void *arg)
{
	(void)arg;

	return list_peers(pf, false);
}


static int cmd_enrolled(struct re_printf *pf, void *arg)
{
	(void)arg;

	return list_peers(pf, true);
}


/* "NAME": of the call there is; "ZID NAME": of that peer */
static int cmd_name(struct re_printf *pf, void *arg)
{
	const struct cmd_arg *carg = arg;
	struct zrtp_session_info info;
	uint8_t zid[ZRTP_ZID_SIZE];
	struct menc_sess *sess;
	struct pl word, rest;
	char name[128];

	if (!str_isset(carg->prm))
		return re_hprintf(pf, "Give a name, behind a ZID if it is not"
				  " for the call there is\n");
	if (!re_regex(carg->prm, strlen(carg->prm),
		      "[0-9a-fA-F]+[ ]+[~]+", &word, NULL, &rest) &&
	    word.p == carg->prm && word.l == ZID_DIGITS) {
		char digits[ZID_DIGITS + 1];

		(void)pl_strcpy(&word, digits, sizeof(digits));
		(void)str_hex(zid, sizeof(zid), digits);
		(void)pl_strcpy(&rest, name, sizeof(name));
	}
	else {
		sess = find(pf, NULL);
		if (!sess)
			return 0;
		zrtp_session_get_info(sess->zrtp, &info);
		if (!info.has_sas)
			return done(pf, "the call has no keys yet");
		memcpy(zid, info.peer_zid, sizeof(zid));
		str_ncpy(name, carg->prm, sizeof(name));
	}

	return secrets_name(endpoint->secrets, zid, name) ?
		done(pf, "the name was not stored") :
		re_hprintf(pf, "%w is called %s; who that is, only a compared"
			   " SAS shows\n", zid, sizeof(zid), name);
}


static void forget_in_calls(const uint8_t zid[ZRTP_ZID_SIZE])
{
	struct zrtp_session_info info;
	struct le *le;

	for (le = list_head(&endpoint->sessl); le; le = le->next) {
		struct menc_sess *sess = le->data;

		zrtp_session_get_info(sess->zrtp, &info);
		if (info.has_peer_zid &&
		    !memcmp(info.peer_zid, zid, ZRTP_ZID_SIZE)) {
			zrtp_session_forget_enrollment(sess->zrtp);
			screen_update(sess);
		}
	}
}


static int cmd_revoke(struct re_printf *pf, void *arg)
{
	const struct cmd_arg *carg = arg;
	uint8_t zid[ZRTP_ZID_SIZE];

	if (find_peer(pf, zid, carg->prm))
		return 0;
	forget_in_calls(zid);

	return secrets_unenroll(endpoint->secrets, zid) ?
		done(pf, "you are not enrolled with it, or the cache cannot be"
		     " written") :
		re_hprintf(pf, "Revoked: no SAS that it relays is shown any"
			   " more\n");
}


static int cmd_forget(struct re_printf *pf, void *arg)
{
	const struct cmd_arg *carg = arg;
	uint8_t zid[ZRTP_ZID_SIZE];

	if (find_peer(pf, zid, carg->prm))
		return 0;

	return secrets_remove(endpoint->secrets, zid) ?
		done(pf, "the cache cannot be written") :
		re_hprintf(pf, "Forgotten: its next call is like a first one,"
			   " and it will warn its user\n");
}


static const struct cmd cmdv[] = {
{"zrtp", 0, 0, "ZRTP: the SAS and state of each call", cmd_show},
{"zrtp_verify", 0, CMD_PRM, "ZRTP: the SAS is the same [SAS or line]",
 cmd_verify},
{"zrtp_unverify", 0, CMD_PRM, "ZRTP: the SAS is another [SAS or line]",
 cmd_unverify},
{"zrtp_enroll", 0, CMD_PRM, "ZRTP: enroll with the PBX that offers it",
 cmd_enroll},
{"zrtp_refuse", 0, CMD_PRM, "ZRTP: do not enroll", cmd_refuse},
{"zrtp_enrolled", 0, 0, "ZRTP: the PBXs you are enrolled with",
 cmd_enrolled},
{"zrtp_revoke", 0, CMD_PRM, "ZRTP: end an enrollment NAME|ZID", cmd_revoke},
{"zrtp_clear", 0, CMD_PRM, "ZRTP: go on in clear [SAS or line]", cmd_clear},
{"zrtp_secure", 0, CMD_PRM, "ZRTP: encrypt again [SAS or line]", cmd_secure},
{"zrtp_peers", 0, 0, "ZRTP: who has called before", cmd_peers},
{"zrtp_name", 0, CMD_PRM, "ZRTP: call the peer [ZID] NAME", cmd_name},
{"zrtp_forget", 0, CMD_PRM, "ZRTP: forget a peer NAME|ZID", cmd_forget},
};


int commands_register(struct endpoint *ep)
{
	endpoint = ep;

	return cmd_register(baresip_commands(), cmdv, ARRAY_SIZE(cmdv));
}


void commands_unregister(void)
{
	cmd_unregister(baresip_commands(), cmdv);
	endpoint = NULL;
}
