/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The objects of zrtpcall. One phone has calls (call.h), a call has media (medium.h:
 * audio, perhaps video), a medium has a gate, which alone decides what passes in which form.
 *
 * Everything runs on libre's main loop, on one thread. Objects are libre's
 * reference-counted memory; functions that return int return 0 or an errno.
 */
#ifndef ZRTPCALL_PHONE_H
#define ZRTPCALL_PHONE_H

#include "call.h"

struct keylog;
struct script;

/* ---- secrets.c: retained secrets ---- */

struct secrets;

/* Open the cache of the options. Prints what is wrong. */
int secrets_open(struct secrets **out, const struct options *options);
/* For the engine, NULL: cacheless. */
const struct zrtp_cache *secrets_cache(const struct secrets *secrets);
/* Forget that we are enrolled with this peer. */
void secrets_unenroll(const struct secrets *secrets, const uint8_t peer_zid[ZRTP_ZID_SIZE]);
/* Our ZID, kept with them. NULL: cacheless. */
const uint8_t *secrets_zid(const struct secrets *secrets);

/* ---- phone.c: SIP, registration, all calls ---- */

struct phone {
	const struct options *options;
	struct dnsc *dns;
	struct sip *sip;
	struct sipsess_sock *sessions;
	struct sipevent_sock *events;
	struct sipreg *registration;
	struct sa local;
	char *aor;        /* our address of record */
	struct tmr guard; /* our BYE need not be answered for ever */
	struct zrtp_context *zrtp;
	struct zrtp_context *other; /* another endpoint, made when one is wanted */
	struct secrets *secrets;
	struct keylog *keylog; /* NULL: none */
	struct list calls;
	unsigned last_id;
	unsigned random; /* state of the faults' generator */
	enum exit_status status;
	bool dialled, closing; /* dialled: the call of the command line was begun */
	/* News for files further up than those that have them. */
	sipsess_refer_h *referred;               /* a peer asks for a transfer */
	void (*last_ended)(struct phone *phone); /* no call is left */
	/* Hooks of a mode. */
	void (*ready)(struct phone *phone); /* registered, if that was asked for: now call */
	call_news_h *news;                  /* NULL: none */
	const struct tap *tap;              /* NULL: none */
	void *mode;                         /* its state */
};

/* Listen. */
int phone_new(struct phone **out, const struct options *options);
/* Register, then do what is to be done when that has gone well: call whom the options name, or what a
 * mode has put there. */
int phone_begin(struct phone *phone);
/* Calls and registration end, then the main loop does. */
void phone_quit(struct phone *phone);
/* A call by its number, 0: the newest. NULL: none. */
struct call *phone_call(struct phone *phone, unsigned id);

/* ---- account.c: who we are to the SIP side ---- */

/* The part of our address that others call us by. */
const char *account_user(const struct phone *phone);
int account_auth(char **user, char **password, const char *realm, void *phone);

/* ---- commands.c: what can be said ---- */

struct command {
	const char *name;
	bool needs_call, needs_argument;
	/* argument: the rest of the line, "" if there is none */
	int (*run)(struct phone *phone, struct call *call, const char *argument);
};

/* NULL: there is no such command. */
const struct command *command_find(const char *name, size_t len);

/* ---- script.c: commands from stdin and the command line ---- */

/* It goes before the phone. */
int script_new(struct script **out, struct phone *phone);

#endif
