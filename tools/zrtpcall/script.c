/* SPDX-License-Identifier: BSD-2-Clause */
/* Commands: from the command line, then from stdin, one after the other. `wait`
 * holds up those behind it. */
#include "phone.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LONGEST_LINE = 1024, POLL_MS = 20, WAIT_MS = 30000, LONGEST_WAIT = 86400 };

struct line {
	struct le le;
	char *text;
};

struct script {
	struct phone *phone;
	struct list lines;
	char pending[LONGEST_LINE]; /* what stdin gave since the last newline */
	size_t pending_len;
	bool too_long, listening;
	struct tmr timer;
	/* the wait at the head of the queue */
	bool waiting;
	bool (*condition)(struct phone *phone, unsigned call);
	unsigned call;
	uint64_t until;
	const char *what;
};

/* ---- waiting ---- */

static bool is_up(struct phone *phone, unsigned id)
{
	const struct call *call = phone_call(phone, id);

	return call && call->state == CALL_UP;
}

static bool is_secure(struct phone *phone, unsigned id)
{
	const struct call *call = phone_call(phone, id);

	return call && call->state == CALL_UP && stream_all_secure(call);
}

static bool is_clear(struct phone *phone, unsigned id)
{
	const struct call *call = phone_call(phone, id);

	return call && call->state == CALL_UP && call->audio->gate.passage[ZRTP_SEND] == GATE_CLEAR;
}

static bool is_incoming(struct phone *phone, unsigned id)
{
	const struct call *call = phone_call(phone, id);

	return call && call->state == CALL_RINGING;
}

static bool is_ended(struct phone *phone, unsigned id)
{
	const struct call *call = phone_call(phone, id);

	return !call || call->state == CALL_ENDED;
}

static bool is_played(struct phone *phone, unsigned id)
{
	const struct call *call = phone_call(phone, id);

	return call && sound_played(call->audio->sound);
}

static bool never(struct phone *phone, unsigned id)
{
	(void)phone;
	(void)id;
	return false;
}

static const struct {
	const char *name;
	bool (*condition)(struct phone *phone, unsigned call);
} conditions[] = {
	{ "up", is_up },       { "secure", is_secure },     { "clear", is_clear },
	{ "ended", is_ended }, { "incoming", is_incoming }, { "played", is_played },
};

static bool parse_seconds(const char *text, uint64_t *ms)
{
	char *end;
	double seconds = strtod(text, &end);

	if (end == text || *end || !(seconds >= 0 && seconds <= LONGEST_WAIT)) {
		return false;
	}
	*ms = (uint64_t)(seconds * 1000);
	return true;
}

/* wait SECONDS, or wait CONDITION [SECONDS]. */
static int begin_wait(struct script *script, unsigned call, const char *argument)
{
	size_t len = strcspn(argument, " ");
	const char *rest = argument + len + strspn(argument + len, " ");
	uint64_t most = WAIT_MS;

	script->condition = NULL;
	if (parse_seconds(argument, &most)) {
		script->condition = never;
	}
	for (size_t i = 0; i < sizeof(conditions) / sizeof(conditions[0]); i++) {
		if (strlen(conditions[i].name) == len && !strncmp(argument, conditions[i].name, len)) {
			script->condition = conditions[i].condition;
			script->what = conditions[i].name;
		}
	}
	if (!script->condition || (*rest && !parse_seconds(rest, &most))) {
		return EINVAL;
	}
	script->call = call;
	script->until = tmr_jiffies() + most;
	script->waiting = true;
	return 0;
}

/* Is the wait over? */
static bool wait_over(struct script *script)
{
	if (script->condition(script->phone, script->call)) {
		return true;
	}
	if (tmr_jiffies() < script->until) {
		return false;
	}
	if (script->condition != never) {
		struct report report = report_begin("error", script->call);

		report_text(&report, "text", "the time of a wait is over");
		report_text(&report, "for", script->what);
		report_end(&report);
		outcome_worsen(script->phone, EXIT_CALL);
	}
	return true;
}

/* ---- running ---- */

static void complain(const char *line, const char *why)
{
	struct report report = report_begin("error", 0);

	report_text(&report, "command", line);
	report_text(&report, "text", why);
	report_end(&report);
}

static void run_command(struct script *script, const struct command *command, unsigned id,
			const char *argument, const char *line)
{
	struct call *call = phone_call(script->phone, id);
	int err;

	if (command->needs_call && (!call || call->state == CALL_ENDED)) {
		complain(line, "there is no such call");
	} else if (command->needs_argument && !*argument) {
		complain(line, "the command needs an argument");
	} else {
		err = command->run(script->phone, call, argument);
		if (err) {
			complain(line, strerror(err));
		}
	}
}

