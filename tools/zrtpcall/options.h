/* SPDX-License-Identifier: BSD-2-Clause */
/* What the user asked for on the command line. Read-only once parsed. */
#ifndef ZRTPCALL_OPTIONS_H
#define ZRTPCALL_OPTIONS_H

#include "libre.h"

#include <zrtp/zrtp.h>

/* How the program ends. The worst of what happened wins. */
enum exit_status {
	EXIT_AS_ASKED = 0,
	EXIT_USAGE = 1,      /* bad arguments, or it could not start */
	EXIT_CALL = 2,       /* a call or the registration failed */
	EXIT_NOT_SECURE = 3, /* --require, and a call was not secure */
	EXIT_ALARM = 4,      /* the SAS or the keys give cause for alarm */
};

enum consent { CONSENT_ASK, CONSENT_ACCEPT, CONSENT_REFUSE };

/* What another phone does that this one is like, see like.c. */
struct likeness {
	bool waits_to_hear;     /* says Hello only once it has heard something */
	bool anew_after_hold;   /* its RTP and ZRTP end at hold */
	bool has_flag;          /* a=zrtp in its SDP */
	bool keeps_relayed;     /* goes on showing a relayed SAS for an empty SASrelay */
	bool enrolls_anew;      /* stores the secret of each enrollment */
	bool forgets_second;    /* has one secret only after a call in which its second one matched */
	bool rings_on_replaces; /* a call in place of another one ends that at once, and rings */
};

enum { MESSAGES_MAX = 8, CODECS_MAX = 2 };

/* Names of ZRTP messages that --drop-sent and --drop-received take. */
struct message_list {
	unsigned count;
	char name[MESSAGES_MAX][9];
};

/* Milliseconds. */
struct check_options {
	uint32_t slow, too_slow; /* for a warning, and critical */
	uint32_t timeout;
};

struct load_options {
	unsigned calls, at_once;
	uint32_t rate_milli; /* calls in 1000 seconds */
	bool json;
};

struct conformance_options {
	const char *only;                  /* ids of requirements, NULL: all */
	const char *json_file, *html_file; /* NULL: none */
};

struct options {
	/* SIP */
	const char *target; /* whom to call first, NULL: none */
	unsigned calls;     /* how many calls to target at once */
	struct sa local;    /* address to listen on, port 0: any */
	bool tcp;
	const char *user, *display, *auth_user, *password, *registrar, *proxy;
	uint32_t expires;  /* of the registration, seconds */
	int answer_after;  /* milliseconds, negative: on command */
	bool early;        /* media while it rings */
	bool replaces;     /* tell the peer that a call can be replaced */
	uint16_t reject;   /* status to refuse every call with, 0: do not */
	uint32_t duration; /* milliseconds a call may last, 0: no limit */
	uint32_t patience; /* milliseconds until a call must be answered */
	bool once, stay;
	const char *script; /* commands, separated by ';' */
	/* Media */
	const char *codecs[CODECS_MAX];
	unsigned codec_count;
	const char *play, *record; /* wav files */
	bool play_once, muted;
	unsigned packets; /* of RTP in a second, 0: none */
	unsigned tone;    /* Hz, 0: none */
	uint16_t rtp_min, rtp_max;
	bool video, accept_video;
	unsigned video_payload; /* 0: the usual one */
	/* ZRTP */
	bool no_zrtp, require;
	uint32_t secure_within; /* milliseconds, with require */
	struct zrtp_policy policy;
	const char *client_id;
	const char *agent; /* User-Agent */
	bool has_zid;
	uint8_t zid[ZRTP_ZID_SIZE];
	enum consent enroll;
	bool offer_enrollment; /* as a PBX */
	const char *expect_sas;
	const char *cache;     /* SQLite file of retained secrets, NULL: in memory */
	const char *cache_key; /* file with the key of its encryption, NULL: none */
	const char *secret;    /* auxsecret, text */
	const char *keylog;    /* file for the keys of SRTP, NULL: none */
	bool no_hash, ignore_hash, wrong_hash, no_cache;
	bool parallel; /* streams as in parallel.c */
	struct likeness like;
	/* Faults for tests */
	unsigned drop_percent, seed;
	bool has_sequence;
	unsigned first_sequence, sequence_step; /* of RTP, as source.c numbers it */
	struct message_list drop_sent, drop_received;
	const char *drop_medium; /* "audio" or "video", NULL: none */
	struct check_options check;
	struct load_options load;
	struct conformance_options conformance;
};

struct mode;

/* Parse the command line. Prints what is wrong to stderr, or the help.
 *   mode  whose command line it is, NULL: of the phone
 * Returns -1 to go on, or the exit status. */
int options_parse(struct options *options, const struct mode *mode, int argc, char *argv[]);

#endif
