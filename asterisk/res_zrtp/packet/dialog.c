/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief What the streams of one SIP dialog share.
 *
 * Lock order: media -> dialogs. What the gate asks for each packet is read
 * without the lock.
 */

#include "asterisk.h"

#include "asterisk/astobj2.h"
#include "asterisk/dlinkedlists.h"
#include "asterisk/linkedlists.h"
#include "asterisk/lock.h"
#include "asterisk/strings.h"
#include "asterisk/utils.h"

#include "common/signalling.h"
#include "base/held.h"
#include "packet/dialog.h"
#include "packet/media.h"
#include "packet/media_object.h"

#define BUCKETS 1021

/*! Guards all of these, and what each of them is listed by. */
AST_MUTEX_DEFINE_STATIC(dialogs_lock);

/*! Guarded by the lock of the dialogs: dialog_listed(). */
struct dialog_listed {
	unsigned int members;        /*!< Media objects */
	unsigned int signalled:1;    /*!< A listener has it */
	unsigned int seen;           /*!< Number of the last news of its channel */
	char channel_id[AST_MAX_UNIQUEID];
	char tag[DIALOG_TAG_SIZE];   /*!< Of the remote party, empty before it is known */
};

/*! An ao2 object without a destructor: the signalling may keep it longer than this module is there. */
struct dialog {
	int secure;                  /*!< Nothing passes without keys any more, see enum dialog_keys; atomic */
	int announced;               /*!< The SDP of its remote party announced ZRTP; atomic */
	struct leg *leg;             /*!< See dialog_leg() */
	struct dialog_listed listed;
	AST_DLLIST_ENTRY(dialog) entry; /*!< Guarded by the lock of the dialogs */
};

static struct dialog_listed *dialog_listed_at(struct dialog *dialog HELD_PLACE)
{
	HELD_MUTEX(&dialogs_lock);

	return &dialog->listed;
}
/*! \brief What it is listed by. \pre dialogs is locked */
#define dialog_listed(dialog) dialog_listed_at((dialog) HELD_HERE)

/*! Those with members, by their channel: a new stream does not go through all calls. */
static AST_DLLIST_HEAD_NOLOCK(bucket, dialog) dialogs[BUCKETS];
static unsigned int news;

static struct bucket *bucket_of(const char *channel_id)
{
	return &dialogs[(unsigned int) ast_str_hash(channel_id) % BUCKETS];
}

/*!
 * \brief The dialog whose streams a channel has, by the latest news. \pre dialogs is locked
 * \param unsignalled only one that no listener has
 */
static struct dialog *by_channel(const char *channel_id, int unsignalled)
{
	struct dialog *dialog, *found = NULL;

	if (ast_strlen_zero(channel_id)) {
		return NULL;
	}
	AST_DLLIST_TRAVERSE(bucket_of(channel_id), dialog, entry) {
		if (!strcmp(dialog_listed(dialog)->channel_id, channel_id) && !(unsignalled && dialog_listed(dialog)->signalled)
			&& (!found || dialog_listed(dialog)->seen - dialog_listed(found)->seen < INT_MAX)) {
			found = dialog;
		}
	}

	return found;
}

/*! \brief Take out one that was in. \pre dialogs is locked */
static void leave(struct dialog *dialog)
{
	if (!--dialog_listed(dialog)->members) {
		AST_DLLIST_REMOVE(bucket_of(dialog_listed(dialog)->channel_id), dialog, entry);
	}
	ao2_ref(dialog, -1);
}

/*! \brief Put in a media object that was in another one, or in none. \pre media and dialogs are locked */
static void enter(struct media *media, struct dialog *dialog)
{
	struct dialog *former = media_shared(media)->dialog;

	if (!dialog_listed(dialog)->members++) {
		AST_DLLIST_INSERT_TAIL(bucket_of(dialog_listed(dialog)->channel_id), dialog, entry);
	}
	media_shared(media)->dialog = ao2_bump(dialog);
	if (media_shared(media)->gate.was_secure) {
		dialog_secured(media, DIALOG_OURS);
	}
	if (media_shared(media)->pass.keyed) {
		dialog_secured(media, DIALOG_PHONES);
	}
	if (former) {
		leave(former);
	}
}

