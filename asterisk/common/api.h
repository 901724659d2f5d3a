/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief What res_zrtp.so offers to other modules.
 *
 * No symbol is linked, so modules load and unload in any order:
 * ast_zrtp_api_get() finds a table by way of an RTP instance.
 *
 * The functions wait for the serializer of the channel's ZRTP, which itself
 * locks channels and RTP instances: call them with no lock held, and never
 * from a task of res_zrtp.so. They are safe in any thread otherwise.
 */
#ifndef RES_ZRTP_API_H
#define RES_ZRTP_API_H

#include "asterisk/channel.h"
#include "asterisk/module.h"
#include "asterisk/rtp_engine.h"

#include "signalling.h"

/*! "ZRTP" and one: no property of Asterisk has such a number. */
#define AST_ZRTP_API_PROPERTY 0x5a525451

/*! Of the table below; another one is another layout. */
#define AST_ZRTP_API_VERSION 4

/*! What became of the ZRTP of a channel; that of its worst stream. */
enum ast_zrtp_outcome {
	AST_ZRTP_NONE,     /*!< There is none: another RTP engine, or no media yet */
	AST_ZRTP_PENDING,  /*!< The exchange is under way */
	AST_ZRTP_SECURE,
	AST_ZRTP_CLEAR,    /*!< Media passes unencrypted */
	AST_ZRTP_CLOSED,   /*!< No media passes: the peer has no ZRTP, the policy requires it */
	AST_ZRTP_FAILED,   /*!< The exchange has failed */
};

/*! What is known of the ZRTP of a channel. */
struct ast_zrtp_info {
	enum ast_zrtp_outcome outcome;
	unsigned int enrolling:1;   /*!< Enrollment was announced to the peer (RFC 6189, 7.3.1) */
	unsigned int enrolled:1;    /*!< The peer has proved that it holds our pbxsecret, for this endpoint */
	unsigned int unproved:1;    /*!< It was enrolled before, and has not kept its side */
	unsigned int verified:1;    /*!< The SAS was compared with this peer */
	unsigned int mismatch:1;    /*!< It does not share the secret of earlier calls */
	unsigned int foreign:1;     /*!< And those were calls of another endpoint */
	char sas[32];               /*!< Empty while there is none */
	char sas_type[5];           /*!< B32 or B256 */
	char peer_zid[25];          /*!< Hexadecimal, empty while not known */
	char peer_client[17];       /*!< What the peer calls itself */
};

/*! What can be done with the ZRTP of a channel. */
enum ast_zrtp_action {
	AST_ZRTP_VERIFY,            /*!< The SAS was compared and is the same (7.1) */
	AST_ZRTP_UNVERIFY,          /*!< It is not, or not known to be */
	AST_ZRTP_GO_CLEAR,          /*!< End encryption (4.7.2), if policy and peer allow it */
	AST_ZRTP_GO_SECURE,         /*!< Encrypt again after that */
	AST_ZRTP_ACCEPT_ENROLLMENT, /*!< Keep the pbxsecret */
	AST_ZRTP_REFUSE_ENROLLMENT, /*!< Keep nothing, and do not accept any more */
	AST_ZRTP_ACTIONS
};

/*! How it went. */
enum ast_zrtp_result {
	AST_ZRTP_OK,
	AST_ZRTP_NO_ZRTP,           /*!< The channel has none */
	AST_ZRTP_WRONG_STATE,       /*!< Not possible now */
	AST_ZRTP_FORBIDDEN,         /*!< The policy does not allow it */
	AST_ZRTP_PEER_FORBIDS,      /*!< The peer does not allow it */
	AST_ZRTP_ERROR,             /*!< Out of memory, or it did not answer in time */
};

struct ast_zrtp_api {
	unsigned int version; /*!< AST_ZRTP_API_VERSION */
	/*! \brief The module that the table is of; a reference on it keeps the table. */
	struct ast_module *(*module)(void);
	/*! \brief A sentence for a result, never NULL. */
	const char *(*result_text)(enum ast_zrtp_result result);
	/*!
	 * \brief What is known of the ZRTP of a channel.
	 * \param info always filled; its outcome is AST_ZRTP_NONE unless AST_ZRTP_OK is returned
	 */
	enum ast_zrtp_result (*query)(struct ast_channel *chan, struct ast_zrtp_info *info);
	/*!
	 * \brief Do something with the ZRTP of a channel, as its phone has asked for.
	 *
	 * AST_ZRTP_OK for AST_ZRTP_GO_CLEAR and AST_ZRTP_GO_SECURE says that it was
	 * begun; the events ZrtpClear and ZrtpSecure say that it is done.
	 */
	enum ast_zrtp_result (*perform)(struct ast_channel *chan, enum ast_zrtp_action action);
	/*! \brief Has the channel driver a name for who is at the other end, that not everybody can take? */
	int (*is_authenticated)(struct ast_channel *chan);
	/*!
	 * \brief Announce enrollment in the ZRTP exchange of this channel that is to
	 * come. Without effect once the exchange has begun.
	 */
	void (*announce_enrollment)(struct ast_channel *chan);
	/*!
	 * \brief Play a SAS to a channel that this thread serves.
	 * \param sas as in ast_zrtp_info, with its type
	 * \param digits which digits end it, AST_DIGIT_NONE for none
	 * \retval 0 played, -1 hung up, else the digit
	 */
	int (*say_sas)(struct ast_channel *chan, const char *sas, const char *sas_type, const char *digits);
	/*! \brief A question is asked: forget the digits that came before it. */
	void (*forget_digits)(struct ast_channel *chan);
	/*!
	 * \brief Is this digit, which the channel has just had, surely its phone's own?
	 *
	 * It is when it was pressed and released in the secure audio stream (RFC 4733),
	 * or came by SIP INFO where keypad_info of zrtp.conf has that count. Each one
	 * is to be asked about once, in order.
	 */
	int (*digit_is_own)(struct ast_channel *chan, int digit);
	/*! \brief Append what is counted, in the text format of Prometheus. */
	void (*metrics)(struct ast_str **out);
};

/*! \brief An RTP instance of ours to ask for a table, which keeps the module; NULL: there is none. No lock may be held. */
static inline struct ast_rtp_instance *ast_zrtp_instance(void)
{
	struct ast_sockaddr address;

	return ast_sockaddr_parse(&address, "127.0.0.1:0", PARSE_PORT_REQUIRE)
		? ast_rtp_instance_new(ZRTP_ENGINE_NAME, NULL, &address, NULL) : NULL;
}

/*!
 * \brief The table. No lock may be held.
 *
 * It is asked of an RTP instance that is made for the question: a channel may have
 * none of its own that others can see before it is answered.
 *
 * \retval NULL res_zrtp.so is not loaded, or refuses calls as zrtp.conf has errors.
 * Otherwise ast_zrtp_api_release() has to be called; res_zrtp.so stays until then.
 */
static inline const struct ast_zrtp_api *ast_zrtp_api_get(void)
{
	const struct ast_zrtp_api *api = NULL;
	struct ast_rtp_instance *instance = ast_zrtp_instance();

	if (!instance) {
		return NULL;
	}
	api = ast_rtp_instance_get_extended_prop(instance, AST_ZRTP_API_PROPERTY);
	if (api && api->version == AST_ZRTP_API_VERSION) {
		ast_module_ref(api->module());
	} else {
		api = NULL;
	}
	ast_rtp_instance_destroy(instance);

	return api;
}

/*! \brief Use it no more. */
static inline void ast_zrtp_api_release(const struct ast_zrtp_api *api)
{
	ast_module_unref(api->module());
}

#endif
