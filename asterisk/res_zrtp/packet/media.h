/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief One RTP instance.
 */
#ifndef RES_ZRTP_MEDIA_H
#define RES_ZRTP_MEDIA_H

#include "asterisk/channel.h"
#include "asterisk/linkedlists.h"
#include "asterisk/rtp_engine.h"

#include <zrtp/zrtp.h>

#include "common/signalling.h"
#include "decide/net_address.h"
#include "decide/peer_address.h"
#include "decide/rate.h"
#include "packet/dialog.h"
#include "packet/dtmf_gate.h"
#include "packet/gate.h"
#include "packet/pass_state.h"

struct ast_channel;
struct ast_rtp_instance;
struct ast_sockaddr;
struct dialog;
struct call_hashes;
struct leg;
struct settings;
struct zrtp_signalling_listener;
struct zrtp_stream;

/*! What the CLI and the dialplan show of a stream. */
struct media_report {
	struct zrtp_stream_info info;
	struct zrtp_session_info session;
	unsigned int signalled:1;     /*!< The peer's signalling announced ZRTP */
	unsigned int closed:1;        /*!< Its ZRTP has not come, and nothing passes */
	char channel[AST_CHANNEL_NAME];
	char sas[ZRTP_SAS_TEXT_SIZE];
	char sas_type[5];
};

/*! What became of a stream, the worst last. */
enum outcome {
	OUTCOME_SECURE,
	OUTCOME_PENDING,
	OUTCOME_CLEAR,
	OUTCOME_CLOSED,
	OUTCOME_FAILED,
};

/*! An ao2 object; its lock guards the first part. */
struct media {
	struct gate gate;             /*!< First: it is what the core takes for SRTP */
	struct dtmf_gate dtmf;
	int digit_withheld;           /*!< One whose end is not to be sent either; guarded by the instance */
	int fd;                       /*!< The RTP socket, a duplicate; -1 when gone */
	struct peer_address peer;     /*!< Where it is, and who may be it */
	struct leg *leg;              /*!< Set once */
	char channel_id[AST_MAX_UNIQUEID];
	unsigned int activated:1;
	unsigned int ended:1;         /*!< No more ZRTP on this instance */
	unsigned int bundled:1;       /*!< It has the socket of another one */
	unsigned int stranger_told:1; /*!< A stranger's Hello was logged */
	unsigned int refused:1;       /*!< refuse_leg() was called */
	unsigned int other_party:1;   /*!< Another one answered than was known before, */
	unsigned int other_hash:1;    /*!< and its a=zrtp-hash is another one, or only one of them has any */
	unsigned int placed:1;        /*!< Its gate was set */
	int video;                    /*!< Its SDP has formats of video; atomic, of no octet that others write */
	struct dialog *dialog;        /*!< What it shares with others, NULL before it is known */
	struct media_report report;
	struct passthrough pass;
	char own_hash[ZRTP_HELLO_HASH_TEXT_SIZE];  /*!< a=zrtp-hash of our Hello, empty before it is made */
	char peer_hash[ZRTP_HELLO_HASH_TEXT_SIZE]; /*!< The peer's, in its latest SDP; may be empty */
	char peer_tag[DIALOG_TAG_SIZE];            /*!< Of the party whose SDP that was; may be empty */
	char told_hash[ZRTP_HELLO_HASH_TEXT_SIZE]; /*!< What the signalling told the peer last */
	struct zrtp_signalling_listener *listener;
	enum zrtp_signalling_medium medium; /*!< What the signalling has it for; atomic */
	struct call_hashes *call_hashes;              /*!< Hashes of the call; NULL: ZRTP endpoint, or none */

	int started;                  /*!< ZRTP was; atomic */
	int queued;                   /*!< Datagrams in the serializer; atomic */
	struct rate rate[2];          /*!< Of them, from elsewhere and from where the phone is expected; lock */

