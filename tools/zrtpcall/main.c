/* SPDX-License-Identifier: BSD-2-Clause */
/* zrtpcall: a SIP phone with ZRTP and without a head. */
#include "phone.h"

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

int main(int argc, char *argv[])
{
	struct options options;
	int status;

	/* First: the options depend on what it can do. */
	if (srtp_init() != srtp_err_status_ok) {
		(void)fprintf(stderr, "zrtpcall: cannot start libsrtp2\n");
		return EXIT_USAGE;
	}
	status = options_parse(&options, argc, argv);
	if (status >= 0) {
		(void)srtp_shutdown();
		return status;
	}
	(void)signal(SIGPIPE, SIG_IGN);
	if (libre_init()) {
		(void)fprintf(stderr, "zrtpcall: cannot start libre\n");
		return EXIT_USAGE;
	}
	(void)fd_setsize(8192);
	status = run(&options);
	libre_close();
	(void)srtp_shutdown();
	return status;
}
