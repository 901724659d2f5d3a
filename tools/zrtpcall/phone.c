/* SPDX-License-Identifier: BSD-2-Clause */
/* The SIP stack, the registration, and all calls of this phone. */
#include "phone.h"

#include "keylog.h"

#include <errno.h>
#include <stdio.h>

enum { HASH_SIZE = 64, NAMESERVERS = 4, LEAVE_MS = 3000 };

struct call *phone_call(struct phone *phone, unsigned id)
{
	struct call *newest = NULL;
	struct le *le;

	LIST_FOREACH (&phone->calls, le) {
		struct call *call = le->data;

		if (id ? call->id == id : call->state != CALL_ENDED) {
			newest = call;
		}
	}
	return newest;
}

/* ---- the end ---- */

static void on_sip_closed(void *arg)
{
	(void)arg;
	re_cancel();
}

/* Who has not answered by now does not get to: the transactions that wait for him hold the sockets. */
static void on_patience_over(void *arg)
{
	struct phone *phone = arg;

	sipsess_close_all(phone->sessions);
	sip_close(phone->sip, true);
	re_cancel();
}

static void leave(struct phone *phone)
{
	phone->registration = mem_deref(phone->registration); /* unregisters */
	sip_close(phone->sip, false);
	tmr_start(&phone->guard, LEAVE_MS, on_patience_over, phone);
}

void phone_quit(struct phone *phone)
{
	struct le *le;

	if (phone->closing) {
		return;
	}
	phone->closing = true;
	if (list_isempty(&phone->calls)) {
		leave(phone);
	}
	LIST_FOREACH (&phone->calls, le) {
		call_hang_up(le->data);
	}
}

/* The last call has ended. */
static void on_last_ended(struct phone *phone)
{
	const struct options *options = phone->options;

	if (phone->closing) {
		leave(phone);
	} else if (!options->stay && (options->target || options->once)) {
		phone_quit(phone);
	}
}

/* ---- the beginning ---- */

static void on_invite(const struct sip_msg *msg, void *arg)
{
	call_incoming(arg, msg);
}

static int begin_calls(struct phone *phone)
{
	const struct options *options = phone->options;
	int err = 0;

	for (unsigned i = 0; options->target && i < options->calls && !err; i++) {
		err = call_dial(NULL, phone, options->target, NULL);
		if (err) {
			(void)fprintf(stderr, "zrtpcall: cannot call %s: %s\n", options->target,
				      strerror(err));
		}
	}
	return err;
}

static void on_ready(struct phone *phone)
{
	(void)begin_calls(phone);
}

static void on_registered(int err, const struct sip_msg *msg, void *arg)
{
	struct phone *phone = arg;
	struct report report;

	if (!err && msg && msg->scode < 200) {
		return;
	}
	report = report_begin(!err && msg && msg->scode < 300 ? "registered" : "register-failed", 0);
	if (msg) {
		report_number(&report, "code", msg->scode);
		report_pl(&report, "reason", &msg->reason);
	} else {
		report_text(&report, "text", strerror(err));
	}
	report_end(&report);
	if (!err && msg && msg->scode < 300) {
		if (!phone->dialled) {
			phone->dialled = true;
			phone->ready(phone);
		}
		return;
	}
	outcome_worsen(phone, EXIT_CALL);
	if (!phone->options->stay) {
		phone_quit(phone);
	}
}

static int begin_register(struct phone *phone)
{
	const struct options *options = phone->options;
	const char *route = options->proxy;

	return sipreg_register(&phone->registration, phone->sip, options->registrar, phone->aor,
			       options->display, phone->aor, options->expires, account_user(phone), &route,
			       route ? 1 : 0, 0, account_auth, phone, false, on_registered, phone, NULL,
			       NULL);
}

static int open_dns(struct phone *phone)
{
	struct sa servers[NAMESERVERS];
	uint32_t count = NAMESERVERS;
	char domain[64];

	/* Without nameservers numeric addresses still work. */
	if (dns_srv_get(domain, sizeof(domain), servers, &count)) {
		count = 0;
	}
	return dnsc_alloc(&phone->dns, NULL, servers, count);
}

