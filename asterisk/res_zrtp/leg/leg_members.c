/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Which leg a dialog has, and how many streams that has.
 */

#include "asterisk.h"

#include "asterisk/astobj2.h"
#include "asterisk/lock.h"
#include "asterisk/taskprocessor.h"
#include "asterisk/utils.h"

#include "decide/settings.h"
#include "base/held.h"
#include "base/runners.h"
#include "packet/dialog.h"
#include "packet/media.h"
#include "leg/context.h"
#include "leg/leg_members.h"
#include "leg/leg_object.h"
#include "leg/leg_view.h"

/*! Guards which leg a dialog has, and how many streams that has. */
AST_MUTEX_DEFINE_STATIC(legs);

static struct leg **leg_of_dialog_at(struct dialog *dialog HELD_PLACE)
{
	HELD_MUTEX(&legs);

	return dialog_leg(dialog);
}
/*! \pre legs is locked */
#define leg_of_dialog(dialog) leg_of_dialog_at((dialog) HELD_HERE)

static unsigned int *leg_members_at(struct leg *leg HELD_PLACE)
{
	HELD_MUTEX(&legs);

	return &leg->members;
}
/*! \pre legs is locked */
#define leg_members(leg) leg_members_at((leg) HELD_HERE)

static void leg_destructor(void *obj)
{
	struct leg *leg = obj;

	ast_taskprocessor_unreference(leg->serializer);
	ao2_cleanup(leg->dialog);
	ao2_cleanup(leg->view);
	ao2_cleanup(leg->context);
	ao2_cleanup(leg->settings);
	media_count(-1);
}

static struct leg *leg_alloc(const char *channel_id, struct settings *settings)
{
	char name[AST_TASKPROCESSOR_MAX_NAME + 1];
	struct leg *leg = ao2_alloc_options(sizeof(*leg) + strlen(channel_id) + 1, leg_destructor,
		AO2_ALLOC_OPT_LOCK_NOLOCK);

	if (!leg) {
		return NULL;
	}
	media_count(1);
	strcpy(leg->channel_id, channel_id); /* Safe */
	leg->settings = ao2_bump(settings);
	leg->context = context_get();
	ast_taskprocessor_build_name(name, sizeof(name), "zrtp/%s", channel_id);
	leg->serializer = runners_serializer(name);
	leg->view = leg->serializer ? leg_view_alloc(leg->serializer) : NULL;
	if (!leg->context || !leg->view) {
		ao2_ref(leg, -1);
		return NULL;
	}

	return leg;
}

struct leg *leg_enter(struct dialog *dialog, const char *channel_id, struct settings *settings)
{
	struct leg *leg;

	ast_mutex_lock(&legs);
	leg = ao2_bump(*leg_of_dialog(dialog));
	if (!leg) {
		leg = leg_alloc(channel_id, settings);
	}
	if (leg && !*leg_of_dialog(dialog)) {
		*leg_of_dialog(dialog) = leg;
		leg->dialog = ao2_bump(dialog);
	}
	if (leg) {
		(*leg_members(leg))++;
	}
	ast_mutex_unlock(&legs);

	return leg;
}

int leg_exit(struct leg *leg)
{
	int last;

	ast_mutex_lock(&legs);
	last = !--*leg_members(leg);
	if (last) {
		*leg_of_dialog(leg->dialog) = NULL;
	}
	ast_mutex_unlock(&legs);

	return last;
}
