/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file phones/baresip/screen.c  What a person sees, and programs hear
 *
 * People get lines on each user interface, programs events of the module:
 * "zrtp,state", "zrtp,sas" and "zrtp,alert".
 */
#include "zrtp.h"


static void append(const char *line, void *arg)
{
	struct mbuf *mb = arg;

	(void)mbuf_write_str(mb, line);
	(void)mbuf_write_u8(mb, '\n');
}


/* All of the screen as one text, NULL: no memory */
static char *draw(const struct menc_sess *sess, struct facts *facts)
{
	struct mbuf *mb = mbuf_alloc(1024);
	char *text = NULL;

	if (!mb)
		return NULL;

	session_facts(sess, facts);
	session_name(sess, facts);
	show_lines(facts, append, mb);
	mb->pos = 0;
	(void)mbuf_strdup(mb, &text, mb->end);
	mem_deref(mb);

	return text;
}


/* The user interfaces take a line at a time */
static void print(const char *text)
{
	while (*text) {
		size_t len = strcspn(text, "\n");
		struct pl line = {text, len};

		ui_output(baresip_uis(), "%r\n", &line);
		text += len + (text[len] == '\n');
	}
}


static void tell_programs(struct call *call, const struct facts *facts)
{
	const struct zrtp_session_info *info = &facts->info;
	const char *level = show_level_name(show_level(facts));
	struct ua *ua = call_get_ua(call);

	module_event("zrtp", "state", ua, call, "%s", level);
	if (info->has_sas)
		module_event("zrtp", "sas", ua, call, "%s,%s,%s", info->sas,
			     info->relayed ? "relayed" : "own", level);
}


void screen_update(struct menc_sess *sess)
{
	struct call *call = session_call(sess);
	struct facts facts;
	char *text;

	/* Not one of baresip's yet, or no more */
	if (!call)
		return;

	text = draw(sess, &facts);
	if (!text || !str_cmp(text, sess->shown)) {
		mem_deref(text);
		return;
	}
	mem_deref(sess->shown);
	sess->shown = text;
	print(text);
	tell_programs(call, &facts);
}


int screen_print(struct re_printf *pf, const struct menc_sess *sess)
{
	struct facts facts;
	char *text;
	int err;

	text = draw(sess, &facts);
	err = text ? re_hprintf(pf, "%s", text) : ENOMEM;
	mem_deref(text);

	return err;
}


void screen_alarm(struct menc_sess *sess, enum alert alert)
{
	struct call *call = session_call(sess);
	bool news = !(sess->told.alerts & 1U << alert);
	struct facts facts;

	sess->told.alerts |= 1U << alert;
	if (!news)
		return;

	session_facts(sess, &facts);
	warning("zrtp: %s: %s\n", *facts.peer ? facts.peer : "call",
		show_alert_text(alert));
	if (call)
		module_event("zrtp", "alert", call_get_ua(call), call, "%s",
			     show_alert_name(alert));
}
