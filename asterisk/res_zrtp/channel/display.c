/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief display_sas = yes: the phone of the other party shows the SAS of a leg, or that it is not encrypted.
 *
 * The text is the name of the private connected line id, which the core has for what the phone itself shows:
 * the connected line id proper, which others copy, keeps what it has. It is looked up whose leg
 * the channel is bridged with, when a bridge or a leg changes, and again and again while there is a text.
 */

#include "asterisk.h"

#include "asterisk/astobj2.h"
#include "asterisk/callerid.h"
#include "asterisk/channel.h"
#include "asterisk/datastore.h"
#include "asterisk/logger.h"
#include "asterisk/rtp_engine.h"
#include "asterisk/strings.h"
#include "asterisk/utils.h"

#include <zrtp/zrtp.h>

#include "common/clock.h"
#include "decide/display_text.h"
#include "decide/settings.h"
#include "base/tasks.h"
#include "packet/channel_media.h"
#include "packet/media.h"
#include "leg/leg_state.h"
#include "leg/leg_view.h"
#include "leg/timers.h"
#include "channel/bridge.h"
#include "channel/display.h"

/*! Between two looks at a channel that has a text, milliseconds. */
#define AGAIN 500

static struct tasks looks = TASKS_INIT;
/*! Has any leg had this policy? Others cost nothing until then. */
static int in_use;

/*! Nothing else of a connected line is ours to change. */
static const struct ast_set_party_connected_line update = { .priv = { .name = 1, .number = 1 } };
/*! In the place of a number or name that is withheld, or that there is none of: channel drivers send no update without. */
#define UNKNOWN "unknown"

/*! What of it is ours. */
struct ours {
	struct ast_party_name name;
	struct ast_party_number number;
};

/*! What a channel has that shows a text of ours. Guarded by the channel's lock. */
struct shown {
	char text[DISPLAY_TEXT_SIZE];  /*!< Of the private connected line id's name */
	struct ours former;            /*!< What that was */
	uint64_t changed;              /*!< When it got the text */
	uint64_t alone;                /*!< When it lost its partner; 0: it has one */
	unsigned int looking:1;        /*!< Another look is due */
	unsigned int leaving:1;        /*!< The text is gone; see left() */
	unsigned int replaced:1;       /*!< Others have set the private id since, and the phone may still show ours */
};

static void ours_init(struct ours *ours)
{
	ast_party_name_init(&ours->name);
	ast_party_number_init(&ours->number);
}

static void ours_free(struct ours *ours)
{
	ast_party_name_free(&ours->name);
	ast_party_number_free(&ours->number);
}

static void shown_free(void *data)
{
	struct shown *shown = data;

	ours_free(&shown->former);
	ast_free(shown);
	media_count(-1);
}

/*! \brief A masquerade gives it to another channel, for which no look is due. \pre both channels are locked */
static void shown_moved(void *data, attribute_unused struct ast_channel *from, struct ast_channel *chan)
{
	struct shown *shown = data;

	shown->looking = 0;
	display_bridged(chan);
}

static const struct ast_datastore_info shown_info = {
	.type = "zrtp display",
	.destroy = shown_free,
	.chan_fixup = shown_moved,
};

/*! \brief What others see of the leg on this channel. \retval 0 no leg of ours */
static int get_report(struct ast_channel *chan, struct leg_view_report *report, int *wanted,
	char sas[ZRTP_SAS_TEXT_SIZE])
{
	struct media *media = channel_media(chan);
	struct leg_view *view = media && media_is_end(media) ? leg_view_of(media) : NULL;
	char sas_type[5];

	sas[0] = '\0';
	if (view) {
		leg_view_get_report(view, report);
		leg_view_shown_sas(view, sas, sas_type);
		*wanted = media_settings(media)->display_sas;
		ao2_ref(view, -1);
	}
	ao2_cleanup(media);

	return view != NULL;
}

/*!
 * \brief What a channel may show, at most: all if it is a phone without ZRTP, or one that has turned out to have
 * none. One that may have keys yet shows no SAS; a phone with keys shows its own.
 */