static int listen_sip(struct phone *phone)
{
	const struct options *options = phone->options;
	int err = sip_alloc(&phone->sip, phone->dns, HASH_SIZE, HASH_SIZE, HASH_SIZE,
			    options->agent ? options->agent : "zrtpcall", on_sip_closed, phone);

	phone->local = options->local;
	if (!err) {
		err = sip_transp_add(phone->sip, SIP_TRANSP_UDP, &phone->local);
	}
	if (!err) {
		err = sip_transp_laddr(phone->sip, &phone->local, SIP_TRANSP_UDP, &phone->local);
	}
	if (!err && options->tcp) {
		err = sip_transp_add(phone->sip, SIP_TRANSP_TCP, &phone->local);
	}
	if (err) {
		(void)re_fprintf(stderr, "zrtpcall: cannot listen on %J: %s\n", &options->local,
				 strerror(err));
	}
	return err;
}

static int begin_sip(struct phone *phone)
{
	int err = open_dns(phone);

	if (!err) {
		err = listen_sip(phone);
	}
	if (!err) {
		err = sipsess_listen(&phone->sessions, phone->sip, HASH_SIZE, on_invite, phone);
	}
	if (!err) {
		err = sipevent_listen(&phone->events, phone->sip, HASH_SIZE, HASH_SIZE, NULL, NULL);
	}
	return err;
}

/* The host of the registrar's URI, or where we are. */
static int make_address(struct phone *phone)
{
	const struct options *options = phone->options;
	struct uri uri;
	struct pl text;

	if (!options->registrar) {
		return re_sdprintf(&phone->aor, "sip:%s@%J", options->user, &phone->local);
	}
	pl_set_str(&text, options->registrar);
	if (uri_decode(&uri, &text)) {
		(void)fprintf(stderr, "zrtpcall: --register %s: not a SIP URI\n", options->registrar);
		return EINVAL;
	}
	return uri.port ? re_sdprintf(&phone->aor, "sip:%s@%r:%u", options->user, &uri.host, uri.port)
			: re_sdprintf(&phone->aor, "sip:%s@%r", options->user, &uri.host);
}

static int begin_zrtp(struct phone *phone)
{
	const struct options *options = phone->options;
	struct zrtp_context_config config = { .client_id = options->client_id };
	int err = options->no_cache ? 0 : secrets_open(&phone->secrets, options);

	if (err) {
		return err;
	}
	config.cache = secrets_cache(phone->secrets);
	config.zid = options->has_zid ? options->zid : secrets_zid(phone->secrets);
	return zrtp_context_new(&phone->zrtp, &config) == ZRTP_OK ? 0 : ENOMEM;
}

static void tell_listening(const struct phone *phone)
{
	struct report report = report_begin("listening", 0);
	char address[64];

	(void)re_snprintf(address, sizeof(address), "%J", &phone->local);
	report_text(&report, "address", address);
	report_text(&report, "uri", phone->aor);
	report_hex(&report, "zid", zrtp_context_zid(phone->zrtp), ZRTP_ZID_SIZE);
	report_end(&report);
}

static void destroy(void *arg)
{
	struct phone *phone = arg;
	struct le *le;

	tmr_cancel(&phone->guard);
	while ((le = list_head(&phone->calls)) != NULL) {
		mem_deref(le->data); /* unlinks itself */
	}
	mem_deref(phone->registration);
	mem_deref(phone->events);
	mem_deref(phone->sessions);
	mem_deref(phone->sip);
	mem_deref(phone->dns);
	zrtp_context_free(phone->zrtp);
	zrtp_context_free(phone->other);
	mem_deref(phone->secrets);
	mem_deref(phone->keylog);
	mem_deref(phone->aor);
}

int phone_new(struct phone **out, const struct options *options)
{
	struct phone *phone = mem_zalloc(sizeof(*phone), destroy);
	int err;

	if (!phone) {
		return ENOMEM;
	}
	phone->options = options;
	phone->random = options->seed;
	phone->referred = transfer_incoming;
	phone->last_ended = on_last_ended;
	phone->ready = on_ready;
	err = begin_zrtp(phone);
	if (!err && options->keylog) {
		err = keylog_open(&phone->keylog, options->keylog);
	}
	if (!err) {
		err = begin_sip(phone);
	}
	if (!err) {
		err = make_address(phone);
	}
	if (err) {
		mem_deref(phone);
		return err;
	}
	tell_listening(phone);
	*out = phone;
	return 0;
}

int phone_begin(struct phone *phone)
{
	if (phone->options->registrar) {
		return begin_register(phone);
	}
	phone->dialled = true;
	if (phone->ready == on_ready) {
		return begin_calls(phone);
	}
	phone->ready(phone);
	return 0;
}
