/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Enroll_zrtp(): a phone learns to trust this PBX (RFC 6189, 7.3.1).
 *
 * Run from an extension that phones dial directly. Enrollment has to be
 * announced in the ZRTP exchange, which begins with the answer: so the
 * application answers the call itself. It then waits for what comes of the
 * exchange, reads the SAS aloud, and has the caller confirm it before the
 * secret is kept.
 */

#include "asterisk.h"

#include "asterisk/app.h"
#include "asterisk/channel.h"
#include "asterisk/file.h"
#include "asterisk/logger.h"
#include "asterisk/module.h"
#include "asterisk/pbx.h"
#include "asterisk/strings.h"

#include "common/keep.h"
#include "common/api.h"

#include <zrtp/zrtp.h>

#define APP "Enroll_zrtp"
#define STATUS "ENROLLSTATUS"

/*! How long the exchange may take, seconds. */
#define WAIT_DEFAULT 15
#define WAIT_MAX 300
/*! How often the SAS is read before it counts as no answer. */
#define REPEAT_DEFAULT 3
#define REPEAT_MAX 20
/*! How long the caller may think after the question, milliseconds. */
#define ANSWER_WAIT 7000
/*! Between two looks at the state, milliseconds. */
#define STEP 100
/*! A channel without any ZRTP so long after its answer has none, milliseconds. */
#define NONE_MAX 2000

#define KEY_SAME '1'
#define KEY_DIFFERS '2'
#define KEY_AGAIN '3'
#define KEYS "123"

/*! How it ended. */
enum status {
	ENROLLED,
	ALREADY,
	NOZRTP,
	DIFFERS,
	UNANSWERED,
	LATE,
	ANONYMOUS,
	MISMATCH,
	TIMED_OUT,
	FAILED,
	HUNG_UP,
};

static const struct {
	const char *name;   /*!< Value of the variable */
	const char *prompt; /*!< What the caller hears */
} statuses[] = {
	[ENROLLED] = { "ENROLLED", "zrtp/enroll-done" },
	[ALREADY] = { "ALREADY", "zrtp/enroll-already" },
	[NOZRTP] = { "NOZRTP", "zrtp/enroll-no-zrtp" },
	[DIFFERS] = { "DIFFERS", "zrtp/enroll-differs" },
	[UNANSWERED] = { "UNANSWERED", "zrtp/enroll-refused" },
	[LATE] = { "LATE", "zrtp/enroll-late" },
	[ANONYMOUS] = { "ANONYMOUS", "zrtp/enroll-failed" },
	[MISMATCH] = { "MISMATCH", "zrtp/enroll-failed" },
	[TIMED_OUT] = { "TIMEOUT", "zrtp/enroll-failed" },
	[FAILED] = { "FAILED", "zrtp/enroll-failed" },
	[HUNG_UP] = { "HANGUP", NULL },
};

/*! Instead of that of ENROLLED, for a phone that may be none that can be enrolled. */
#define PROMPT_DOUBTFUL "zrtp/enroll-doubtful"

enum {
	OPT_TRUST = (1 << 0),
	OPT_HANGUP = (1 << 1),
	OPT_QUIET = (1 << 2),
	OPT_REPEAT = (1 << 3),
	OPT_WAIT = (1 << 4),
};

enum {
	ARG_REPEAT,
	ARG_WAIT,
	ARGS
};

AST_APP_OPTIONS(app_options, {
	AST_APP_OPTION('c', OPT_TRUST),
	AST_APP_OPTION('h', OPT_HANGUP),
	AST_APP_OPTION('q', OPT_QUIET),
	AST_APP_OPTION_ARG('r', OPT_REPEAT, ARG_REPEAT),
	AST_APP_OPTION_ARG('t', OPT_WAIT, ARG_WAIT),
});

/*! The letters of the options without and with an argument. */
#define OPTIONS_PLAIN "chq"
#define OPTIONS_NUMBER "rt"

/*! What the arguments say, and who does it. */
struct wishes {
	const struct ast_zrtp_api *zrtp;
	struct ast_flags flags;
	int repeat;
	int wait;
};