static enum display_state most_for(struct ast_channel *chan)
{
	struct leg_view_report report;
	char sas[ZRTP_SAS_TEXT_SIZE];
	int wanted;

	if (!ast_rtp_instance_get_glue(ast_channel_tech(chan)->type)) {
		return DISPLAY_NONE;
	}
	if (!get_report(chan, &report, &wanted, sas)) {
		return DISPLAY_SECURE;
	}

	return report.outcome == OUTCOME_SECURE ? DISPLAY_NONE
		: report.outcome == OUTCOME_PENDING ? DISPLAY_PENDING : DISPLAY_SECURE;
}

/*! \brief What a channel shows of the leg of its partner. */
static enum display_state state_for(struct ast_channel *chan, struct ast_channel *partner, char sas[ZRTP_SAS_TEXT_SIZE])
{
	struct leg_view_report report;
	enum display_state most;
	int wanted;

	if (!partner || !get_report(partner, &report, &wanted, sas) || !wanted) {
		return DISPLAY_NONE;
	}
	most = most_for(chan);
	if (most != DISPLAY_SECURE) {
		return most;
	}
	switch (report.outcome) {
	case OUTCOME_SECURE:
		return sas[0] ? DISPLAY_SECURE : DISPLAY_PENDING;
	case OUTCOME_PENDING:
		return DISPLAY_PENDING;
	default:
		return DISPLAY_CLEAR;
	}
}

/*! \brief Keep what the private id is without ours. \pre chan is locked */
static void keep_former(struct ast_channel *chan, struct shown *shown)
{
	const struct ast_party_id *priv = &ast_channel_connected(chan)->priv;

	ast_party_name_copy(&shown->former.name, &priv->name);
	ast_party_number_copy(&shown->former.number, &priv->number);
}

/*!
 * \brief What the channel shows of ours.
 *
 * A transfer replaces the private id, and the phone is not sent the new one where that is withheld.
 * \pre chan is locked
 */
static struct ast_datastore *find(struct ast_channel *chan)
{
	struct ast_datastore *datastore = ast_channel_datastore_find(chan, &shown_info, NULL);
	const struct ast_party_name *name = &ast_channel_connected(chan)->priv.name;
	struct shown *shown = datastore ? datastore->data : NULL;

	if (shown && !shown->leaving && (shown->replaced || !name->valid || strcmp(S_OR(name->str, ""), shown->text))) {
		shown->replaced = 1;
		keep_former(chan, shown);
	}

	return datastore;
}

static void forget(struct ast_channel *chan, struct ast_datastore *datastore)
{
	ast_channel_datastore_remove(chan, datastore);
	ast_datastore_free(datastore);
}

/*! \pre chan is locked */
static struct ast_datastore *make(struct ast_channel *chan)
{
	struct ast_datastore *datastore = ast_datastore_alloc(&shown_info, NULL);
	struct shown *shown = datastore ? ast_calloc(1, sizeof(*shown)) : NULL;

	if (!shown) {
		if (datastore) {
			ast_datastore_free(datastore);
		}
		return NULL;
	}
	media_count(1);
	ours_init(&shown->former);
	keep_former(chan, shown);
	datastore->data = shown;
	ast_channel_datastore_add(chan, datastore);

	return datastore;
}

/*! \brief The name that would be shown without ours, empty where it is none for the phone. \pre chan is locked */
static const char *name_of(struct ast_channel *chan, const struct shown *shown)
{
	const struct ast_party_connected_line *connected = ast_channel_connected(chan);
	const struct ast_party_name *name = shown ? &shown->former.name : &connected->priv.name;

	if (!name->valid) {
		name = &connected->id.name;
	}

	return name->valid && (name->presentation & AST_PRES_RESTRICTION) == AST_PRES_ALLOWED ? S_OR(name->str, "") : "";
}

/*! \brief Would the phone be sent who it is connected with? \pre chan is locked */
static int is_presented(struct ast_channel *chan, const struct ours *former)
{
	struct ast_party_id id = ast_channel_connected(chan)->id;

	id.name = former->name.valid ? former->name : id.name;
	id.number = former->number.valid ? former->number : id.number;

	return id.number.valid && (ast_party_id_presentation(&id) & AST_PRES_RESTRICTION) == AST_PRES_ALLOWED;
}

