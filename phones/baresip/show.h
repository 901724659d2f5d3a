/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file show.h  What a person is shown of a call -- decided from facts alone
 *
 * Neither libre nor baresip is needed here, and the engine only for its types.
 */
#ifndef BARESIP_ZRTP_SHOW_H
#define BARESIP_ZRTP_SHOW_H

#include <stdbool.h>
#include <stddef.h>

#include <zrtp/zrtp.h>


/* How far a call can be trusted, from the worst up */
enum level {
	LEVEL_ATTACK,      /**< The user found another SAS at the other end */
	LEVEL_CLEAR,       /**< Media passes in clear                       */
	LEVEL_CLOSED,      /**< Nothing passes                              */
	LEVEL_DOUBT,       /**< Keys, and something speaks against them     */
	LEVEL_LOOKING,     /**< Does the other side speak ZRTP?             */
	LEVEL_SECURING,    /**< From the Commit on                          */
	LEVEL_UNCOMPARED,  /**< Keys, of whom is not known                  */
	LEVEL_VERIFIED,
	LEVEL_COUNT
};

/* What happened that a person has to know */
enum alert {
	ALERT_MISMATCH,      /**< Cache mismatch (4.3.2)                    */
	ALERT_HASH,          /**< A Hello that the signalling denies (8.1)  */
	ALERT_HASH_CHANGED,  /**< The signalling vouches for another one now*/
	ALERT_FORGED,        /**< Right preimage, wrong MAC (8.1.1)         */
	ALERT_AUX,           /**< auxsecret does not match                  */
	ALERT_STRIPPED,      /**< ZRTP was announced and did not come       */
	ALERT_RELAY,         /**< A SAS relayed by who is not trusted       */
	ALERT_CHANGED,       /**< Secure, and a Hello of another host       */
	ALERT_CLEAR_LOST,    /**< Our GoClear was not answered              */
	ALERT_COUNT
};

/* What the user has said in this call, and what he was told */
struct told {
	char same[ZRTP_SAS_TEXT_SIZE];   /**< SAS that he found the same    */
	char other[ZRTP_SAS_TEXT_SIZE];  /**< SAS that he found another     */
	unsigned alerts;                 /**< 1 << enum alert               */
};

struct facts {
	char peer[128];          /**< Its URI, "" if it is not known        */
	char name[128];          /**< That the user gave its ZID, or ""     */
	unsigned line;           /**< baresip's number of the call          */
	enum zrtp_state state;   /**< Of the audio                          */
	bool media_clear;        /**< Some medium passes in clear           */
	bool gone_clear;         /**< The peer went clear, not acknowledged */
	bool failed;
	bool trusted_signalling; /**< This dialog's: TLS, with a certificate
				      that was checked                      */
	bool enrolling;          /**< The PBX waits for the user's answer   */
	bool hash_missing;       /**< Secure without any a=zrtp-hash        */
	struct zrtp_session_info info;
	char suite[ZRTP_SUITE_TEXT_SIZE]; /**< Cipher and tag               */
	const char *kex;         /**< Key agreement, NULL: none yet         */
	const struct told *told;
};

enum level show_level(const struct facts *facts);

/* In a word, for programs */
const char *show_level_name(enum level level);
const char *show_alert_name(enum alert alert);
/* In a sentence, with what to do */
const char *show_alert_text(enum alert alert);

/* Is this the call's SAS, or the number of its line and nothing else? */
bool show_is_meant(const struct facts *facts, const char *which);

/* Is the SAS that of the person behind a PBX? */
bool show_is_relayed(const struct facts *facts);

/* The screen, line by line, without newlines */
void show_lines(const struct facts *facts,
		void (*each)(const char *line, void *arg), void *arg);

#endif