/*! \brief A number of an option. \retval -1 with an error logged */
static int read_number(struct ast_channel *chan, char option, const char *text, int max, int *out)
{
	char rest;

	if (ast_strlen_zero(text) || sscanf(text, "%30d%c", out, &rest) != 1 || *out < 1 || *out > max) {
		ast_log(LOG_ERROR, "%s: " APP ": option %c(%s) is not valid; allowed is 1 to %d; no phone is enrolled\n",
			ast_channel_name(chan), option, S_OR(text, ""), max);
		return -1;
	}

	return 0;
}

/*! \brief The core passes over letters it does not know, and over arguments where none belongs. */
static int options_known(const char *text)
{
	while (*text) {
		if (strchr(OPTIONS_PLAIN, *text) && text[1] != '(') {
			text++;
		} else if (strchr(OPTIONS_NUMBER, *text) && text[1] == '(' && strchr(text, ')')) {
			text = strchr(text, ')') + 1;
		} else {
			return 0;
		}
	}

	return 1;
}

static int read_wishes(struct ast_channel *chan, const char *data, struct wishes *wishes)
{
	char *args[ARGS] = { NULL };
	char *text = ast_strdupa(S_OR(data, ""));

	wishes->repeat = REPEAT_DEFAULT;
	wishes->wait = WAIT_DEFAULT;
	if (!options_known(text) || ast_app_parse_options(app_options, &wishes->flags, args, text)) {
		ast_log(LOG_ERROR, "%s: " APP "(%s): options are c, h, q, r(n), t(seconds); no phone is enrolled\n",
			ast_channel_name(chan), S_OR(data, ""));
		return -1;
	}
	if (ast_test_flag(&wishes->flags, OPT_REPEAT)
		&& read_number(chan, 'r', args[ARG_REPEAT], REPEAT_MAX, &wishes->repeat)) {
		return -1;
	}

	return ast_test_flag(&wishes->flags, OPT_WAIT)
		? read_number(chan, 't', args[ARG_WAIT], WAIT_MAX, &wishes->wait) : 0;
}

/*! \brief Wait until the exchange is over. \retval 0 there is an outcome in info */
static int await(struct ast_channel *chan, const struct wishes *wishes, struct ast_zrtp_info *info, enum status *status)
{
	int waited;

	for (waited = 0; waited <= wishes->wait * 1000; waited += STEP) {
		wishes->zrtp->query(chan, info);
		if (info->outcome != AST_ZRTP_PENDING && (info->outcome != AST_ZRTP_NONE || waited >= NONE_MAX)) {
			return 0;
		}
		if (ast_safe_sleep(chan, STEP)) {
			*status = HUNG_UP;
			return -1;
		}
	}
	*status = info->outcome == AST_ZRTP_NONE ? NOZRTP : TIMED_OUT;

	return -1;
}

/*!
 * \brief Read the SAS and ask once. Only the phone's own digits answer: others
 * can be sent by the peer that the question is about.
 * \retval the digit, 0 for none, -1 hung up
 */
static int ask(struct ast_channel *chan, const struct ast_zrtp_api *zrtp, const struct ast_zrtp_info *info)
{
	int res;

	zrtp->forget_digits(chan);
	res = ast_stream_and_wait(chan, "zrtp/sas-is", KEYS);
	if (!res) {
		res = zrtp->say_sas(chan, info->sas, info->sas_type, KEYS);
	}
	if (!res) {
		res = ast_stream_and_wait(chan, "zrtp/enroll-confirm", KEYS);
	}

	if (!res) {
		res = ast_waitfordigit(chan, ANSWER_WAIT);
	}
	if (res > 0 && !zrtp->digit_is_own(chan, res)) {
		ast_log(LOG_NOTICE, "%s: answer %c ignored, the DTMF is not authenticated: have the phone send RFC 4733, "
			"or allow SIP INFO by keypad_info of the policy in zrtp.conf\n", ast_channel_name(chan), res);
		return 0;
	}

	return res;
}

