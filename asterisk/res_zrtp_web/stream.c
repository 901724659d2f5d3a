/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Server-sent events: a page that is open, for as long as it is.
 *
 * Asterisk's HTTP server has a thread for each connection, which is here while the page is open. It holds no lock while it
 * writes. A browser that takes nothing is let go after some seconds, and then asks again.
 */

#include "asterisk.h"

#include <poll.h>
#include <sys/eventfd.h>

#include "asterisk/iostream.h"
#include "asterisk/linkedlists.h"
#include "asterisk/lock.h"
#include "asterisk/strings.h"
#include "asterisk/tcptls.h"
#include "asterisk/utils.h"

#include "common/clock.h"
#include "decide/admit.h"
#include "rows.h"
#include "sessions.h"
#include "stream.h"

#define STREAMS_MAX 32
/*! Something is sent at least so often, which also finds that the user's rights have ended, milliseconds. */
#define BEAT 4000
/*! How long a write may take, milliseconds. */
#define WRITE_MAX 5000
#define BUFFER_SIZE 4096
/*! How often it is looked whether all have ended, microseconds. */
#define STEP 10000

struct stream {
	int wake; /*!< An eventfd */
	AST_LIST_ENTRY(stream) entry;
};

/*! Guards what follows. */
static AST_LIST_HEAD_STATIC(streams, stream);
static int count, stopping;

static void wake(struct stream *stream)
{
	uint64_t one = 1;

	/* It cannot overflow, and is read before it is asked what is new. */
	if (write(stream->wake, &one, sizeof(one)) != sizeof(one)) {
		return;
	}
}

void streams_wake(void)
{
	struct stream *stream;

	AST_LIST_LOCK(&streams);
	AST_LIST_TRAVERSE(&streams, stream, entry) {
		wake(stream);
	}
	AST_LIST_UNLOCK(&streams);
}

int streams_count(void)
{
	int found;

	AST_LIST_LOCK(&streams);
	found = count;
	AST_LIST_UNLOCK(&streams);

	return found;
}

static int join(struct stream *stream)
{
	int fault;

	stream->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	AST_LIST_LOCK(&streams);
	fault = stream->wake < 0 || stopping || count >= STREAMS_MAX ? -1 : 0;
	if (!fault) {
		AST_LIST_INSERT_TAIL(&streams, stream, entry);
		count++;
	}
	AST_LIST_UNLOCK(&streams);
	if (fault && stream->wake >= 0) {
		close(stream->wake);
	}

	return fault;
}

static void leave(struct stream *stream)
{
	AST_LIST_LOCK(&streams);
	AST_LIST_REMOVE(&streams, stream, entry);
	count--;
	AST_LIST_UNLOCK(&streams);
	close(stream->wake);
}

static int is_stopping(void)
{
	int found;

	AST_LIST_LOCK(&streams);
	found = stopping;
	AST_LIST_UNLOCK(&streams);

	return found;
}

static int send_text(struct ast_tcptls_session_instance *ser, const char *text, size_t size)
{
	ast_iostream_set_timeout_inactivity(ser->stream, WRITE_MAX);

	return ast_iostream_write(ser->stream, text, size) == (ssize_t) size ? 0 : -1;
}

static int send_head(struct ast_tcptls_session_instance *ser)
{
	static const char head[] = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\n"
		"X-Content-Type-Options: nosniff\r\nCross-Origin-Resource-Policy: same-origin\r\nX-Accel-Buffering: no\r\n"
		"Connection: close\r\n\r\nretry: 2000\n\n";

	return send_text(ser, head, sizeof(head) - 1);
}

/*! \brief Wait for news, the end of the connection, or the time of a beat. \retval -1 the connection has ended */
static int wait_for_news(struct ast_tcptls_session_instance *ser, struct stream *stream)
{
	struct pollfd fds[] = {
		{ .fd = stream->wake, .events = POLLIN },
		{ .fd = ast_iostream_get_fd(ser->stream), .events = POLLRDHUP },
	};
	uint64_t times;
	int ready = poll(fds, ARRAY_LEN(fds), BEAT);

	if ((ready < 0 && errno != EINTR) || fds[1].revents) {
		return -1;
	}

	return ready > 0 && read(stream->wake, &times, sizeof(times)) != sizeof(times) ? -1 : 0;
}

/*! \brief What a page may see as it begins: with other rights it has to ask again. */
struct terms {
	struct session *session;
	int minutes;
	unsigned int rights;
};

static int still_holds(const struct terms *terms, const struct ast_sockaddr *from)
{
	return session_lasts(terms->session, terms->minutes) && users_rights(&terms->session->user, from) == terms->rights;
}

/*! \brief Send what is new until the page is closed, or may see it no more. */
static void serve(struct ast_tcptls_session_instance *ser, struct stream *stream, const struct terms *terms, struct ast_str **text)
{
	static const char beat[] = "event: beat\ndata: {}\n\n", bye[] = "event: bye\ndata: {}\n\n";
	struct rows_seen seen = { 0 };
	uint64_t checked = clock_now();

	while (!wait_for_news(ser, stream) && !is_stopping()) {
		int due = clock_now() - checked >= (BEAT - BEAT / 10) * UINT64_C(1000);

		if (!session_lasts(terms->session, terms->minutes) || (due && !still_holds(terms, &ser->remote_address))) {
			send_text(ser, bye, sizeof(bye) - 1);
			return;
		}
		ast_str_reset(*text);
		if (due) {
			checked = clock_now();
			ast_str_append(text, 0, "%s", beat);
		}
		rows_since(&seen, terms->rights & WEB_MAY_LIST, text);
		if (ast_str_strlen(*text) && send_text(ser, ast_str_buffer(*text), ast_str_strlen(*text))) {
			return;
		}
	}
}

int stream_serve(struct ast_tcptls_session_instance *ser, struct session *session, unsigned int rights, int minutes)
{
	struct stream stream = { .wake = -1 };
	struct terms terms = { .session = session, .minutes = minutes, .rights = rights };
	struct ast_str *text = ast_str_create(BUFFER_SIZE);

	if (!text || join(&stream)) {
		ast_free(text);
		return -1;
	}
	wake(&stream);
	if (!send_head(ser)) {
		serve(ser, &stream, &terms, &text);
	}
	leave(&stream);
	ast_free(text);

	return 0;
}

int streams_init(void)
{
	AST_LIST_LOCK(&streams);
	stopping = 0;
	AST_LIST_UNLOCK(&streams);

	return 0;
}

void streams_shutdown(void)
{
	AST_LIST_LOCK(&streams);
	stopping = 1;
	AST_LIST_UNLOCK(&streams);
	streams_wake();
	while (streams_count()) {
		usleep(STEP);
	}
}