/*! \brief Its media object is in the dialog. \pre media and dialogs are locked */
static void note_channel(struct media *media)
{
	struct dialog *dialog = media_shared(media)->dialog;
	struct dialog_listed *listed = dialog_listed(dialog);
	const char *id = media_shared(media)->life.channel_id;

	if (ast_strlen_zero(id)) {
		return;
	}
	if (strcmp(listed->channel_id, id)) {
		AST_DLLIST_REMOVE(bucket_of(listed->channel_id), dialog, entry);
		ast_copy_string(listed->channel_id, id, sizeof(listed->channel_id));
		AST_DLLIST_INSERT_TAIL(bucket_of(listed->channel_id), dialog, entry);
	}
	listed->seen = ++news;
}

/*! \brief The one it should be in, with a reference. \pre media and dialogs are locked */
static struct dialog *choose(struct media *media)
{
	struct zrtp_signalling_listener *listener = media_shared(media)->signalling.listener;
	struct dialog *dialog = listener ? listener->dialog : NULL;

	if (!dialog) {
		dialog = media_shared(media)->dialog;
	}
	if (!dialog) {
		dialog = by_channel(media_shared(media)->life.channel_id, listener != NULL);
	}
	ao2_bump(dialog);
	if (!dialog) {
		dialog = ao2_alloc_options(sizeof(*dialog), NULL, AO2_ALLOC_OPT_LOCK_NOLOCK);
	}
	if (dialog && listener && !listener->dialog) {
		listener->dialog = ao2_bump(dialog);
		dialog_listed(dialog)->signalled = 1;
	}

	return dialog;
}

void dialog_find(struct media *media)
{
	struct dialog *dialog;

	ao2_lock(media);
	ast_mutex_lock(&dialogs_lock);
	dialog = choose(media);
	if (dialog && dialog != media_shared(media)->dialog) {
		enter(media, dialog);
	}
	if (dialog) {
		note_channel(media);
	}
	ast_mutex_unlock(&dialogs_lock);
	ao2_unlock(media);
	ao2_cleanup(dialog);
}

int dialog_is_known(struct media *media)
{
	int res;

	ao2_lock(media);
	res = media_shared(media)->signalling.listener || !ast_strlen_zero(media_shared(media)->life.channel_id);
	ao2_unlock(media);

	return res;
}

void dialog_seen(struct media *media)
{
	if (media_shared(media)->dialog) {
		ast_mutex_lock(&dialogs_lock);
		note_channel(media);
		ast_mutex_unlock(&dialogs_lock);
	}
}

void dialog_leave(struct media *media)
{
	if (media->shared.dialog) {
		ast_mutex_lock(&dialogs_lock);
		leave(media->shared.dialog);
		ast_mutex_unlock(&dialogs_lock);
		media->shared.dialog = NULL;
	}
}

void dialog_secured(struct media *media, enum dialog_keys keys)
{
	if (media_shared(media)->dialog) {
		__atomic_fetch_or(&media_shared(media)->dialog->secure, keys, __ATOMIC_ACQ_REL);
	}
}

void dialog_cleared(struct media *media)
{
	if (media_shared(media)->dialog) {
		__atomic_store_n(&media_shared(media)->dialog->secure, 0, __ATOMIC_RELEASE);
	}
}

int dialog_is_secure(const struct media *media)
{
	return !media_shared(media)->dialog || __atomic_load_n(&media_shared(media)->dialog->secure, __ATOMIC_ACQUIRE);
}

int dialog_is_phones(const struct media *media)
{
	const struct dialog *dialog = media_shared(media)->dialog;

	return dialog && (__atomic_load_n(&dialog->secure, __ATOMIC_ACQUIRE) & DIALOG_PHONES);
}

int dialog_other_tag(char known[DIALOG_TAG_SIZE], const char *tag)
{
	int other = !ast_strlen_zero(tag) && !ast_strlen_zero(known) && strncmp(tag, known, DIALOG_TAG_SIZE - 1);

	if (!ast_strlen_zero(tag)) {
		ast_copy_string(known, tag, DIALOG_TAG_SIZE);
	}

	return other;
}

void dialog_announce(struct media *media, const char *tag, int announced)
{
	dialog_find(media);
	ao2_lock(media);
	if (media_shared(media)->dialog) {
		ast_mutex_lock(&dialogs_lock);
		if (dialog_other_tag(dialog_listed(media_shared(media)->dialog)->tag, tag) || announced) {
			__atomic_store_n(&media_shared(media)->dialog->announced, announced, __ATOMIC_RELEASE);
		}
		ast_mutex_unlock(&dialogs_lock);
	}
	ao2_unlock(media);
}

int dialog_is_announced(const struct media *media)
{
	return media_shared(media)->dialog && __atomic_load_n(&media_shared(media)->dialog->announced, __ATOMIC_ACQUIRE);
}

struct leg **dialog_leg(struct dialog *dialog)
{
	return &dialog->leg;
}
