/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief What the parts of res_zrtp share.
 *
 * One RTP instance of ours has one struct media; the media of one channel
 * share one struct leg, which is one ZRTP session. Lock order:
 * channel -> RTP instance -> media. The lock of the legs and that of the
 * streams are taken alone. The ZRTP engine runs in a leg's serializer only,
 * where none of these locks is held.
 */
#ifndef RES_ZRTP_H
#define RES_ZRTP_H

#include "asterisk/channel.h"
#include "asterisk/datastore.h"
#include "asterisk/framehook.h"
#include "asterisk/linkedlists.h"
#include "asterisk/lock.h"
#include "asterisk/netsock2.h"
#include "asterisk/rtp_engine.h"

#include <zrtp/srtp.h>
#include <zrtp/zrtp.h>

#include "dialog.h"
#include "dtmf_gate.h"
#include "gate_next.h"
#include "keepalive.h"
#include "keypad_code.h"
#include "listen.h"
#include "overheard.h"
#include "peer_address.h"
#include "rtcp_choice.h"
#include "rate.h"
#include "relay_choice.h"
#include "replace_choice.h"
#include "unjoined.h"
#include "unauthentic.h"

#include "api.h"
#include "signalling.h"

struct ast_srtp;
struct zrtp_store_about;
struct zrtp_store_peer;
struct ast_srtp_policy;
struct ast_taskprocessor;

/* ------------------------------------------------------------------------
 * policy.c: zrtp.conf
 */

/*! The longest name of a section of zrtp.conf. */
#define POLICY_SECTION_MAX 40
/*! "zrtp/" and such a name. */
#define POLICY_NAME_SIZE (sizeof("zrtp/") + POLICY_SECTION_MAX)

/*! What the PBX is to the phones. */
enum mode {
	MODE_MITM,        /*!< The other end of ZRTP on every leg */
	MODE_PASSTHROUGH, /*!< Never an end: datagrams go from phone to phone as they are */
	MODE_AUTO,        /*!< Pass-through where that can be, an end elsewhere */
	MODE_OFF,         /*!< As the stock engine: ZRTP is nothing to it */
};

/*! Whether digits by SIP INFO give commands that only the phone's own digits give. */
enum keypad_info {
	KEYPAD_INFO_TLS, /*!< Where the phone's signalling is TLS */
	KEYPAD_INFO_YES,
	KEYPAD_INFO_NO,
};

/*! What a peer that is trusted with GoClear gets (RFC 6189, 4.7.2). */
enum allow_clear {
	ALLOW_CLEAR_NO,      /*!< Its GoClear is refused */
	ALLOW_CLEAR_CONFIRM, /*!< No media passes until somebody here confirms it */
	ALLOW_CLEAR_YES,     /*!< The administrator has confirmed beforehand */
};

/*! Room for the name of a SIP header. */
#define LABEL_HEADER_SIZE 64

/*! A policy as configured. An ao2 object that does not change any more. */
struct settings {
	char name[POLICY_NAME_SIZE];   /*!< Of the RTP engine it belongs to */
	struct zrtp_policy policy;
	enum mode mode;
	bool early;                    /*!< Pass-through begins before the answer where it can */
	bool says_require;             /*!< The key of zrtp.conf */
	bool require;                  /*!< No clear media at any time: by that key, or as a post-quantum key agreement is required */
	bool stripped_clear;           /*!< Go on in clear where ZRTP was announced and does not come */
	bool clear_on_error;           /*!< Go on in clear after a failure */
	bool require_partner;          /*!< The other leg of a call has to be encrypted too */
	bool silent_refused;           /*!< A leg on which no media may pass for good stays, and is not hung up */
	enum replaces replaces;        /*!< Which phones may get a call in place of the one they have */
	enum no_passthrough no_passthrough; /*!< What becomes of two phones that cannot be passed through */
	enum allow_clear allow_clear;
	keypad_codes keypad;           /*!< Empty: off */
	enum keypad_info keypad_info;
	char label_header[LABEL_HEADER_SIZE]; /*!< Of an INVITE: under what the phone knows us; empty: To */
};

/*!
 * \brief Read zrtp.conf and put it into force, all or nothing.
 * \retval -1 with the reason logged; the former policies stay in force.
 */
int policies_load(void);

/*!
 * \brief Load zrtp.conf when the module loads.
 *
 * A file with errors, or a cache that cannot be opened, does not keep the module from
 * loading: then calls are refused, but for policies of which it is sure that they are
 * mode = off, until a reload succeeds.
 */
int policies_init(void);
void policies_shutdown(void);

/*! \brief Was zrtp.conf ever without errors since the module was loaded? */
int policies_in_force(void);

/*! \brief Print the policies in force to a CLI. */
void policies_show(int fd);

/* ------------------------------------------------------------------------
 * context.c: the ZRTP engine's context
 */

/*! An ao2 object, so that sessions outlive a change of the client name. */
struct context {
	struct zrtp_context *zrtp;
};

/*! \brief Make the context, or replace it when the client name is another. */
int context_set_client_id(const char *client_id);

/*! \brief Make the context anew after the store was opened late. */
int context_renew(void);

/*! \brief The present context with a reference, or NULL. */
struct context *context_get(void);

void context_shutdown(void);

/*! \brief Microseconds of the monotonic clock: the time of the ZRTP engine. */
uint64_t context_now(void);
/*! \brief So much later than now, on that clock: for waits on a condition of the next function. */
struct timespec context_in(unsigned int milliseconds);
/*! \brief Init a condition whose waits end by that clock: a wall clock that is set does not lengthen them. */
void context_cond_init(ast_cond_t *cond);

/* ------------------------------------------------------------------------
 * cache.c, cache_store.c, cache_admin.c: retained secrets; see cache.h
 */

/*!
 * \brief A phone has enrolled as this endpoint. Does not wait.
 * \param label under which it sees us
 * \retval -1 there is no room for one more, or it has no name that fits
 */
int cache_bind(const uint8_t zid[ZRTP_ZID_SIZE], const char *label, const char *endpoint);
/*! \brief What is known of a peer besides secrets; empty if nothing is. Does not wait. */
void cache_about(const uint8_t zid[ZRTP_ZID_SIZE], struct zrtp_store_about *out);
/*! \brief Call each for every peer with a pbxsecret. Waits for the store, which is in use meanwhile. */
void cache_each_enrolled(void (*each)(const struct zrtp_store_peer *peer, void *arg), void *arg);
/*! \brief Replace the endpoints of an enrolled phone. Waits for the store. \retval -1 with why, of size octets */
int cache_set_endpoints(const uint8_t zid[ZRTP_ZID_SIZE], const char *endpoints, char *why, size_t size);
/*! \brief Forget the pbxsecret of a peer. Waits for the store. \retval -1 with why, of size octets */
int cache_revoke(const uint8_t zid[ZRTP_ZID_SIZE], char *why, size_t size);

