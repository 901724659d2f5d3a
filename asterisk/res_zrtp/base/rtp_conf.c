/* SPDX-License-Identifier: GPL-2.0-only */
#include "asterisk.h"

#include "asterisk/config.h"
#include "asterisk/strings.h"
#include "asterisk/utils.h"

#include "base/rtp_conf.h"

/*! Atomic. */
static int follows;

void rtp_conf_load(void)
{
	struct ast_flags flags = { 0 };
	struct ast_config *config = ast_config_load("rtp.conf", flags);
	const char *value;

	if (!config || config == CONFIG_STATUS_FILEMISSING || config == CONFIG_STATUS_FILEINVALID) {
		return;
	}
	/* The stock engine takes seqno for yes with one check less, and all other words for no. */
	value = ast_variable_retrieve(config, "general", "strictrtp");
	__atomic_store_n(&follows, value && !ast_true(value) && strcasecmp(value, "seqno"), __ATOMIC_RELAXED);
	ast_config_destroy(config);
}

int rtp_conf_follows(void)
{
	return __atomic_load_n(&follows, __ATOMIC_RELAXED);
}
