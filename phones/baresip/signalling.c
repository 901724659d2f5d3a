/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file phones/baresip/signalling.c  Which dialogs are protected by TLS
 *
 * baresip does not say how a call is signalled, so this looks at each message
 * of SIP.  A dialog is protected if all its messages went by TLS, with a host
 * whose certificate this phone has checked: one that it asked something of
 * its own accord (REGISTER, INVITE), which makes libre the TLS client.  A
 * caller who connects to this phone has shown no certificate.
 *
 * What is not known, or forgotten, is not protected.  All is bounded: a
 * flood of calls makes a notice appear, never disappear.
 */
#include "zrtp.h"


enum {
	DIALOGS = 64,
	HOSTS = 16,
	CALL_ID_SIZE = 128,
};


struct dialog {
	char id[CALL_ID_SIZE];
	bool bare;               /**< Something of it was not protected */
};


static struct {
	struct dialog dialogv[DIALOGS];  /**< The latest              */
	struct sa hostv[HOSTS];          /**< With checked certificate*/
	unsigned dialogs, hosts;         /**< That there ever were    */
} seen;


static struct dialog *find(const struct pl *id)
{
	for (unsigned i = 0; i < DIALOGS; i++) {
		if (!pl_strcmp(id, seen.dialogv[i].id))
			return &seen.dialogv[i];
	}

	return NULL;
}


static void add(const struct pl *id)
{
	struct dialog *dialog = &seen.dialogv[seen.dialogs++ % DIALOGS];

	memset(dialog, 0, sizeof(*dialog));
	if (pl_strcpy(id, dialog->id, sizeof(dialog->id)))
		dialog->id[0] = '\0';
}


static bool is_checked(const struct sa *host)
{
	for (unsigned i = 0; i < HOSTS; i++) {
		if (sa_isset(&seen.hostv[i], SA_ALL) &&
		    sa_cmp(&seen.hostv[i], host, SA_ALL))
			return true;
	}

	return false;
}


/* Of a dialog, or one that begins */
static void note(const struct sip_msg *msg, bool tx, bool tls,
		 const struct sa *peer)
{
	bool begins = msg->req && !pl_isset(&msg->to.tag);
	struct dialog *dialog;

	if (tx && begins && tls && !is_checked(peer))
		seen.hostv[seen.hosts++ % HOSTS] = *peer;

	if (!pl_isset(&msg->callid))
		return;
	if (begins && !pl_strcmp(&msg->met, "INVITE") && !find(&msg->callid))
		add(&msg->callid);

	dialog = find(&msg->callid);
	if (dialog && (!tls || !is_checked(peer)))
		dialog->bare = true;
}


static void on_message(bool tx, enum sip_transp tp, const struct sa *src,
		       const struct sa *dst, const uint8_t *pkt, size_t len,
		       void *arg)
{
	struct mbuf *mb = mbuf_alloc(len + 1);
	struct sip_msg *msg = NULL;
	bool tls = tp == SIP_TRANSP_TLS;
	(void)arg;

	/* Where this phone listens the other side has connected, whatever
	   address it says it has */
	if (tls && !tx && sip_transp_isladdr(uag_sip(), tp, dst))
		tls = false;

	if (mb && src && dst && !mbuf_write_mem(mb, pkt, len)) {
		mb->pos = 0;
		if (!sip_msg_decode(&msg, mb))
			note(msg, tx, tls, tx ? dst : src);
	}
	mem_deref(msg);
	mem_deref(mb);
}


bool signalling_is_protected(const char *call_id)
{
	const struct dialog *dialog;
	struct pl id;

	if (!str_isset(call_id))
		return false;

	pl_set_str(&id, call_id);
	dialog = find(&id);

	return dialog && !dialog->bare;
}


/* Without a certificate that is checked there is nothing to look for, and
   baresip's own trace (-s) stays */
void signalling_watch(bool on)
{
	if (uag_sip() && conf_config()->sip.verify_server)
		sip_set_trace_handler(uag_sip(), on ? on_message : NULL);
}
