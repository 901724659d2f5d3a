/* SPDX-License-Identifier: BSD-2-Clause */
/* The commands: each gets the call it is for and the rest of its line. */
#include "phone.h"

#include <errno.h>
#include <stdlib.h>

static int run_dial(struct phone *phone, struct call *call, const char *argument)
{
	(void)call;
	return call_dial(NULL, phone, argument, NULL);
}

static int run_answer(struct phone *phone, struct call *call, const char *argument)
{
	(void)phone;
	(void)argument;
	return call_answer(call);
}

static int run_reject(struct phone *phone, struct call *call, const char *argument)
{
	long code = *argument ? strtol(argument, NULL, 10) : 486;

	(void)phone;
	return code < 300 || code > 699 ? EINVAL : call_reject(call, (uint16_t)code);
}

static int run_hangup(struct phone *phone, struct call *call, const char *argument)
{
	(void)phone;
	(void)argument;
	call_hang_up(call);
	return 0;
}

static int run_dtmf(struct phone *phone, struct call *call, const char *argument)
{
	(void)phone;
	return medium_digits(call->audio, argument);
}

static int run_info(struct phone *phone, struct call *call, const char *argument)
{
	int err = 0;

	(void)phone;
	for (; *argument && !err; argument++) {
		err = telev_digit2code(*argument) < 0 ? EINVAL : call_info(call, *argument);
	}
	return err;
}

static int run_verify(struct phone *phone, struct call *call, const char *argument)
{
	(void)phone;
	(void)argument;
	return security_verify(call, true);
}

static int run_unverify(struct phone *phone, struct call *call, const char *argument)
{
	(void)phone;
	(void)argument;
	return security_verify(call, false);
}

static int run_clear(struct phone *phone, struct call *call, const char *argument)
{
	(void)phone;
	(void)argument;
	return security_go_clear(call);
}

static int run_acknowledge(struct phone *phone, struct call *call, const char *argument)
{
	(void)phone;
	(void)argument;
	return security_acknowledge_clear(call);
}

static int run_secure(struct phone *phone, struct call *call, const char *argument)
{
	(void)phone;
	(void)argument;
	return security_go_secure(call);
}

static int run_hold(struct phone *phone, struct call *call, const char *argument)
{
	(void)phone;
	(void)argument;
	return call_hold(call, true);
}

static int run_resume(struct phone *phone, struct call *call, const char *argument)
{
	(void)phone;
	(void)argument;
	return call_hold(call, false);
}

static int run_renew(struct phone *phone, struct call *call, const char *argument)
{
	bool other = !strcmp(argument, "other");

	(void)phone;
	return *argument && !other ? EINVAL : call_renew(call, other);
}

static int run_source(struct phone *phone, struct call *call, const char *argument)
{
	struct medium *media[3];

	(void)phone;
	(void)argument;
	for (struct medium **m = call_media(call, media); *m; m++) {
		source_change(&(*m)->source);
	}
	return 0;
}

static int run_video(struct phone *phone, struct call *call, const char *argument)
{
	(void)phone;
	(void)argument;
	return call_add_video(call);
}

static int run_transfer(struct phone *phone, struct call *call, const char *argument)
{
	(void)phone;
	return transfer_blind(call, argument);
}

static int run_attend(struct phone *phone, struct call *call, const char *argument)
{
	struct call *other = phone_call(phone, (unsigned)strtoul(argument, NULL, 10));

	return other ? transfer_attended(call, other) : ENOENT;
}

static int run_enroll(struct phone *phone, struct call *call, const char *argument)
{
	bool yes = !strcmp(argument, "yes");

	(void)phone;
	return yes || !strcmp(argument, "no") ? security_enroll(call, yes) : EINVAL;
}

static int run_relay(struct phone *phone, struct call *call, const char *argument)
{
	const struct call *from = phone_call(phone, (unsigned)strtoul(argument, NULL, 10));

	return from ? security_relay(call, from) : ENOENT;
}

static int run_play(struct phone *phone, struct call *call, const char *argument)
{
	(void)phone;
	return sound_play(call->audio->sound, argument, true);
}

static int run_sas(struct phone *phone, struct call *call, const char *argument)
{
	(void)phone;
	(void)argument;
	sas_report(call);
	return 0;
}

static int run_stats(struct phone *phone, struct call *call, const char *argument)
{
	struct report report = report_begin("stats", call->id);
	struct medium *media[3];

	(void)phone;
	(void)argument;
	for (struct medium **m = call_media(call, media); *m; m++) {
		medium_report(*m, &report);
	}
	report_end(&report);
	return 0;
}

static int run_quit(struct phone *phone, struct call *call, const char *argument)
{
	(void)call;
	(void)argument;
	phone_quit(phone);
	return 0;
}

/* clang-format off */
static const struct command commands[] = {
	{ "dial", false, true, run_dial },
	{ "answer", true, false, run_answer },
	{ "reject", true, false, run_reject },
	{ "hangup", true, false, run_hangup },
	{ "dtmf", true, true, run_dtmf },
	{ "info", true, true, run_info },
	{ "verify", true, false, run_verify },
	{ "unverify", true, false, run_unverify },
	{ "clear", true, false, run_clear },
	{ "acknowledge", true, false, run_acknowledge },
	{ "secure", true, false, run_secure },
	{ "hold", true, false, run_hold },
	{ "resume", true, false, run_resume },
	{ "renew", true, false, run_renew },
	{ "source", true, false, run_source },
	{ "video", true, false, run_video },
	{ "transfer", true, true, run_transfer },
	{ "attend", true, true, run_attend },
	{ "enroll", true, true, run_enroll },
	{ "relay", true, true, run_relay },
	{ "play", true, true, run_play },
	{ "sas", true, false, run_sas },
	{ "stats", true, false, run_stats },
	{ "quit", false, false, run_quit },
};
/* clang-format on */

const struct command *command_find(const char *name, size_t len)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (strlen(commands[i].name) == len && !strncmp(name, commands[i].name, len)) {
			return &commands[i];
		}
	}
	return NULL;
}
