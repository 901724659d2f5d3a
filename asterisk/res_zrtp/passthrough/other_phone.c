/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief The a=zrtp-hash and payload types of one phone on their way to the other one.
 *
 * Where phones may have their ZRTP with each other, what we sign for in their
 * SDP are each other's Hellos. The called phone's INVITE is written before
 * there is a bridge, so the hashes of a call hang on the calling channel, and
 * on those it dials by inheritance. So do the caller's payload types.
 */

#include "asterisk.h"

#include "asterisk/astobj2.h"
#include "asterisk/channel.h"
#include "asterisk/datastore.h"
#include "asterisk/linkedlists.h"
#include "asterisk/logger.h"
#include "asterisk/module.h"
#include "asterisk/strings.h"
#include "asterisk/utils.h"

#include <zrtp/zrtp.h>

#include "common/channel_by_id.h"
#include "common/signalling.h"
#include "packet/media.h"
#include "packet/pass_state.h"
#include "leg/hello_hash_told.h"
#include "passthrough/other_phone.h"

/*! Phones that one call may ring with a hash each. */
#define CALLED_MAX 64

/*! Of audio and of video, each empty until the phone has told it. */
typedef char hashes[ZRTP_SIGNALLING_FURTHER][ZRTP_HELLO_HASH_TEXT_SIZE];

struct called {
	AST_LIST_ENTRY(called) entry;
	hashes hash;
	char channel_id[0];
};

/*! An ao2 object; the lock guards all but the first member. */
struct call_hashes {
	char caller_id[AST_MAX_UNIQUEID];     /*!< Fixed */
	hashes caller_hash;
	struct zrtp_signalling_numbers *caller_numbers[ZRTP_SIGNALLING_FURTHER]; /*!< NULL: not told */
	int caller_waits;                     /*!< We are not its ZRTP endpoint, so far */
	unsigned int dialled;                 /*!< Channels of all kinds that were dialled with this, ever */
	unsigned int count;
	AST_LIST_HEAD_NOLOCK(, called) called;
};

static void call_destructor(void *obj)
{
	struct call_hashes *call = obj;
	struct called *called;
	int i;

	for (i = 0; i < ZRTP_SIGNALLING_FURTHER; i++) {
		ast_free(call->caller_numbers[i]);
	}
	while ((called = AST_LIST_REMOVE_HEAD(&call->called, entry))) {
		ast_free(called);
	}
}

static void *hold(struct call_hashes *call)
{
	ast_module_ref(AST_MODULE_SELF);

	return ao2_bump(call);
}

/*! \brief Another channel is dialled, of whatever technology. */
static void *inherit(void *data)
{
	struct call_hashes *call = data;

	ao2_lock(call);
	call->dialled++;
	ao2_unlock(call);

	return hold(call);
}

static void let_go(void *data)
{
	ao2_ref(data, -1);
	ast_module_unref(AST_MODULE_SELF);
}

static const struct ast_datastore_info info = {
	.type = "zrtp_far",
	.duplicate = inherit,
	.destroy = let_go,
};

/*! \brief Hang a new one on a channel. \pre chan is locked */
static struct call_hashes *attach(struct ast_channel *chan)
{
	struct ast_datastore *datastore = ast_datastore_alloc(&info, NULL);
	struct call_hashes *call = ao2_alloc(sizeof(*call), call_destructor);

	if (!datastore || !call) {
		ao2_cleanup(call);
		if (datastore) {
			ast_datastore_free(datastore);
		}
		return NULL;
	}
	ast_copy_string(call->caller_id, ast_channel_uniqueid(chan), sizeof(call->caller_id));
	datastore->data = hold(call);
	datastore->inheritance = DATASTORE_INHERIT_FOREVER;
	ast_channel_datastore_add(chan, datastore);

	return call;
}

/*! \brief Count a channel among those called. */
static void enter(struct call_hashes *call, const char *channel_id)
{
	struct called *called;

	ao2_lock(call);
	AST_LIST_TRAVERSE(&call->called, called, entry) {
		if (!strcmp(called->channel_id, channel_id)) {
			break;
		}
	}
	if (!called && call->count < CALLED_MAX) {
		called = ast_calloc(1, sizeof(*called) + strlen(channel_id) + 1);
		if (called) {
			strcpy(called->channel_id, channel_id); /* Safe */
			AST_LIST_INSERT_TAIL(&call->called, called, entry);
			call->count++;
		}
	}
	ao2_unlock(call);
}