/*! \brief Have the caller compare. */
static enum status confirm(struct ast_channel *chan, const struct wishes *wishes, const struct ast_zrtp_info *info)
{
	int i, digit;

	for (i = 0; i < wishes->repeat; i++) {
		digit = ask(chan, wishes->zrtp, info);
		if (digit < 0) {
			return HUNG_UP;
		} else if (digit == KEY_SAME) {
			return ENROLLED;
		} else if (digit == KEY_DIFFERS) {
			return DIFFERS;
		}
	}

	return UNANSWERED;
}

/*!
 * \brief A phone that does not share the secret of earlier calls has lost it, or is
 * another one that has only seen its ZID: only its user can decide, by the SAS of
 * this call.
 */
static int may_ask(struct ast_channel *chan, const struct wishes *wishes, const struct ast_zrtp_info *info)
{
	const char *why = NULL;

	if (info->mismatch && info->foreign) {
		why = "earlier calls of this phone were of another endpoint: delete it from the ZRTP cache if it has moved";
	} else if (info->mismatch && ast_test_flag(&wishes->flags, OPT_TRUST)) {
		why = "the caller has to compare the SAS, which option c leaves out: run " APP "() without it";
	}
	if (why) {
		ast_log(LOG_WARNING, "%s: not enrolled, as the phone does not share the secret of earlier calls: %s\n",
			ast_channel_name(chan), why);
	}

	return !why;
}

/*!
 * \brief Does nothing speak for a phone that keeps its side? One that was enrolled before
 * and has not, or one of a family that cannot, which takes the question for none of its
 * business. The PBX cannot see more in the call of the enrollment itself.
 */
static int is_doubtful(const struct ast_zrtp_info *info)
{
	return info->unproved || !strncasecmp(info->peer_client, "BZRTP", 5)
		|| !strncasecmp(info->peer_client, "LINPHONE", 8);
}

/*! \brief The caller has confirmed the SAS, or need not. */
static enum status keep(struct ast_channel *chan, const struct wishes *wishes, const struct ast_zrtp_info *info)
{
	/* After a mismatch this is the word that the new secret waits for (RFC 6189, 4.6.1.1). */
	if (info->mismatch && wishes->zrtp->perform(chan, AST_ZRTP_VERIFY) != AST_ZRTP_OK) {
		return FAILED;
	}

	return wishes->zrtp->perform(chan, AST_ZRTP_ACCEPT_ENROLLMENT) == AST_ZRTP_OK ? ENROLLED : FAILED;
}

/*! \brief The call is secure, and the phone was told of the enrollment. */
static enum status enroll(struct ast_channel *chan, const struct wishes *wishes, const struct ast_zrtp_info *info)
{
	enum status status = ENROLLED;

	if (!may_ask(chan, wishes, info)) {
		status = MISMATCH;
	} else if (!ast_test_flag(&wishes->flags, OPT_QUIET) && ast_stream_and_wait(chan, "zrtp/enroll-welcome", AST_DIGIT_NONE)) {
		status = HUNG_UP;
	} else if (!ast_test_flag(&wishes->flags, OPT_TRUST)) {
		status = confirm(chan, wishes, info);
	}
	if (status == ENROLLED) {
		return keep(chan, wishes, info);
	}
	wishes->zrtp->perform(chan, AST_ZRTP_REFUSE_ENROLLMENT);
	if (status == DIFFERS) {
		ast_log(LOG_WARNING, "%s: not enrolled: the caller answered that the SAS differs, possible man in the "
			"middle. Find out what is between the phone and this PBX before it enrolls\n",
			ast_channel_name(chan));
		wishes->zrtp->perform(chan, AST_ZRTP_UNVERIFY);
	}

	return status;
}

/*!
 * \brief A phone that has proved to be enrolled. Its user may have enrolled it again, and
 * some phones then have the secret of this call, others keep the former one: so both are kept
 * here until it shows which.
 */