/* ------------------------------------------------------------------------
 * gate.c: what media may pass, at the core's SRTP hook
 */

/*! The order matters: an object that was only allocated is closed. */
enum gate_mode {
	GATE_CLOSED, /*!< Nothing passes */
	GATE_CLEAR,  /*!< Everything passes as it is */
	GATE_SECURE, /*!< SRTP and SRTCP with the keys of ZRTP */
};

struct gate_output;

/*! Guarded by the lock of the media object it is part of. */
struct gate {
	const void *magic;         /*!< Tells ours from the objects of res_srtp.so */
	enum gate_mode rx, tx;
	unsigned int was_secure:1; /*!< We have sent SRTP: never clear again but by GoClear */
	unsigned int paused:1;     /*!< Our GoClear waits for its answer */
	unsigned int noticed:1;    /*!< The ZRTP engine knows of the peer's SRTP */
	unsigned int has_ssrc:1;   /*!< The peer's SSRC is known: that of the last packet its keys have opened */
	uint32_t ssrc;
	struct unauthentic unauthentic; /*!< Packets that the keys do not open, and the SSRC of the last one */
	uint32_t unauthentic_ssrc;
	unsigned int keys;         /*!< How often the keys to receive with were installed */
	struct zrtp_srtp *srtp;
	struct ast_srtp *other;    /*!< Keys of SDP or DTLS that wait until the dialog is known; guarded by the instance */
	struct gate_next next;     /*!< Keys that wait */
	struct late_choice late;   /*!< Such ones that took over in a call that was clear */
	uint64_t clear_at;         /*!< Clear RTP came from where media comes from, the last time */
	struct gate_output *output;
	uint8_t keepalive[KEEPALIVE_SIZE]; /*!< What went out in place of the last RTCP that may not */
	uint64_t unprotected;      /*!< SRTP and SRTCP packets received */
	uint64_t protected;        /*!< SRTP and SRTCP packets sent */
	uint64_t dropped[2];       /*!< RTP, RTCP; both directions */
};

struct media;

/*! \brief The media object of an instance with a reference, or NULL. */
struct media *gate_media_get(struct ast_rtp_instance *instance);

/*! \brief Interpose at the core's SRTP hook, and keep res_srtp.so. */
int gate_init(void);
/*!
 * \brief Do packets of our instances pass the gate? If res_srtp.so has left the core's
 * hook, which leaves all in clear, it is interposed again. Otherwise nothing may
 * be sent or received.
 */
int gate_in_force(void);
/*! \brief Can gate_shutdown() succeed? */
int gate_removable(void);
/*! \brief Leave the core's SRTP hook as it was found. */
void gate_shutdown(void);

/*!
 * \brief Give an instance a media object, with its gate closed.
 * \pre instance is locked
 */
struct media *gate_attach(struct ast_rtp_instance *instance);

/*!
 * \brief The media object of an instance, NULL if it has none. Costs no
 * lock and no search. The instance owns the reference.
 * \pre instance is locked
 */
struct media *gate_media(struct ast_rtp_instance *instance);

/*!
 * \brief Keys of SDP or DTLS came before it was known which dialog the instance is of:
 * they take over, or are refused if that has been secure. The media object may be gone then.
 * \pre instance is locked
 */
void gate_settle_other(struct ast_rtp_instance *instance);

/*! \brief Set both directions; ignored where it would open what has been secure. */
void gate_set(struct media *media, enum gate_mode rx, enum gate_mode tx);
/*! \brief Does media pass as it is? */
int gate_is_clear(struct media *media);
/*! \brief May RTP be sent? */
int gate_sends(struct media *media);
/*! \brief Send nothing more in clear. */
void gate_hold(struct media *media);
/*! \brief Install keys. \retval -1 when they cannot be used */
int gate_set_keys(struct media *media, enum zrtp_direction direction, const struct zrtp_srtp_keys *keys);
/*! \brief Our GoClear is on its way: send nothing, still accept the peer's SRTP. */
void gate_pause(struct media *media);
/*! \brief It was refused: send SRTP again. */
void gate_resume(struct media *media);
/*!
 * \brief GoClear is completed: close both directions and wipe the keys, but for
 * what it takes to know the peer's SRTP when some still comes.
 */
void gate_retire(struct media *media);
/*!
 * \brief Let clear media pass again, after a GoClear that was completed and is
 * authorised. Retires the keys. This is the only way back from secure, and
 * closed for policies that require ZRTP or do not allow clear.
 */
void gate_open(struct media *media);
/*! \brief The phone that had keys has left the call before it was answered: wipe them, and forget that it had. Closes. */
void gate_forget(struct media *media);
/*! \brief Wipe the keys, also those that wait, and close both directions. */
void gate_wipe(struct media *media);
/*! \brief Memory for keys and packets, for gate_next.c. \pre media is locked */
int gate_prepare(struct gate *gate);
/*! \brief No key has opened this RTP packet. \param notify as of gate_next_opens() \pre media is locked */
void gate_unauthentic(struct media *media, const void *packet, int (**notify)(void *data));
/*! \brief Release what the gate holds; for the destructor of the media object. */
void gate_destroy(struct gate *gate);

/* ------------------------------------------------------------------------
 * passthrough.c: datagrams from phone to phone, as they are
 */

struct media;

/*! What the PBX is to the phone of one media object. */
enum role {
	ROLE_END,         /*!< The end of its ZRTP; once so, it stays so */
	ROLE_WAITING,     /*!< No end of it, and nobody to pass its datagrams to */
	ROLE_PASSTHROUGH, /*!< Its datagrams go to a partner */
};