void other_phone_meet(struct media *media, struct ast_channel *chan, int calls)
{
	struct ast_datastore *datastore;
	struct call_hashes *call;

	ast_channel_lock(chan);
	datastore = ast_channel_datastore_find(chan, &info, NULL);
	call = datastore ? ao2_bump(datastore->data) : calls ? attach(chan) : NULL;
	if (call && strcmp(call->caller_id, ast_channel_uniqueid(chan))) {
		enter(call, ast_channel_uniqueid(chan));
	}
	ast_channel_unlock(chan);

	if (call) {
		ao2_lock(media);
		ao2_replace(media_signalling(media)->call_hashes, call);
		ast_copy_string(media_life(media)->channel_id, ast_channel_uniqueid(chan), sizeof(media_life(media)->channel_id));
		ao2_unlock(media);
		other_phone_learn(media);
		ao2_ref(call, -1);
	}
}

static struct call_hashes *other_phone_of(struct media *media, char *channel_id, char *hash, enum zrtp_signalling_medium *medium,
	int *waits)
{
	struct call_hashes *call;

	ao2_lock(media);
	call = ao2_bump(media_signalling(media)->call_hashes);
	ast_copy_string(channel_id, media_life(media)->channel_id, AST_MAX_UNIQUEID);
	*medium = media_medium(media);
	/* A ZRTP endpoint has no hash for the other side. */
	*waits = pass_role(media_pass(media)) != ROLE_END;
	ast_copy_string(hash, *waits ? media_signalling(media)->peer_hash : "", ZRTP_HELLO_HASH_TEXT_SIZE);
	ao2_unlock(media);

	return call;
}

static void keep(hashes to, enum zrtp_signalling_medium medium, const char *hash)
{
	if (medium < ZRTP_SIGNALLING_FURTHER) {
		ast_copy_string(to[medium], hash, sizeof(to[medium]));
	}
}

void other_phone_learn(struct media *media)
{
	char channel_id[AST_MAX_UNIQUEID], hash[ZRTP_HELLO_HASH_TEXT_SIZE];
	enum zrtp_signalling_medium medium;
	int waits;
	struct call_hashes *call = other_phone_of(media, channel_id, hash, &medium, &waits);
	struct called *called;

	if (!call) {
		return;
	}
	ao2_lock(call);
	if (!strcmp(call->caller_id, channel_id)) {
		keep(call->caller_hash, medium, hash);
		call->caller_waits = waits;
	} else {
		AST_LIST_TRAVERSE(&call->called, called, entry) {
			if (!strcmp(called->channel_id, channel_id)) {
				keep(called->hash, medium, hash);
			}
		}
	}
	ao2_unlock(call);
	ao2_ref(call, -1);
}

static int has_answered(const char *channel_id)
{
	struct ast_channel *chan = channel_by_id(channel_id);
	int res = chan && ast_channel_state(chan) == AST_STATE_UP;

	ast_channel_cleanup(chan);

	return res;
}

/*! \brief The hash of the phone that answered; before that of the only one that was called. */
static void answered_hash(struct call_hashes *call, enum zrtp_signalling_medium medium, char *out)
{
	struct {
		char channel_id[AST_MAX_UNIQUEID];
		char hash[ZRTP_HELLO_HASH_TEXT_SIZE];
	} *all;
	struct called *called;
	unsigned int i, count = 0;

	all = ast_calloc(CALLED_MAX, sizeof(*all));
	if (!all) {
		return;
	}
	/* Channels are not looked up with a lock of ours held. */
	ao2_lock(call);
	AST_LIST_TRAVERSE(&call->called, called, entry) {
		ast_copy_string(all[count].channel_id, called->channel_id, sizeof(all[count].channel_id));
		ast_copy_string(all[count].hash, called->hash[medium], sizeof(all[count].hash));
		count++;
	}
	ao2_unlock(call);

	for (i = 0; i < count; i++) {
		if (has_answered(all[i].channel_id)) {
			ast_copy_string(out, all[i].hash, ZRTP_HELLO_HASH_TEXT_SIZE);
			break;
		}
	}
	if (i == count && count == 1) {
		ast_copy_string(out, all[0].hash, ZRTP_HELLO_HASH_TEXT_SIZE);
	}
	ast_free(all);
}

/*! \brief That of the phone it is passed through to. */
static int partner_hash(struct media *media, char *out)
{
	struct media *partner;

	ao2_lock(media);
	partner = ao2_bump(media_pass(media)->partner);
	ao2_unlock(media);
	if (!partner) {
		return 0;
	}
	ao2_lock(partner);
	ast_copy_string(out, media_signalling(partner)->peer_hash, ZRTP_HELLO_HASH_TEXT_SIZE);
	ao2_unlock(partner);
	ao2_ref(partner, -1);

	return 1;
}

