/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief What a further front of res_zrtp.so, as a web page is, shows and does: what CLI and AMI have.
 *
 * The table is found as that of common/api.h is. No lock may be held in any of its functions.
 */
#ifndef RES_ZRTP_CONSOLE_TABLE_H
#define RES_ZRTP_CONSOLE_TABLE_H

#include "api.h"

struct stasis_message;

/*! "ZRTP" and two: no property of Asterisk has such a number. */
#define AST_ZRTP_CONSOLE_PROPERTY 0x5a525452

/*! Of the table below; another one is another layout. */
#define AST_ZRTP_CONSOLE_VERSION 3

/*! An enrolled phone. */
struct ast_zrtp_enrolled {
	const char *zid;       /*!< Hexadecimal */
	const char *name;      /*!< Of the cache, may be empty */
	const char *endpoints; /*!< From which it is taken for enrolled */
	int proved;            /*!< It has shown in a call since then that it kept its side */
};

struct ast_zrtp_console {
	unsigned int version; /*!< AST_ZRTP_CONSOLE_VERSION */
	/*! \brief The module that the table is of; a reference on it keeps the table. */
	struct ast_module *(*module)(void);
	/*! \brief A sentence for a result, never NULL. */
	const char *(*result_text)(enum ast_zrtp_result result);
	/*!
	 * \brief Call each for every item of a channel's leg, as AMI's ZrtpShowChannel has them.
	 * \retval -1 the channel has no ZRTP
	 */
	int (*each_item)(struct ast_channel *chan, void (*each)(const char *name, const char *value, void *arg), void *arg);
	/*! \brief Whose keys encrypt the audio of a channel without ZRTP, in words, or NULL. */
	const char *(*keys)(struct ast_channel *chan);
	/*! \brief Do something with the ZRTP of a channel, by the operator's word. */
	enum ast_zrtp_result (*perform)(struct ast_channel *chan, enum ast_zrtp_action action);
	/*!
	 * \brief The name of an event of ours, as AMI has it; NULL: it is none. The data of the message is a struct
	 * ast_channel_blob then, with the fields in its blob. Any lock may be held.
	 */
	const char *(*event_name)(struct stasis_message *message);
	/*!
	 * \brief Call each for every enrolled phone, until it returns non-zero. Waits for the store.
	 * \param why room for what is returned
	 * \return why the list is not whole, NULL when it is
	 */
	const char *(*each_enrolled)(int (*each)(const struct ast_zrtp_enrolled *phone, void *arg), void *arg, char *why, size_t size);
	/*!
	 * \brief Revoke the enrollment of a phone. Waits for the store.
	 * \param why room for what is returned
	 * \return what to say, NULL when done
	 */
	const char *(*revoke)(const char *zid, char *why, size_t size);
};

/*!
 * \brief The table, as ast_zrtp_api_get(). No lock may be held.
 * \retval NULL there is none; otherwise ast_zrtp_console_release() has to be called
 */
static inline const struct ast_zrtp_console *ast_zrtp_console_get(void)
{
	struct ast_rtp_instance *instance = ast_zrtp_instance();
	const struct ast_zrtp_console *console;

	if (!instance) {
		return NULL;
	}
	console = ast_rtp_instance_get_extended_prop(instance, AST_ZRTP_CONSOLE_PROPERTY);
	if (console && console->version == AST_ZRTP_CONSOLE_VERSION) {
		ast_module_ref(console->module());
	} else {
		console = NULL;
	}
	ast_rtp_instance_destroy(instance);

	return console;
}

/*! \brief Use it no more. */
static inline void ast_zrtp_console_release(const struct ast_zrtp_console *console)
{
	ast_module_unref(console->module());
}

#endif