	/* Of the serializer alone. */
	struct zrtp_stream *stream;
	struct zrtp_stream *next;     /*!< Of the session that may take the leg's place, see successor.h; or NULL */
	struct net_address next_at;   /*!< Where its peer is */
	unsigned int next_events;     /*!< What it has to tell then, a bit for each event */
	unsigned int next_secure:1;
	enum outcome outcome;
	uint64_t closed_since;        /*!< Watched since nothing passes, 0: not watched */
	uint64_t branch_since;        /*!< Another branch may have answered, since then; 0: that is settled */
	unsigned int closed_why;      /*!< enum refusal, of closed.c */
	unsigned int alerted;         /*!< Security exceptions told, a bit for each event */
	uint64_t logged_at[ZRTP_EVENT_COUNT]; /*!< The last line of each, where repetitions are left out */
	unsigned int begun:1;         /*!< Its ZRTP runs */
	unsigned int late:1;          /*!< Closed since ZRTP that was announced is late */
	unsigned int member:1;        /*!< It is one of the leg's streams */
	uint64_t hash_due;            /*!< Until then the Hello that was signalled may come, 0: no haste */
	unsigned int ssrc;
	struct net_address source;    /*!< Of the datagram being handled, else not set */
	const uint8_t *datagram;      /*!< That datagram */
	size_t datagram_len;
	uint64_t timer_due;           /*!< 0: no timer runs */
	int timer_id;
	int timer_armed;              /*!< The thread that clears it has the reference; atomic */
	AST_LIST_ENTRY(media) entry;  /*!< In the leg */

	/* Guarded by the lock of the instance. */
	int ice;                      /*!< The signalling agreed on ICE */
	struct net_address reading;   /*!< Where the datagram comes from that the stock engine is about to read */

	/* Fixed. */
	struct settings *settings;
};

/*! \brief Has what was negotiated formats of this type? \pre instance is locked */
int media_has_type(struct ast_rtp_instance *instance, enum ast_media_type type);
/*! \brief Is this not the audio that its call begins with? Serializer, or \pre media is locked */
int media_is_further(const struct media *media);

/*! \brief An address of the core as one of ours; not set for a null one. */
void media_address(struct net_address *out, const struct ast_sockaddr *address);
/*! Room for an address and port as text. */
#define MEDIA_ADDRESS_TEXT 64
/*! \brief Write an address for the log. \return out */
char *media_address_text(char *out, size_t size, const struct net_address *address);
/*! \brief The keys have shown that a phone is elsewhere now: have the stock engine take and send its media there. \pre instance is locked */
void media_moved(struct media *media, struct ast_rtp_instance *instance, const struct net_address *to);
/*! \brief Send octets to an address from a socket. \retval -1 with errno */
int media_send_to(int fd, const uint8_t *octets, size_t len, const struct net_address *to);

/*! \brief An object without settings, its gate closed. */
struct media *media_alloc(void);

/*! \brief Objects with code of ours still to run: media and legs. */
int media_alive(void);
void media_count(int change);

/*!
 * \brief Before media is sent: have it go where ZRTP comes from, see peer_waits_at().
 * \pre instance is locked
 */
void media_follow_zrtp(struct media *media, struct ast_rtp_instance *instance);

/*! \brief Copy what changes at the instance without notice. \pre instance is locked */
void media_refresh(struct media *media, struct ast_rtp_instance *instance);
/*! \brief What the PBX is to its phone. */
enum role media_role(struct media *media);
/*! \brief Is its ZRTP with us? */
int media_is_end(struct media *media);
/*! \brief Has its RTP instance gone? Then the task that ends it is queued, or was done. */
int media_is_over(struct media *media);
/*! \brief Is ZRTP what gives this instance its keys? \pre instance is locked */
int media_usable(struct media *media, struct ast_rtp_instance *instance);

/*!
 * \brief Send a datagram of ours, as far as its address may have it. Serializer only.
 * \param answered where what it answers came from; not set: it answers nothing
 */
void media_send(struct media *media, const uint8_t *datagram, size_t len, const struct net_address *answered);
/*! \brief Answer only to where this datagram came from, from now on. Serializer only. */
void media_latch(struct media *media);
/*! \brief An exchange is under way with where this datagram came from. Serializer only. */
void media_engage(struct media *media);
/*! \brief The call is clear: only from where RTP comes can ZRTP come now. */
void media_settle(struct media *media);
/*!
 * \brief The channel of this instance with a reference, or NULL. No lock may be held.
 *
 * While that takes the place of another channel (call pickup, AMI Redirect) the core finds neither:
 * this waits for the end of it, for half a second at most, unless the instance has gone.
 */
struct ast_channel *media_channel(struct media *media);
/*! \brief The same without waiting, for threads that others wait for. */
struct ast_channel *media_channel_now(struct media *media);
/*! \brief Copy the name of its channel, for the log. \return out */
const char *media_name_copy(struct media *media, char *out, size_t size);
/*! The same, for one statement: others give a channel another name meanwhile, so it is never read without the lock. */
#define media_name(media) media_name_copy(media, (char [AST_CHANNEL_NAME]) { "" }, AST_CHANNEL_NAME)

#endif