int other_phone_hash(struct media *media, char *out)
{
	char channel_id[AST_MAX_UNIQUEID], own[ZRTP_HELLO_HASH_TEXT_SIZE];
	enum zrtp_signalling_medium medium;
	struct call_hashes *call;
	int waits;

	*out = '\0';
	if (partner_hash(media, out)) {
		return !ast_strlen_zero(out);
	}
	call = other_phone_of(media, channel_id, own, &medium, &waits);
	if (!call || medium >= ZRTP_SIGNALLING_FURTHER) {
		ao2_cleanup(call);
		return 0;
	}
	if (strcmp(call->caller_id, channel_id)) {
		ao2_lock(call);
		ast_copy_string(out, call->caller_hash[medium], ZRTP_HELLO_HASH_TEXT_SIZE);
		ao2_unlock(call);
	} else {
		answered_hash(call, medium, out);
	}
	ao2_ref(call, -1);

	return !ast_strlen_zero(out);
}

void other_phone_keep_numbers(struct media *media, const struct zrtp_signalling_numbers *numbers)
{
	char channel_id[AST_MAX_UNIQUEID], hash[ZRTP_HELLO_HASH_TEXT_SIZE];
	enum zrtp_signalling_medium medium;
	int waits;
	struct call_hashes *call = other_phone_of(media, channel_id, hash, &medium, &waits);

	if (!call) {
		return;
	}
	ao2_lock(call);
	if (medium < ZRTP_SIGNALLING_FURTHER && !strcmp(call->caller_id, channel_id)) {
		if (!call->caller_numbers[medium]) {
			call->caller_numbers[medium] = ast_malloc(sizeof(*numbers));
		}
		if (call->caller_numbers[medium]) {
			*call->caller_numbers[medium] = *numbers;
		}
	}
	ao2_unlock(call);
	ao2_ref(call, -1);
}

int other_phone_numbers(struct media *media, struct zrtp_signalling_numbers *out)
{
	char channel_id[AST_MAX_UNIQUEID], hash[ZRTP_HELLO_HASH_TEXT_SIZE];
	enum zrtp_signalling_medium medium;
	int waits;
	struct call_hashes *call = other_phone_of(media, channel_id, hash, &medium, &waits);

	if (!call) {
		return -1;
	}
	ao2_lock(call);
	waits &= call->caller_waits && strcmp(call->caller_id, channel_id) && medium < ZRTP_SIGNALLING_FURTHER
		&& call->caller_numbers[medium];
	if (waits) {
		*out = *call->caller_numbers[medium];
	}
	ao2_unlock(call);
	ao2_ref(call, -1);

	return waits ? 0 : -1;
}

int other_phone_waits(struct media *media)
{
	char channel_id[AST_MAX_UNIQUEID], own[ZRTP_HELLO_HASH_TEXT_SIZE];
	enum zrtp_signalling_medium medium;
	int waits;
	struct call_hashes *call = other_phone_of(media, channel_id, own, &medium, &waits);

	if (!call) {
		return 0;
	}
	ao2_lock(call);
	waits = strcmp(call->caller_id, channel_id) ? call->caller_waits : call->count > 0;
	ao2_unlock(call);
	ao2_ref(call, -1);

	return waits;
}

struct ast_channel *other_phone_only(struct media *media)
{
	char own_id[AST_MAX_UNIQUEID], other_id[AST_MAX_UNIQUEID] = "", own[ZRTP_HELLO_HASH_TEXT_SIZE];
	enum zrtp_signalling_medium medium;
	struct called *called;
	int waits;
	struct call_hashes *call = other_phone_of(media, own_id, own, &medium, &waits);

	if (!call) {
		return NULL;
	}
	ao2_lock(call);
	called = AST_LIST_FIRST(&call->called);
	if (call->dialled == 1 && called) {
		if (!strcmp(call->caller_id, own_id)) {
			ast_copy_string(other_id, called->channel_id, sizeof(other_id));
		} else if (!strcmp(called->channel_id, own_id)) {
			ast_copy_string(other_id, call->caller_id, sizeof(other_id));
		}
	}
	ao2_unlock(call);
	ao2_ref(call, -1);

	/* Channels are not looked up with a lock of ours held. */
	return ast_strlen_zero(other_id) ? NULL : channel_by_id(other_id);
}

void other_phone_compare(struct media *media)
{
	char now[ZRTP_HELLO_HASH_TEXT_SIZE];
	int differs;

	if (media_role(media) == ROLE_PASSTHROUGH) {
		other_phone_hash(media, now);
		ao2_lock(media);
		differs = strcasecmp(media_signalling(media)->told_hash, now);
		ao2_unlock(media);
		if (differs) {
			hello_hash_renewed(media);
		}
	}
}