/* "2: dtmf 5" is for call 2; without a number it is for the newest. */
static void run_line(struct script *script, const char *line)
{
	const char *at = line;
	char *end;
	unsigned long id = strtoul(at, &end, 10);
	const struct command *command;
	size_t len;

	if (end != at && *end == ':') {
		at = end + 1 + strspn(end + 1, " ");
	} else {
		id = 0;
	}
	len = strcspn(at, " ");
	if (len == 4 && !strncmp(at, "wait", len)) {
		if (begin_wait(script, (unsigned)id, at + len + strspn(at + len, " "))) {
			complain(line,
				 "wait SECONDS, or wait up|secure|clear|ended|incoming|played [SECONDS]");
		}
		return;
	}
	command = command_find(at, len);
	if (command) {
		run_command(script, command, (unsigned)id, at + len + strspn(at + len, " "), line);
	} else {
		complain(line, "no such command");
	}
}

static void run(void *arg)
{
	struct script *script = arg;
	struct le *le;

	while (!script->waiting || wait_over(script)) {
		struct line *line;

		script->waiting = false;
		le = list_head(&script->lines);
		if (!le) {
			return;
		}
		line = le->data;
		list_unlink(le);
		run_line(script, line->text);
		mem_deref(line);
	}
	tmr_start(&script->timer, POLL_MS, run, script);
}

/* ---- where they come from ---- */

static void destroy_line(void *arg)
{
	mem_deref(((struct line *)arg)->text);
}

static void add(struct script *script, const char *text, size_t len)
{
	struct line *line;
	struct pl pl;

	while (len && isspace((unsigned char)text[0])) {
		text++;
		len--;
	}
	while (len && isspace((unsigned char)text[len - 1])) {
		len--;
	}
	if (!len || text[0] == '#') {
		return;
	}
	pl.p = text;
	pl.l = len;
	line = mem_zalloc(sizeof(*line), destroy_line);
	if (!line || pl_strdup(&line->text, &pl)) {
		mem_deref(line);
		return;
	}
	list_append(&script->lines, &line->le, line);
}

static void take(struct script *script, char c)
{
	if (c != '\n') {
		if (script->pending_len < sizeof(script->pending)) {
			script->pending[script->pending_len++] = c;
		} else {
			script->too_long = true;
		}
		return;
	}
	if (script->too_long) {
		complain("", "a command is too long");
	} else {
		add(script, script->pending, script->pending_len);
	}
	script->pending_len = 0;
	script->too_long = false;
}

static void stop_listening(struct script *script)
{
	if (script->listening) {
		fd_close(STDIN_FILENO);
		script->listening = false;
	}
}

/* Take what is there; false at the end of stdin. */
static bool read_some(struct script *script)
{
	char block[512];
	ssize_t len = read(STDIN_FILENO, block, sizeof(block));

	if (len <= 0) {
		return len < 0 && (errno == EINTR || errno == EAGAIN);
	}
	for (ssize_t i = 0; i < len; i++) {
		take(script, block[i]);
	}
	return true;
}

static void on_stdin(int flags, void *arg)
{
	struct script *script = arg;

	(void)flags;
	if (!read_some(script)) {
		stop_listening(script);
	}
	tmr_start(&script->timer, 0, run, script);
}

/* A file, or /dev/null, cannot be: it is read at once. */
static bool can_be_polled(int fd)
{
	struct stat status;

	return !fstat(fd, &status) && (S_ISFIFO(status.st_mode) || S_ISSOCK(status.st_mode) || isatty(fd));
}

static void destroy(void *arg)
{
	struct script *script = arg;
	struct le *le;

	stop_listening(script);
	tmr_cancel(&script->timer);
	while ((le = list_head(&script->lines)) != NULL) {
		list_unlink(le);
		mem_deref(le->data);
	}
}

int script_new(struct script **out, struct phone *phone)
{
	struct script *script = mem_zalloc(sizeof(*script), destroy);
	const char *text = phone->options->script;

	if (!script) {
		return ENOMEM;
	}
	script->phone = phone;
	while (text && *text) {
		size_t len = strcspn(text, ";\n");

		add(script, text, len);
		text += len + (text[len] ? 1 : 0);
	}
	if (can_be_polled(STDIN_FILENO)) {
		script->listening = !fd_listen(STDIN_FILENO, FD_READ, on_stdin, script);
	} else {
		while (read_some(script)) {
		}
	}
	tmr_start(&script->timer, 0, run, script);
	*out = script;
	return 0;
}