static void put_name(struct ast_party_name *name, const char *text)
{
	name->str = ast_strdup(text);
	name->valid = name->str != NULL;
	name->char_set = AST_PARTY_CHAR_SET_ISO10646_UTF_8STRING;
}

/*! \brief What the private id becomes. \param ours for the caller to free */
static void put_ours(struct ours *ours, const struct shown *shown, const char *text, int presented)
{
	ours_init(ours);
	if (presented) {
		ast_party_number_copy(&ours->number, &shown->former.number);
	} else {
		ours->number.str = ast_strdup(UNKNOWN);
		ours->number.valid = ours->number.str != NULL;
	}
	if (*text || !presented) {
		put_name(&ours->name, S_OR(text, UNKNOWN));
	} else {
		ast_party_name_copy(&ours->name, &shown->former.name);
	}
}

/*! \brief A change of the private id to ours, which is lent. \pre chan is locked */
static struct ast_party_connected_line line_with(struct ast_channel *chan, const struct ours *ours)
{
	struct ast_party_connected_line connected;

	ast_party_connected_line_set_init(&connected, ast_channel_connected(chan));
	connected.priv.name = ours->name;
	connected.priv.number = ours->number;

	return connected;
}

/*!
 * \brief Set the private id.
 * \param ours what it becomes, for the caller to free
 * \retval -1 out of memory
 * \pre chan is locked
 */
static int set(struct ast_channel *chan, struct ast_datastore *datastore, const char *text, struct ours *ours)
{
	struct ast_party_connected_line connected;
	struct shown *shown;

	datastore = datastore ? datastore : make(chan);
	if (!datastore) {
		return -1;
	}
	shown = datastore->data;
	put_ours(ours, shown, text, is_presented(chan, &shown->former));
	ast_copy_string(shown->text, text, sizeof(shown->text));
	shown->leaving = !*text;
	shown->changed = clock_now();
	shown->replaced = 0;
	connected = line_with(chan, ours);
	ast_channel_set_connected_line(chan, &connected, &update);
	ast_verb(3, "%s: display of the phone: %s\n", ast_channel_name(chan), *text ? text : "as before");

	return 0;
}

/*!
 * \brief One more look at a channel whose text is gone.
 *
 * The driver sends an update later, by a thread of its own, and none where a party that is withheld has come
 * meanwhile: then the phone would go on showing the text.
 * \param ours what the private id becomes, for the caller to free
 * \retval 1 the phone has to be told
 * \pre chan is locked
 */
static int left(struct ast_channel *chan, struct ast_datastore *datastore, struct ours *ours)
{
	const struct ast_party_id *priv = &ast_channel_connected(chan)->priv;
	const struct ours now = { .name = priv->name, .number = priv->number };
	struct ast_party_connected_line connected;
	int res = !is_presented(chan, &now);

	if (res) {
		put_ours(ours, datastore->data, "", 0);
		connected = line_with(chan, ours);
		ast_channel_set_connected_line(chan, &connected, &update);
	}
	forget(chan, datastore);

	return res;
}

/*! \brief Have the phone show it. No lock may be held. */
static void indicate(struct ast_channel *chan, const struct ours *ours)
{
	struct ast_party_connected_line connected;

	ast_channel_lock(chan);
	connected = line_with(chan, ours);
	ast_channel_unlock(chan);
	ast_channel_update_connected_line(chan, &connected, &update);
}

static int task_woken(void *data);

/*! \brief In the timers' thread, which must not wait for a channel. */
static int fire(const void *data)
{
	struct ast_channel *chan = (struct ast_channel *) data;

	if (tasks_push(&looks, task_woken, chan)) {
		ast_channel_unref(chan);
	}

	return 0;
}