/*! Guarded by the lock of the media object it is part of. */
struct passthrough {
	enum role role;
	struct media *partner;        /*!< With a reference, NULL without one */
	char partner_name[AST_CHANNEL_NAME];
	int rtcp_fd;                  /*!< The RTCP socket, a duplicate; -1 without one */
	unsigned int mux:1;           /*!< RTCP comes and goes on the RTP socket */
	unsigned int direct:2;        /*!< The phones send to each other: 1 perhaps, 2 yes, and that was told */
	unsigned int native:1;        /*!< The bridge has the two of them as a native pair */
	unsigned int early:1;         /*!< No bridge has them yet, one rings the other */
	unsigned int left_out:1;      /*!< The rest of its call is passed through, this cannot be */
	unsigned int beside:1;        /*!< The rest of its call is passed through as well: ZRTP waits for the first stream's keys */
	unsigned int released:1;      /*!< It need not wait any more */
	unsigned int speaks_zrtp:1;   /*!< A Hello of the phone said so */
	unsigned int sdp_zrtp:1;      /*!< Its SDP does: a=zrtp-hash, or the flag a=zrtp */
	unsigned int keyed:1;         /*!< A whole exchange went through: nothing passes in clear any more */
	unsigned int unfit:1;         /*!< By keys that post_quantum = require does not take */
	unsigned int listed:1;        /*!< The CLI shows it */
	unsigned int told:1;          /*!< The log says why the PBX hears nothing */
	unsigned int elsewhere_told:1; /*!< The log says that RTP from elsewhere is refused */
	unsigned int announced:2;     /*!< What events have told */
	unsigned int deciding:1;      /*!< A look at it is due */
	unsigned int rekeying:1;      /*!< A call that takes its place is being made */
	unsigned int rekeyed:1;       /*!< That was tried */
	struct rtcp_place rtcp;       /*!< Where RTCP comes from */
	unsigned int number;          /*!< Of this one, and of the partner that it has keys with */
	unsigned int keyed_with;
	struct overheard heard;       /*!< What of its ZRTP with a partner went by, and the number of that one */
	unsigned int heard_with;
	uint8_t *hello;               /*!< The phone's last Hello while it waits */
	size_t hello_len;
	struct net_address hello_source;
	uint64_t received, sent;      /*!< Datagrams passed on from here, and to here */
	uint64_t dropped;             /*!< Those that were not */
	int telling;                  /*!< An end whose phone has yet to answer an offer with our zrtp-hash */
	uint64_t waiting_since, bridged_at, offered_at;
	uint64_t joined_at, released_at;
	uint64_t handed_at;           /*!< Its Hello went to a phone that could be the partner, ahead of pass-through */
	enum unjoined_reason unjoined; /*!< Why the call is in clear, once that is decided */
	enum unjoined_partner unjoined_partner; /*!< Who is at the other side, and since when */
	uint64_t unjoined_since;
	uint64_t unbridged_at;        /*!< Both are up, and no bridge has them */
	uint64_t committed_at;        /*!< The last Commit went through, 0 without one */
	uint64_t asked_at;            /*!< The bridge was asked to join natively */
	uint64_t unheard_since;       /*!< No longer a native pair, and not for a hold */
};

/*!
 * \brief Pass on what waits at a socket. \pre instance is locked
 * \retval 0 when the next datagram is for the stock engine: not passed through, or STUN
 */
int passthrough_read(struct media *media, struct ast_rtp_instance *instance, int fd, int rtcp);

/*!
 * \brief Who the phone is, as its ZRTP with a partner says. \pre media is locked
 * \retval NULL that is not known; otherwise valid as long as the lock is held
 */
const struct overheard_speaker *passthrough_speaker(const struct media *media);
/*!
 * \brief Have the phones keys, or are they about to? A Commit alone says little, as
 * anybody could have sent it: it counts for as long as an exchange takes. \pre media is locked
 */
int passthrough_agreed(const struct media *media);

/*! \brief A number for one that may be passed through, never 0. */
unsigned int passthrough_number(void);
/*! \brief A ZRTP datagram of a phone while it has no partner. */
void passthrough_keep(struct media *media, const uint8_t *octets, size_t len, const struct net_address *source);

/*! \brief Sockets of an instance may be others than before. \pre instance is locked */
void passthrough_sockets(struct media *media, int rtp_fd, int rtcp_fd);

/*!
 * \brief May a bridge join these two natively? \pre both channels are locked, the instances are not
 * \param media each with a reference of the caller's
 */
int passthrough_possible(struct ast_channel *chan[2], struct ast_rtp_instance *instance[2], struct media *media[2]);

/*! \brief Has the bridge prompts to play, and could the PBX be the end of both? \pre both channels are locked */
int passthrough_would_silence(struct ast_channel *chan[2], struct media *media[2]);

/*! \brief Have both phones the same codec first, with the same number? \pre both channels are locked */
int passthrough_payloads(struct ast_channel *chan[2], struct ast_rtp_instance *instance[2], enum ast_media_type type);

/*! Who holds two partners together. */
enum join {
	JOIN_NATIVE, /*!< A native bridge, which says when it is over */
	JOIN_SIMPLE, /*!< Another bridge */
	JOIN_EARLY,  /*!< A call that one makes to the other */
};

/*! \brief Pass on to a partner what comes from here. \retval -1 when one of them is an end */
int passthrough_join(struct media *media, struct media *partner, enum join join);
/*!
 * \brief To be called before passthrough_join() of a stream beside the first one
 * of a call: its Hello is not passed on before that has keys.
 *
 * Some phones make the stream whose Hello they read first the one for the key
 * agreement. If two of them choose differently there are no keys at all.
 */
void passthrough_beside(struct media *media);
/*!
 * \brief Let the ZRTP of such a stream pass when its time has come, and repeat a
 * Hello that its phone does not repeat any more.
 * \param keyed the first stream of the call has keys
 */
void passthrough_release(struct media *media, int keyed);
/*!
 * \brief No partner while the rest of its call has one: nothing passes, since
 * the phones take their call for one between them.
 */
void passthrough_leave_out(struct media *media, int leave_out);
/*! \brief The native bridge has ended; that of the channels may go on. */
void passthrough_native_ended(struct media *media);
/*! \brief No more partner. */
void passthrough_part(struct media *media);
/*! \brief The instance dies. */
void passthrough_end(struct media *media);
/*!
 * \brief Send the Hello that a phone has said to one that may be its partner, and says none before it
 * hears something. Its own is kept. At most a few times a second.
 */
void passthrough_hand_over(struct media *media, struct media *partner);
/*! \brief For the destructor of the media object. */
void passthrough_destroy(struct passthrough *pass);

/* ------------------------------------------------------------------------
 * join.c: the same for two phones that no native bridge has: those with video,
 * and those of which one rings. No lock may be held.
 */

/*! \brief Is a channel in a bridge of two that is not native because of video only? */
int join_idle(struct ast_channel *chan);
/*! What keeps two channels in a bridge from being joined. */
enum {
	JOIN_CODES = 1 << 0,   /*!< The bridge waits for feature codes */
	JOIN_WANTED = 1 << 1,  /*!< Something in the PBX wants the media */
	JOIN_DIFFERS = 1 << 2, /*!< Codecs, payload types or packet times differ */
	JOIN_PROMPTS = 1 << 3, /*!< The bridge has prompts of a time limit to play */
};
/*! \brief Of the two of a channel's bridge. */
unsigned int join_obstacles(struct ast_channel *chan);
/*! \brief Join all media of such two, if both phones speak ZRTP and wait. \retval 1 they are joined */
int join_phones(struct ast_channel *chan);
/*! \brief Join the video of two whose audio is. \retval 1 it is joined */
int join_videos(struct ast_channel *chan, struct ast_channel *other);
/*! \brief Wants nobody in the core the media of two channels without a bridge? */
int join_early_idle(struct ast_channel *chan, struct ast_channel *other);
/*! \brief Join all media of a phone and of the one that it rings. \retval 1 they are joined */
int join_early(struct ast_channel *chan, struct ast_channel *other);

/* ------------------------------------------------------------------------
 * mode.c: which of the roles a leg has
 */

