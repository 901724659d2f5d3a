/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief A channel, or an event, as the page has it: JSON.
 */

#include "asterisk.h"

#include "asterisk/astobj2.h"
#include "asterisk/channel.h"
#include "asterisk/json.h"
#include "asterisk/strings.h"

#include "common/console.h"
#include "channel_row.h"
#include "json_text.h"

/*! Items that the page shows. Counters are none of them: each packet would change a row. */
static const char * const shown[] = {
	"State", "Outcome", "Security", "Error", "Video", "KeyAgreementName", "Suite", "SAS", "RelayStatus", "Relayed",
	"ShownSAS", "RelayedToUs", "PeerZID", "PeerName", "PeerClient", "Verified", "Enrolled", "Enrolling", "PeerDiscloses",
	"PeerMiTM", "Signalling", "Recorded", "ClearReason", "Deaf",
};

static void set(struct ast_json *json, const char *name, const char *text)
{
	ast_json_object_set(json, name, json_text(text));
}

static void add_item(const char *name, const char *value, void *arg)
{
	size_t i;

	for (i = 0; *value && i < ARRAY_LEN(shown); i++) {
		if (!strcmp(name, shown[i])) {
			set(arg, name, value);
			return;
		}
	}
}

/*! \brief Channels of the core connect others, announce and record: no phone is behind them. */
static int is_phone(struct ast_channel *chan)
{
	static const char * const others[] = { "Local", "Message", "CBAnn", "CBRec", "Announcer", "Recorder", "Snoop", "Surrogate" };
	const char *type = ast_channel_tech(chan)->type;
	size_t i;

	for (i = 0; i < ARRAY_LEN(others); i++) {
		if (!strcmp(type, others[i])) {
			return 0;
		}
	}

	return !(ast_channel_tech(chan)->properties & AST_CHAN_TP_INTERNAL);
}

/*! \brief What the core knows. \retval -1 the channel has ended, or is of no phone */
static int add_core(struct ast_json *row, struct ast_channel *chan)
{
	struct ast_party_id caller, connected;
	int fault;

	ast_channel_lock(chan);
	fault = !is_phone(chan) || ast_test_flag(ast_channel_flags(chan), AST_FLAG_ZOMBIE) ? -1 : 0;
	if (!fault) {
		caller = ast_channel_caller(chan)->id;
		connected = ast_channel_connected(chan)->id;
		set(row, "id", ast_channel_uniqueid(chan));
		set(row, "name", ast_channel_name(chan));
		set(row, "linked", ast_channel_linkedid(chan));
		set(row, "state", ast_state2str(ast_channel_state(chan)));
		set(row, "callerName", caller.name.valid ? caller.name.str : "");
		set(row, "callerNumber", caller.number.valid ? caller.number.str : "");
		set(row, "withName", connected.name.valid ? connected.name.str : "");
		set(row, "withNumber", connected.number.valid ? connected.number.str : "");
		ast_json_object_set(row, "since", ast_json_integer_create(ast_channel_creationtime(chan).tv_sec));
	}
	ast_channel_unlock(chan);

	return fault;
}

char *channel_row(struct ast_channel *chan, const struct ast_zrtp_console *console)
{
	struct ast_json *row = ast_json_object_create(), *items = ast_json_object_create();
	char *text = NULL;

	if (row && items && !add_core(row, chan)) {
		if (!console) {
			set(row, "keys", "");
		} else if (!console->each_item(chan, add_item, items)) {
			ast_json_object_set(row, "zrtp", ast_json_ref(items));
		} else {
			set(row, "keys", console->keys(chan));
		}
		text = ast_json_dump_string(row);
	}
	ast_json_unref(items);
	ast_json_unref(row);

	return text;
}

static const char *field(struct ast_json *fields, const char *name)
{
	struct ast_json *value = ast_json_object_get(fields, name);

	return value && ast_json_typeof(value) == AST_JSON_STRING ? ast_json_string_get(value) : "";
}

/* Not from the event as ARI has it: there is none if a text of the channel, as its account code, is no UTF-8. */
char *alert_row(const char *name, const char *channel, const struct timeval *time, struct ast_json *fields)
{
	struct ast_json *row = ast_json_object_create();
	char *text;

	if (!row) {
		return NULL;
	}
	set(row, "type", name);
	set(row, "reason", field(fields, "Reason"));
	set(row, "text", field(fields, "Text"));
	set(row, "code", field(fields, "Code"));
	ast_json_object_set(row, "time", ast_json_timeval(*time, NULL));
	set(row, "channel", channel);
	text = ast_json_dump_string(row);
	ast_json_unref(row);

	return text;
}
