/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief What res_zrtp.so offers to other modules.
 *
 * A module that uses it names res_zrtp in the requires of its AST_MODULE_INFO.
 * The functions wait for the serializer of the channel's ZRTP, which itself
 * locks channels and RTP instances: call them with no lock held, and never
 * from a task of res_zrtp.so. They are safe in any thread otherwise.
 */
#ifndef RES_ZRTP_API_H
#define RES_ZRTP_API_H

struct ast_channel;

#define AST_ZRTP_API __attribute__((visibility("default")))

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
	unsigned int verified:1;    /*!< The SAS was compared with this peer */
	unsigned int mismatch:1;    /*!< It does not share the secret of earlier calls */
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

/*! \brief A sentence for a result, never NULL. */
AST_ZRTP_API const char *ast_zrtp_result_text(enum ast_zrtp_result result);

/*!
 * \brief What is known of the ZRTP of a channel.
 * \param info always filled; its outcome is AST_ZRTP_NONE unless AST_ZRTP_OK is returned
 */
AST_ZRTP_API enum ast_zrtp_result ast_zrtp_query(struct ast_channel *chan, struct ast_zrtp_info *info);

/*!
 * \brief Do something with the ZRTP of a channel.
 *
 * AST_ZRTP_OK for AST_ZRTP_GO_CLEAR and AST_ZRTP_GO_SECURE says that it was
 * begun; the events ZrtpClear and ZrtpSecure say that it is done.
 */
AST_ZRTP_API enum ast_zrtp_result ast_zrtp_perform(struct ast_channel *chan, enum ast_zrtp_action action);

/*! \brief Has the channel driver a name for who is at the other end, that not everybody can take? */
AST_ZRTP_API int ast_zrtp_is_authenticated(struct ast_channel *chan);

/*!
 * \brief Announce enrollment in the ZRTP exchange of this channel that is to
 * come. Without effect once the exchange has begun.
 */
AST_ZRTP_API void ast_zrtp_announce_enrollment(struct ast_channel *chan);

/*!
 * \brief Play sounds and a SAS among them to a channel that this thread serves.
 * \param sas as in ast_zrtp_info, with its type
 * \param digits which digits end it, AST_DIGIT_NONE for none
 * \retval 0 played, -1 hung up, else the digit
 */
AST_ZRTP_API int ast_zrtp_say_sas(struct ast_channel *chan, const char *sas, const char *sas_type, const char *digits);

#endif
