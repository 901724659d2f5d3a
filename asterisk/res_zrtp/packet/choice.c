/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief The policies that the dialplan has chosen for calls, in place of those of their endpoints.
 */

#include "asterisk.h"

#include "asterisk/astobj2.h"
#include "asterisk/channel.h"
#include "asterisk/datastore.h"
#include "asterisk/linkedlists.h"
#include "asterisk/utils.h"

#include "decide/settings.h"
#include "packet/choice.h"

/*! A choice; the datastore of its channel has it. */
struct choice {
	char uniqueid[AST_MAX_UNIQUEID];
	struct settings *settings;     /*!< With a reference */
	AST_LIST_ENTRY(choice) entry;
};

/*! Choices that channels still have; atomic. */
static int alive;

/*! The latest first. */
static AST_LIST_HEAD_STATIC(choices, choice);

static void choice_free(void *data)
{
	struct choice *choice = data;

	AST_LIST_LOCK(&choices);
	AST_LIST_REMOVE(&choices, choice, entry);
	AST_LIST_UNLOCK(&choices);
	ao2_cleanup(choice->settings);
	ast_free(choice);
	__atomic_sub_fetch(&alive, 1, __ATOMIC_RELAXED);
}

/*! \brief Another channel takes the place of that which it was for, and its media with it. */
static void choice_moves(void *data, attribute_unused struct ast_channel *from, struct ast_channel *to)
{
	struct choice *choice = data;

	AST_LIST_LOCK(&choices);
	ast_copy_string(choice->uniqueid, ast_channel_uniqueid(to), sizeof(choice->uniqueid));
	/* It counts more than what was chosen for the former media of that one. */
	AST_LIST_REMOVE(&choices, choice, entry);
	AST_LIST_INSERT_HEAD(&choices, choice, entry);
	AST_LIST_UNLOCK(&choices);
}

static const struct ast_datastore_info choice_info = {
	.type = "zrtp_policy",
	.destroy = choice_free,
	.chan_fixup = choice_moves,
};

int choice_set(struct ast_channel *chan, struct settings *settings)
{
	struct ast_datastore *store = ast_datastore_alloc(&choice_info, NULL);
	struct choice *choice = ast_calloc(1, sizeof(*choice));

	if (!store || !choice) {
		if (store) {
			ast_datastore_free(store);
		}
		ast_free(choice);
		return -1;
	}
	choice->settings = ao2_bump(settings);
	ast_channel_lock(chan);
	ast_copy_string(choice->uniqueid, ast_channel_uniqueid(chan), sizeof(choice->uniqueid));
	AST_LIST_LOCK(&choices);
	AST_LIST_INSERT_HEAD(&choices, choice, entry);
	AST_LIST_UNLOCK(&choices);
	store->data = choice;
	__atomic_add_fetch(&alive, 1, __ATOMIC_RELAXED);
	ast_channel_datastore_add(chan, store);
	ast_channel_unlock(chan);

	return 0;
}

int choice_alive(void)
{
	return __atomic_load_n(&alive, __ATOMIC_RELAXED);
}

struct settings *choice_get(const char *uniqueid)
{
	struct settings *settings = NULL;
	struct choice *choice;

	AST_LIST_LOCK(&choices);
	AST_LIST_TRAVERSE(&choices, choice, entry) {
		if (!strcmp(choice->uniqueid, uniqueid)) {
			settings = ao2_bump(choice->settings);
			break;
		}
	}
	AST_LIST_UNLOCK(&choices);

	return settings;
}

struct settings *choice_closed(const struct settings *settings)
{
	struct settings *closed = ao2_alloc_options(sizeof(*closed), NULL, AO2_ALLOC_OPT_LOCK_NOLOCK);

	if (closed) {
		*closed = *settings;
		closed->require = closed->says_require = true;
		closed->allow_clear = ALLOW_CLEAR_NO;
		closed->policy.allow_clear = false;
	}

	return closed;
}