int mode_init(void);
void mode_shutdown(void);
/*! \brief The role of a new media object. */
enum role mode_first_role(const struct settings *settings);
/*! \brief Make the choice now, for one that waits: we are the end. */
void mode_end(struct media *media);
/*! \brief No more partner, and say so. No lock may be held. */
void mode_part(struct media *media, struct ast_channel *chan);
/*! \brief A phone waits: see what becomes of its call, soon. */
void mode_look(struct media *media, int milliseconds);
/*! \brief The same now, even if another look is due soon. */
void mode_look_now(struct media *media);
/*! \brief A channel has entered or left a bridge: look now. No lock may be held. */
void mode_bridged(struct ast_channel *chan);
/*! \brief Is the first medium of a channel another one than this, and are we its end? No lock may be held. */
int mode_settled(struct media *media, struct ast_channel *chan);

/* ------------------------------------------------------------------------
 * rekey.c: a phone that has keys with another one gets some with us
 */

/*! \brief May that be done with this phone? No lock may be held. */
enum replace_choice rekey_choice(struct media *media);
/*!
 * \brief Begin with it, once. Its channel then has another media object in
 * place of this one, or is looked at again. No lock may be held.
 * \retval 1 it is under way, 0 it cannot be, or has failed
 */
int rekey_begin(struct media *media, struct ast_channel *chan);
/*! \brief Is it under way with the channel that this one is bridged with? They take turns. No lock may be held. */
int rekey_near(struct ast_channel *chan);
/*! \brief A channel is asked what its phone is to be told: one that takes the place of another is an end. */
void rekey_adopt(struct media *media, struct ast_channel *chan);

/* ------------------------------------------------------------------------
 * beside.c: why a stream has no ZRTP
 */

int beside_init(void);
void beside_shutdown(void);
/*! \brief Media of an instance begins. \pre instance is locked */
void beside_activated(struct ast_rtp_instance *instance, const struct settings *settings);
/*! \brief We are an end of the ZRTP of this channel: what of its endpoint has no effect? */
void beside_end(struct ast_channel *chan);
/*! \brief Whose keys encrypt a channel's audio in place of ZRTP's, in words, or NULL. No lock may be held. */
const char *beside_keys(struct ast_channel *chan);

/* ------------------------------------------------------------------------
 * fax.c
 */

/*! \brief Keep a channel from fax in clear while that must not be, once. */
void fax_attach(struct ast_channel *chan, struct media *media);

/* ------------------------------------------------------------------------
 * media.c: one RTP instance
 */

struct leg;
struct ahead;

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
	unsigned int placed:1;        /*!< Somebody has set its gate */
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
	struct far *far;              /*!< Hashes of the call; NULL: an end, or none */

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
	int timer_armed;              /*!< Whoever clears it has the reference; atomic */
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
void media_moved(struct ast_rtp_instance *instance, const struct net_address *to);
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
/*!
 * \brief Take a ZRTP datagram off the socket, if the next one is one.
 * \pre instance is locked
 * \retval 1 when one was there, whatever became of it
 * \retval 0 the next one is the core's, and where it is from is media->reading
 * \retval -1 there is none: the core must not read either, as what comes meanwhile nobody has looked at
 */
int media_receive(struct media *media, struct ast_rtp_instance *instance, int fd);

/*! \brief Media may flow: start ZRTP as soon as there is an address. \pre instance is locked */
void media_activate(struct media *media, struct ast_rtp_instance *instance);
/*! \brief Copy what changes at the instance without notice. \pre instance is locked */
void media_refresh(struct media *media, struct ast_rtp_instance *instance);
/*! \brief Is its ZRTP with us? */
int media_is_end(struct media *media);
/*! \brief Has its RTP instance gone? Then the task that ends it is queued, or was done. */
int media_is_over(struct media *media);
/*! \brief Is ZRTP what gives this instance its keys? \pre instance is locked */
int media_usable(struct media *media, struct ast_rtp_instance *instance);
/*! \brief A new remote address. \pre instance is locked */
void media_set_remote(struct media *media, struct ast_rtp_instance *instance, const struct ast_sockaddr *address);
/*! \brief No more ZRTP on this instance: it dies or its keys come from elsewhere. */
void media_end(struct media *media);

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
/*! \brief The channel of this instance with a reference, or NULL. No lock may be held. */
struct ast_channel *media_channel(struct media *media);
/*! \brief Copy the name of its channel, for the log. \return out */
const char *media_name_copy(struct media *media, char *out, size_t size);
/*! The same, for one statement: others give a channel another name meanwhile, so it is never read without the lock. */
#define media_name(media) media_name_copy(media, (char [AST_CHANNEL_NAME]) { "" }, AST_CHANNEL_NAME)

/* ------------------------------------------------------------------------
 * bridge.c: who a channel is bridged with, and who listens
 */

int bridges_init(void);
void bridges_shutdown(void);

/*!
 * \brief The media object of a channel with a reference, NULL if it has none of ours.
 * No lock but that of the channel may be held. A channel that took the place of
 * another one is known by what it has now.
 */
struct media *bridge_media(struct ast_channel *chan);
/*! \brief The bridge of a channel with a reference, NULL if it is in none. No lock of a channel or bridge may be held. */
struct ast_bridge *bridge_of(struct ast_channel *chan);

/*! \brief The media object of a channel's video beside its audio, with a reference, or NULL. No lock may be held. */
struct media *bridge_video(struct ast_channel *chan);

/*! \brief The media object of a channel's audio, or of its video, with a reference, or NULL. No lock may be held. */
struct media *bridge_medium(struct ast_channel *chan, int video);

/*! \brief Look again at who this channel is bridged with. No lock may be held. */
void bridge_look(struct ast_channel *chan);
/*! \brief Look again at who records it or listens, for somebody who asks. No lock may be held. */
void bridge_listen(struct ast_channel *chan);
/*! \brief As bridge_look() for a channel by its uniqueid, if there is one. */
void bridge_look_at(const char *channel_id);
/*!
 * \brief The number of a look at a bridge or channel: to be taken before it.
 *
 * Whoever keeps what was seen passes over what an earlier look saw after a later one. So no lock
 * has to be held while a bridge or a channel is waited for: whatever changes behind a look is
 * news of its own, and has a later look. Any thread.
 */
uint64_t bridge_next_look(void);

#ifdef HAVE_SNAPSHOT_BASE
#define SNAPSHOT_ID(snapshot) ((snapshot)->base->uniqueid)
#else
#define SNAPSHOT_ID(snapshot) ((snapshot)->uniqueid)
#endif

/* ------------------------------------------------------------------------
 * party.c: what others may know of a leg
 */

/*! Who a leg is connected with. */
enum partner_kind {
	PARTNER_NONE,  /*!< Nobody: not bridged, alone, on hold, parked */
	PARTNER_OTHER, /*!< One other channel without ZRTP of ours */
	PARTNER_LEG,   /*!< One other leg of ours */
	PARTNER_MANY,  /*!< A conference */
};