static enum status enroll_again(struct ast_channel *chan, const struct wishes *wishes, const struct ast_zrtp_info *info)
{
	if (info->enrolling && wishes->zrtp->perform(chan, AST_ZRTP_ACCEPT_ENROLLMENT) != AST_ZRTP_OK) {
		ast_log(LOG_WARNING, "%s: the phone was enrolled before, but the secret of this call, which it may have "
			"stored, could not be stored here: if it does not count as enrolled in its next calls, enroll it "
			"again\n", ast_channel_name(chan));
	}

	return ALREADY;
}

static enum status run(struct ast_channel *chan, const struct wishes *wishes, struct ast_zrtp_info *info)
{
	enum status status = FAILED;

	if (wishes->zrtp && !wishes->zrtp->is_authenticated(chan)) {
		return ANONYMOUS;
	}
	if (wishes->zrtp) {
		wishes->zrtp->announce_enrollment(chan);
	}
	if (ast_channel_state(chan) != AST_STATE_UP && ast_answer(chan)) {
		return HUNG_UP;
	}
	if (!wishes->zrtp) {
		return NOZRTP;
	}
	if (await(chan, wishes, info, &status)) {
		return status;
	}
	switch (info->outcome) {
	case AST_ZRTP_SECURE:
		if (info->enrolled) {
			return enroll_again(chan, wishes, info);
		}
		return info->enrolling ? enroll(chan, wishes, info) : LATE;
	case AST_ZRTP_NONE:
	case AST_ZRTP_CLEAR:
	case AST_ZRTP_CLOSED:
		return NOZRTP;
	default:
		return FAILED;
	}
}

static int execute(struct ast_channel *chan, const char *data)
{
	struct wishes wishes = { .zrtp = NULL };
	struct ast_zrtp_info info = { .outcome = AST_ZRTP_NONE };
	const char *prompt;
	enum status status;

	if (read_wishes(chan, data, &wishes)) {
		pbx_builtin_setvar_helper(chan, STATUS, statuses[FAILED].name);
		return 0;
	}

	wishes.zrtp = ast_zrtp_api_get();
	status = run(chan, &wishes, &info);
	if (wishes.zrtp) {
		ast_zrtp_api_release(wishes.zrtp);
	}
	pbx_builtin_setvar_helper(chan, STATUS, statuses[status].name);
	ast_verb(3, "%s: enrollment: %s\n", ast_channel_name(chan), statuses[status].name);
	if (status == HUNG_UP) {
		return -1;
	}
	prompt = status == ENROLLED && is_doubtful(&info) ? PROMPT_DOUBTFUL : statuses[status].prompt;
	if (!ast_test_flag(&wishes.flags, OPT_QUIET) && ast_channel_state(chan) == AST_STATE_UP
		&& ast_stream_and_wait(chan, prompt, AST_DIGIT_NONE) < 0) {
		return -1;
	}

	return ast_test_flag(&wishes.flags, OPT_HANGUP) ? -1 : 0;
}

/*! Calls that are in the application: the loader counts none of them once it has asked them to hang up. */
static int running;

static int enroll_exec(struct ast_channel *chan, const char *data)
{
	int res;

	__atomic_add_fetch(&running, 1, __ATOMIC_ACQ_REL);
	res = execute(chan, data);
	__atomic_sub_fetch(&running, 1, __ATOMIC_ACQ_REL);

	return res;
}

static int is_running(void)
{
	return __atomic_load_n(&running, __ATOMIC_ACQUIRE);
}

static int load_module(void)
{
	if (keep_taken_up()) {
		return AST_MODULE_LOAD_SUCCESS;
	}

	return ast_register_application_xml(APP, enroll_exec) ? AST_MODULE_LOAD_DECLINE : AST_MODULE_LOAD_SUCCESS;
}

static int unload_module(void)
{
	return keep_in_use(is_running) ? -1 : ast_unregister_application(APP);
}

AST_MODULE_INFO(ASTERISK_GPL_KEY, AST_MODFLAG_DEFAULT, "ZRTP enrollment of phones, " ZRTP_ENGINE_VERSION,
	.support_level = AST_MODULE_SUPPORT_EXTENDED,
	.load = load_module,
	.unload = unload_module,
);
