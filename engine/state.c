/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The state machine: which message means what in which state. A pair that is
 * not in the table is dropped and counted. A handler returns the next state
 * and does nothing else to it; every transition begins here.
 *
 * In SECURE nothing that an attacker could forge is acted upon: what is listed
 * there answers with an acknowledgement and leaves keys and state alone.
 */
#include "internal.h"

#include "commit.h"
#include "confirm.h"
#include "dhpart.h"
#include "discovery.h"
#include "failure.h"
#include "goclear.h"
#include "ping.h"
#include "respond.h"
#include "sasrelay.h"
#include "state.h"
#include "timers.h"

/* A repetition that the network or the peer's timer made: nothing to do. */
static enum zrtp_state on_repetition(struct zrtp_stream *stream, const struct zrtp_message *message)
{
	(void)message;
	return stream->state;
}

#define ANY_TIME [ZRTP_MSG_PING] = zrtp_on_ping, [ZRTP_MSG_PINGACK] = zrtp_on_pingack
#define HANDSHAKE                                                                                            \
	ANY_TIME, [ZRTP_MSG_HELLO] = zrtp_on_hello_again, [ZRTP_MSG_HELLOACK] = on_repetition,               \
		  [ZRTP_MSG_ERROR] = zrtp_on_error

static const zrtp_handler handlers[ZRTP_STATE_COUNT][ZRTP_MSG_COUNT] = {
	[ZRTP_STATE_IDLE] = { ANY_TIME },
	[ZRTP_STATE_DISCOVERY] = {
		ANY_TIME,
		[ZRTP_MSG_HELLO] = zrtp_on_hello,
		[ZRTP_MSG_HELLOACK] = zrtp_on_helloack,
		[ZRTP_MSG_COMMIT] = zrtp_on_commit,
		[ZRTP_MSG_ERROR] = zrtp_on_error,
	},
	[ZRTP_STATE_NO_ZRTP] = {
		ANY_TIME,
		[ZRTP_MSG_HELLO] = zrtp_on_hello,
		[ZRTP_MSG_HELLOACK] = zrtp_on_helloack,
		[ZRTP_MSG_COMMIT] = zrtp_on_commit,
	},
	[ZRTP_STATE_FOUND] = {
		ANY_TIME,
		[ZRTP_MSG_HELLO] = zrtp_on_hello,
		[ZRTP_MSG_HELLOACK] = on_repetition,
		[ZRTP_MSG_COMMIT] = zrtp_on_commit,
		[ZRTP_MSG_ERROR] = zrtp_on_error,
	},
	[ZRTP_STATE_COMMIT_SENT] = {
		HANDSHAKE,
		[ZRTP_MSG_COMMIT] = zrtp_on_commit_contended,
		[ZRTP_MSG_GOCLEAR] = zrtp_on_goclear_again, /* our ClearACK was lost */
		[ZRTP_MSG_DHPART1] = zrtp_on_dhpart1,
		[ZRTP_MSG_CONFIRM1] = zrtp_on_confirm1, /* Multistream, Preshared */
	},
	[ZRTP_STATE_DHPART1_SENT] = {
		HANDSHAKE,
		[ZRTP_MSG_COMMIT] = zrtp_on_commit_again,
		[ZRTP_MSG_DHPART2] = zrtp_on_dhpart2,
	},
	[ZRTP_STATE_DHPART2_SENT] = {
		HANDSHAKE,
		[ZRTP_MSG_CONFIRM1] = zrtp_on_confirm1,
	},
	[ZRTP_STATE_CONFIRM1_SENT] = {
		HANDSHAKE,
		[ZRTP_MSG_COMMIT] = zrtp_on_commit_again,
		[ZRTP_MSG_DHPART2] = zrtp_on_dhpart2_again,
		[ZRTP_MSG_CONFIRM2] = zrtp_on_confirm2,
	},
	[ZRTP_STATE_CONFIRM2_SENT] = {
		HANDSHAKE,
		[ZRTP_MSG_CONF2ACK] = zrtp_on_conf2ack,
	},
	[ZRTP_STATE_SECURE] = {
		ANY_TIME,
		[ZRTP_MSG_HELLO] = zrtp_on_hello_again,
		[ZRTP_MSG_HELLOACK] = on_repetition,
		[ZRTP_MSG_CONFIRM2] = zrtp_on_confirm2_again,
		[ZRTP_MSG_CONF2ACK] = on_repetition,
		[ZRTP_MSG_GOCLEAR] = zrtp_on_goclear,   /* authenticated */
		[ZRTP_MSG_SASRELAY] = zrtp_on_sasrelay, /* authenticated */
		[ZRTP_MSG_RELAYACK] = zrtp_on_relayack,
		[ZRTP_MSG_ERROR] = zrtp_on_error_late,
	},
	[ZRTP_STATE_GOCLEAR_SENT] = {
		ANY_TIME,
		[ZRTP_MSG_HELLO] = zrtp_on_hello_again,
		[ZRTP_MSG_HELLOACK] = on_repetition,
		[ZRTP_MSG_CONFIRM2] = zrtp_on_confirm2_again,
		[ZRTP_MSG_GOCLEAR] = zrtp_on_goclear,
		[ZRTP_MSG_CLEARACK] = zrtp_on_clearack,
		[ZRTP_MSG_ERROR] = zrtp_on_error_to_goclear,
	},
	[ZRTP_STATE_CLEAR] = {
		ANY_TIME,
		[ZRTP_MSG_HELLO] = zrtp_on_hello_again,
		[ZRTP_MSG_HELLOACK] = on_repetition,
		[ZRTP_MSG_COMMIT] = zrtp_on_commit,
		[ZRTP_MSG_GOCLEAR] = zrtp_on_goclear_again,
		[ZRTP_MSG_CLEARACK] = on_repetition,
		[ZRTP_MSG_ERROR] = zrtp_on_error_late,
	},
	[ZRTP_STATE_ERROR_SENT] = {
		ANY_TIME,
		[ZRTP_MSG_HELLO] = zrtp_on_hello_after_error,
		[ZRTP_MSG_ERROR] = zrtp_on_error_late,
		[ZRTP_MSG_ERRORACK] = zrtp_on_errorack,
	},
	[ZRTP_STATE_ERROR] = {
		ANY_TIME,
		[ZRTP_MSG_HELLO] = zrtp_on_hello_after_error,
		[ZRTP_MSG_ERROR] = zrtp_on_error_late,
	},
};

