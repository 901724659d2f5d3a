/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Does what is seen of a channel record or listen: decisions only.
 */


#include <stddef.h>
#include <strings.h>

#include "decide/listen_choice.h"

struct row {
	const char *name;
	enum listening listening;
};

/*! Channels that can be in a bridge, by the type of their driver. */
static const struct row technologies[] = {
	/* Phones, trunks, and what the core makes of them. */
	{ "PJSIP", LISTEN_NO },
	{ "SIP", LISTEN_NO },
	{ "IAX2", LISTEN_NO },
	{ "DAHDI", LISTEN_NO },
	{ "H323", LISTEN_NO },
	{ "OOH323", LISTEN_NO },
	{ "MGCP", LISTEN_NO },
	{ "Skinny", LISTEN_NO },
	{ "SCCP", LISTEN_NO },
	{ "USTM", LISTEN_NO },
	{ "Motif", LISTEN_NO },
	{ "Mobile", LISTEN_NO },
	{ "Console", LISTEN_NO },
	{ "Phone", LISTEN_NO },
	{ "Surrogate", LISTEN_NO },
	/* The other half is looked at. */
	{ "Local", LISTEN_NO },
	/* They only say something. */
	{ "CBAnn", LISTEN_NO },
	{ "Announcer", LISTEN_NO },
	/* They record the bridge they are in: of ConfBridge, of ARI. */
	{ "CBRec", LISTEN_YES },
	{ "Recorder", LISTEN_YES },
	/* Both voices go to another machine: ARI externalMedia and its like. */
	{ "UnicastRTP", LISTEN_YES },
	{ "MulticastRTP", LISTEN_YES },
	{ "AudioSocket", LISTEN_YES },
	{ "WebSocket", LISTEN_YES },
	{ "NBS", LISTEN_YES },
	/* It may pass on what it hears to the channel that it was made for. */
	{ "Snoop", LISTEN_UNKNOWN },
};

/*! Applications that take the audio of the channel they run on. All others are not known to. */
static const struct row applications[] = {
	{ "Record", LISTEN_YES },
	{ "VoiceMail", LISTEN_YES },
	{ "VoiceMailMain", LISTEN_YES },
	{ "MinivmRecord", LISTEN_YES },
	{ "MinivmGreet", LISTEN_NO },
	{ "MinivmAccMess", LISTEN_YES },
	{ "Dictate", LISTEN_YES },
	{ "AudioSocket", LISTEN_YES },
	{ "EAGI", LISTEN_YES },
	{ "JACK", LISTEN_YES },
	{ "SpeechBackground", LISTEN_YES },
	{ "SpeechStart", LISTEN_YES },
	{ "TestServer", LISTEN_YES },
	{ "MeetMe", LISTEN_UNKNOWN },
	{ "Page", LISTEN_UNKNOWN },
	/* Programs that can have it recorded at any time. */
	{ "AGI", LISTEN_UNKNOWN },
	{ "Stasis", LISTEN_UNKNOWN },
	{ "ExternalIVR", LISTEN_UNKNOWN },
};

static enum listening find(const struct row *rows, size_t count, const char *name, enum listening otherwise)
{
	size_t i;

	for (i = 0; i < count; i++) {
		if (!strcasecmp(rows[i].name, name)) {
			return rows[i].listening;
		}
	}

	return otherwise;
}

enum listening listen_technology(const char *technology)
{
	return find(technologies, sizeof(technologies) / sizeof(technologies[0]), technology, LISTEN_UNKNOWN);
}

enum listening listen_application(const char *application)
{
	return find(applications, sizeof(applications) / sizeof(applications[0]), application, LISTEN_NO);
}

enum listening listen_worst(enum listening a, enum listening b)
{
	return a > b ? a : b;
}

enum listening listen_choose(const struct listen_facts *facts)
{
	enum listening worst = listen_technology(facts->technology);

	if (facts->spies || facts->monitored) {
		return LISTEN_YES;
	}
	if ((facts->any_audiohook && !facts->harmless_hooks) || facts->other_framehook) {
		worst = listen_worst(worst, LISTEN_UNKNOWN);
	}
	if (!facts->in_bridge) {
		worst = listen_worst(worst, listen_application(facts->application));
	}

	return worst;
}

const char *listen_text(enum listening listening)
{
	switch (listening) {
	case LISTEN_NO:
		return "no";
	case LISTEN_YES:
		return "yes";
	default:
		return "unknown";
	}
}
