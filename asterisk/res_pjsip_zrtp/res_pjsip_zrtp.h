/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief What the parts of res_pjsip_zrtp share.
 *
 * Media of a session is looked at in the session's serializer only. Other
 * threads, which send session-timer refreshes, use what was written last.
 */
#ifndef RES_PJSIP_ZRTP_H
#define RES_PJSIP_ZRTP_H

#include "asterisk/res_pjsip.h"
#include "asterisk/res_pjsip_session.h"
#include "asterisk/rtp_engine.h"

#include "common/signalling.h"
#include "layout.h"

/*! m-lines that get an attribute; more of them are left alone. */
#define LINES_MAX 16

/*! Room for the value of a Replaces header. */
#define REPLACES_SIZE 512

/*! Room for user and host. */
#define ADDRESS_SIZE 384

/*! Room for why a call is hung up. */
#define REFUSED_SIZE 120

/*! What we keep of a session. An ao2 object, by way of which res_zrtp calls us. */
struct state {
	struct zrtp_signalling_listener listener; /*!< First */
	struct ast_sip_session *session;          /*!< Guarded by the lock; NULL when it is gone */
	/*! The values written last, by the m-line; guarded by the lock. */
	char written[LINES_MAX][ZRTP_SIGNALLING_HASH_SIZE];
	int refused_cause;                        /*!< Why the call is hung up, 0: not by us; guarded by the lock */
	char refused_text[REFUSED_SIZE];
	int replaceable;                          /*!< The phone supports Replaces; atomic */
	char agent[ZRTP_SIGNALLING_AGENT_SIZE];   /*!< What the phone calls itself; guarded by the lock */
	int passes_hold, own_passes_hold;         /*!< hold.c: in the session's serializer only */
	int inband;                               /*!< The core may listen for tones of digits; atomic */
	int by_tls, in_clear;                     /*!< Messages of the call came so; atomic */
	char replaces[REPLACES_SIZE];             /*!< The call that this one replaces; set before there is one */
	char known[ADDRESS_SIZE];                 /*!< Who we are to the phone in that */
};

/* state.c */

/*! \brief The state of a session with a reference, made if need be; NULL without memory. */
struct state *state_of(struct ast_sip_session *session);
/*! \brief How many there are of any session. */
int states_alive(void);
/*! \brief What res_zrtp calls by way of each state. Before there is one; kept. */
void states_listen(const struct zrtp_signalling_listener *listener);
/*! \brief A name of the session for the log. */
const char *state_name(struct ast_sip_session *session, char *buf, size_t len);
/*! \brief The RTP instance of an m-line, without a reference, or NULL. Session's serializer only. */
struct ast_rtp_instance *state_instance(struct ast_sip_session *session, unsigned int line);
/*! \brief The m-line of an RTP instance, or -1. Session's serializer only. */
int state_line(struct ast_sip_session *session, const struct ast_rtp_instance *instance);
/*! \brief What to ask of an instance, or NULL when it has no ZRTP. No lock may be held, or that of the instance. */
const struct zrtp_signalling *state_api(struct ast_rtp_instance *instance);
/*! \brief Which of the m-lines of its type is this? */
enum zrtp_signalling_medium state_medium(const pjmedia_sdp_session *sdp, unsigned int line);
/*! \brief May this m-line have the attribute? */
int state_wanted(const pjmedia_sdp_media *media);

/* outgoing.c */

/*! \brief Write a=zrtp-hash into a message that is about to be sent. */
pj_status_t outgoing_message(pjsip_tx_data *tdata);
/*!
 * \brief The same for a response of which pjproject does not know the dialog: before 2.16 it
 * copies all but the first from one before, without that. Session's serializer only.
 */
void outgoing_response(struct ast_sip_session *session, pjsip_tx_data *tdata);
/*! \brief Another value than the one written is due: offer it. */
void outgoing_renewed(struct zrtp_signalling_listener *listener, const char *channel_id);

/*! \brief The session of a channel with a reference, or NULL. */
struct ast_sip_session *session_of(struct ast_channel *chan);

/* reason.c */

/*! \brief What the listener promises. */
void reason_set(struct zrtp_signalling_listener *listener, int cause, const char *text);
/*! \brief Does this message end a call, or refuse one? */
int reason_fits(const pjsip_msg *msg);
/*! \brief Write why into such a message, if the call was refused. */
void reason_write(pjsip_tx_data *tdata, struct state *state);

/* offered_keys.c */

/*!
 * \brief SRTP keys in an offer that is answered by this, and were refused as the call has keys of ZRTP, are forgotten.
 * Session's serializer only.
 */
void offered_keys_answered(struct ast_sip_session *session, const pjsip_msg *msg);

/* numbers.c */

/*! \brief Which dynamic payload types does this m-line have? */
void numbers_read(const pjmedia_sdp_media *media, struct zrtp_signalling_numbers *out);
/*!
 * \brief Give the first offer of a call that may be passed through the payload
 * types of the phone that calls. Session's serializer only.
 */
void numbers_offer(struct ast_sip_session *session, pjsip_tx_data *tdata, pjmedia_sdp_session *sdp);

/* replace.c */

/*! \brief Learn from a message of the phone whether it supports Replaces, and what it calls itself. */
void replace_learn(struct ast_sip_session *session, pjsip_rx_data *rdata);
/*! \brief Write into the INVITE of a successor which call it replaces. */
void replace_write(struct ast_sip_session *session, pjsip_tx_data *tdata);
/* What the listener promises. */
int replace_possible(struct zrtp_signalling_listener *listener);
void replace_agent(struct zrtp_signalling_listener *listener, char *out);
struct ast_channel *replace_successor(struct zrtp_signalling_listener *listener, struct ast_channel *chan, void **former);
void replace_settled(void *former);

/* hold.c */

/*! \brief What the listener promises. */
void hold_pass(struct ast_channel *chan, int on);

/* digits.c */

/*! \brief Learn from a message of the phone how digits come that do not come by RTP. */
void digits_learn(struct ast_sip_session *session, pjsip_rx_data *rdata);
/* What the listener promises. */
enum zrtp_signalling_digits digits_come(struct zrtp_signalling_listener *listener);

/* incoming.c */

/*! \brief Text of others: what is not printable ASCII is a question mark. \param size of out, room for a NUL included */
void copy_printable(char *out, size_t size, const pj_str_t *text);

/*! \brief Read a=zrtp-hash of the description in force for an instance. \pre instance is locked */
void incoming_activated(struct zrtp_signalling_listener *listener, struct ast_rtp_instance *instance);
/*! \brief Learn from an answer where it came from. */
void incoming_response(struct ast_sip_session *session, pjsip_rx_data *rdata);
/*! \brief Read that of an offer before it is answered. */
int incoming_request(struct ast_sip_session *session, pjsip_rx_data *rdata);

#endif
