/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Does the peer speak ZRTP? What counts as evidence, and what follows from it.
 *
 * Any host can send a Hello in any name, so a Hello proves nothing: a call
 * with a phone without ZRTP must not end by one. Evidence is what a stranger
 * cannot make: a=zrtp-hash in the signalling, or keys. Decisions only; nothing
 * here knows of Asterisk.
 */
#ifndef RES_ZRTP_EVIDENCE_H
#define RES_ZRTP_EVIDENCE_H

/*! What is known of one stream and of the leg it belongs to. */
struct evidence_facts {
	unsigned int hello:1;         /*!< A Hello came in, from whomever */
	unsigned int signalled:1;     /*!< The SDP in force announces ZRTP for this stream */
	unsigned int leg_signalled:1; /*!< That of another stream of the leg does, by the same remote tag */
	unsigned int proved:1;        /*!< An exchange of this stream was completed, its hash chain and all */
	unsigned int leg_keyed:1;     /*!< Another stream of the leg has keys, and no GoClear took them */
};

/*! The strongest last. */
enum evidence {
	EVIDENCE_NONE,      /*!< Nothing at all */
	EVIDENCE_CLAIMED,   /*!< A Hello came that proves nothing: an alert, no more */
	EVIDENCE_ANNOUNCED, /*!< The phone's signalling says so */
	EVIDENCE_KEYED,     /*!< The phone has keys with us */
};

/*! What becomes of a stream whose ZRTP does not come. */
enum evidence_end {
	EVIDENCE_END_CLEAR,       /*!< A phone without ZRTP: an ordinary stream */
	EVIDENCE_END_CLEAR_ALERT, /*!< In clear, and an alert says why that is odd */
	EVIDENCE_END_CLOSED,      /*!< No media passes, with an alert */
};

enum evidence evidence_judge(const struct evidence_facts *facts);

/*! \brief Is it more than any host can send? */
int evidence_speaks_zrtp(enum evidence evidence);

/*!
 * \brief Is the gate of a stream closed from its first moment on?
 * \param further it is not the one that the leg begins with, which is in clear
 * until its exchange begins, as RFC 6189 (4) has it
 */
int evidence_starts_closed(enum evidence evidence, int further);

/*!
 * \brief No exchange was completed in its time: what now?
 * \param announced_clear the administrator lets a phone whose announced ZRTP
 * does not come talk in clear (on_stripped = clear)
 * \param require the policy requires ZRTP
 */
enum evidence_end evidence_end(enum evidence evidence, int announced_clear, int require);

/*! \brief A word for logs and events: none, hello, signalled, keys. */
const char *evidence_text(enum evidence evidence);

#endif