/*! What became of the last SASrelay. */
enum relay_status {
	RELAY_NONE,         /*!< There was none */
	RELAY_SENT,
	RELAY_ACKNOWLEDGED,
	RELAY_UNANSWERED,
};

/*! Who said in this call that its SAS was compared. */
enum verified_by {
	VERIFIED_EARLIER,  /*!< Nobody: it is known from an earlier call, if it is */
	VERIFIED_PHONE,    /*!< The phone of the leg, by keypad or to an application: it vouches for itself */
	VERIFIED_PARTNER,  /*!< At the other leg, whose phone shows this SAS */
	VERIFIED_OPERATOR, /*!< CLI or AMI */
};

/*! All that is told of a leg. */
struct party_report {
	enum outcome outcome;          /*!< Of its audio, see leg_outcome() */
	enum outcome video;            /*!< The worst of its other streams */
	unsigned int videos;           /*!< How many of those there are */
	struct zrtp_session_info session;
	struct zrtp_stream_info stream; /*!< The one whose key agreement made the SAS */
	struct party_facts facts;
	enum partner_kind partner;
	struct party_facts far;        /*!< Of the partner, if that is a leg */
	struct relay relay;            /*!< The last one sent to the phone */
	enum relay_status relay_status;
	unsigned int streams, secure;  /*!< How many, and how many of them are secure */
	enum listening listening;      /*!< Does somebody record or listen? */
	enum verified_by verified_by;
	unsigned int enrolling:1;
	unsigned int bound:1;          /*!< Its phone, if enrolled, is so for this endpoint */
	unsigned int hash_offered:1;   /*!< Our zrtp-hash went to the peer */
	unsigned int hash_received:1;  /*!< The peer's signalling announced ZRTP */
};

/*! An ao2 object that a leg and its partner share; its lock guards the first part. */
struct party {
	struct ast_taskprocessor *serializer; /*!< The leg's; NULL when the leg is over */
	ast_mutex_t work;                     /*!< Held by the task that runs; before all other locks */
	struct party_report report;
	struct party *partner;         /*!< With a reference; the report has its kind */
	uint64_t look;                 /*!< Number of that of bridge.c which told this */

	/* Of the serializer alone. */
	struct media *media;           /*!< The stream that stands for the leg; NULL: none */
	const char *told_state;        /*!< What the last events said */
	enum outcome told_outcome;
	enum listening told_listening;
	unsigned int told_unbound:1;
};

struct party *party_alloc(struct ast_taskprocessor *serializer);
/*!
 * \brief Queue a task for a serializer, which holds the party's work lock while it runs.
 * \retval -1 it cannot be queued, data is the caller's still
 */
int party_push(struct party *party, struct ast_taskprocessor *serializer, int (*task)(void *data), void *data);

/*! What a leg tells its party. */
struct leg_state {
	struct media *media;           /*!< The stream that made the SAS, or a secure one in its place; may be NULL */
	struct zrtp_session *session;  /*!< NULL: all that was is forgotten */
	const char *endpoint;          /*!< Whom the channel driver has authenticated, "": nobody */
	enum outcome outcome, video;
	unsigned int streams, secure, videos;
	unsigned int enrolling:1;      /*!< E was announced in our Confirm, or is going to be */
};

/*! \brief After each call of the ZRTP engine. Serializer only. */
void party_update(struct party *party, const struct leg_state *state);
/*! \brief The leg is over. Serializer only. */
void party_close(struct party *party);
/*!
 * \brief Who the leg is bridged with now, and whether somebody listens. Any thread; no lock may be held.
 * \param look number of the look that found this: what an earlier one found is passed over
 */
void party_meet(struct party *party, enum partner_kind kind, struct party *partner, enum listening listening,
	uint64_t look);
void party_get_report(struct party *party, struct party_report *out);
/*! \brief Somebody has said so. */
void party_set_verified_by(struct party *party, enum verified_by by);
/*!
 * \brief The SAS that a leg's phone shows: its own, or that of the other leg
 * once it has acknowledged that one.
 * \retval 1 it is that of the other leg, 0 its own, -1 there is none
 */
int party_shown_sas(struct party *party, char sas[ZRTP_SAS_TEXT_SIZE], char sas_type[5]);
/*!
 * \brief Run a task in the serializer of the partner, with the partner as its
 * data, whose reference the task has to give up.
 * \param sashash of the partner that is meant
 * \retval -1 there is none, or it is another one meanwhile
 */
int party_push_partner(struct party *party, const uint8_t sashash[ZRTP_SECRET_SIZE], int (*task)(void *data));

/* ------------------------------------------------------------------------
 * status.c: what is told of a leg, by name
 */

/*! The longest value of an item, with its end. */
#define STATUS_VALUE_SIZE 128

/*!
 * \brief Call each for every item of a channel's leg. No lock may be held.
 * \param each gets the name as in AMI and the value, which may be empty
 * \retval -1 the channel has no leg of ours
 */
int status_each(struct ast_channel *chan, void (*each)(const char *name, const char *value, void *arg), void *arg);
/*! \brief A name of four octets without the blanks that fill it up. \return out, of size octets */
const char *status_name(char *out, size_t size, const char name[5]);
/*! \brief A word for the state of a stream. */
const char *status_state_text(enum zrtp_state state);
/*! \brief earlier, phone, partner or operator. */
const char *status_verified_by_text(enum verified_by by);

/*!
 * \brief The value of one item, by its name in any case. No lock may be held.
 * \param out room for STATUS_VALUE_SIZE; empty when the channel has no leg of ours
 * \retval -1 there is no such item
 */
int status_item(struct ast_channel *chan, const char *name, char *out);

/* ------------------------------------------------------------------------
 * show.c: that in CLI and AMI
 */

int show_init(void);
void show_shutdown(void);

/* ------------------------------------------------------------------------
 * relay.c: the SAS of one leg shown at the other (RFC 6189, 7.3)
 */

/*! \brief Relay what the present partner asks for, if it is not there yet. Serializer only. */
void relay_look(struct party *party);
/*! \brief A word for a status. */
const char *relay_status_text(enum relay_status status);
/*! \brief What became of a SASrelay. Serializer only. */
void relay_result(struct media *media, enum relay_status status);

/* ------------------------------------------------------------------------
 * leg.c: one call side, one ZRTP session
 */

/*! \brief The party of a media object's leg with a reference, or NULL. */
struct party *leg_party(struct media *media);
/*! \brief What the leg learns ahead, see ahead.h. Serializer only. */
struct ahead *leg_ahead(struct leg *leg);

int legs_init(void);
void legs_shutdown(void);

/*!
 * \brief Make a media object a stream in the leg of its channel, unless it is
 * one: its Hello exists from then on.
 */
