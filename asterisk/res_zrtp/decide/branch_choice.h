/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Has another branch of a forked call answered than the one that has keys? The decision only.
 *
 * A proxy may let several phones ring, and each has a remote tag of its own.
 * One may be secure while it rings (early media), and another one answers: then
 * no party of the call has these keys any more. But a tag alone is no other
 * phone: boxes on the way give the answer of the same phone another one.
 */
#ifndef RES_ZRTP_BRANCH_CHOICE_H
#define RES_ZRTP_BRANCH_CHOICE_H

/*! What the former branch sent may still be on its way, milliseconds. */
#define BRANCH_SETTLE 500
/*! So long the phone with the keys may be silent after the answer, milliseconds. */
#define BRANCH_SILENCE 1500

/*! What is known since a description with another remote tag came. */
struct branch_facts {
	unsigned int begun:1;      /*!< An exchange with the former branch has begun, or was completed */
	unsigned int hash:1;       /*!< The description announces ZRTP, by a=zrtp-hash */
	unsigned int other_hash:1; /*!< The former one had another hash, or only one of them had any */
	unsigned int over:1;       /*!< The stream has ended */
	long long since_ms;        /*!< For how long */
	long long heard_ms;        /*!< How long after it media came that the keys open, last; negative: none did */
};

enum branch_choice {
	BRANCH_SAME,               /*!< The same phone, or nothing to lose: go on */
	BRANCH_WAIT,               /*!< Look again */
	BRANCH_ANOTHER,            /*!< Another one: what the former one had is over */
};

enum branch_choice branch_choose(const struct branch_facts *facts);

#endif
