/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief What media may pass, at the core's SRTP hook.
 */
#ifndef RES_ZRTP_GATE_H
#define RES_ZRTP_GATE_H

#include <zrtp/zrtp.h>

#include "decide/keepalive.h"
#include "decide/late_choice.h"
#include "decide/rtp_number.h"
#include "decide/unauthentic.h"
#include "packet/gate_next.h"
#include "packet/packet_news.h"

struct ast_rtp_instance;
struct ast_srtp;
struct media;
struct zrtp_srtp;
struct zrtp_srtp_keys;

/*! The order matters: an object that was only allocated is closed. */
enum gate_mode {
	GATE_CLOSED, /*!< Nothing passes */
	GATE_CLEAR,  /*!< Everything passes as it is */
	GATE_SECURE, /*!< SRTP and SRTCP with the keys of ZRTP */
};

/*! Guarded by the lock of the media object it is part of. */
struct gate {
	enum gate_mode rx, tx;
	unsigned int was_secure:1; /*!< We have sent SRTP: never clear again but by GoClear */
	unsigned int paused:1;     /*!< Our GoClear waits for its answer */
	unsigned int noticed:1;    /*!< The ZRTP engine knows of the peer's SRTP */
	unsigned int has_ssrc:1;   /*!< The peer's SSRC is known: that of the last packet its keys have opened */
	uint32_t ssrc;
	struct unauthentic unauthentic; /*!< Packets that the keys do not open, and the SSRC of the last one */
	uint32_t unauthentic_ssrc;
	struct rtp_number number;  /*!< What the core got of RTP */
	unsigned int keys;         /*!< How often the keys to receive with were installed */
	struct zrtp_srtp *srtp;
	struct gate_next next;     /*!< Keys that wait */
	struct late_choice late;   /*!< Such ones that took over in a call that was clear */
	uint64_t clear_at;         /*!< Clear RTP came from where media comes from, the last time */
	uint8_t keepalive[KEEPALIVE_SIZE]; /*!< What went out in place of the last RTCP that may not */
	uint64_t unprotected;      /*!< SRTP and SRTCP packets received */
	uint64_t protected;        /*!< SRTP and SRTCP packets sent */
	uint64_t dropped[2];       /*!< RTP, RTCP; both directions */
};

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
/*! \brief No key has opened this RTP packet. \param news as of gate_next_opens() \pre media is locked */
void gate_unauthentic(struct media *media, const void *packet, enum packet_news *news);
/*! \brief Release what the gate holds; for the destructor of the media object. */
void gate_destroy(struct gate *gate);

#endif