int leg_join(struct media *media, unsigned int ssrc);
/*! \brief Start ZRTP for a stream, unless it was. */
int leg_start(struct media *media);
/*!
 * \brief Make its Hello now, in this thread, if it has none yet. No lock may be held. \pre it has joined
 * \retval -1 a task of the leg does not end
 */
int leg_hello(struct media *media);
/*! \brief Undo both: wipe all in the serializer. */
void leg_leave(struct media *media);

/*! \brief Queue a task of the leg. Takes a reference on media for it. */
int leg_push(struct media *media, int (*task)(void *data));
/*! \brief The same after some time. \retval -1 out of memory, it will not run */
int leg_push_later(struct media *media, int milliseconds, int (*task)(void *data));
/*! \brief Queue a received datagram; drops it when too many wait. */
void leg_push_datagram(struct media *media, const uint8_t *octets, size_t len, const struct net_address *source);
/*! \brief Let the ZRTP engine have one. Serializer only. \param held it was held back already */
void leg_receive(struct media *media, const uint8_t *octets, size_t len, const struct net_address *source, int held);

/*!
 * \brief The outcome of a leg: that of its audio. Another stream counts where it is in
 * clear, or where there is no audio. Serializer only.
 */
enum outcome leg_outcome(const struct leg *leg);

/*! \brief Queue a task, which nothing else of the leg runs beside. \retval -1 data is the caller's still */
int leg_run(struct leg *leg, int (*task)(void *data), void *data);
/*! \brief Queue a task of the leg with data of the caller's. */
int leg_push_data(struct media *media, int (*task)(void *data), void *data);
/*! \brief Call each for every stream of the leg. Serializer only. */
void leg_each_stream(struct leg *leg, void (*each)(struct media *media, void *arg), void *arg);
/*! \brief The leg's session, NULL if it could not be made. Serializer only. */
struct zrtp_session *leg_session(const struct leg *leg);
/*! \brief Is enrollment announced to its peer? Serializer only. */
int leg_enrolling(const struct leg *leg);
/*! \brief Whom the channel driver has authenticated; empty: nobody. Serializer only. */
const char *leg_endpoint(const struct leg *leg);
/*! \brief The enrollment was refused: none is accepted any more. Serializer only. */
void leg_refuse_enrollment(struct leg *leg);
/*! \brief To be called after each call of the ZRTP engine. Serializer only. */
void leg_settle(struct leg *leg);

/*! \brief Task: SRTP of the peer was authenticated. */
int leg_task_authenticated(void *data);
/*! \brief Have other streams of the leg keys, or had them and no GoClear since? Serializer only. */
int leg_has_other_keys(const struct media *media);
int leg_task_late_back(void *data);

/*!
 * \brief Keys that took over late were not the phone's: the call is clear again,
 * unless other streams have keys by them. late.c. Serializer only.
 */
void late_back(struct media *media);
/*! \brief Task: the stream is secure, and nothing comes but what its keys do not open. */
int leg_task_unauthentic(void *data);
/*! \brief Task: the stream's timer has run out. */
int leg_task_expire(void *data);
/*! \brief Task: the signalling has news of the peer. */
int leg_task_signalling(void *data);

struct ast_taskprocessor;

/*! \brief What runs the tasks of a leg; as long as the leg. */
struct ast_taskprocessor *leg_serializer(const struct leg *leg);

/*!
 * \brief Another peer has come: begin again with it, as soon as the callback
 * that calls this has returned. What is secure stays so until that is.
 */
void leg_restart(struct media *media, enum peer_claim claim);

/*!
 * \brief Another phone has the call, and the one before has left it: ZRTP begins as in a new call.
 *
 * Nothing is left of the former keys, nor of that it was secure. Serializer
 * only, outside of callbacks.
 */
void leg_begin_with_another(struct leg *leg);

/*! \brief Do so now, if that was asked for. \retval 1 it was. Serializer only, outside of callbacks. */
int leg_restarted(struct leg *leg);

/* For successor.c. Serializer only. */
struct successor;
struct successor *leg_next(struct leg *leg);
/*! \brief A session as the policy has it. \param resync may it keep a new secret after a mismatch, if the policy says so? */
enum zrtp_status leg_new_session(struct leg *leg, struct zrtp_session **out, const struct zrtp_callbacks *callbacks,
	int resync);
int leg_wants_enrollment(const struct leg *leg);
/*! \brief Another session is the leg's. \return the one before, for the caller to free */
struct zrtp_session *leg_replace_session(struct leg *leg, struct zrtp_session *session, int enrolling);
/*! \brief Copy what the CLI shows of a stream. */
void leg_report(struct media *media);
/*! \brief Make the stream of a media object that has none, and start it if media flows. */
void leg_make_stream(struct media *media);

/*! Set to a true value on a channel, it asks for enrollment in its leg. */
#define ENROLL_VARIABLE "ZRTP_ENROLL"

/*! \brief callbacks.c: what the ZRTP engine tells. */
extern const struct zrtp_callbacks callbacks_table;

/*! \brief The exchange has failed: what media does then is policy. Serializer only. */
void callbacks_failed(struct media *media, const struct zrtp_error_info *info);

/* ------------------------------------------------------------------------
 * signalling.c: a=zrtp-hash, ours and the peer's
 */

/*! \brief What signalling.h promises; for extended_prop_get. */
extern const struct zrtp_signalling signalling_table;

/*! \brief A session description is being applied. \pre instance is locked */
void signalling_activated(struct media *media, struct ast_rtp_instance *instance);
/*! \brief The stream's Hello is there. Serializer only. */
void signalling_made(struct media *media);
/*! \brief Hold the stream to what the peer's signalling says. Serializer only. */
void signalling_apply(struct media *media);
/*!
 * \brief The Hello to expect on this stream is another one than before. No
 * lock may be held. \retval 1 when the peer was told of the former and is being told
 */
int signalling_renewed(struct media *media);
/*! \brief The peer's Hello is not the one signalled. Serializer only. */
void signalling_mismatch(struct media *media);
/*! \brief Is it time to give up on such a peer? After each call of the ZRTP engine. Serializer only. */
void signalling_check(struct media *media);
/*! \brief No Hello but wrong ones came: \retval 1 when that is dealt with as a failure. Serializer only. */
int signalling_denied(struct media *media);
/*! \brief none, matched or mismatch. */
const char *signalling_status_text(enum zrtp_hash_status status);
/*! \brief How we know that the peer speaks ZRTP: none, signalled, hello, both. */
const char *signalling_peer_text(const struct media_report *report);

/*! \brief What the signalling has for calls of this instance with a reference, or NULL. */
struct zrtp_signalling_listener *signalling_listener(struct media *media);
/*! \brief The stream is passed through, or no more: is what the peer was told still true? No lock may be held. */
void signalling_compare(struct media *media);

/* ------------------------------------------------------------------------
 * far.c: a=zrtp-hash and payload numbers of one phone for the other, where we are no end
 */

