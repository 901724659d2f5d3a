/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief The RTP engines, one for each policy.
 */
#ifndef RES_ZRTP_RTP_ENGINE_H
#define RES_ZRTP_RTP_ENGINE_H

struct settings;

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
/*! \brief The policy in force by this name, with a reference; NULL: none. */
struct settings *engines_find(const char *name);
void engines_shutdown(void);

#endif