zrtp_handler zrtp_handler_for(enum zrtp_state state, enum zrtp_message_type type)
{
	return handlers[state][type];
}

/* The timer of a state has run out, or wants its message repeated. */
enum zrtp_state zrtp_expired(struct zrtp_stream *stream)
{
	bool turn = stream->timer.turn;

	if (!zrtp_timer_exhausted(stream)) {
		return stream->state;
	}
	if (turn && stream->state == ZRTP_STATE_FOUND) {
		return zrtp_try_commit(stream);
	}
	if (stream->state == ZRTP_STATE_CONFIRM1_SENT && stream->from_clear) {
		return zrtp_clear_expired(stream);
	}
	if (zrtp_other_may_be_tried(stream)) {
		return zrtp_try_other(stream);
	}
	switch (stream->state) {
	case ZRTP_STATE_DISCOVERY:
		return zrtp_hello_unanswered(stream);
	case ZRTP_STATE_SECURE:
		return zrtp_relay_unanswered(stream);
	case ZRTP_STATE_GOCLEAR_SENT:
		return zrtp_goclear_unanswered(stream);
	case ZRTP_STATE_ERROR_SENT:
		return ZRTP_STATE_ERROR; /* it was not acknowledged: so be it */
	case ZRTP_STATE_FOUND:
	case ZRTP_STATE_COMMIT_SENT:
	case ZRTP_STATE_DHPART1_SENT:
	case ZRTP_STATE_DHPART2_SENT:
	case ZRTP_STATE_CONFIRM1_SENT:
	case ZRTP_STATE_CONFIRM2_SENT:
		return zrtp_fail(stream, ZRTP_ERROR_TIMEOUT);
	default:
		return stream->state;
	}
}