/*! \brief Look again, unless that is due already. \pre chan is locked */
static void look_again(struct ast_channel *chan)
{
	struct ast_datastore *datastore = find(chan);
	struct shown *shown = datastore ? datastore->data : NULL;

	if (!shown || shown->looking) {
		return;
	}
	shown->looking = !timers_add(AGAIN, fire, ast_channel_ref(chan));
	if (!shown->looking) {
		ast_channel_unref(chan);
	}
}

/*! \brief What is to be done about the text of a channel? \pre chan is locked */
static int changes(struct shown *shown, const struct ast_channel *partner, int secure, const char *text)
{
	struct display_facts facts = { .shown = shown != NULL, .alone = !partner, .secure = secure };

	facts.same = !strcmp(text, shown ? shown->text : "") && !(shown && shown->replaced);
	if (shown) {
		shown->alone = partner ? 0 : shown->alone ? shown->alone : clock_now();
		facts.changed_ms = shown->replaced ? DISPLAY_REST : (clock_now() - shown->changed) / 1000;
		facts.alone_ms = partner ? 0 : (clock_now() - shown->alone) / 1000;
	}

	return display_changes(&facts);
}

/*! \brief See what a channel should show, and have it show that. No lock may be held. */
static void refresh(struct ast_channel *chan, struct ast_channel *partner)
{
	char text[DISPLAY_TEXT_SIZE], sas[ZRTP_SAS_TEXT_SIZE];
	enum display_state state = state_for(chan, partner, sas);
	struct ast_datastore *datastore;
	struct shown *shown;
	struct ours ours;
	int sends = 0;

	ast_channel_lock(chan);
	if (!ast_check_hangup(chan) && ast_channel_state(chan) == AST_STATE_UP) {
		datastore = find(chan);
		shown = datastore ? datastore->data : NULL;
		if (shown && shown->leaving && clock_now() - shown->changed >= AGAIN * 1000) {
			sends = left(chan, datastore, &ours);
			datastore = NULL;
			shown = NULL;
		}
		if (!sends) {
			if (shown && shown->leaving) {
				keep_former(chan, shown);
			}
			display_text(text, state, sas, name_of(chan, shown));
			sends = changes(shown, partner, state == DISPLAY_SECURE, text) && !set(chan, datastore, text, &ours);
		}
		look_again(chan);
	}
	ast_channel_unlock(chan);
	if (sends) {
		indicate(chan, &ours);
		ours_free(&ours);
	}
}

/*! \brief Consumes the reference. \param chan NULL: it has gone */
static int look(struct ast_channel *chan)
{
	struct ast_channel *partner = chan ? bridge_partner(chan) : NULL;

	if (chan) {
		refresh(chan, partner);
		ast_channel_unref(chan);
	}
	if (partner) {
		chan = bridge_partner(partner);
		refresh(partner, chan);
		ast_channel_cleanup(chan);
		ast_channel_unref(partner);
	}

	return 0;
}

static int task_look(void *data)
{
	return look(data);
}

static int task_woken(void *data)
{
	struct ast_channel *chan = data;
	struct ast_datastore *datastore;

	ast_channel_lock(chan);
	datastore = find(chan);
	if (datastore) {
		((struct shown *) datastore->data)->looking = 0;
	}
	ast_channel_unlock(chan);

	return look(chan);
}

static int task_leg(void *data)
{
	struct media *media = data;
	struct ast_channel *chan = media_channel_now(media);

	ao2_ref(media, -1);

	return look(chan);
}

void display_look(struct media *media)
{
	if (media_settings(media)->display_sas) {
		__atomic_store_n(&in_use, 1, __ATOMIC_RELEASE);
	}
	if (__atomic_load_n(&in_use, __ATOMIC_ACQUIRE) && tasks_push(&looks, task_leg, ao2_bump(media))) {
		ao2_ref(media, -1);
	}
}

void display_bridged(struct ast_channel *chan)
{
	if (__atomic_load_n(&in_use, __ATOMIC_ACQUIRE) && tasks_push(&looks, task_look, ast_channel_ref(chan))) {
		ast_channel_unref(chan);
	}
}

int display_init(void)
{
	return tasks_open(&looks, "zrtp/display");
}

void display_shutdown(void)
{
	timers_hurry(fire);
	tasks_close(&looks);
}
