/* SPDX-License-Identifier: BSD-2-Clause */
/* What the system allows one process. */
#ifndef ZRTPCALL_DESCRIPTORS_H
#define ZRTPCALL_DESCRIPTORS_H

#include <stdbool.h>

/* Have room for so many calls at once, 0: as many as there is room for. Before libre's main loop.
 * False: the system refuses; what it lacks is printed. */
bool descriptors_raise(unsigned calls);

#endif
