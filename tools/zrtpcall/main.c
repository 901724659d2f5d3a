/* SPDX-License-Identifier: BSD-2-Clause */
/* zrtpcall: a SIP phone with ZRTP and without a head. */
#include "phone.h"

#include "descriptors.h"
#include "mode.h"

#define DEBUG_MODULE "zrtpcall"
#define DEBUG_LEVEL  3
#include <re_dbg.h>
#include <signal.h>
#include <srtp2/srtp.h>
#include <stdio.h>

/* libre's signal handler has no argument. */
static struct phone *the_phone;

static void on_signal(int number)
{
	(void)number;
	phone_quit(the_phone);
}

static const struct mode *const modes[] = { &check_mode, &load_mode, &conformance_mode };

static const struct mode *find_mode(const char *name)
{
	for (size_t i = 0; name && i < sizeof(modes) / sizeof(modes[0]); i++) {
		if (!strcmp(modes[i]->name, name)) {
			return modes[i];
		}
	}
	return NULL;
}

static int run(const struct options *options)
{
	struct script *script = NULL;
	int status = EXIT_USAGE;

	if (!phone_new(&the_phone, options) && !script_new(&script, the_phone) && !phone_begin(the_phone) &&
	    !re_main(on_signal)) {
		status = (int)the_phone->status;
	}
	mem_deref(script);
	the_phone = mem_deref(the_phone);
	return status;
}

static int fail(const struct mode *mode)
{
	if (mode->usage_line) {
		puts(mode->usage_line);
	}
	return mode->usage_status;
}

static int run_mode(const struct options *options, const struct mode *mode)
{
	void *state = NULL;
	int status;

	report_quiet(true);
	dbg_init(DBG_ERR, DBG_NONE); /* libre's warnings of what a peer sends are no part of a report */
	if (phone_new(&the_phone, options) || mode->begin(&state, the_phone) || phone_begin(the_phone) ||
	    re_main(on_signal)) {
		mem_deref(state);
		status = fail(mode);
	} else {
		status = mode->end(state, the_phone);
	}
	the_phone = mem_deref(the_phone);
	return status;
}

int main(int argc, char *argv[])
{
	const struct mode *mode = find_mode(argc > 1 ? argv[1] : NULL);
	struct options options;
	int status;

	/* First: the options depend on what it can do. */
	if (srtp_init() != srtp_err_status_ok) {
		(void)fprintf(stderr, "zrtpcall: cannot start libsrtp2\n");
		return EXIT_USAGE;
	}
	if (mode) { /* its name takes the place of the program's */
		argc--;
		argv++;
	}
	status = options_parse(&options, mode, argc, argv);
	if (status >= 0) {
		(void)srtp_shutdown();
		return mode && status ? fail(mode) : status;
	}
	(void)signal(SIGPIPE, SIG_IGN);
	if (libre_init()) {
		(void)fprintf(stderr, "zrtpcall: cannot start libre\n");
		return mode ? fail(mode) : EXIT_USAGE;
	}
	if (!descriptors_raise(options.load.at_once)) {
		status = mode ? fail(mode) : EXIT_USAGE;
	} else {
		status = mode ? run_mode(&options, mode) : run(&options);
	}
	libre_close();
	(void)srtp_shutdown();
	return status;
}
