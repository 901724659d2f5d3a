/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file show.c  What a person is shown of a call
 *
 * Words are chosen so that the SAS of a PBX is never taken for that of the
 * person behind it, and nothing less than a comparison is called verified.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "show.h"


enum { LINE_SIZE = 256 };

/* What speaks against the keys until a user has compared the SAS */
static const unsigned doubts = 1U << ALERT_MISMATCH | 1U << ALERT_HASH |
	1U << ALERT_HASH_CHANGED | 1U << ALERT_FORGED | 1U << ALERT_AUX |
	1U << ALERT_RELAY;

static const struct {
	const char *name;
	const char *text;
} levels[LEVEL_COUNT] = {
	[LEVEL_ATTACK] = {"attack", "UNDER ATTACK: say nothing that"
			  " matters, hang up, and tell the other by"
			  " another way"},
	[LEVEL_CLEAR] = {"clear", "NOT ENCRYPTED: others can listen"},
	[LEVEL_CLOSED] = {"closed", "NOTHING PASSES: there are no keys"},
	[LEVEL_DOUBT] = {"doubt", "DO NOT TRUST THIS CALL before you have"
			 " compared the SAS"},
	[LEVEL_LOOKING] = {"looking", "Looking for ZRTP at the other side"},
	[LEVEL_SECURING] = {"securing", "Going secure"},
	[LEVEL_UNCOMPARED] = {"uncompared", "Encrypted, NOT COMPARED YET"},
	[LEVEL_VERIFIED] = {"verified", "Encrypted and VERIFIED"},
};

static const struct {
	const char *name;
	const char *text;
} alerts[ALERT_COUNT] = {
	[ALERT_MISMATCH] = {"cache-mismatch",
		"This phone and yours have called before, and it does not"
		" know that: it lost its cache, or it is another one"},
	[ALERT_HASH] = {"hash-mismatch",
		"The signalling vouches for another Hello (a=zrtp-hash)"},
	[ALERT_HASH_CHANGED] = {"hash-changed",
		"The signalling vouches for another Hello by now"},
	[ALERT_FORGED] = {"forged", "Somebody has forged a message of the"
			  " other side"},
	[ALERT_AUX] = {"aux-mismatch", "The shared auxiliary secret does not"
		       " match"},
	[ALERT_STRIPPED] = {"zrtp-missing",
		"The signalling announced ZRTP, and none came: hang up and"
		" call again"},
	[ALERT_RELAY] = {"relay-refused",
		"The other side relays a SAS, and you are not enrolled with"
		" it: what is shown is its own"},
	[ALERT_CHANGED] = {"peer-changed",
		"Another host says Hello in this call; the keys stay those"
		" that there were"},
	[ALERT_CLEAR_LOST] = {"clear-unanswered",
		"The other side does not answer the wish to go clear: the"
		" call stays encrypted"},
};


const char *show_level_name(enum level level)
{
	return (unsigned)level < LEVEL_COUNT ? levels[level].name : "";
}


const char *show_alert_name(enum alert alert)
{
	return (unsigned)alert < ALERT_COUNT ? alerts[alert].name : "";
}


const char *show_alert_text(enum alert alert)
{
	return (unsigned)alert < ALERT_COUNT ? alerts[alert].text : "";
}


/* A SAS may begin with a digit: that of before is no number of a line */
bool show_is_meant(const struct facts *facts, const char *which)
{
	char line[16];

	(void)snprintf(line, sizeof(line), "%u", facts->line);

	return (facts->info.has_sas &&
		!strcasecmp(which, facts->info.sas)) ||
		(facts->line && !strcmp(which, line));
}


bool show_is_relayed(const struct facts *facts)
{
	return facts->info.has_sas && facts->info.relayed;
}


static bool said(const char *sas, const struct facts *facts)
{
	return facts->info.has_sas && *sas && !strcmp(sas, facts->info.sas);
}


/* V says something of the end whose ZID it is, so nothing of who is behind */
static bool verified_before(const struct zrtp_session_info *info)
{
	return info->verified && info->peer_verified && info->rs_matched &&
		!info->cache_mismatch && !info->relayed;
}


/* A missing a=zrtp-hash is as a cache mismatch, but for who has compared: a
   retained secret that matches says more than a hash */
static enum level secure_level(const struct facts *facts)
{
	if (said(facts->told->same, facts))
		return LEVEL_VERIFIED;
	if (facts->told->alerts & doubts)
		return LEVEL_DOUBT;
	if (verified_before(&facts->info))
		return LEVEL_VERIFIED;

	return facts->hash_missing ? LEVEL_DOUBT : LEVEL_UNCOMPARED;
}


enum level show_level(const struct facts *facts)
{
	if (said(facts->told->other, facts))
		return LEVEL_ATTACK;
	if (facts->media_clear)
		return LEVEL_CLEAR;
	if (facts->failed)
		return LEVEL_CLOSED;

	switch (facts->state) {

	case ZRTP_STATE_IDLE:
	case ZRTP_STATE_DISCOVERY:
	case ZRTP_STATE_FOUND:
		return LEVEL_LOOKING;

	case ZRTP_STATE_COMMIT_SENT:
	case ZRTP_STATE_DHPART1_SENT:
	case ZRTP_STATE_DHPART2_SENT:
	case ZRTP_STATE_CONFIRM1_SENT:
	case ZRTP_STATE_CONFIRM2_SENT:
		return LEVEL_SECURING;

	case ZRTP_STATE_SECURE:
	case ZRTP_STATE_GOCLEAR_SENT:
		return secure_level(facts);

	default:
		return LEVEL_CLOSED;
	}
}


/* ---- the screen ---- */

struct screen {
	void (*each)(const char *line, void *arg);
	void *arg;
};


