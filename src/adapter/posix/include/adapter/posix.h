// SPDX-License-Identifier: Apache-2.0
//
// The files port on a directory of a POSIX file system: temporary file, fsync, rename, fsync of the
// directory; flock on the file "lock", which holds the process id. Files are readable by their
// owner only.
#ifndef TW_ADAPTER_POSIX_H
#define TW_ADAPTER_POSIX_H

#include "port/files.h"

// root: an existing directory (TW_NOT_FOUND otherwise; TW_INVALID when it is no directory).
tw_status tw_posix_files_open(const tw_alloc *alloc, const char *root, tw_files *out,
                              tw_err *err) TW_MUST_CHECK;

#endif