struct far;

/*!
 * \brief Find the hashes of the call that a channel belongs to.
 * \pre chan is not locked
 * \param calls the channel is one that calls: they begin with it
 */
void far_meet(struct media *media, struct ast_channel *chan, int calls);
/*! \brief The phone's hash is another one, or the role of the stream. */
void far_learn(struct media *media);
/*!
 * \brief The hash of the phone at the other side. No lock may be held.
 * \param out ZRTP_HELLO_HASH_TEXT_SIZE octets
 * \retval 0 when there is none
 */
int far_hash(struct media *media, char *out);
/*! \brief Keep the payload numbers of the phone that calls. Those of others are passed over. */
void far_keep_numbers(struct media *media, const struct zrtp_signalling_numbers *numbers);
/*!
 * \brief The payload numbers of the phone that calls, for one that is called.
 * \retval -1 there are none, or one of the two cannot be passed through
 */
int far_numbers(struct media *media, struct zrtp_signalling_numbers *out);
/*! \brief Is there a phone at the other side that may be passed through? */
int far_waits(struct media *media);
/*! \brief The channel at the other side with a reference, if the call has dialled one only; or NULL. No lock may be held. */
struct ast_channel *far_only(struct media *media);

/* ------------------------------------------------------------------------
 * function.c: the dialplan function ZRTP()
 */

int function_init(void);
void function_shutdown(void);

/* ------------------------------------------------------------------------
 * actions.c: what is done to a leg from outside
 */

/*! Called in the serializer when an action was tried. media has the leg. */
typedef void (*action_done)(struct media *media, enum ast_zrtp_action action, enum ast_zrtp_result result);

/*! \brief Do something with the leg of media, later, in its serializer. */
int action_push(struct media *media, enum ast_zrtp_action action, action_done done);
/*! \brief Our GoClear was refused: all streams of the leg send SRTP again. Serializer only. */
void action_clear_refused(struct media *media);
/*! The table of api.h, and the functions in it. */
extern const struct ast_zrtp_api api_table;
const char *ast_zrtp_result_text(enum ast_zrtp_result result);
enum ast_zrtp_result ast_zrtp_query(struct ast_channel *chan, struct ast_zrtp_info *info);
/*! \brief As in api.h, by the operator's word. */
enum ast_zrtp_result ast_zrtp_perform(struct ast_channel *chan, enum ast_zrtp_action action);
int ast_zrtp_say_sas(struct ast_channel *chan, const char *sas, const char *sas_type, const char *digits);

/*! \brief action_cli.c: the same by CLI and AMI. */
int action_cli_init(void);
void action_cli_shutdown(void);

/* ------------------------------------------------------------------------
 * timers.c
 */

int timers_init(void);
void timers_shutdown(void);
/*! \brief Have a function called in the timers' thread, once. */
int timers_add(int milliseconds, int (*call)(const void *data), void *data);
/*!
 * \brief All calls of this function that are due later are made now, for whoever shuts down.
 * One of them may run in the timers' thread meanwhile. It must take no lock of a channel.
 */
void timers_hurry(int (*call)(const void *data));
/*! \brief See that the stream's next deadline is served. Serializer only. */
void timers_arm(struct media *media);
/*! \brief Forget the entry. Serializer only. */
void timers_cancel(struct media *media);
/*! \brief The task of an entry runs. Serializer only. */
void timers_expired(struct media *media);

/* ------------------------------------------------------------------------
 * hooks.c
 */

/*! So many digits an application may leave unasked about. */
#define KEYPAD_HEARD_MAX 16

/*! The latest digits of a channel. */
struct keypad {
	struct keypad_digits digits;
	struct {
		char digit;
		unsigned int own:1;   /*!< Surely the phone's */
	} heard[KEYPAD_HEARD_MAX];    /*!< For ast_zrtp_digit_is_own(), the oldest first */
	unsigned int count;
};

struct speech;

/*! What a channel with ZRTP carries: an ao2 object, guarded by the channel's lock. */
struct hook {
	struct media *media;      /*!< That it was made for, fixed: keeps the module */
	struct keypad keypad;
	unsigned int dtmf_state;  /*!< Of the gate at the last frame, see dtmf_gate.h */
	struct speech *speech;    /*!< NULL: nothing to say */
	/* Of partner.c: whether what the phone says may reach the others of its bridge. */
	const struct ast_bridge *bridge; /*!< The one that was looked at; without a reference */
	char bridge_id[AST_MAX_UNIQUEID];
	unsigned int partner_wanted:1;   /*!< They have to be encrypted */
	unsigned int approved:1;         /*!< They are */
	unsigned int looking:1;          /*!< A look is due */
	uint64_t partner_look;           /*!< Number of the look that this is from */
	unsigned int together;           /*!< How many they were, and since when */
	uint64_t together_since;
};

/*!
 * \brief Give a channel a framehook, and a mark that says so, unless it has that.
 * \pre chan is locked
 * \param mark its destroy is hooks_mark_destroy()
 * \param obj data of the callbacks and of the mark, which have a reference each: it keeps the module
 * \retval -1 it has none
 */
int hooks_add(struct ast_channel *chan, const struct ast_datastore_info *mark, ast_framehook_event_callback event,
	ast_framehook_consume_callback consume, void *obj);
void hooks_mark_destroy(void *obj);

/*!
 * \brief Attach the hook, unless it is there: it keeps a channel's audio in
 * the core (no native bridging, no direct media) and sees its digits.
 */
void hooks_attach(struct ast_channel *chan, struct media *media);
/*! \brief The hook of a channel, or NULL; the channel has the reference. \pre chan is locked */
struct hook *hooks_find(struct ast_channel *chan);

/* ------------------------------------------------------------------------
 * keypad.c
 */

/*! The keys of zrtp.conf, by enum keypad_command. */
extern const char * const keypad_keys[KEYPAD_COMMANDS];
/*! \brief Is this a code, or empty? */
int keypad_code_valid(const char *code);
/*! \brief The command whose code is part of another one's, or -1. */
int keypad_clash(const struct settings *settings);
/*! \brief A digit came in. \pre chan is locked */
void keypad_digit(struct hook *hook, struct ast_channel *chan, const struct ast_frame *frame);
/* What api.h promises. */
void keypad_forget_digits(struct ast_channel *chan);
int keypad_digit_is_own(struct ast_channel *chan, int digit);

/* ------------------------------------------------------------------------
 * speech.c: prompts for one side of a call that goes on
 */

/*! \brief Let the phone of this leg hear a sound. Serializer only. */
void speech_tell(struct media *media, const char *sound);
/*! \brief Task: let it hear its SAS. */
int speech_task_sas(void *data);
/*! \brief A frame of audio came in: send as much. \pre chan is locked */
void speech_on_read(struct hook *hook, struct ast_channel *chan, const struct ast_frame *frame);
/*! \brief A frame of audio is being written. \retval 1 it is left out \pre chan is locked */
int speech_on_write(struct hook *hook, struct ast_channel *chan, const struct ast_frame *frame);
/*! \brief Say no more. \pre the channel is locked */
void speech_drop(struct hook *hook);

