/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief One RTP instance.
 *
 * What a media object is made of, packet/ alone sees (media_object.h). Others reach a part of it by the
 * function that says whose lock they have to hold.
 */
#ifndef RES_ZRTP_MEDIA_H
#define RES_ZRTP_MEDIA_H

#include "asterisk/channel.h"
#include "asterisk/rtp_engine.h"

#include <zrtp/zrtp.h>

#include "common/signalling.h"
#include "decide/net_address.h"
#include "decide/peer_address.h"
#include "base/held.h"
#include "packet/dialog.h"
#include "packet/gate.h"
#include "packet/pass_state.h"

struct ast_channel;
struct ast_rtp_instance;
struct ast_sockaddr;
struct ast_srtp;
struct dialog;
struct call_hashes;
struct leg_place;
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

/*! How much of what passed of a call was encrypted by ZRTP, from when its outcome was first known. */
enum coverage {
	COVERAGE_NONE,                 /*!< It was never secure */
	COVERAGE_PART,                 /*!< It was, and was in clear or failed at another time */
	COVERAGE_WHOLE,
};

/*! Its socket, its channel, and how far it is. */
struct media_life {
	int fd;                       /*!< The RTP socket, a duplicate; -1 when gone */
	char channel_id[AST_MAX_UNIQUEID];
	unsigned int activated:1;
	unsigned int ended:1;         /*!< No more ZRTP on this instance */
	unsigned int bundled:1;       /*!< It has the socket of another one */
	unsigned int stranger_told:1; /*!< A stranger's Hello was logged */
	unsigned int refused:1;       /*!< refuse_leg() was called */
	unsigned int placed:1;        /*!< Its gate was set */
};

/*! What the signalling said and was told. */
struct media_signalling {
	char own_hash[ZRTP_HELLO_HASH_TEXT_SIZE];  /*!< a=zrtp-hash of our Hello, empty before it is made */
	char peer_hash[ZRTP_HELLO_HASH_TEXT_SIZE]; /*!< The peer's, in its latest SDP; may be empty */
	char peer_tag[DIALOG_TAG_SIZE];            /*!< Of the party whose SDP that was; may be empty */
	char told_hash[ZRTP_HELLO_HASH_TEXT_SIZE]; /*!< What the signalling told the peer last */
	unsigned int labelled:1;      /*!< The SIP session was asked for the label of the leg */
	unsigned int other_party:1;   /*!< Another one answered than was known before, */
	unsigned int other_hash:1;    /*!< and its a=zrtp-hash is another one, or only one of them has any */
	struct zrtp_signalling_listener *listener;
	struct call_hashes *call_hashes; /*!< Hashes of the call; NULL: ZRTP endpoint, or none */
};

/*! Guarded by the lock of the RTP instance. */
struct media_of_instance {
	int digit_withheld;           /*!< One whose end is not to be sent either */
	int ice;                      /*!< The signalling agreed on ICE */
	struct net_address reading;   /*!< Where the datagram comes from that the stock engine is about to read */
	struct ast_srtp *other;       /*!< Keys of SDP or DTLS that wait until the dialog is known */
};

/*
 * The parts that the lock of the media object guards, see held.h. The caller holds it for as long as it uses
 * what it gets.
 */
struct gate *media_gate_at(const struct media *media HELD_PLACE);
struct media_life *media_life_at(const struct media *media HELD_PLACE);
struct media_report *media_report_at(const struct media *media HELD_PLACE);
struct media_signalling *media_signalling_at(const struct media *media HELD_PLACE);
struct passthrough *media_pass_at(const struct media *media HELD_PLACE);
struct peer_address *media_peer_at(const struct media *media HELD_PLACE);
struct dialog *media_dialog_at(const struct media *media HELD_PLACE);

/*! \brief What may pass. \pre media is locked */
#define media_gate(media) media_gate_at((media) HELD_HERE)
/*! \brief Its socket, its channel, and how far it is. \pre media is locked */
#define media_life(media) media_life_at((media) HELD_HERE)
/*! \brief What is shown of it. \pre media is locked */
#define media_report(media) media_report_at((media) HELD_HERE)
/*! \brief What the signalling said and was told. \pre media is locked */
#define media_signalling(media) media_signalling_at((media) HELD_HERE)
/*! \brief What is known of it where it is passed through, or may be. \pre media is locked */
#define media_pass(media) media_pass_at((media) HELD_HERE)
/*! \brief Where it is, and who may be it. \pre media is locked */
#define media_peer(media) media_peer_at((media) HELD_HERE)
/*! \brief What it shares with others, NULL before it is known. \pre media is locked */
#define media_dialog(media) media_dialog_at((media) HELD_HERE)

struct media_of_instance *media_of_instance_at(const struct media *media HELD_PLACE);
/*! \brief What its RTP instance and that one's thread know. \pre instance is locked */
#define media_of_instance(media) media_of_instance_at((media) HELD_HERE)

/*! \brief The policy; fixed once its leg is there, and all there were are kept as long as the media object. Any thread. */
struct settings *media_settings(const struct media *media);
/*! \brief Have another policy than the engine's. \retval -1 its media has begun, or it was chosen before */
int media_choose(struct media *media, struct settings *settings);
/*! \brief Have the policy that was chosen for its channel, if its media has not begun. Any thread, no lock of it. */
void media_take_choice(struct media *media);
/*! \brief A number that no other one has; fixed. Any thread. */
unsigned int media_number(const struct media *media);
/*!
 * \brief What is fixed from then on. Before anyone else knows of it.
 * \param settings its reference goes over to the media object
 */
void media_set_up(struct media *media, struct settings *settings, unsigned int number);
/*! \brief Its SDP has formats of video, or not. Any thread. */
void media_set_video(struct media *media, int video);
/*! \brief What the signalling has it for. Any thread. */
enum zrtp_signalling_medium media_medium(const struct media *media);
void media_set_medium(struct media *media, enum zrtp_signalling_medium medium);

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

/*! \brief What its leg keeps of it, NULL before it has joined one. As long as the media object. Any thread. */
struct leg_place *media_place(const struct media *media);
/*! \brief It has joined a leg. \param place its reference goes over to the media object. Once. \pre media is locked */
void media_set_place(struct media *media, struct leg_place *place);
/*! \brief Has it a partner, whose phone gets what comes? A look for each packet, without a lock. Any thread. */
int media_is_joined(const struct media *media);
/*! \brief Its partner is another one now, or NULL. \return the former one \pre media is locked */
struct media *media_set_partner(struct media *media, struct media *partner);
/*! \brief The SSRC of our ZRTP, 0 before there is one. Any thread. */
unsigned int media_ssrc(const struct media *media);
void media_set_ssrc(struct media *media, unsigned int ssrc);

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
 * \param[out] to where it goes
 * \retval -1 that may not have it
 */
int media_send(struct media *media, const uint8_t *datagram, size_t len, const struct net_address *answered,
	struct net_address *to);
/*! \brief Answer only to where this datagram came from, from now on. */
void media_latch(struct media *media, const struct net_address *source);
/*! \brief An exchange is under way with where this datagram came from. */
void media_engage(struct media *media, const struct net_address *source);
/*! \brief May another datagram from there be handled now? Others who share the threads wait as long as this one takes. */
int media_within_rate(struct media *media, const struct net_address *source);
/*!
 * \brief May another line of "zrtp set debug" be logged?
 * \param dropped of a packet that was: a flood of those hides no others
 * \param[out] left_out as of trace_pass()
 */
int media_trace_pass(struct media *media, int dropped, unsigned int *left_out);
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
