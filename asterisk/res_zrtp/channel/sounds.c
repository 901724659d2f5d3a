/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Letters and digits in languages of which Asterisk has no sounds.
 */

#include "asterisk.h"

#include "asterisk/file.h"
#include "asterisk/strings.h"
#include "asterisk/utils.h"

#include "channel/sounds.h"

#define OURS "zrtp/"

static int has(const char *language, const char *folder, const char *sound)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s%s", language, folder, sound);

	return ast_fileexists(path, NULL, "") > 0;
}

const char *sounds_name(char name[PATH_MAX], const char *sound, const char *language)
{
	char *tail, *short_language = ast_strdupa(language);

	/* As the core looks for it: de_AT, de. */
	while (!ast_strlen_zero(short_language) && !has(short_language, "", sound)) {
		if (has(short_language, OURS, sound)) {
			snprintf(name, PATH_MAX, OURS "%s", sound);
			return name;
		}
		tail = strrchr(short_language, '_');
		*(tail ? tail : short_language) = '\0';
	}

	return sound;
}
