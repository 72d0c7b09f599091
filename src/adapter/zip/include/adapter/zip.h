// SPDX-License-Identifier: Apache-2.0
//
// ZIP archives by libzip. The only place that includes its header.
#ifndef TW_ADAPTER_ZIP_H
#define TW_ADAPTER_ZIP_H

#include "base/alloc.h"
#include "port/archive.h"

// Lives as long as the program. Thread-safe.
tw_archive tw_zip_archive(const tw_alloc *alloc);

#endif
