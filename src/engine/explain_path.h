/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * explain_path.h - why a path of the host could not be reached.
 */
#ifndef OCIRT_ENGINE_EXPLAIN_PATH_H
#define OCIRT_ENGINE_EXPLAIN_PATH_H

#include "base/err.h"

/*
 * Adds a hint to the error just set, if it was ENOENT, ENOTDIR or EACCES: which component of PATH is missing,
 * is no directory, or may not be searched, and whose it is.
 */
void explain_path(struct err *err, const char *path);

#endif