__attribute__((format(printf, 2, 3)))
static void put(const struct screen *screen, const char *fmt, ...)
{
	char line[LINE_SIZE];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	screen->each(line, screen->arg);
}


/* Letters stand apart, so that nobody reads them as a word; words do anyway */
static void put_sas(const struct screen *screen, const char *sas)
{
	bool words = strchr(sas, ':');
	char large[4 * ZRTP_SAS_TEXT_SIZE];
	size_t len = 0;

	for (; *sas && len + 4 < sizeof(large); sas++) {
		if (*sas == ':') {
			memcpy(large + len, "   ", 3);
			len += 3;
		}
		else {
			large[len++] = *sas;
			if (!words)
				large[len++] = ' ';
		}
	}
	large[len] = '\0';
	put(screen, " ");
	put(screen, "      SAS    %s", large);
	put(screen, " ");
}


/* Whose SAS is it? */
static void put_whose(const struct screen *screen, const struct facts *facts)
{
	const struct zrtp_session_info *info = &facts->info;
	const char *pbx = *facts->name ? facts->name : info->peer_client_id;

	if (info->relayed)
		put(screen, " It is the SAS of the PERSON BEHIND the PBX \"%s\","
		    " with which you are enrolled.", pbx);
	else if (info->peer_mitm)
		put(screen, " It is the SAS of the PBX \"%s\" ITSELF, not of"
		    " who is behind it: the PBX can listen.", pbx);
	else if (*facts->name)
		put(screen, " It is the SAS of the other phone, \"%s\": if"
		    " that is not who speaks, trust nothing.", facts->name);
	else
		put(screen, " It is the SAS of the other phone.");
}


static void put_what_to_do(const struct screen *screen,
			   const struct facts *facts, enum level level)
{
	const char *sas = facts->info.sas;

	switch (level) {

	case LEVEL_UNCOMPARED:
	case LEVEL_DOUBT:
		put(screen, " Read it to each other. The same:"
		    " /zrtp_verify %s   Another: /zrtp_unverify %s", sas,
		    sas);
		break;

	case LEVEL_VERIFIED:
		if (!*facts->name && !facts->info.relayed)
			put(screen, " Give the other side a name:"
			    " /zrtp_name NAME");
		break;

	case LEVEL_CLEAR:
		if (facts->gone_clear)
			put(screen, " Encrypt again: /zrtp_secure");
		break;

	case LEVEL_CLOSED:
		if (facts->gone_clear)
			put(screen, " The other side has ended the"
			    " encryption. Speak in clear: /zrtp_clear  "
			    " Encrypt again: /zrtp_secure");
		break;

	default:
		break;
	}
}


/* Who can change the signalling can be in the middle of the media, too */
static void put_signalling(const struct screen *screen,
			   const struct facts *facts, enum level level)
{
	if (facts->hash_missing)
		put(screen, " ! Its signalling has no a=zrtp-hash: only the"
		    " SAS shows who it is.");
	if (facts->trusted_signalling)
		return;

	put(screen, " ! The signalling is not protected by TLS: others can see"
	    " who calls whom.");
	if (level != LEVEL_VERIFIED)
		put(screen, " ! So take this call for insecure until you have"
		    " compared the SAS.");
}


static void put_known(const struct screen *screen, const struct facts *facts)
{
	const struct zrtp_session_info *info = &facts->info;

	if (info->cache_unavailable)
		put(screen, " Whether it has called before is not known: the"
		    " cache cannot be asked.");
	else if (info->verified && info->rs_matched && !info->relayed)
		put(screen, " You have compared with it before, and it is the"
		    " same one%s.", info->peer_verified ? "" :
		    "; its user has not");
	else if (info->rs_matched)
		put(screen, " It has called before, and is the same one.");
	if (info->peer_disclosed || (info->relayed && info->relayed_disclosed))
		put(screen, " ! The other side hands out its keys: others can"
		    " listen.");
}


static void put_alerts(const struct screen *screen, unsigned set)
{
	for (unsigned i = 0; i < ALERT_COUNT; i++) {
		if (set & 1U << i)
			put(screen, " ! %s.", alerts[i].text);
	}
}


static void put_enrollment(const struct screen *screen,
			   const struct facts *facts)
{
	if (!facts->enrolling)
		return;

	put(screen, " The PBX \"%s\" offers to ENROLL you: you would see the"
	    " SAS of who is behind it,", facts->info.peer_client_id);
	put(screen, " and trust it, as it can listen to these calls."
	    " /zrtp_enroll or /zrtp_refuse");
	if (facts->info.enrollment_needs_word)
		put(screen, " First compare the SAS: others have called as"
		    " this PBX.");
}


void show_lines(const struct facts *facts,
		void (*each)(const char *line, void *arg), void *arg)
{
	const struct screen screen = {each, arg};
	enum level level = show_level(facts);
	bool keys = facts->info.has_sas && level != LEVEL_CLEAR &&
		level != LEVEL_CLOSED;

	put(&screen, "---- ZRTP, line %u: %s ----", facts->line,
	    facts->peer);
	put(&screen, " %s%s", levels[level].text,
	    level == LEVEL_CLEAR && facts->state == ZRTP_STATE_DISCOVERY ?
	    " (looking for ZRTP)" : "");
	put_alerts(&screen, facts->told->alerts);
	if (keys) {
		put_sas(&screen, facts->info.sas);
		put_whose(&screen, facts);
	}
	put_what_to_do(&screen, facts, level);
	if (keys) {
		put_known(&screen, facts);
		put_signalling(&screen, facts, level);
		put(&screen, " %s, %s", facts->kex ? facts->kex : "",
		    facts->suite);
		put_enrollment(&screen, facts);
	}
	put(&screen, "----");
}
