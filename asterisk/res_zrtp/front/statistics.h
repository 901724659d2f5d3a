/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief What is counted: the one table of "zrtp show statistics" and of the metrics.
 */
#ifndef RES_ZRTP_STATISTICS_H
#define RES_ZRTP_STATISTICS_H

#include <stdint.h>

struct ast_str;

/*! What Prometheus calls a metric: numbers that differ in a label. */
struct family {
	const char *name;              /*!< Without "asterisk_zrtp_" */
	const char *type;              /*!< counter, gauge or histogram */
	const char *help;
	const char *label;             /*!< NULL: it has one number only */
};

struct statistic {
	const char *text;              /*!< For people */
	const char *more;              /*!< What that ends with, or "" */
	const struct family *family;
	const char *suffix;            /*!< What the name of the family ends with for this number, or "" */
	const char *value;             /*!< Of the label, without quotation marks and backslashes; NULL: it has none */
	uint64_t number;
	uint64_t divisor;              /*!< Prometheus has the number divided by this, if it is not 0 */
};

/*! \brief Call each for every number; those of a family follow one another. No lock of ours may be held. */
void statistics_each(void (*each)(const struct statistic *statistic, void *arg), void *arg);

/*! \brief Append all in the text format of Prometheus. No lock of ours may be held. */
void statistics_metrics(struct ast_str **out);

#endif
