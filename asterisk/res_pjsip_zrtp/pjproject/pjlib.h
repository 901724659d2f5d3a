/* SPDX-License-Identifier: GPL-2.0-only */
/*! \file
 * \brief Stands in for the header of this name of pjproject.
 */
#include "zrtp_pjproject.h"
