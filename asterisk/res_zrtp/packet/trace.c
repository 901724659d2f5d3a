/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief "zrtp set debug": which channels have each of their ZRTP messages logged, and the lines.
 */

#include "asterisk.h"

#include "asterisk/channel.h"
#include "asterisk/lock.h"
#include "asterisk/logger.h"
#include "asterisk/strings.h"
#include "asterisk/utils.h"

#include "decide/net_address.h"
#include "decide/trace_line.h"
#include "packet/media.h"
#include "packet/trace.h"

/*! Whether there is any; atomic, so that a packet of a busy PBX asks no lock. */
static int any;

/*! Guards the rest. */
AST_MUTEX_DEFINE_STATIC(lock);
static int all;
/*! Names; empty: a free place. */
static char channels[TRACE_CHANNELS][AST_CHANNEL_NAME];

/*! \pre lock is held */
static int place_of(const char *name)
{
	int i;

	for (i = 0; i < TRACE_CHANNELS && strcasecmp(channels[i], name); i++) {
	}

	return i < TRACE_CHANNELS ? i : -1;
}

/*! \pre lock is held */
static void note_any(void)
{
	int i, found = all;

	for (i = 0; i < TRACE_CHANNELS; i++) {
		found |= channels[i][0] != '\0';
	}
	__atomic_store_n(&any, found, __ATOMIC_RELAXED);
}

int trace_wanted(struct media *media)
{
	char name[AST_CHANNEL_NAME];
	int res;

	if (!__atomic_load_n(&any, __ATOMIC_RELAXED)) {
		return 0;
	}
	media_name_copy(media, name, sizeof(name));
	ast_mutex_lock(&lock);
	res = all || (*name && place_of(name) >= 0);
	ast_mutex_unlock(&lock);

	return res;
}

/*! \brief May another line be logged? It says how many were left out. */
static int pass(struct media *media, int dropped)
{
	unsigned int left_out;

	if (!media_trace_pass(media, dropped, &left_out)) {
		return 0;
	}
	if (left_out) {
		ast_verbose("ZRTP debug: %s: %u messages left out, there are too many\n", media_name(media), left_out);
	}

	return 1;
}

static void print(struct media *media, const char *arrow, const uint8_t *datagram, size_t len, const struct net_address *other,
	const char *what)
{
	char line[TRACE_LINE_SIZE], address[MEDIA_ADDRESS_TEXT];

	if (!pass(media, what && ast_begins_with(what, TRACE_DROPPED))) {
		return;
	}
	ast_verbose("ZRTP debug: %s %s %s %s%s%s\n", media_name(media), arrow,
		net_address_is_set(other) ? media_address_text(address, sizeof(address), other) : "-",
		trace_line(line, datagram, len), what ? "; " : "", S_OR(what, ""));
}

void trace_received(struct media *media, const uint8_t *datagram, size_t len, const struct net_address *source, const char *what)
{
	if (trace_wanted(media)) {
		print(media, "<--", datagram, len, source, what);
	}
}

void trace_sent(struct media *media, const uint8_t *datagram, size_t len, const struct net_address *to, const char *what)
{
	if (trace_wanted(media)) {
		print(media, "-->", datagram, len, to, what);
	}
}

void trace_step(struct media *media, const char *from, const char *to)
{
	if (pass(media, 0)) {
		ast_verbose("ZRTP debug: %s no message%s; %s -> %s\n", media_name(media),
			media_medium(media) == ZRTP_SIGNALLING_VIDEO ? " (video)" : "", from, to);
	}
}

void trace_all(int on)
{
	ast_mutex_lock(&lock);
	all = on;
	if (!on) {
		memset(channels, 0, sizeof(channels));
	}
	note_any();
	ast_mutex_unlock(&lock);
}

/*! \brief Those that have ended leave their places. */
static void forget_ended(void)
{
	char names[TRACE_CHANNELS][AST_CHANNEL_NAME];
	struct ast_channel *chan;
	int i, place;

	ast_mutex_lock(&lock);
	memcpy(names, channels, sizeof(names));
	ast_mutex_unlock(&lock);
	for (i = 0; i < TRACE_CHANNELS; i++) {
		chan = names[i][0] ? ast_channel_get_by_name(names[i]) : NULL;
		if (!chan && names[i][0]) {
			ast_mutex_lock(&lock);
			place = place_of(names[i]);
			if (place >= 0) {
				channels[place][0] = '\0';
			}
			note_any();
			ast_mutex_unlock(&lock);
		}
		ast_channel_cleanup(chan);
	}
}

int trace_channel(const char *name, int on)
{
	int place;

	forget_ended();
	ast_mutex_lock(&lock);
	place = place_of(name);
	if (place < 0 && on) {
		place = place_of("");
	}
	if (place >= 0) {
		ast_copy_string(channels[place], on ? name : "", sizeof(channels[place]));
	}
	note_any();
	ast_mutex_unlock(&lock);

	return place < 0 ? -1 : 0;
}

int trace_channels(char names[TRACE_CHANNELS][AST_CHANNEL_NAME])
{
	int i, count = 0;

	forget_ended();
	ast_mutex_lock(&lock);
	for (i = 0; i < TRACE_CHANNELS; i++) {
		if (channels[i][0]) {
			ast_copy_string(names[count++], channels[i], AST_CHANNEL_NAME);
		}
	}
	count = all ? -1 : count;
	ast_mutex_unlock(&lock);

	return count;
}
