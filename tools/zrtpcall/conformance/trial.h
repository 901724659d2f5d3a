/* SPDX-License-Identifier: BSD-2-Clause */
/* A trial is one call in which something is done to the endpoint that is called, and all that was seen in it.
 */
#ifndef ZRTPCALL_TRIAL_H
#define ZRTPCALL_TRIAL_H

#include "../phone.h"

#include "wire.h"

enum { SEEN_MAX = 512, OCTETS_MAX = 512 * 1024, MEDIA_MAX = 4096, OMITTED_MAX = 2 };

enum side { OURS, THEIRS };

/* A ZRTP datagram, ours as it went out. */
struct seen {
	uint64_t at; /* clock_us() */
	enum side side;
	const uint8_t *octets; /* in trial.octets */
	size_t len;
};

enum role {
	ROLE_ANY,
	ROLE_RESPONDER, /* we never commit */
	ROLE_INITIATOR, /* we acknowledge no Hello, so that it cannot commit (5.4) */
};

/* What a field of our messages is changed to. */
enum change { CHANGE_NONE, CHANGE_TEXT, CHANGE_FLIP, CHANGE_ONE };

struct trial;

/* What is done in a trial: a row of the table in acts.c. */
struct act {
	const char *name, *done; /* done: for the report */
	enum role role;
	bool hash;                                /* our a=zrtp-hash is in the offer */
	void (*prepare)(struct options *options); /* or NULL */
	const char *unsent[OMITTED_MAX + 1];      /* messages that we do not send, "*": all */
	const char *only;                         /* the one message that we do send */
	const char *unheard[OMITTED_MAX];         /* messages that the engine does not get, */
	bool once;                                /* the first time only */
	struct {
		enum change how;
		const char *type; /* of the message */
		size_t at, len;   /* in the message */
		const char *text;
	} change;
	bool wrong_crc, header_bits, their_ssrc;
	uint32_t wrong_ms;                 /* so long after our first packet is the wrong done, 0: always */
	void (*step)(struct trial *trial); /* every STEP_MS after the answer, or NULL */
	const char *ends_at;               /* a message of theirs after which all is seen, or NULL */
	bool ends_secure;                  /* so it is when the call is secure */
	uint32_t lasts_ms;                 /* at most, after the answer */
	uint32_t rest_ms;                  /* seen on after that end */
};

struct trial {
	const struct act *act;
	struct call *call; /* NULL: it is over */
	bool answered;
	uint64_t answered_at, secure_at, first_sent_at;
	uint16_t code; /* SIP status that refused it */
	struct seen seen[SEEN_MAX];
	unsigned count;
	uint8_t *octets;
	size_t used;
	uint64_t media_at[MEDIA_MAX]; /* RTP or SRTP that came */
	unsigned media_count;
	unsigned changed, heard_once; /* how many messages were done wrong; which of unheard, as bits */
	unsigned steps;
	/* At the end. */
	struct call_record record;
	struct zrtp_stream_info info;
	struct zrtp_session_info session;
	unsigned srtp_received;
	bool has_hash, video_active, video_secure, video_multistream;
};

/* NULL: no memory. */
struct trial *trial_new(const struct act *act);
/* For the tap. */
bool trial_sending(struct medium *medium, uint8_t *datagram, size_t len, void *trial);
bool trial_received(struct medium *medium, const uint8_t *datagram, size_t len, void *trial);
/* Send a message of our own making. */
void trial_send(struct trial *trial, const char *type, const uint8_t *body, size_t len);
/* Keep what the call knows, which is about to end. */
void trial_close(struct trial *trial);

/* How many of a type a side has sent, NULL: of any. */
unsigned trial_count(const struct trial *trial, enum side side, const char *type);
/* The number-th of them from 0, NULL: there is none. */
const struct seen *trial_nth(const struct trial *trial, enum side side, const char *type, unsigned number);
/* The first of them at that time or later, NULL: none. */
const struct seen *trial_since(const struct trial *trial, enum side side, const char *type, uint64_t at);
/* Does its Hello say that it never begins an exchange? */
bool trial_never_begins(const struct trial *trial);
/* Media that came between two times. */
unsigned trial_media(const struct trial *trial, uint64_t from, uint64_t to);
/* Its message, and the length of that. */
const uint8_t *seen_message(const struct seen *seen);
size_t seen_message_len(const struct seen *seen);
bool seen_same_message(const struct seen *a, const struct seen *b);

#endif
