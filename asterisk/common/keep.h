/* SPDX-License-Identifier: GPL-2.0-only */
/*!
 * \file
 * \brief Modules that must stay in memory: those that a module of ours rests on,
 * and the module itself while it is in use.
 *
 * "module unload -f" passes over use counts, and -h even over a refusal. What
 * then runs or is called of an unloaded module ends Asterisk; without res_srtp
 * the core sends media in clear. Compiled into each of our modules.
 */
#ifndef ZRTP_KEEP_H
#define ZRTP_KEEP_H

struct ast_module_info;

/*! A module that is kept. Its memory is the caller's. */
struct kept {
	const char *name;
	void *lib;                     /*!< A handle of ours, NULL: not kept */
	struct ast_module_info *info;
	int (*unload)(void);           /*!< Its own */
	int stays;                     /*!< It was forced out, and is in memory for good */
};

/*!
 * \brief Keep a module that runs: until keep_release() its unloading is refused,
 * forced or not, and its code stays in memory whatever happens.
 *
 * \param name without .so
 * \retval -1 not possible, with the reason logged: nothing is kept
 */
int keep_module(struct kept *kept, const char *name);

/*! \brief Let it go, if it is kept. */
void keep_release(struct kept *kept);

/*!
 * \brief For the beginning of this module's unload(): is its code in use? Waits a
 * little for what is about to end. If it is in use, the code stays in memory even if
 * the loader goes on, as it does for -h; unload() then has to return -1.
 *
 * \param busy tells whether code of ours is still to run, may be NULL
 */
int keep_in_use(int (*busy)(void));

/*!
 * \brief For the beginning of this module's load(): did it never stop, as unloading was
 * forced while it was in use? Then load() has nothing to do but to return success.
 */
int keep_taken_up(void);

#endif
