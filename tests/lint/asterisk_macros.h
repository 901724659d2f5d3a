/* SPDX-License-Identifier: GPL-2.0-only */
/* What cppcheck has to know of Asterisk's macros to read our modules without
 * Asterisk's headers (scripts/lint). */
#ifndef LINT_ASTERISK_MACROS_H
#define LINT_ASTERISK_MACROS_H

#define AST_LIST_HEAD_NOLOCK(name, type)                                                                     \
	struct name {                                                                                        \
		struct type *first;                                                                          \
	}
#define AST_VECTOR(name, type)                                                                               \
	struct name {                                                                                        \
		type *elems;                                                                                 \
	}
#define AST_APP_ARG(name) char *name
#define AST_DECLARE_APP_ARGS(name, args)                                                                     \
	struct {                                                                                             \
		args                                                                                         \
	} name
#define STASIS_MESSAGE_TYPE_DEFN_LOCAL(name, ...) static int name
#define ElfW(name)                                int
#define AST_MODULE_INFO(key, flags, text, ...)    extern int module_info

#endif