/* ------------------------------------------------------------------------
 * say.c: the SAS as sounds
 */

int say_init(void);
void say_shutdown(void);
/*! \brief How many calls are in SayZRTPSAS()? */
int say_running(void);
/*! \brief Call each for every sound of a SAS, in order. */
void say_sounds(const char *sas, const char *sas_type, void (*each)(const char *sound, void *arg), void *arg);

/* ------------------------------------------------------------------------
 * enroll.c: enrolled phones
 */

/*! \brief A word for CLI, AMI and the dialplan. */
static inline const char *yes_no(int yes)
{
	return yes ? "yes" : "no";
}

/*! The hexadecimal digits of a ZID and NUL. */
#define ZID_TEXT_SIZE (2 * ZRTP_ZID_SIZE + 1)
/*! The name of an endpoint and NUL. */
#define ENROLL_NAME_SIZE AST_CHANNEL_NAME

int enroll_init(void);
void enroll_shutdown(void);
void enroll_zid_text(char out[ZID_TEXT_SIZE], const uint8_t zid[ZRTP_ZID_SIZE]);
/*! \brief Keep the pbxsecret of this leg, with its endpoint. Serializer only. \retval -1 not possible */
int enroll_accept(struct media *media);
/*! \brief Is the peer of this session an enrolled phone that calls from where it may? */
int enroll_is_bound(const struct zrtp_session_info *info, const char *endpoint);
/*! \brief The endpoint of a channel, empty if nobody was authenticated. No lock may be held. */
void enroll_endpoint(struct ast_channel *chan, char *out, size_t size);

/* ------------------------------------------------------------------------
 * events.c: AMI, ARI, channel variables
 */

int events_init(void);
void events_shutdown(void);
/*! \brief Tell of a stream that became secure. Serializer only. */
void events_secure(struct media *media, const struct zrtp_stream_info *info, const struct zrtp_session_info *session);
void events_failed(struct media *media, const struct zrtp_error_info *info);
void events_clear(struct media *media, const char *reason, int closed);
/*!
 * \brief Tell of a leg on which no media may pass for good.
 * \param cause of Q.850, with which it is hung up
 * \param hangs_up it is, or stays silent
 */
void events_refused(struct media *media, struct ast_channel *chan, const char *reason, const char *text, int cause,
	int hangs_up);
/*! \brief A word for an outcome, the values of ZRTP_STATE. */
const char *events_outcome_text(enum outcome outcome);
/*! \brief Tell of a leg that has another state. Serializer only. */
void events_state(struct media *media, const char *state, enum outcome outcome);
/*! \brief Tell that somebody begins to record or listen, or ends it. Serializer only. */
void events_listening(struct media *media, enum listening listening);
/*! \brief Tell of something a person should know: a security exception. Serializer only. */
void events_alert(struct media *media, enum zrtp_event event);
/*! \brief Tell of another such thing. \param reason for programs \param text for people */
void events_warn(struct media *media, const char *reason, const char *text);
/*! \brief Tell of a SASrelay to this leg's phone. */
void events_relay(struct media *media, const struct relay *relay, const struct party_facts *own, enum relay_status status);
/*!
 * \brief Tell of a stream whose packets go to a partner as they are. Takes channel locks.
 * \param first it is the one that the variables of the channel speak of
 */
void events_passthrough(struct media *media, const char *state, int first);
/*!
 * \brief Tell of a stream that may be passed through, and is in clear. Takes channel locks.
 * \param first it is the one that the variables of the channel speak of
 */
void events_unjoined(struct media *media, const char *reason, const char *text, int first);
/*! \brief Tell whether the SAS was compared, and who says so. Serializer only. */
void events_verified(struct media *media, int verified, enum verified_by by);
/*! \brief Tell how an enrollment ended. Serializer only. */
void events_enrollment(struct media *media, const char *status);

/* ------------------------------------------------------------------------
 * stats.c: totals and the list of streams
 */

enum stats_counter {
	STATS_STARTED,
	STATS_SECURE,
	STATS_POST_QUANTUM,              /*!< Of these: by such a key agreement */
	STATS_CLEAR,
	STATS_FAILED,
	STATS_DATAGRAM_SOURCE,   /*!< Dropped: not from the peer's address */
	STATS_STUN,              /*!< STUN dropped: not from the peer's address, and no ICE */
	STATS_DATAGRAM_SIZE,     /*!< Dropped: larger than ZRTP has them */
	STATS_DATAGRAM_QUEUE,    /*!< Dropped: too many waiting */
	STATS_DATAGRAM_RATE,     /*!< Dropped: its stream has had too many of late */
	STATS_ANSWER_WITHHELD,   /*!< Not sent: the address has proved nothing, and sent too little */
	STATS_COUNTERS
};

/*! What is summed over all streams. */
struct stats_totals {
	uint64_t sent, received;
	uint64_t dropped[ZRTP_DROP_COUNT];
	uint64_t gate_dropped[2];
	uint64_t protected, unprotected;
};

int stats_init(void);
void stats_shutdown(void);
void stats_count(enum stats_counter counter);
uint64_t stats_get(enum stats_counter counter);
void stats_stream_begin(struct media *media);
/*! \brief The CLI shows it from now on, or no longer; it is no ZRTP stream of ours. */
void stats_list(struct media *media);
void stats_unlist(struct media *media);
/*! \brief The stream is over: its numbers go into the totals. */
void stats_stream_end(struct media *media);
/*! \brief The numbers of its ZRTP stream begin again. */
void stats_stream_restart(struct media *media);
/*! \brief The totals, with those of the streams that live. */
void stats_sum(struct stats_totals *out);
/*! \brief The live streams; an iterator that the caller destroys. */
struct ao2_iterator stats_streams(void);

/* ------------------------------------------------------------------------
 * rtp_engine.c: the RTP engines, one for each policy
 */

/*! \brief Find the stock engine. */
int engines_init(void);
/*!
 * \brief Put these policies into force.
 * \param settings count objects; engines without one refuse new instances
 * \param client_id what peers are shown of us
 * \retval -1 and nothing changed
 */
int engines_apply(struct settings **settings, size_t count, const char *client_id);
/*!
 * \brief No policy is in force: register their engines, which refuse new instances.
 * \param usable for each of the count objects: it takes effect all the same
 */
void engines_refuse(struct settings **settings, const unsigned char *usable, size_t count);
/*! \brief Call each for every policy in force. */
void engines_each(void (*each)(const struct settings *settings, void *arg), void *arg);
void engines_shutdown(void);

/* ------------------------------------------------------------------------
 * cli.c
 */

int cli_init(void);
void cli_shutdown(void);

#endif
