// SPDX-License-Identifier: Apache-2.0
//
// Sizes of the parts of the data directory. Only files of src/http include this.
#ifndef TWI_HTTP_STORAGE_H
#define TWI_HTTP_STORAGE_H

#include "internal.h"

// "journal", ...; part < TWI_STORAGE_N.
const char *twi_storage_name(size_t part);
// Measured now, or a few seconds ago. All zero without a data directory.
void twi_storage_get(tw_http *http, twi_storage *out);

#endif
